/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/object_rows.h"

#include "server/store/columns.h"

#include <string.h>

enum { MAKING_COLUMN = 38, ADD_AT_ONCE = 128 };

static char *text_or_null(struct db_stmt *st, int i)
{
	return db_col_null(st, i) ? NULL : (char *)(uintptr_t)db_col_text(st, i);
}

static hf_status read_bytes(struct db_stmt *st, int i, uint8_t *to, size_t cap, size_t *ret_len)
{
	struct hf_span blob = db_col_blob(st, i);

	HF_ENSURE(blob.len <= cap, HF_CORRUPT);
	if (blob.len)
		memcpy(to, blob.ptr, blob.len);
	*ret_len = blob.len;
	return HF_SUCCESS;
}

/* What a number must be before anything is done with it. */
static hf_status check_numbers(const struct object_row *r)
{
	HF_ENSURE(object_type_name(r->type), HF_CORRUPT);
	HF_ENSURE(r->curve == CURVE_NONE || curve_info(r->curve), HF_CORRUPT);
	HF_ENSURE(r->state >= OBJECT_PREACTIVE && r->state <= OBJECT_STATE_MAX, HF_CORRUPT);
	return HF_SUCCESS;
}

static void read_links(struct db_stmt *st, struct object_row *ret)
{
	column_text(st, 33, ret->replacement, sizeof(ret->replacement));
	column_text(st, 34, ret->replaced, sizeof(ret->replaced));
	column_text(st, 35, ret->copied_from, sizeof(ret->copied_from));
	column_text(st, 36, ret->parent, sizeof(ret->parent));
}

static hf_status object_row_read(struct db_stmt *st, struct object_row *ret)
{
	size_t kcv_len;

	*ret = (struct object_row){
		.description = text_or_null(st, 4),
		.type = (enum object_type)db_col_int(st, 5),
		.curve = (enum curve)db_col_int(st, 6),
		.bits = (uint32_t)db_col_int(st, 7),
		.uses = (unsigned)db_col_int(st, 8),
		.state = (enum object_state)db_col_int(st, 9),
		.enabled = db_col_int(st, 10) != 0,
		.virtual_key = db_col_int(st, 11) != 0,
		.external = db_col_int(st, 12) != 0,
		.missing = db_col_int(st, 13) != 0,
		.public_only = db_col_int(st, 14) != 0,
		.never_exportable = db_col_int(st, 15) != 0,
		.publish_public_key = db_col_int(st, 16) != 0,
		.created_ms = db_col_int(st, 18),
		.last_used_ms = db_col_int(st, 19),
		.activation_ms = db_col_int(st, 20),
		.deactivation_ms = db_col_int(st, 21),
		.compromise_ms = db_col_int(st, 22),
		.destruction_ms = db_col_int(st, 23),
		.rotate_at_ms = db_col_int(st, 24),
		.public_key = db_col_blob(st, 27),
		.have_kcv = !db_col_null(st, 28),
		.options = text_or_null(st, 29),
		.custom_metadata = text_or_null(st, 30),
		.rotation_policy = text_or_null(st, 31),
		.revocation = text_or_null(st, 32),
		.value = db_col_blob(st, 37),
	};
	column_text(st, 0, ret->id, sizeof(ret->id));
	column_text(st, 1, ret->org_id, sizeof(ret->org_id));
	column_text(st, 2, ret->group_id, sizeof(ret->group_id));
	column_text(st, 3, ret->name, sizeof(ret->name));
	column_text(st, 17, ret->creator, sizeof(ret->creator));
	HF_TRY(read_bytes(st, 25, ret->cka_id, sizeof(ret->cka_id), &ret->cka_id_len));
	HF_TRY(read_bytes(st, 26, ret->cka_label, sizeof(ret->cka_label), &ret->cka_label_len));
	HF_TRY(read_bytes(st, 28, ret->kcv, sizeof(ret->kcv), &kcv_len));
	HF_ENSURE(!ret->have_kcv || kcv_len == sizeof(ret->kcv), HF_CORRUPT);
	read_links(st, ret);
	return check_numbers(ret);
}

hf_status object_rows_each(struct db_stmt *st, object_row_fn fn, void *ctx)
{
	struct object_row object;
	bool row;

	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(object_row_read(st, &object));
		HF_TRY(fn(ctx, &object));
	}
}

static void bind_if(struct db_stmt *st, int i, const char *text)
{
	db_bind_text(st, i, text && *text ? text : NULL);
}

static void bind_time(struct db_stmt *st, int i, int64_t ms)
{
	if (ms)
		db_bind_int(st, i, ms);
	else
		db_bind_null(st, i);
}

static void bind_blob_if(struct db_stmt *st, int i, struct hf_span blob)
{
	if (blob.len)
		db_bind_blob(st, i, blob);
	else
		db_bind_null(st, i);
}

/* Parameters 1 to 33: all that may change. */
static void bind_changeable(struct db_stmt *st, const struct object_row *r)
{
	db_bind_text(st, 1, r->group_id);
	db_bind_text(st, 2, r->name);
	db_bind_text(st, 3, r->description);
	db_bind_int(st, 4, r->type);
	db_bind_int(st, 5, r->curve);
	db_bind_int(st, 6, r->bits);
	db_bind_int(st, 7, r->uses);
	db_bind_int(st, 8, r->state);
	db_bind_int(st, 9, r->enabled);
	db_bind_int(st, 10, r->virtual_key);
	db_bind_int(st, 11, r->external);
	db_bind_int(st, 12, r->missing);
	db_bind_int(st, 13, r->public_only);
	db_bind_int(st, 14, r->never_exportable);
	db_bind_int(st, 15, r->publish_public_key);
	bind_time(st, 16, r->activation_ms);
	bind_time(st, 17, r->deactivation_ms);
	bind_time(st, 18, r->compromise_ms);
	bind_time(st, 19, r->destruction_ms);
	bind_time(st, 20, r->rotate_at_ms);
	db_bind_blob(st, 21, HF_SPAN(r->cka_id, r->cka_id_len));
	db_bind_blob(st, 22, HF_SPAN(r->cka_label, r->cka_label_len));
	bind_blob_if(st, 23, r->public_key);
	bind_blob_if(st, 24, HF_SPAN(r->kcv, r->have_kcv ? sizeof(r->kcv) : 0));
	db_bind_text(st, 25, r->options);
	db_bind_text(st, 26, r->custom_metadata);
	db_bind_text(st, 27, r->rotation_policy);
	db_bind_text(st, 28, r->revocation);
	bind_if(st, 29, r->replacement);
	bind_if(st, 30, r->replaced);
	bind_if(st, 31, r->copied_from);
	bind_if(st, 32, r->parent);
	bind_blob_if(st, 33, r->value);
}

static void bind_all(struct db_stmt *st, const struct object_row *r, int64_t making_ms)
{
	bind_changeable(st, r);
	db_bind_text(st, 34, r->id);
	db_bind_text(st, 35, r->org_id);
	db_bind_text(st, 36, r->creator);
	db_bind_int(st, 37, r->created_ms);
	bind_time(st, 38, making_ms);
}

#define INSERT                                                                                     \
	"INSERT INTO objects (group_id, name, description, type, curve, bits, uses, state,"        \
	" is_enabled, is_virtual, is_external, is_missing, is_public_only, is_never_exportable,"   \
	" is_published, activation_at, deactivation_at, compromise_at, destruction_at, rotate_at," \
	" cka_id, cka_label, public_key, kcv, options, custom_metadata, rotation_policy,"          \
	" revocation, replacement, replaced, copied_from, parent, value, id, org_id, creator,"     \
	" created_at, making_at) "
#define PARAMETERS                                                                                 \
	"$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"    \
	" $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36,"    \
	" $37, $38"

hf_status object_row_insert(struct db *db, const struct object_row *row, int64_t making_ms)
{
	static const char sql[] = INSERT "VALUES (" PARAMETERS ") ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	bind_all(st, row, making_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

/* ---- many at once. PostgreSQL is sent many before the first is answered, so each is one
 * statement. SQLite, asked in one statement, would copy every page that it touches into a file
 * first, as it may have to take back an INSERT of several rows: there, it is two. */

#define IS_THERE                                                                                   \
	"SELECT 1 FROM objects o WHERE o.org_id = $1 AND o.cka_id = $2 AND o.group_id = $3"        \
	" AND o.cka_label = $4 AND o.type = $5 AND o.state < 6 LIMIT 1"

static hf_status is_there(struct db *db, const struct object_row *row, bool *ret)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, IS_THERE, &st));
	db_bind_text(st, 1, row->org_id);
	db_bind_blob(st, 2, HF_SPAN(row->cka_id, row->cka_id_len));
	db_bind_text(st, 3, row->group_id);
	db_bind_blob(st, 4, HF_SPAN(row->cka_label, row->cka_label_len));
	db_bind_int(st, 5, row->type);
	return db_step(st, ret);
}

static hf_status add_one(struct db *db, const struct object_row *row, bool *ret_inserted)
{
	bool there;
	hf_status s;

	*ret_inserted = false;
	HF_TRY(is_there(db, row, &there));
	if (there)
		return HF_SUCCESS;
	s = object_row_insert(db, row, 0);
	*ret_inserted = hf_ok(s);
	return s.code == HF_EXISTS ? HF_SUCCESS : s;
}

/* PostgreSQL knows no type for a parameter that is only selected. */
#define TYPED_PARAMETERS                                                                           \
	"$1::text, $2::text, $3::text, $4::bigint, $5::bigint, $6::bigint, $7::bigint,"            \
	" $8::bigint, $9::bigint, $10::bigint, $11::bigint, $12::bigint, $13::bigint,"             \
	" $14::bigint, $15::bigint, $16::bigint, $17::bigint, $18::bigint, $19::bigint,"           \
	" $20::bigint, $21::bytea, $22::bytea, $23::bytea, $24::bytea, $25::text, $26::text,"      \
	" $27::text, $28::text, $29::text, $30::text, $31::text, $32::text, $33::bytea,"           \
	" $34::text, $35::text, $36::text, $37::bigint, $38::bigint"

static hf_status send_row(struct db *db, const struct object_row *row, struct db_stmt **ret)
{
	static const char sql[] =
	        INSERT "SELECT " TYPED_PARAMETERS
	               " WHERE NOT EXISTS (SELECT 1 FROM objects o WHERE o.org_id = $35"
	               " AND o.cka_id = $21::bytea AND o.group_id = $1"
	               " AND o.cka_label = $22::bytea AND o.type = $4 AND o.state < 6)"
	               " ON CONFLICT DO NOTHING";

	HF_TRY(db_query(db, sql, ret));
	bind_all(*ret, row, 0);
	db_send(*ret);
	return HF_SUCCESS;
}

static hf_status add_some(struct db *db, const struct object_row *rows, size_t n,
                          bool *ret_inserted)
{
	struct db_stmt *sent[ADD_AT_ONCE];
	hf_status s = HF_SUCCESS;
	size_t n_sent = 0;

	while (n_sent < n && hf_ok(s = send_row(db, &rows[n_sent], &sent[n_sent])))
		n_sent++;
	for (size_t i = 0; i < n_sent; i++) {
		int64_t changed = 0;

		if (hf_ok(s))
			s = db_run(sent[i], &changed);
		ret_inserted[i] = changed == 1;
		db_done(sent[i]);
	}
	return s;
}

hf_status object_rows_add(struct db *db, const struct object_row *rows, size_t n,
                          bool *ret_inserted)
{
	bool postgres = *db_dialect(db, "", "postgres");

	for (size_t i = 0, some; i < n; i += some) {
		some = !postgres ? 1 : n - i < ADD_AT_ONCE ? n - i : ADD_AT_ONCE;
		HF_TRY(postgres ? add_some(db, rows + i, some, ret_inserted + i)
		                : add_one(db, rows + i, ret_inserted + i));
	}
	return HF_SUCCESS;
}

static hf_status read_one(struct db_stmt *st, object_row_fn fn, void *ctx, int64_t *ret_making_ms)
{
	struct object_row object;
	bool row;

	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	HF_TRY(object_row_read(st, &object));
	if (ret_making_ms)
		*ret_making_ms = db_col_int(st, MAKING_COLUMN);
	return fn(ctx, &object);
}

hf_status object_row_get(struct db *db, const char *org_id, const char *id, const char *name,
                         object_row_fn fn, void *ctx)
{
	static const char by_id[] =
	        DB_BY_KEY "SELECT " OBJECT_COLUMNS " FROM objects WHERE id = $1 AND org_id = $2"
	                  " AND state < 6 AND making_at IS NULL";
	static const char by_name[] =
	        DB_BY_KEY "SELECT " OBJECT_COLUMNS " FROM objects WHERE name = $1 AND org_id = $2"
	                  " AND state < 6 AND making_at IS NULL";
	DB_STMT st = NULL;

	HF_TRY(id ? db_query(db, by_id, &st) : db_query(db, by_name, &st));
	db_bind_text(st, 1, id ? id : name);
	db_bind_text(st, 2, org_id);
	return read_one(st, fn, ctx, NULL);
}

hf_status object_row_lock(struct db *db, const char *org_id, const char *id, object_row_fn fn,
                          void *ctx, int64_t *ret_making_ms)
{
	static const char sqlite[] =
	        "SELECT " OBJECT_COLUMNS " FROM objects WHERE id = $1 AND org_id = $2";
	static const char postgres[] =
	        "SELECT " OBJECT_COLUMNS " FROM objects WHERE id = $1 AND org_id = $2 FOR UPDATE";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, db_dialect(db, sqlite, postgres), &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	return read_one(st, fn, ctx, ret_making_ms);
}

#define UPDATE                                                                                     \
	"UPDATE objects SET group_id = $1, name = $2, description = $3, type = $4, curve = $5,"    \
	" bits = $6, uses = $7, state = $8, is_enabled = $9, is_virtual = $10, is_external = $11," \
	" is_missing = $12, is_public_only = $13, is_never_exportable = $14, is_published = $15,"  \
	" activation_at = $16, deactivation_at = $17, compromise_at = $18, destruction_at = $19,"  \
	" rotate_at = $20, cka_id = $21, cka_label = $22, public_key = $23, kcv = $24,"            \
	" options = $25, custom_metadata = $26, rotation_policy = $27, revocation = $28,"          \
	" replacement = $29, replaced = $30, copied_from = $31, parent = $32, value = $33"

static hf_status update(struct db *db, const char *sql, const struct object_row *row)
{
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	bind_changeable(st, row);
	db_bind_text(st, 34, row->id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status object_row_update(struct db *db, const struct object_row *row)
{
	static const char sql[] = UPDATE " WHERE id = $34";

	return update(db, sql, row);
}

hf_status object_row_made(struct db *db, const struct object_row *row)
{
	static const char sql[] =
	        UPDATE ", making_at = NULL WHERE id = $34 AND making_at IS NOT NULL";

	return update(db, sql, row);
}

hf_status object_row_drop(struct db *db, const char *id)
{
	static const char sql[] = "DELETE FROM objects WHERE id = $1 AND making_at IS NOT NULL";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	return db_run(st, NULL);
}

hf_status object_name_free(struct db *db, const char *org_id, const char *name, bool *ret)
{
	static const char sql[] =
	        "SELECT 1 FROM objects WHERE org_id = $1 AND name = $2 AND state < 6";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, name);
	HF_TRY(db_step(st, &row));
	*ret = !row;
	return HF_SUCCESS;
}
