/* SPDX-License-Identifier: Apache-2.0
 * What the files of crypto/tls.h share. For src/crypto only. */
#ifndef HF_CRYPTO_TLS_IMPL_H
#define HF_CRYPTO_TLS_IMPL_H

#include "crypto/pem_file.h"
#include "crypto/tls.h"

#include <openssl/ssl.h>

/* tls.c: HF_IO with the file's name and the reason. The caller owns *ret. */
HF_MUST hf_status tls_open_pem(const char *file, BIO **ret, struct hf_err *err);

/* tls_peer.c: a name as RFC 2253 text, ASCII with escapes. HF_INVALID when it does not fit; `to` is
 * then what fits. */
HF_MUST hf_status tls_name(const X509_NAME *name, char *to, size_t cap);

/* tls_explain.c: keeps the first refusal of a certificate with its connection; decides nothing. */
int tls_on_verify(int ok, X509_STORE_CTX *store);

#endif
