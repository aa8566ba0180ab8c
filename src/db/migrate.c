/* SPDX-License-Identifier: Apache-2.0 */
#include "db/backend.h"

/* The one table that this folder knows: which version of which schema a database is at. */
static const char create_sql[] = "CREATE TABLE IF NOT EXISTS schema_versions (name TEXT PRIMARY "
                                 "KEY, version INTEGER NOT NULL)";

static hf_status version_in_table(struct db *db, const char *schema, int64_t *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT version FROM schema_versions WHERE name = $1", &st));
	db_bind_text(st, 1, schema);
	HF_TRY(db_step(st, &row));
	*ret = row ? db_col_int(st, 0) : 0;
	return HF_SUCCESS;
}

hf_status db_schema_version(struct db *db, const char *schema, int64_t *ret)
{
	DB_STMT st = NULL;
	bool there;

	HF_TRY(db_query(db, db->backend->schema_exists_sql, &st));
	HF_TRY(db_step(st, &there));
	if (there)
		return version_in_table(db, schema, ret);
	*ret = 0;
	return HF_SUCCESS;
}

static hf_status write_version(struct db *db, const char *schema, int64_t version)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "INSERT INTO schema_versions (name, version) VALUES ($1, $2) "
	                "ON CONFLICT (name) DO UPDATE SET version = excluded.version",
	                &st));
	db_bind_text(st, 1, schema);
	db_bind_int(st, 2, version);
	return db_run(st, NULL);
}

static hf_status check_version(int64_t version, size_t n, const char *schema, struct hf_err *err)
{
	if (version >= 0 && (uint64_t)version <= n)
		return HF_SUCCESS;
	return hf_fail(
	        err, HF_STATE,
	        "the database's schema \"%s\" is at version %lld, this program knows up to %zu: "
	        "run the newer release that brought it there",
	        schema, (long long)version, n);
}

/* One step, unless another process made it meanwhile. Inside a transaction. */
static hf_status step_inside(struct db *db, const char *schema, const struct db_migration *list,
                             size_t n, int64_t *version, struct hf_err *err)
{
	HF_TRY(db->backend->lock_schema(db));
	HF_TRY(db->backend->exec(db, create_sql));
	HF_TRY(version_in_table(db, schema, version));
	HF_TRY(check_version(*version, n, schema, err));
	if ((uint64_t)*version == n)
		return HF_SUCCESS;
	HF_TRY(db->backend->exec(db, db->backend->migration_sql(&list[*version])));
	*version += 1;
	return write_version(db, schema, *version);
}

static hf_status step(struct db *db, const char *schema, const struct db_migration *list, size_t n,
                      int64_t *version, struct hf_err *err)
{
	struct hf_err why = { 0 };
	hf_status s = db_begin(db);

	if (hf_ok(s))
		s = step_inside(db, schema, list, n, version, &why);
	if (hf_ok(s))
		s = db_commit(db, DB_DURABLE);
	if (hf_ok(s))
		return s;
	db_rollback(db);
	if (why.text[0])
		return hf_fail(err, s.code, "%s", why.text);
	return hf_fail(err, s.code, "cannot bring the schema \"%s\" up to date: %s", schema,
	               db_error(db));
}

hf_status db_migrate(struct db *db, const char *schema, const struct db_migration *list, size_t n,
                     struct hf_err *err)
{
	int64_t version = 0;
	hf_status s = db_schema_version(db, schema, &version);

	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot read the schema's version: %s", db_error(db));
	HF_TRY(check_version(version, n, schema, err));
	if ((uint64_t)version < n && db->read_only)
		return hf_fail(
		        err, HF_STATE,
		        "the database is not set up for \"%s\", and is open for reading only",
		        schema);
	while ((uint64_t)version < n)
		HF_TRY(step(db, schema, list, n, &version, err));
	return HF_SUCCESS;
}
