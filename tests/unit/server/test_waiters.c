/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/clock.h"
#include "server/core/queue/waiters.h"

#include <string.h>

struct one {
	struct waiter waiter; /* first */
	int calls;
	enum waiter_reason reason;
};

static void called(struct waiter *w, enum waiter_reason reason)
{
	struct one *one = (struct one *)w;

	one->calls++;
	one->reason = reason;
}

static void add(struct waiters *ws, struct one *one, const char *id, int64_t wait_ms)
{
	*one = (struct one){ 0 };
	strcpy(one->waiter.subject_id, id);
	one->waiter.deadline_ms = hf_mono_ms() + wait_ms;
	one->waiter.fn = called;
	waiters_add(ws, &one->waiter);
}

static void add_with_news(struct waiters *ws, struct one *one, const char *id, char *news)
{
	*one = (struct one){ .waiter = { .deadline_ms = INT64_MAX, .fn = called, .news = news } };
	strcpy(one->waiter.subject_id, id);
	waiters_add(ws, &one->waiter);
}

static void all_that_wait_for_a_subject_are_woken_once_and_no_other(void **state)
{
	struct waiters *ws;
	struct one a, b, other;

	CHECK_OK(waiters_new(&ws));
	add(ws, &a, "sig-1", 1000);
	add(ws, &b, "sig-1", 1000);
	add(ws, &other, "sig-2", 1000);
	waiters_wake(ws, "sig-1");
	waiters_wake(ws, "sig-1");
	CHECK(a.calls == 1 && a.reason == WAITER_WOKEN);
	CHECK(b.calls == 1 && b.reason == WAITER_WOKEN);
	CHECK(other.calls == 0);
	CHECK(waiters_count(ws) == 1);
	waiters_release_all(ws);
	waiters_free(ws);
}

static void a_deadline_ends_the_wait(void **state)
{
	struct waiters *ws;
	struct one soon, later;

	CHECK_OK(waiters_new(&ws));
	add(ws, &soon, "sig-1", -1);
	add(ws, &later, "sig-1", 10000);
	waiters_tick(ws);
	CHECK(soon.calls == 1 && soon.reason == WAITER_TIMEOUT);
	CHECK(later.calls == 0);
	waiters_wake(ws, "sig-1");
	CHECK(soon.calls == 1);
	CHECK(later.calls == 1 && later.reason == WAITER_WOKEN);
	CHECK(waiters_count(ws) == 0);
	waiters_free(ws);
}

static void a_release_ends_all_waits_also_those_that_come_after_it(void **state)
{
	struct waiters *ws;
	struct one before, after;

	CHECK_OK(waiters_new(&ws));
	add(ws, &before, "sig-1", 10000);
	waiters_release_all(ws);
	CHECK(before.calls == 1 && before.reason == WAITER_RELEASED);
	add(ws, &after, "sig-1", 10000);
	CHECK(after.calls == 1 && after.reason == WAITER_RELEASED);
	CHECK(waiters_count(ws) == 0);
	waiters_free(ws);
}

static void news_reaches_whoever_waits_and_has_room(void **state)
{
	struct waiters *ws;
	struct one with = { 0 }, without, other = { 0 };
	char news[8] = "", others[8] = "";

	CHECK_OK(waiters_new(&ws));
	add(ws, &without, "sig-1", 1000);
	add_with_news(ws, &with, "sig-1", news);
	add_with_news(ws, &other, "sig-2", others);
	waiters_tell(ws, "sig-1", "signed", 7);
	CHECK(with.calls == 0 && with.waiter.told);
	waiters_wake(ws, "sig-1");
	CHECK(with.calls == 1 && without.calls == 1 && !without.waiter.told);
	assert_string_equal(news, "signed");
	CHECK(!other.waiter.told && !others[0]);
	waiters_release_all(ws);
	waiters_free(ws);
}

static void a_wake_up_that_came_first_is_remembered_for_one_waiter(void **state)
{
	struct waiters *ws;
	struct one late, later;

	CHECK_OK(waiters_new(&ws));
	waiters_wake(ws, "sig-1");
	add(ws, &late, "sig-1", 1000);
	CHECK(late.calls == 1 && late.reason == WAITER_WOKEN);
	add(ws, &later, "sig-1", 1000);
	CHECK(later.calls == 0 && waiters_count(ws) == 1);
	waiters_release_all(ws);
	waiters_free(ws);
}

static void what_was_told_here_does_not_count_when_another_server_wakes(void **state)
{
	struct waiters *ws;
	struct one one = { 0 };
	char news[8] = "";

	CHECK_OK(waiters_new(&ws));
	add_with_news(ws, &one, "sig-1", news);
	waiters_tell(ws, "sig-1", "signed", 7); /* but that commit failed */
	waiters_look(ws, "sig-1");
	CHECK(one.calls == 1 && one.reason == WAITER_WOKEN && !one.waiter.told);
	add(ws, &one, "sig-1", 1000);
	waiters_look(ws, NULL);
	CHECK(one.calls == 1 && waiters_count(ws) == 0);
	waiters_free(ws);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wake_up_that_came_first_is_remembered_for_one_waiter),
		cmocka_unit_test(what_was_told_here_does_not_count_when_another_server_wakes),
		cmocka_unit_test(news_reaches_whoever_waits_and_has_room),
		cmocka_unit_test(all_that_wait_for_a_subject_are_woken_once_and_no_other),
		cmocka_unit_test(a_deadline_ends_the_wait),
		cmocka_unit_test(a_release_ends_all_waits_also_those_that_come_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
