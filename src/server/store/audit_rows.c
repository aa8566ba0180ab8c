/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/audit_rows.h"

#include "base/log.h"

#include <stdio.h>

#define INSERT                                                                                     \
	"INSERT INTO audit_log (org_id, id, happened_at, identity_id, entry)"                      \
	" VALUES ($1, $2, $3, $4, $5)"

static hf_status bind(struct db *db, const char *sql, const struct audit_row *row,
                      struct db_stmt **ret)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(row->entry.len + 1);

	hf_buf_put(&text, row->entry.ptr, row->entry.len);
	hf_buf_u8(&text, 0);
	HF_TRY(hf_buf_status(&text));
	HF_TRY(db_query(db, sql, ret));
	db_bind_text(*ret, 1, row->org_id);
	db_bind_text(*ret, 2, row->id);
	db_bind_int(*ret, 3, row->happened_ms);
	db_bind_text(*ret, 4, row->identity_id);
	db_bind_text(*ret, 5, (const char *)text.ptr);
	return HF_SUCCESS;
}

/* PostgreSQL: one statement, and one turn of its parser, planner and executor, for both rows. */
static hf_status insert_postgres(struct db *db, const struct audit_row *row)
{
	static const char sql[] =
	        DB_BY_KEY "WITH entered AS (" INSERT ") INSERT INTO audit_waiting (org_id, id)"
	                  " VALUES ($1, $2)";
	struct db_stmt *st;

	HF_TRY(bind(db, sql, row, &st));
	db_post(st);
	return HF_SUCCESS;
}

static hf_status insert_sqlite(struct db *db, const struct audit_row *row)
{
	static const char waits[] = "INSERT INTO audit_waiting (org_id, id) VALUES ($1, $2)";
	struct db_stmt *st;

	HF_TRY(bind(db, INSERT, row, &st));
	db_post(st);
	HF_TRY(db_query(db, waits, &st));
	db_bind_text(st, 1, row->org_id);
	db_bind_text(st, 2, row->id);
	db_post(st);
	return HF_SUCCESS;
}

hf_status audit_row_insert(struct db *db, const struct audit_row *row)
{
	if (*db_dialect(db, "", "postgres"))
		return insert_postgres(db, row);
	return insert_sqlite(db, row);
}

#define BY_IDS(list) "SELECT id, entry FROM audit_log WHERE org_id = $1 AND id IN (SELECT " list ")"

static hf_status each_entry(struct db_stmt *st, audit_entry_fn fn, void *ctx)
{
	bool row;

	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(fn(ctx, db_col_text(st, 0), hf_span_text(db_col_text(st, 1))));
	}
}

hf_status audit_rows_get(struct db *db, const char *org_id, struct hf_span ids, audit_entry_fn fn,
                         void *ctx)
{
	const char *sql = db_dialect(db, BY_IDS("value FROM json_each($2)"),
	                             BY_IDS("json_array_elements_text($2::json)"));
	HF_BUF_SCOPED struct hf_buf list = HF_BUF(ids.len * 2 + 64);
	DB_STMT st = NULL;

	hf_buf_u8(&list, '[');
	for (size_t i = 0; i + AUDIT_ID_LEN <= ids.len; i += AUDIT_ID_LEN) {
		if (i)
			hf_buf_u8(&list, ',');
		hf_buf_json_string(&list, HF_SPAN(ids.ptr + i, AUDIT_ID_LEN));
	}
	hf_buf_put(&list, "]", 2);
	HF_TRY(hf_buf_status(&list));
	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, (const char *)list.ptr);
	return each_entry(st, fn, ctx);
}

hf_status audit_rows_ids(struct db *db, const char *org_id, const char *after, int limit,
                         audit_entry_fn fn, void *ctx)
{
	static const char sql[] = "SELECT id, '' FROM audit_log WHERE org_id = $1 AND id > $2"
	                          " ORDER BY id LIMIT $3";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, after);
	db_bind_int(st, 3, limit);
	return each_entry(st, fn, ctx);
}

void audit_id_at(int64_t ms, char to[HF_ID_MAX])
{
	uint64_t bits = (uint64_t)ms << 14; /* two zero bits, 48 of time: ten digits */
	uint8_t raw[8];
	char digits[11];

	for (int i = 0; i < 8; i++)
		raw[i] = (uint8_t)(bits >> (56 - 8 * i));
	hf_id_digits(raw, 10, digits);
	snprintf(to, HF_ID_MAX, "uj-%.5s-%.5s", digits, digits + 5);
}

hf_status audit_row_get(struct db *db, const char *org_id, const char *id, audit_entry_fn fn,
                        void *ctx)
{
	static const char sql[] =
	        DB_BY_KEY "SELECT id, entry FROM audit_log WHERE org_id = $1 AND id = $2";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	return fn(ctx, db_col_text(st, 0), hf_span_text(db_col_text(st, 1)));
}

/* An entry is made after what it tells of has begun, but for clocks that were set: an hour is
 * allowed for these. */
#define SLACK_MS 3600000

hf_status audit_rows_between(struct db *db, const char *org_id, const char *identity_id,
                             int64_t since_ms, int64_t until_ms, int limit, audit_entry_fn fn,
                             void *ctx)
{
	static const char sql[] =
	        "SELECT id, entry FROM audit_log WHERE org_id = $1 AND id >= $2 AND id < $3"
	        " AND happened_at BETWEEN $4 AND $5 AND identity_id IS NOT NULL"
	        " ORDER BY id LIMIT $6";
	static const char of_one[] =
	        "SELECT id, entry FROM audit_log WHERE org_id = $1 AND id >= $2 AND id < $3"
	        " AND happened_at BETWEEN $4 AND $5 AND identity_id = $7"
	        " ORDER BY id LIMIT $6";
	char first[HF_ID_MAX], last[HF_ID_MAX];
	DB_STMT st = NULL;

	audit_id_at(since_ms > SLACK_MS ? since_ms - SLACK_MS : 0, first);
	audit_id_at(until_ms + SLACK_MS, last);
	HF_TRY(db_query(db, identity_id ? of_one : sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, first);
	db_bind_text(st, 3, last);
	db_bind_int(st, 4, since_ms);
	db_bind_int(st, 5, until_ms);
	db_bind_int(st, 6, limit);
	if (identity_id)
		db_bind_text(st, 7, identity_id);
	return each_entry(st, fn, ctx);
}

hf_status audit_rows_newest(struct db *db, const char *org_id, const char *first,
                            const char *before, int limit, audit_entry_fn fn, void *ctx)
{
	static const char sql[] = "SELECT id, entry FROM audit_log WHERE org_id = $1 AND id >= $2"
	                          " AND id < $3 ORDER BY id DESC LIMIT $4";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, first);
	db_bind_text(st, 3, before);
	db_bind_int(st, 4, limit);
	return each_entry(st, fn, ctx);
}

hf_status audit_credential_key(struct db *db, const char *org_id, const char *id,
                               struct hf_buf *ret)
{
	static const char sql[] =
	        "SELECT public_key FROM credentials WHERE org_id = $1 AND id = $2";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	hf_buf_text(ret, db_col_text(st, 0));
	return hf_buf_status(ret);
}
