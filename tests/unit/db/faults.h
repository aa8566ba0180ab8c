/* SPDX-License-Identifier: Apache-2.0
 * What the tests of PostgreSQL's faults share: a connection, the cluster, a network that fails. */
#ifndef HF_TESTS_FAULTS_H
#define HF_TESTS_FAULTS_H

#include "proxy.h"
#include "tempdb.h"

#include "db/postgres.h"

#define KILL_OTHERS                                                                                \
	"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> "               \
	"pg_backend_pid() "                                                                        \
	"AND usename = current_user"

static struct tempdb temp;
static struct db *db;

static inline int set_up(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(db_migrate(db, "test", people, HF_COUNT(people), NULL));
	return 0;
}

static inline int tear_down(void **state)
{
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static inline void cluster(const char *command, const char *dir, const char *more)
{
	char line[512];

	snprintf(line, sizeof(line), "%s %s %s %s >/dev/null", getenv("HOLDFAST_TEST_CLUSTER"),
	         command, dir, more);
	if (system(line) != 0) /* a fixed command and a directory of our own */
		fail_msg("%s", line);
}

static inline const char *cluster_dir(void)
{
	return getenv("HOLDFAST_TEST_POSTGRES_DIR");
}

static inline int cluster_port(const char *dir)
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
static inline hf_status open_at(const char *hosts, const char *more, struct db **ret,
                                struct hf_err *err)
{
	char url[512];

	snprintf(url, sizeof(url),
	         "postgresql://holdfast@%s/holdfast?options=-csearch_path%%3D%s%s", hosts, temp.dir,
	         more);
	return db_open(&(struct db_config){ .postgres_url = url }, ret, err);
}

static inline struct db *open_through(struct proxy *p)
{
	char hosts[64];
	struct db *d = NULL;

	proxy_start(p, cluster_port(cluster_dir()));
	snprintf(hosts, sizeof(hosts), "127.0.0.1:%d", p->port);
	CHECK_OK(open_at(hosts, "", &d, NULL));
	return d;
}

static inline hf_status post_person(struct db *d, int64_t id, const char *name)
{
	struct db_stmt *st = NULL;

	HF_TRY(db_query(d, "INSERT INTO people (id, name) VALUES ($1, $2)", &st));
	db_bind_int(st, 1, id);
	db_bind_text(st, 2, name);
	db_post(st);
	return HF_SUCCESS;
}

#endif
