/* SPDX-License-Identifier: Apache-2.0 */
#include "records.h"

#include "keydb/keydb.h"

#include <pthread.h>
#include <time.h>

#define NOW INT64_C(1790000000000)

static struct tempdb temp;
static struct db *db;

static int set_up(void **state)
{
	struct db_config config;

	tempdb_make(&temp);
	config = tempdb_config(&temp);
	CHECK_OK(keydb_open(&config, &db, NULL));
	return 0;
}

static int tear_down(void **state)
{
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static struct keydb_spend spend_of(const char *action, uint8_t input, uint64_t job, int64_t issued)
{
	struct keydb_spend s = { .issued_ms = issued, .input_hash = { input }, .job = job };

	snprintf(s.action_id, sizeof(s.action_id), "%s", action);
	return s;
}

static void spend_all(struct keydb_spend *list, size_t n)
{
	CHECK_OK(db_begin(db));
	CHECK_OK(keydb_spend_all(db, list, n));
	CHECK_OK(db_commit(db, DB_DURABLE));
}

static hf_status spend(const char *action, uint8_t input, uint64_t job, int64_t issued)
{
	struct keydb_spend s = spend_of(action, input, job, issued);

	spend_all(&s, 1);
	return s.status;
}

static void forget(int64_t before, size_t max)
{
	CHECK_OK(db_begin(db));
	CHECK_OK(keydb_spent_forget(db, before, max));
	CHECK_OK(db_commit(db, DB_DURABLE));
}

static void an_action_is_spent_for_one_job_however_often_that_comes(void **state)
{
	CHECK_OK(spend("ua-1", 1, 7, NOW));
	CHECK_OK(spend("ua-1", 1, 7, NOW));
	CHECK_CODE(spend("ua-1", 1, 8, NOW), HF_EXISTS);
	CHECK_CODE(spend("ua-1", 1, UINT64_MAX, NOW), HF_EXISTS);
	CHECK_OK(spend("ua-1", 1, 7, NOW));
}

/* A transaction with several inputs is signed once for each. */
static void each_input_of_an_action_is_spent_by_itself(void **state)
{
	CHECK_OK(spend("ua-1", 1, 7, NOW));
	CHECK_OK(spend("ua-1", 2, 8, NOW));
	CHECK_CODE(spend("ua-1", 2, 9, NOW), HF_EXISTS);
	CHECK_OK(spend("ua-2", 1, 9, NOW));
}

static void of_two_at_once_one_has_it(void **state)
{
	struct keydb_spend list[] = { spend_of("ua-2", 1, 1, NOW), spend_of("ua-1", 1, 1, NOW),
		                      spend_of("ua-2", 1, 2, NOW), spend_of("ua-1", 1, 1, NOW) };

	spend_all(list, HF_COUNT(list));
	CHECK_OK(list[1].status);
	CHECK_OK(list[3].status);
	CHECK(hf_ok(list[0].status) != hf_ok(list[2].status));
}

/* Otherwise whoever is allowed older proofs later would have those signed for again. */
static void what_was_forgotten_is_refused_from_then_on(void **state)
{
	CHECK_OK(spend("ua-1", 1, 1, NOW));
	CHECK_OK(spend("ua-2", 1, 2, NOW + 1000));
	forget(NOW, 10); /* none is so old: nothing changes */
	CHECK_OK(spend("ua-0", 1, 3, NOW - 1));
	forget(NOW + 1000, 10);
	CHECK_CODE(spend("ua-1", 1, 9, NOW), HF_TIMEOUT);
	CHECK_CODE(spend("ua-3", 1, 9, NOW + 999), HF_TIMEOUT);
	CHECK_OK(spend("ua-3", 1, 9, NOW + 1000));
	CHECK_CODE(spend("ua-2", 1, 9, NOW + 1000), HF_EXISTS);
	forget(NOW, 10); /* never back */
	CHECK_CODE(spend("ua-3", 1, 9, NOW + 999), HF_TIMEOUT);
}

/* Another driver, whose proofs may be older than those that the first still remembers. */
static void *spend_again(void *arg)
{
	struct keydb_spend *s = arg;
	struct db_config config = tempdb_config(&temp);
	struct db *other;

	CHECK_OK(keydb_open(&config, &other, NULL));
	CHECK_OK(db_begin(other));
	CHECK_OK(keydb_spend_all(other, s, 1));
	CHECK_OK(db_commit(other, DB_DURABLE));
	db_close(other);
	return NULL;
}

static void what_is_being_forgotten_is_not_spent_again(void **state)
{
	const struct timespec meanwhile = { .tv_nsec = 200000000 };
	struct keydb_spend again = spend_of("ua-1", 1, 9, NOW);
	pthread_t thread;

	CHECK_OK(spend("ua-1", 1, 7, NOW));
	CHECK_OK(db_begin(db));
	CHECK_OK(keydb_spent_forget(db, NOW + 1, 10));
	CHECK(pthread_create(&thread, NULL, spend_again, &again) == 0);
	nanosleep(&meanwhile, NULL);
	CHECK_OK(db_commit(db, DB_DURABLE));
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK_CODE(again.status, HF_TIMEOUT);
}

static void the_oldest_are_forgotten_first_and_a_few_at_a_time(void **state)
{
	DB_STMT st = NULL;
	bool row;

	for (uint8_t i = 0; i < 5; i++)
		CHECK_OK(spend("ua-1", i, i, NOW + i));
	forget(NOW + 100, 3);
	CHECK_OK(db_query(db, "SELECT count(*), min(issued_at) FROM spent_actions", &st));
	CHECK_OK(db_step(st, &row));
	CHECK(row && db_col_int(st, 0) == 2 && db_col_int(st, 1) == NOW + 3);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_action_is_spent_for_one_job_however_often_that_comes),
		TEST(each_input_of_an_action_is_spent_by_itself),
		TEST(of_two_at_once_one_has_it),
		TEST(what_was_forgotten_is_refused_from_then_on),
		TEST(what_is_being_forgotten_is_not_spent_again),
		TEST(the_oldest_are_forgotten_first_and_a_few_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
