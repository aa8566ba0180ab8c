/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/secret_rows.h"

#include <string.h>

static hf_status put_first(struct db *db, const char *fingerprint)
{
	static const char sql[] = "INSERT INTO server_secrets (id, fingerprint) VALUES (1, $1)"
	                          " ON CONFLICT (id) DO NOTHING";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, fingerprint);
	return db_run(st, NULL);
}

hf_status secret_row_compare(struct db *db, const char *fingerprint, bool *ret_same)
{
	static const char sql[] = "SELECT fingerprint FROM server_secrets WHERE id = 1";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(put_first(db, fingerprint));
	HF_TRY(db_query(db, sql, &st));
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_INTERNAL);
	*ret_same = strcmp(db_col_text(st, 0), fingerprint) == 0;
	return HF_SUCCESS;
}
