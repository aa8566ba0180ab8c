/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "op/op.h"

#include <string.h>

#define KEY_ID "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j"

static const uint8_t pub[33] = { 2, 7, 7 };
static const uint8_t digest[32] = { 1, 2, 3 };

static struct op sign_op(void)
{
	return (struct op){
		.kind = OP_SIGN,
		.key_type = KEY_SECP256K1,
		.key_id = KEY_ID,
		.scheme = SIGN_ECDSA,
		.hash = HASH_NONE,
		.input = HF_SPAN(digest, sizeof(digest)),
		.public_key = HF_SPAN(pub, sizeof(pub)),
	};
}

static hf_status pass(const struct op *op, struct hf_buf *b, struct op *ret, struct hf_err *err)
{
	hf_buf_clear(b);
	op_encode(b, op);
	CHECK_OK(hf_buf_status(b));
	return op_decode(hf_buf_span(b), ret, err);
}

static void a_signing_operation_is_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX);
	struct op op = sign_op(), got;

	CHECK_OK(pass(&op, &b, &got, NULL));
	CHECK(got.kind == OP_SIGN && got.key_type == KEY_SECP256K1);
	CHECK(got.scheme == SIGN_ECDSA && got.hash == HASH_NONE);
	assert_string_equal(got.key_id, KEY_ID);
	CHECK(hf_span_equal(got.input, op.input));
	CHECK(hf_span_equal(got.public_key, op.public_key));
}

static void a_generation_carries_nothing_of_a_signature(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX);
	struct op op = { .kind = OP_GENERATE, .key_type = KEY_RSA_4096, .key_id = KEY_ID }, got;

	CHECK_OK(pass(&op, &b, &got, NULL));
	CHECK(got.kind == OP_GENERATE && got.key_type == KEY_RSA_4096);
	CHECK(got.input.len == 0 && got.public_key.len == 0);
	hf_buf_u8(&b, 0);
	CHECK_CODE(op_decode(hf_buf_span(&b), &got, NULL), HF_INVALID);
}

static void the_largest_message_fits(void **state)
{
	static const uint8_t message[SIGN_INPUT_MAX];
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX);
	struct op op = sign_op(), got;

	op.key_type = KEY_ED25519;
	op.scheme = SIGN_ED25519;
	op.public_key.len = 32;
	op.input = HF_SPAN(message, sizeof(message));
	CHECK_OK(pass(&op, &b, &got, NULL));
	CHECK(got.input.len == SIGN_INPUT_MAX);
}

static void refused(struct op op, const char *words)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX);
	struct op got = { .kind = OP_GENERATE };
	struct hf_err err = { 0 };

	CHECK_CODE(pass(&op, &b, &got, &err), HF_INVALID);
	if (!strstr(err.text, words))
		fail_msg("expected words with \"%s\", got \"%s\"", words, err.text);
	CHECK(got.kind == OP_GENERATE && got.key_id[0] == 0);
}

static void what_is_unknown_or_contradictory_is_refused_with_words(void **state)
{
	struct op op = sign_op();

	op.kind = (enum op_kind)3;
	refused(op, "kind");
	op = sign_op();
	op.key_type = (enum key_type)99;
	refused(op, "key type");
	op = sign_op();
	op.scheme = (enum sign_scheme)77;
	refused(op, "way to sign");
	op = sign_op();
	op.scheme = SIGN_RSA_PSS;
	refused(op, "does not sign this way");
	op = sign_op();
	op.hash = HASH_SHA256;
	refused(op, "no hash");
	op = sign_op();
	op.input.len = 31;
	refused(op, "32 bytes, not 31");
	op = sign_op();
	op.public_key.len = 32;
	refused(op, "no public key");
}

static void key_ids_are_words_without_blanks_or_paths(void **state)
{
	static const char *const bad[] = { "", "key 1", "../key", "key\n", "k\xc3\xa9y" };

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		struct op op = sign_op();

		strcpy(op.key_id, bad[i]);
		refused(op, "key id");
	}
}

static void another_version_says_what_to_do(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX);
	struct op op = sign_op(), got;
	struct hf_err err = { 0 };

	CHECK_OK(pass(&op, &b, &got, NULL));
	b.ptr[0]++;
	CHECK_CODE(op_decode(hf_buf_span(&b), &got, &err), HF_INVALID);
	CHECK(strstr(err.text, "same release"));
}

static void an_operation_cut_short_anywhere_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX);
	struct op op = sign_op(), got;

	CHECK_OK(pass(&op, &b, &got, NULL));
	for (size_t len = 0; len < b.len; len++)
		CHECK_CODE(op_decode(HF_SPAN(b.ptr, len), &got, NULL), HF_INVALID);
}

static hf_status pass_result(const struct op_result *r, struct hf_buf *b, struct op_result *ret)
{
	hf_buf_clear(b);
	op_result_encode(b, r);
	CHECK_OK(hf_buf_status(b));
	return op_result_decode(hf_buf_span(b), ret);
}

static void results_are_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_RESULT_ENCODED_MAX);
	struct op_result key = { .outcome = OP_DONE,
		                 .public_key = HF_SPAN(pub, sizeof(pub)),
		                 .resident = true,
		                 .signature.recid = -1 };
	struct op_result sig = { .outcome = OP_DONE, .signature = { { 9, 8, 7 }, 64, 1 } };
	struct op_result bad = { .outcome = OP_RETRY, .code = HF_BUSY, .text = "not now" };
	struct op_result got;

	CHECK_OK(pass_result(&key, &b, &got));
	CHECK(got.resident && hf_span_equal(got.public_key, key.public_key) && !got.signature.len);
	CHECK_OK(pass_result(&sig, &b, &got));
	CHECK(got.signature.recid == 1 && got.signature.len == 64 && !got.public_key.len);
	assert_memory_equal(got.signature.bytes, sig.signature.bytes, 64);
	CHECK_OK(pass_result(&bad, &b, &got));
	CHECK(got.outcome == OP_RETRY && got.code == HF_BUSY && got.signature.recid == -1);
	assert_string_equal(got.text, "not now");
	for (size_t len = 0; len < b.len; len++)
		CHECK_CODE(op_result_decode(HF_SPAN(b.ptr, len), &got), HF_INVALID);
}

static void the_largest_result_fits(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_RESULT_ENCODED_MAX);
	struct op_result bad = { .outcome = OP_FAILED, .code = HF_INVALID }, got;

	memset(bad.text, 'x', sizeof(bad.text) - 1);
	CHECK_OK(pass_result(&bad, &b, &got));
	assert_string_equal(got.text, bad.text);
}

static void results_that_say_two_things_or_none_are_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_RESULT_ENCODED_MAX);
	struct op_result got;
	const struct op_result odd[] = {
		{ .outcome = OP_DONE, .signature.recid = -1 },
		{ .outcome = OP_DONE,
		  .public_key = HF_SPAN(pub, 33),
		  .signature = { .len = 64, .recid = -1 } },
		{ .outcome = OP_DONE, .public_key = HF_SPAN(pub, 33), .signature.recid = 0 },
		{ .outcome = OP_DONE, .resident = true, .signature = { .len = 64, .recid = -1 } },
		{ .outcome = OP_DONE, .signature = { .len = 64, .recid = 2 } },
		{ .outcome = OP_FAILED, .code = HF_OK },
		{ .outcome = OP_FAILED, .code = HF_CODE_COUNT_ },
		{ .outcome = (enum op_outcome)0 },
		{ .outcome = (enum op_outcome)4 },
	};

	for (size_t i = 0; i < HF_COUNT(odd); i++)
		CHECK_CODE(pass_result(&odd[i], &b, &got), HF_INVALID);
}

static void an_operation_of_any_kind_is_carried_as_bytes(void **state)
{
	static const uint8_t bytes[OP_CRYPTO_INPUT_MAX] = { 1 };
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX);
	struct op op = { .kind = OP_CRYPTO, .key_id = KEY_ID }, got;

	op.input = HF_SPAN(bytes, sizeof(bytes));
	CHECK_OK(pass(&op, &b, &got, NULL));
	CHECK(got.kind == OP_CRYPTO && got.key_type == 0 && hf_span_equal(got.input, op.input));
	CHECK(op_is_crypto(hf_buf_span(&b)));
	op.input.len = 0;
	refused(op, "cut short");
	op.input.len = 5;
	op.key_type = KEY_P256;
	refused(op, "any kind");
	op = sign_op();
	CHECK_OK(pass(&op, &b, &got, NULL));
	CHECK(!op_is_crypto(hf_buf_span(&b)));
}

static void its_result_is_carried_as_bytes(void **state)
{
	static const uint8_t bytes[OP_CRYPTO_RESULT_MAX] = { 1 };
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_RESULT_ENCODED_MAX);
	struct op_result r = { .outcome = OP_DONE, .crypto = HF_SPAN(bytes, sizeof(bytes)) }, got;

	op_result_encode(&b, &r);
	CHECK_OK(hf_buf_status(&b));
	CHECK_OK(op_result_decode(hf_buf_span(&b), &got));
	CHECK(got.outcome == OP_DONE && hf_span_equal(got.crypto, r.crypto));
	CHECK(got.public_key.len == 0 && got.signature.len == 0);
	b.ptr[1] = OP_FAILED; /* then it would have no bytes */
	CHECK_CODE(op_result_decode(hf_buf_span(&b), &got), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signing_operation_is_read_back),
		cmocka_unit_test(a_generation_carries_nothing_of_a_signature),
		cmocka_unit_test(the_largest_message_fits),
		cmocka_unit_test(what_is_unknown_or_contradictory_is_refused_with_words),
		cmocka_unit_test(key_ids_are_words_without_blanks_or_paths),
		cmocka_unit_test(another_version_says_what_to_do),
		cmocka_unit_test(an_operation_cut_short_anywhere_is_refused),
		cmocka_unit_test(results_are_read_back),
		cmocka_unit_test(the_largest_result_fits),
		cmocka_unit_test(results_that_say_two_things_or_none_are_refused),
		cmocka_unit_test(an_operation_of_any_kind_is_carried_as_bytes),
		cmocka_unit_test(its_result_is_carried_as_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
