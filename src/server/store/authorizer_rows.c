/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/authorizer_rows.h"

hf_status authorizer_rows(struct db *db, const char *org_id, authorizer_row_fn fn, void *ctx)
{
	static const char sql[] =
	        "SELECT c.id, c.kind, c.public_key, c.relying_party, c.origin, i.id, i.name"
	        " FROM credentials c JOIN identities i ON i.id = c.identity_id"
	        " WHERE c.org_id = $1 AND c.is_active = 1 AND c.is_recovery = 0"
	        " AND i.is_active = 1 AND i.is_archived = 0 ORDER BY i.id, c.id";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	HF_TRY(db_step(st, &row));
	while (row) {
		const struct authorizer_row r = {
			.id = db_col_text(st, 0),
			.kind = db_col_text(st, 1),
			.public_key = db_col_text(st, 2),
			.relying_party = db_col_text(st, 3),
			.origin = db_col_text(st, 4),
			.identity = db_col_text(st, 5),
			.name = db_col_text(st, 6),
		};

		HF_TRY(fn(ctx, &r));
		HF_TRY(db_step(st, &row));
	}
	return HF_SUCCESS;
}

hf_status authorizer_rows_audit_keys(struct db *db, const char *org_id, authorizer_key_fn fn,
                                     void *ctx)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db,
	                "SELECT id FROM audit_keys WHERE org_id = $1 AND status = 'Active' "
	                "ORDER BY id",
	                &st));
	db_bind_text(st, 1, org_id);
	HF_TRY(db_step(st, &row));
	while (row) {
		HF_TRY(fn(ctx, db_col_text(st, 0)));
		HF_TRY(db_step(st, &row));
	}
	return HF_SUCCESS;
}

hf_status authorizer_rows_org(struct db *db, char ret[HF_ID_MAX])
{
	char id[HF_ID_MAX];
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT id FROM orgs LIMIT 2", &st));
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	HF_TRY(hf_span_to_text(hf_span_text(db_col_text(st, 0)), id, sizeof(id)));
	HF_TRY(db_step(st, &row));
	HF_ENSURE(!row, HF_EXISTS);
	HF_TRY(hf_span_to_text(hf_span_text(id), ret, HF_ID_MAX));
	return HF_SUCCESS;
}
