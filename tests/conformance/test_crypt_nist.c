/* SPDX-License-Identifier: Apache-2.0
 * Keys used in real tokens, by NIST's vectors: `test_crypt_nist NAME`. */
#include "check.h"
#include "cavs.h"
#include "claims.h"
#include "crypt_keys.h"

#include "p11/crypt.h"

#include <string.h>

#define EVERY 8 /* one in so many of the long files: they are all of a kind */

static void is_same(const struct hf_buf *got, struct hf_span want)
{
	assert_int_equal(got->len, want.len);
	if (want.len)
		assert_memory_equal(got->ptr, want.ptr, want.len);
}

static void there_and_back(CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                           struct hf_span plain, struct hf_span cipher)
{
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(16384);
	HF_BUF_SCOPED struct hf_buf iv = HF_BUF(CRYPTO_IV_MAX);
	HF_BUF_SCOPED struct hf_buf tag = HF_BUF(16);
	struct hf_err err = { 0 };

	must(p11_encrypt(keys_session(), key, mech, plain, &out, &iv, &tag, &err), &err);
	is_same(&out, cipher);
	is_same(&iv, mech->iv);
	hf_buf_clear(&out);
	must(p11_decrypt(keys_session(), key, mech, cipher, &out, &err), &err);
	is_same(&out, plain);
}

static void check_file(const char *path, enum crypto_mode mode, unsigned want)
{
	struct cavs c;
	unsigned n = 0;

	cavs_open(&c, path);
	while (cavs_next(&c)) {
		struct crypto_mech mech = { .mode = mode };
		CK_OBJECT_HANDLE key;

		if (!cavs_has(&c, "KEY"))
			continue;
		if (cavs_has(&c, "IV"))
			mech.iv = cavs_get(&c, "IV");
		key = keys_secret(CKK_AES, cavs_get(&c, "KEY"));
		there_and_back(key, &mech, cavs_get(&c, "PLAINTEXT"), cavs_get(&c, "CIPHERTEXT"));
		keys_drop(key);
		n++;
	}
	cavs_close(&c);
	CHECK(n >= want);
}

static void aes_enciphers_blocks(void **state)
{
	check_file("ciphers/AES/ECB/ECBMMT128.rsp", MODE_ECB, 20);
	check_file("ciphers/AES/ECB/ECBMMT192.rsp", MODE_ECB, 20);
	check_file("ciphers/AES/ECB/ECBMMT256.rsp", MODE_ECB, 20);
}

static void aes_chains_blocks(void **state)
{
	check_file("ciphers/AES/CBC/CBCMMT128.rsp", MODE_CBC_NOPAD, 20);
	check_file("ciphers/AES/CBC/CBCMMT192.rsp", MODE_CBC_NOPAD, 20);
	check_file("ciphers/AES/CBC/CBCMMT256.rsp", MODE_CBC_NOPAD, 20);
}

static void aes_counts(void **state)
{
	check_file("ciphers/AES/CTR/aes-128-ctr.txt", MODE_CTR, 3);
	check_file("ciphers/AES/CTR/aes-192-ctr.txt", MODE_CTR, 3);
	check_file("ciphers/AES/CTR/aes-256-ctr.txt", MODE_CTR, 3);
}

/* KEY1 to KEY3 are the three of a key. */
static void des3_chains_blocks(void **state)
{
	struct crypto_mech mech = { .mode = MODE_CBC_NOPAD };
	struct cavs c;
	unsigned n = 0;

	cavs_open(&c, "ciphers/3DES/CBC/TCBCMMT3.rsp");
	while (cavs_next(&c)) {
		uint8_t value[24];
		CK_OBJECT_HANDLE key;

		memcpy(value, cavs_get(&c, "KEY1").ptr, 8);
		memcpy(value + 8, cavs_get(&c, "KEY2").ptr, 8);
		memcpy(value + 16, cavs_get(&c, "KEY3").ptr, 8);
		mech.iv = cavs_get(&c, "IV");
		key = keys_secret(CKK_DES3, HF_SPAN(value, sizeof(value)));
		there_and_back(key, &mech, cavs_get(&c, "PLAINTEXT"), cavs_get(&c, "CIPHERTEXT"));
		keys_drop(key);
		n++;
	}
	cavs_close(&c);
	CHECK(n >= 20);
}

static void check_wrapping(const char *path, enum crypto_mode mode)
{
	struct crypto_mech mech = { .mode = mode };
	struct cavs c;
	unsigned n = 0, refused = 0, seen = 0;

	cavs_open(&c, path);
	while (cavs_next(&c)) {
		HF_BUF_SCOPED struct hf_buf out = HF_BUF(16384);
		CK_OBJECT_HANDLE key;

		if (seen++ % EVERY)
			continue;
		key = keys_secret(CKK_AES, cavs_get(&c, "K"));
		if (cavs_has(&c, "FAIL")) {
			CHECK_CODE(p11_decrypt(keys_session(), key, &mech, cavs_get(&c, "C"), &out,
			                       NULL),
			           HF_UNAUTHENTIC);
			refused++;
		} else {
			there_and_back(key, &mech, cavs_get(&c, "P"), cavs_get(&c, "C"));
			n++;
		}
		keys_drop(key);
	}
	cavs_close(&c);
	CHECK(n >= 40 && refused >= 5);
}

static void aes_wraps_data(void **state)
{
	check_wrapping("keywrap/kwtestvectors/KW_AD_128.txt", MODE_KW);
	check_wrapping("keywrap/kwtestvectors/KW_AD_192.txt", MODE_KW);
	check_wrapping("keywrap/kwtestvectors/KW_AD_256.txt", MODE_KW);
}

static void aes_wraps_data_of_any_length(void **state)
{
	check_wrapping("keywrap/kwtestvectors/KWP_AD_128.txt", MODE_KWP);
	check_wrapping("keywrap/kwtestvectors/KWP_AD_192.txt", MODE_KWP);
	check_wrapping("keywrap/kwtestvectors/KWP_AD_256.txt", MODE_KWP);
}

static const struct claim claims[] = {
	{ cmocka_unit_test(aes_enciphers_blocks) },
	{ cmocka_unit_test(aes_chains_blocks) },
	{ cmocka_unit_test(aes_counts) },
	{ cmocka_unit_test(des3_chains_blocks) },
	{ cmocka_unit_test(aes_wraps_data) },
	{ cmocka_unit_test(aes_wraps_data_of_any_length) },
};

int main(int argc, char **argv)
{
	cavs_need();
	keys_place(argc == 2 ? argv[1] : "softhsm");
	return claims_run(claims, HF_COUNT(claims), keys_start, keys_stop);
}
