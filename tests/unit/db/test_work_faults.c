/* SPDX-License-Identifier: Apache-2.0
 * Tasks go through what PostgreSQL does to them: conflicts, lost connections, restarts. */
#include "faults.h"

#include "db/work_internal.h"

/* Fails the first time with the given code, and then no more. */
static void make_failing_once(void)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
	         "CREATE SEQUENCE %s.calls; CREATE FUNCTION %s.fail_once(code text, times bigint) "
	         "RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN IF nextval('%s.calls') <= times THEN "
	         "RAISE EXCEPTION 'on purpose' USING ERRCODE = code; END IF; RETURN 1; END $$",
	         temp.dir, temp.dir, temp.dir);
	postgres_do(test_postgres(), sql);
}

struct job {
	struct db_task task; /* first */
	int64_t id;
	const char *fails; /* SQLSTATE, once */
	int64_t times;
	atomic_bool waits; /* for the test, inside the transaction */
	bool refuses;      /* fails by itself, after it wrote */
	atomic_int runs;
	atomic_bool waiting, ended;
	hf_status told;
};

static hf_status job_run(struct db_task *task, struct db *d)
{
	struct job *j = (struct job *)task;
	char name[32];
	DB_STMT st = NULL;
	bool row;

	j->runs++;
	snprintf(name, sizeof(name), "person %lld", (long long)j->id);
	HF_TRY(post_person(d, j->id, name));
	if (j->fails) {
		HF_TRY(db_query(d, "SELECT fail_once($1, $2)", &st));
		db_bind_text(st, 1, j->fails);
		db_bind_int(st, 2, j->times);
		HF_TRY(db_step(st, &row));
	}
	j->waiting = true;
	while (j->waits)
		usleep(1000);
	return HF_FAILURE(j->refuses ? HF_DENIED : HF_OK);
}

static hf_status read_run(struct db_task *task, struct db *d)
{
	DB_STMT st = NULL;
	bool row;

	((struct job *)task)->runs++;
	HF_TRY(db_query(d, "SELECT count(*) FROM people", &st));
	HF_TRY(db_step(st, &row));
	((struct job *)task)->id = db_col_int(st, 0);
	return HF_SUCCESS;
}

static void job_done(struct db_task *task, hf_status s)
{
	struct job *j = (struct job *)task;

	j->told = s;
	j->ended = true;
}

static struct job job(int64_t id)
{
	return (struct job){ .task = { .run = job_run, .done = job_done },
		             .id = id,
		             .told = { HF_CODE_COUNT_ } };
}

static struct db_work *start(struct db_work_config config)
{
	struct db_work *w = NULL;
	bool read_only = config.db.read_only;

	config.db = tempdb_config(&temp);
	config.db.read_only = read_only;
	CHECK_OK(db_work_start(&config, &w, NULL));
	return w;
}

static void ends(struct job *j)
{
	for (int i = 0; i < 2000 && !j->ended; i++)
		usleep(10000);
	CHECK(j->ended);
}

static void a_conflict_runs_the_group_again(void **state)
{
	static const char *const codes[] = { "40001", "40P01", "55P03" };

	for (size_t i = 0; i < HF_COUNT(codes); i++) {
		struct db_work *w = start((struct db_work_config){ .write = true });
		struct job j = job((int64_t)i);
		struct db_work_stats stats;

		make_failing_once();
		j.fails = codes[i];
		j.times = 2;
		CHECK_OK(db_work_submit(w, &j.task));
		ends(&j);
		CHECK_OK(j.told);
		assert_int_equal(j.runs, 3);
		db_work_stats(w, &stats);
		assert_int_equal(stats.reruns, 2);
		CHECK(stats.connected);
		db_work_stop(w);
		tear_down(NULL);
		set_up(NULL);
	}
}

static void a_conflict_without_end_is_busy(void **state)
{
	struct db_work *w = start((struct db_work_config){ .write = true });
	struct job j = job(1), after = job(2);

	make_failing_once();
	j.fails = "40001";
	j.times = 1000;
	CHECK_OK(db_work_submit(w, &j.task));
	ends(&j);
	CHECK_CODE(j.told, HF_BUSY);
	CHECK_OK(db_work_submit(w, &after.task));
	db_work_stop(w);
	CHECK_OK(after.told);
	assert_int_equal(count_people(db), 1);
}

static void only_those_that_fail_are_undone(void **state)
{
	struct db_work *w = start((struct db_work_config){ .write = true });
	struct job hold = job(1), fine = job(2), refused = job(3), twice = job(2), last = job(4);

	hold.waits = true;
	refused.refuses = true;
	CHECK_OK(db_work_submit(w, &hold.task));
	while (!hold.waiting)
		usleep(1000);
	CHECK_OK(db_work_submit(w, &fine.task));
	CHECK_OK(db_work_submit(w, &refused.task));
	CHECK_OK(db_work_submit(w, &twice.task)); /* found out after it ran: it was posted */
	CHECK_OK(db_work_submit(w, &last.task));
	hold.waits = false;
	db_work_stop(w);
	CHECK_OK(hold.told);
	CHECK_OK(fine.told);
	CHECK_CODE(refused.told, HF_DENIED);
	CHECK_CODE(twice.told, HF_EXISTS);
	CHECK_OK(last.told);
	assert_int_equal(count_people(db), 3);
}

static void tasks_survive_a_killed_connection(void **state)
{
	struct db_work *w = start((struct db_work_config){ .write = true, .threads = 2 });
	struct db_work *r = start((struct db_work_config){ .db.read_only = true });
	struct job j = job(1), k = job(2), reads = job(0);

	j.waits = true;
	CHECK_OK(db_work_submit(w, &j.task));
	while (!j.waiting)
		usleep(1000);
	postgres_do(test_postgres(), KILL_OTHERS);
	j.waits = false;
	CHECK_OK(db_work_submit(w, &k.task));
	db_work_stop(w);
	CHECK_OK(j.told);
	assert_int_equal(j.runs, 2);
	CHECK_OK(k.told);
	reads.task.run = read_run;
	CHECK_OK(db_work_submit(r, &reads.task));
	db_work_stop(r);
	CHECK_OK(reads.told);
	assert_int_equal(reads.id, 2);
}

/* A queue whose way to the server is `p`, with one job that waits before its commit. */
static struct db_work *start_through(struct proxy *p, struct job *j)
{
	struct db_work_config config = { .write = true };
	struct db_work *w = NULL;
	char url[256];

	make_failing_once();
	proxy_start(p, cluster_port(cluster_dir()));
	snprintf(url, sizeof(url),
	         "postgresql://holdfast@127.0.0.1:%d/holdfast?options=-csearch_path%%3D%s", p->port,
	         temp.dir);
	config.db.postgres_url = url;
	CHECK_OK(db_work_start(&config, &w, NULL));
	((struct pg_db *)w->workers[0].db)->lookup_ms = 200;
	j->waits = true;
	j->fails = "40001"; /* not a single time: an answer to wait for */
	CHECK_OK(db_work_submit(w, &j->task));
	while (!j->waiting)
		usleep(1000);
	return w;
}

static void a_group_whose_commit_is_unknown_fails_and_is_not_run_again(void **state)
{
	struct proxy p;
	struct job j = job(1);
	struct db_work *w = start_through(&p, &j);

	p.mode = PROXY_CUT_FOR_GOOD;
	j.waits = false;
	ends(&j);
	CHECK_CODE(j.told, HF_IO);
	assert_int_equal(j.runs, 1);
	assert_int_equal(count_people(db), 1);
	db_work_stop(w);
	proxy_stop(&p);
}

static void a_group_whose_commit_never_arrived_runs_again(void **state)
{
	struct proxy p;
	struct job j = job(1);
	struct db_work *w = start_through(&p, &j);

	p.mode = PROXY_CUT_AT_REQUEST;
	j.waits = false;
	ends(&j);
	CHECK_OK(j.told);
	assert_int_equal(j.runs, 2);
	assert_int_equal(count_people(db), 1);
	db_work_stop(w);
	proxy_stop(&p);
}

static void tasks_wait_for_a_cluster_that_restarts(void **state)
{
	const struct db_work_config config = { .write = true, .threads = 2, .patience_ms = 60000 };
	struct db_work *w = start(config);
	struct job j = job(1);
	struct db_work_stats stats;

	cluster("stop", cluster_dir(), "immediate");
	CHECK_OK(db_work_submit(w, &j.task));
	for (int i = 0; i < 2000; i++) { /* until it has tried */
		db_work_stats(w, &stats);
		if (!stats.connected)
			break;
		usleep(10000);
	}
	CHECK(!stats.connected);
	CHECK(!j.ended);
	cluster("start", cluster_dir(), "");
	ends(&j);
	CHECK_OK(j.told);
	db_work_stop(w);
	assert_int_equal(count_people(db), 1);
}

static void patience_ends_with_busy_and_work_flows_again(void **state)
{
	struct db_work *w = start((struct db_work_config){ .write = true, .patience_ms = 200 });
	struct job a = job(1), b = job(2), c = job(3);

	cluster("stop", cluster_dir(), "");
	CHECK_OK(db_work_submit(w, &a.task));
	ends(&a);
	CHECK_CODE(a.told, HF_BUSY);
	CHECK_OK(db_work_submit(w, &b.task)); /* at once, now */
	ends(&b);
	CHECK_CODE(b.told, HF_BUSY);
	assert_int_equal(b.runs, 0);
	cluster("start", cluster_dir(), "");
	CHECK_OK(db_work_submit(w, &c.task));
	ends(&c);
	CHECK_OK(c.told);
	db_work_stop(w);
	assert_int_equal(count_people(db), 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_conflict_runs_the_group_again),
		TEST(a_conflict_without_end_is_busy),
		TEST(only_those_that_fail_are_undone),
		TEST(tasks_survive_a_killed_connection),
		TEST(a_group_whose_commit_is_unknown_fails_and_is_not_run_again),
		TEST(a_group_whose_commit_never_arrived_runs_again),
		TEST(tasks_wait_for_a_cluster_that_restarts),
		TEST(patience_ends_with_busy_and_work_flows_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
