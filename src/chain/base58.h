/* SPDX-License-Identifier: Apache-2.0
 * Base58: bytes as one big number in 58 digits, with one "zero" digit for each leading zero byte.
 */
#ifndef HF_CHAIN_BASE58_H
#define HF_CHAIN_BASE58_H

#include "base/buf.h"

enum base58_alphabet { BASE58_BITCOIN, BASE58_XRPL };

#define BASE58_BYTES_MAX 128 /* the work grows with the square of the length */

/* Appends text. HF_TOOBIG. */
HF_MUST hf_status base58_encode(enum base58_alphabet alphabet, struct hf_span bytes,
                                struct hf_buf *to);
/* Appends bytes. HF_INVALID: another character; HF_TOOBIG. */
HF_MUST hf_status base58_decode(enum base58_alphabet alphabet, struct hf_span text,
                                struct hf_buf *to);

/* With the first 4 bytes of SHA-256 of SHA-256 behind the bytes. The decoder takes them off, and
 * refuses what they do not fit: HF_INVALID. */
HF_MUST hf_status base58check_encode(enum base58_alphabet alphabet, struct hf_span bytes,
                                     struct hf_buf *to);
HF_MUST hf_status base58check_decode(enum base58_alphabet alphabet, struct hf_span text,
                                     struct hf_buf *to);

#endif
