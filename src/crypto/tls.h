/* SPDX-License-Identifier: Apache-2.0
 * TLS for servers: TLS 1.3 only, certificate and key from PEM files or one PKCS#12 file, and, where
 * asked for, client certificates that must chain to given authorities within the handshake. */
#ifndef HF_CRYPTO_TLS_H
#define HF_CRYPTO_TLS_H

#include "base/buf.h"
#include "base/secret.h"

struct tls_server;
struct ssl_st;      /* OpenSSL's SSL */
struct x509_st;     /* OpenSSL's X509 */
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

struct tls_server_config {
	const char *cert_file; /* PEM: leaf, then chain */
	const char *key_file;  /* PEM; refused when others may read it */
	const char *
	        client_ca_file; /* PEM: authorities of clients; NULL: clients show no certificate */
	/* PEM: CRLs of these authorities and of intermediates below them; NULL: none. Certificates
	 * of an authority that has no CRL in it are accepted. What an outdated CRL revokes stays
	 * revoked; with crl_strict, everything below such an authority is refused. */
	const char *client_crl_file;
	bool crl_strict;
	/* PKCS#12, in place of cert_file and key_file; refused likewise. NULL: none */
	const char *pkcs12_file;
	const struct hf_secret *pkcs12_password; /* borrowed, as long as the tls_server; or NULL */
	/* Instead of authorities: clients may show a certificate of any issuer, or none. The
	 * handshake proves that they have its key, and nothing else: tls_peer_shown(). */
	bool client_any;
};

/* Texts are copied. HF_INVALID, HF_IO, HF_DENIED (file mode), with words that name the file and
 * what to do. */
HF_MUST hf_status tls_server_new(const struct tls_server_config *config, struct tls_server **ret,
                                 struct hf_err *err);
void tls_server_free(struct tls_server *t);

/* For a new connection, with the files as they were read last; the caller owns it. NULL: no memory.
 * Any thread. */
struct ssl_st *tls_server_accept(struct tls_server *t);

/* Looks at the files, and if one has changed (or `anew`) reads all of them again: the next
 * connection has the new ones when all are complete and fit each other; otherwise everything stays
 * as it was, and when that is still so at the next look, once, it fails with words, because a file
 * that is just being written looks the same. A CRL never makes place for an older one, or for none.
 * *ret: new ones are in use. One thread at a time; others may use `t` meanwhile. */
HF_MUST hf_status tls_server_refresh(struct tls_server *t, bool anew, bool *ret,
                                     struct hf_err *err);
/* Changes whenever connections have to be looked at again by tls_server_check(). Any thread. */
unsigned tls_server_generation(const struct tls_server *t);
/* Would the certificate of this live connection be accepted in a handshake now? HF_OK, or HF_DENIED
 * with whose certificate it is and why not. The connection's own thread. */
HF_MUST hf_status tls_server_check(struct tls_server *t, struct ssl_st *ssl, struct hf_err *err);

/* Until when the files are good. */
enum tls_date_kind { TLS_DATE_OWN, TLS_DATE_AUTHORITY, TLS_DATE_CRL };
struct tls_date {
	enum tls_date_kind kind;
	char name[256];  /* RFC 2253: the subject; of a CRL its issuer */
	int64_t until_s; /* since 1970: notAfter; of a CRL nextUpdate */
};
#define TLS_DATES_MAX 128
/* How many were written to `to`, which has room for TLS_DATES_MAX. Any thread. */
size_t tls_server_dates(struct tls_server *t, struct tls_date *to);

/* A private key from a regular file that is ours alone, without a passphrase: HF_IO, HF_INVALID,
 * HF_DENIED (open to other users), with words. The caller owns *ret (EVP_PKEY_free). */
HF_MUST hf_status tls_private_key_read(const char *file, struct evp_pkey_st **ret,
                                       struct hf_err *err);
void tls_date_of(const struct x509_st *cert, enum tls_date_kind kind, struct tls_date *ret);

/* Who is at the other end. */
struct tls_peer {
	char subject[256]; /* RFC 2253 */
	char common_name[128];
	char issuer[256];       /* the issuer of the leaf: the customer's intermediate */
	char issuer_key_id[65]; /* SHA-256 of the issuer's SubjectPublicKeyInfo, hex: which
	                           organisation */
	char fingerprint[65];   /* SHA-256 of the leaf, hex */
	int64_t until_s;        /* since 1970: when the first certificate of its chain expires */
};
/* HF_NOTFOUND when the peer showed none, or none that was verified. HF_INVALID when a name does not
 * fit or has a NUL inside: identity is never cut off. `common_name` is "" where the subject has
 * none. */
HF_MUST hf_status tls_peer_read(struct ssl_st *ssl, struct tls_peer *ret);

/* The certificates that a client of a `client_any` server showed, whoever issued them: its own,
 * whose key it has proved to have, then those that it sent along, DER, each a hf_buf_field().
 * Appended; HF_NOTFOUND when it showed none, HF_TOOBIG beyond the buffer's limit. */
#define TLS_SHOWN_MAX (16u << 10)
HF_MUST hf_status tls_peer_shown(struct ssl_st *ssl, struct hf_buf *to);

/* The `issuer_key_id` of clients whose certificates are issued by the first certificate of this PEM
 * file: how an organisation's intermediate is registered. HF_IO, HF_INVALID, with words that name
 * the file. */
HF_MUST hf_status tls_issuer_key_id(const char *pem_file, char ret[65], struct hf_err *err);

/* Why the handshake failed, in words for a log ("client certificate CN=driver-1 signed by
 * CN=acme-ca was refused: …"), from `ssl` and this thread's OpenSSL error queue, which is cleared.
 * `ssl` belongs to a tls_server. */
void tls_explain(struct ssl_st *ssl, char *to, size_t cap);

#endif
