/* SPDX-License-Identifier: Apache-2.0
 * Lists: each page is found by the index of its order. */
#include "server/store/object_rows.h"

#define PAGE(WHOSE, MORE, COLUMN, COMPARE, ORDER)                                                  \
	"SELECT " OBJECT_COLUMNS " FROM objects WHERE " WHOSE " = $1 AND " COLUMN " " COMPARE      \
	" $2 AND making_at IS NULL" MORE " ORDER BY " COLUMN " " ORDER " LIMIT $3"
#define NOT_DELETED " AND state < 6"

/* Greater than every id and every name: the last character of Unicode. */
#define AFTER_EVERYTHING "\xf4\x8f\xbf\xbf"

/* By: of a group, by name, descending. */
static const char *const page_sql[2][2][2] = {
	{ { PAGE("org_id", NOT_DELETED, "id", ">", "ASC"),
	    PAGE("org_id", NOT_DELETED, "id", "<", "DESC") },
	  { PAGE("org_id", NOT_DELETED, "name", ">", "ASC"),
	    PAGE("org_id", NOT_DELETED, "name", "<", "DESC") } },
	{ { PAGE("group_id", NOT_DELETED, "id", ">", "ASC"),
	    PAGE("group_id", NOT_DELETED, "id", "<", "DESC") },
	  { PAGE("group_id", NOT_DELETED, "name", ">", "ASC"),
	    PAGE("group_id", NOT_DELETED, "name", "<", "DESC") } },
};
static const char *const page_sql_deleted_too[2][2] = {
	{ PAGE("org_id", "", "id", ">", "ASC"), PAGE("org_id", "", "id", "<", "DESC") },
	{ PAGE("group_id", "", "id", ">", "ASC"), PAGE("group_id", "", "id", "<", "DESC") },
};

hf_status object_rows_page(struct db *db, const struct object_page *page, object_row_fn fn,
                           void *ctx)
{
	bool of_group = page->group_id;
	const char *sql = page->deleted_too && !page->by_name
	                          ? page_sql_deleted_too[of_group][page->descending]
	                          : page_sql[of_group][page->by_name][page->descending];
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, of_group ? page->group_id : page->org_id);
	if (page->after)
		db_bind_text(st, 2, page->after);
	else
		db_bind_text(st, 2, page->descending ? AFTER_EVERYTHING : "");
	db_bind_int(st, 3, page->limit);
	return object_rows_each(st, fn, ctx);
}

hf_status object_rows_cka(struct db *db, const char *org_id, const struct hf_span *cka_id,
                          const struct hf_span *label, const char *after, int limit,
                          object_row_fn fn, void *ctx)
{
	static const char by_id[] = "SELECT " OBJECT_COLUMNS
	                            " FROM objects WHERE org_id = $1 AND cka_id = $2 AND id > $3"
	                            " AND state < 6 AND making_at IS NULL ORDER BY id LIMIT $4";
	static const char by_label[] =
	        "SELECT " OBJECT_COLUMNS " FROM objects WHERE org_id = $1 AND cka_label = $2"
	        " AND id > $3 AND state < 6 AND making_at IS NULL ORDER BY id LIMIT $4";
	DB_STMT st = NULL;

	HF_TRY(cka_id ? db_query(db, by_id, &st) : db_query(db, by_label, &st));
	db_bind_text(st, 1, org_id);
	db_bind_blob(st, 2, cka_id ? *cka_id : *label);
	db_bind_text(st, 3, after ? after : "");
	db_bind_int(st, 4, limit);
	return object_rows_each(st, fn, ctx);
}

hf_status object_rows_count(struct db *db, const char *org_id, const char *group_id, int64_t *ret)
{
	static const char of_org[] = "SELECT count(*) FROM objects WHERE org_id = $1 AND state < 6"
	                             " AND making_at IS NULL";
	static const char of_group[] = "SELECT count(*) FROM objects WHERE group_id = $1"
	                               " AND state < 6 AND making_at IS NULL";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(group_id ? db_query(db, of_group, &st) : db_query(db, of_org, &st));
	db_bind_text(st, 1, group_id ? group_id : org_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_CORRUPT);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}
