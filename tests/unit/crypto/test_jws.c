/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "crypto/jws.h"

#include <stdio.h>
#include <string.h>

static struct jws_key *key_of(uint8_t fill, const char *kid)
{
	HF_SECRET struct hf_secret seed = { 0 };
	struct jws_key *key = NULL;

	CHECK_OK(hf_secret_new(JWS_SEED_LEN, &seed));
	memset(seed.ptr, fill, seed.len);
	CHECK_OK(jws_key_new(&seed, kid, &key));
	return key;
}

static struct jws_key *key, *other;

static int make_keys(void **state)
{
	key = key_of(1, "main");
	other = key_of(2, "main");
	return 0;
}

static int free_keys(void **state)
{
	jws_key_free(key);
	jws_key_free(other);
	return 0;
}

static void token_of(const char *claims, struct hf_buf *to)
{
	hf_buf_clear(to);
	CHECK_OK(jws_sign(key, hf_span_text(claims), to));
}

static hf_status verify(const char *token)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(JWS_TOKEN_MAX);

	return jws_verify(key, hf_span_text(token), &payload);
}

static void the_header_is_always_the_same(void **state)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(JWS_TOKEN_MAX);
	HF_BUF_SCOPED struct hf_buf header = HF_BUF(JWS_TOKEN_MAX);
	uint8_t *dot;

	token_of("{}", &token);
	dot = memchr(token.ptr, '.', token.len);
	CHECK_OK(hf_unbase64(HF_SPAN(token.ptr, dot - token.ptr), &header));
	CHECK(hf_span_is(hf_buf_span(&header),
	                 "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"main\"}"));
}

static void what_is_signed_is_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(JWS_TOKEN_MAX);
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(JWS_TOKEN_MAX);

	token_of("{\"sub\":\"us-1\"}", &token);
	CHECK_OK(jws_verify(key, hf_buf_span(&token), &payload));
	CHECK(hf_span_is(hf_buf_span(&payload), "{\"sub\":\"us-1\"}"));
}

static void every_altered_character_is_noticed(void **state)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(JWS_TOKEN_MAX);
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(JWS_TOKEN_MAX);

	token_of("{\"sub\":\"us-1\"}", &token);
	for (size_t i = 0; i < token.len; i++) {
		uint8_t before = token.ptr[i];

		token.ptr[i] = before == 'A' ? 'B' : 'A';
		CHECK(!hf_ok(jws_verify(key, hf_buf_span(&token), &payload)));
		token.ptr[i] = before;
	}
	for (size_t len = 0; len < token.len; len++)
		CHECK(!hf_ok(jws_verify(key, HF_SPAN(token.ptr, len), &payload)));
	assert_int_equal(payload.len, 0);
}

static void another_key_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(JWS_TOKEN_MAX);
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(JWS_TOKEN_MAX);

	token_of("{}", &token);
	CHECK_CODE(jws_verify(other, hf_buf_span(&token), &payload), HF_UNAUTHENTIC);
}

static void another_header_is_refused_whatever_the_signature(void **state)
{
	/* {"alg":"none"} and {"alg":"EdDSA"} with signatures that do not matter */
	CHECK_CODE(verify("eyJhbGciOiJub25lIn0.e30."), HF_INVALID);
	CHECK_CODE(
	        verify("eyJhbGciOiJub25lIn0.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
	        HF_INVALID);
	CHECK_CODE(verify(""), HF_INVALID);
	CHECK_CODE(verify(".."), HF_INVALID);
}

static void a_fourth_part_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(JWS_TOKEN_MAX);
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(JWS_TOKEN_MAX);

	token_of("{}", &token);
	hf_buf_text(&token, ".e30");
	CHECK_CODE(jws_verify(key, hf_buf_span(&token), &payload), HF_INVALID);
}

static void a_second_spelling_of_the_signature_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(JWS_TOKEN_MAX);
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(JWS_TOKEN_MAX);
	bool swapped = false;

	for (int i = 0; i < 100 && !swapped; i++) { /* until a signature has a '-' or '_' */
		char claims[16];

		snprintf(claims, sizeof(claims), "{\"i\":%d}", i);
		token_of(claims, &token);
		for (size_t j = token.len - 86; j < token.len && !swapped; j++) {
			swapped = token.ptr[j] == '-' || token.ptr[j] == '_';
			if (swapped)
				token.ptr[j] = token.ptr[j] == '-' ? '+' : '/';
		}
	}
	CHECK(swapped);
	CHECK_CODE(jws_verify(key, hf_buf_span(&token), &payload), HF_UNAUTHENTIC);
}

static void tokens_have_a_limit(void **state)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(2 * JWS_TOKEN_MAX);
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(JWS_TOKEN_MAX);
	static uint8_t big[JWS_TOKEN_MAX + 1];

	CHECK_CODE(jws_sign(key, HF_SPAN(big, JWS_TOKEN_MAX * 3 / 4), &token), HF_TOOBIG);
	assert_int_equal(token.len, 0);
	CHECK_CODE(jws_verify(key, HF_SPAN(big, sizeof(big)), &payload), HF_TOOBIG);
}

static void a_short_seed_or_a_kid_that_needs_escapes_is_refused(void **state)
{
	HF_SECRET struct hf_secret seed = { 0 };
	struct jws_key *made = NULL;

	CHECK_OK(hf_secret_new(JWS_SEED_LEN, &seed));
	CHECK_CODE(jws_key_new(&seed, "a\"b", &made), HF_INVALID);
	CHECK_CODE(jws_key_new(&seed, "", &made), HF_INVALID);
	CHECK_CODE(jws_key_new(&seed,
	                       "0123456789012345678901234567890123456789012345678901234567890123x",
	                       &made),
	           HF_INVALID);
	seed.len = 31;
	CHECK_CODE(jws_key_new(&seed, "main", &made), HF_INVALID);
	CHECK(!made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_is_always_the_same),
		cmocka_unit_test(what_is_signed_is_read_back),
		cmocka_unit_test(every_altered_character_is_noticed),
		cmocka_unit_test(another_key_is_refused),
		cmocka_unit_test(another_header_is_refused_whatever_the_signature),
		cmocka_unit_test(a_fourth_part_is_refused),
		cmocka_unit_test(a_second_spelling_of_the_signature_is_refused),
		cmocka_unit_test(tokens_have_a_limit),
		cmocka_unit_test(a_short_seed_or_a_kid_that_needs_escapes_is_refused),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
