/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/history_rows.h"

#include "server/store/columns.h"

#define COLUMNS                                                                                    \
	"id, created_at, expires_at, state, uses, is_public_only, activation_at, deactivation_at," \
	" compromise_at, rotate_at, rotation_policy, revocation"

static void bind_time(struct db_stmt *st, int i, int64_t ms)
{
	if (ms)
		db_bind_int(st, i, ms);
	else
		db_bind_null(st, i);
}

static hf_status make_room(struct db *db, const char *object_id, int64_t now_ms)
{
	static const char sql[] =
	        "DELETE FROM object_history WHERE object_id = $1 AND (expires_at <= $2 OR id NOT IN"
	        " (SELECT id FROM object_history WHERE object_id = $1 ORDER BY id DESC LIMIT $3))";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, object_id);
	db_bind_int(st, 2, now_ms);
	db_bind_int(st, 3, HISTORY_MAX - 1);
	return db_run(st, NULL);
}

hf_status history_row_insert(struct db *db, const char *object_id, const struct history_row *row)
{
	static const char sql[] =
	        "INSERT INTO object_history (object_id, " COLUMNS
	        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
	DB_STMT st = NULL;

	HF_TRY(make_room(db, object_id, row->created_ms));
	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, object_id);
	db_bind_text(st, 2, row->id);
	db_bind_int(st, 3, row->created_ms);
	db_bind_int(st, 4, row->expires_ms);
	db_bind_int(st, 5, row->state);
	db_bind_int(st, 6, row->uses);
	db_bind_int(st, 7, row->public_only);
	bind_time(st, 8, row->activation_ms);
	bind_time(st, 9, row->deactivation_ms);
	bind_time(st, 10, row->compromise_ms);
	bind_time(st, 11, row->rotate_at_ms);
	db_bind_text(st, 12, row->rotation_policy);
	db_bind_text(st, 13, row->revocation);
	return db_run(st, NULL);
}

static char *text_or_null(struct db_stmt *st, int i)
{
	return db_col_null(st, i) ? NULL : (char *)(uintptr_t)db_col_text(st, i);
}

static hf_status read_row(struct db_stmt *st, struct history_row *ret)
{
	*ret = (struct history_row){
		.created_ms = db_col_int(st, 1),
		.expires_ms = db_col_int(st, 2),
		.state = (enum object_state)db_col_int(st, 3),
		.uses = (unsigned)db_col_int(st, 4),
		.public_only = db_col_int(st, 5) != 0,
		.activation_ms = db_col_int(st, 6),
		.deactivation_ms = db_col_int(st, 7),
		.compromise_ms = db_col_int(st, 8),
		.rotate_at_ms = db_col_int(st, 9),
		.rotation_policy = text_or_null(st, 10),
		.revocation = text_or_null(st, 11),
	};
	column_text(st, 0, ret->id, sizeof(ret->id));
	HF_ENSURE(ret->state >= OBJECT_PREACTIVE && ret->state <= OBJECT_STATE_MAX, HF_CORRUPT);
	return HF_SUCCESS;
}

hf_status history_rows_list(struct db *db, const char *object_id, const char *id, int64_t now_ms,
                            history_row_fn fn, void *ctx)
{
	static const char all[] =
	        "SELECT " COLUMNS " FROM object_history WHERE object_id = $1 AND expires_at > $2"
	        " ORDER BY id";
	static const char one[] =
	        "SELECT " COLUMNS " FROM object_history WHERE object_id = $1 AND expires_at > $2"
	        " AND id = $3";
	struct history_row item;
	DB_STMT st = NULL;
	bool row;

	HF_TRY(id ? db_query(db, one, &st) : db_query(db, all, &st));
	db_bind_text(st, 1, object_id);
	db_bind_int(st, 2, now_ms);
	if (id)
		db_bind_text(st, 3, id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(read_row(st, &item));
		HF_TRY(fn(ctx, &item));
	}
}

hf_status history_rows_drop(struct db *db, const char *object_id)
{
	static const char sql[] = "DELETE FROM object_history WHERE object_id = $1";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, object_id);
	return db_run(st, NULL);
}
