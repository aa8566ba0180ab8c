/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/approval_rows.h"

#include <string.h>

hf_status decision_row_insert(struct db *db, const struct decision_row *row)
{
	static const char sql[] =
	        "INSERT INTO approval_decisions (approval_id, identity_id, value, reason,"
	        " decided_at, proof, body) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	        " ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->approval_id);
	db_bind_text(st, 2, row->identity_id);
	db_bind_text(st, 3,
	             approval_status_name(row->approved ? APPROVAL_APPROVED : APPROVAL_DENIED));
	db_bind_text(st, 4, row->reason);
	db_bind_int(st, 5, row->decided_ms);
	db_bind_blob(st, 6, row->proof);
	db_bind_blob(st, 7, row->body);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

hf_status decision_rows_each(struct db *db, const char *approval_id, decision_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT identity_id, value, reason, decided_at"
	                          " FROM approval_decisions WHERE approval_id = $1"
	                          " ORDER BY decided_at, identity_id";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, approval_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		const struct decision_row decision = {
			.approval_id = approval_id,
			.identity_id = db_col_text(st, 0),
			.approved = strcmp(db_col_text(st, 1),
			                   approval_status_name(APPROVAL_APPROVED)) == 0,
			.reason = db_col_null(st, 2) ? NULL : db_col_text(st, 2),
			.decided_ms = db_col_int(st, 3),
		};
		HF_TRY(fn(ctx, &decision));
	}
}
