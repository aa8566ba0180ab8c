/* SPDX-License-Identifier: Apache-2.0
 * Failed handshakes in words. OpenSSL says only "certificate verify failed" at the end, so that the
 * verify callback keeps whose certificate it was, and why, with the connection. */
#include "crypto/tls.h"

#include "crypto/tls_impl.h"

#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>

struct refusal {
	char words[768];
};

static int refusal_index = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void refusal_free(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl,
                         void *argp)
{
	free(ptr);
}

static void make_index(void)
{
	refusal_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, refusal_free);
}

const char *tls_advice(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return "; no authority in the client CA file has issued it, or an intermediate "
		       "between "
		       "them was not sent";
	case X509_V_ERR_INVALID_PURPOSE:
		return "; its extended key usage, or that of an authority above it, lacks "
		       "clientAuth";
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "; renew it, or correct the clock of this machine";
	case X509_V_ERR_CERT_REVOKED:
		return "; its authority has taken it back: issue a new one with a fresh key, if "
		       "this is still one of its drivers";
	case X509_V_ERR_CRL_HAS_EXPIRED:
		return "; bring the authority's newest CRL to the server (holdfast pki crl)";
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
		return "; the CRL in the server's file was not signed by this authority, or its "
		       "own certificate is not in the client CA file";
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
		return "; an intermediate signs leaves only, and a further authority stands "
		       "between them";
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION:
	case X509_V_ERR_SUBTREE_MINMAX:
		return "; its subject or names lie outside of what its intermediate may sign: the "
		       "organisation's own";
	case X509_V_ERR_INVALID_CA:
		return "; what signed it is not an authority's certificate";
	default: /* many more, each named by OpenSSL's own text */
		return "";
	}
}

void tls_explain_chain(X509_STORE_CTX *store, char *to, size_t cap)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(store), *at = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);
	char subject[256] = "", issuer[256] = "", above[256] = "";

	hf_ignore(tls_name(X509_get_subject_name(leaf), subject, sizeof(subject)));
	hf_ignore(tls_name(X509_get_issuer_name(leaf), issuer, sizeof(issuer)));
	if (at && at != leaf && X509_cmp(at, leaf) != 0)
		hf_ignore(tls_name(X509_get_subject_name(at), above, sizeof(above)));
	snprintf(to, cap, "client certificate %s signed by %s was refused: %s%s%s%s", subject,
	         issuer, X509_verify_cert_error_string(error), *above ? ", at " : "", above,
	         tls_advice(error));
}

int tls_on_verify(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct refusal *r;

	pthread_once(&once, make_index);
	if (!ok && tls_crl_forgives(store)) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	if (ok || !ssl || !X509_STORE_CTX_get0_cert(store) || refusal_index < 0 ||
	    SSL_get_ex_data(ssl, refusal_index))
		return ok;
	r = calloc(1, sizeof(*r));
	if (!r)
		return ok;
	tls_explain_chain(store, r->words, sizeof(r->words));
	if (SSL_set_ex_data(ssl, refusal_index, r) != 1)
		free(r);
	return ok;
}

/* A failure without a certificate to blame. */
static const char *plain_words(unsigned long error)
{
	switch (ERR_GET_REASON(error)) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return "the client showed no certificate, and this listener requires one";
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
		return "the client does not offer TLS 1.3, the only version spoken here";
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
		return "the client sent plain HTTP to a TLS port: it has to use https://";
	case SSL_R_WRONG_VERSION_NUMBER:
		return "what the client sent is not TLS";
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
		return "the client does not accept this server's certificate: give it the right "
		       "CA, and "
		       "check the certificate's names and dates";
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return "the client closed the connection during the handshake";
	default: /* OpenSSL's own text */
		return ERR_reason_error_string(error);
	}
}

void tls_explain(struct ssl_st *ssl, char *to, size_t cap)
{
	unsigned long error = ERR_peek_last_error();
	const struct refusal *r = NULL;
	const char *words;

	pthread_once(&once, make_index);
	if (ssl && refusal_index >= 0)
		r = SSL_get_ex_data(ssl, refusal_index);
	if (r) {
		snprintf(to, cap, "%s", r->words);
	} else {
		words = error ? plain_words(error) : "the connection ended during the handshake";
		snprintf(to, cap, "%s", words ? words : "unknown TLS failure");
	}
	ERR_clear_error();
}
