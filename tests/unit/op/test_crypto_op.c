/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "op/crypto_op.h"

#include <string.h>

#define KEY_ID "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j"

static const uint8_t bytes[64] = { 2, 7, 7 };

/* Everything is said; each kind takes what belongs to it. */
static struct crypto_op full_op(enum crypto_op_kind kind)
{
	return (struct crypto_op){
		.kind = kind,
		.key_id = KEY_ID,
		.key = { .name = { .id = HF_SPAN(bytes, 20),
		                   .label = hf_span_text("orders"),
		                   .type = OBJECT_EC,
		                   .public_key = HF_SPAN(bytes, 64) } },
		.subject = { .record = HF_SPAN(bytes, 30), .name = { .type = OBJECT_AES } },
		.mech = { .mode = MODE_GCM,
		          .hash = DIGEST_SHA256,
		          .mgf_hash = DIGEST_SHA1,
		          .salt_len = CRYPTO_SALT_AS_HASH,
		          .tag_len = 16,
		          .radix = 10,
		          .iv = HF_SPAN(bytes, 12),
		          .ad = HF_SPAN(bytes, 40),
		          .tag = HF_SPAN(bytes, 16) },
		.made = { .type = OBJECT_AES,
		          .bits = 256,
		          .uses = USE_ENCRYPT | USE_DECRYPT,
		          .uses_given = true,
		          .sensitive = true,
		          .persistent = true,
		          .id = HF_SPAN(bytes, 16),
		          .label = hf_span_text("new"),
		          .kcv = { 1, 2, 3 },
		          .have_kcv = true },
		.private_only = true,
		.count = 32,
		.cursor = 77,
		.data = HF_SPAN(bytes, 48),
		.more = HF_SPAN(bytes, 32),
	};
}

static hf_status pass(const struct crypto_op *op, struct hf_buf *b, struct crypto_op *ret,
                      struct hf_err *err)
{
	hf_buf_clear(b);
	crypto_op_encode(b, op);
	CHECK_OK(hf_buf_status(b));
	return crypto_op_decode(hf_buf_span(b), ret, err);
}

static void every_kind_is_read_back_to_the_same_bytes(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(CRYPTO_OP_ENCODED_MAX);
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(CRYPTO_OP_ENCODED_MAX);

	for (int k = 1; k <= CRYPTO_OP_KIND_MAX; k++) {
		struct crypto_op op = full_op((enum crypto_op_kind)k), got;

		CHECK_OK(pass(&op, &b, &got, NULL));
		CHECK(got.kind == op.kind);
		assert_string_equal(got.key_id, KEY_ID);
		hf_buf_clear(&again);
		crypto_op_encode(&again, &got);
		CHECK(hf_span_equal(hf_buf_span(&b), hf_buf_span(&again)));
	}
}

static void a_signature_says_its_key_its_mechanism_and_its_data(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(CRYPTO_OP_ENCODED_MAX);
	struct crypto_op op = full_op(CRYPTO_SIGN), got;

	CHECK_OK(pass(&op, &b, &got, NULL));
	CHECK(hf_span_equal(got.key.name.id, op.key.name.id));
	CHECK(hf_span_equal(got.key.name.label, op.key.name.label));
	CHECK(hf_span_equal(got.key.name.public_key, op.key.name.public_key));
	CHECK(got.key.name.type == OBJECT_EC && got.mech.mode == MODE_GCM);
	CHECK(got.mech.salt_len == CRYPTO_SALT_AS_HASH && got.mech.radix == 10);
	CHECK(hf_span_equal(got.data, op.data));
	CHECK(got.more.len == 0 && got.made.type == 0 && !got.private_only && got.count == 0);
}

static void an_empty_label_is_not_no_label(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(CRYPTO_OP_ENCODED_MAX);
	struct crypto_op op = full_op(CRYPTO_UPDATE), got;

	op.made = (struct key_shape){ .label = hf_span_text("") };
	CHECK_OK(pass(&op, &b, &got, NULL));
	CHECK(got.made.label.ptr && got.made.label.len == 0);
	op.made.label = HF_SPAN(NULL, 0);
	CHECK_OK(pass(&op, &b, &got, NULL));
	CHECK(!got.made.label.ptr);
}

static void the_largest_operation_fits(void **state)
{
	static const uint8_t zeros[CRYPTO_DATA_MAX];
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(CRYPTO_OP_ENCODED_MAX);
	struct crypto_op op = full_op(CRYPTO_UNWRAP), got;

	op.key.record = HF_SPAN(zeros, RECORD_ENCODED_MAX);
	op.key.name = (struct key_name){ HF_SPAN(zeros, CKA_ID_MAX), HF_SPAN(zeros, CKA_LABEL_MAX),
		                         OBJECT_RSA, HF_SPAN(zeros, SPKI_MAX) };
	op.made.id = HF_SPAN(zeros, CKA_ID_MAX);
	op.made.label = HF_SPAN(zeros, CKA_LABEL_MAX);
	op.made.public_key = HF_SPAN(zeros, SPKI_MAX);
	op.mech.iv = HF_SPAN(zeros, CRYPTO_IV_MAX);
	op.mech.ad = HF_SPAN(zeros, CRYPTO_AD_MAX);
	op.data = HF_SPAN(zeros, CRYPTO_DATA_MAX);
	CHECK_OK(pass(&op, &b, &got, NULL));
	CHECK(got.data.len == CRYPTO_DATA_MAX);
}

static void refused(struct crypto_op op, const char *words)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(2 * CRYPTO_OP_ENCODED_MAX);
	struct crypto_op got = { .kind = CRYPTO_PING };
	struct hf_err err = { 0 };

	CHECK_CODE(pass(&op, &b, &got, &err), HF_INVALID);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	CHECK(got.kind == CRYPTO_PING); /* untouched */
}

static void what_no_encoder_makes_is_refused(void **state)
{
	static const uint8_t zeros[CRYPTO_DATA_MAX + 1];
	struct crypto_op op = full_op(CRYPTO_SIGN);

	op.kind = CRYPTO_OP_KIND_MAX + 1;
	refused(op, "no such kind");
	op = full_op(CRYPTO_SIGN);
	op.data = HF_SPAN(zeros, sizeof(zeros));
	refused(op, "sign");
	op = full_op(CRYPTO_SIGN);
	op.key.name.type = 0;
	refused(op, "sign");
	op = full_op(CRYPTO_SIGN);
	op.mech.mode = CRYPTO_MODE_MAX + 1;
	refused(op, "sign");
	op = full_op(CRYPTO_GENERATE);
	op.made.curve = CURVE_P256; /* of an AES key */
	refused(op, "generate");
	op = full_op(CRYPTO_GENERATE);
	op.made.uses = USE_HIGHVOLUME; /* no business of a token */
	refused(op, "generate");
	op = full_op(CRYPTO_LIST);
	op.count = CRYPTO_LIST_MAX + 1;
	refused(op, "1 to 256");
	op = full_op(CRYPTO_RANDOM);
	op.count = 0;
	refused(op, "1 to 65536");
	op = full_op(CRYPTO_PING);
	strcpy(op.key_id, "a b");
	refused(op, "key id");
}

static void no_prefix_and_no_byte_more_is_an_operation(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(CRYPTO_OP_ENCODED_MAX);
	struct crypto_op op = full_op(CRYPTO_UNWRAP), got;

	CHECK_OK(pass(&op, &b, &got, NULL));
	for (size_t n = 0; n < b.len; n++)
		CHECK_CODE(crypto_op_decode(HF_SPAN(b.ptr, n), &got, NULL), HF_INVALID);
	hf_buf_u8(&b, 0);
	CHECK_CODE(crypto_op_decode(hf_buf_span(&b), &got, NULL), HF_INVALID);
}

static void only_what_makes_keys_is_not_sent_twice_blindly(void **state)
{
	for (int k = 1; k <= CRYPTO_OP_KIND_MAX; k++) {
		bool makes = k == CRYPTO_GENERATE || k == CRYPTO_IMPORT || k == CRYPTO_UNWRAP ||
		             k == CRYPTO_DERIVE || k == CRYPTO_AGREE || k == CRYPTO_PERSIST;

		CHECK(crypto_op_makes((enum crypto_op_kind)k) == makes);
		CHECK(strcmp(crypto_op_name((enum crypto_op_kind)k), "unknown") != 0);
	}
}

static struct key_shape pair_shape(void)
{
	return (struct key_shape){ .type = OBJECT_EC,
		                   .curve = CURVE_P256,
		                   .bits = 256,
		                   .uses = USE_SIGN,
		                   .has_private = true,
		                   .id = HF_SPAN(bytes, 3),
		                   .label = hf_span_text("a"),
		                   .public_key = HF_SPAN(bytes, 60) };
}

static hf_status pass_result(const struct crypto_result *r, struct hf_buf *b,
                             struct crypto_result *ret)
{
	hf_buf_clear(b);
	crypto_result_encode(b, r);
	CHECK_OK(hf_buf_status(b));
	return crypto_result_decode(hf_buf_span(b), ret);
}

static void a_result_is_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(CRYPTO_RESULT_ENCODED_MAX);
	struct crypto_result r = { .outcome = OP_DONE,
		                   .verified = true,
		                   .data = HF_SPAN(bytes, 40),
		                   .iv = HF_SPAN(bytes, 12),
		                   .tag = HF_SPAN(bytes, 16),
		                   .made = pair_shape(),
		                   .record = HF_SPAN(bytes, 50) };
	struct crypto_result got;

	CHECK_OK(pass_result(&r, &b, &got));
	CHECK(got.outcome == OP_DONE && got.verified);
	CHECK(hf_span_equal(got.data, r.data) && hf_span_equal(got.iv, r.iv));
	CHECK(hf_span_equal(got.tag, r.tag) && hf_span_equal(got.record, r.record));
	CHECK(got.made.type == OBJECT_EC && got.made.curve == CURVE_P256 && got.made.has_private);
	CHECK(hf_span_equal(got.made.public_key, r.made.public_key));
	for (size_t n = 0; n < b.len; n++)
		CHECK_CODE(crypto_result_decode(HF_SPAN(b.ptr, n), &got), HF_INVALID);
	hf_buf_u8(&b, 0);
	CHECK_CODE(crypto_result_decode(hf_buf_span(&b), &got), HF_INVALID);
}

static void a_failure_says_why_and_whether_the_slot_is_ill(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(CRYPTO_RESULT_ENCODED_MAX);
	struct crypto_result r = { .outcome = OP_RETRY,
		                   .code = HF_IO,
		                   .text = "C_Sign: CKR_DEVICE_ERROR",
		                   .unhealthy = true,
		                   .data = HF_SPAN(bytes, 40) };
	struct crypto_result got;

	CHECK_OK(pass_result(&r, &b, &got));
	CHECK(got.outcome == OP_RETRY && got.code == HF_IO && got.unhealthy);
	assert_string_equal(got.text, r.text);
	CHECK(got.data.len == 0);
	r.code = HF_OK;
	CHECK_CODE(pass_result(&r, &b, &got), HF_INVALID);
}

static void a_part_that_says_nothing_is_refused(void **state)
{
	static const uint8_t empty_data[] = { 1, OP_DONE, 1u << 1, 0, 0, 0, 0 };
	static const uint8_t unknown[] = { 1, OP_DONE, 1u << 7 };
	struct crypto_result got;

	CHECK_CODE(crypto_result_decode(HF_SPAN(empty_data, sizeof(empty_data)), &got), HF_INVALID);
	CHECK_CODE(crypto_result_decode(HF_SPAN(unknown, sizeof(unknown)), &got), HF_INVALID);
}

static void the_keys_of_a_list_come_one_by_one(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(CRYPTO_RESULT_ENCODED_MAX);
	HF_BUF_SCOPED struct hf_buf list = HF_BUF(CRYPTO_DATA_MAX);
	struct key_shape key = pair_shape();
	struct crypto_result r = { .outcome = OP_DONE, .cursor = 2, .total = 9 }, got;
	struct hf_reader reader;

	crypto_list_add(&list, &key);
	key = (struct key_shape){ .type = OBJECT_AES, .bits = 128, .kcv = { 9, 8, 7 } };
	key.have_kcv = true;
	crypto_list_add(&list, &key);
	r.list = hf_buf_span(&list);
	CHECK_OK(pass_result(&r, &b, &got));
	CHECK(got.cursor == 2 && got.total == 9);
	reader = hf_reader(got.list);
	CHECK_OK(crypto_list_next(&reader, &key));
	CHECK(key.type == OBJECT_EC && hf_span_is(key.label, "a"));
	CHECK_OK(crypto_list_next(&reader, &key));
	CHECK(key.type == OBJECT_AES && key.have_kcv && key.kcv[1] == 8);
	CHECK_CODE(crypto_list_next(&reader, &key), HF_NOTFOUND);
	reader = hf_reader(HF_SPAN(got.list.ptr, got.list.len - 1));
	CHECK_OK(crypto_list_next(&reader, &key));
	CHECK_CODE(crypto_list_next(&reader, &key), HF_INVALID);
	CHECK_CODE(crypto_list_next(&reader, &key), HF_INVALID); /* and never "no more" */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_read_back_to_the_same_bytes),
		cmocka_unit_test(a_signature_says_its_key_its_mechanism_and_its_data),
		cmocka_unit_test(an_empty_label_is_not_no_label),
		cmocka_unit_test(the_largest_operation_fits),
		cmocka_unit_test(what_no_encoder_makes_is_refused),
		cmocka_unit_test(no_prefix_and_no_byte_more_is_an_operation),
		cmocka_unit_test(only_what_makes_keys_is_not_sent_twice_blindly),
		cmocka_unit_test(a_result_is_read_back),
		cmocka_unit_test(a_failure_says_why_and_whether_the_slot_is_ill),
		cmocka_unit_test(a_part_that_says_nothing_is_refused),
		cmocka_unit_test(the_keys_of_a_list_come_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
