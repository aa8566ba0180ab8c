/* SPDX-License-Identifier: Apache-2.0 */
#include "db/schema.h"

static hf_status read_number(struct db *db, const char *sql, int64_t *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_CORRUPT);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}

hf_status db_table_rows(struct db *db, const struct db_table *t, int64_t *ret)
{
	return read_number(db, t->count_sql, ret);
}

hf_status db_table_is_empty(struct db *db, const struct db_table *t, bool *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, t->any_sql, &st));
	HF_TRY(db_step(st, &row));
	*ret = !row;
	return HF_SUCCESS;
}

hf_status db_size(struct db *db, int64_t *ret)
{
	return read_number(db,
	                   db_dialect(db,
	                              "SELECT page_count * page_size FROM pragma_page_count(), "
	                              "pragma_page_size()",
	                              "SELECT pg_database_size(current_database())"),
	                   ret);
}
