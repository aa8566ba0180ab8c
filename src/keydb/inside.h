/* SPDX-License-Identifier: Apache-2.0
 * Many statements in one round trip, where the engine has round trips. For src/keydb only. */
#ifndef HF_KEYDB_INSIDE_H
#define HF_KEYDB_INSIDE_H

#include "db/db.h"

enum { KEYDB_AT_ONCE = 256 };

/* Statements under way at the same time: many where each would be a round trip, one where each
 * would have to be prepared anew. */
static inline size_t keydb_at_once(const struct db *db, size_t wanted)
{
	size_t most = *db_dialect(db, "", "many") ? KEYDB_AT_ONCE : 1;

	return wanted < most ? wanted : most;
}

static inline void keydb_done_all(struct db_stmt **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		db_done(list[i]);
}

#endif
