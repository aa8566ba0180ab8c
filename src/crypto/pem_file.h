/* SPDX-License-Identifier: Apache-2.0
 * Certificates and keys in PEM files: reading, making anew, replacing in one step. For src/crypto
 * only. */
#ifndef HF_CRYPTO_PEM_FILE_H
#define HF_CRYPTO_PEM_FILE_H

#include "base/secret.h"
#include "base/buf.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/types.h>

#define PEM_FILE_MAX (16u << 20)

typedef STACK_OF(X509) certificates;

static inline void certificates_free(certificates *c)
{
	sk_X509_pop_free(c, X509_free);
}

HF_DEFINE_CLEANUP(BIO_free_all, BIO *)
HF_DEFINE_CLEANUP(X509_free, X509 *)
HF_DEFINE_CLEANUP(X509_REQ_free, X509_REQ *)
HF_DEFINE_CLEANUP(X509_CRL_free, X509_CRL *)
HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)
HF_DEFINE_CLEANUP(certificates_free, certificates *)

#define CERT_SCOPED HF_CLEANUP(X509_free_at)
#define KEY_SCOPED HF_CLEANUP(EVP_PKEY_free_at)
#define BIO_SCOPED HF_CLEANUP(BIO_free_all_at)
#define CERTS_SCOPED HF_CLEANUP(certificates_free_at)

/* The reason of OpenSSL's last failure on this thread, whose queue is cleared. Never NULL. */
const char *openssl_reason(void);

/* HF_IO with the file's name and the reason; HF_TOOBIG beyond PEM_FILE_MAX. */
HF_MUST hf_status pem_read(const char *file, struct hf_buf *to, struct hf_err *err);

/* The first certificate; all of them (at least one). HF_INVALID with words. */
HF_MUST hf_status pem_certificate(const char *file, X509 **ret, struct hf_err *err);
HF_MUST hf_status pem_certificates(const char *file, certificates **ret, struct hf_err *err);
HF_MUST hf_status pem_request(const char *file, X509_REQ **ret, struct hf_err *err);

/* A private key, from a regular file that is nobody else's to read; `passphrase` may be NULL.
 * HF_IO, HF_INVALID, HF_DENIED (file mode; a passphrase that is missing or wrong), with words. */
HF_MUST hf_status pem_private_key(const char *file, const struct hf_secret *passphrase,
                                  EVP_PKEY **ret, struct hf_err *err);

/* Opens such a file, and checks the mode of the very file that is read. */
HF_MUST hf_status pem_open_private(const char *file, int *ret, struct hf_err *err);

/* Writes a file that must not be there yet. HF_EXISTS, HF_IO; nothing is left behind. */
HF_MUST hf_status pem_create(const char *file, struct hf_span bytes, mode_t mode,
                             struct hf_err *err);
/* Writes FILE.new and puts it in FILE's place, synced: readers see the old or the new. */
HF_MUST hf_status pem_replace(const char *file, struct hf_span bytes, mode_t mode,
                              struct hf_err *err);

/* Appends as PEM. A key is encrypted (PBES2, AES-256-CBC, PBKDF2 with 600 000 rounds) when a
 * passphrase is given; the buffer is then the caller's to wipe. */
HF_MUST hf_status pem_put_certificate(struct hf_buf *to, X509 *cert);
HF_MUST hf_status pem_put_request(struct hf_buf *to, X509_REQ *request);
HF_MUST hf_status pem_put_crl(struct hf_buf *to, X509_CRL *crl);
HF_MUST hf_status pem_put_key(struct hf_buf *to, EVP_PKEY *key, const struct hf_secret *passphrase);

/* A buffer that held a key: wiped and released. */
void pem_wipe(struct hf_buf *b);

#endif
