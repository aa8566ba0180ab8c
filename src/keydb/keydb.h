/* SPDX-License-Identifier: Apache-2.0
 * The database of wrapped keys: sealed records (op/record.h) by key id, one canary for each master
 * key, and, of drivers that check requests, the user actions that were signed for. All SQL about
 * them stands in this folder, as functions on a connection; who must not wait for a database asks
 * by keydb/front.h.
 *
 * A key is on disk before anybody hears of it, and the first record of a key id stays: whoever
 * generates again is given what is there.
 *
 * A failure of a call is the engine's (db/db.h); what is wrong with one record stands beside it. */
#ifndef HF_KEYDB_KEYDB_H
#define HF_KEYDB_KEYDB_H

#include "db/dump_file.h"
#include "op/record.h"

/* Opens, and creates or brings up to date unless it is read only. The caller owns *ret. Words on
 * failure. */
HF_MUST hf_status keydb_open(const struct db_config *config, struct db **ret, struct hf_err *err);
HF_MUST hf_status keydb_migrate(struct db *db, struct hf_err *err);

/* The schema "keys", for backups. */
extern const struct db_schema keydb_schema;
/* A backup's row, if it is a wrapped key's: its id and its record, neither checked. */
bool keydb_record_of(const struct dump_item *item, struct hf_span *ret_key_id,
                     struct hf_span *ret_record);

struct keydb_get {
	const char *key_id;   /* in */
	struct hf_buf record; /* out: appended; the caller releases it */
	hf_status status; /* out: HF_OK; HF_NOTFOUND; HF_CORRUPT: the row is damaged or is another
	                     key's */
};
/* Looks all of them up: by the primary key, in one round trip. */
HF_MUST hf_status keydb_get_all(struct db *db, struct keydb_get *list, size_t n);
extern const char keydb_get_sql[]; /* the lookup's text, for those who have it explained */
/* What a keydb_get's failure says to people. */
void keydb_get_explain(const struct keydb_get *get, struct hf_err *err);
/* One; HF_NOTFOUND and HF_CORRUPT with words. */
HF_MUST hf_status keydb_get_one(struct db *db, const char *key_id, struct hf_buf *ret,
                                struct hf_err *err);

struct keydb_put {
	struct hf_span record; /* in: record_encode() */
	hf_status status; /* out: HF_OK: it is there, perhaps since before; HF_EXISTS: another is;
	                     HF_INVALID: no record */
	struct hf_buf stored; /* out, for HF_EXISTS: that other one; the caller releases it */
};
/* Inside the caller's transaction; what it says holds once that is committed. Puts the list in the
 * order of the key ids, so that those who store at the same time never wait for each other in a
 * ring. */
HF_MUST hf_status keydb_put_all(struct db *db, struct keydb_put *list, size_t n);

/* Removes the record of a key of any kind: never a wallet's. Inside the caller's transaction.
 * HF_NOTFOUND: there is none. */
HF_MUST hf_status keydb_drop(struct db *db, const char *key_id);

/* Another record for the same key, such as one under another master key, only in the place of
 * exactly `old`. HF_NOTFOUND: that is not what is there (any more). */
HF_MUST hf_status keydb_replace(struct db *db, const char *key_id, struct hf_span old,
                                struct hf_span record);

/* A row as it is, not checked. Valid during the call. */
struct keydb_row {
	const char *key_id, *master_id;
	struct hf_span record;
	int64_t created_at; /* ms since 1970 */
};
/* A failure ends the walk and is its result. */
typedef hf_status (*keydb_each)(void *ctx, const struct keydb_row *row);
/* Up to `max` rows in the order of their key ids (byte by byte), those after `after` ("": from the
 * start), and of this master key only unless it is NULL. `fn` must not use `db`. */
HF_MUST hf_status keydb_page(struct db *db, const char *after, const char *master_id, size_t max,
                             keydb_each fn, void *ctx, size_t *ret_rows);
/* How many records name this master key ("": resident keys, which name none; NULL: all). Reads the
 * whole table. */
HF_MUST hf_status keydb_count(struct db *db, const char *master_id, int64_t *ret);

struct keydb_canary {
	char master_id[MASTER_ID_MAX];
	struct hf_span record; /* valid during the call */
	int64_t created_at;
};
typedef hf_status (*keydb_each_canary)(void *ctx, const struct keydb_canary *canary);
/* All, oldest first. */
HF_MUST hf_status keydb_canaries(struct db *db, keydb_each_canary fn, void *ctx);
/* The oldest canary, appended, and the id of the master key that it stands for. HF_NOTFOUND: none
 * yet. */
HF_MUST hf_status keydb_canary(struct db *db, char ret_master[MASTER_ID_MAX], struct hf_buf *ret);
/* A transaction of its own. Only into a database that knows no other master key, neither by a
 * canary nor by records: HF_EXISTS, and that one's id, otherwise. */
HF_MUST hf_status keydb_canary_put(struct db *db, const char *master_id, struct hf_span canary,
                                   char ret_other[MASTER_ID_MAX]);
/* Beside others, for a new master key; one that is there stays. */
HF_MUST hf_status keydb_canary_add(struct db *db, const char *master_id, struct hf_span canary,
                                   int64_t created_at);
HF_MUST hf_status keydb_canary_drop(struct db *db, const char *master_id);

/* One signature, and the user action that asked for it (proof/request.h). */
struct keydb_spend {
	char action_id[HF_ID_MAX]; /* in */
	int64_t issued_ms;         /* in: when the action began, as its commitment says */
	uint8_t input_hash[32];    /* in: SHA-256 of what was signed */
	uint64_t job;              /* in: the queue's number */
	hf_status status; /* out: HF_OK: nobody else's, now or when this job came before; HF_EXISTS:
	                     another job's; HF_TIMEOUT: so old that nobody remembers */
};
/* Inside the caller's transaction; what it says holds once that is committed. */
HF_MUST hf_status keydb_spend_all(struct db *db, struct keydb_spend *list, size_t n);
/* Forgets up to `max` of those that began before that moment; from then on any of before it is
 * HF_TIMEOUT. Inside the caller's transaction. */
HF_MUST hf_status keydb_spent_forget(struct db *db, int64_t issued_before_ms, size_t max);

/* Does the database answer, and can it be written? Changes nothing. keydb_try_write() inside the
 * caller's transaction. */
HF_MUST hf_status keydb_try_read(struct db *db);
HF_MUST hf_status keydb_try_write(struct db *db);

#endif
