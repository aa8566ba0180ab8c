/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "server/core/limits.h"

#include <stdio.h>
#include <stdlib.h>

static void so_many_at_once_and_then_one_by_one(void **state)
{
	struct limit *l;

	CHECK_OK(limit_new(3, 3000, &l));
	for (int i = 0; i < 3; i++)
		CHECK(limit_take(l, "a", 1000) == 0);
	CHECK(limit_take(l, "a", 1000) == 1000001);
	CHECK(limit_take(l, "a", 1000 + 500000) == 500001); /* what was refused costs nothing */
	CHECK(limit_take(l, "a", 1000 + 1000000) == 0);
	CHECK(limit_take(l, "a", 1000 + 1000000) > 0);
	for (int i = 0; i < 3; i++)
		CHECK(limit_take(l, "a", 60000000) == 0);
	CHECK(limit_take(l, "a", 60000000) > 0);
	limit_free(l);
}

static void asking_takes_nothing(void **state)
{
	struct limit *l;

	CHECK_OK(limit_new(1, 1000, &l));
	for (int i = 0; i < 5; i++)
		CHECK(limit_ask(l, "a", 1) == 0);
	CHECK(limit_take(l, "a", 1) == 0);
	CHECK(limit_ask(l, "a", 1) > 0);
	limit_free(l);
}

static void each_has_his_own(void **state)
{
	struct limit *l;
	char who[16];

	CHECK_OK(limit_new(1, 60000, &l));
	for (int i = 0; i < 100; i++) {
		snprintf(who, sizeof(who), "%d", i);
		CHECK(limit_take(l, who, 1) == 0);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(who, sizeof(who), "%d", i);
		CHECK(limit_take(l, who, 1) > 0);
	}
	limit_free(l);
}

static void many_others_do_not_free_one_that_is_used_up(void **state)
{
	struct limit *l;
	char who[16];

	CHECK_OK(limit_new(100, 60000, &l));
	for (int i = 0; i < 100; i++)
		CHECK(limit_take(l, "a", 1) == 0);
	for (int i = 0; i < 100000; i++) {
		snprintf(who, sizeof(who), "%d", i);
		limit_take(l, who, 1);
	}
	CHECK(limit_take(l, "a", 1) > 0);
	limit_free(l);
}

static void none_is_no_limit(void **state)
{
	struct limit *l;

	CHECK_OK(limit_new(0, 1000, &l));
	for (int i = 0; i < 1000; i++)
		CHECK(limit_take(l, "a", 1) == 0);
	limit_free(l);
}

static void address_is(const char *peer, const char *expected)
{
	char to[LIMIT_ADDRESS_MAX];

	limit_address(peer, to);
	assert_string_equal(to, expected);
}

static void addresses_are_limited_by_network(void **state)
{
	address_is("192.0.2.1:5678", "192.0.2.1");
	address_is("192.0.2.1", "192.0.2.1");
	address_is("[2001:db8:1:2:3:4:5:6]:5678", "2001:db8:1:2::");
	address_is("2001:db8:1:2:7::", "2001:db8:1:2::");
	address_is("[::ffff:192.0.2.1]:80", "192.0.2.1");
	address_is("[::1]:80", "::");
	address_is("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_at_once_and_then_one_by_one),
		cmocka_unit_test(asking_takes_nothing),
		cmocka_unit_test(each_has_his_own),
		cmocka_unit_test(many_others_do_not_free_one_that_is_used_up),
		cmocka_unit_test(none_is_no_limit),
		cmocka_unit_test(addresses_are_limited_by_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
