/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "crypto/pubkey.h"
#include "published_signatures.h"
#include "soft_key.h"

#include <string.h>

static void decode(const char *hex, struct hf_buf *b)
{
	hf_buf_clear(b);
	CHECK_OK(hf_unhex(hf_span_text(hex), b));
}

static void published_signatures_verify_with_the_published_recovery_id(void **state)
{
	for (size_t i = 0; i < HF_COUNT(published_signatures); i++) {
		const struct published_signature *p = &published_signatures[i];
		enum key_type type = p->recid < 0 ? KEY_ED25519 : KEY_SECP256K1;
		int scheme = p->recid < 0 ? SIGN_ED25519 : SIGN_ECDSA;
		HF_BUF_SCOPED struct hf_buf input = HF_BUF(1000);
		HF_BUF_SCOPED struct hf_buf key = HF_BUF(100);
		HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(100);
		struct signature sig = { .len = 64, .recid = 7 };

		decode(p->input, &input);
		decode(p->public_key, &key);
		decode(p->signature, &bytes);
		memcpy(sig.bytes, bytes.ptr, 64);
		CHECK_OK(public_key_check(type, hf_buf_span(&key)));
		CHECK_OK(signature_verify(type, hf_buf_span(&key), scheme, HASH_NONE,
		                          hf_buf_span(&input), hf_buf_span(&bytes)));
		CHECK_OK(signature_finish(type, hf_buf_span(&key), scheme, HASH_NONE,
		                          hf_buf_span(&input), &sig));
		assert_memory_equal(sig.bytes, bytes.ptr, 64);
		assert_int_equal(sig.recid, p->recid);
	}
}

struct vector {
	enum key_type type;
	int scheme;
	const char *public_key;
	const char *input;
	const char *signature;
};

static const struct vector rfc_vectors[] = {
	/* RFC 8032, 7.1, tests 1 to 3 */
	{ KEY_ED25519, SIGN_ED25519,
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
	  "701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ KEY_ED25519, SIGN_ED25519,
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
	  "13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ KEY_ED25519, SIGN_ED25519,
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
	  "60984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	/* RFC 6979, A.2.5: P-256, SHA-256 of "sample" */
	{ KEY_P256, SIGN_ECDSA,
	  "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
	  "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
	  "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7"
	  "a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
	/* RFC 6979, A.2.6: P-384, SHA-384 of "sample" */
	{ KEY_P384, SIGN_ECDSA,
	  "02ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea905586606"
	  "4a254515480bc13",
	  "9a9083505bc92276aec4be312696ef7bf3bf603f4bbd381196a029f340585312313bca4a9b5b890efee42c"
	  "77b1ee25fe",
	  "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36"
	  "dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145"
	  "786e679e7b82c71a38628ac8" },
};

static void rfc_vectors_verify_and_are_left_as_they_are(void **state)
{
	for (size_t i = 0; i < HF_COUNT(rfc_vectors); i++) {
		const struct vector *v = &rfc_vectors[i];
		HF_BUF_SCOPED struct hf_buf input = HF_BUF(100);
		HF_BUF_SCOPED struct hf_buf key = HF_BUF(100);
		HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(100);
		struct signature sig = { .recid = 7 };

		decode(v->input, &input);
		decode(v->public_key, &key);
		decode(v->signature, &bytes);
		memcpy(sig.bytes, bytes.ptr, bytes.len);
		sig.len = bytes.len;
		CHECK_OK(public_key_check(v->type, hf_buf_span(&key)));
		CHECK_OK(signature_finish(v->type, hf_buf_span(&key), v->scheme, HASH_NONE,
		                          hf_buf_span(&input), &sig));
		assert_memory_equal(sig.bytes, bytes.ptr, bytes.len);
		assert_int_equal(sig.recid, -1);
	}
}

/* One way to sign, as an HSM would. */
struct way {
	enum key_type type;
	int scheme;
	int hash;
};

static const struct way ways[] = {
	{ KEY_SECP256K1, SIGN_ECDSA, HASH_NONE },
	{ KEY_P256, SIGN_ECDSA, HASH_NONE },
	{ KEY_P384, SIGN_ECDSA, HASH_NONE },
	{ KEY_ED25519, SIGN_ED25519, HASH_NONE },
	{ KEY_RSA_2048, SIGN_RSA_PKCS1, HASH_SHA256 },
	{ KEY_RSA_2048, SIGN_RSA_PKCS1, HASH_SHA384 },
	{ KEY_RSA_2048, SIGN_RSA_PKCS1, HASH_SHA512 },
	{ KEY_RSA_2048, SIGN_RSA_PSS, HASH_SHA256 },
	{ KEY_RSA_2048, SIGN_RSA_PSS, HASH_SHA512 },
};

/* The longest digest; each way takes what it needs of it. */
static const uint8_t digest[64] = { 0xd1, 0x9e, 0x57, 1, 2, 3 };

static EVP_PKEY *keys[KEY_TYPE_MAX + 1];

static EVP_PKEY *key_of(enum key_type type)
{
	if (!keys[type])
		keys[type] = soft_key_new(type);
	return keys[type];
}

static int free_keys(void **state)
{
	for (size_t i = 0; i < HF_COUNT(keys); i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

static struct hf_span input_of(const struct way *w)
{
	const struct key_type_info *info = key_type_info((int)w->type);

	return HF_SPAN(digest, w->hash ? hash_len(w->hash) : info->bits / 8);
}

static struct signature sign(const struct way *w)
{
	return soft_key_sign(key_of(w->type), w->type, w->scheme, w->hash, (int)hash_len(w->hash),
	                     input_of(w));
}

static hf_status finish(const struct way *w, struct hf_span input, struct signature *sig)
{
	struct public_key pub = soft_key_public(key_of(w->type), w->type);

	return signature_finish(w->type, HF_SPAN(pub.bytes, pub.len), w->scheme, w->hash, input,
	                        sig);
}

static void every_way_to_sign_is_verified(void **state)
{
	for (size_t i = 0; i < HF_COUNT(ways); i++) {
		struct public_key pub = soft_key_public(key_of(ways[i].type), ways[i].type);
		struct signature sig = sign(&ways[i]);

		CHECK_OK(public_key_check(ways[i].type, HF_SPAN(pub.bytes, pub.len)));
		CHECK_OK(finish(&ways[i], input_of(&ways[i]), &sig));
		CHECK_OK(signature_verify(ways[i].type, HF_SPAN(pub.bytes, pub.len), ways[i].scheme,
		                          ways[i].hash, input_of(&ways[i]),
		                          HF_SPAN(sig.bytes, sig.len)));
		CHECK(sig.recid == -1 || ways[i].type == KEY_SECP256K1);
	}
}

static void an_altered_signature_is_refused_and_left_alone(void **state)
{
	for (size_t i = 0; i < HF_COUNT(ways); i++) {
		struct signature good = sign(&ways[i]);
		const size_t at[] = { 0, good.len / 2, good.len - 1 };

		for (size_t j = 0; j < HF_COUNT(at); j++) {
			struct signature sig = good, before;

			sig.bytes[at[j]] ^= 1;
			before = sig;
			CHECK_CODE(finish(&ways[i], input_of(&ways[i]), &sig), HF_UNAUTHENTIC);
			assert_memory_equal(&sig, &before, sizeof(sig));
		}
	}
}

static void a_signature_over_another_input_is_refused(void **state)
{
	uint8_t other[64];

	for (size_t i = 0; i < HF_COUNT(ways); i++) {
		struct hf_span input = input_of(&ways[i]);
		struct signature sig = sign(&ways[i]);

		memcpy(other, digest, sizeof(other));
		other[input.len - 1] ^= 0x80;
		CHECK_CODE(finish(&ways[i], HF_SPAN(other, input.len), &sig), HF_UNAUTHENTIC);
	}
}

static void a_signature_by_another_key_is_refused(void **state)
{
	for (size_t i = 0; i < HF_COUNT(ways); i++) {
		struct signature sig = sign(&ways[i]);
		struct public_key pub;
		EVP_PKEY *other = NULL;

		if (i > 4)
			break; /* one RSA key is enough to make */
		other = soft_key_new(ways[i].type);
		pub = soft_key_public(other, ways[i].type);
		CHECK_CODE(signature_finish(ways[i].type, HF_SPAN(pub.bytes, pub.len),
		                            ways[i].scheme, ways[i].hash, input_of(&ways[i]), &sig),
		           HF_UNAUTHENTIC);
		EVP_PKEY_free(other);
	}
}

static void signatures_and_inputs_of_the_wrong_length_are_refused(void **state)
{
	for (size_t i = 0; i < HF_COUNT(ways); i++) {
		struct hf_span input = input_of(&ways[i]);
		struct signature sig = sign(&ways[i]);

		sig.len--;
		CHECK_CODE(finish(&ways[i], input, &sig), HF_INVALID);
		sig.len += 2;
		CHECK_CODE(finish(&ways[i], input, &sig), HF_INVALID);
		sig.len--;
		if (ways[i].type != KEY_ED25519)
			CHECK_CODE(finish(&ways[i], HF_SPAN(input.ptr, input.len - 1), &sig),
			           HF_INVALID);
	}
}

static void numbers_out_of_range_are_refused(void **state)
{
	for (size_t i = 0; i < 3; i++) { /* the ECDSA ways */
		struct signature sig = sign(&ways[i]);
		struct signature zeros = { .len = sig.len }, ones = { .len = sig.len };
		struct signature no_s = sig;

		memset(ones.bytes, 0xff, ones.len);
		memset(no_s.bytes + sig.len / 2, 0, sig.len / 2);
		CHECK_CODE(finish(&ways[i], input_of(&ways[i]), &zeros), HF_UNAUTHENTIC);
		CHECK_CODE(finish(&ways[i], input_of(&ways[i]), &ones), HF_UNAUTHENTIC);
		CHECK_CODE(finish(&ways[i], input_of(&ways[i]), &no_s), HF_UNAUTHENTIC);
	}
}

/* n - s in place of s, which is as valid. */
static void mirror(struct signature *sig)
{
	BIGNUM *n = NULL, *s = BN_bin2bn(sig->bytes + 32, 32, NULL);

	BN_hex2bn(&n, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141");
	CHECK(s && n && BN_sub(s, n, s) == 1);
	CHECK(BN_bn2binpad(s, sig->bytes + 32, 32) == 32);
	BN_free(n);
	BN_free(s);
}

static void a_high_s_is_made_low_and_leads_to_the_same_recovery_id(void **state)
{
	const struct way *k1 = &ways[0];

	for (int i = 0; i < 8; i++) { /* both recovery ids, both halves */
		struct signature raw = sign(k1), mirrored = raw;

		mirror(&mirrored);
		CHECK_OK(finish(k1, input_of(k1), &raw));
		CHECK_OK(finish(k1, input_of(k1), &mirrored));
		assert_memory_equal(&raw, &mirrored, sizeof(raw));
		CHECK(raw.bytes[32] < 0x80);
		CHECK(raw.recid == 0 || raw.recid == 1);
	}
}

static void verification_alone_takes_a_high_s(void **state)
{
	const struct way *k1 = &ways[0];
	struct public_key pub = soft_key_public(key_of(KEY_SECP256K1), KEY_SECP256K1);
	struct signature sig = sign(k1);

	for (int i = 0; i < 2; i++) {
		CHECK_OK(signature_verify(k1->type, HF_SPAN(pub.bytes, pub.len), SIGN_ECDSA,
		                          HASH_NONE, input_of(k1), HF_SPAN(sig.bytes, sig.len)));
		mirror(&sig);
	}
}

static void a_pss_signature_with_another_salt_length_is_refused(void **state)
{
	const struct way pss = { KEY_RSA_2048, SIGN_RSA_PSS, HASH_SHA256 };
	struct signature sig = soft_key_sign(key_of(KEY_RSA_2048), KEY_RSA_2048, SIGN_RSA_PSS,
	                                     HASH_SHA256, 20, input_of(&pss));

	CHECK_CODE(finish(&pss, input_of(&pss), &sig), HF_UNAUTHENTIC);
}

static void one_rsa_scheme_does_not_pass_for_the_other(void **state)
{
	const struct way pss = { KEY_RSA_2048, SIGN_RSA_PSS, HASH_SHA256 };
	const struct way pkcs1 = { KEY_RSA_2048, SIGN_RSA_PKCS1, HASH_SHA256 };
	struct signature sig = sign(&pss);

	CHECK_CODE(finish(&pkcs1, input_of(&pkcs1), &sig), HF_UNAUTHENTIC);
	sig = sign(&pkcs1);
	CHECK_CODE(finish(&pss, input_of(&pss), &sig), HF_UNAUTHENTIC);
}

static void a_public_key_that_is_none_verifies_nothing(void **state)
{
	for (size_t i = 0; i < HF_COUNT(ways); i++) {
		struct public_key pub = soft_key_public(key_of(ways[i].type), ways[i].type);
		struct signature sig = sign(&ways[i]);
		struct hf_span raw = HF_SPAN(sig.bytes, sig.len);

		CHECK_CODE(signature_verify(ways[i].type, HF_SPAN(pub.bytes, pub.len - 1),
		                            ways[i].scheme, ways[i].hash, input_of(&ways[i]), raw),
		           HF_INVALID);
		memset(pub.bytes, 0, pub.len);
		CHECK_CODE(signature_verify(ways[i].type, HF_SPAN(pub.bytes, pub.len),
		                            ways[i].scheme, ways[i].hash, input_of(&ways[i]), raw),
		           HF_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_signatures_verify_with_the_published_recovery_id),
		cmocka_unit_test(rfc_vectors_verify_and_are_left_as_they_are),
		cmocka_unit_test(every_way_to_sign_is_verified),
		cmocka_unit_test(an_altered_signature_is_refused_and_left_alone),
		cmocka_unit_test(a_signature_over_another_input_is_refused),
		cmocka_unit_test(a_signature_by_another_key_is_refused),
		cmocka_unit_test(signatures_and_inputs_of_the_wrong_length_are_refused),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(a_high_s_is_made_low_and_leads_to_the_same_recovery_id),
		cmocka_unit_test(verification_alone_takes_a_high_s),
		cmocka_unit_test(a_pss_signature_with_another_salt_length_is_refused),
		cmocka_unit_test(one_rsa_scheme_does_not_pass_for_the_other),
		cmocka_unit_test(a_public_key_that_is_none_verifies_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, free_keys);
}
