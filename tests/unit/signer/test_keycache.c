/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "signer/keycache.h"

#include <stdio.h>

#define RECORD hf_span_text("record")

static struct keycache *cache_of(size_t cap, int64_t ttl_ms)
{
	struct keycache *c = NULL;

	CHECK_OK(keycache_new(cap, ttl_ms, &c));
	return c;
}

static void a_handle_answers_to_its_own_record_only(void **state)
{
	struct keycache *c = cache_of(4, 0);

	assert_int_equal(keycache_put(c, "key-1", RECORD, 11, 0), P11_NO_OBJECT);
	assert_int_equal(keycache_get(c, "key-1", RECORD, 0), 11);
	assert_int_equal(keycache_get(c, "key-1", hf_span_text("another"), 0), P11_NO_OBJECT);
	assert_int_equal(keycache_get(c, "key-2", RECORD, 0), P11_NO_OBJECT);
	/* the new record takes its place and gives the old handle back */
	assert_int_equal(keycache_put(c, "key-1", hf_span_text("another"), 12, 0), 11);
	assert_int_equal(keycache_count(c), 1);
	keycache_free(c);
}

static void the_least_recently_used_goes_first(void **state)
{
	struct keycache *c = cache_of(2, 0);

	(void)keycache_put(c, "a", RECORD, 1, 0);
	(void)keycache_put(c, "b", RECORD, 2, 0);
	assert_int_equal(keycache_get(c, "a", RECORD, 0), 1);
	assert_int_equal(keycache_put(c, "c", RECORD, 3, 0), 2);
	assert_int_equal(keycache_get(c, "a", RECORD, 0), 1);
	assert_int_equal(keycache_get(c, "b", RECORD, 0), P11_NO_OBJECT);
	keycache_free(c);
}

static void time_counts_from_the_unwrapping_not_from_the_last_use(void **state)
{
	struct keycache *c = cache_of(4, 100);

	(void)keycache_put(c, "a", RECORD, 1, 1000);
	(void)keycache_put(c, "b", RECORD, 2, 1050);
	assert_int_equal(keycache_get(c, "a", RECORD, 1099), 1);
	assert_int_equal(keycache_get(c, "a", RECORD, 1100), P11_NO_OBJECT);
	assert_int_equal(keycache_expired(c, 1100), 1);
	assert_int_equal(keycache_expired(c, 1100), P11_NO_OBJECT);
	assert_int_equal(keycache_count(c), 1);
	keycache_free(c);
}

static void every_handle_comes_back_exactly_once(void **state)
{
	enum { CAP = 50, KEYS = 400 };
	struct keycache *c = cache_of(CAP, 0);
	unsigned seen[KEYS + 1] = { 0 };
	CK_OBJECT_HANDLE handle;

	for (unsigned i = 1; i <= KEYS; i++) {
		char id[16];

		snprintf(id, sizeof(id), "key-%u", i);
		handle = keycache_put(c, id, RECORD, i, 0);
		if (handle != P11_NO_OBJECT)
			seen[handle]++;
	}
	assert_int_equal(keycache_count(c), CAP);
	while ((handle = keycache_pop(c)) != P11_NO_OBJECT)
		seen[handle]++;
	for (unsigned i = 1; i <= KEYS; i++)
		assert_int_equal(seen[i], 1);
	keycache_free(c);
}

static void a_cache_of_none_hands_the_handle_back(void **state)
{
	struct keycache *c = cache_of(0, 0);

	assert_int_equal(keycache_put(c, "a", RECORD, 9, 0), 9);
	assert_int_equal(keycache_get(c, "a", RECORD, 0), P11_NO_OBJECT);
	keycache_free(c);
}

static void an_old_handle_may_be_looked_at_and_one_that_is_stale_dropped(void **state)
{
	struct keycache *c = cache_of(4, 100);
	bool expired = true;

	(void)keycache_put(c, "a", RECORD, 1, 1000);
	assert_int_equal(keycache_peek(c, "a", RECORD, 1099, &expired), 1);
	CHECK(!expired);
	assert_int_equal(keycache_peek(c, "a", RECORD, 1100, &expired), 1);
	CHECK(expired);
	assert_int_equal(keycache_peek(c, "a", hf_span_text("x"), 1099, &expired), P11_NO_OBJECT);
	keycache_drop(c, "a");
	keycache_drop(c, "never there");
	assert_int_equal(keycache_peek(c, "a", RECORD, 1099, &expired), P11_NO_OBJECT);
	assert_int_equal(keycache_count(c), 0);
	keycache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handle_answers_to_its_own_record_only),
		cmocka_unit_test(the_least_recently_used_goes_first),
		cmocka_unit_test(time_counts_from_the_unwrapping_not_from_the_last_use),
		cmocka_unit_test(every_handle_comes_back_exactly_once),
		cmocka_unit_test(an_old_handle_may_be_looked_at_and_one_that_is_stale_dropped),
		cmocka_unit_test(a_cache_of_none_hands_the_handle_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
