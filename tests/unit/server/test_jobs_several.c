/* SPDX-License-Identifier: Apache-2.0
 * Several writers, and several servers, on one queue. With SQLite there is one writer; what is
 * claimed holds there, too. */
#include "queue_fixture.h"

static int setup(void **state)
{
	if (fixture_setup(state) != 0)
		return -1;
	fixture_stop();
	fx.writers = 4;
	fixture_start();
	return 0;
}

static void park(struct driver *d)
{
	driver_send(d);
	while (stats_now().parked == 0)
		usleep(1000);
}

/* Polls until everything is settled, handing in what it got. */
static void *drive(void *arg)
{
	const char *instance = arg;
	struct driver turns[2];
	size_t n = 0;

	for (unsigned turn = 0; stats_now().done < SUBJECTS; turn++) {
		struct driver *d = &turns[turn % 2];
		const struct driver *before = &turns[(turn + 1) % 2];

		driver_init(d, instance, 8, 0);
		for (size_t i = 0; i < n; i++)
			driver_result(d, before->jobs[i], &signed_well);
		driver_send(d);
		n = driver_wait(d);
	}
	return NULL;
}

static void add_all_at_once(void)
{
	static struct call calls[SUBJECTS];
	static struct adding adding[SUBJECTS];

	for (int i = 0; i < SUBJECTS; i++) {
		adding[i] = (struct adding){ .first = i, .n = 1 };
		call_begin(&calls[i], add_run, &adding[i]);
	}
	for (int i = 0; i < SUBJECTS; i++)
		CHECK_OK(call_end(&calls[i]));
}

static void check_all_settled_once(void)
{
	CHECK(rows() == 0);
	for (int i = 0; i < SUBJECTS; i++)
		if (fx.settled[i] < 1 || fx.announced[i] != 1)
			fail_msg("%d: settled %d, announced %d", i, fx.settled[i], fx.announced[i]);
	CHECK(stats_now().done == SUBJECTS && stats_now().failed == 0);
}

static void every_job_is_settled_and_announced_once(void **state)
{
	static char instances[4][2] = { "a", "b", "c", "d" };
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, drive, instances[i]);
	add_all_at_once();
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	check_all_settled_once();
}

static hf_status write_and_fail_run(struct db *db, void *arg)
{
	struct adding a = { .first = 0, .n = 1 };

	HF_TRY(add_run(db, &a));
	return HF_FAILURE(HF_STATE);
}

/* With PostgreSQL a task that fails after it has written makes its group run again. */
static void a_group_that_runs_again_counts_and_deals_nothing_twice(void **state)
{
	static struct call failing[SUBJECTS];
	struct adding a = add(0, SUBJECTS);
	struct driver got, back, parked;

	CHECK(take_jobs(&got, ALICE, SUBJECTS) == SUBJECTS);
	driver_init(&parked, BOB, 8, 5000);
	park(&parked);
	for (int round = 0; round < SUBJECTS / 8; round++) {
		driver_init(&back, ALICE, 0, 0);
		for (int i = 0; i < 8; i++)
			driver_result(&back, a.ids[8 * round + i], &signed_well);
		for (int i = 0; i < 4; i++)
			call_begin(&failing[i], write_and_fail_run, NULL);
		driver_send(&back);
		for (int i = 4; i < 8; i++)
			call_begin(&failing[i], write_and_fail_run, NULL);
		CHECK(driver_wait(&back) == 0);
		for (int i = 0; i < 8; i++)
			CHECK_CODE(call_end(&failing[i]), HF_STATE);
	}
	check_all_settled_once();
	CHECK(!driver_answered_yet(&parked));
	CHECK(stats_now().dealt == SUBJECTS && stats_now().parked == 1);
	add(1, 1);
	CHECK(driver_wait(&parked) == 1);
}

/* Nobody sweeps here: a deal that is missed would never come. */
static void a_poll_and_a_job_that_come_together_find_each_other(void **state)
{
	for (int i = 0; i < 100; i++) {
		struct adding a = { .first = i % SUBJECTS, .n = 1 };
		struct call adding;
		struct driver d;

		driver_init(&d, ALICE, 8, 60000);
		if (i % 2)
			driver_send(&d);
		call_begin(&adding, add_run, &a);
		if (i % 2 == 0)
			driver_send(&d);
		CHECK_OK(call_end(&adding));
		CHECK(driver_wait(&d) == 1);
		hand_in(ALICE, d.jobs[0], &signed_well);
	}
	CHECK(rows() == 0 && stats_now().done == 100);
}

static bool was_said(const char *word)
{
	char said[sizeof(fx.said)];

	pthread_mutex_lock(&fx.lock);
	memcpy(said, fx.said, sizeof(said));
	pthread_mutex_unlock(&fx.lock);
	return strcmp(said, word) == 0;
}

static void jobs_that_no_poll_here_takes_are_told_to_the_other_servers(void **state)
{
	struct driver d;

	add(0, 1);
	CHECK(was_said("jobs " STORE));
	fx.said[0] = '\0';
	CHECK(take_jobs(&d, ALICE, 8) == 1);
	driver_init(&d, ALICE, 8, 5000);
	park(&d);
	add(1, 1);
	CHECK(driver_wait(&d) == 1);
	CHECK(was_said(""));
}

/* As another server would add it. */
static hf_status add_elsewhere_run(struct db *db, void *arg)
{
	struct jobs *other;
	struct jobs *ours = fx.jobs;
	const struct jobs_config config = { .origin = "srv-other" };
	struct adding a = { .first = *(int *)arg, .n = 1 };
	hf_status s;

	HF_TRY(jobs_new(&config, &other));
	fx.jobs = other;
	s = add_run(db, &a);
	fx.jobs = ours;
	jobs_free(other);
	return s;
}

static hf_status by_other_server(int subject)
{
	struct db_config config = fx.db;
	DB_SCOPED struct db *db = NULL;

	HF_TRY(db_open(&config, &db, NULL));
	HF_TRY(db_begin(db));
	HF_TRY(add_elsewhere_run(db, &subject));
	return db_commit(db, DB_DURABLE);
}

static void a_word_of_another_server_deals_its_job_and_its_origin_hears_the_outcome(void **state)
{
	struct driver d;

	driver_init(&d, ALICE, 8, 60000);
	park(&d);
	CHECK_OK(by_other_server(3));
	usleep(20 * 1000);
	CHECK(!driver_answered_yet(&d));
	jobs_heard(fx.jobs, "ks-another");
	usleep(20 * 1000);
	CHECK(!driver_answered_yet(&d));
	jobs_heard(fx.jobs, STORE);
	CHECK(driver_wait(&d) == 1);
	hand_in(ALICE, d.jobs[0], &signed_well);
	CHECK(was_said("settled srv-other sig-3"));
}

static void missed_words_count_as_words_for_all(void **state)
{
	struct driver d;

	driver_init(&d, ALICE, 8, 60000);
	park(&d);
	CHECK_OK(by_other_server(4));
	jobs_heard(fx.jobs, NULL);
	CHECK(driver_wait(&d) == 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_job_is_settled_and_announced_once),
		CASE(a_group_that_runs_again_counts_and_deals_nothing_twice),
		CASE(a_poll_and_a_job_that_come_together_find_each_other),
		CASE(jobs_that_no_poll_here_takes_are_told_to_the_other_servers),
		CASE(a_word_of_another_server_deals_its_job_and_its_origin_hears_the_outcome),
		CASE(missed_words_count_as_words_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
