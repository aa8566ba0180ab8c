/* SPDX-License-Identifier: Apache-2.0
 * Message digests by the names that APIs give them, computed in software: a digest needs no key.
 * Thread-safe. */
#ifndef HF_CRYPTO_DIGEST_ALG_H
#define HF_CRYPTO_DIGEST_ALG_H

#include "base/buf.h"

/* Stored and sent: append only. */
enum digest_alg {
	DIGEST_NONE = 0,
	DIGEST_SHA1 = 1,
	DIGEST_SHA224 = 2,
	DIGEST_SHA256 = 3,
	DIGEST_SHA384 = 4,
	DIGEST_SHA512 = 5,
	DIGEST_SHA3_224 = 6,
	DIGEST_SHA3_256 = 7,
	DIGEST_SHA3_384 = 8,
	DIGEST_SHA3_512 = 9,
	DIGEST_RIPEMD160 = 10,
	DIGEST_BLAKE2B_256 = 11,
	DIGEST_BLAKE2B_384 = 12,
	DIGEST_BLAKE2B_512 = 13,
	DIGEST_BLAKE2S_256 = 14,
};
#define DIGEST_ALG_MAX 14
#define DIGEST_LEN_MAX 64

/* Bytes; 0 for DIGEST_NONE and numbers that are no digest: every decoder asks. */
size_t digest_alg_len(int alg);
/* "SHA256", "SHA3_256", …: as the Crypto API spells them; NULL for none. */
const char *digest_alg_name(int alg);
/* By that name, in any case. HF_NOTFOUND. */
HF_MUST hf_status digest_alg_parse(const char *name, enum digest_alg *ret);
/* HF_UNSUPPORTED: OpenSSL is configured without it. HF_INVALID: no digest. *ret_len is
 * digest_alg_len(). */
HF_MUST hf_status digest_alg_hash(enum digest_alg alg, struct hf_span in,
                                  uint8_t ret[DIGEST_LEN_MAX], size_t *ret_len);

#endif
