/* SPDX-License-Identifier: Apache-2.0
 * Tokens by format, with FF1 over AES in software. */
#include "check.h"

#include "soft_aes.h"

#include "crypto/mixed.h"
#include "json/read.h"
#include "server/core/crypto/fpe_format.h"
#include "server/crypto_api/crypto/fpe.h"

#include <stdio.h>
#include <string.h>

static const uint8_t key_bytes[16] = { 7, 7, 7 };

static struct fpe_format *format_of(const char *options)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct fpe_format *f = NULL;
	struct hf_err err = { 0 };

	if (!hf_ok(json_parse(hf_span_text(options), FPE_OPTIONS_MAX, &doc, &err)) ||
	    !hf_ok(fpe_format_parse(doc, &f, &err)))
		fail_msg("%s: %s", options, err.text);
	return f;
}

static void refused(const char *options, enum hf_code want, const char *words)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct fpe_format *f = NULL;
	struct hf_err err = { 0 };

	CHECK_OK(json_parse(hf_span_text(options), FPE_OPTIONS_MAX, &doc, &err));
	CHECK_CODE(fpe_format_parse(doc, &f, &err), want);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" has no \"%s\"", err.text, words);
}

/* What the HSM does (p11/crypt_ff1.c). */
static void encipher(const struct fpe_plan *p, bool encrypt, struct hf_buf *to)
{
	struct soft_aes aes = { HF_SPAN(key_bytes, sizeof(key_bytes)), 0 };
	struct ff1_cipher cipher = soft_cipher(&aes);
	uint16_t x[FF1_LEN_MAX];
	size_t n = p->numerals.len / 2;
	bool below = true;

	for (size_t i = 0; i < n; i++)
		x[i] = (uint16_t)(p->numerals.ptr[2 * i] << 8 | p->numerals.ptr[2 * i + 1]);
	do {
		CHECK_OK(encrypt ? ff1_encrypt(&cipher, p->radix, hf_buf_span(&p->tweak), x, n)
		                 : ff1_decrypt(&cipher, p->radix, hf_buf_span(&p->tweak), x, n));
		if (p->bound.len)
			CHECK_OK(mixed_is_below(x, n, p->radix, hf_buf_span(&p->bound), &below));
	} while (!below);
	for (size_t i = 0; i < n; i++)
		hf_buf_u16(to, x[i]);
}

static void turn(const struct fpe_format *f, const char *text, bool encrypt, bool masked, char *to,
                 size_t cap)
{
	HF_CLEANUP(fpe_plan_free_at) struct fpe_plan *p = NULL;
	HF_BUF_SCOPED struct hf_buf numerals = HF_BUF(FPE_NUMERALS_MAX);
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(8192);
	struct hf_err err = { 0 };

	if (!hf_ok(fpe_plan_new(f, hf_span_text(text), &p, &err)))
		fail_msg("%s: %s", text, err.text);
	encipher(p, encrypt, &numerals);
	CHECK_OK(fpe_plan_finish(p, hf_buf_span(&numerals), masked, &out, &err));
	CHECK_OK(hf_span_to_text(hf_buf_span(&out), to, cap));
}

/* The token, which turns back into its plaintext. */
static void there_and_back(const struct fpe_format *f, const char *text, char *token, size_t cap)
{
	char back[2048];

	turn(f, text, true, false, token, cap);
	turn(f, token, false, false, back, sizeof(back));
	assert_string_equal(back, text);
}

static void not_of_it(const struct fpe_format *f, const char *text)
{
	struct fpe_plan *p = NULL;
	struct hf_err err = { 0 };

	if (hf_ok(fpe_plan_new(f, hf_span_text(text), &p, &err)))
		fail_msg("\"%s\" is of the format", text);
	CHECK(*text == 0 || strlen(text) < 4 || !strstr(err.text, text));
}

static bool luhn_holds(const char *text)
{
	unsigned sum = 0, n = 0;

	for (size_t i = strlen(text); i-- > 0; n++) {
		unsigned d = (unsigned)(text[i] - '0');

		sum += n % 2 ? (d > 4 ? 2 * d - 9 : 2 * d) : d;
	}
	return sum % 10 == 0;
}

static void the_standards_sample_is_a_token(void **state)
{
	static const uint8_t key[] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
		                       0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
	HF_CLEANUP(fpe_format_free_at)
	struct fpe_format *f = format_of(
	        "{\"radix\": 10, \"min_length\": 6, \"max_length\": 20, \"preserve\": []}");
	HF_CLEANUP(fpe_plan_free_at) struct fpe_plan *p = NULL;
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(100);
	struct soft_aes aes = { HF_SPAN(key, sizeof(key)), 0 };
	struct ff1_cipher cipher = soft_cipher(&aes);
	uint8_t back[20];
	uint16_t x[10];

	CHECK_OK(fpe_plan_new(f, hf_span_text("0123456789"), &p, NULL));
	assert_int_equal(p->radix, 10);
	assert_int_equal(p->numerals.len, 20);
	assert_int_equal(p->bound.len, 0);
	for (size_t i = 0; i < 10; i++)
		x[i] = p->numerals.ptr[2 * i + 1];
	CHECK_OK(ff1_encrypt(&cipher, 10, HF_SPAN(NULL, 0), x, 10));
	for (size_t i = 0; i < 10; i++) {
		back[2 * i] = 0;
		back[2 * i + 1] = (uint8_t)x[i];
	}
	CHECK_OK(fpe_plan_finish(p, HF_SPAN(back, 20), false, &out, NULL));
	CHECK(hf_span_is(hf_buf_span(&out), "2433477484"));
}

static void what_is_preserved_is_the_tweak(void **state)
{
	HF_CLEANUP(fpe_format_free_at)
	struct fpe_format *f = format_of("{\"radix\": 36, \"min_length\": 8, \"max_length\": 20, "
	                                 "\"preserve\": [0, -1], \"mask\": [1, -2]}");
	HF_CLEANUP(fpe_plan_free_at) struct fpe_plan *p = NULL;
	char token[64], masked[64];

	CHECK_OK(fpe_plan_new(f, hf_span_text("AB12CD34"), &p, NULL));
	CHECK(hf_span_is(hf_buf_span(&p->tweak), "A4"));
	there_and_back(f, "AB12CD34", token, sizeof(token));
	CHECK(token[0] == 'A' && token[7] == '4' && strlen(token) == 8);
	turn(f, token, false, true, masked, sizeof(masked));
	assert_string_equal(masked, "A*12CD*4");
	not_of_it(f, "ab12cd34");
	not_of_it(f, "AB12CD3");
}

static uint32_t seed = 12345;
static unsigned random_below(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void random_card(char card[20])
{
	size_t len = 13 + random_below(7);

	for (size_t i = 0; i < len; i++)
		card[i] = (char)('0' + random_below(10));
	card[len] = 0;
	for (card[len - 1] = '0'; !luhn_holds(card);)
		card[len - 1]++;
}

static void tokens_of_ten_thousand_cards_hold_the_luhn_check(void **state)
{
	static const char *const names[] = { "credit_card", "credit_card_keep_first",
		                             "credit_card_keep_last" };
	char options[64], card[20], token[64];

	for (unsigned i = 0; i < HF_COUNT(names); i++) {
		HF_CLEANUP(fpe_format_free_at) struct fpe_format *f = NULL;
		unsigned same = 0;

		snprintf(options, sizeof(options), "{\"builtin\": \"%s\"}", names[i]);
		f = format_of(options);
		for (unsigned n = 0; n < 3334; n++) {
			size_t len;

			random_card(card);
			len = strlen(card);
			/* there and back now and then: each way costs as much */
			if (n % 8 == 0)
				there_and_back(f, card, token, sizeof(token));
			else
				turn(f, card, true, false, token, sizeof(token));
			CHECK(strlen(token) == len && luhn_holds(token));
			if (i == 1)
				CHECK(memcmp(card, token, 6) == 0);
			if (i == 2)
				CHECK(memcmp(card + len - 4, token + len - 4, 4) == 0);
			same += strcmp(card, token) == 0;
		}
		CHECK(same <= 1);
		not_of_it(f, "4111111111111112"); /* a wrong check digit */
	}
}

struct sample {
	const char *builtin, *text, *masked;
};

static const struct sample samples[] = {
	{ "credit_card", "4111111111111111", "************1111" },
	{ "credit_card_keep_both", "4111111111111111", "411111******1111" },
	{ "ssn", "123-45-6789", "***-**-6789" },
	{ "ssn", "123456789", "*****6789" },
	{ "imsi", "310150123456789", "310150*********" },
	{ "imei", "490154203237518", "49015420*******" },
	{ "ipv4", "192.168.0.1", NULL },
	{ "ipv4", "8.8.8.8", NULL },
	{ "us_phone", "(212) 555-0123", "(***) ***-****" },
	{ "us_phone", "212-555-0123", "***-***-****" },
	{ "email", "alice.b@example.org", "*******@example.org" },
	{ "date", "2024-02-29", "****-**-**" },
};

static void built_in_formats_keep_what_they_are(void **state)
{
	for (size_t i = 0; i < HF_COUNT(samples); i++) {
		HF_CLEANUP(fpe_format_free_at) struct fpe_format *f = NULL;
		char options[64], token[256], masked[256];

		snprintf(options, sizeof(options), "{\"builtin\": \"%s\"}", samples[i].builtin);
		f = format_of(options);
		there_and_back(f, samples[i].text, token, sizeof(token));
		CHECK(strcmp(token, samples[i].text) != 0);
		turn(f, token, false, true, masked, sizeof(masked));
		if (samples[i].masked)
			assert_string_equal(masked, samples[i].masked);
	}
	for (size_t i = 0; fpe_builtin_name(i); i++)
		assert_non_null(fpe_builtin(fpe_builtin_name(i)));
	assert_null(fpe_builtin("nothing"));
}

/* A token of a token of a token …: each is of the format, or it would not be taken. */
static void walk(const char *options, const char *text, unsigned steps)
{
	HF_CLEANUP(fpe_format_free_at) struct fpe_format *f = format_of(options);
	char token[256], next[256];

	snprintf(token, sizeof(token), "%s", text);
	for (unsigned i = 0; i < steps; i++) {
		there_and_back(f, token, next, sizeof(next));
		memcpy(token, next, sizeof(token));
	}
}

static void tokens_are_texts_of_the_format_themselves(void **state)
{
	for (size_t i = 0; i < HF_COUNT(samples); i++) {
		char options[64];

		snprintf(options, sizeof(options), "{\"builtin\": \"%s\"}", samples[i].builtin);
		walk(options, samples[i].text, 60);
	}
}

#define DIGIT_SET "[[\"0\",\"9\"]]"

static void compound_formats_keep_their_parts(void **state)
{
	HF_CLEANUP(fpe_format_free_at)
	struct fpe_format *f = format_of(
	        "{\"format\":{\"concat\":["
	        "{\"or\":[{\"min_length\":8,\"max_length\":8,\"char_set\":" DIGIT_SET
	        "},{\"min_length\":6,\"max_length\":6,\"char_set\":[[\"a\",\"z\"]]}]},"
	        "{\"literal\":[\"/\",\"::\"]},"
	        "{\"multiple\":{\"concat\":[{\"min_length\":2,\"max_length\":2,\"char_set\":[["
	        "\"A\","
	        "\"F\"],[\"\xc3\xa0\",\"\xc3\xbf\"]],\"preserve\":[0]},{\"literal\":[\".\"]}]},"
	        "\"min_repetitions\":1,\"max_repetitions\":4}]}}");
	char token[128];

	there_and_back(f, "12345678/A\xc3\xa9.", token, sizeof(token));
	CHECK(strspn(token, "0123456789") == 8 && token[8] == '/' && token[9] == 'A');
	there_and_back(f, "abcdef::AB.CD.", token, sizeof(token));
	CHECK(strspn(token, "abcdefghijklmnopqrstuvwxyz") == 6 && memcmp(token + 6, "::", 2) == 0);
	not_of_it(f, "1234567/AB.");
	not_of_it(f, "12345678/");
	not_of_it(f, "12345678/AB.AB.AB.AB.AB.");
	not_of_it(f, "12345678-AB.");
	not_of_it(f, "\xff\xff");
	not_of_it(f, "");
}

static void numbers_stay_in_their_range(void **state)
{
	HF_CLEANUP(fpe_format_free_at)
	struct fpe_format *f = format_of(
	        "{\"format\":{\"min_length\":8,\"max_length\":8,\"char_set\":" DIGIT_SET
	        ",\"constraints\":{\"num_gt\":10000000,\"num_lt\":12000000,\"num_ne\":[11111111,"
	        "10000005]}}}");
	char text[64] = "11000000", token[64];

	for (unsigned i = 0; i < 300; i++) {
		unsigned long value;

		there_and_back(f, text, token, sizeof(token));
		value = strtoul(token, NULL, 10);
		CHECK(value > 10000000 && value < 12000000 && value != 11111111);
		memcpy(text, token, sizeof(text));
	}
	not_of_it(f, "10000000");
	not_of_it(f, "12000000");
	not_of_it(f, "11111111");
}

static void dates_are_days_that_there_are(void **state)
{
	HF_CLEANUP(fpe_format_free_at) struct fpe_format *f = format_of("{\"builtin\": \"date\"}");

	not_of_it(f, "2023-02-29");
	not_of_it(f, "2024-13-01");
	not_of_it(f, "2024-00-01");
	not_of_it(f, "2024-04-31");
	not_of_it(f, "1900-02-29");
	walk("{\"builtin\": \"date\"}", "0000-01-01", 300);
	walk("{\"builtin\": \"date\"}", "9999-12-31", 10);
}

static void small_domains_are_refused_when_the_format_is_made(void **state)
{
	refused("{\"radix\":10,\"min_length\":5,\"max_length\":20,\"preserve\":[]}", HF_INVALID,
	        "less than 1000000");
	refused("{\"radix\":10,\"min_length\":8,\"max_length\":20,\"preserve\":[0,1,-1]}",
	        HF_INVALID, "less than 1000000");
	refused("{\"radix\":10,\"min_length\":16,\"max_length\":16,\"preserve\":[0,1,2,3,4,5,-1,-2,"
	        "-3,-4],\"luhn_check\":true}",
	        HF_INVALID, "less than 1000000");
	refused("{\"format\":{\"or\":[{\"min_length\":9,\"max_length\":9,\"char_set\":" DIGIT_SET
	        "},{\"min_length\":3,\"max_length\":3,\"char_set\":" DIGIT_SET "}]}}",
	        HF_INVALID, "less than 1000000");
	refused("{\"format\":{\"literal\":[\"x\"]}}", HF_INVALID, "less than 1000000");
	refused("{\"format\":{\"multiple\":{\"min_length\":9,\"max_length\":9,\"char_"
	        "set\":" DIGIT_SET "},\"min_repetitions\":0}}",
	        HF_INVALID, "less than 1000000");
}

static void formats_that_are_read_in_two_ways_are_refused(void **state)
{
	refused("{\"format\":{\"or\":[{\"min_length\":8,\"max_length\":8,\"char_set\":" DIGIT_SET
	        "},{\"min_length\":8,\"max_length\":8,\"char_set\":[[\"0\",\"9\"],[\"a\",\"f\"]]}]}"
	        "}",
	        HF_INVALID, "overlap");
	refused("{\"format\":{\"concat\":[{\"min_length\":8,\"max_length\":9,\"char_"
	        "set\":" DIGIT_SET "},{\"literal\":[\"0\",\"\"]}]}}",
	        HF_INVALID, "literal");
}

static void malformed_options_are_refused(void **state)
{
	static const struct {
		const char *options;
		enum hf_code code;
	} bad[] = {
		{ "{}", HF_INVALID },
		{ "{\"radix\":37,\"min_length\":6,\"max_length\":9,\"preserve\":[]}", HF_INVALID },
		{ "{\"radix\":10,\"min_length\":9,\"max_length\":6,\"preserve\":[]}", HF_INVALID },
		{ "{\"radix\":10,\"min_length\":6,\"max_length\":9,\"preserve\":[],\"x\":1}",
		  HF_INVALID },
		{ "{\"radix\":16,\"min_length\":6,\"max_length\":9,\"preserve\":[],\"luhn_check\":"
		  "true}",
		  HF_INVALID },
		{ "{\"builtin\":\"nothing\"}", HF_INVALID },
		{ "{\"format_v2\":{\"variants\":[]}}", HF_UNSUPPORTED },
		{ "{\"format\":{}}", HF_INVALID },
		{ "{\"format\":{\"or\":[]}}", HF_INVALID },
		{ "{\"format\":{\"min_length\":9,\"max_length\":9,\"char_set\":[]}}", HF_INVALID },
		{ "{\"format\":{\"min_length\":9,\"max_length\":9,\"char_set\":[[\"9\",\"0\"]]}}",
		  HF_INVALID },
		{ "{\"format\":{\"min_length\":9,\"max_length\":9,\"char_set\":[[\"0\",\"9\"],"
		  "[\"5\",\"7\"]]}}",
		  HF_INVALID },
		{ "{\"format\":{\"min_length\":9,\"max_length\":9,\"char_set\":" DIGIT_SET
		  ",\"cipher_char_set\":[[\"a\",\"j\"]]}}",
		  HF_UNSUPPORTED },
		{ "{\"format\":{\"min_length\":9,\"max_length\":9,\"char_set\":" DIGIT_SET
		  ",\"any_length\":true}}",
		  HF_INVALID },
		{ "{\"format\":{\"min_length\":9,\"max_length\":9,\"char_set\":" DIGIT_SET
		  ",\"preserve\":[0],\"constraints\":{\"num_gt\":5}}}",
		  HF_INVALID },
		{ "{\"format\":{\"min_length\":9,\"max_length\":9,\"char_set\":" DIGIT_SET
		  ",\"constraints\":{\"num_gt\":5,\"num_lt\":6}}}",
		  HF_INVALID },
		{ "{\"format\":{\"min_length\":9,\"max_length\":9,\"char_set\":[[\"a\",\"z\"]],"
		  "\"constraints\":{\"luhn_check\":true}}}",
		  HF_INVALID },
		{ "{\"format\":{\"min_length\":9,\"max_length\":9,\"char_set\":" DIGIT_SET
		  ",\"constraints\":{\"luhn_check\":true,\"applies_to\":{\"0\":\"all\"}}}}",
		  HF_UNSUPPORTED },
		{ "{\"format\":{\"concat\":[{\"min_length\":9,\"max_length\":9,\"char_"
		  "set\":" DIGIT_SET "}],\"constraints\":{\"date\":{\"dmy_date\":{}}}}}",
		  HF_INVALID },
	};

	for (size_t i = 0; i < HF_COUNT(bad); i++)
		refused(bad[i].options, bad[i].code, "");
}

static void numerals_that_are_none_are_refused(void **state)
{
	HF_CLEANUP(fpe_format_free_at) struct fpe_format *f = format_of("{\"builtin\": \"ipv4\"}");
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(100);
	uint8_t wrong[4] = { 0xff, 0xff, 0xff, 0xff };
	HF_CLEANUP(fpe_plan_free_at) struct fpe_plan *p = NULL;
	HF_CLEANUP(fpe_plan_free_at) struct fpe_plan *card = NULL;
	HF_CLEANUP(fpe_format_free_at)
	struct fpe_format *cards = format_of("{\"builtin\": \"date\"}");

	CHECK_OK(fpe_plan_new(f, hf_span_text("10.0.0.1"), &p, NULL));
	assert_int_equal(p->radix, 65536);
	CHECK_CODE(fpe_plan_finish(p, HF_SPAN(wrong, 2), false, &out, NULL), HF_CORRUPT);
	CHECK_OK(fpe_plan_new(cards, hf_span_text("2024-01-01"), &card, NULL));
	CHECK_CODE(fpe_plan_finish(card, HF_SPAN(wrong, 4), false, &out, NULL), HF_CORRUPT);
	assert_int_equal(out.len, 0);
}

/* The Crypto API's calls: the operation that goes to the HSM, and the answer in base64. */
static void the_face_plans_and_prints(void **state)
{
	char options[] =
	        "{\"fpe\":{\"radix\":10,\"min_length\":7,\"max_length\":9,\"preserve\":[0]}}";
	HF_BUF_SCOPED struct hf_buf answer = HF_BUF(1000);
	struct json_writer w = JSON_WRITER(&answer);
	struct crypto_op op = { .mech = { .mode = MODE_FF1 }, .data = HF_SPAN("98765432", 8) };
	struct object o = { .row = { .options = options } };
	struct fpe_work *work = NULL;
	uint8_t same[14];
	struct hf_err err = { 0 };

	CHECK_OK(fpe_begin(&o, CRYPTO_ENCRYPT, &op, &work, &err));
	assert_int_equal(op.mech.radix, 10);
	CHECK(hf_span_is(op.mech.iv, "9") && !op.mech.ad.len);
	assert_int_equal(op.data.len, 14);
	memcpy(same, op.data.ptr, 14);
	CHECK_OK(fpe_print(work, "cipher", HF_SPAN(same, 14), false, &w, &err));
	CHECK(hf_span_is(hf_buf_span(&answer), "\"cipher\":\"OTg3NjU0MzI=\""));
	fpe_work_free(work);
	o.row.options = NULL;
	op.data = HF_SPAN("98765432", 8);
	CHECK_CODE(fpe_begin(&o, CRYPTO_ENCRYPT, &op, &work, &err), HF_INVALID);
	assert_non_null(strstr(err.text, "\"fpe\" options"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standards_sample_is_a_token),
		cmocka_unit_test(what_is_preserved_is_the_tweak),
		cmocka_unit_test(tokens_of_ten_thousand_cards_hold_the_luhn_check),
		cmocka_unit_test(built_in_formats_keep_what_they_are),
		cmocka_unit_test(tokens_are_texts_of_the_format_themselves),
		cmocka_unit_test(compound_formats_keep_their_parts),
		cmocka_unit_test(numbers_stay_in_their_range),
		cmocka_unit_test(dates_are_days_that_there_are),
		cmocka_unit_test(small_domains_are_refused_when_the_format_is_made),
		cmocka_unit_test(formats_that_are_read_in_two_ways_are_refused),
		cmocka_unit_test(malformed_options_are_refused),
		cmocka_unit_test(numerals_that_are_none_are_refused),
		cmocka_unit_test(the_face_plans_and_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
