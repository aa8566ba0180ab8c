/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/notice_rows.h"

hf_status object_rows_to_tell(struct db *db, enum notice of, int64_t now_ms, int64_t until_ms,
                              int limit, object_row_fn fn, void *ctx)
{
	static const char deactivation[] =
	        "SELECT " OBJECT_COLUMNS " FROM objects WHERE state = 2 AND deactivation_at > $1"
	        " AND deactivation_at <= $2 AND making_at IS NULL"
	        " AND (told_deactivation IS NULL OR told_deactivation <> deactivation_at)"
	        " ORDER BY deactivation_at LIMIT $3";
	static const char rotation[] =
	        "SELECT " OBJECT_COLUMNS " FROM objects WHERE rotate_at IS NOT NULL"
	        " AND rotate_at > $1 AND rotate_at <= $2 AND making_at IS NULL AND state = 2"
	        " AND (told_rotation IS NULL OR told_rotation <> rotate_at)"
	        " ORDER BY rotate_at LIMIT $3";
	DB_STMT st = NULL;

	HF_TRY(of == NOTICE_DEACTIVATION ? db_query(db, deactivation, &st)
	                                 : db_query(db, rotation, &st));
	db_bind_int(st, 1, now_ms);
	db_bind_int(st, 2, until_ms);
	db_bind_int(st, 3, limit);
	return object_rows_each(st, fn, ctx);
}

hf_status object_row_told(struct db *db, enum notice of, const char *id, int64_t due_ms, bool *ret)
{
	static const char deactivation[] =
	        "UPDATE objects SET told_deactivation = $2 WHERE id = $1 AND deactivation_at = $2"
	        " AND (told_deactivation IS NULL OR told_deactivation <> $2)";
	static const char rotation[] =
	        "UPDATE objects SET told_rotation = $2 WHERE id = $1 AND rotate_at = $2"
	        " AND (told_rotation IS NULL OR told_rotation <> $2)";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(of == NOTICE_DEACTIVATION ? db_query(db, deactivation, &st)
	                                 : db_query(db, rotation, &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, due_ms);
	HF_TRY(db_run(st, &changed));
	*ret = changed == 1;
	return HF_SUCCESS;
}
