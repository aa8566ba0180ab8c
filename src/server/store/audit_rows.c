/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/audit_rows.h"

#include "base/log.h"

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
