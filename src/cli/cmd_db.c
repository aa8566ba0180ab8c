/* SPDX-License-Identifier: Apache-2.0
 * holdfast db status, db migrate: what is in a database, and bringing it up to this release. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "cli/schemas.h"
#include "json/write.h"
#include "keydb/keydb.h"

#include <stdio.h>
#include <string.h>

struct options {
	struct db_config db;
	bool json;
	const char *schema;
};

#define DATABASE "the database, a driver's or a server's or both"

static const struct cli_option status_options[] = {
	CLI_DB_OPTIONS(struct options, db, DATABASE),
	CLI_OPTION_FLAG(struct options, json, "json", "the result as JSON, for machines"),
};

static const struct cli_option migrate_options[] = {
	CLI_DB_OPTIONS(struct options, db, DATABASE),
	CLI_OPTION_TEXT(struct options, schema, "schema", "NAME", NULL,
	                "keys (a driver's) or server: makes that one, also where nothing is yet; "
	                "without it, what is there is brought up to date"),
};

/* Where a schema stands, for people and for machines. */
static hf_status write_schema(struct db *db, const struct db_schema *s, struct json_writer *w)
{
	int64_t version, rows;

	HF_TRY(db_schema_version(db, s->name, &version));
	if (!version)
		return HF_SUCCESS;
	json_open_object(w, NULL);
	json_text(w, "name", s->name);
	json_int(w, "version", version);
	json_int(w, "known", (int64_t)s->n_migrations);
	json_int(w, "pending",
	         version < (int64_t)s->n_migrations ? (int64_t)s->n_migrations - version : 0);
	json_open_object(w, "rows");
	for (size_t i = 0; i < s->n_tables; i++) {
		if (s->tables[i].since > version)
			continue;
		HF_TRY(db_table_rows(db, &s->tables[i], &rows));
		json_int(w, s->tables[i].name, rows);
	}
	json_close_object(w);
	json_close_object(w);
	return HF_SUCCESS;
}

struct master_list {
	char id[16][MASTER_ID_MAX];
	size_t n;
};

static hf_status note_master(void *ctx, const struct keydb_canary *canary)
{
	struct master_list *list = ctx;

	if (list->n < HF_COUNT(list->id))
		memcpy(list->id[list->n++], canary->master_id, MASTER_ID_MAX);
	return HF_SUCCESS;
}

static hf_status write_masters(struct db *db, struct json_writer *w)
{
	struct master_list list = { 0 };
	int64_t version, rows, all, known = 0;

	HF_TRY(db_schema_version(db, keydb_schema.name, &version));
	if (!version)
		return HF_SUCCESS;
	HF_TRY(keydb_canaries(db, note_master, &list));
	HF_TRY(keydb_count(db, NULL, &all));
	json_open_object(w, "keysByMaster");
	for (size_t i = 0; i < list.n; i++) {
		HF_TRY(keydb_count(db, list.id[i], &rows));
		json_int(w, list.id[i], rows);
		known += rows;
	}
	if (all > known)
		json_int(w, "without a canary", all - known);
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status write_report(const struct db_config *config, struct db *db, struct hf_buf *to)
{
	struct json_writer w = JSON_WRITER(to);
	char where[512];
	int64_t size;

	db_describe(config, where, sizeof(where));
	HF_TRY(db_size(db, &size));
	json_open_object(&w, NULL);
	json_text(&w, "database", where);
	json_int(&w, "bytes", size);
	json_open_array(&w, "schemas");
	for (size_t i = 0; i < cli_schema_count; i++)
		HF_TRY(write_schema(db, cli_schemas[i], &w));
	json_close_array(&w);
	HF_TRY(write_masters(db, &w));
	json_close_object(&w);
	return hf_buf_status(to);
}

static void print_schema(struct db *db, const struct db_schema *s)
{
	int64_t version = 0, known = (int64_t)s->n_migrations, rows;

	if (!hf_ok(db_schema_version(db, s->name, &version)) || !version) {
		printf("Schema %-10s not here\n", s->name);
		return;
	}
	printf("Schema %-10s version %lld of %lld: %s\n", s->name, (long long)version,
	       (long long)known,
	       version == known ? "up to date"
	       : version < known
	               ? "run `holdfast db migrate` (back it up first)"
	               : "newer than this program: use the release that brought it there");
	for (size_t i = 0; i < s->n_tables && version <= known; i++)
		if (s->tables[i].since <= version && hf_ok(db_table_rows(db, &s->tables[i], &rows)))
			printf("  %-16s %12lld rows\n", s->tables[i].name, (long long)rows);
}

static void print_masters(struct db *db)
{
	struct master_list list = { 0 };
	int64_t rows;

	if (!hf_ok(keydb_canaries(db, note_master, &list)))
		return;
	for (size_t i = 0; i < list.n; i++)
		if (hf_ok(keydb_count(db, list.id[i], &rows)))
			printf("Master key %s wraps %lld keys\n", list.id[i], (long long)rows);
}

static void print_report(const struct db_config *config, struct db *db)
{
	char where[512];
	int64_t size = 0, version = 0;

	db_describe(config, where, sizeof(where));
	hf_ignore(db_size(db, &size));
	printf("Database   %s, %.1f MiB\n", where, (double)size / 1048576);
	for (size_t i = 0; i < cli_schema_count; i++)
		print_schema(db, cli_schemas[i]);
	if (hf_ok(db_schema_version(db, keydb_schema.name, &version)) && version)
		print_masters(db);
}

static hf_status status(struct options *o, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF((size_t)1 << 20);
	DB_SCOPED struct db *db = NULL;
	hf_status s;

	HF_TRY(cli_db_options(&o->db, err));
	o->db.read_only = true;
	HF_TRY(db_open(&o->db, &db, err));
	if (!o->json) {
		print_report(&o->db, db);
		return HF_SUCCESS;
	}
	s = write_report(&o->db, db, &report);
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot read the database: %s", db_error(db));
	printf("%.*s\n", (int)report.len, (const char *)report.ptr);
	return HF_SUCCESS;
}

static hf_status migrate_one(struct db *db, const struct db_schema *s, bool make, bool *ret_any,
                             struct hf_err *err)
{
	int64_t version;

	HF_TRY(db_schema_version(db, s->name, &version));
	if (!version && !make)
		return HF_SUCCESS;
	HF_TRY(db_migrate(db, s->name, s->migrations, s->n_migrations, err));
	printf("Schema %s: version %lld, was %lld\n", s->name, (long long)s->n_migrations,
	       (long long)version);
	*ret_any = true;
	return HF_SUCCESS;
}

static hf_status migrate(struct options *o, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	bool any = false, known = !o->schema;

	HF_TRY(cli_db_options(&o->db, err));
	for (size_t i = 0; i < cli_schema_count && !known; i++)
		known = strcmp(cli_schemas[i]->name, o->schema) == 0;
	if (!known)
		return hf_fail(err, HF_INVALID, "--schema %s: there are keys and server",
		               o->schema);
	HF_TRY(db_open(&o->db, &db, err));
	for (size_t i = 0; i < cli_schema_count; i++) {
		bool named = o->schema && strcmp(cli_schemas[i]->name, o->schema) == 0;

		if (named || !o->schema)
			HF_TRY(migrate_one(db, cli_schemas[i], named, &any, err));
	}
	if (!any)
		return hf_fail(err, HF_NOTFOUND,
		               "nothing of Holdfast is in this database: say what to make, "
		               "--schema keys for a driver's or --schema server");
	return HF_SUCCESS;
}

static int run_status(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = status(config, &err);

	return hf_ok(s) ? 0 : cli_failed("db status", s, &err);
}

static int run_migrate(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = migrate(config, &err);

	return hf_ok(s) ? 0 : cli_failed("db migrate", s, &err);
}

const struct cli_command cmd_db_status = {
	.name = "db status",
	.summary = "show what a database holds: schemas, versions, rows, master keys",
	.details = "Reads only. Counting rows reads whole tables, which takes seconds for many "
	           "millions.",
	.options = status_options,
	.n_options = HF_COUNT(status_options),
	.config_size = sizeof(struct options),
	.run = run_status,
};

const struct cli_command cmd_db_migrate = {
	.name = "db migrate",
	.summary = "bring a database's schemas up to this release",
	.details = "Server and driver do the same by themselves when they start; this is for those "
	           "who want it as a step of its own, or whose programs may not change tables. A "
	           "database that a newer release has migrated is refused. Back it up first: there "
	           "is no way back.",
	.options = migrate_options,
	.n_options = HF_COUNT(migrate_options),
	.config_size = sizeof(struct options),
	.run = run_migrate,
};
