/* SPDX-License-Identifier: Apache-2.0
 * Certificate revocation lists of the clients' authorities (RFC 5280, 5 and 6.3). OpenSSL looks at
 * them; here is which, and what is forgiven: an authority without one, and, unless strict, one that
 * is outdated. What a CRL revokes is never forgiven. */
#include "crypto/tls_impl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>

static int strict_index = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_index(void)
{
	strict_index = X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static hf_status read_crls(const char *file, revocations *to, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(PEM_FILE_MAX);
	BIO_SCOPED BIO *bio = NULL;
	X509_CRL *one;

	HF_TRY(pem_read(file, &bytes, err));
	bio = BIO_new_mem_buf(bytes.len ? bytes.ptr : (const void *)"", (int)bytes.len);
	HF_ENSURE(bio, HF_NOMEM);
	while ((one = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)))
		if (!sk_X509_CRL_push(to, one)) {
			X509_CRL_free(one);
			return HF_FAILURE(HF_NOMEM);
		}
	if (sk_X509_CRL_num(to) == 0 ||
	    ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return hf_fail(err, HF_INVALID,
		               "%s: %s after %d CRLs; it has to be PEM, \"-----BEGIN X509 "
		               "CRL-----\", as holdfast pki crl writes it",
		               file, openssl_reason(), sk_X509_CRL_num(to));
	ERR_clear_error();
	return HF_SUCCESS;
}

/* One that our own authorities did not sign would make every handshake below them fail: better
 * found now. CRLs of intermediates that we do not have are looked at when one comes. */
static hf_status check_signature(X509_CRL *crl, const certificates *authorities, const char *file,
                                 struct hf_err *err)
{
	const X509_NAME *issuer = X509_CRL_get_issuer(crl);
	bool named = false;
	char name[256];

	for (int i = 0; i < sk_X509_num(authorities); i++) {
		X509 *one = sk_X509_value(authorities, i);

		if (X509_NAME_cmp(X509_get_subject_name(one), issuer) != 0)
			continue;
		if (X509_CRL_verify(crl, X509_get0_pubkey(one)) == 1)
			return HF_SUCCESS;
		named = true;
	}
	ERR_clear_error();
	if (!named)
		return HF_SUCCESS;
	hf_ignore(tls_name(issuer, name, sizeof(name)));
	return hf_fail(err, HF_INVALID,
	               "%s: the CRL of %s is not signed by the authority of that name in the "
	               "client CA file: it was altered, or belongs to another",
	               file, name);
}

hf_status tls_crl_use(const struct tls_server_config *config, const certificates *authorities,
                      struct tls_state *s, struct hf_err *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(s->ctx);

	pthread_once(&once, make_index);
	s->crls = sk_X509_CRL_new_null();
	HF_ENSURE(s->crls && strict_index >= 0, HF_NOMEM);
	HF_TRY(read_crls(config->client_crl_file, s->crls, err));
	for (int i = 0; i < sk_X509_CRL_num(s->crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(s->crls, i);

		HF_TRY(check_signature(crl, authorities, config->client_crl_file, err));
		HF_ENSURE(X509_STORE_add_crl(store, crl) == 1, HF_NOMEM);
		tls_state_date(s, TLS_DATE_CRL, X509_CRL_get_issuer(crl),
		               X509_CRL_get0_nextUpdate(crl));
	}
	HF_ENSURE(X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) ==
	                          1 &&
	                  X509_STORE_set_ex_data(store, strict_index,
	                                         config->crl_strict ? s : NULL) == 1,
	          HF_NOMEM);
	return HF_SUCCESS;
}

bool tls_crl_forgives(X509_STORE_CTX *ctx)
{
	X509_STORE *store = X509_STORE_CTX_get0_store(ctx);

	pthread_once(&once, make_index);
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_CRL_NOT_YET_VALID: /* our clock is late, or theirs early: it is signed */
		return true;
	case X509_V_ERR_CRL_HAS_EXPIRED:
		return !store || strict_index < 0 ||
		       X509_STORE_get_ex_data(store, strict_index) == NULL;
	default: /* many more, none of them about what is missing or late */
		return false;
	}
}

static int64_t crl_number(const X509_CRL *crl)
{
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	int64_t value = 0;

	if (!n || ASN1_INTEGER_get_int64(&value, n) != 1)
		value = 0; /* one without a number succeeds another without one only */
	ASN1_INTEGER_free(n);
	ERR_clear_error();
	return value;
}

static const X509_CRL *successor(const X509_CRL *crl, const revocations *next)
{
	for (int i = 0; i < sk_X509_CRL_num(next); i++) {
		const X509_CRL *one = sk_X509_CRL_value(next, i);

		if (X509_NAME_cmp(X509_CRL_get_issuer(one), X509_CRL_get_issuer(crl)) == 0 &&
		    crl_number(one) >= crl_number(crl))
			return one;
	}
	return NULL;
}

hf_status tls_crl_succeeds(const revocations *now, const revocations *next, const char *file,
                           struct hf_err *err)
{
	char name[256];

	for (int i = 0; i < sk_X509_CRL_num(now); i++) {
		const X509_CRL *crl = sk_X509_CRL_value(now, i);

		if (successor(crl, next))
			continue;
		hf_ignore(tls_name(X509_CRL_get_issuer(crl), name, sizeof(name)));
		return hf_fail(err, HF_DENIED,
		               "%s has no CRL of %s with number %lld or higher, which is in force: "
		               "bring its newest; to do without it, restart the server",
		               file, name, (long long)crl_number(crl));
	}
	return HF_SUCCESS;
}
