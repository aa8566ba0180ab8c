/* SPDX-License-Identifier: Apache-2.0
 * Keys in software, which stand for an HSM's: they sign, and give their public half in canonical
 * form. What goes wrong here ends the test. */
#ifndef HF_TESTS_SOFT_KEY_H
#define HF_TESTS_SOFT_KEY_H

#include "crypto/pubkey.h"

#include <openssl/evp.h>

EVP_PKEY *soft_key_new(enum key_type type);
struct public_key soft_key_public(EVP_PKEY *key, enum key_type type);
/* Raw, as an HSM gives it: recid is -1, and s is as it falls. `salt` is PSS's salt length. */
struct signature soft_key_sign(EVP_PKEY *key, enum key_type type, int scheme, int hash, int salt,
                               struct hf_span input);
/* "-----BEGIN PUBLIC KEY-----…" into `to`. */
void soft_key_pem(EVP_PKEY *key, struct hf_buf *to);

#endif
