/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/clock.h"
#include "base/id.h"

#include <string.h>

static void an_id_has_the_shape_of_the_api(void **state)
{
	char id[HF_ID_MAX];

	hf_id_new("key", id);
	CHECK(hf_id_valid("key", id));
	CHECK(strlen(id) == 3 + 1 + 5 + 1 + 5 + 1 + 16);
}

static void a_later_id_sorts_later(void **state)
{
	char a[HF_ID_MAX], b[HF_ID_MAX];

	hf_id_new("sig", a);
	for (int i = 0; i < 10000; i++) { /* many in one millisecond */
		hf_id_new("sig", b);
		CHECK(strcmp(a, b) < 0);
		memcpy(a, b, sizeof(a));
	}
}

static void another_prefix_length_or_letter_is_no_id(void **state)
{
	char id[HF_ID_MAX];

	hf_id_new("key", id);
	CHECK(!hf_id_valid("sig", id));
	id[8] = 'u'; /* not in the alphabet */
	CHECK(!hf_id_valid("key", id));
	CHECK(!hf_id_valid("key", "key-"));
	CHECK(!hf_id_valid("key", ""));
	CHECK(!hf_id_valid("key", "key-00000-00000-00000000000000001"));
}

static void times_are_written_in_iso_8601(void **state)
{
	char text[HF_ISO_LEN];

	hf_iso_time(1795217284123, text);
	assert_string_equal(text, "2026-11-20T23:28:04.123Z");
}

static void times_in_the_basic_format_go_there_and_back(void **state)
{
	static const char *const no[] = { "",
		                          "20261120T232804",
		                          "2026-11-20T23:28:04Z",
		                          "20261320T232804Z",
		                          "20261120T2328040Z",
		                          "20261120 232804Z" };
	char text[HF_BASIC_LEN];
	int64_t ms;

	hf_basic_time(INT64_C(1795217284000), text);
	assert_string_equal(text, "20261120T232804Z");
	CHECK_OK(hf_basic_parse(text, &ms));
	CHECK(ms == INT64_C(1795217284000));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		CHECK_CODE(hf_basic_parse(no[i], &ms), HF_INVALID);
}

static void backoff_stays_within_its_bounds(void **state)
{
	for (unsigned attempt = 0; attempt < 70; attempt++) {
		int64_t wait = hf_backoff_ms(attempt, 100, 5000);

		CHECK(wait >= 50 && wait <= 5000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_has_the_shape_of_the_api),
		cmocka_unit_test(a_later_id_sorts_later),
		cmocka_unit_test(another_prefix_length_or_letter_is_no_id),
		cmocka_unit_test(times_are_written_in_iso_8601),
		cmocka_unit_test(times_in_the_basic_format_go_there_and_back),
		cmocka_unit_test(backoff_stays_within_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
