/* SPDX-License-Identifier: Apache-2.0
 * Rows into tables, in one transaction. */
#include "db/dump.h"

#include "db/dump_inside.h"

#include <string.h>

enum { SYNC_ROWS = 256 };

static const struct db_schema *find_schema(const struct dump_config *c, const char *name)
{
	for (size_t i = 0; i < c->n_schemas; i++)
		if (strcmp(c->schemas[i]->name, name) == 0)
			return c->schemas[i];
	return NULL;
}

static const struct db_table *find_table(const struct db_schema *s, const char *name)
{
	for (size_t i = 0; s && i < s->n_tables; i++)
		if (strcmp(s->tables[i].name, name) == 0)
			return &s->tables[i];
	return NULL;
}

struct restorer {
	const struct dump_config *config;
	struct db *db;
	struct dump_texts texts;
	const char *sql; /* of the table at hand */
	int64_t rows;
	struct hf_err *err;
};

/* The table has to be one that we know, with columns that we know: a backup writes nowhere else. */
static hf_status begin_table(struct restorer *r, const char *schema, const struct dump_item *item)
{
	const struct db_table *t = find_table(find_schema(r->config, schema), item->name);
	HF_BUF_SCOPED struct hf_buf sql = HF_BUF(DUMP_SQL_MAX);

	for (size_t i = 0; i < item->n; i++) {
		bool known = false;

		for (size_t j = 0; t && j < t->n_columns && !known; j++)
			known = strcmp(t->columns[j].name, item->columns[i].name) == 0 &&
			        t->columns[j].type == item->columns[i].type;
		if (!known)
			return hf_fail(r->err, HF_STATE,
			               "the backup has the table %s with the column %s, which this "
			               "program does not know: use the release that made it",
			               item->name, item->columns[i].name);
	}
	hf_buf_printf(&sql, "INSERT INTO %s (", item->name);
	dump_list_columns(&sql, item, item->n);
	hf_buf_text(&sql, ") VALUES (");
	dump_list_parameters(&sql, item->n);
	hf_buf_text(&sql, ")");
	r->sql = dump_keep_text(&r->texts, &sql);
	HF_ENSURE(r->sql, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status put_row(void *ctx, const char *schema, const struct dump_item *item)
{
	struct restorer *r = ctx;
	DB_STMT st = NULL;

	if (item->kind == DUMP_TABLE)
		return begin_table(r, schema, item);
	HF_TRY(db_query(r->db, r->sql, &st));
	for (size_t i = 0; i < item->n; i++)
		dump_bind(st, (int)i + 1, item->columns[i].type, &item->values[i]);
	if (++r->rows % SYNC_ROWS == 0)
		return db_run(st, NULL);
	db_post(hf_take(st));
	return HF_SUCCESS;
}

static hf_status check_empty(struct restorer *r, const struct db_schema *schema, int64_t version)
{
	for (size_t i = 0; i < schema->n_tables; i++) {
		bool empty;

		if (schema->tables[i].since > version)
			continue;
		HF_TRY(db_table_is_empty(r->db, &schema->tables[i], &empty));
		if (!empty)
			return hf_fail(
			        r->err, HF_EXISTS,
			        "the database is not empty (table %s): restore into a new one",
			        schema->tables[i].name);
	}
	return HF_SUCCESS;
}

/* Brings each schema to the version that the backup is of, unless something is there. */
static hf_status prepare(struct restorer *r, const struct dump_summary *sum)
{
	for (size_t i = 0; i < sum->n_schemas; i++) {
		const struct db_schema *schema = find_schema(r->config, sum->schemas[i].name);
		int64_t version = sum->schemas[i].version, there;

		if (!schema || (uint64_t)version > schema->n_migrations)
			return hf_fail(
			        r->err, HF_STATE,
			        "the backup has the schema \"%s\" in version %lld, which this "
			        "program does not know: use the release that made it, or a "
			        "newer one",
			        sum->schemas[i].name, (long long)version);
		HF_TRY(db_schema_version(r->db, schema->name, &there));
		if (there)
			HF_TRY(check_empty(r, schema, there));
		if (there > version)
			return hf_fail(r->err, HF_EXISTS,
			               "the database's schema \"%s\" is newer than the backup's: "
			               "restore into a database without tables",
			               schema->name);
		HF_TRY(db_migrate(r->db, schema->name, schema->migrations, (size_t)version,
		                  r->err));
	}
	return HF_SUCCESS;
}

static hf_status fill(struct restorer *r, struct dump_summary *ret)
{
	struct dump_summary again;

	HF_TRY(db_begin(r->db));
	for (size_t i = 0; i < ret->n_schemas; i++)
		HF_TRY(check_empty(r, find_schema(r->config, ret->schemas[i].name),
		                   ret->schemas[i].version));
	HF_TRY(dump_scan(r->config, put_row, r, &again, r->err));
	return db_commit(r->db, DB_DURABLE);
}

static hf_status bring_up_to_date(struct restorer *r, const struct dump_summary *sum)
{
	for (size_t i = 0; i < sum->n_schemas; i++) {
		const struct db_schema *s = find_schema(r->config, sum->schemas[i].name);

		HF_TRY(db_migrate(r->db, s->name, s->migrations, s->n_migrations, r->err));
	}
	return HF_SUCCESS;
}

hf_status dump_restore(const struct dump_config *c, struct dump_summary *ret, struct hf_err *err)
{
	HF_FREE struct restorer *r = calloc(1, sizeof(*r));
	struct hf_err why = { 0 };
	struct dump_config check = *c;
	hf_status s;

	HF_ENSURE(r, HF_NOMEM);
	check.progress = NULL;
	HF_TRY(dump_scan(&check, NULL, NULL, ret, err));
	r->config = c;
	r->err = &why;
	HF_TRY(db_open(&c->db, &r->db, err));
	s = prepare(r, ret);
	if (hf_ok(s))
		s = fill(r, ret);
	if (hf_ok(s))
		s = bring_up_to_date(r, ret);
	if (!hf_ok(s))
		s = hf_fail(err, s.code, "%s; no row was restored",
		            why.text[0]          ? why.text
		            : db_error(r->db)[0] ? db_error(r->db)
		                                 : hf_code_name(s.code));
	db_close(r->db);
	dump_texts_done(&r->texts);
	return s;
}
