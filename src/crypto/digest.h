/* SPDX-License-Identifier: Apache-2.0
 * Hashes, HMAC and key derivation, in one call each. Any thread.
 * HF_NOMEM when memory is short, HF_INTERNAL when OpenSSL is configured without the algorithm. */
#ifndef HF_CRYPTO_DIGEST_H
#define HF_CRYPTO_DIGEST_H

#include "base/buf.h"
#include "base/secret.h"

#define SHA256_LEN 32
#define SHA512_LEN 64

HF_MUST hf_status sha256(struct hf_span in, uint8_t ret[SHA256_LEN]);
HF_MUST hf_status sha512(struct hf_span in, uint8_t ret[SHA512_LEN]);

/* What blockchains hash with (chain_digest.c). */
HF_MUST hf_status keccak256(struct hf_span in, uint8_t ret[32]); /* Keccak's first padding */
HF_MUST hf_status sha3_256(struct hf_span in, uint8_t ret[32]);  /* FIPS 202 */
HF_MUST hf_status sha512_256(struct hf_span in, uint8_t ret[32]);
HF_MUST hf_status ripemd160(struct hf_span in, uint8_t ret[20]);
HF_MUST hf_status hash160(struct hf_span in, uint8_t ret[20]); /* ripemd160(sha256(in)) */
/* RFC 7693, without a key: 16 to 64 bytes. HF_INVALID for other lengths. */
HF_MUST hf_status blake2b(struct hf_span in, uint8_t *ret, size_t len);

/* SHA-256 of what comes piece by piece. */
struct sha256_run;
HF_MUST hf_status sha256_begin(struct sha256_run **ret);
HF_MUST hf_status sha256_add(struct sha256_run *r, struct hf_span more);
/* Of all so far; it can go on. */
HF_MUST hf_status sha256_so_far(const struct sha256_run *r, uint8_t ret[SHA256_LEN]);
void sha256_done(struct sha256_run *r);

/* RFC 2104. Compare the result with hf_equal_ct(). */
HF_MUST hf_status hmac_sha256(struct hf_span key, struct hf_span in, uint8_t ret[SHA256_LEN]);

/* RFC 5869, extract and expand: `len` bytes, at most 255 * 32. The caller owns *ret. */
HF_MUST hf_status hkdf_sha256(struct hf_span secret, struct hf_span salt, struct hf_span info,
                              size_t len, struct hf_secret *ret);

#endif
