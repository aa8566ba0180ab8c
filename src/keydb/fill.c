/* SPDX-License-Identifier: Apache-2.0 */
#include "keydb/fill.h"

#include "op/record.h"

#include <stdio.h>
#include <string.h>

#define ID_DIGITS "16"
#define MASTER "00000000000000000000000000000000"

enum { BLOB = 72 }; /* what RFC 5649 makes of a secp256k1 key */

/* A record as every key has it, and where its key id stands. */
static hf_status make_pattern(const char *prefix, struct hf_span public_key, struct hf_buf *to,
                              size_t *ret_id_at, size_t *ret_id_len)
{
	static const uint8_t zeros[BLOB];
	struct key_record r = {
		.key_type = KEY_SECP256K1,
		.format = WRAP_RFC5649,
		.master_id = MASTER,
		.public_key = public_key,
		.blob = HF_SPAN(zeros, sizeof(zeros)),
		.mac_kind = MAC_HMAC_SHA256,
		.mac = HF_SPAN(zeros, RECORD_MAC_MAX),
	};
	const uint8_t *at;

	snprintf(r.key_id, sizeof(r.key_id), "%s%0" ID_DIGITS "d", prefix, 0);
	record_encode(to, &r);
	HF_TRY(hf_buf_status(to));
	at = memmem(to->ptr, to->len, r.key_id, strlen(r.key_id));
	HF_ENSURE(at, HF_INTERNAL);
	*ret_id_at = (size_t)(at - to->ptr);
	*ret_id_len = strlen(r.key_id);
	return HF_SUCCESS;
}

hf_status keydb_fill(struct db *db, const char *prefix, struct hf_span public_key, int64_t from,
                     int64_t to)
{
	static const char sqlite[] =
	        "WITH RECURSIVE ids(i, id) AS (SELECT $1, printf('%s%0" ID_DIGITS "d', $3, $1)"
	        " WHERE $1 < $2 UNION ALL"
	        " SELECT i + 1, printf('%s%0" ID_DIGITS "d', $3, i + 1) FROM ids WHERE i + 1 < $2)"
	        " INSERT INTO wrapped_keys (key_id, record, key_type, format, master_id, "
	        "created_at)"
	        " SELECT id, CAST($4 || id || $5 AS BLOB), $6, $7, '" MASTER "', 0 FROM ids";
	static const char postgres[] =
	        "INSERT INTO wrapped_keys (key_id, record, key_type, format, master_id, created_at)"
	        " SELECT id, $4::bytea || convert_to(id, 'UTF8') || $5::bytea, $6, $7, '" MASTER
	        "', 0 FROM (SELECT $3::text || lpad(i::text, " ID_DIGITS ", '0') AS id"
	        " FROM generate_series($1::bigint, $2::bigint - 1) AS numbers(i)) AS ids";
	HF_BUF_SCOPED struct hf_buf pattern = HF_BUF(RECORD_ENCODED_MAX);
	DB_STMT st = NULL;
	size_t at, len;

	HF_TRY(make_pattern(prefix, public_key, &pattern, &at, &len));
	HF_TRY(db_query(db, db_dialect(db, sqlite, postgres), &st));
	db_bind_int(st, 1, from);
	db_bind_int(st, 2, to);
	db_bind_text(st, 3, prefix);
	db_bind_blob(st, 4, HF_SPAN(pattern.ptr, at));
	db_bind_blob(st, 5, HF_SPAN(pattern.ptr + at + len, pattern.len - at - len));
	db_bind_int(st, 6, KEY_SECP256K1);
	db_bind_int(st, 7, WRAP_RFC5649);
	return db_run(st, NULL);
}
