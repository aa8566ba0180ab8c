/* SPDX-License-Identifier: Apache-2.0
 * What the files of crypto/tls.h share. For src/crypto and src/pki only. */
#ifndef HF_CRYPTO_TLS_IMPL_H
#define HF_CRYPTO_TLS_IMPL_H

#include "crypto/pem_file.h"
#include "crypto/tls.h"

#include <openssl/ssl.h>

HF_DEFINE_CLEANUP(SSL_CTX_free, SSL_CTX *)

typedef STACK_OF(X509_CRL) revocations;

/* What was read from the files, whole. */
struct tls_state {
	SSL_CTX *ctx;
	revocations *crls; /* NULL: none */
	size_t n_dates;
	struct tls_date dates[TLS_DATES_MAX];
};
void tls_state_free(struct tls_state *s);
HF_DEFINE_CLEANUP(tls_state_free, struct tls_state *)

/* tls_context.c */
HF_MUST hf_status tls_state_new(const struct tls_server_config *config, struct tls_state **ret,
                                struct hf_err *err);
/* Notes one date; beyond TLS_DATES_MAX they are left out. */
void tls_state_date(struct tls_state *s, enum tls_date_kind kind, const X509_NAME *name,
                    const ASN1_TIME *until);

/* tls_crl.c: reads the file into the state, and has its CRLs looked at in every verification. */
HF_MUST hf_status tls_crl_use(const struct tls_server_config *config,
                              const certificates *authorities, struct tls_state *s,
                              struct hf_err *err);
/* Does every CRL in force have a successor, or itself, among the new ones? HF_DENIED, with words.
 */
HF_MUST hf_status tls_crl_succeeds(const revocations *now, const revocations *next,
                                   const char *file, struct hf_err *err);
/* Is this refusal one that the policy forgives? */
bool tls_crl_forgives(X509_STORE_CTX *store);

/* tls_peer.c: a name as RFC 2253 text, ASCII with escapes. HF_INVALID when it does not fit; `to` is
 * then what fits. */
HF_MUST hf_status tls_name(const X509_NAME *name, char *to, size_t cap);

/* tls_peer.c: since 1970; 0 when it cannot be read. */
int64_t tls_time(const ASN1_TIME *t);

/* tls_explain.c: "; " and what to do about an X509_V_ERR_…, or "". */
const char *tls_advice(int error);
/* tls_explain.c: why the chain was refused, in words. */
void tls_explain_chain(X509_STORE_CTX *store, char *to, size_t cap);
/* tls_explain.c: keeps the first refusal of a certificate with its connection; decides nothing but
 * what tls_crl.c forgives. */
int tls_on_verify(int ok, X509_STORE_CTX *store);

#endif
