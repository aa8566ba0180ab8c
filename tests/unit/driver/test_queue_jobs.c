/* SPDX-License-Identifier: Apache-2.0 */
#include "../check.h"

#include "base/scope.h"
#include "driver/queue_jobs.h"

static struct queue_jobs *table;

static int set_up(void **state)
{
	table = calloc(1, sizeof(*table));
	return table ? 0 : -1;
}

static int tear_down(void **state)
{
	queue_jobs_clear(table);
	free(table);
	return 0;
}

static struct queue_job *add(uint64_t number)
{
	struct poll_job from = { .job = number, .attempt = 1, .op = HF_SPAN("op", 2) };
	struct queue_job *job = NULL;

	CHECK_OK(queue_jobs_add(table, &from, &job));
	return job;
}

static void end(struct queue_job *job)
{
	queue_jobs_finish(table, job, &(struct op_result){ .outcome = OP_RETRY, .code = HF_BUSY });
}

static void a_job_held_already_is_not_taken_twice(void **state)
{
	struct poll_job again = { .job = 7, .op = HF_SPAN("op", 2) };
	struct queue_job *job;

	add(7);
	CHECK_CODE(queue_jobs_add(table, &again, &job), HF_EXISTS);
	add(7 + QUEUE_BUCKETS);
	assert_int_equal(table->held, 2);
}

static void a_result_is_kept_until_it_is_acknowledged(void **state)
{
	struct poll_result out[4];

	end(add(1));
	assert_int_equal(queue_jobs_send(table, 0, out, 4), 1);
	assert_int_equal(out[0].job, 1);
	assert_int_equal(queue_jobs_send(table, 1, out, 4), 0);
	queue_jobs_settle(table, 0, false);
	assert_int_equal(table->ready, 1);
	assert_int_equal(queue_jobs_send(table, 1, out, 4), 1);
	queue_jobs_settle(table, 0, true);
	assert_int_equal(table->held, 1);
	queue_jobs_settle(table, 1, true);
	assert_int_equal(table->held, 0);
}

/* The queue gives a returned job out again at once, and that answer may overtake the one that
 * acknowledges the return. */
static void a_job_that_comes_again_while_its_return_travels_is_taken(void **state)
{
	struct poll_job again = { .job = 1, .attempt = 2, .op = HF_SPAN("op", 2) };
	struct poll_result out[4];
	struct queue_job *job;

	end(add(1));
	assert_int_equal(queue_jobs_send(table, 0, out, 4), 1);
	CHECK_OK(queue_jobs_add(table, &again, &job));
	assert_int_equal(table->held, 2);
	queue_jobs_settle(table, 0, true);
	assert_int_equal(table->held, 1);
	end(job);
	assert_int_equal(queue_jobs_send(table, 0, out, 4), 1);
}

static void a_return_that_was_lost_is_not_repeated_once_its_job_has_come_again(void **state)
{
	struct poll_job again = { .job = 1, .attempt = 2, .op = HF_SPAN("op", 2) };
	struct poll_result out[4];
	struct queue_job *job;

	end(add(1));
	queue_jobs_send(table, 0, out, 4);
	CHECK_OK(queue_jobs_add(table, &again, &job));
	queue_jobs_settle(table, 0, false);
	assert_int_equal(table->ready, 0);
	assert_int_equal(table->working, 1);
}

static void a_request_takes_no_more_results_than_fit(void **state)
{
	struct poll_result out[2];

	for (uint64_t i = 1; i <= 5; i++)
		end(add(i));
	assert_int_equal(queue_jobs_send(table, 0, out, 2), 2);
	assert_int_equal(queue_jobs_send(table, 1, out, 2), 2);
	queue_jobs_settle(table, 0, true);
	assert_int_equal(table->held, 3);
	assert_int_equal(table->ready, 1);
	assert_int_equal(table->sent, 2);
}

static void every_job_is_named_but_those_answered_in_the_same_request(void **state)
{
	struct poll_result out[4];
	static uint64_t numbers[POLL_WORKING_MAX];

	add(1);
	end(add(2));
	assert_int_equal(queue_jobs_send(table, 0, out, 4), 1);
	end(add(3));
	assert_int_equal(queue_jobs_numbers(table, 0, numbers), 2);
	assert_int_equal(queue_jobs_numbers(table, 1, numbers), 3);
}

static void no_more_are_held_than_one_request_can_name(void **state)
{
	struct poll_job from = { .op = HF_SPAN("op", 2) };
	struct queue_job *job;

	for (uint64_t i = 0; i < POLL_WORKING_MAX; i++)
		add(i);
	from.job = POLL_WORKING_MAX;
	CHECK_CODE(queue_jobs_add(table, &from, &job), HF_TOOBIG);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_job_held_already_is_not_taken_twice),
		TEST(a_result_is_kept_until_it_is_acknowledged),
		TEST(a_job_that_comes_again_while_its_return_travels_is_taken),
		TEST(a_return_that_was_lost_is_not_repeated_once_its_job_has_come_again),
		TEST(a_request_takes_no_more_results_than_fit),
		TEST(every_job_is_named_but_those_answered_in_the_same_request),
		TEST(no_more_are_held_than_one_request_can_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
