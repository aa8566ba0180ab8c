/* SPDX-License-Identifier: Apache-2.0
 * Certificates and private keys that come in requests and databases rather than in files. Any
 * thread. */
#ifndef HF_CRYPTO_TLS_MATERIAL_H
#define HF_CRYPTO_TLS_MATERIAL_H

#include "base/buf.h"
#include "base/secret.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/* One certificate in DER, or any number in PEM: appended as PEM. HF_INVALID with words. */
HF_MUST hf_status material_certificates(struct hf_span from, struct hf_buf *pem,
                                        struct hf_err *err);
/* A private key in DER or PEM, without a passphrase. The caller owns *ret (EVP_PKEY_free).
 * HF_INVALID with words. */
HF_MUST hf_status material_key(const struct hf_secret *from, struct evp_pkey_st **ret,
                               struct hf_err *err);
/* The key belongs to the first certificate. HF_INVALID with words. */
HF_MUST hf_status material_fits(struct hf_span cert_pem, const struct hf_secret *key,
                                struct hf_err *err);

#endif
