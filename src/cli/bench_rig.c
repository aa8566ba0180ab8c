/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_rig.h"

#include "base/random.h"
#include "base/text.h"
#include "pki/issue.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CERTIFICATE_DAYS = 2 };

static void name_files(struct rig *r)
{
	static const char *const names[RIG_FILES_] = {
		[RIG_CA] = "ca.pem",
		[RIG_CA_KEY] = "ca.key",
		[RIG_SERVER_CERT] = "server.pem",
		[RIG_SERVER_KEY] = "server.key",
		[RIG_DRIVER_CERT] = "driver.pem",
		[RIG_DRIVER_KEY] = "driver.key",
		[RIG_CREDENTIAL] = "credential.pub",
		[RIG_SECRET] = "secret",
		[RIG_SERVER_DB] = "server.db",
		[RIG_KEYS_DB] = "keys.db",
		[RIG_PIN] = "pin",
		[RIG_AUTHORIZERS] = "authorizers.json",
		[RIG_SERVER_READY] = "server.ready",
	};

	for (int i = 0; i < RIG_FILES_; i++)
		snprintf(r->path[i], sizeof(r->path[i]), "%s/%s", r->dir, names[i]);
	r->gateway.name = "gateway";
	snprintf(r->gateway.ready, sizeof(r->gateway.ready), "%s/gateway.ready", r->dir);
	r->server.name = "server";
	snprintf(r->server.ready, sizeof(r->server.ready), "%s", r->path[RIG_SERVER_READY]);
	for (unsigned i = 0; i < RIG_DRIVERS_MAX; i++) {
		r->drivers[i].name = "driver";
		snprintf(r->drivers[i].ready, sizeof(r->drivers[i].ready), "%s/driver-%u.ready",
		         r->dir, i + 1);
	}
}

static hf_status issue(const struct rig *r, enum issue_kind kind, const char *name,
                       enum rig_file cert, enum rig_file key, struct hf_err *err)
{
	struct issue_request request = {
		.kind = kind,
		.common_name = name,
		.names = kind == ISSUE_SERVER ? "IP:127.0.0.1,DNS:localhost" : NULL,
		.days = CERTIFICATE_DAYS,
		.issuer_cert = kind == ISSUE_CA ? NULL : r->path[RIG_CA],
		.issuer_key = kind == ISSUE_CA ? NULL : r->path[RIG_CA_KEY],
		.cert = r->path[cert],
		.key = r->path[key],
	};

	return certificate_issue(&request, err);
}

/* "before SCHEMA after", in the database that was given. The name is our own: hex. */
static hf_status in_given_database(const struct rig *r, const char *before, const char *after,
                                   struct hf_err *err)
{
	const struct db_config config = { .postgres_url = r->postgres_given };
	DB_SCOPED struct db *db = NULL;
	char sql[128];
	hf_status s;

	snprintf(sql, sizeof(sql), "%s %s %s", before, r->schema, after);
	HF_TRY(db_open(&config, &db, err));
	s = db_exec(db, sql);
	return hf_ok(s) ? s : hf_fail(err, s.code, "%s: %s", sql, db_error(db));
}

/* The given URL, with a search path of our own schema alone. */
static hf_status use_postgres(struct rig *r, const char *url, struct hf_err *err)
{
	bool is_uri = strstr(url, "://") != NULL;
	int n;

	r->postgres_given = url;
	snprintf(r->schema, sizeof(r->schema), "holdfast_bench_%016llx",
	         (unsigned long long)hf_random_u64());
	if (is_uri)
		n = snprintf(r->postgres_url, sizeof(r->postgres_url),
		             "%s%coptions=-csearch_path%%3D%s", url, strchr(url, '?') ? '&' : '?',
		             r->schema);
	else
		n = snprintf(r->postgres_url, sizeof(r->postgres_url),
		             "%s options='-csearch_path=%s'", url, r->schema);
	HF_ENSURE((size_t)n < sizeof(r->postgres_url), HF_TOOBIG);
	r->server_db = (struct db_config){ .postgres_url = r->postgres_url };
	r->keys_db = r->server_db;
	snprintf(r->postgres_env, sizeof(r->postgres_env), "HOLDFAST_POSTGRES_URL=%s",
	         r->postgres_url);
	return in_given_database(r, "CREATE SCHEMA", "", err);
}

static hf_status init_server(struct rig *r, struct hf_err *err)
{
	const struct server_init init = {
		.db = r->server_db,
		.secret_file = r->path[RIG_SECRET],
		.org_name = "bench",
		.store_name = "bench",
		.account_name = "bench",
		.public_key_file = r->path[RIG_CREDENTIAL],
		.token_days = 1,
	};

	return server_init(&init, &r->account, err);
}

hf_status rig_new(const char *parent, const char *postgres_url, struct rig *r, struct hf_err *err)
{
	*r = (struct rig){ 0 };
	if (!parent)
		parent = getenv("TMPDIR");
	snprintf(r->dir, sizeof(r->dir), "%s/holdfast-bench-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(r->dir)) {
		r->dir[0] = 0;
		return hf_fail(err, HF_IO, "cannot make a directory in %s: %s",
		               parent ? parent : "/tmp", strerror(errno));
	}
	name_files(r);
	r->server_db = (struct db_config){ .sqlite_path = r->path[RIG_SERVER_DB] };
	r->keys_db = (struct db_config){ .sqlite_path = r->path[RIG_KEYS_DB] };
	if (postgres_url)
		HF_TRY(use_postgres(r, postgres_url, err));
	HF_TRY(issue(r, ISSUE_CA, "bench authority", RIG_CA, RIG_CA_KEY, err));
	HF_TRY(issue(r, ISSUE_SERVER, "bench server", RIG_SERVER_CERT, RIG_SERVER_KEY, err));
	HF_TRY(issue(r, ISSUE_CLIENT, "bench driver", RIG_DRIVER_CERT, RIG_DRIVER_KEY, err));
	HF_TRY(client_key_new(r->path[RIG_CREDENTIAL], &r->credential, err));
	return init_server(r, err);
}

/* Only files, of the kinds that we and our children made: one level. */
static void remove_directory(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

void rig_done(struct rig *r)
{
	rig_stop_drivers(r);
	rig_stop(&r->server);
	client_key_free(r->credential);
	hf_wipe(&r->account, sizeof(r->account));
	if (r->postgres_url[0])
		hf_ignore(in_given_database(r, "DROP SCHEMA IF EXISTS", "CASCADE", NULL));
	if (r->dir[0])
		remove_directory(r->dir);
}

hf_status rig_renew_server(struct rig *r, bool relaxed, struct hf_err *err)
{
	rig_stop(&r->server);
	snprintf(r->path[RIG_SERVER_DB], sizeof(r->path[RIG_SERVER_DB]), "%s/server-%u.db", r->dir,
	         ++r->renewed);
	HF_TRY(init_server(r, err));
	return rig_start_server(r, relaxed, err);
}
