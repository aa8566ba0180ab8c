/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "crypto/credential.h"
#include "soft_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

static const char message[] = "{\"type\":\"key.get\",\"challenge\":\"abc\"}";

struct signed_message {
	uint8_t bytes[CREDENTIAL_SIGNATURE_MAX];
	size_t len;
};

/* As crypto.sign(undefined, data, key) of Node does. */
static struct signed_message sign(EVP_PKEY *key)
{
	struct signed_message sig = { .len = sizeof(sig.bytes) };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();

	CHECK(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1);
	CHECK(EVP_DigestSign(ctx, sig.bytes, &sig.len, (const uint8_t *)message, strlen(message)) ==
	      1);
	EVP_MD_CTX_free(ctx);
	return sig;
}

static struct credential_key *credential_of(EVP_PKEY *key)
{
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(CREDENTIAL_PEM_MAX);
	struct credential_key *ret = NULL;

	soft_key_pem(key, &pem);
	CHECK_OK(credential_key_parse(hf_buf_span(&pem), &ret, NULL));
	return ret;
}

static hf_status verify(const struct credential_key *key, const struct signed_message *sig)
{
	return credential_verify(key, hf_span_text(message), HF_SPAN(sig->bytes, sig->len));
}

static void a_signature_is_taken_once_and_its_alterations_are_not(EVP_PKEY *key)
{
	struct credential_key *credential = credential_of(key);
	struct signed_message sig = sign(key);

	CHECK_OK(verify(credential, &sig));
	CHECK_OK(verify(credential, &sig)); /* the key can be used again */
	CHECK_CODE(credential_verify(credential, hf_span_text("{}"), HF_SPAN(sig.bytes, sig.len)),
	           HF_UNAUTHENTIC);
	for (size_t i = 0; i < sig.len; i++) {
		if (sig.len > 100 && i % 16)
			continue;
		sig.bytes[i] ^= 1;
		CHECK_CODE(verify(credential, &sig), HF_UNAUTHENTIC);
		sig.bytes[i] ^= 1;
	}
	for (size_t len = 0; len<sig.len; len += sig.len> 100 ? 50 : 1)
		CHECK_CODE(credential_verify(credential, hf_span_text(message),
		                             HF_SPAN(sig.bytes, len)),
		           HF_UNAUTHENTIC);
	sig.len++;
	CHECK_CODE(verify(credential, &sig), HF_UNAUTHENTIC);
	credential_key_free(credential);
	EVP_PKEY_free(key);
}

static void ed25519_credentials_work(void **state)
{
	a_signature_is_taken_once_and_its_alterations_are_not(soft_key_new(KEY_ED25519));
}

static void p256_credentials_work(void **state)
{
	a_signature_is_taken_once_and_its_alterations_are_not(soft_key_new(KEY_P256));
}

static void secp256k1_credentials_work(void **state)
{
	a_signature_is_taken_once_and_its_alterations_are_not(soft_key_new(KEY_SECP256K1));
}

static void rsa_credentials_work(void **state)
{
	a_signature_is_taken_once_and_its_alterations_are_not(soft_key_new(KEY_RSA_2048));
}

static void p384_and_p521_credentials_work(void **state)
{
	static const char *const curves[] = { "P-384", "P-521" };

	for (size_t i = 0; i < HF_COUNT(curves); i++) {
		EVP_PKEY *key = EVP_EC_gen(curves[i]);
		struct credential_key *credential = credential_of(key);
		struct signed_message sig = sign(key);

		CHECK_OK(verify(credential, &sig));
		sig.bytes[sig.len - 1] ^= 1;
		CHECK_CODE(verify(credential, &sig), HF_UNAUTHENTIC);
		credential_key_free(credential);
		EVP_PKEY_free(key);
	}
}

/* The same two numbers with one zero too many in front of r. */
static struct signed_message pad_r(const struct signed_message *sig)
{
	struct signed_message out = { .len = sig->len + 1 };

	memcpy(out.bytes, sig->bytes, 4);
	out.bytes[1]++;
	out.bytes[3]++;
	memcpy(out.bytes + 5, sig->bytes + 4, sig->len - 4);
	return out;
}

static void ecdsa_signatures_in_a_second_encoding_are_refused(void **state)
{
	EVP_PKEY *key = soft_key_new(KEY_P256);
	struct credential_key *credential = credential_of(key);
	struct signed_message sig = sign(key), padded, long_form;

	while (sig.bytes[1] > 70) /* so that the padded one is no longer than the longest */
		sig = sign(key);
	padded = pad_r(&sig);
	CHECK_CODE(verify(credential, &padded), HF_UNAUTHENTIC);
	long_form = sig;
	memmove(long_form.bytes + 2, sig.bytes + 1, sig.len - 1);
	long_form.bytes[1] = 0x81;
	long_form.len++;
	CHECK_CODE(verify(credential, &long_form), HF_UNAUTHENTIC);
	CHECK_OK(verify(credential, &sig));
	credential_key_free(credential);
	EVP_PKEY_free(key);
}

static void refused(EVP_PKEY *key, enum hf_code code, const char *words)
{
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(CREDENTIAL_PEM_MAX);
	struct credential_key *ret = NULL;
	struct hf_err err = { 0 };

	CHECK(key);
	soft_key_pem(key, &pem);
	CHECK_CODE(credential_key_parse(hf_buf_span(&pem), &ret, &err), code);
	CHECK(strstr(err.text, words));
	CHECK(!ret);
	EVP_PKEY_free(key);
}

static void weak_and_unknown_keys_are_refused_with_words(void **state)
{
	refused(EVP_RSA_gen(1024), HF_UNSUPPORTED, "2048");
	refused(EVP_EC_gen("P-224"), HF_UNSUPPORTED, "secp224r1");
	refused(EVP_EC_gen("brainpoolP256r1"), HF_UNSUPPORTED, "brainpoolP256r1");
	refused(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), HF_UNSUPPORTED, "Ed25519");
	refused(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), HF_UNSUPPORTED, "Ed25519");
}

static void a_curve_spelt_out_is_refused(void **state)
{
	EVP_PKEY *key = soft_key_new(KEY_P256);

	CHECK(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING,
	                                     OSSL_PKEY_EC_ENCODING_EXPLICIT) == 1);
	refused(key, HF_UNSUPPORTED, "by name");
}

static hf_status parse(const char *pem)
{
	struct credential_key *ret = NULL;
	hf_status s = credential_key_parse(hf_span_text(pem), &ret, NULL);

	credential_key_free(ret);
	return s;
}

#define GOOD                                                                                       \
	"-----BEGIN PUBLIC KEY-----\n"                                                             \
	"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"                           \
	"-----END PUBLIC KEY-----"

static void one_key_in_pem_with_blanks_around_it_is_taken(void **state)
{
	CHECK_OK(parse(GOOD));
	CHECK_OK(parse("\n " GOOD "\r\n\n"));
}

static void anything_else_in_the_text_is_refused(void **state)
{
	CHECK_CODE(parse(""), HF_INVALID);
	CHECK_CODE(parse("-----BEGIN PUBLIC KEY-----"), HF_INVALID);
	CHECK_CODE(parse("x" GOOD), HF_INVALID);
	CHECK_CODE(parse("words\n" GOOD), HF_INVALID);
	CHECK_CODE(parse(GOOD "\n" GOOD), HF_INVALID);
	CHECK_CODE(parse(GOOD "\nwords"), HF_INVALID);
	CHECK_CODE(parse("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
	           HF_INVALID);
	CHECK_CODE(parse("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n"),
	           HF_INVALID);
}

static void a_text_that_is_too_long_is_refused(void **state)
{
	static uint8_t text[CREDENTIAL_PEM_MAX + 1];
	struct credential_key *ret = NULL;

	CHECK_CODE(credential_key_parse(HF_SPAN(text, sizeof(text)), &ret, NULL), HF_TOOBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ed25519_credentials_work),
		cmocka_unit_test(p256_credentials_work),
		cmocka_unit_test(secp256k1_credentials_work),
		cmocka_unit_test(rsa_credentials_work),
		cmocka_unit_test(p384_and_p521_credentials_work),
		cmocka_unit_test(ecdsa_signatures_in_a_second_encoding_are_refused),
		cmocka_unit_test(weak_and_unknown_keys_are_refused_with_words),
		cmocka_unit_test(a_curve_spelt_out_is_refused),
		cmocka_unit_test(one_key_in_pem_with_blanks_around_it_is_taken),
		cmocka_unit_test(anything_else_in_the_text_is_refused),
		cmocka_unit_test(a_text_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
