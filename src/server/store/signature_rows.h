/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `signatures`: one query, one function. What a signature request is, is
 * core/signatures.h's. */
#ifndef HF_SERVER_STORE_SIGNATURE_ROWS_H
#define HF_SERVER_STORE_SIGNATURE_ROWS_H

#include "base/id.h"
#include "db/db.h"

#define EXTERNAL_ID_CHARS 50
#define EXTERNAL_ID_MAX (4 * EXTERNAL_ID_CHARS + 1)
#define SIGNATURE_REASON_MAX 320
#define BODY_HASH_LEN 32

/* Stored by name: append only. */
enum signature_status {
	SIGNATURE_EXECUTING,
	SIGNATURE_SIGNED,
	SIGNATURE_FAILED,
};
const char *signature_status_name(enum signature_status s); /* "Signed" */

struct signature_outcome {
	enum signature_status status;
	char reason[SIGNATURE_REASON_MAX]; /* failed: why */
	uint8_t r[32], s[32];
	int recid;         /* -1: has none */
	int64_t signed_ms; /* 0: not signed */
};

struct signature_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char key_id[HF_ID_MAX];
	char requester_id[HF_ID_MAX];
	char token_id[HF_ID_MAX];
	char kind[16]; /* "Hash", "Message" */
	struct hf_span
	        body; /* JSON as it was sent; of a row that was read: valid inside the callback */
	uint8_t body_hash[BODY_HASH_LEN];
	char external_id[EXTERNAL_ID_MAX]; /* "": none */
	int64_t requested_ms;
	struct signature_outcome outcome;
};

/* HF_EXISTS when the organisation has one with this external id: nothing is changed. `proof` is the
 * user action. */
HF_MUST hf_status signature_row_insert(struct db *db, const struct signature_row *row,
                                       struct hf_span proof);

typedef hf_status (*signature_row_fn)(void *ctx, const struct signature_row *row);
/* Each calls fn with what it found. HF_NOTFOUND when there is none. */
HF_MUST hf_status signature_row_get(struct db *db, const char *org_id, const char *key_id,
                                    const char *id, signature_row_fn fn, void *ctx);
HF_MUST hf_status signature_row_by_external_id(struct db *db, const char *org_id,
                                               const char *external_id, signature_row_fn fn,
                                               void *ctx);
/* Newest first, after the id `after` ("": from the newest), at most `limit`. */
HF_MUST hf_status signature_rows_list(struct db *db, const char *key_id, const char *after,
                                      int limit, signature_row_fn fn, void *ctx);

/* From SIGNATURE_EXECUTING only; for any other state nothing happens. Posted (db_post). */
HF_MUST hf_status signature_row_settle(struct db *db, const char *id,
                                       const struct signature_outcome *outcome);

#endif
