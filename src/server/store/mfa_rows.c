/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/mfa_rows.h"

#include "server/store/columns.h"

#include <string.h>

hf_status mfa_device_row_insert(struct db *db, const struct mfa_device_row *row)
{
	static const char sql[] =
	        "INSERT INTO mfa_devices (id, identity_id, name, credential_id, public_key, origin,"
	        " counter, created_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS"
	        " (SELECT 1 FROM mfa_devices WHERE identity_id = $2 AND credential_id = $4)"
	        " ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->identity_id);
	db_bind_text(st, 3, row->name);
	db_bind_text(st, 4, row->credential_id);
	db_bind_text(st, 5, row->public_key);
	db_bind_text(st, 6, row->origin);
	db_bind_int(st, 7, row->counter);
	db_bind_int(st, 8, row->created_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

#define SELECT                                                                                     \
	"SELECT id, identity_id, name, credential_id, public_key, origin, counter, created_at,"    \
	" last_used_at FROM mfa_devices "

static void read_row(struct db_stmt *st, struct mfa_device_row *to)
{
	column_text(st, 0, to->id, sizeof(to->id));
	column_text(st, 1, to->identity_id, sizeof(to->identity_id));
	column_text(st, 2, to->name, sizeof(to->name));
	column_text(st, 3, to->credential_id, sizeof(to->credential_id));
	column_text(st, 4, to->public_key, sizeof(to->public_key));
	column_text(st, 5, to->origin, sizeof(to->origin));
	to->counter = db_col_int(st, 6);
	to->created_ms = db_col_int(st, 7);
	to->last_used_ms = db_col_int(st, 8);
}

hf_status mfa_device_row_find(struct db *db, const char *identity_id, const char *credential_id,
                              struct mfa_device_row *ret)
{
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, SELECT "WHERE identity_id = $1 AND credential_id = $2", &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, credential_id);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	read_row(st, ret);
	return HF_SUCCESS;
}

hf_status mfa_device_rows_list(struct db *db, const char *identity_id, mfa_device_row_fn fn,
                               void *ctx)
{
	struct mfa_device_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, SELECT "WHERE identity_id = $1 ORDER BY name", &st));
	db_bind_text(st, 1, identity_id);
	for (;;) {
		HF_TRY(db_step(st, &found));
		if (!found)
			return HF_SUCCESS;
		read_row(st, &row);
		HF_TRY(fn(ctx, &row));
	}
}

hf_status mfa_device_rows_count(struct db *db, const char *identity_id, int64_t *ret)
{
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, "SELECT COUNT(*) FROM mfa_devices WHERE identity_id = $1", &st));
	db_bind_text(st, 1, identity_id);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_INTERNAL);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}

static hf_status has_name(struct db *db, const char *identity_id, const char *name, bool *ret)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "SELECT 1 FROM mfa_devices WHERE identity_id = $1 AND name = $2", &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, name);
	return db_step(st, ret);
}

static hf_status one_changed(struct db_stmt *st)
{
	int64_t changed;

	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status mfa_device_row_rename(struct db *db, const char *identity_id, const char *name,
                                const char *to)
{
	static const char sql[] =
	        "UPDATE mfa_devices SET name = $3 WHERE identity_id = $1 AND name = $2";
	DB_STMT st = NULL;
	bool taken;

	HF_TRY(has_name(db, identity_id, to, &taken));
	HF_ENSURE(!taken, HF_EXISTS);
	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, name);
	db_bind_text(st, 3, to);
	return one_changed(st);
}

hf_status mfa_device_row_delete(struct db *db, const char *identity_id, const char *name)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM mfa_devices WHERE identity_id = $1 AND name = $2", &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, name);
	return one_changed(st);
}

hf_status mfa_device_row_used(struct db *db, const char *id, int64_t counter, int64_t now_ms)
{
	static const char sql[] = "UPDATE mfa_devices SET counter = $2, last_used_at = $3"
	                          " WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, counter);
	db_bind_int(st, 3, now_ms);
	return one_changed(st);
}

hf_status mfa_rows_delete_of(struct db *db, const char *identity_id)
{
	HF_TRY(db_run_on(db, "DELETE FROM mfa_challenges WHERE identity_id = $1", identity_id));
	return db_run_on(db, "DELETE FROM mfa_devices WHERE identity_id = $1", identity_id);
}

hf_status mfa_challenge_row_put(struct db *db, const struct mfa_challenge_row *row)
{
	static const char sql[] =
	        "INSERT INTO mfa_challenges (identity_id, purpose, subject, challenge, expires_at)"
	        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (identity_id, purpose, subject)"
	        " DO UPDATE SET challenge = excluded.challenge, expires_at = excluded.expires_at";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->identity_id);
	db_bind_text(st, 2, row->purpose);
	db_bind_text(st, 3, row->subject);
	db_bind_text(st, 4, row->challenge);
	db_bind_int(st, 5, row->expires_ms);
	return db_run(st, NULL);
}

static void bind_which(struct db_stmt *st, const struct mfa_challenge_row *which)
{
	db_bind_text(st, 1, which->identity_id);
	db_bind_text(st, 2, which->purpose);
	db_bind_text(st, 3, which->subject);
}

static hf_status read_challenge(struct db *db, const struct mfa_challenge_row *which,
                                int64_t now_ms, char ret[MFA_CHALLENGE_MAX])
{
	static const char sql[] = "SELECT challenge FROM mfa_challenges WHERE identity_id = $1 AND"
	                          " purpose = $2 AND subject = $3 AND expires_at > $4";
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, sql, &st));
	bind_which(st, which);
	db_bind_int(st, 4, now_ms);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	column_text(st, 0, ret, MFA_CHALLENGE_MAX);
	return HF_SUCCESS;
}

/* Of two who take it at once, the later one waits for the row, and finds it gone. */
hf_status mfa_challenge_row_take(struct db *db, const struct mfa_challenge_row *which,
                                 int64_t now_ms, char ret[MFA_CHALLENGE_MAX])
{
	static const char sql[] = "DELETE FROM mfa_challenges WHERE identity_id = $1 AND"
	                          " purpose = $2 AND subject = $3 AND challenge = $4";
	char challenge[MFA_CHALLENGE_MAX];
	DB_STMT st = NULL;

	HF_TRY(read_challenge(db, which, now_ms, challenge));
	HF_TRY(db_query(db, sql, &st));
	bind_which(st, which);
	db_bind_text(st, 4, challenge);
	HF_TRY(one_changed(st));
	memcpy(ret, challenge, sizeof(challenge));
	return HF_SUCCESS;
}

hf_status mfa_challenge_rows_forget(struct db *db, int64_t now_ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM mfa_challenges WHERE expires_at <= $1", &st));
	db_bind_int(st, 1, now_ms);
	return db_run(st, NULL);
}
