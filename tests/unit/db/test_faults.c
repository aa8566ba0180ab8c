/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL fails a connection in each way that it can, for real: killed, cut, refused. */
#include "faults.h"

#include <sys/wait.h>

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

/* PostgreSQL gives the numbers of what it lost in a crash to others. */
static void a_crash_takes_a_transaction_whose_number_another_gets(void **state)
{
	CHECK_OK(add_person(db, 1, "ann"));
	cluster("set", cluster_dir(), "wal_writer_delay=10s");
	postgres_do(getenv("HOLDFAST_TEST_POSTGRES_ADMIN"), "CHECKPOINT");
	CHECK_OK(db_begin(db));
	CHECK_OK(add_person(db, 2, "bob"));
	CHECK(((struct pg_db *)db)->has_xid);
	cluster("restart", cluster_dir(), "immediate");
	postgres_do(test_postgres(), "DO $$ BEGIN FOR i IN 1..50 LOOP "
	                             "PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$");
	CHECK_CODE(db_commit(db, DB_DURABLE), HF_BUSY);
	assert_int_equal(count_people(db), 1);
	cluster("set", cluster_dir(), "wal_writer_delay=200ms");
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
		TEST(a_crash_takes_a_transaction_whose_number_another_gets),
		TEST(when_nobody_can_tell_it_is_io),
		TEST(a_server_that_does_not_answer_is_a_lost_connection),
		TEST(a_wrong_password_is_denied_and_never_told),
		TEST(what_is_not_there_is_told_with_words),
		TEST(two_migrations_at_once_make_one),
		TEST(a_standby_is_refused_and_takes_over_when_promoted),
		TEST(tls_is_verified_as_the_url_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
