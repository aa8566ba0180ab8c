/* SPDX-License-Identifier: Apache-2.0
 * Authenticated encryption of small things that have to be stored and read back: AES-256-GCM
 * (NIST SP 800-38D) with a random nonce of 96 bits, which is fit for 2^32 of them under one key.
 * Output: u8 version (1), nonce, ciphertext, tag of 16 bytes. Any thread. */
#ifndef HF_CRYPTO_AEAD_H
#define HF_CRYPTO_AEAD_H

#include "base/buf.h"
#include "base/secret.h"

#define AEAD_KEY_LEN 32
#define AEAD_OVERHEAD (1 + 12 + 16)

/* Appends. `bound` is what it belongs to (a row's id, say): it opens with the same only. */
HF_MUST hf_status aead_seal(const struct hf_secret *key, struct hf_span bound, struct hf_span plain,
                            struct hf_buf *to);
/* The caller owns *ret. HF_UNAUTHENTIC for anything that aead_seal() did not make with this key and
 * for this `bound`. */
HF_MUST hf_status aead_open(const struct hf_secret *key, struct hf_span bound,
                            struct hf_span sealed, struct hf_secret *ret);

#endif
