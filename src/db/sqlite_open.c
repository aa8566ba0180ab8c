/* SPDX-License-Identifier: Apache-2.0
 * How a SQLite file is created and a connection to it is set up. */
#include "db/sqlite.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum {
	BUSY_TIMEOUT_MS = 10000, /* another process holds the write lock */
	WAL_SWITCH_MS = 5000,    /* that lock is not waited for by SQLite itself */
	WAL_KEPT_BYTES = 16 << 20,
	/* Nearly as much, in pages: a checkpoint makes the writer wait for the disk three times,
	 * and copies a page once, however often it was written since the one before. */
	CHECKPOINT_PAGES = 4000,
};

/* With mode 0600; SQLite gives -wal and -shm the mode of the file that they belong to. */
static hf_status create(const char *path, struct hf_err *err)
{
	HF_FD int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 || errno == EEXIST)
		return HF_SUCCESS;
	if (errno == ENOENT)
		return hf_fail(err, HF_NOTFOUND,
		               "cannot create the database %s: its directory does not exist", path);
	if (errno == EACCES || errno == EPERM || errno == EROFS)
		return hf_fail(err, HF_DENIED,
		               "cannot create the database %s: %s. Give this user write access to "
		               "the directory",
		               path, strerror(errno));
	return hf_fail(err, HF_IO, "cannot create the database %s: %s", path, strerror(errno));
}

static hf_status told(struct sqlite_db *db, int rc, struct hf_err *err)
{
	enum hf_code code = sqlite_code(db, rc);

	if (code == HF_OK)
		return HF_SUCCESS;
	return hf_fail(err, code, "cannot open the database %s", db->base.error);
}

static hf_status pragma(struct sqlite_db *db, const char *sql, struct hf_err *err)
{
	return told(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL), err);
}

/* Two processes that open a new file at once meet here, where SQLite does not wait. */
static hf_status use_wal(struct sqlite_db *db, struct hf_err *err)
{
	int64_t until = hf_mono_ms() + WAL_SWITCH_MS;
	int rc;

	for (;;) {
		rc = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
		if ((rc & 0xff) != SQLITE_BUSY || hf_mono_ms() > until)
			return told(db, rc, err);
		hf_pause_ms(5);
	}
}

static hf_status set_up(struct sqlite_db *db, unsigned cache_kib, struct hf_err *err)
{
	char sql[64];

	sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	/* A schema that somebody tampered with runs nothing; only our own statements do. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	HF_TRY(pragma(db, "PRAGMA cell_size_check=ON", err));
	if (!db->base.read_only)
		HF_TRY(use_wal(db, err));
	snprintf(sql, sizeof(sql), "PRAGMA journal_size_limit=%d", WAL_KEPT_BYTES);
	HF_TRY(pragma(db, sql, err));
	snprintf(sql, sizeof(sql), "PRAGMA wal_autocheckpoint=%d", CHECKPOINT_PAGES);
	HF_TRY(pragma(db, sql, err));
	HF_TRY(pragma(db, "PRAGMA synchronous=FULL", err));
	db->synchronous = DB_DURABLE;
	if (cache_kib) {
		snprintf(sql, sizeof(sql), "PRAGMA cache_size=-%u", cache_kib);
		HF_TRY(pragma(db, sql, err));
	}
	if (db->base.read_only)
		HF_TRY(pragma(db, "PRAGMA query_only=ON", err));
	return pragma(db, "SELECT count(*) FROM sqlite_schema",
	              err); /* reads the file: is it one at all? */
}

hf_status sqlite_open(const struct db_config *config, struct db **ret, struct hf_err *err)
{
	DB_SCOPED struct db *base = NULL;
	struct sqlite_db *db;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;

	if (config->sqlite_path[0] == ':')
		return hf_fail(err, HF_INVALID, "--sqlite-path %s: give the path of a file",
		               config->sqlite_path);
	if (config->read_only && access(config->sqlite_path, F_OK) != 0)
		return hf_fail(err, HF_NOTFOUND, "there is no database %s", config->sqlite_path);
	if (!config->read_only)
		HF_TRY(create(config->sqlite_path, err));
	db = calloc(1, sizeof(*db));
	HF_ENSURE(db, HF_NOMEM);
	base = &db->base;
	base->backend = &db_sqlite;
	base->read_only = config->read_only;
	db->path = hf_strdup(config->sqlite_path);
	HF_ENSURE(db->path, HF_NOMEM);
	flags |= config->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	HF_TRY(told(db, sqlite3_open_v2(db->path, &db->handle, flags, NULL), err));
	HF_TRY(set_up(db, config->cache_kib, err));
	*ret = hf_take(base);
	return HF_SUCCESS;
}
