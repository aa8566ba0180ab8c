/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "chain/protobuf.h"

static hf_status first(const char *hex, struct pb_field *ret)
{
	static struct hf_buf bytes = HF_BUF(64); /* the field points into it */
	struct hf_reader r;

	hf_buf_clear(&bytes);
	CHECK_OK(hf_unhex(hf_span_text(hex), &bytes));
	r = hf_reader(hf_buf_span(&bytes));
	return pb_next(&r, ret);
}

/* The examples of https://protobuf.dev/programming-guides/encoding/ */
static void the_examples_of_the_documentation(void **state)
{
	struct pb_field f;

	CHECK_OK(first("089601", &f));
	CHECK(f.number == 1 && f.wire == PB_VARINT && f.value == 150);
	CHECK_OK(first("120774657374696e67", &f));
	CHECK(f.number == 2 && f.wire == PB_BYTES && hf_span_is(f.bytes, "testing"));
	CHECK_OK(first("08feffffffffffffffff01", &f)); /* -2 */
	CHECK(f.value == UINT64_MAX - 1);
	CHECK_OK(first("0d01020304", &f));
	CHECK(f.wire == PB_FIXED32 && f.value == 0x04030201);
	CHECK_OK(first("090102030405060708", &f));
	CHECK(f.wire == PB_FIXED64 && f.value == 0x0807060504030201);
}

static void malformed_fields_are_refused(void **state)
{
	static const char *const rows[] = {
		"",                         /* nothing */
		"00",                       /* field 0 */
		"08",                       /* no value */
		"0880",                     /* a number, cut off */
		"088000",                   /* not in its shortest form */
		"08ffffffffffffffffff02",   /* beyond 64 bits */
		"08ffffffffffffffffffff01", /* 11 bytes */
		"0a05aaaa",                 /* bytes, cut off */
		"0affffffffffffffffff01",   /* of a length beyond everything */
		"0d0102",                   /* a fixed number, cut off */
		"0b",                       /* a group */
		"0c",
		"0e",
		"0f",
		"ffffffffff7f", /* a field number beyond 2^29 */
	};
	struct pb_field f;

	for (size_t i = 0; i < HF_COUNT(rows); i++)
		CHECK_CODE(first(rows[i], &f), HF_INVALID);
}

static void a_message_has_only_what_is_known_and_each_once(void **state)
{
	uint64_t number = 7;
	struct hf_span text = { 0 };
	const struct pb_slot slots[] = {
		{ 1, PB_VARINT, &number, NULL },
		{ 2, PB_BYTES, NULL, &text },
	};

	CHECK_OK(pb_read((struct hf_span){ 0 }, slots, 2));
	assert_int_equal(number, 7);
	CHECK_OK(pb_read(HF_SPAN("\x12\x01x\x08\x05", 5), slots, 2));
	CHECK(number == 5 && hf_span_is(text, "x"));
	CHECK_CODE(pb_read(HF_SPAN("\x08\x05\x08\x05", 4), slots, 2), HF_UNSUPPORTED);
	CHECK_CODE(pb_read(HF_SPAN("\x18\x05", 2), slots, 2), HF_UNSUPPORTED);
	CHECK_CODE(pb_read(HF_SPAN("\x0a\x00", 2), slots, 2), HF_UNSUPPORTED);
	CHECK_CODE(pb_read(HF_SPAN("\x08", 1), slots, 2), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_documentation),
		cmocka_unit_test(malformed_fields_are_refused),
		cmocka_unit_test(a_message_has_only_what_is_known_and_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
