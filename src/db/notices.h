/* SPDX-License-Identifier: Apache-2.0
 * Short words between the processes that share one database: "there is work for this store", "this
 * subject is settled". PostgreSQL: LISTEN and NOTIFY on a connection and a thread of their own.
 * SQLite has one server, so nobody is told and nothing is heard.
 *
 * Best effort: words are lost while the connection is down, and whoever listens looks at the
 * database now and then in any case. Said words are gathered for 5 ms, equal ones once, so that a
 * busy server makes few notices, and never inside a transaction of requests: NOTIFY there would put
 * commits in a row. */
#ifndef HF_DB_NOTICES_H
#define HF_DB_NOTICES_H

#include "db/db.h"

#define DB_WORD_MAX 200 /* bytes of one word: printable, no newline */

struct db_notices;

/* On the notices' thread; must not block. Not called for our own words. NULL: the connection was
 * made anew, so that words may have been missed. */
typedef void (*db_noticed)(void *ctx, const char *word);

/* The first connection is made later too when the engine is away: never a failure because of that.
 */
HF_MUST hf_status db_notices_start(const struct db_config *config, const char *channel,
                                   db_noticed fn, void *ctx, struct db_notices **ret,
                                   struct hf_err *err);
void db_notices_say(struct db_notices *n, const char *word); /* any thread; n may be NULL */
void db_notices_stop(struct db_notices *n);

#endif
