/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/store_rows.h"

#include "server/store/columns.h"

hf_status store_row_insert(struct db *db, const struct store_row *row, const char *org_id,
                           const char *issuer_key_id, int64_t now)
{
	static const char sql[] = "INSERT INTO key_stores (id, org_id, name, kind, is_primary,"
	                          " issuer_key_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, org_id);
	db_bind_text(st, 3, row->name);
	db_bind_text(st, 4, row->kind);
	db_bind_int(st, 5, row->primary);
	db_bind_text(st, 6, issuer_key_id);
	db_bind_int(st, 7, now);
	return db_run(st, NULL);
}

static void read_row(struct db_stmt *st, struct store_row *to)
{
	column_text(st, 0, to->id, sizeof(to->id));
	column_text(st, 1, to->kind, sizeof(to->kind));
	column_text(st, 2, to->name, sizeof(to->name));
	to->primary = db_col_int(st, 3) != 0;
}

hf_status store_row_get(struct db *db, const char *org_id, const char *id, struct store_row *ret)
{
	static const char by_id[] = "SELECT id, kind, name, is_primary FROM key_stores"
	                            " WHERE org_id = $1 AND id = $2";
	static const char primary[] = "SELECT id, kind, name, is_primary FROM key_stores"
	                              " WHERE org_id = $1 AND is_primary = 1 ORDER BY id LIMIT 1";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, *id ? by_id : primary, &st));
	db_bind_text(st, 1, org_id);
	if (*id)
		db_bind_text(st, 2, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	read_row(st, ret);
	return HF_SUCCESS;
}

hf_status store_row_org(struct db *db, const char *id, char ret[HF_ID_MAX])
{
	static const char sql[] = "SELECT org_id FROM key_stores WHERE id = $1";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	column_text(st, 0, ret, HF_ID_MAX);
	return HF_SUCCESS;
}

hf_status store_rows_list(struct db *db, const char *org_id, store_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT id, kind, name, is_primary FROM key_stores"
	                          " WHERE org_id = $1 ORDER BY id";
	struct store_row store;
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		read_row(st, &store);
		HF_TRY(fn(ctx, &store));
	}
}

hf_status store_row_set_issuer(struct db *db, const char *id, const char *issuer_key_id)
{
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, "UPDATE key_stores SET issuer_key_id = $1 WHERE id = $2", &st));
	db_bind_text(st, 1, issuer_key_id);
	db_bind_text(st, 2, id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status store_row_set_primary(struct db *db, const char *org_id, const char *id)
{
	static const char sql[] =
	        "UPDATE key_stores SET is_primary = CASE WHEN id = $1 THEN 1 ELSE 0 END"
	        " WHERE org_id = $2 AND EXISTS"
	        " (SELECT 1 FROM key_stores s WHERE s.id = $1 AND s.org_id = $2)";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed > 0, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status store_rows_of_issuer(struct db *db, const char *issuer_key_id, int64_t *ret)
{
	static const char bound[] = "SELECT count(*) FROM key_stores WHERE issuer_key_id = $1";
	static const char open[] = "SELECT count(*) FROM key_stores WHERE issuer_key_id IS NULL";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, issuer_key_id ? bound : open, &st));
	if (issuer_key_id)
		db_bind_text(st, 1, issuer_key_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_CORRUPT);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}
