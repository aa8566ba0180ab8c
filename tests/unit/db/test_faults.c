/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL fails in each way that it can, for real: connections killed, answers lost, the cluster
 * stopped, a standby, wrong passwords. */
#include "proxy.h"
#include "tempdb.h"

#include "db/postgres.h"
#include "db/work_internal.h"

#include <sys/wait.h>

#define KILL_OTHERS                                                                                \
	"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> "               \
	"pg_backend_pid() "                                                                        \
	"AND usename = current_user"

static struct tempdb temp;
static struct db *db;

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

static void cluster(const char *command, const char *dir, const char *more)
{
	char line[512];

	snprintf(line, sizeof(line), "%s %s %s %s >/dev/null", getenv("HOLDFAST_TEST_CLUSTER"),
	         command, dir, more);
	if (system(line) != 0) /* a fixed command and a directory of our own */
		fail_msg("%s", line);
}

static const char *cluster_dir(void)
{
	return getenv("HOLDFAST_TEST_POSTGRES_DIR");
}

static int cluster_port(const char *dir)
{
	char path[256];
	FILE *f;
	int port = 0;

	snprintf(path, sizeof(path), "%s/port", dir);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &port), 1);
	fclose(f);
	return port;
}

/* Another connection to the test's schema, to `hosts` ("127.0.0.1:1,127.0.0.1:2"). */
static hf_status open_at(const char *hosts, const char *more, struct db **ret, struct hf_err *err)
{
	char url[512];

	snprintf(url, sizeof(url),
	         "postgresql://holdfast@%s/holdfast?options=-csearch_path%%3D%s%s", hosts, temp.dir,
	         more);
	return db_open(&(struct db_config){ .postgres_url = url }, ret, err);
}

static struct db *open_through(struct proxy *p)
{
	char hosts[64];
	struct db *d = NULL;

	proxy_start(p, cluster_port(cluster_dir()));
	snprintf(hosts, sizeof(hosts), "127.0.0.1:%d", p->port);
	CHECK_OK(open_at(hosts, "", &d, NULL));
	return d;
}

static void a_connection_killed_while_idle_is_made_anew(void **state)
{
	postgres_do(test_postgres(), KILL_OTHERS);
	CHECK_OK(add_person(db, 1, "ann"));
	postgres_do(test_postgres(), KILL_OTHERS);
	CHECK_OK(db_begin(db));
	CHECK_OK(add_person(db, 2, "bob"));
	CHECK_OK(db_commit(db, DB_DURABLE));
	assert_int_equal(count_people(db), 2);
}

static void a_connection_killed_in_a_transaction_takes_it_along(void **state)
{
	CHECK_OK(db_begin(db));
	CHECK_OK(add_person(db, 1, "ann"));
	postgres_do(test_postgres(), KILL_OTHERS);
	CHECK_CODE(add_person(db, 2, "bob"), HF_BUSY);
	/* Never outside of the transaction that is gone. */
	CHECK_CODE(add_person(db, 3, "cid"), HF_BUSY);
	CHECK_CODE(db_commit(db, DB_DURABLE), HF_BUSY);
	assert_int_equal(count_people(db), 0);
	CHECK_OK(add_person(db, 3, "cid"));
}

static void a_connection_killed_during_a_statement_is_busy(void **state)
{
	DB_STMT st = NULL;
	bool row;

	CHECK_OK(db_query(db, "SELECT pg_terminate_backend(pg_backend_pid())", &st));
	CHECK_CODE(db_step(st, &row), HF_BUSY);
	CHECK(strstr(db_error(db), "57P01") != NULL);
	CHECK_OK(add_person(db, 1, "ann"));
}

static void a_commit_whose_answer_is_lost_has_happened(void **state)
{
	struct proxy p;
	struct db *d = open_through(&p);

	CHECK_OK(db_begin(d));
	CHECK_OK(add_person(d, 1, "ann"));
	p.mode = PROXY_CUT_AT_ANSWER;
	CHECK_OK(db_commit(d, DB_DURABLE));
	assert_int_equal(count_people(db), 1);
	CHECK_OK(add_person(d, 2, "bob"));
	db_close(d);
	proxy_stop(&p);
}

static hf_status post_person(struct db *d, int64_t id, const char *name)
{
	struct db_stmt *st = NULL;

	HF_TRY(db_query(d, "INSERT INTO people (id, name) VALUES ($1, $2)", &st));
	db_bind_int(st, 1, id);
	db_bind_text(st, 2, name);
	db_post(st);
	return HF_SUCCESS;
}

static void so_have_the_statements_that_travelled_with_it(void **state)
{
	struct proxy p;
	struct db *d = open_through(&p);

	CHECK_OK(db_begin(d));
	CHECK_OK(add_person(d, 1, "ann")); /* the number is known from here */
	CHECK_OK(post_person(d, 2, "bob"));
	p.mode = PROXY_CUT_AT_ANSWER;
	CHECK_OK(db_commit(d, DB_DURABLE));
	assert_int_equal(count_people(db), 2);
	db_close(d);
	proxy_stop(&p);
}

static void a_commit_that_never_arrived_has_not_happened(void **state)
{
	struct proxy p;
	struct db *d = open_through(&p);

	CHECK_OK(db_begin(d));
	CHECK_OK(add_person(d, 1, "ann"));
	p.mode = PROXY_CUT_AT_REQUEST;
	CHECK_CODE(db_commit(d, DB_DURABLE), HF_BUSY);
	assert_int_equal(count_people(db), 0);
	CHECK_OK(add_person(d, 1, "ann"));
	db_close(d);
	proxy_stop(&p);
}

static void when_nobody_can_tell_it_is_io(void **state)
{
	struct proxy p;
	struct db *d = open_through(&p);

	((struct pg_db *)d)->lookup_ms = 200;
	CHECK_OK(db_begin(d));
	CHECK_OK(add_person(d, 1, "ann"));
	p.mode = PROXY_CUT_FOR_GOOD;
	CHECK_CODE(db_commit(d, DB_DURABLE), HF_IO);
	CHECK(d->unknown);
	CHECK(strstr(db_error(d), "whether it happened") != NULL);
	assert_int_equal(count_people(db), 1);
	db_close(d);
	proxy_stop(&p);
}

static void a_server_that_does_not_answer_is_a_lost_connection(void **state)
{
	struct proxy p;
	struct db *d = open_through(&p);

	((struct pg_db *)d)->answer_ms = 200;
	p.mode = PROXY_MUTE;
	CHECK_CODE(add_person(d, 1, "ann"), HF_BUSY);
	CHECK(strstr(db_error(d), "does not answer") != NULL);
	p.mode = PROXY_PASS;
	CHECK_OK(add_person(d, 1, "ann"));
	db_close(d);
	proxy_stop(&p);
}

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
	bool waits;   /* for a moment, inside the transaction */
	bool refuses; /* fails by itself, after it wrote */
	volatile int runs;
	volatile bool waiting, ended;
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
	if (j->waits) {
		j->waiting = true;
		usleep(200000);
	}
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
	for (int i = 0; i < 1000 && !j->ended; i++)
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
	while (hold.runs == 0)
		usleep(1000);
	CHECK_OK(db_work_submit(w, &fine.task));
	CHECK_OK(db_work_submit(w, &refused.task));
	CHECK_OK(db_work_submit(w, &twice.task)); /* found out after it ran: it was posted */
	CHECK_OK(db_work_submit(w, &last.task));
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
	while (j.runs == 0)
		usleep(1000);
	postgres_do(test_postgres(), KILL_OTHERS);
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
	ends(&j);
	CHECK_OK(j.told);
	assert_int_equal(j.runs, 2);
	assert_int_equal(count_people(db), 1);
	db_work_stop(w);
	proxy_stop(&p);
}

static void tasks_wait_for_a_cluster_that_restarts(void **state)
{
	struct db_work *w = start((struct db_work_config){ .write = true, .threads = 2 });
	struct job j = job(1);
	struct db_work_stats stats;

	cluster("stop", cluster_dir(), "immediate");
	CHECK_OK(db_work_submit(w, &j.task));
	usleep(200000);
	db_work_stats(w, &stats);
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

static void a_wrong_password_is_denied_and_never_told(void **state)
{
	struct hf_err err = { 0 };
	struct db *d;
	char url[256];

	postgres_do(getenv("HOLDFAST_TEST_POSTGRES_ADMIN"),
	            "CREATE ROLE guarded LOGIN PASSWORD 'right'");
	snprintf(url, sizeof(url), "postgresql://guarded:wr0ng@127.0.0.1:%d/holdfast",
	         cluster_port(cluster_dir()));
	CHECK_CODE(db_open(&(struct db_config){ .postgres_url = url }, &d, &err), HF_DENIED);
	CHECK(strstr(err.text, "password authentication failed") != NULL);
	CHECK(strstr(err.text, "wr0ng") == NULL);
	snprintf(url, sizeof(url), "postgresql://guarded:right@127.0.0.1:%d/holdfast",
	         cluster_port(cluster_dir()));
	CHECK_OK(db_open(&(struct db_config){ .postgres_url = url }, &d, &err));
	db_close(d);
}

static void what_is_not_there_is_told_with_words(void **state)
{
	struct hf_err err = { 0 };
	struct db *d;
	char url[256];
	int port = cluster_port(cluster_dir());

	snprintf(url, sizeof(url), "postgresql://holdfast@127.0.0.1:%d/nowhere", port);
	CHECK_CODE(db_open(&(struct db_config){ .postgres_url = url }, &d, &err), HF_NOTFOUND);
	CHECK(strstr(err.text, "Create the database") != NULL);
	snprintf(url, sizeof(url), "postgresql://nobody@127.0.0.1:%d/holdfast", port);
	CHECK_CODE(db_open(&(struct db_config){ .postgres_url = url }, &d, &err), HF_DENIED);
	CHECK_CODE(db_open(&(struct db_config){ .postgres_url = "postgresql://127.0.0.1:1/x" }, &d,
	                   &err),
	           HF_BUSY);
	CHECK(strstr(err.text, "Connection refused") != NULL);
}

static hf_status migrate_here(void)
{
	static const struct db_migration slow[] = {
		{ .name = "slow", .sqlite = "CREATE TABLE slow (x BIGINT); SELECT pg_sleep(0.2)" },
		{ .name = "more", .sqlite = "ALTER TABLE slow ADD COLUMN y BIGINT" },
	};
	struct db *d = tempdb_open(&temp);
	hf_status s = db_migrate(d, "slow", slow, HF_COUNT(slow), NULL);

	db_close(d);
	return s;
}

static void two_migrations_at_once_make_one(void **state)
{
	pid_t pids[3];
	int status;

	for (size_t i = 0; i < HF_COUNT(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(hf_ok(migrate_here()) ? 0 : 1);
	}
	for (size_t i = 0; i < HF_COUNT(pids); i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

static void a_standby_is_refused_and_takes_over_when_promoted(void **state)
{
	struct hf_err err = { 0 };
	struct db *d = NULL;
	char dir[128], hosts[64];
	int port;

	snprintf(dir, sizeof(dir), "%s-b", cluster_dir());
	cluster("replica", dir, cluster_dir());
	cluster("set", cluster_dir(), "synchronous_standby_names=*");
	port = cluster_port(dir);
	snprintf(hosts, sizeof(hosts), "127.0.0.1:%d", port);
	CHECK_CODE(open_at(hosts, "", &d, &err), HF_BUSY);
	CHECK(strstr(err.text, "name all hosts") != NULL);
	snprintf(hosts, sizeof(hosts), "127.0.0.1:%d,127.0.0.1:%d", port,
	         cluster_port(cluster_dir()));
	CHECK_OK(open_at(hosts, "", &d, &err));
	CHECK_OK(db_begin(d));
	CHECK_OK(add_person(d, 1, "ann"));
	CHECK_OK(db_commit(d, DB_DURABLE));
	CHECK_OK(db_begin(d));
	CHECK_OK(add_person(d, 2, "bob"));
	cluster("stop", cluster_dir(), "immediate");
	cluster("promote", dir, "");
	CHECK_CODE(db_commit(d, DB_DURABLE), HF_BUSY);
	CHECK_OK(add_person(d, 2, "bob"));
	assert_int_equal(count_people(d), 2);
	db_close(d);
	cluster("remove", dir, "");
	cluster("start", cluster_dir(), "synchronous_standby_names=");
}

static void tls_is_verified_as_the_url_says(void **state)
{
	struct hf_err err = { 0 };
	struct db *d = NULL;
	char hosts[64], more[256];

	cluster("tls", cluster_dir(), "");
	snprintf(hosts, sizeof(hosts), "localhost:%d", cluster_port(cluster_dir()));
	snprintf(more, sizeof(more), "&sslmode=verify-full&sslrootcert=%s/ca.crt", cluster_dir());
	CHECK_OK(open_at(hosts, more, &d, &err));
	{
		DB_STMT st = NULL;
		bool row;

		CHECK_OK(db_query(d, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
		                  &st));
		CHECK_OK(db_step(st, &row));
		assert_int_equal(db_col_int(st, 0), 1);
	}
	db_close(d);
	CHECK_CODE(open_at(hosts, "&sslmode=verify-full&sslrootcert=/no/such/ca.crt", &d, &err),
	           HF_DENIED);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_connection_killed_while_idle_is_made_anew),
		TEST(a_connection_killed_in_a_transaction_takes_it_along),
		TEST(a_connection_killed_during_a_statement_is_busy),
		TEST(a_commit_whose_answer_is_lost_has_happened),
		TEST(so_have_the_statements_that_travelled_with_it),
		TEST(a_commit_that_never_arrived_has_not_happened),
		TEST(when_nobody_can_tell_it_is_io),
		TEST(a_server_that_does_not_answer_is_a_lost_connection),
		TEST(a_conflict_runs_the_group_again),
		TEST(a_conflict_without_end_is_busy),
		TEST(only_those_that_fail_are_undone),
		TEST(tasks_survive_a_killed_connection),
		TEST(a_group_whose_commit_is_unknown_fails_and_is_not_run_again),
		TEST(a_group_whose_commit_never_arrived_runs_again),
		TEST(tasks_wait_for_a_cluster_that_restarts),
		TEST(patience_ends_with_busy_and_work_flows_again),
		TEST(a_wrong_password_is_denied_and_never_told),
		TEST(what_is_not_there_is_told_with_words),
		TEST(two_migrations_at_once_make_one),
		TEST(a_standby_is_refused_and_takes_over_when_promoted),
		TEST(tls_is_verified_as_the_url_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
