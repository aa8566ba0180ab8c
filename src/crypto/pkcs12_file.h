/* SPDX-License-Identifier: Apache-2.0
 * Key and certificates in one PKCS#12 file (RFC 7292). For src/crypto only. */
#ifndef HF_CRYPTO_PKCS12_FILE_H
#define HF_CRYPTO_PKCS12_FILE_H

#include "crypto/pem_file.h"

#define PKCS12_FILE_MAX (1u << 20)

/* A regular file that is nobody else's to read. `password` may be NULL or empty. The chain's first
 * certificate is the key's. HF_IO, HF_INVALID, HF_TOOBIG, HF_DENIED (file mode; password),
 * HF_UNSUPPORTED (an encryption that OpenSSL has given up), with words that say what to do. The
 * caller owns both. */
HF_MUST hf_status pkcs12_read(const char *file, const struct hf_secret *password,
                              EVP_PKEY **ret_key, certificates **ret_chain, struct hf_err *err);

#endif
