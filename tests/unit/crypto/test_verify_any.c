/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "crypto/ecdsa_der.h"
#include "crypto/verify_any.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

struct made {
	EVP_PKEY *key;
	uint8_t *spki;
	size_t spki_len;
	uint8_t sig[1024];
	size_t sig_len;
};

static struct hf_span spki_of(const struct made *m)
{
	return HF_SPAN(m->spki, m->spki_len);
}

static struct hf_span sig_of(const struct made *m)
{
	return HF_SPAN(m->sig, m->sig_len);
}

static struct made make(EVP_PKEY *key)
{
	struct made m = { .key = key };

	assert_non_null(key);
	m.spki_len = (size_t)i2d_PUBKEY(key, &m.spki);
	return m;
}

static void done(struct made *m)
{
	EVP_PKEY_free(m->key);
	OPENSSL_free(m->spki);
}

static void sign_digest(struct made *m, struct hf_span digest)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(m->key, NULL);

	m->sig_len = sizeof(m->sig);
	CHECK(EVP_PKEY_sign_init(ctx) == 1);
	CHECK(EVP_PKEY_sign(ctx, m->sig, &m->sig_len, digest.ptr, digest.len) == 1);
	EVP_PKEY_CTX_free(ctx);
}

static const uint8_t digest64[64] = { 0xff, 1, 2, 3, 4, 5, 6, 7, 8 };
static const struct verify_how ecdsa = { .kind = VERIFY_ECDSA, .by_table = true };

static void ecdsa_verifies_on_every_curve_with_digests_of_every_length(void **state)
{
	static const char *const curves[] = { "P-192", "P-224",     "P-256",     "P-384",
		                              "P-521", "secp192k1", "secp224k1", "secp256k1" };
	static const size_t lens[] = { 20, 28, 32, 48, 64 };

	for (size_t i = 0; i < HF_COUNT(curves); i++) {
		struct made m = make(EVP_EC_gen(curves[i]));

		for (size_t j = 0; j < HF_COUNT(lens); j++) {
			struct hf_span digest = HF_SPAN(digest64, lens[j]);

			sign_digest(&m, digest);
			CHECK_OK(verify_any(spki_of(&m), &ecdsa, digest, sig_of(&m)));
			m.sig[m.sig_len - 1] ^= 1;
			CHECK_CODE(verify_any(spki_of(&m), &ecdsa, digest, sig_of(&m)),
			           HF_UNAUTHENTIC);
		}
		done(&m);
	}
}

static void a_key_keeps_its_answers_when_it_gets_a_table(void **state)
{
	struct made m = make(EVP_EC_gen("P-256")), other = make(EVP_EC_gen("P-256"));
	struct hf_span digest = HF_SPAN(digest64, 32);

	sign_digest(&other, digest);
	for (unsigned i = 0; i < 700; i++) {
		if (i % 50 == 0)
			sign_digest(&m, digest);
		CHECK_OK(verify_any(spki_of(&m), &ecdsa, digest, sig_of(&m)));
		if (i % 50 != 0)
			continue;
		CHECK_CODE(verify_any(spki_of(&m), &ecdsa, digest, sig_of(&other)), HF_UNAUTHENTIC);
		CHECK_CODE(verify_any(spki_of(&m), &ecdsa, HF_SPAN(digest64, 31), sig_of(&m)),
		           HF_UNAUTHENTIC);
	}
	done(&m);
	done(&other);
}

static void more_keys_than_are_kept_still_verify(void **state)
{
	struct hf_span digest = HF_SPAN(digest64, 32);
	struct made first = make(EVP_EC_gen("P-256"));

	sign_digest(&first, digest);
	CHECK_OK(verify_any(spki_of(&first), &ecdsa, digest, sig_of(&first)));
	for (unsigned i = 0; i < VERIFY_KEYS_MAX + 10; i++) {
		struct made m = make(EVP_EC_gen("P-256"));

		sign_digest(&m, digest);
		CHECK_OK(verify_any(spki_of(&m), &ecdsa, digest, sig_of(&m)));
		done(&m);
	}
	CHECK_OK(verify_any(spki_of(&first), &ecdsa, digest, sig_of(&first)));
	done(&first);
}

#define THREADS 4

static void *verify_often(void *arg)
{
	struct made *keys = arg;
	uintptr_t wrong = 0;

	for (unsigned i = 0; i < 600; i++) {
		const struct made *m = &keys[i % 8 ? 0 : i % 3]; /* the first gets its table */

		wrong += !hf_ok(verify_any(spki_of(m), &ecdsa, HF_SPAN(digest64, 32), sig_of(m)));
	}
	return (void *)wrong;
}

static void threads_share_the_keys(void **state)
{
	struct made keys[] = { make(EVP_EC_gen("P-256")), make(EVP_EC_gen("P-256")),
		               make(EVP_EC_gen("secp256k1")) };
	pthread_t threads[THREADS];
	void *wrong;

	for (size_t i = 0; i < HF_COUNT(keys); i++)
		sign_digest(&keys[i], HF_SPAN(digest64, 32));
	for (size_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, verify_often, keys) == 0);
	for (size_t i = 0; i < THREADS; i++) {
		CHECK(pthread_join(threads[i], &wrong) == 0);
		assert_null(wrong);
	}
	for (size_t i = 0; i < HF_COUNT(keys); i++)
		done(&keys[i]);
}

static void check_eddsa(const char *name)
{
	static const struct verify_how how = { .kind = VERIFY_EDDSA };
	struct made m = make(EVP_PKEY_Q_keygen(NULL, NULL, name));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	m.sig_len = sizeof(m.sig);
	CHECK(EVP_DigestSignInit(ctx, NULL, NULL, NULL, m.key) == 1);
	CHECK(EVP_DigestSign(ctx, m.sig, &m.sig_len, digest64, 64) == 1);
	EVP_MD_CTX_free(ctx);
	CHECK_OK(verify_any(spki_of(&m), &how, HF_SPAN(digest64, 64), sig_of(&m)));
	CHECK_CODE(verify_any(spki_of(&m), &how, HF_SPAN(digest64, 63), sig_of(&m)),
	           HF_UNAUTHENTIC);
	CHECK_CODE(verify_any(spki_of(&m), &ecdsa, HF_SPAN(digest64, 64), sig_of(&m)), HF_INVALID);
	m.sig_len--;
	CHECK_CODE(verify_any(spki_of(&m), &how, HF_SPAN(digest64, 64), sig_of(&m)),
	           HF_UNAUTHENTIC);
	done(&m);
}

static void eddsa_verifies_on_both_curves(void **state)
{
	check_eddsa("ED25519");
	check_eddsa("ED448");
}

static void rsa_sign(struct made *m, int padding, const EVP_MD *md, const EVP_MD *mgf, int salt,
                     struct hf_span data)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(m->key, NULL);

	m->sig_len = sizeof(m->sig);
	CHECK(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1);
	CHECK(!md || EVP_PKEY_CTX_set_signature_md(ctx, md) == 1);
	if (padding == RSA_PKCS1_PSS_PADDING)
		CHECK(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) == 1 &&
		      EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1);
	CHECK(EVP_PKEY_sign(ctx, m->sig, &m->sig_len, data.ptr, data.len) == 1);
	EVP_PKEY_CTX_free(ctx);
}

static void rsa_verifies_with_both_paddings(void **state)
{
	struct verify_how pkcs1 = { .kind = VERIFY_RSA_PKCS1, .hash = DIGEST_SHA3_256 };
	struct verify_how bare = { .kind = VERIFY_RSA_PKCS1 };
	struct verify_how pss = { VERIFY_RSA_PSS, DIGEST_SHA256, DIGEST_SHA1, 20, false };
	struct made m = make(EVP_RSA_gen(2048));
	struct hf_span digest = HF_SPAN(digest64, 32);

	rsa_sign(&m, RSA_PKCS1_PADDING, EVP_sha3_256(), NULL, 0, digest);
	CHECK_OK(verify_any(spki_of(&m), &pkcs1, digest, sig_of(&m)));
	CHECK_CODE(verify_any(spki_of(&m), &bare, digest, sig_of(&m)), HF_UNAUTHENTIC);
	CHECK_CODE(verify_any(spki_of(&m), &pkcs1, HF_SPAN(digest64, 31), sig_of(&m)), HF_INVALID);
	pkcs1.hash = DIGEST_SHA256;
	CHECK_CODE(verify_any(spki_of(&m), &pkcs1, digest, sig_of(&m)), HF_UNAUTHENTIC);
	pkcs1.hash = DIGEST_BLAKE2B_256;
	CHECK_CODE(verify_any(spki_of(&m), &pkcs1, digest, sig_of(&m)), HF_UNSUPPORTED);
	rsa_sign(&m, RSA_PKCS1_PADDING, NULL, NULL, 0, HF_SPAN("hello", 5));
	CHECK_OK(verify_any(spki_of(&m), &bare, HF_SPAN("hello", 5), sig_of(&m)));
	rsa_sign(&m, RSA_PKCS1_PSS_PADDING, EVP_sha256(), EVP_sha1(), 20, digest);
	CHECK_OK(verify_any(spki_of(&m), &pss, digest, sig_of(&m)));
	pss.salt_len = VERIFY_SALT_AS_HASH;
	CHECK_CODE(verify_any(spki_of(&m), &pss, digest, sig_of(&m)), HF_UNAUTHENTIC);
	pss = (struct verify_how){ VERIFY_RSA_PSS, DIGEST_SHA256, DIGEST_NONE,
		                   VERIFY_SALT_AS_HASH };
	CHECK_CODE(verify_any(spki_of(&m), &pss, digest, sig_of(&m)), HF_UNAUTHENTIC);
	rsa_sign(&m, RSA_PKCS1_PSS_PADDING, EVP_sha256(), EVP_sha256(), 32, digest);
	CHECK_OK(verify_any(spki_of(&m), &pss, digest, sig_of(&m)));
	done(&m);
}

static void a_key_has_one_encoding(void **state)
{
	struct made m = make(EVP_EC_gen("P-256"));
	struct hf_span digest = HF_SPAN(digest64, 32);
	uint8_t longer[200];

	sign_digest(&m, digest);
	memcpy(longer, m.spki, m.spki_len);
	longer[m.spki_len] = 0;
	CHECK_CODE(verify_any(HF_SPAN(longer, m.spki_len + 1), &ecdsa, digest, sig_of(&m)),
	           HF_INVALID);
	longer[m.spki_len - 1] ^= 1; /* off the curve */
	CHECK_CODE(verify_any(HF_SPAN(longer, m.spki_len), &ecdsa, digest, sig_of(&m)), HF_INVALID);
	longer[m.spki_len - 1] ^= 1;
	longer[m.spki_len - 65] = (uint8_t)(6 + (m.spki[m.spki_len - 1] & 1)); /* hybrid */
	CHECK_CODE(verify_any(HF_SPAN(longer, m.spki_len), &ecdsa, digest, sig_of(&m)), HF_INVALID);
	longer[m.spki_len - 65] = 4;
	memmove(longer + 3, longer + 2, m.spki_len - 2); /* a length longer than it need be */
	longer[1] = 0x81;
	longer[2] = m.spki[1];
	CHECK_CODE(verify_any(HF_SPAN(longer, m.spki_len + 1), &ecdsa, digest, sig_of(&m)),
	           HF_INVALID);
	done(&m);
}

static void der_is_made_and_read_at_any_width(void **state)
{
	uint8_t raw[2 * ECDSA_HALF_MAX], back[2 * ECDSA_HALF_MAX];

	memset(raw, 0xff, sizeof(raw));
	raw[0] = raw[1] = 0;
	for (size_t half = 3; half <= ECDSA_HALF_MAX; half++) {
		HF_BUF_SCOPED struct hf_buf der = HF_BUF(ECDSA_DER_MAX);

		CHECK_OK(ecdsa_der_make(HF_SPAN(raw, 2 * half), &der));
		CHECK_OK(ecdsa_der_read(hf_buf_span(&der), half, back));
		assert_memory_equal(raw, back, 2 * half);
		CHECK_CODE(ecdsa_der_read(hf_buf_span(&der), half - 1, back), HF_INVALID);
	}
}

static void der_of_another_form_is_refused(void **state)
{
	static const struct hf_span bad[] = {
		HF_SPAN("\x30\x06\x02\x01\x81\x02\x01\x01", 8),          /* negative */
		HF_SPAN("\x30\x07\x02\x02\x00\x01\x02\x01\x01", 9),      /* a zero too many */
		HF_SPAN("\x30\x81\x06\x02\x01\x01\x02\x01\x01", 9),      /* a length too long */
		HF_SPAN("\x30\x06\x02\x01\x01\x02\x01\x01\x00", 9),      /* one byte more */
		HF_SPAN("\x30\x07\x02\x01\x01\x02\x01\x01\x00", 9),      /* inside */
		HF_SPAN("\x30\x05\x02\x00\x02\x01\x01", 7),              /* no bytes */
		HF_SPAN("\x30\x03\x02\x01\x01", 5),                      /* one number */
		HF_SPAN("\x31\x06\x02\x01\x01\x02\x01\x01", 8),          /* a SET */
		HF_SPAN("\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00", 10), /* BER */
		HF_SPAN("", 0),
	};
	uint8_t raw[64];

	for (size_t i = 0; i < HF_COUNT(bad); i++)
		CHECK_CODE(ecdsa_der_read(bad[i], 32, raw), HF_INVALID);
	CHECK_OK(ecdsa_der_read(HF_SPAN("\x30\x06\x02\x01\x01\x02\x01\x01", 8), 32, raw));
	memset(raw, 0, sizeof(raw));
	HF_BUF_SCOPED struct hf_buf der = HF_BUF(ECDSA_DER_MAX);
	CHECK_CODE(ecdsa_der_make(HF_SPAN(raw, 64), &der), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecdsa_verifies_on_every_curve_with_digests_of_every_length),
		cmocka_unit_test(a_key_keeps_its_answers_when_it_gets_a_table),
		cmocka_unit_test(more_keys_than_are_kept_still_verify),
		cmocka_unit_test(threads_share_the_keys),
		cmocka_unit_test(eddsa_verifies_on_both_curves),
		cmocka_unit_test(rsa_verifies_with_both_paddings),
		cmocka_unit_test(a_key_has_one_encoding),
		cmocka_unit_test(der_is_made_and_read_at_any_width),
		cmocka_unit_test(der_of_another_form_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
