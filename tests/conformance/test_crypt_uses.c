/* SPDX-License-Identifier: Apache-2.0
 * What is done with keys in real tokens, there and back: `test_crypt_uses NAME`. */
#include "check.h"
#include "claims.h"
#include "crypt_keys.h"
#include "vectors.h"

#include "crypto/ecdsa_der.h"
#include "crypto/public_info.h"
#include "crypto/verify_any.h"
#include "p11/crypt.h"
#include "p11/object.h"

#include <string.h>

static const uint8_t digest64[64] = { 0xf1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t kek_value[32] = { 1, 2, 3 };
static struct hf_span none; /* no bytes */

static bool on_softhsm(void)
{
	return keys_place_is("softhsm");
}

struct pair {
	CK_OBJECT_HANDLE key;
	struct key_shape shape;
	struct hf_buf store;
};

static struct pair pair_on(enum curve curve, unsigned uses)
{
	struct key_shape shape = { .type = OBJECT_EC,
		                   .curve = curve,
		                   .has_private = true,
		                   .uses = uses,
		                   .uses_given = true };
	struct pair p = { .store = HF_BUF(4096) };
	struct hf_err err = { 0 };

	must(p11_object_generate(keys_session(), &shape, &p.key, &p.shape, &p.store, &err), &err);
	return p;
}

static void pair_done(struct pair *p)
{
	keys_drop(p->key);
	hf_buf_done(&p->store);
}

static void check_ecdsa(enum curve curve)
{
	static const struct verify_how how = { .kind = VERIFY_ECDSA };
	static const size_t lens[] = { 20, 32, 48, 64 };
	const struct crypto_mech mech = { .mode = MODE_ECDSA };
	struct pair p = pair_on(curve, USE_SIGN | USE_VERIFY);

	for (size_t i = 0; i < HF_COUNT(lens); i++) {
		HF_BUF_SCOPED struct hf_buf sig = HF_BUF(256);
		struct hf_span digest = HF_SPAN(digest64, lens[i]);
		struct hf_err err = { 0 };

		must(p11_sign(keys_session(), p.key, &mech, digest, &sig, &err), &err);
		CHECK_OK(verify_any(p.shape.public_key, &how, digest, hf_buf_span(&sig)));
	}
	pair_done(&p);
}

static void ecdsa_signs_digests_of_every_length(void **state)
{
	check_ecdsa(CURVE_P256);
	check_ecdsa(CURVE_P384);
	check_ecdsa(CURVE_P521);
	if (on_softhsm())
		check_ecdsa(CURVE_SECP256K1);
}

static void s_of_secp256k1_is_low(void **state)
{
	const struct crypto_mech mech = { .mode = MODE_ECDSA };
	struct pair p = pair_on(CURVE_SECP256K1, USE_SIGN | USE_VERIFY);

	for (unsigned i = 0; i < 16; i++) {
		HF_BUF_SCOPED struct hf_buf sig = HF_BUF(256);
		uint8_t raw[64];
		struct hf_err err = { 0 };

		must(p11_sign(keys_session(), p.key, &mech, HF_SPAN(digest64, 32), &sig, &err),
		     &err);
		CHECK_OK(ecdsa_der_read(hf_buf_span(&sig), 32, raw));
		CHECK(raw[32] < 0x80);
	}
	pair_done(&p);
}

static void eddsa_signs_messages(void **state)
{
	static const struct verify_how how = { .kind = VERIFY_EDDSA };
	const struct crypto_mech mech = { .mode = MODE_EDDSA };
	struct pair p = pair_on(CURVE_ED25519, USE_SIGN | USE_VERIFY);
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(256);
	struct hf_span message = hf_span_text("a message of any length");
	struct hf_err err = { 0 };

	must(p11_sign(keys_session(), p.key, &mech, message, &sig, &err), &err);
	CHECK_OK(verify_any(p.shape.public_key, &how, message, hf_buf_span(&sig)));
	pair_done(&p);
}

/* A pair of RSA that is known: Wycheproof's. Its SubjectPublicKeyInfo goes to *spki. */
static CK_OBJECT_HANDLE rsa_key(struct public_der *spki)
{
	struct vectors v;
	struct hf_span pkcs8;
	CK_OBJECT_HANDLE key;

	vectors_open(&v, VECTORS "/oaep.txt");
	CHECK(vectors_next(&v));
	pkcs8 = vectors_bytes(&v, 3);
	key = keys_rsa(pkcs8);
	keys_spki(pkcs8, spki);
	fclose(v.file);
	return key;
}

static void check_pkcs1(CK_OBJECT_HANDLE key, struct hf_span spki, enum digest_alg hash)
{
	const struct crypto_mech mech = { .mode = MODE_RSA_PKCS1, .hash = hash };
	const struct verify_how how = { .kind = VERIFY_RSA_PKCS1, .hash = hash };
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(2048);
	struct hf_span digest = HF_SPAN(digest64, hash ? digest_alg_len((int)hash) : 10);
	struct hf_err err = { 0 };

	must(p11_sign(keys_session(), key, &mech, digest, &sig, &err), &err);
	CHECK_OK(verify_any(spki, &how, digest, hf_buf_span(&sig)));
}

static void pkcs1_signs_with_every_hash(void **state)
{
	static const enum digest_alg hashes[] = { DIGEST_NONE,     DIGEST_SHA1,     DIGEST_SHA224,
		                                  DIGEST_SHA256,   DIGEST_SHA384,   DIGEST_SHA512,
		                                  DIGEST_SHA3_224, DIGEST_SHA3_256, DIGEST_SHA3_384,
		                                  DIGEST_SHA3_512, DIGEST_RIPEMD160 };
	struct crypto_mech mech = { .mode = MODE_RSA_PKCS1, .hash = DIGEST_BLAKE2B_256 };
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(2048);
	struct public_der spki;
	CK_OBJECT_HANDLE key = rsa_key(&spki);

	for (size_t i = 0; i < HF_COUNT(hashes); i++)
		check_pkcs1(key, HF_SPAN(spki.bytes, spki.len), hashes[i]);
	CHECK_CODE(p11_sign(keys_session(), key, &mech, HF_SPAN(digest64, 32), &sig, NULL),
	           HF_UNSUPPORTED);
	mech.hash = DIGEST_SHA256;
	CHECK_CODE(p11_sign(keys_session(), key, &mech, HF_SPAN(digest64, 31), &sig, NULL),
	           HF_INVALID);
	keys_drop(key);
}

static void check_pss(CK_OBJECT_HANDLE key, struct hf_span spki, enum digest_alg hash,
                      enum digest_alg mgf, uint16_t salt, enum hf_code want)
{
	const struct crypto_mech mech = {
		.mode = MODE_RSA_PSS, .hash = hash, .mgf_hash = mgf, .salt_len = salt
	};
	const struct verify_how how = { VERIFY_RSA_PSS, hash, mgf, salt };
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(2048);
	struct hf_span digest = HF_SPAN(digest64, digest_alg_len((int)hash));
	struct hf_err err = { 0 };
	hf_status got = p11_sign(keys_session(), key, &mech, digest, &sig, &err);

	if (got.code != want)
		fail_msg("%s: %s", hf_code_name(got.code), err.text);
	if (want == HF_OK)
		CHECK_OK(verify_any(spki, &how, digest, hf_buf_span(&sig)));
}

static void pss_signs_as_far_as_the_token_goes(void **state)
{
	struct public_der der;
	CK_OBJECT_HANDLE key = rsa_key(&der);
	struct hf_span spki = HF_SPAN(der.bytes, der.len);

	check_pss(key, spki, DIGEST_SHA1, DIGEST_NONE, CRYPTO_SALT_AS_HASH, HF_OK);
	check_pss(key, spki, DIGEST_SHA256, DIGEST_NONE, CRYPTO_SALT_AS_HASH, HF_OK);
	check_pss(key, spki, DIGEST_SHA384, DIGEST_SHA384, 48, HF_OK);
	check_pss(key, spki, DIGEST_SHA512, DIGEST_NONE, 20, HF_OK);
	check_pss(key, spki, DIGEST_SHA256, DIGEST_SHA1, 0, on_softhsm() ? HF_UNSUPPORTED : HF_OK);
	check_pss(key, spki, DIGEST_SHA3_256, DIGEST_NONE, 32, HF_UNSUPPORTED);
	keys_drop(key);
}

struct sealed {
	struct hf_buf cipher, iv, tag, plain;
};

static struct sealed seal(CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                          struct hf_span plain)
{
	struct sealed s = { HF_BUF(4096), HF_BUF(CRYPTO_IV_MAX), HF_BUF(16), HF_BUF(4096) };
	struct hf_err err = { 0 };

	must(p11_encrypt(keys_session(), key, mech, plain, &s.cipher, &s.iv, &s.tag, &err), &err);
	return s;
}

static hf_status open_sealed(CK_OBJECT_HANDLE key, const struct crypto_mech *mech, struct sealed *s,
                             struct hf_err *err)
{
	struct crypto_mech m = *mech;

	m.iv = hf_buf_span(&s->iv);
	m.tag = hf_buf_span(&s->tag);
	hf_buf_clear(&s->plain);
	return p11_decrypt(keys_session(), key, &m, hf_buf_span(&s->cipher), &s->plain, err);
}

static void sealed_done(struct sealed *s)
{
	hf_buf_done(&s->cipher);
	hf_buf_done(&s->iv);
	hf_buf_done(&s->tag);
	hf_buf_done(&s->plain);
}

static void check_is_refused(CK_OBJECT_HANDLE key, const struct crypto_mech *mech, struct sealed *s)
{
	struct hf_err err = { 0 };

	CHECK_CODE(open_sealed(key, mech, s, &err), HF_UNAUTHENTIC);
	assert_string_equal(err.text, keys_undecipherable());
	assert_int_equal(s->plain.len, 0);
}

static void an_initial_value_is_made_by_the_hsm(void **state)
{
	static const struct {
		enum crypto_mode mode;
		size_t iv, tag, cipher;
	} modes[] = { { MODE_GCM, 12, 16, 16 },
		      { MODE_CBC, 16, 0, 32 },
		      { MODE_CBC_NOPAD, 16, 0, 16 },
		      { MODE_CTR, 16, 0, 16 } };
	CK_OBJECT_HANDLE key = keys_secret(CKK_AES, HF_SPAN(kek_value, 16));

	for (size_t i = 0; i < HF_COUNT(modes); i++) {
		const struct crypto_mech mech = { .mode = modes[i].mode };
		struct sealed a = seal(key, &mech, HF_SPAN(digest64, 16));
		struct sealed b = seal(key, &mech, HF_SPAN(digest64, 16));
		struct hf_err err = { 0 };

		assert_int_equal(a.iv.len, modes[i].iv);
		assert_int_equal(a.tag.len, modes[i].tag);
		assert_int_equal(a.cipher.len, modes[i].cipher);
		CHECK(memcmp(a.iv.ptr, b.iv.ptr, a.iv.len) != 0);
		must(open_sealed(key, &mech, &a, &err), &err);
		assert_int_equal(a.plain.len, 16);
		assert_memory_equal(a.plain.ptr, digest64, 16);
		sealed_done(&a);
		sealed_done(&b);
	}
	keys_drop(key);
}

static void what_was_altered_has_one_text(void **state)
{
	struct crypto_mech gcm = { .mode = MODE_GCM, .ad = HF_SPAN("with", 4) };
	const struct crypto_mech cbc = { .mode = MODE_CBC };
	CK_OBJECT_HANDLE key = keys_secret(CKK_AES, HF_SPAN(kek_value, 32));
	struct sealed s = seal(key, &gcm, HF_SPAN(digest64, 40));
	struct sealed c = seal(key, &cbc, HF_SPAN(digest64, 47));
	unsigned refused = 0;

	s.tag.ptr[15] ^= 1;
	check_is_refused(key, &gcm, &s);
	s.tag.ptr[15] ^= 1;
	s.cipher.ptr[0] ^= 1;
	check_is_refused(key, &gcm, &s);
	s.cipher.ptr[0] ^= 1;
	gcm.ad = HF_SPAN("without", 7);
	check_is_refused(key, &gcm, &s);
	for (unsigned i = 1; i < 32; i++) { /* the last byte of padding: 1 became another */
		struct hf_err err = { 0 };

		c.cipher.ptr[31] ^= (uint8_t)i;
		refused += open_sealed(key, &cbc, &c, &err).code == HF_UNAUTHENTIC;
		c.cipher.ptr[31] ^= (uint8_t)i;
	}
	CHECK(refused >= 30);
	c.cipher.len = 47;
	CHECK_CODE(open_sealed(key, &cbc, &c, NULL), HF_INVALID);
	sealed_done(&s);
	sealed_done(&c);
	keys_drop(key);
}

static void what_a_token_lacks_is_said(void **state)
{
	static const enum crypto_mode modes[] = { MODE_CFB, MODE_OFB, MODE_CCM };
	CK_OBJECT_HANDLE key = keys_secret(CKK_AES, HF_SPAN(kek_value, 32));

	for (size_t i = 0; i < HF_COUNT(modes); i++) {
		const struct crypto_mech mech = { .mode = modes[i] };
		HF_BUF_SCOPED struct hf_buf out = HF_BUF(256);
		struct hf_err err = { 0 };

		CHECK_CODE(p11_encrypt(keys_session(), key, &mech, HF_SPAN(digest64, 16), &out,
		                       &out, &out, &err),
		           HF_UNSUPPORTED);
		assert_non_null(strstr(err.text, "CKR_MECHANISM_INVALID"));
	}
	keys_drop(key);
}

static void impossible_inputs_are_refused(void **state)
{
	CK_OBJECT_HANDLE key = keys_secret(CKK_AES, HF_SPAN(kek_value, 32));
	const struct {
		struct crypto_mech mech;
		size_t len;
	} bad[] = {
		{ { .mode = MODE_ECB }, 15 },
		{ { .mode = MODE_CBC_NOPAD }, 17 },
		{ { .mode = MODE_CBC, .iv = HF_SPAN(digest64, 15) }, 16 },
		{ { .mode = MODE_CTR, .iv = HF_SPAN(digest64, 12) }, 16 },
		{ { .mode = MODE_ECB, .iv = HF_SPAN(digest64, 16) }, 16 },
		{ { .mode = MODE_GCM, .tag_len = 5 }, 16 },
		{ { .mode = MODE_GCM, .tag_len = 17 }, 16 },
		{ { .mode = MODE_CCM, .iv = HF_SPAN(digest64, 14) }, 16 },
		{ { .mode = MODE_KW }, 8 },
		{ { .mode = MODE_KW }, 17 },
		{ { .mode = MODE_KWP }, 0 },
		{ { .mode = MODE_FF1, .radix = 10 }, 10 },
		{ { .mode = MODE_ECDSA }, 32 },
		{ { .mode = MODE_NONE }, 32 },
	};

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		HF_BUF_SCOPED struct hf_buf out = HF_BUF(4096);
		hf_status got = p11_encrypt(keys_session(), key, &bad[i].mech,
		                            HF_SPAN(digest64, bad[i].len), &out, &out, &out, NULL);

		if (got.code != HF_INVALID)
			fail_msg("%zu: %s", i, hf_code_name(got.code));
	}
	keys_drop(key);
}

/* NSS decrypts what has no PKCS#1 padding to something of its own, so that nobody learns that. */
static bool gives_noise(enum crypto_mode mode)
{
	return mode == MODE_RSA_PKCS1 && keys_place_is("nss");
}

static void rsa_decrypts_what_its_public_half_encrypts(void **state)
{
	static const struct crypto_mech mechs[] = {
		{ .mode = MODE_RSA_PKCS1 },
		{ .mode = MODE_RSA_OAEP, .hash = DIGEST_SHA1 },
	};
	struct public_der spki;
	CK_OBJECT_HANDLE key = rsa_key(&spki);

	for (size_t i = 0; i < HF_COUNT(mechs); i++) {
		struct sealed s = seal(keys_rsa_public(), &mechs[i], HF_SPAN(digest64, 33));
		struct hf_err err = { 0 };

		assert_int_equal(s.cipher.len, 256);
		must(open_sealed(key, &mechs[i], &s, &err), &err);
		assert_int_equal(s.plain.len, 33);
		assert_memory_equal(s.plain.ptr, digest64, 33);
		s.cipher.ptr[255] ^= 1;
		if (gives_noise(mechs[i].mode))
			CHECK(!hf_ok(open_sealed(key, &mechs[i], &s, NULL)) || s.plain.len != 33 ||
			      memcmp(s.plain.ptr, digest64, 33) != 0);
		else
			check_is_refused(key, &mechs[i], &s);
		s.cipher.len = 255;
		check_is_refused(key, &mechs[i], &s);
		sealed_done(&s);
	}
	keys_drop(key);
}

/* Do both keys encipher alike? */
static bool same_key(CK_OBJECT_HANDLE a, CK_OBJECT_HANDLE b)
{
	const struct crypto_mech mech = { .mode = MODE_ECB };
	struct sealed x = seal(a, &mech, HF_SPAN(digest64, 16));
	struct sealed y = seal(b, &mech, HF_SPAN(digest64, 16));
	bool same = hf_span_equal(hf_buf_span(&x.cipher), hf_buf_span(&y.cipher));

	sealed_done(&x);
	sealed_done(&y);
	return same;
}

static const struct key_shape aes_256 = { .type = OBJECT_AES, .bits = 256, .has_private = true };

static void check_wrapping(enum crypto_mode mode)
{
	struct crypto_mech mech = { .mode = mode };
	CK_OBJECT_HANDLE kek = keys_secret(CKK_AES, HF_SPAN(kek_value, 32)), again = 0;
	CK_OBJECT_HANDLE subject = keys_secret(CKK_AES, HF_SPAN(digest64, 32));
	HF_BUF_SCOPED struct hf_buf wrapped = HF_BUF(4096);
	HF_BUF_SCOPED struct hf_buf iv = HF_BUF(CRYPTO_IV_MAX);
	HF_BUF_SCOPED struct hf_buf tag = HF_BUF(16);
	struct key_shape shape = aes_256;
	struct hf_err err = { 0 };

	must(p11_wrap_key(keys_session(), kek, &mech, subject, &wrapped, &iv, &tag, &err), &err);
	mech.iv = hf_buf_span(&iv);
	mech.tag = hf_buf_span(&tag);
	must(p11_unwrap_key(keys_session(), kek, &mech, hf_buf_span(&wrapped), &shape, &again,
	                    &err),
	     &err);
	CHECK(same_key(subject, again));
	keys_drop(again);
	shape.bits = 128;
	CHECK_CODE(p11_unwrap_key(keys_session(), kek, &mech, hf_buf_span(&wrapped), &shape, &again,
	                          &err),
	           HF_INVALID);
	wrapped.ptr[wrapped.len - 1] ^= 1;
	if (mode != MODE_CBC_NOPAD)
		CHECK_CODE(p11_unwrap_key(keys_session(), kek, &mech, hf_buf_span(&wrapped),
		                          &aes_256, &again, &err),
		           HF_UNAUTHENTIC);
	keys_drop(kek);
	keys_drop(subject);
}

static void keys_are_wrapped_and_unwrapped(void **state)
{
	unsigned before = keys_session()->live;

	check_wrapping(MODE_KW);
	check_wrapping(MODE_KWP);
	if (!on_softhsm())
		check_wrapping(MODE_CBC);
	assert_int_equal(keys_session()->live, before);
}

static void wrapping_that_a_token_lacks_is_said(void **state)
{
	const struct crypto_mech gcm = { .mode = MODE_GCM }, ccm = { .mode = MODE_CCM };
	CK_OBJECT_HANDLE kek = keys_secret(CKK_AES, HF_SPAN(kek_value, 32));
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(4096);

	CHECK_CODE(p11_wrap_key(keys_session(), kek, &gcm, kek, &out, &out, &out, NULL),
	           HF_UNSUPPORTED);
	CHECK_CODE(p11_wrap_key(keys_session(), kek, &ccm, kek, &out, &out, &out, NULL),
	           HF_INVALID);
	keys_drop(kek);
}

static void a_private_key_signs_after_it_was_unwrapped(void **state)
{
	static const struct verify_how how = { .kind = VERIFY_ECDSA };
	const struct crypto_mech kwp = { .mode = MODE_KWP }, sign = { .mode = MODE_ECDSA };
	CK_OBJECT_HANDLE kek = keys_secret(CKK_AES, HF_SPAN(kek_value, 32)), again;
	HF_BUF_SCOPED struct hf_buf wrapped = HF_BUF(4096);
	HF_BUF_SCOPED struct hf_buf none_left = HF_BUF(16);
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(256);
	struct pair p = pair_on(CURVE_P256, USE_SIGN | USE_VERIFY);
	struct hf_span digest = HF_SPAN(digest64, 32);
	struct key_shape shape = p.shape;
	bool sensitive, extractable;
	struct hf_err err = { 0 };

	must(p11_wrap_key(keys_session(), kek, &kwp, p.key, &wrapped, &none_left, &none_left, &err),
	     &err);
	shape.sensitive = true; /* to be used: it does not leave again */
	shape.extractable = false;
	must(p11_unwrap_key(keys_session(), kek, &kwp, hf_buf_span(&wrapped), &shape, &again, &err),
	     &err);
	must(attribute_bool(keys_session(), again, CKA_SENSITIVE, &sensitive, &err), &err);
	must(attribute_bool(keys_session(), again, CKA_EXTRACTABLE, &extractable, &err), &err);
	CHECK(sensitive && !extractable);
	must(p11_sign(keys_session(), again, &sign, digest, &sig, &err), &err);
	CHECK_OK(verify_any(p.shape.public_key, &how, digest, hf_buf_span(&sig)));
	keys_drop(again);
	keys_drop(kek);
	pair_done(&p);
}

static void a_key_is_derived_by_encrypting_data(void **state)
{
	CK_OBJECT_HANDLE key = keys_secret(CKK_AES, HF_SPAN(kek_value, 32)), made, want;
	struct crypto_mech ecb = { .mode = MODE_ECB }, cbc = { .mode = MODE_CBC_NOPAD };
	struct hf_span data = HF_SPAN(digest64, 32), iv = HF_SPAN(digest64 + 8, 16);
	struct sealed s;
	struct hf_err err = { 0 };

	s = seal(key, &ecb, data);
	want = keys_secret(CKK_AES, hf_buf_span(&s.cipher));
	ecb.mode = MODE_ENCRYPT_DATA_ECB;
	must(p11_derive(keys_session(), key, &ecb, data, &aes_256, &made, &err), &err);
	CHECK(same_key(made, want));
	keys_drop(made);
	keys_drop(want);
	sealed_done(&s);
	cbc.iv = iv;
	s = seal(key, &cbc, data);
	want = keys_secret(CKK_AES, hf_buf_span(&s.cipher));
	cbc.mode = MODE_ENCRYPT_DATA_CBC;
	must(p11_derive(keys_session(), key, &cbc, data, &aes_256, &made, &err), &err);
	CHECK(same_key(made, want));
	keys_drop(made);
	keys_drop(want);
	cbc.iv = none;
	CHECK_CODE(p11_derive(keys_session(), key, &cbc, data, &aes_256, &made, &err), HF_INVALID);
	CHECK_CODE(
	        p11_derive(keys_session(), key, &ecb, HF_SPAN(digest64, 7), &aes_256, &made, &err),
	        HF_INVALID);
	sealed_done(&s);
	keys_drop(key);
}

static void mac_of(CK_OBJECT_HANDLE key, struct hf_buf *to)
{
	const struct crypto_mech mech = { .mode = MODE_HMAC, .hash = DIGEST_SHA1 };
	struct hf_err err = { 0 };

	must(p11_mac(keys_session(), key, &mech, HF_SPAN(digest64, 9), to, &err), &err);
}

static void check_hkdf(struct vectors *v, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                       size_t len)
{
	HF_BUF_SCOPED struct hf_buf a = HF_BUF(256);
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(256);
	struct key_shape shape = { .type = OBJECT_HMAC,
		                   .bits = (uint32_t)(8 * len),
		                   .has_private = true };
	CK_OBJECT_HANDLE made, want;
	struct hf_err err = { 0 };

	must(p11_derive(keys_session(), key, mech, none, &shape, &made, &err), &err);
	want = keys_secret(CKK_GENERIC_SECRET, vectors_bytes(v, 5));
	mac_of(made, &a);
	mac_of(want, &b);
	CHECK(hf_span_equal(hf_buf_span(&a), hf_buf_span(&b)));
	keys_drop(made);
	keys_drop(want);
}

static void hkdf_vectors_hold_where_the_token_has_it(void **state)
{
	struct vectors v;
	unsigned n = 0;

	vectors_open(&v, VECTORS "/hkdf.txt");
	while (vectors_next(&v)) {
		struct crypto_mech mech = { .mode = MODE_HKDF };
		size_t len = strtoul(v.field[4], NULL, 10);
		CK_OBJECT_HANDLE key, made;

		if (strcmp(v.field[6], "valid") != 0 || len < 20 || len > 1024)
			continue; /* no length of a key */
		CHECK_OK(digest_alg_parse(v.field[0], &mech.hash));
		key = keys_secret(CKK_GENERIC_SECRET, vectors_bytes(&v, 1));
		mech.iv = vectors_bytes(&v, 2);
		mech.ad = vectors_bytes(&v, 3);
		if (on_softhsm())
			CHECK_CODE(
			        p11_derive(keys_session(), key, &mech, none, &aes_256, &made, NULL),
			        HF_UNSUPPORTED);
		else
			check_hkdf(&v, key, &mech, len);
		keys_drop(key);
		n++;
	}
	CHECK(n >= 10);
}

static void both_sides_agree_on_a_key(void **state)
{
	struct pair a = pair_on(CURVE_P256, USE_AGREEKEY), b = pair_on(CURVE_P256, USE_AGREEKEY);
	struct pair other = pair_on(CURVE_P384, USE_AGREEKEY);
	CK_OBJECT_HANDLE x, y;
	uint8_t off[PUBLIC_DER_MAX];
	struct hf_err err = { 0 };

	must(p11_agree(keys_session(), a.key, b.shape.public_key, &aes_256, &x, &err), &err);
	must(p11_agree(keys_session(), b.key, a.shape.public_key, &aes_256, &y, &err), &err);
	CHECK(same_key(x, y));
	keys_drop(x);
	keys_drop(y);
	CHECK_CODE(p11_agree(keys_session(), a.key, other.shape.public_key, &aes_256, &x, &err),
	           HF_INVALID);
	memcpy(off, b.shape.public_key.ptr, b.shape.public_key.len);
	off[b.shape.public_key.len - 1] ^= 1;
	CHECK_CODE(p11_agree(keys_session(), a.key, HF_SPAN(off, b.shape.public_key.len), &aes_256,
	                     &x, &err),
	           HF_INVALID);
	pair_done(&a);
	pair_done(&b);
	pair_done(&other);
}

static void random_bytes_are_bounded(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(P11_RANDOM_MAX + 1);

	CHECK_OK(p11_random(keys_session(), P11_RANDOM_MAX, &b, NULL));
	assert_int_equal(b.len, P11_RANDOM_MAX);
	CHECK_CODE(p11_random(keys_session(), 0, &b, NULL), HF_INVALID);
	CHECK_CODE(p11_random(keys_session(), P11_RANDOM_MAX + 1, &b, NULL), HF_INVALID);
}

static const struct claim claims[] = {
	{ cmocka_unit_test(ecdsa_signs_digests_of_every_length) },
	{ cmocka_unit_test(s_of_secp256k1_is_low), on_softhsm },
	{ cmocka_unit_test(eddsa_signs_messages), on_softhsm },
	{ cmocka_unit_test(pkcs1_signs_with_every_hash) },
	{ cmocka_unit_test(pss_signs_as_far_as_the_token_goes) },
	{ cmocka_unit_test(an_initial_value_is_made_by_the_hsm) },
	{ cmocka_unit_test(what_was_altered_has_one_text) },
	{ cmocka_unit_test(what_a_token_lacks_is_said) },
	{ cmocka_unit_test(impossible_inputs_are_refused) },
	{ cmocka_unit_test(rsa_decrypts_what_its_public_half_encrypts) },
	{ cmocka_unit_test(keys_are_wrapped_and_unwrapped) },
	{ cmocka_unit_test(wrapping_that_a_token_lacks_is_said) },
	{ cmocka_unit_test(a_private_key_signs_after_it_was_unwrapped) },
	{ cmocka_unit_test(a_key_is_derived_by_encrypting_data) },
	{ cmocka_unit_test(hkdf_vectors_hold_where_the_token_has_it) },
	{ cmocka_unit_test(both_sides_agree_on_a_key) },
	{ cmocka_unit_test(random_bytes_are_bounded) },
};

int main(int argc, char **argv)
{
	keys_place(argc == 2 ? argv[1] : "softhsm");
	return claims_run(claims, HF_COUNT(claims), keys_start, keys_stop);
}
