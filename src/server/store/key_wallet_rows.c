/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/key_wallet_rows.h"

hf_status key_wallet_rows_each(struct db *db, const char *key_id, key_wallet_fn fn, void *ctx)
{
	static const char sql[] =
	        "SELECT w.id, t.tag FROM wallets w LEFT JOIN wallet_tags t ON t.wallet_id = w.id"
	        " WHERE w.key_id = $1 ORDER BY w.id, t.tag";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, key_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(fn(ctx, db_col_text(st, 0), db_col_text(st, 1)));
	}
}
