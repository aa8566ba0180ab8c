/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/evidence_rows.h"

hf_status evidence_row_get(struct db *db, uint64_t job, evidence_row_fn fn, void *ctx)
{
	/* subjects 2 and 3: JOB_FOR_SIGNATURE, JOB_FOR_FORMED_SIGNATURE (core/queue/jobs.h) */
	static const char sql[] =
	        DB_BY_KEY "SELECT s.body, s.proof, s.wallet_id, s.network, s.approval_id"
	                  " FROM jobs j JOIN signatures s ON s.id = j.subject_id"
	                  " WHERE j.id = $1 AND j.subject IN (2, 3)";
	struct evidence_row found;
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, (int64_t)job);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	found = (struct evidence_row){
		.body = db_col_blob(st, 0),
		.proof = db_col_blob(st, 1),
		.wallet_id = db_col_text(st, 2),
		.network = db_col_text(st, 3),
		.approval_id = db_col_text(st, 4),
	};
	return fn(ctx, &found);
}

hf_status evidence_row_checkpoint(struct db *db, uint64_t job, evidence_row_fn fn, void *ctx)
{
	/* subject 5: JOB_FOR_CHECKPOINT */
	static const char sql[] = DB_BY_KEY
	        "SELECT c.note FROM jobs j JOIN audit_checkpoints c ON c.id = j.subject_id"
	        " WHERE j.id = $1 AND j.subject = 5";
	struct evidence_row found = { .wallet_id = "", .network = "", .approval_id = "" };
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, (int64_t)job);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	found.body = hf_span_text(db_col_text(st, 0));
	return fn(ctx, &found);
}

hf_status evidence_rows_decisions(struct db *db, const char *approval_id, size_t max,
                                  evidence_decision_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db,
	                "SELECT body, proof FROM approval_decisions WHERE approval_id = $1"
	                " AND value = 'Approved' ORDER BY decided_at LIMIT $2",
	                &st));
	db_bind_text(st, 1, approval_id);
	db_bind_int(st, 2, (int64_t)max);
	HF_TRY(db_step(st, &row));
	while (row) {
		HF_TRY(fn(ctx, db_col_blob(st, 0), db_col_blob(st, 1)));
		HF_TRY(db_step(st, &row));
	}
	return HF_SUCCESS;
}
