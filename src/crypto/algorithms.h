/* SPDX-License-Identifier: Apache-2.0
 * What crypto/pubkey.c asks of each algorithm; one file each. Lengths have been checked against
 * key_type_info() and sign_scheme_check() before, unless said otherwise. For src/crypto only. */
#ifndef HF_CRYPTO_ALGORITHMS_H
#define HF_CRYPTO_ALGORITHMS_H

#include "crypto/pubkey.h"

#include <openssl/types.h>

struct credential_key;

/* secp256k1.c. A point is SEC 1, 2.3.3: compressed or uncompressed. */
HF_MUST hf_status k1_point(struct hf_span point, struct public_key *ret);
HF_MUST hf_status k1_verify(struct hf_span pub, struct hf_span digest, struct hf_span sig);
/* Of a signature that verified: the lower of s and n - s, in place. */
void k1_make_low(uint8_t *compact);
HF_MUST hf_status k1_finish(struct hf_span pub, struct hf_span digest, struct signature *sig);

/* nist.c: P-256 and P-384 */
HF_MUST hf_status nist_point(enum key_type type, struct hf_span point, struct public_key *ret);
HF_MUST hf_status nist_verify(enum key_type type, struct hf_span pub, struct hf_span digest,
                              struct hf_span sig);

/* ed25519.c */
HF_MUST hf_status ed25519_check(struct hf_span pub);
HF_MUST hf_status ed25519_verify(struct hf_span pub, struct hf_span message, struct hf_span sig);

/* rsa.c: `pub` of any length */
HF_MUST hf_status rsa_check(const struct key_type_info *type, struct hf_span pub);
HF_MUST hf_status rsa_verify(const struct key_type_info *type, struct hf_span pub, int scheme,
                             int hash, struct hf_span digest, struct hf_span sig);

/* credential.c: what it holds; the key's own. */
EVP_PKEY *credential_key_pkey(const struct credential_key *key);

/* pubkey.c: a result of EVP_PKEY_verify() and the like as HF_OK or HF_UNAUTHENTIC; clears the
 * thread's queue of OpenSSL errors, which belongs to whoever speaks TLS on it. */
HF_MUST hf_status verify_status(int result);

#endif
