/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "gateway/choose.h"

#include <string.h>

static const struct hsmhost_tokens tokens = {
	.library = "Lib",
	.n = 5,
	.list = { { .slot = 0, .label = "first", .serial = "1111" },
	          { .slot = 7, .label = "second", .serial = "2222" },
	          { .slot = 8, .label = "twin", .serial = "3333" },
	          { .slot = 9, .label = "twin", .serial = "3333" },
	          { .slot = 10, .label = "nameless" } },
};

static hf_status choose(uint64_t slot, const char *serial, struct hsmhost_token *ret,
                        struct hf_err *err)
{
	struct slot_open open = { .slot = slot };

	strcpy(open.serial, serial);
	return choose_token(&tokens, &open, ret, err);
}

static void a_slot_number_alone_takes_what_is_there(void **state)
{
	struct hsmhost_token got;
	struct hf_err err;

	CHECK_OK(choose(7, "", &got, &err));
	assert_string_equal(got.label, "second");
	CHECK_OK(choose(10, "", &got, &err));
	CHECK_CODE(choose(1, "", &got, &err), HF_NOTFOUND);
	CHECK(strstr(err.text, "slot 1;") && strstr(err.text, "slot 7: second (serial 2222)"));
}

static void the_expected_token_is_followed_to_its_slot(void **state)
{
	struct hsmhost_token got;
	struct hf_err err;

	CHECK_OK(choose(0, "1111", &got, &err));
	CHECK(got.slot == 0);
	CHECK_OK(choose(0, "2222", &got, &err));
	CHECK(got.slot == 7);
	CHECK_OK(choose(99, "2222", &got, &err));
	CHECK(got.slot == 7);
}

static void another_token_is_not_taken_for_it(void **state)
{
	struct hsmhost_token got = { .label = "untouched" };
	struct hf_err err;

	CHECK_CODE(choose(0, "4444", &got, &err), HF_EXISTS);
	CHECK(strstr(err.text, "first") && strstr(err.text, "1111") && strstr(err.text, "4444"));
	CHECK_CODE(choose(99, "4444", &got, &err), HF_NOTFOUND);
	CHECK_CODE(choose(10, "1112", &got, &err), HF_EXISTS);
	assert_string_equal(got.label, "untouched");
}

static void of_two_with_one_serial_number_only_the_slot_decides(void **state)
{
	struct hsmhost_token got;
	struct hf_err err;

	CHECK_OK(choose(9, "3333", &got, &err));
	CHECK(got.slot == 9);
	CHECK_CODE(choose(0, "3333", &got, &err), HF_EXISTS);
}

static void a_selector_follows_where_the_serial_number_is_one_tokens_alone(void **state)
{
	struct hsmhost_token odd = { .slot = 11, .serial = "a b" };
	char text[SLOT_SELECTOR_MAX];

	choose_selector(&tokens, &tokens.list[1], text);
	assert_string_equal(text, "serial:2222");
	choose_selector(&tokens, &tokens.list[3], text);
	assert_string_equal(text, "number:9");
	choose_selector(&tokens, &tokens.list[4], text);
	assert_string_equal(text, "number:10");
	choose_selector(&tokens, &odd, text);
	assert_string_equal(text, "number:11");
}

static void no_token_at_all_is_said_so(void **state)
{
	static const struct hsmhost_tokens none;
	struct slot_open open = { .slot = 1 };
	struct hsmhost_token got;
	struct hf_err err;

	CHECK_CODE(choose_token(&none, &open, &got, &err), HF_NOTFOUND);
	CHECK(strstr(err.text, "no token at all"));
}

static void a_long_list_is_cut_off(void **state)
{
	static struct hsmhost_tokens many = { .n = HSMHOST_TOKENS_MAX };
	struct slot_open open = { .slot = 99999 };
	struct hsmhost_token got;
	struct hf_err err;

	for (size_t i = 0; i < many.n; i++) {
		many.list[i].slot = i;
		memset(many.list[i].label, 'x', 32);
	}
	CHECK_CODE(choose_token(&many, &open, &got, &err), HF_NOTFOUND);
	CHECK(strlen(err.text) < 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_number_alone_takes_what_is_there),
		cmocka_unit_test(the_expected_token_is_followed_to_its_slot),
		cmocka_unit_test(another_token_is_not_taken_for_it),
		cmocka_unit_test(of_two_with_one_serial_number_only_the_slot_decides),
		cmocka_unit_test(a_selector_follows_where_the_serial_number_is_one_tokens_alone),
		cmocka_unit_test(no_token_at_all_is_said_so),
		cmocka_unit_test(a_long_list_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
