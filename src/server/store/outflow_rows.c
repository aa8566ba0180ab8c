/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/outflow_rows.h"

#include "server/store/clock.h"

#define MINUTE_MS "60000"
#define LONGEST_MS "2592000000" /* 30 days: POLICY_TIMEFRAME_MAX */

/* SQLite has one writer at a time. */
hf_status outflow_lock(struct db *db, const char *key_id)
{
	static const char plain[] = "SELECT id FROM keys WHERE id = $1";
	static const char locking[] = "SELECT id FROM keys WHERE id = $1 FOR NO KEY UPDATE";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, db_dialect(db, plain, locking), &st));
	db_bind_text(st, 1, key_id);
	return db_step(st, &row);
}

#define FORGET(now) "DELETE FROM outflows WHERE key_id = $1 AND happened_at < " now " - " LONGEST_MS
#define INSERT(now)                                                                                \
	"INSERT INTO outflows (key_id, happened_at, signature_id, symbol, amount)"                 \
	" VALUES ($1, " now ", $2, $3, $4)"

hf_status outflow_row_insert(struct db *db, const char *key_id, const char *signature_id,
                             const char *symbol, const struct chain_amount *amount)
{
	struct db_stmt *st;

	HF_TRY(db_query(db, db_dialect(db, FORGET(NOW_SQLITE), FORGET(NOW_POSTGRES)), &st));
	db_bind_text(st, 1, key_id);
	db_post(st);
	HF_TRY(db_query(db, db_dialect(db, INSERT(NOW_SQLITE), INSERT(NOW_POSTGRES)), &st));
	db_bind_text(st, 1, key_id);
	db_bind_text(st, 2, signature_id);
	db_bind_text(st, 3, symbol);
	if (symbol)
		db_bind_blob(st, 4, HF_SPAN(amount->be, sizeof(amount->be)));
	else
		db_bind_null(st, 4);
	db_post(st);
	return HF_SUCCESS;
}

hf_status outflow_row_remove(struct db *db, const char *signature_id)
{
	static const char sql[] = "DELETE FROM outflows WHERE signature_id = $1";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, signature_id);
	db_post(st);
	return HF_SUCCESS;
}

#define SINCE(now) " WHERE key_id = $1 AND happened_at > " now " - CAST($2 AS BIGINT) * " MINUTE_MS
#define COUNT(now) "SELECT COUNT(*) FROM outflows" SINCE(now)
#define AMOUNTS(now) "SELECT amount FROM outflows" SINCE(now) " AND symbol = $3"

hf_status outflow_count(struct db *db, const char *key_id, int64_t minutes, int64_t *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, db_dialect(db, COUNT(NOW_SQLITE), COUNT(NOW_POSTGRES)), &st));
	db_bind_text(st, 1, key_id);
	db_bind_int(st, 2, minutes);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_INTERNAL);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}

hf_status outflow_sum(struct db *db, const char *key_id, const char *symbol, int64_t minutes,
                      struct chain_amount *ret)
{
	struct chain_amount sum = chain_amount_u64(0), one;
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, db_dialect(db, AMOUNTS(NOW_SQLITE), AMOUNTS(NOW_POSTGRES)), &st));
	db_bind_text(st, 1, key_id);
	db_bind_int(st, 2, minutes);
	db_bind_text(st, 3, symbol);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			break;
		HF_ENSURE(hf_ok(chain_amount_be(db_col_blob(st, 0), &one)), HF_CORRUPT);
		HF_TRY(chain_amount_add(&sum, &one, &sum));
	}
	*ret = sum;
	return HF_SUCCESS;
}
