/* SPDX-License-Identifier: Apache-2.0
 * verify_any() by Wycheproof's vectors; on P-256 by each of its two ways, whose answers are
 * OpenSSL's plain one. HF_TEST_VECTORS names another folder: of the whole of Wycheproof, say. */
#include "check.h"

#include "crypto/ecdsa_der.h"
#include "crypto/public_info.h"
#include "crypto/verify_any.h"
#include "crypto/verify_p256.h"
#include "vectors.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define LINE_MAX_KEY 2048

struct key {
	uint8_t spki[LINE_MAX_KEY];
	size_t len;
};

static void open_file(struct vectors *v, const char *name)
{
	const char *folder = getenv("HF_TEST_VECTORS");
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder ? folder : VECTORS, name);
	vectors_open(v, path);
}

static void take_key(const struct vectors *v, size_t field, struct key *to)
{
	struct hf_span spki = vectors_bytes(v, field);

	CHECK(spki.len <= sizeof(to->spki));
	memcpy(to->spki, spki.ptr, spki.len);
	to->len = spki.len;
}

/* "acceptable" leaves it to us. */
static void expect(const struct vectors *v, const char *answer, hf_status got)
{
	enum hf_code want = strcmp(answer, "valid") == 0 ? HF_OK : HF_UNAUTHENTIC;

	if (got.code == want || (strcmp(answer, "acceptable") == 0 && got.code == HF_OK))
		return;
	fail_msg("line %u is %s: %s", v->line, answer, hf_code_name(got.code));
}

static hf_status plain(const struct key *key, struct hf_span digest, struct hf_span der)
{
	const uint8_t *at = key->spki;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)key->len);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	int result;

	CHECK(EVP_PKEY_verify_init(ctx) == 1);
	result = EVP_PKEY_verify(ctx, der.ptr, der.len, digest.ptr, digest.len);
	ERR_clear_error();
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return result == 1 ? HF_SUCCESS : HF_FAILURE(HF_UNAUTHENTIC);
}

static hf_status by_table(const struct p256_table *table, struct hf_span digest, struct hf_span der)
{
	uint8_t raw[64];

	if (!hf_ok(ecdsa_der_read(der, 32, raw)))
		return HF_FAILURE(HF_UNAUTHENTIC);
	return p256_table_verify(table, digest, raw);
}

/* Of PKCS#11's r || s DER is made first, as of what a token gives. */
static struct hf_span der_of(const struct vectors *v, struct hf_span signature, struct hf_buf *der)
{
	if (vectors_is(v, "DER"))
		return signature;
	hf_buf_clear(der);
	return hf_ok(ecdsa_der_make(signature, der)) ? hf_buf_span(der) : HF_SPAN("", 0);
}

static void ecdsa_vectors_hold_in_every_way(void **state)
{
	static const struct verify_how how = { .kind = VERIFY_ECDSA };
	HF_BUF_SCOPED struct hf_buf der = HF_BUF(1024);
	struct p256_table *table = NULL;
	struct vectors v;
	struct key key = { 0 };
	unsigned n = 0;

	open_file(&v, "ecdsa.txt");
	while (vectors_next(&v)) {
		struct hf_span digest, sig;
		struct public_info info;

		if (vectors_is(&v, "key")) {
			take_key(&v, 2, &key);
			p256_table_free(table);
			table = NULL;
			CHECK_OK(public_info_parse(HF_SPAN(key.spki, key.len), &info));
			if (info.curve == CURVE_P256)
				CHECK_OK(p256_table_make(HF_SPAN(info.point, info.point_len),
				                         &table));
			continue;
		}
		digest = vectors_bytes(&v, 1);
		sig = der_of(&v, vectors_bytes(&v, 2), &der);
		expect(&v, v.field[3], verify_any(HF_SPAN(key.spki, key.len), &how, digest, sig));
		expect(&v, v.field[3], plain(&key, digest, sig));
		if (table)
			expect(&v, v.field[3], by_table(table, digest, sig));
		n++;
	}
	p256_table_free(table);
	CHECK(n >= 100);
}

static void eddsa_vectors_hold(void **state)
{
	static const struct verify_how how = { .kind = VERIFY_EDDSA };
	struct vectors v;
	struct key key = { 0 };
	unsigned n = 0;

	open_file(&v, "eddsa.txt");
	while (vectors_next(&v)) {
		struct hf_span message, sig;

		if (vectors_is(&v, "key")) {
			take_key(&v, 2, &key);
			continue;
		}
		message = vectors_bytes(&v, 0);
		sig = vectors_bytes(&v, 1);
		expect(&v, v.field[2], verify_any(HF_SPAN(key.spki, key.len), &how, message, sig));
		n++;
	}
	CHECK(n >= 30);
}

static enum digest_alg hash_of(const struct vectors *v, size_t field)
{
	enum digest_alg alg;

	CHECK_OK(digest_alg_parse(v->field[field], &alg));
	return alg;
}

static void rsa_vectors_hold(void **state)
{
	struct verify_how how = { 0 };
	struct vectors v;
	struct key key = { 0 };
	unsigned n = 0;

	open_file(&v, "rsa.txt");
	while (vectors_next(&v)) {
		struct hf_span digest, sig;

		if (vectors_is(&v, "PKCS1")) {
			how = (struct verify_how){ .kind = VERIFY_RSA_PKCS1,
				                   .hash = hash_of(&v, 1) };
			take_key(&v, 2, &key);
			continue;
		}
		if (vectors_is(&v, "PSS")) {
			how = (struct verify_how){ VERIFY_RSA_PSS, hash_of(&v, 1), hash_of(&v, 2),
				                   (uint16_t)strtoul(v.field[3], NULL, 10) };
			take_key(&v, 4, &key);
			continue;
		}
		digest = vectors_bytes(&v, 0);
		sig = vectors_bytes(&v, 1);
		expect(&v, v.field[2], verify_any(HF_SPAN(key.spki, key.len), &how, digest, sig));
		n++;
	}
	CHECK(n >= 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecdsa_vectors_hold_in_every_way),
		cmocka_unit_test(eddsa_vectors_hold),
		cmocka_unit_test(rsa_vectors_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
