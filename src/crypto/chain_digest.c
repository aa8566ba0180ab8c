/* SPDX-License-Identifier: Apache-2.0
 * Hashes that OpenSSL has not, or not on every machine. */
#include "crypto/digest.h"

#include <nettle/ripemd160.h>
#include <nettle/sha2.h>
#include <nettle/sha3.h>
#include <sodium.h>
#include <string.h>

#define RATE SHA3_256_BLOCK_SIZE /* of a sponge that gives 256 bits: 136 bytes */

/* Lanes are little-endian 64-bit words (FIPS 202, B.1). */
static void absorb(struct sha3_state *state, const uint8_t block[RATE])
{
	for (size_t i = 0; i < RATE; i++)
		state->a[i / 8] ^= (uint64_t)block[i] << (8 * (i % 8));
	sha3_permute(state);
}

/* What Ethereum calls Keccak-256 is the sponge of SHA-3 as it was before FIPS 202 changed the first
 * byte of the padding from 01 to 06 (The Keccak reference 3.0, 1.2.1). */
hf_status keccak256(struct hf_span in, uint8_t ret[32])
{
	struct sha3_state state = { 0 };
	uint8_t last[RATE] = { 0 };

	for (; in.len >= RATE; in = HF_SPAN(in.ptr + RATE, in.len - RATE))
		absorb(&state, in.ptr);
	if (in.len)
		memcpy(last, in.ptr, in.len);
	last[in.len] ^= 0x01;
	last[RATE - 1] ^= 0x80;
	absorb(&state, last);
	for (size_t i = 0; i < 32; i++)
		ret[i] = (uint8_t)(state.a[i / 8] >> (8 * (i % 8)));
	return HF_SUCCESS;
}

hf_status sha3_256(struct hf_span in, uint8_t ret[32])
{
	struct sha3_256_ctx ctx;

	sha3_256_init(&ctx);
	sha3_256_update(&ctx, in.len, in.ptr);
	sha3_256_digest(&ctx, 32, ret);
	return HF_SUCCESS;
}

hf_status sha512_256(struct hf_span in, uint8_t ret[32])
{
	struct sha512_256_ctx ctx;

	sha512_256_init(&ctx);
	sha512_256_update(&ctx, in.len, in.ptr);
	sha512_256_digest(&ctx, 32, ret);
	return HF_SUCCESS;
}

hf_status ripemd160(struct hf_span in, uint8_t ret[20])
{
	struct ripemd160_ctx ctx;

	ripemd160_init(&ctx);
	ripemd160_update(&ctx, in.len, in.ptr);
	ripemd160_digest(&ctx, 20, ret);
	return HF_SUCCESS;
}

hf_status hash160(struct hf_span in, uint8_t ret[20])
{
	uint8_t inner[SHA256_LEN];

	HF_TRY(sha256(in, inner));
	return ripemd160(HF_SPAN(inner, sizeof(inner)), ret);
}

hf_status blake2b(struct hf_span in, uint8_t *ret, size_t len)
{
	HF_ENSURE(len >= crypto_generichash_BYTES_MIN && len <= crypto_generichash_BYTES_MAX,
	          HF_INVALID);
	HF_ENSURE(crypto_generichash(ret, len, in.ptr, in.len, NULL, 0) == 0, HF_INTERNAL);
	return HF_SUCCESS;
}
