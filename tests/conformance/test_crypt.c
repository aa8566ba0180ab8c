/* SPDX-License-Identifier: Apache-2.0
 * Keys used in real tokens, by published vectors (tests/vectors): `test_crypt NAME`. */
#include "check.h"
#include "claims.h"
#include "crypt_keys.h"
#include "vectors.h"

#include "crypto/ff1.h"
#include "p11/crypt_impl.h"

#include <stdio.h>
#include <string.h>

static void open_file(struct vectors *v, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), VECTORS "/%s", name);
	vectors_open(v, path);
}

static bool is_valid(const struct vectors *v, size_t field)
{
	return strcmp(v->field[field], "invalid") != 0;
}

static void is_same(const struct vectors *v, const struct hf_buf *got, struct hf_span want)
{
	if (!hf_span_equal(hf_buf_span(got), want))
		fail_msg("line %u: %zu bytes, and not those", v->line, got->len);
}

static void fails(const struct vectors *v, hf_status got)
{
	if (got.code != HF_UNAUTHENTIC && got.code != HF_INVALID && got.code != HF_UNSUPPORTED)
		fail_msg("line %u: %s", v->line, hf_code_name(got.code));
}

static void gcm_encrypts(const struct vectors *v, CK_OBJECT_HANDLE key,
                         const struct crypto_mech *mech, struct hf_span plain,
                         struct hf_span cipher, struct hf_span tag)
{
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(4096);
	HF_BUF_SCOPED struct hf_buf out_iv = HF_BUF(CRYPTO_IV_MAX);
	HF_BUF_SCOPED struct hf_buf out_tag = HF_BUF(16);
	struct crypto_mech without_tag = *mech;
	struct hf_err err = { 0 };

	without_tag.tag = HF_SPAN(NULL, 0);
	must(p11_encrypt(keys_session(), key, &without_tag, plain, &out, &out_iv, &out_tag, &err),
	     &err);
	is_same(v, &out, cipher);
	is_same(v, &out_tag, tag);
	is_same(v, &out_iv, mech->iv);
}

static void gcm_vectors_hold(void **state)
{
	struct vectors v;
	unsigned n = 0;

	open_file(&v, "gcm.txt");
	while (vectors_next(&v)) {
		HF_BUF_SCOPED struct hf_buf out = HF_BUF(4096);
		struct hf_span value = vectors_bytes(&v, 0), iv = vectors_bytes(&v, 1);
		struct hf_span ad = vectors_bytes(&v, 2), plain = vectors_bytes(&v, 3);
		struct hf_span cipher = vectors_bytes(&v, 4), tag = vectors_bytes(&v, 5);
		struct crypto_mech mech = {
			.mode = MODE_GCM, .iv = iv, .ad = ad, .tag = tag, .tag_len = 16
		};
		CK_OBJECT_HANDLE key = keys_secret(CKK_AES, value);
		struct hf_err err = { 0 };
		hf_status got = p11_decrypt(keys_session(), key, &mech, cipher, &out, &err);

		if (is_valid(&v, 6)) {
			must(got, &err);
			is_same(&v, &out, plain);
			gcm_encrypts(&v, key, &mech, plain, cipher, tag);
		} else {
			fails(&v, got);
			assert_int_equal(out.len, 0);
		}
		keys_drop(key);
		n++;
	}
	CHECK(n >= 50);
}

/* KW and KWP as encryptions of data. */
static void key_wrap_vectors_hold(void **state)
{
	struct vectors v;
	unsigned n = 0;

	open_file(&v, "keywrap.txt");
	while (vectors_next(&v)) {
		HF_BUF_SCOPED struct hf_buf out = HF_BUF(4096);
		HF_BUF_SCOPED struct hf_buf none = HF_BUF(16);
		struct crypto_mech mech = { .mode = vectors_is(&v, "KW") ? MODE_KW : MODE_KWP };
		struct hf_span value = vectors_bytes(&v, 1), plain = vectors_bytes(&v, 2);
		struct hf_span wrapped = vectors_bytes(&v, 3);
		CK_OBJECT_HANDLE key = keys_secret(CKK_AES, value);
		struct hf_err err = { 0 };
		hf_status got = p11_decrypt(keys_session(), key, &mech, wrapped, &out, &err);

		if (strcmp(v.field[4], "valid") == 0) {
			must(got, &err);
			is_same(&v, &out, plain);
			hf_buf_clear(&out);
			must(p11_encrypt(keys_session(), key, &mech, plain, &out, &none, &none,
			                 &err),
			     &err);
			is_same(&v, &out, wrapped);
		} else if (!is_valid(&v, 4)) {
			fails(&v, got);
			assert_int_equal(out.len, 0);
		}
		keys_drop(key);
		n++;
	}
	CHECK(n >= 30);
}

static CK_OBJECT_HANDLE mac_key(struct vectors *v, struct hf_span value)
{
	return keys_secret(vectors_is(v, "CMAC") ? CKK_AES : CKK_GENERIC_SECRET, value);
}

/* Neither has SHA-3; SoftHSM takes no HMAC key that is shorter than the MAC. */
static bool lacks_hmac(enum digest_alg hash, size_t key_len)
{
	return hash == DIGEST_SHA3_256 ||
	       (hash && keys_place_is("softhsm") && key_len < digest_alg_len((int)hash));
}

static void mac_vectors_hold(void **state)
{
	struct vectors v;
	unsigned n = 0;

	open_file(&v, "mac.txt");
	while (vectors_next(&v)) {
		HF_BUF_SCOPED struct hf_buf out = HF_BUF(512);
		struct crypto_mech mech = { .mode = MODE_CMAC };
		struct hf_span value = vectors_bytes(&v, 1), data = vectors_bytes(&v, 2);
		struct hf_span mac = vectors_bytes(&v, 3);
		CK_OBJECT_HANDLE key;
		struct hf_err err = { 0 };
		hf_status got;

		if (!vectors_is(&v, "CMAC")) {
			mech.mode = MODE_HMAC;
			CHECK_OK(digest_alg_parse(v.field[0], &mech.hash));
		} else if (value.len != 16 && value.len != 24 && value.len != 32) {
			continue; /* no key of AES */
		}
		key = mac_key(&v, value);
		got = p11_mac_verify(keys_session(), key, &mech, data, mac, &err);
		if (lacks_hmac(mech.hash, value.len)) {
			CHECK_CODE(got, HF_UNSUPPORTED);
		} else if (is_valid(&v, 4)) {
			must(got, &err);
			must(p11_mac(keys_session(), key, &mech, data, &out, &err), &err);
			is_same(&v, &out, mac);
		} else {
			if (got.code != HF_UNAUTHENTIC)
				fail_msg("line %u: %s (%s)", v.line, hf_code_name(got.code),
				         err.text);
		}
		keys_drop(key);
		n++;
	}
	CHECK(n >= 40);
}

static void a_cmac_of_blocks_is_the_tokens_own(void **state)
{
	struct vectors v;
	unsigned n = 0;

	open_file(&v, "mac.txt");
	while (vectors_next(&v)) {
		struct hf_span value, data, mac;
		CK_OBJECT_HANDLE key;
		struct hf_err err = { 0 };
		uint8_t made[16];

		if (!vectors_is(&v, "CMAC") || !is_valid(&v, 4))
			continue;
		value = vectors_bytes(&v, 1);
		data = vectors_bytes(&v, 2);
		mac = vectors_bytes(&v, 3);
		key = keys_secret(CKK_AES, value);
		must(blocks_cmac(keys_session(), key, data, made, &err), &err);
		assert_memory_equal(made, mac.ptr, 16);
		keys_drop(key);
		n++;
	}
	CHECK(n >= 10);
}

/* Numerals of one byte as the two that go over the wire. */
static struct hf_span widen(struct hf_span numerals, unsigned width, uint8_t *to)
{
	if (width == 2)
		return numerals;
	for (size_t i = 0; i < numerals.len; i++) {
		to[2 * i] = 0;
		to[2 * i + 1] = numerals.ptr[i];
	}
	return HF_SPAN(to, 2 * numerals.len);
}

static void ff1_vector(const struct vectors *v, struct crypto_mech *mech, unsigned width)
{
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(4096);
	HF_BUF_SCOPED struct hf_buf iv = HF_BUF(CRYPTO_IV_MAX);
	HF_BUF_SCOPED struct hf_buf none = HF_BUF(16);
	uint8_t wide[2][1024];
	CK_OBJECT_HANDLE key = keys_secret(CKK_AES, vectors_bytes(v, 0));
	struct hf_span plain = widen(vectors_bytes(v, 2), width, wide[0]);
	struct hf_span cipher = widen(vectors_bytes(v, 3), width, wide[1]);
	struct hf_err err = { 0 };

	mech->iv = vectors_bytes(v, 1);
	if (strcmp(v->field[4], "valid") == 0) {
		must(p11_encrypt(keys_session(), key, mech, plain, &out, &iv, &none, &err), &err);
		is_same(v, &out, cipher);
		is_same(v, &iv, mech->iv);
		hf_buf_clear(&out);
		must(p11_decrypt(keys_session(), key, mech, cipher, &out, &err), &err);
		is_same(v, &out, plain);
	} else {
		CHECK_CODE(p11_encrypt(keys_session(), key, mech, plain, &out, &iv, &none, &err),
		           HF_INVALID);
		CHECK_CODE(p11_decrypt(keys_session(), key, mech, plain, &out, &err), HF_INVALID);
	}
	keys_drop(key);
}

static void ff1_vectors_hold(void **state)
{
	struct crypto_mech mech = { .mode = MODE_FF1 };
	struct vectors v;
	unsigned n = 0, width = 1;

	open_file(&v, "ff1.txt");
	while (vectors_next(&v)) {
		if (vectors_is(&v, "radix")) {
			mech.radix = (uint32_t)strtoul(v.field[1], NULL, 10);
			width = v.field[2][0] == '1' ? 1 : 2;
		} else if (strcmp(v.field[5], "InvalidKeySize") != 0 && (n++ < 40 || n % 4 == 0)) {
			ff1_vector(&v, &mech, width);
		}
	}
	CHECK(n >= 200);
}

/* Of a million pairs of numerals, those below half a million stay below it. */
static void numbers_below_a_bound_stay_below(void **state)
{
	static const uint8_t bound[] = { 0x07, 0xa1, 0x20 }, key_value[16] = { 9 };
	struct crypto_mech mech = { .mode = MODE_FF1, .radix = 1000, .ad = HF_SPAN(bound, 3) };
	CK_OBJECT_HANDLE key = keys_secret(CKK_AES, HF_SPAN(key_value, 16));

	for (uint16_t i = 0; i < 20; i++) {
		HF_BUF_SCOPED struct hf_buf token = HF_BUF(64);
		HF_BUF_SCOPED struct hf_buf back = HF_BUF(64);
		HF_BUF_SCOPED struct hf_buf none = HF_BUF(64);
		const uint8_t plain[] = { 0, (uint8_t)i, 0, 7 };
		struct hf_err err = { 0 };

		must(p11_encrypt(keys_session(), key, &mech, HF_SPAN(plain, 4), &token, &none,
		                 &none, &err),
		     &err);
		CHECK((token.ptr[0] << 8 | token.ptr[1]) < 500);
		must(p11_decrypt(keys_session(), key, &mech, hf_buf_span(&token), &back, &err),
		     &err);
		assert_memory_equal(back.ptr, plain, 4);
	}
	keys_drop(key);
}

static void numbers_that_are_not_below_are_refused(void **state)
{
	static const uint8_t one[] = { 1 }, key_value[16] = { 9 };
	static const uint8_t zero[] = { 0, 0, 0, 0 }, two[] = { 0, 0, 0, 2 };
	const struct crypto_mech mech = { .mode = MODE_FF1, .radix = 1000, .ad = HF_SPAN(one, 1) };
	CK_OBJECT_HANDLE key = keys_secret(CKK_AES, HF_SPAN(key_value, 16));
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(64);

	CHECK_CODE(p11_decrypt(keys_session(), key, &mech, HF_SPAN(two, 4), &out, NULL),
	           HF_INVALID);
	/* alone below, it would have to walk through all */
	CHECK_CODE(p11_decrypt(keys_session(), key, &mech, HF_SPAN(zero, 4), &out, NULL),
	           HF_INVALID);
	assert_int_equal(out.len, 0);
	keys_drop(key);
}

/* What a token lacks is said so, and is no wrong answer. */
static bool lacks_oaep(enum digest_alg hash, enum digest_alg mgf, struct hf_span label)
{
	return keys_place_is("softhsm") && (hash != DIGEST_SHA1 || mgf != DIGEST_SHA1 || label.len);
}

static void oaep_vectors_hold(void **state)
{
	struct crypto_mech mech = { .mode = MODE_RSA_OAEP };
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	struct vectors v;
	unsigned n = 0;

	open_file(&v, "oaep.txt");
	while (vectors_next(&v)) {
		HF_BUF_SCOPED struct hf_buf out = HF_BUF(2048);
		struct hf_span plain, cipher;
		struct hf_err err = { 0 };
		hf_status got;

		if (vectors_is(&v, "key")) {
			CHECK_OK(digest_alg_parse(v.field[1], &mech.hash));
			CHECK_OK(digest_alg_parse(v.field[2], &mech.mgf_hash));
			keys_drop(key);
			key = keys_rsa(vectors_bytes(&v, 3));
			continue;
		}
		mech.ad = vectors_bytes(&v, 0);
		plain = vectors_bytes(&v, 1);
		cipher = vectors_bytes(&v, 2);
		got = p11_decrypt(keys_session(), key, &mech, cipher, &out, &err);
		if (lacks_oaep(mech.hash, mech.mgf_hash, mech.ad)) {
			CHECK_CODE(got, HF_UNSUPPORTED);
		} else if (is_valid(&v, 3)) {
			must(got, &err);
			is_same(&v, &out, plain);
		} else {
			if (got.code != HF_UNAUTHENTIC)
				fail_msg("line %u: %s (%s)", v.line, hf_code_name(got.code),
				         err.text);
			assert_string_equal(err.text, keys_undecipherable());
		}
		n++;
	}
	keys_drop(key);
	CHECK(n >= 20);
}

static const struct claim claims[] = {
	{ cmocka_unit_test(gcm_vectors_hold) },
	{ cmocka_unit_test(key_wrap_vectors_hold) },
	{ cmocka_unit_test(mac_vectors_hold) },
	{ cmocka_unit_test(a_cmac_of_blocks_is_the_tokens_own) },
	{ cmocka_unit_test(ff1_vectors_hold) },
	{ cmocka_unit_test(numbers_below_a_bound_stay_below) },
	{ cmocka_unit_test(numbers_that_are_not_below_are_refused) },
	{ cmocka_unit_test(oaep_vectors_hold) },
};

int main(int argc, char **argv)
{
	keys_place(argc == 2 ? argv[1] : "softhsm");
	return claims_run(claims, HF_COUNT(claims), keys_start, keys_stop);
}
