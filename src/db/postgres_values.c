/* SPDX-License-Identifier: Apache-2.0
 * Values in PostgreSQL's binary format (network order): parameters in, columns out;
 * and the parameters in a statement's text. */
#include "db/postgres.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

bool pg_type_known(Oid type)
{
	static const Oid known[] = { PG_BOOL, PG_BYTEA, PG_NAME,    PG_INT8,    PG_INT2, PG_INT4,
		                     PG_TEXT, PG_OID,   PG_VARCHAR, PG_NUMERIC, PG_VOID, PG_XID8 };

	for (size_t i = 0; i < HF_COUNT(known); i++)
		if (known[i] == type)
			return true;
	return false;
}

/* sum() of bigint is numeric: groups of four digits, the first times 10000^weight. */
static bool read_numeric(struct hf_reader r, int64_t *ret)
{
	int n = hf_read_u16(&r);
	int weight = (int16_t)hf_read_u16(&r);
	int sign = hf_read_u16(&r);
	__int128 v = 0;

	hf_read_u16(&r); /* digits after the point, for printing */
	if (weight > 4 || (sign != 0 && sign != 0x4000))
		return false;
	for (int i = 0; i <= weight; i++)
		v = v * 10000 + (i < n ? hf_read_u16(&r) : 0);
	if (sign)
		v = -v;
	if (r.failed || v < INT64_MIN || v > INT64_MAX)
		return false;
	*ret = (int64_t)v;
	return true;
}

bool pg_read_int(Oid type, const char *from, int len, int64_t *ret)
{
	struct hf_reader r = hf_reader(HF_SPAN(from, (size_t)len));

	switch ((enum pg_type)type) {
	case PG_INT8:
	case PG_XID8:
		*ret = (int64_t)hf_read_u64(&r);
		break;
	case PG_INT4:
		*ret = (int32_t)hf_read_u32(&r);
		break;
	case PG_OID:
		*ret = hf_read_u32(&r);
		break;
	case PG_INT2:
		*ret = (int16_t)hf_read_u16(&r);
		break;
	case PG_BOOL:
		*ret = hf_read_u8(&r);
		break;
	case PG_NUMERIC:
		return read_numeric(r, ret);
	case PG_BYTEA:
	case PG_NAME:
	case PG_TEXT:
	case PG_VARCHAR:
	case PG_VOID:
		return false;
	}
	return hf_ok(hf_reader_end(&r));
}

/* After a quoted part or a comment that begins at `p`; `p` itself when none does. */
static const char *skip_quoted(const char *p)
{
	const char *end;

	if (*p == '\'' || *p == '"')
		end = strchr(p + 1, *p);
	else if (p[0] == '-' && p[1] == '-')
		end = strchr(p, '\n');
	else
		return p;
	return end ? end + 1 : p + strlen(p);
}

hf_status pg_count_params(const char *sql, int *ret)
{
	int highest = 0;

	for (const char *p = sql; *p; p++) {
		const char *after = skip_quoted(p);

		if (after != p) {
			p = after - 1;
		} else if (*p == ';') {
			HF_ENSURE(p[strspn(p, "; \t\n")] == 0, HF_INTERNAL);
		} else if (*p == '?') {
			return HF_FAILURE(HF_INTERNAL);
		} else if (*p == '$') {
			int n = 0;

			while (isdigit((unsigned char)p[1]) && n <= DB_PARAMS_MAX)
				n = n * 10 + (*++p - '0');
			HF_ENSURE(n >= 1 && n <= DB_PARAMS_MAX, HF_INTERNAL);
			highest = n > highest ? n : highest;
		}
	}
	*ret = highest;
	return HF_SUCCESS;
}

static struct pg_stmt *stmt(struct db_stmt *st)
{
	return (struct pg_stmt *)st;
}

static enum hf_code bind(struct db_stmt *base, int i, Oid type, struct hf_span v)
{
	struct pg_stmt *st = stmt(base);
	struct pg_param *p;

	if (i < 1 || i > st->prepared->n_params || st->stage == PG_SENT)
		return HF_INTERNAL;
	p = &st->params[i - 1];
	if (p->type != type || p->len < v.len) { /* a value bound again takes its old place */
		p->at = st->values.len;
		hf_buf_put(&st->values, v.ptr, v.len);
		hf_buf_u8(&st->values, 0);
	} else if (v.len) {
		memcpy(st->values.ptr + p->at, v.ptr, v.len);
	}
	p->type = type;
	p->len = v.len;
	return hf_buf_status(&st->values).code;
}

enum hf_code pg_bind_int(struct db_stmt *st, int i, int64_t v)
{
	uint64_t n = __builtin_bswap64((uint64_t)v);

	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are turned around");
	return bind(st, i, PG_INT8, HF_SPAN(&n, sizeof(n)));
}

enum hf_code pg_bind_text(struct db_stmt *st, int i, const char *v)
{
	return bind(st, i, PG_TEXT, hf_span_text(v));
}

enum hf_code pg_bind_blob(struct db_stmt *st, int i, struct hf_span v)
{
	return bind(st, i, PG_BYTEA, v);
}

enum hf_code pg_bind_null(struct db_stmt *base, int i)
{
	struct pg_stmt *st = stmt(base);

	if (i < 1 || i > st->prepared->n_params || st->stage == PG_SENT)
		return HF_INTERNAL;
	st->params[i - 1] = (struct pg_param){ 0 };
	return HF_OK;
}

int64_t pg_changed(struct db_stmt *st)
{
	const char *n = PQcmdTuples(stmt(st)->result);
	int64_t v = 0;

	return n[0] && hf_ok(hf_parse_i64(n, 0, INT64_MAX, &v)) ? v : 0;
}

static const char *value(struct db_stmt *base, int i, Oid *type, int *len)
{
	struct pg_stmt *st = stmt(base);
	int row = st->row - 1;

	*len = 0;
	*type = 0;
	if (!st->result || row < 0 || i < 0 || i >= PQnfields(st->result) ||
	    PQgetisnull(st->result, row, i))
		return NULL;
	*type = PQftype(st->result, i);
	*len = PQgetlength(st->result, row, i);
	return PQgetvalue(st->result, row, i);
}

bool pg_col_null(struct db_stmt *st, int i)
{
	Oid type;
	int len;

	return value(st, i, &type, &len) == NULL;
}

/* A column read as what it is not makes the next step fail. */
int64_t pg_col_int(struct db_stmt *st, int i)
{
	Oid type;
	int len;
	int64_t v = 0;
	const char *at = value(st, i, &type, &len);

	if (at && !pg_read_int(type, at, len, &v))
		st->failed = HF_INTERNAL;
	return v;
}

static bool is_bytes(Oid type)
{
	return type == PG_TEXT || type == PG_VARCHAR || type == PG_NAME || type == PG_BYTEA;
}

const char *pg_col_text(struct db_stmt *st, int i)
{
	Oid type;
	int len;
	const char *at = value(st, i, &type, &len);

	if (at && !is_bytes(type))
		st->failed = HF_INTERNAL;
	return at && is_bytes(type) ? at : ""; /* libpq puts a NUL behind each value */
}

struct hf_span pg_col_blob(struct db_stmt *st, int i)
{
	Oid type;
	int len;
	const char *at = value(st, i, &type, &len);

	if (at && !is_bytes(type))
		st->failed = HF_INTERNAL;
	return HF_SPAN(at, at && is_bytes(type) ? (size_t)len : 0);
}
