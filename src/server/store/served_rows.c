/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/served_rows.h"

#include <stdio.h>

hf_status served_rows_list(struct db *db, const char *issuer_key_id, served_fn fn, void *ctx)
{
	static const char sql[] = "SELECT id, name, issuer_key_id IS NOT NULL FROM key_stores"
	                          " WHERE issuer_key_id = $1 OR issuer_key_id IS NULL"
	                          " ORDER BY issuer_key_id IS NULL, is_primary DESC, id";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, issuer_key_id);
	for (;;) {
		struct served_row served;

		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		snprintf(served.id, sizeof(served.id), "%s", db_col_text(st, 0));
		snprintf(served.name, sizeof(served.name), "%s", db_col_text(st, 1));
		served.by_issuer = db_col_int(st, 2) != 0;
		HF_TRY(fn(ctx, &served));
	}
}
