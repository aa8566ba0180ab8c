/* SPDX-License-Identifier: Apache-2.0
 * The curves of crypto/object_type.h as OpenSSL has them. For src/crypto only. */
#ifndef HF_CRYPTO_CURVES_H
#define HF_CRYPTO_CURVES_H

#include "crypto/public_info.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

/* OpenSSL's name of a group ("prime256v1"), or of a key type ("ED25519"). Never NULL for a curve.
 */
const char *curve_openssl_name(enum curve curve);
/* NULL: short of memory, or an Edwards or Montgomery curve. The caller's. */
EC_GROUP *curve_group_new(enum curve curve);
/* HF_INVALID: no elliptic key, a curve that we do not know, or one spelled out in numbers. */
HF_MUST hf_status curve_of_pkey(EVP_PKEY *key, enum curve *ret);

/* public_info.c: the public part of a key. HF_INVALID. */
HF_MUST hf_status public_info_of_pkey(EVP_PKEY *key, struct public_info *ret);

#endif
