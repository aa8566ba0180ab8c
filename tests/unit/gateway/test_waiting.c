/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "gateway/waiting.h"

static struct work early = { .deadline_ms = 100 }, late = { .deadline_ms = 200 };
static struct work_item items[4];

static void fill(struct waiting *w)
{
	waiting_init(w);
	for (size_t i = 0; i < HF_COUNT(items); i++) {
		items[i].work = i % 2 ? &late : &early;
		waiting_add(w, &items[i]);
	}
}

static void they_come_out_in_their_order(void **state)
{
	struct waiting w;

	fill(&w);
	for (size_t i = 0; i < HF_COUNT(items); i++) {
		assert_int_equal(w.n, HF_COUNT(items) - i);
		assert_ptr_equal(waiting_next(&w), &items[i]);
	}
	assert_null(waiting_next(&w));
	waiting_add(&w, &items[2]); /* after it was empty */
	assert_ptr_equal(waiting_next(&w), &items[2]);
}

static void those_whose_time_is_over_are_taken_out(void **state)
{
	struct waiting w, over;

	fill(&w);
	assert_int_equal(waiting_expire(&w, 99, &over), 100);
	CHECK(w.n == 4 && over.n == 0);
	assert_int_equal(waiting_expire(&w, 100, &over), 200);
	CHECK(w.n == 2 && over.n == 2);
	assert_ptr_equal(waiting_next(&over), &items[0]);
	assert_ptr_equal(waiting_next(&over), &items[2]);
	assert_ptr_equal(waiting_next(&w), &items[1]);
	assert_int_equal(waiting_expire(&w, 1000, &over), INT64_MAX);
	CHECK(w.n == 0 && over.n == 1 && !w.first);
	waiting_add(&w, &items[0]);
	assert_ptr_equal(waiting_next(&w), &items[0]);
}

static void one_list_is_put_behind_another(void **state)
{
	struct waiting w, more;

	waiting_init(&w);
	fill(&more);
	waiting_move(&w, &more);
	CHECK(w.n == 4 && more.n == 0 && !waiting_next(&more));
	waiting_move(&w, &more); /* nothing */
	assert_int_equal(w.n, 4);
	while (w.n > 1)
		CHECK(waiting_next(&w));
	waiting_add(&more, &items[0]);
	waiting_move(&w, &more);
	assert_ptr_equal(waiting_next(&w), &items[3]);
	assert_ptr_equal(waiting_next(&w), &items[0]);
	CHECK(!waiting_next(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_come_out_in_their_order),
		cmocka_unit_test(those_whose_time_is_over_are_taken_out),
		cmocka_unit_test(one_list_is_put_behind_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
