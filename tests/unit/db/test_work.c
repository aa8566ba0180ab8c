/* SPDX-License-Identifier: Apache-2.0 */
#include "tempdb.h"

#include "db/work.h"

#include <pthread.h>
#include <semaphore.h>

static struct tempdb temp;
static struct db *db; /* another connection: sees only what is committed */
static struct db_work *work;

struct person {
	struct db_task task; /* first */
	int64_t id;
	hf_status fail;
	bool seen_committed;
	bool run_done;
	hf_status told;
	sem_t *gate; /* run() waits for it */
	sem_t *begun;
	sem_t *ended;
};

static hf_status person_run(struct db_task *task, struct db *d)
{
	struct person *p = (struct person *)task;
	char name[32];

	if (p->begun)
		sem_post(hf_take(p->begun)); /* not when it is run again */
	if (p->gate)
		sem_wait(hf_take(p->gate));
	snprintf(name, sizeof(name), "person %lld", (long long)p->id);
	HF_TRY(add_person(d, p->id, name));
	return p->fail;
}

static void person_done(struct db_task *task, hf_status s)
{
	struct person *p = (struct person *)task;

	p->told = s;
	p->seen_committed = count_people(db) > 0;
	if (p->ended)
		sem_post(p->ended);
}

static struct person person(int64_t id)
{
	return (struct person){
		.task = { .run = person_run, .done = person_done, .durability = DB_DURABLE },
		.id = id,
		.told = { HF_CODE_COUNT_ }
	};
}

static void start(struct db_work_config config)
{
	bool read_only = config.db.read_only;

	config.db = tempdb_config(&temp);
	config.db.read_only = read_only;
	CHECK_OK(db_work_start(&config, &work, NULL));
}

static int set_up(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(db_migrate(db, "test", people, HF_COUNT(people), NULL));
	return 0;
}

static int tear_down(void **state)
{
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static void done_comes_after_the_commit(void **state)
{
	struct person p = person(1);
	sem_t ended;

	sem_init(&ended, 0, 0);
	p.ended = &ended;
	start((struct db_work_config){ .write = true });
	CHECK_OK(db_work_submit(work, &p.task));
	sem_wait(&ended);
	CHECK_OK(p.told);
	CHECK(p.seen_committed);
	db_work_stop(work);
}

/* Holds the worker in a first task, so that those submitted meanwhile make one group. */
static void run_as_one_group(struct person *list, size_t n, struct db_work_stats *ret)
{
	struct person first = person(1000);
	sem_t gate, begun;

	sem_init(&gate, 0, 0);
	sem_init(&begun, 0, 0);
	first.gate = &gate;
	first.begun = &begun;
	CHECK_OK(db_work_submit(work, &first.task));
	sem_wait(&begun);
	for (size_t i = 0; i < n; i++)
		CHECK_OK(db_work_submit(work, &list[i].task));
	db_work_stats(work, ret);
	assert_int_equal(ret->waiting, n);
	sem_post(&gate);
	while (ret->tasks < n + 1) {
		db_work_stats(work, ret);
		usleep(500);
	}
	db_work_stop(work);
}

static void a_task_that_fails_undoes_only_itself(void **state)
{
	struct person list[] = { person(1), person(2), person(3), person(1) };
	struct db_work_stats stats;

	list[1].fail = HF_FAILURE(HF_DENIED);
	start((struct db_work_config){ .write = true });
	run_as_one_group(list, HF_COUNT(list), &stats);
	CHECK_OK(list[0].told);
	CHECK_CODE(list[1].told, HF_DENIED);
	CHECK_OK(list[2].told);
	CHECK_CODE(list[3].told, HF_EXISTS);
	assert_int_equal(count_people(db), 3);
	assert_int_equal(stats.groups, 2);
	assert_int_equal(stats.failures, 2);
}

static hf_status refuse(void *ctx, struct db *d)
{
	return HF_FAILURE(HF_IO);
}

static void note_commit(void *ctx, hf_status s)
{
	*(hf_status *)ctx = s;
}

static void when_the_commit_fails_all_are_told(void **state)
{
	struct person list[] = { person(1), person(2) };
	struct db_work_stats stats;
	hf_status seen = HF_SUCCESS;

	start((struct db_work_config){ .write = true,
	                               .before_commit = refuse,
	                               .after_commit = note_commit,
	                               .ctx = &seen });
	run_as_one_group(list, HF_COUNT(list), &stats);
	CHECK_CODE(list[0].told, HF_IO);
	CHECK_CODE(list[1].told, HF_IO);
	CHECK_CODE(seen, HF_IO);
	assert_int_equal(count_people(db), 0);
	assert_int_equal(stats.failures, 3);
}

static hf_status add_one_more(void *ctx, struct db *d)
{
	return add_person(d, 500 + count_people(d), "added before the commit");
}

static void before_commit_adds_to_the_same_commit(void **state)
{
	struct person p = person(1);

	start((struct db_work_config){ .write = true, .before_commit = add_one_more });
	CHECK_OK(db_work_submit(work, &p.task));
	db_work_stop(work);
	CHECK_OK(p.told);
	assert_int_equal(count_people(db), 2);
}

static void stop_ends_what_waits(void **state)
{
	struct person list[50];

	start((struct db_work_config){ .write = true, .group_max = 7 });
	for (size_t i = 0; i < HF_COUNT(list); i++) {
		list[i] = person((int64_t)i);
		list[i].task.durability = DB_RELAXED;
		CHECK_OK(db_work_submit(work, &list[i].task));
	}
	db_work_stop(work);
	for (size_t i = 0; i < HF_COUNT(list); i++)
		CHECK_OK(list[i].told);
	assert_int_equal(count_people(db), HF_COUNT(list));
}

static void one_that_is_closed_refuses_and_can_still_be_asked(void **state)
{
	struct person a = person(0), late = person(1);
	struct db_work_stats stats;

	start((struct db_work_config){ .write = true });
	CHECK_OK(db_work_submit(work, &a.task));
	db_work_close(work);
	assert_int_equal(count_people(db), 1);
	CHECK_CODE(db_work_submit(work, &late.task), HF_CLOSED);
	db_work_stats(work, &stats);
	assert_int_equal(stats.tasks, 1);
	db_work_stop(work);
}

static void too_many_waiting_are_busy(void **state)
{
	struct person first = person(1), second = person(2), third = person(3);
	sem_t gate, begun;

	sem_init(&gate, 0, 0);
	sem_init(&begun, 0, 0);
	first.gate = &gate;
	first.begun = &begun;
	start((struct db_work_config){ .write = true, .queue_max = 1 });
	CHECK_OK(db_work_submit(work, &first.task));
	sem_wait(&begun);
	CHECK_OK(db_work_submit(work, &second.task));
	CHECK_CODE(db_work_submit(work, &third.task), HF_BUSY);
	sem_post(&gate);
	db_work_stop(work);
	assert_int_equal(count_people(db), 2);
	CHECK_CODE(third.told, HF_CODE_COUNT_);
}

static void told_only(struct db_task *task, hf_status s)
{
	((struct person *)task)->told = s;
}

static void two_writers_lose_and_double_nothing(void **state)
{
	struct person list[60];

	start((struct db_work_config){ .write = true, .threads = 2, .group_max = 5 });
	for (size_t i = 0; i < HF_COUNT(list); i++) {
		list[i] = person((int64_t)i / 2); /* each twice: the second is told so */
		list[i].task.done = told_only;    /* on either thread */
		CHECK_OK(db_work_submit(work, &list[i].task));
	}
	db_work_stop(work);
	for (size_t i = 0; i < HF_COUNT(list); i += 2) {
		CHECK(hf_ok(list[i].told) != hf_ok(list[i + 1].told));
		CHECK(list[i].told.code == HF_EXISTS || list[i + 1].told.code == HF_EXISTS);
	}
	assert_int_equal(count_people(db), HF_COUNT(list) / 2);
}

static hf_status count_run(struct db_task *task, struct db *d)
{
	((struct person *)task)->id = count_people(d);
	return HF_SUCCESS;
}

static void readers_see_what_is_committed(void **state)
{
	struct person a = person(0), b = person(0);

	CHECK_OK(add_person(db, 1, "ann"));
	a.task.run = b.task.run = count_run;
	a.task.done = b.task.done = told_only; /* two threads: not both with one connection */
	start((struct db_work_config){ .threads = 2, .db.read_only = true });
	CHECK_OK(db_work_submit(work, &a.task));
	CHECK_OK(db_work_submit(work, &b.task));
	db_work_stop(work);
	assert_int_equal(a.id, 1);
	assert_int_equal(b.id, 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(done_comes_after_the_commit),
		TEST(a_task_that_fails_undoes_only_itself),
		TEST(when_the_commit_fails_all_are_told),
		TEST(before_commit_adds_to_the_same_commit),
		TEST(stop_ends_what_waits),
		TEST(one_that_is_closed_refuses_and_can_still_be_asked),
		TEST(too_many_waiting_are_busy),
		TEST(two_writers_lose_and_double_nothing),
		TEST(readers_see_what_is_committed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
