/* SPDX-License-Identifier: Apache-2.0
 * FF1, format-preserving encryption: NIST SP 800-38G, revision 1 (second draft), 5.1.
 *
 * A string of numerals below `radix` becomes another of the same length. The key stays where the
 * cipher is: here are only the numbers around it. Lengths are limited below, and radix^length is at
 * least a million, which revision 1 asks for: fewer can be tried one by one. Thread-safe. */
#ifndef HF_CRYPTO_FF1_H
#define HF_CRYPTO_FF1_H

#include "base/buf.h"

#define FF1_RADIX_MIN 2
#define FF1_RADIX_MAX 65536
#define FF1_LEN_MIN 2
#define FF1_LEN_MAX 4096 /* numerals */
#define FF1_TWEAK_MAX 256
#define FF1_DOMAIN_MIN 1000000

/* AES under one key, whose failures end the operation. `len` is a multiple of 16, at least 16. */
struct ff1_cipher {
	/* The last block of CBC with an IV of zeros: PRF() of the standard. */
	hf_status (*mac)(void *ctx, const uint8_t *in, size_t len, uint8_t ret[16]);
	/* Each block by itself. */
	hf_status (*encipher)(void *ctx, const uint8_t *in, size_t len, uint8_t *ret);
	void *ctx;
};

/* Are strings of this length encrypted? A shorter one of a format decides for all of it. */
bool ff1_has_domain(uint32_t radix, size_t len);

/* In place. HF_INVALID: radix, length, tweak or a numeral out of range, and nothing was done; else
 * what the cipher says, and `numerals` are undefined. */
HF_MUST hf_status ff1_encrypt(const struct ff1_cipher *cipher, uint32_t radix, struct hf_span tweak,
                              uint16_t *numerals, size_t n);
HF_MUST hf_status ff1_decrypt(const struct ff1_cipher *cipher, uint32_t radix, struct hf_span tweak,
                              uint16_t *numerals, size_t n);

#endif
