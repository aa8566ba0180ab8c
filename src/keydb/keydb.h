/* SPDX-License-Identifier: Apache-2.0
 * The database of wrapped keys: sealed records (op/record.h) by key id, and one canary for each
 * master key.
 *
 * A key is on disk before anybody hears of it, and the first record of a key id stays: whoever
 * generates again is given what is there. One thread. */
#ifndef HF_KEYDB_KEYDB_H
#define HF_KEYDB_KEYDB_H

#include "db/db.h"
#include "op/record.h"

struct keydb;

/* Opens, creates or brings up to date. Words on failure. */
HF_MUST hf_status keydb_open(const struct db_config *config, struct keydb **ret,
                             struct hf_err *err);
void keydb_close(struct keydb *k);
HF_DEFINE_CLEANUP(keydb_close, struct keydb *)
#define KEYDB_SCOPED HF_CLEANUP(keydb_close_at) struct keydb *

/* Appends the record's bytes. HF_NOTFOUND; HF_CORRUPT when the row is damaged or is another key's.
 */
HF_MUST hf_status keydb_get(struct keydb *k, const char *key_id, struct hf_buf *ret,
                            struct hf_err *err);

struct keydb_put {
	struct hf_span record; /* in: record_encode() */
	hf_status status; /* out: HF_OK, it is on disk; HF_EXISTS: another was there before; or why
	                     not */
	struct hf_buf stored; /* out, for HF_EXISTS: that other record; the caller releases it */
};
/* Stores them with one durable commit, and tells each its own outcome. */
void keydb_put_all(struct keydb *k, struct keydb_put *list, size_t n);

/* The canary, and the id of the master key that it stands for. HF_NOTFOUND: none yet. */
HF_MUST hf_status keydb_canary(struct keydb *k, char ret_master[MASTER_ID_MAX], struct hf_buf *ret);
/* Only into a database that knows no other master key, neither by a canary nor by records:
 * HF_EXISTS, and that one's id, otherwise. */
HF_MUST hf_status keydb_canary_put(struct keydb *k, const char *master_id, struct hf_span canary,
                                   char ret_other[MASTER_ID_MAX]);

/* What the engine said last. */
const char *keydb_error(struct keydb *k);

#endif
