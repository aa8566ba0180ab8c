/* SPDX-License-Identifier: Apache-2.0
 * TLS for servers: TLS 1.3 only, certificate and key from PEM files, and, where asked for, client
 * certificates that must chain to given authorities within the handshake. */
#ifndef HF_CRYPTO_TLS_H
#define HF_CRYPTO_TLS_H

#include "base/buf.h"

struct tls_server;
struct ssl_st;     /* OpenSSL's SSL */
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

struct tls_server_config {
	const char *cert_file; /* PEM: leaf, then chain */
	const char *key_file;  /* PEM; refused when others may read it */
	const char *
	        client_ca_file; /* PEM: authorities of clients; NULL: clients show no certificate */
};

/* HF_INVALID, HF_IO, HF_DENIED (file mode), with words that name the file and what to do. */
HF_MUST hf_status tls_server_new(const struct tls_server_config *config, struct tls_server **ret,
                                 struct hf_err *err);
void tls_server_free(struct tls_server *t);
struct ssl_ctx_st *tls_server_ctx(struct tls_server *t); /* borrowed */

/* Is this private key's file ours alone? HF_IO, HF_INVALID (no regular file), HF_DENIED (open to
 * other users), with words. For clients, whose library reads the file by itself. */
HF_MUST hf_status tls_private_file_check(const char *file, struct hf_err *err);

/* Who is at the other end. */
struct tls_peer {
	char subject[256]; /* RFC 2253 */
	char common_name[128];
	char issuer[256];       /* the issuer of the leaf: the customer's intermediate */
	char issuer_key_id[65]; /* SHA-256 of the issuer's SubjectPublicKeyInfo, hex: which
	                           organisation */
	char fingerprint[65];   /* SHA-256 of the leaf, hex */
};
/* HF_NOTFOUND when the peer showed none, or none that was verified. HF_INVALID when a name does not
 * fit or has a NUL inside: identity is never cut off. `common_name` is "" where the subject has
 * none. */
HF_MUST hf_status tls_peer_read(struct ssl_st *ssl, struct tls_peer *ret);

/* The `issuer_key_id` of clients whose certificates are issued by the first certificate of this PEM
 * file: how an organisation's intermediate is registered. HF_IO, HF_INVALID, with words that name
 * the file. */
HF_MUST hf_status tls_issuer_key_id(const char *pem_file, char ret[65], struct hf_err *err);

/* Why the handshake failed, in words for a log ("client certificate CN=driver-1 signed by
 * CN=acme-ca was refused: …"), from `ssl` and this thread's OpenSSL error queue, which is cleared.
 * `ssl` belongs to a tls_server. */
void tls_explain(struct ssl_st *ssl, char *to, size_t cap);

#endif
