/* SPDX-License-Identifier: Apache-2.0
 * Rows by the million, made by the database itself: what `holdfast bench growth` measures against.
 * Row i has the id "key-…i" (or "sig-…i"), so that ids are ordered as if by time, and can be told
 * without asking. Each call is one statement; inside a transaction or not. */
#ifndef HF_SERVER_STORE_FILL_ROWS_H
#define HF_SERVER_STORE_FILL_ROWS_H

#include "base/id.h"
#include "db/db.h"

struct fill {
	const char *org_id, *store_id;
	struct hf_span public_key; /* of every key: a canonical secp256k1 one */
	struct hf_span hash;       /* that every signature request asked for: 32 bytes */
	int64_t now_ms;
};

void fill_id(const char *prefix, int64_t i, char to[HF_ID_MAX]);

/* Before the first row and after the last: PostgreSQL checks a foreign key row by row, which would
 * take ten times as long as the rows themselves; rows that come later are checked again. */
HF_MUST hf_status fill_begin(struct db *db);
HF_MUST hf_status fill_end(struct db *db);

/* Active keys `from` to `to` - 1. */
HF_MUST hf_status fill_key_rows(struct db *db, const struct fill *fill, int64_t from, int64_t to);
/* Signature requests that were signed, of wallet 0, whose key is key 0. */
HF_MUST hf_status fill_signature_rows(struct db *db, const struct fill *fill, int64_t from,
                                      int64_t to);

#endif
