/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/fill_rows.h"

#include <stdio.h>

/* 26 digits of the ids' alphabet, in their three groups. */
#define ID_GROUPS "-00000-00000-"
#define ID_DIGITS "16"

/* $1 and $2 are the first number and the one behind the last. */
#define SQLITE_NUMBERS                                                                             \
	"WITH RECURSIVE numbers(i) AS"                                                             \
	" (SELECT $1 WHERE $1 < $2 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < $2)"
#define SQLITE_ID(PREFIX) "printf('" PREFIX ID_GROUPS "%0" ID_DIGITS "d', i)"
#define POSTGRES_NUMBERS "generate_series($1::bigint, $2::bigint - 1) AS numbers(i)"
#define POSTGRES_ID(PREFIX) "'" PREFIX ID_GROUPS "' || lpad(i::text, " ID_DIGITS ", '0')"

void fill_id(const char *prefix, int64_t i, char to[HF_ID_MAX])
{
	snprintf(to, HF_ID_MAX, "%s" ID_GROUPS "%0" ID_DIGITS "lld", prefix, (long long)i);
}

hf_status fill_begin(struct db *db)
{
	static const char postgres[] = "ALTER TABLE keys DROP CONSTRAINT keys_org_id_fkey,"
	                               " DROP CONSTRAINT keys_store_id_fkey";

	return db_exec(db, db_dialect(db, "", postgres));
}

hf_status fill_end(struct db *db)
{
	static const char postgres[] = "ALTER TABLE keys"
	                               " ADD CONSTRAINT keys_org_id_fkey FOREIGN KEY (org_id)"
	                               " REFERENCES orgs(id) NOT VALID,"
	                               " ADD CONSTRAINT keys_store_id_fkey FOREIGN KEY (store_id)"
	                               " REFERENCES key_stores(id) NOT VALID;"
	                               "ANALYZE";

	return db_exec(db, db_dialect(db, "ANALYZE", postgres));
}

static hf_status run(struct db *db, const char *sql, const struct fill *fill, int64_t from,
                     int64_t to, const char *parent, struct hf_span bytes)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, from);
	db_bind_int(st, 2, to);
	db_bind_text(st, 3, fill->org_id);
	db_bind_text(st, 4, parent);
	db_bind_blob(st, 5, bytes);
	db_bind_int(st, 6, fill->now_ms);
	return db_run(st, NULL);
}

#define KEY_COLUMNS                                                                                \
	"INSERT INTO keys (id, org_id, store_id, scheme, curve, key_type, public_key, status,"     \
	" created_by, date_created, proof) "
#define KEY_VALUES(EMPTY) "$3, $4, 'ECDSA', 'secp256k1', 1, $5, 'Active', 'fill', $6, " EMPTY

hf_status fill_key_rows(struct db *db, const struct fill *fill, int64_t from, int64_t to)
{
	static const char sqlite[] = KEY_COLUMNS SQLITE_NUMBERS
	        "SELECT " SQLITE_ID("key") ", " KEY_VALUES("x''") " FROM numbers";
	static const char postgres[] = KEY_COLUMNS
	        "SELECT " POSTGRES_ID("key") ", " KEY_VALUES("''::bytea") " FROM " POSTGRES_NUMBERS;

	return run(db, db_dialect(db, sqlite, postgres), fill, from, to, fill->store_id,
	           fill->public_key);
}

#define SIGNATURE_COLUMNS                                                                          \
	"INSERT INTO signatures (id, org_id, key_id, wallet_id, requester_id, kind, body,"         \
	" body_hash, proof, status, r, s, recid, date_requested, date_signed) "
#define SIGNATURE_VALUES(EMPTY)                                                                    \
	"$3, $4, 'wa' || substr($4, 4), 'fill', 'Hash', " EMPTY ", $5, " EMPTY                     \
	", 'Signed', $5, $5, 0, $6, $6"

hf_status fill_signature_rows(struct db *db, const struct fill *fill, int64_t from, int64_t to)
{
	static const char sqlite[] = SIGNATURE_COLUMNS SQLITE_NUMBERS
	        "SELECT " SQLITE_ID("sig") ", " SIGNATURE_VALUES("x''") " FROM numbers";
	static const char postgres[] = SIGNATURE_COLUMNS "SELECT " POSTGRES_ID(
	        "sig") ", " SIGNATURE_VALUES("''::bytea") " FROM " POSTGRES_NUMBERS;
	char key_id[HF_ID_MAX];

	fill_id("key", 0, key_id);
	return run(db, db_dialect(db, sqlite, postgres), fill, from, to, key_id, fill->hash);
}
