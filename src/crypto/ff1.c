/* SPDX-License-Identifier: Apache-2.0
 * The names are the standard's: A and B are the halves, u and v their lengths, Q what a round is
 * computed from, b the bytes of B in it, S and y what comes out of it. */
#include "crypto/ff1.h"

#include "base/secret.h"

#include <openssl/bn.h>
#include <string.h>

#define BLOCK 16
#define ROUNDS 10
/* b of the longest half: 2048 numerals of 16 bits */
#define HALF_BYTES_MAX (FF1_LEN_MAX / 2 * 2)
#define MESSAGE_MAX (BLOCK + FF1_TWEAK_MAX + HALF_BYTES_MAX + 2 * BLOCK)
#define S_MAX (HALF_BYTES_MAX + 2 * BLOCK)

HF_DEFINE_CLEANUP(BN_CTX_free, BN_CTX *)

struct ff1 {
	const struct ff1_cipher *cipher;
	uint32_t radix;
	size_t n, u, v, b, d;
	BN_CTX *bn;
	BIGNUM *a, *bb, *y, *power_u, *power_v; /* radix^u and radix^v */
	uint8_t message[MESSAGE_MAX]; /* P || Q; only its end differs from round to round */
	size_t message_len;
	uint8_t s[S_MAX], counters[S_MAX];
};

bool ff1_has_domain(uint32_t radix, size_t len)
{
	uint64_t domain = 1;

	if (radix < FF1_RADIX_MIN || radix > FF1_RADIX_MAX || len < FF1_LEN_MIN ||
	    len > FF1_LEN_MAX)
		return false;
	for (size_t i = 0; i < len && domain < FF1_DOMAIN_MIN; i++)
		domain *= radix;
	return domain >= FF1_DOMAIN_MIN;
}

static void put32(uint8_t *to, size_t value)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* P || Q, steps 5 and 6 i, but for the round's number and NUM(B) at its end. */
static void write_message(struct ff1 *f, struct hf_span tweak)
{
	size_t pad = (BLOCK - (tweak.len + f->b + 1) % BLOCK) % BLOCK;
	uint8_t *p = f->message;

	p[0] = 1;
	p[1] = 2;
	p[2] = 1;
	p[3] = (uint8_t)(f->radix >> 16);
	p[4] = (uint8_t)(f->radix >> 8);
	p[5] = (uint8_t)f->radix;
	p[6] = ROUNDS;
	p[7] = (uint8_t)f->u;
	put32(p + 8, f->n);
	put32(p + 12, tweak.len);
	if (tweak.len)
		memcpy(p + BLOCK, tweak.ptr, tweak.len);
	memset(p + BLOCK + tweak.len, 0, pad);
	f->message_len = BLOCK + tweak.len + pad + 1 + f->b;
}

static bool power(BIGNUM *to, uint32_t radix, size_t exponent)
{
	if (!BN_one(to))
		return false;
	for (size_t i = 0; i < exponent; i++)
		if (!BN_mul_word(to, radix))
			return false;
	return true;
}

/* NUM_radix(X): the first numeral counts most. */
static bool number_of(BIGNUM *to, uint32_t radix, const uint16_t *numerals, size_t n)
{
	BN_zero(to);
	for (size_t i = 0; i < n; i++)
		if (!BN_mul_word(to, radix) || !BN_add_word(to, numerals[i]))
			return false;
	return true;
}

/* STR_radix^m(x); x is below radix^m, and zero afterwards. */
static bool numerals_of(BIGNUM *x, uint32_t radix, uint16_t *numerals, size_t m)
{
	for (size_t i = m; i-- > 0;) {
		BN_ULONG rest = BN_div_word(x, radix);

		if (rest == (BN_ULONG)-1)
			return false;
		numerals[i] = (uint16_t)rest;
	}
	return true;
}

/* Steps 1 to 5. All numbers live in a frame of f->bn. */
static hf_status begin(struct ff1 *f, struct hf_span tweak, const uint16_t *numerals)
{
	f->u = f->n / 2;
	f->v = f->n - f->u;
	f->a = BN_CTX_get(f->bn);
	f->bb = BN_CTX_get(f->bn);
	f->y = BN_CTX_get(f->bn);
	f->power_u = BN_CTX_get(f->bn);
	f->power_v = BN_CTX_get(f->bn); /* NULL where any of them is */
	HF_ENSURE(f->power_v && power(f->power_u, f->radix, f->u) &&
	                  power(f->power_v, f->radix, f->v),
	          HF_NOMEM);
	HF_ENSURE(number_of(f->a, f->radix, numerals, f->u) &&
	                  number_of(f->bb, f->radix, numerals + f->u, f->v),
	          HF_NOMEM);
	/* the bits of v numerals are those of the greatest number that they can be */
	HF_ENSURE(BN_copy(f->y, f->power_v) && BN_sub_word(f->y, 1), HF_NOMEM);
	f->b = (size_t)BN_num_bytes(f->y);
	f->d = 4 * ((f->b + 3) / 4) + 4;
	write_message(f, tweak);
	return HF_SUCCESS;
}

/* Steps 6 i to iv: y of a round over a half. */
static hf_status round_number(struct ff1 *f, unsigned round, const BIGNUM *half)
{
	size_t more = (f->d + BLOCK - 1) / BLOCK - 1; /* blocks after the first */
	uint8_t *end = f->message + f->message_len;

	end[-(ptrdiff_t)f->b - 1] = (uint8_t)round;
	HF_ENSURE(BN_bn2binpad(half, end - f->b, (int)f->b) == (int)f->b, HF_INTERNAL);
	HF_TRY(f->cipher->mac(f->cipher->ctx, f->message, f->message_len, f->s));
	for (size_t j = 1; j <= more; j++) {
		uint8_t *block = f->counters + (j - 1) * BLOCK;

		memcpy(block, f->s, BLOCK);
		for (unsigned i = 0; i < 4; i++)
			block[12 + i] ^= (uint8_t)(j >> (24 - 8 * i));
	}
	if (more)
		HF_TRY(f->cipher->encipher(f->cipher->ctx, f->counters, more * BLOCK,
		                           f->s + BLOCK));
	HF_ENSURE(BN_bin2bn(f->s, (int)f->d, f->y), HF_NOMEM);
	return HF_SUCCESS;
}

static void swap_halves(struct ff1 *f)
{
	BIGNUM *was = f->a;

	f->a = f->bb;
	f->bb = was;
}

/* Steps 6 v to ix: A + y modulo radix^m is the new B. */
static hf_status round_forward(struct ff1 *f, unsigned round)
{
	const BIGNUM *modulus = round % 2 ? f->power_v : f->power_u;

	HF_TRY(round_number(f, round, f->bb));
	HF_ENSURE(BN_add(f->a, f->a, f->y) && BN_nnmod(f->a, f->a, modulus, f->bn), HF_NOMEM);
	swap_halves(f);
	return HF_SUCCESS;
}

static hf_status round_back(struct ff1 *f, unsigned round)
{
	const BIGNUM *modulus = round % 2 ? f->power_v : f->power_u;

	HF_TRY(round_number(f, round, f->a));
	HF_ENSURE(BN_sub(f->bb, f->bb, f->y) && BN_nnmod(f->bb, f->bb, modulus, f->bn), HF_NOMEM);
	swap_halves(f);
	return HF_SUCCESS;
}

static hf_status all_rounds(struct ff1 *f, bool forward)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		HF_TRY(forward ? round_forward(f, i) : round_back(f, ROUNDS - 1 - i));
	return HF_SUCCESS;
}

/* In a frame of f->bn: what it holds is plaintext, and wiped. */
static hf_status in_frame(struct ff1 *f, struct hf_span tweak, uint16_t *numerals, bool forward)
{
	hf_status status;

	BN_CTX_start(f->bn);
	status = begin(f, tweak, numerals);
	if (hf_ok(status))
		status = all_rounds(f, forward);
	if (hf_ok(status) && (!numerals_of(f->a, f->radix, numerals, f->u) ||
	                      !numerals_of(f->bb, f->radix, numerals + f->u, f->v)))
		status = HF_FAILURE(HF_INTERNAL);
	BN_CTX_end(f->bn);
	return status;
}

static hf_status run(const struct ff1_cipher *cipher, uint32_t radix, struct hf_span tweak,
                     uint16_t *numerals, size_t n, bool forward)
{
	HF_CLEANUP(BN_CTX_free_at) BN_CTX *bn = NULL;
	struct ff1 f;
	hf_status status;

	HF_ENSURE(ff1_has_domain(radix, n) && tweak.len <= FF1_TWEAK_MAX, HF_INVALID);
	for (size_t i = 0; i < n; i++)
		HF_ENSURE(numerals[i] < radix, HF_INVALID);
	bn = BN_CTX_secure_new(); /* its numbers are wiped when they are freed */
	HF_ENSURE(bn, HF_NOMEM);
	f.cipher = cipher;
	f.radix = radix;
	f.n = n;
	f.bn = bn;
	status = in_frame(&f, tweak, numerals, forward);
	hf_wipe(&f, sizeof(f));
	return status;
}

hf_status ff1_encrypt(const struct ff1_cipher *cipher, uint32_t radix, struct hf_span tweak,
                      uint16_t *numerals, size_t n)
{
	return run(cipher, radix, tweak, numerals, n, true);
}

hf_status ff1_decrypt(const struct ff1_cipher *cipher, uint32_t radix, struct hf_span tweak,
                      uint16_t *numerals, size_t n)
{
	return run(cipher, radix, tweak, numerals, n, false);
}
