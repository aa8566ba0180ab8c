/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "signer/checked.h"

#include <stdio.h>
#include <string.h>

static struct hf_span record(char to[32], int i)
{
	snprintf(to, 32, "record %d", i);
	return hf_span_text(to);
}

static void only_the_very_bytes_are_remembered(void **state)
{
	struct checked *c;

	CHECK_OK(checked_new(16, &c));
	CHECK(!checked_has(c, hf_span_text("a")));
	checked_add(c, hf_span_text("a"));
	checked_add(c, hf_span_text("a"));
	CHECK(checked_has(c, hf_span_text("a")));
	CHECK(!checked_has(c, hf_span_text("b")));
	CHECK(!checked_has(c, HF_SPAN("a\0", 2)));
	CHECK(!checked_has(c, HF_SPAN(NULL, 0)));
	checked_free(c);
}

static void what_was_used_last_stays_and_the_number_is_bounded(void **state)
{
	struct checked *c;
	char text[32];
	int held = 0;

	CHECK_OK(checked_new(64, &c));
	checked_add(c, hf_span_text("often"));
	for (int i = 0; i < 1000; i++) {
		checked_add(c, record(text, i));
		CHECK(checked_has(c, record(text, i)));
		CHECK(checked_has(c, hf_span_text("often")));
	}
	for (int i = 0; i < 1000; i++)
		held += checked_has(c, record(text, i));
	CHECK(held > 32 && held < 64);
	checked_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_very_bytes_are_remembered),
		cmocka_unit_test(what_was_used_last_stays_and_the_number_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
