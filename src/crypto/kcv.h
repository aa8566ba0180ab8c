/* SPDX-License-Identifier: Apache-2.0
 * Check values of keys whose value somebody has in his hands: components, and what is to be
 * imported. Of keys in an HSM, the HSM tells them. Any thread. */
#ifndef HF_CRYPTO_KCV_H
#define HF_CRYPTO_KCV_H

#include "base/buf.h"
#include "crypto/object_type.h"

/* A block of zeros, encrypted (ANSI X9.24-1, three bytes) or under CMAC (NIST SP 800-38B, five). */
enum kcv_method { KCV_ENCRYPT, KCV_CMAC };
#define KCV_ENCRYPT_LEN 3
#define KCV_CMAC_LEN 5
#define KCV_HEX_MAX (2 * KCV_CMAC_LEN + 1)

/* As hex, in capitals as people write it down. HF_INVALID: not the value of an AES or DES3 key, or,
 * for CMAC, one of a DES3 key of two parts. */
HF_MUST hf_status kcv_of_value(enum object_type type, struct hf_span value, enum kcv_method method,
                               char ret[KCV_HEX_MAX]);

#endif
