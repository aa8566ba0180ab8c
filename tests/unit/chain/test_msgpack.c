/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "chain/msgpack.h"

#include <string.h>

#define READER(s) hf_reader(HF_SPAN(s, sizeof(s) - 1))

static void numbers_are_read_in_their_shortest_form_only(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint64_t value;
		enum hf_code code;
	} numbers[] = {
		{ "\x7f", 1, 127, HF_OK },
		{ "\xcc\x80", 2, 128, HF_OK },
		{ "\xcc\x7f", 2, 0, HF_INVALID },
		{ "\xcd\x01\x00", 3, 256, HF_OK },
		{ "\xcd\x00\xff", 3, 0, HF_INVALID },
		{ "\xce\x00\x01\x00\x00", 5, 65536, HF_OK },
		{ "\xce\x00\x00\xff\xff", 5, 0, HF_INVALID },
		{ "\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 9, 1ull << 32, HF_OK },
		{ "\xcf\x00\x00\x00\x00\xff\xff\xff\xff", 9, 0, HF_INVALID },
		{ "\xff", 1, 0, HF_INVALID },
		{ "\xd0\x01", 2, 0, HF_INVALID },
		{ "\xcd\x01", 2, 0, HF_INVALID },
		{ "", 0, 0, HF_INVALID },
	};

	for (size_t i = 0; i < HF_COUNT(numbers); i++) {
		struct hf_reader r = hf_reader(HF_SPAN(numbers[i].bytes, numbers[i].len));
		uint64_t value = 0;

		CHECK_CODE(msgpack_uint(&r, &value), numbers[i].code);
		CHECK(value == numbers[i].value);
	}
}

static hf_status read_keys(struct hf_reader r, size_t *n)
{
	struct msgpack_map map;
	struct hf_span item;
	bool more;

	HF_TRY(msgpack_open(&r, &map));
	for (*n = 0;; ++*n) {
		HF_TRY(msgpack_next(&r, &map, &more));
		if (!more)
			return hf_reader_end(&r);
		HF_TRY(msgpack_item(&r, &item));
	}
}

static void keys_come_in_ascending_order(void **state)
{
	size_t n;

	CHECK_OK(read_keys(READER("\x82\xa1"
	                          "a\x01\xa1"
	                          "b\x92\xc2\x81\xa1x\xc4\x01y"),
	                   &n));
	assert_int_equal(n, 2);
	CHECK_CODE(read_keys(READER("\x82\xa1"
	                            "b\x01\xa1"
	                            "a\x02"),
	                     &n),
	           HF_INVALID);
	CHECK_CODE(read_keys(READER("\x82\xa1"
	                            "a\x01\xa1"
	                            "a\x02"),
	                     &n),
	           HF_INVALID);
	CHECK_CODE(read_keys(READER("\x81\x01\x01"), &n), HF_INVALID);
	CHECK_CODE(read_keys(READER("\x81\xa0\x01"), &n), HF_INVALID);
}

static void what_is_cut_off_or_too_deep_is_refused(void **state)
{
	char deep[MSGPACK_DEPTH_MAX + 1];
	struct hf_reader r;
	struct hf_span item;
	size_t n;

	CHECK_CODE(read_keys(READER("\x82\xa1"
	                            "a\x01"),
	                     &n),
	           HF_INVALID);
	CHECK_CODE(read_keys(READER("\xdf\xff\xff\xff\xff"), &n), HF_INVALID);
	r = READER("\xc4\x05"
	           "abcd");
	CHECK_CODE(msgpack_bytes(&r, &item), HF_INVALID);
	r = READER("\xca\x00\x00\x00\x00");
	CHECK_CODE(msgpack_item(&r, &item), HF_INVALID);
	memset(deep, 0x91, sizeof(deep) - 1);
	deep[MSGPACK_DEPTH_MAX] = 1;
	r = hf_reader(HF_SPAN(deep, sizeof(deep)));
	CHECK_CODE(msgpack_item(&r, &item), HF_TOOBIG);
	r = hf_reader(HF_SPAN(deep + 1, sizeof(deep) - 1));
	CHECK_OK(msgpack_item(&r, &item));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_in_their_shortest_form_only),
		cmocka_unit_test(keys_come_in_ascending_order),
		cmocka_unit_test(what_is_cut_off_or_too_deep_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
