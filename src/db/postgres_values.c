/* SPDX-License-Identifier: Apache-2.0
 * Values in PostgreSQL's binary format (network order), and the parameters in a statement's text.
 */
#include "db/postgres.h"

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
