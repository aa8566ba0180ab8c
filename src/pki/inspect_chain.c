/* SPDX-License-Identifier: Apache-2.0
 * Does a chain hold? The same questions as in a handshake, by the same rules (tls_crl.c). */
#include "pki/inspect.h"

#include "crypto/tls_impl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

HF_DEFINE_CLEANUP(X509_STORE_free, X509_STORE *)
HF_DEFINE_CLEANUP(X509_STORE_CTX_free, X509_STORE_CTX *)

/* The list only: its certificates are others'. */
static void list_free(certificates **list)
{
	sk_X509_free(*list);
}

static bool is_root(X509 *cert)
{
	return X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;
}

/* Roots are trusted; where there is none, whatever stands in the chain's file. */
static hf_status fill_store(X509_STORE *store, const certificates *chain, struct hf_buf *to)
{
	int roots = 0;

	for (int i = 0; i < sk_X509_num(chain); i++)
		if (is_root(sk_X509_value(chain, i))) {
			HF_ENSURE(X509_STORE_add_cert(store, sk_X509_value(chain, i)) == 1,
			          HF_NOMEM);
			roots++;
		}
	if (roots)
		return HF_SUCCESS;
	hf_buf_text(to, "  (no root in the chain's file: its certificates are taken as trusted)\n");
	for (int i = 0; i < sk_X509_num(chain); i++)
		HF_ENSURE(X509_STORE_add_cert(store, sk_X509_value(chain, i)) == 1, HF_NOMEM);
	HF_ENSURE(X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status add_crls(X509_STORE *store, const char *file, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(PEM_FILE_MAX);
	BIO_SCOPED BIO *bio = NULL;
	X509_CRL *one;
	int n = 0;

	HF_TRY(pem_read(file, &bytes, err));
	bio = BIO_new_mem_buf(bytes.len ? bytes.ptr : (const void *)"", (int)bytes.len);
	HF_ENSURE(bio, HF_NOMEM);
	for (; (one = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)); n++) {
		int added = X509_STORE_add_crl(store, one);

		X509_CRL_free(one);
		HF_ENSURE(added == 1, HF_NOMEM);
	}
	ERR_clear_error();
	if (!n)
		return hf_fail(err, HF_INVALID, "%s holds no CRL in PEM", file);
	HF_ENSURE(X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) ==
	                  1,
	          HF_NOMEM);
	return HF_SUCCESS;
}

static int purpose_of(enum inspect_purpose p)
{
	switch (p) {
	case INSPECT_ANY:
		return X509_PURPOSE_ANY;
	case INSPECT_DRIVER:
	case INSPECT_INTERMEDIATE: /* whose use is inherited by the leaves below it */
		return X509_PURPOSE_SSL_CLIENT;
	case INSPECT_SERVER:
		return X509_PURPOSE_SSL_SERVER;
	}
	return X509_PURPOSE_ANY;
}

static void fails(struct hf_buf *to, const char *why, const char *next)
{
	hf_buf_printf(to, "  %-14s NO: %s\n", "holds", why);
	if (*next)
		hf_buf_printf(to, "  %-14s %s\n", "next step", next);
}

/* Where the server's words would not fit. */
static const char *next_step(int error, enum inspect_purpose purpose)
{
	const char *advice = tls_advice(error);

	if (error == X509_V_ERR_INVALID_PURPOSE && purpose == INSPECT_SERVER)
		return "its extended key usage, or that of an authority above it, lacks serverAuth";
	if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	    error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT)
		return "its issuer is not in the chain's file: give intermediate and root in it";
	return advice[0] ? advice + strlen("; ") : "";
}

static void explain(X509_STORE_CTX *look, enum inspect_purpose purpose, struct hf_buf *to)
{
	int error = X509_STORE_CTX_get_error(look);
	X509 *at = X509_STORE_CTX_get_current_cert(look);
	char name[256] = "", why[512];

	if (at)
		hf_ignore(tls_name(X509_get_subject_name(at), name, sizeof(name)));
	snprintf(why, sizeof(why), "%s, at %s", X509_verify_cert_error_string(error),
	         *name ? name : "the end");
	fails(to, why, next_step(error, purpose));
}

static void put_way(X509_STORE_CTX *look, struct hf_buf *to)
{
	STACK_OF(X509) *way = X509_STORE_CTX_get0_chain(look);

	for (int i = 0; i < sk_X509_num(way); i++) {
		char name[256] = "";

		hf_ignore(
		        tls_name(X509_get_subject_name(sk_X509_value(way, i)), name, sizeof(name)));
		hf_buf_printf(to, "  %-14s %s\n", i ? "signed by" : "holds: yes,", name);
	}
}

static bool name_fits(const struct inspect_chain *i, X509 *cert)
{
	return !i->name || X509_check_host(cert, i->name, 0, 0, NULL) == 1 ||
	       X509_check_ip_asc(cert, i->name, 0) == 1;
}

/* What OpenSSL's purposes do not ask. */
static bool check_use(const struct inspect_chain *i, X509 *cert, struct hf_buf *to)
{
	bool ca = X509_check_ca(cert) != 0;

	if (i->purpose == INSPECT_INTERMEDIATE && !ca)
		fails(to, "it is no authority's certificate, and may not sign drivers'",
		      "use the intermediate that the operator has signed");
	else if ((i->purpose == INSPECT_DRIVER || i->purpose == INSPECT_SERVER) && ca)
		fails(to, "it is an authority's certificate, not a leaf",
		      "make a leaf: holdfast pki leaf or holdfast pki server-cert");
	else if (!name_fits(i, cert))
		fails(to, "the name that clients use is not among its names",
		      "make it again with that name: holdfast pki server-cert --names");
	else
		return true;
	return false;
}

static hf_status look_at(const struct inspect_chain *i, X509_STORE *store, certificates *own,
                         certificates *chain, struct hf_buf *to, bool *ret)
{
	HF_CLEANUP(X509_STORE_CTX_free_at) X509_STORE_CTX *look = X509_STORE_CTX_new();
	HF_CLEANUP(list_free) certificates *between = sk_X509_dup(own);
	X509 *cert = sk_X509_value(own, 0);

	HF_ENSURE(look && between, HF_NOMEM);
	for (int n = 0; n < sk_X509_num(chain); n++)
		HF_ENSURE(sk_X509_push(between, sk_X509_value(chain, n)) > 0, HF_NOMEM);
	HF_ENSURE(X509_STORE_CTX_init(look, store, cert, between) == 1 &&
	                  X509_STORE_CTX_set_purpose(look, purpose_of(i->purpose)) == 1,
	          HF_NOMEM);
	X509_STORE_CTX_set_verify_cb(look, tls_on_verify);
	*ret = false;
	if (X509_verify_cert(look) != 1) {
		explain(look, i->purpose, to);
	} else if (check_use(i, cert, to)) {
		put_way(look, to);
		*ret = true;
	}
	ERR_clear_error();
	return hf_buf_status(to);
}

hf_status inspect_chain(const struct inspect_chain *i, struct hf_buf *to, bool *ret,
                        struct hf_err *err)
{
	HF_CLEANUP(X509_STORE_free_at) X509_STORE *store = X509_STORE_new();
	CERTS_SCOPED certificates *own = NULL;
	CERTS_SCOPED certificates *chain = NULL;

	HF_ENSURE(store, HF_NOMEM);
	HF_TRY(pem_certificates(i->file, &own, err));
	HF_TRY(pem_certificates(i->chain, &chain, err));
	hf_buf_printf(to, "\nThe chain of %s%s%s:\n", i->file, i->crl ? ", with " : "",
	              i->crl ? i->crl : "");
	HF_TRY(fill_store(store, chain, to));
	if (i->crl)
		HF_TRY(add_crls(store, i->crl, err));
	return look_at(i, store, own, chain, to, ret);
}
