/* SPDX-License-Identifier: Apache-2.0
 * FF1 (crypto/ff1.h) with its cipher in the HSM. Both directions encipher: SP 800-38G, algorithm 8
 * uses the same function, so that a key that may decrypt only cannot be used. */
#include "p11/crypt_impl.h"

#include "base/secret.h"
#include "crypto/ff1.h"
#include "crypto/mixed.h"

struct ff1_key {
	struct p11_session *s;
	CK_OBJECT_HANDLE key;
	struct hf_err *err;
};

static hf_status mac(void *ctx, const uint8_t *in, size_t len, uint8_t ret[16])
{
	struct ff1_key *k = ctx;

	return blocks_mac(k->s, k->key, in, len, ret, k->err);
}

static hf_status encipher(void *ctx, const uint8_t *in, size_t len, uint8_t *ret)
{
	struct ff1_key *k = ctx;

	return blocks_ecb(k->s, k->key, true, in, len, ret, k->err);
}

static hf_status check(const struct crypto_mech *mech, struct hf_span data, struct hf_err *err)
{
	size_t n = data.len / 2;

	if (data.len % 2 != 0 || !ff1_has_domain(mech->radix, n))
		return hf_fail(
		        err, HF_INVALID,
		        "FF1 takes 2 to %d numerals of a radix up to %d, and not so few that "
		        "there are less than %d such strings (SP 800-38G revision 1)",
		        FF1_LEN_MAX, FF1_RADIX_MAX, FF1_DOMAIN_MIN);
	if (mech->iv.len > FF1_TWEAK_MAX)
		return hf_fail(err, HF_INVALID, "an FF1 tweak has %d bytes at most", FF1_TWEAK_MAX);
	for (size_t i = 0; i < n; i++)
		if ((uint32_t)(data.ptr[2 * i] << 8 | data.ptr[2 * i + 1]) >= mech->radix)
			return hf_fail(err, HF_INVALID, "a numeral is not below the radix %u",
			               mech->radix);
	return HF_SUCCESS;
}

/* Is the number that the numerals are below the bound? */
static hf_status is_below(const uint16_t *x, size_t n, const struct crypto_mech *mech, bool *ret)
{
	struct hf_span bound = mech->ad;

	if (!bound.len) {
		*ret = true;
		return HF_SUCCESS;
	}
	return mixed_is_below(x, n, mech->radix, bound, ret);
}

static hf_status walk(const struct ff1_cipher *cipher, const struct crypto_mech *mech, bool encrypt,
                      uint16_t *x, size_t n, struct hf_err *err)
{
	bool below;

	HF_TRY(is_below(x, n, mech, &below));
	if (!below)
		return hf_fail(err, HF_INVALID, "the numerals are not below the bound");
	for (unsigned i = 0; i < CRYPTO_WALK_MAX; i++) {
		HF_TRY(encrypt ? ff1_encrypt(cipher, mech->radix, mech->iv, x, n)
		               : ff1_decrypt(cipher, mech->radix, mech->iv, x, n));
		HF_TRY(is_below(x, n, mech, &below));
		if (below)
			return HF_SUCCESS;
	}
	return hf_fail(err, HF_INVALID, "the bound is far below what the numerals can be");
}

hf_status ff1_data(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                   bool encrypt, struct hf_span data, struct hf_buf *ret, struct hf_err *err)
{
	struct ff1_key k = { s, key, err };
	struct ff1_cipher cipher = { mac, encipher, &k };
	uint16_t x[FF1_LEN_MAX];
	size_t n = data.len / 2;
	hf_status status;

	HF_TRY(check(mech, data, err));
	for (size_t i = 0; i < n; i++)
		x[i] = (uint16_t)(data.ptr[2 * i] << 8 | data.ptr[2 * i + 1]);
	status = walk(&cipher, mech, encrypt, x, n, err);
	for (size_t i = 0; i < n && hf_ok(status); i++)
		hf_buf_u16(ret, x[i]);
	hf_wipe(x, n * sizeof(x[0]));
	return hf_ok(status) ? hf_buf_status(ret) : status;
}
