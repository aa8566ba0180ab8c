/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `signatures`: one query, one function. What a signature request is, is
 * core/keys/signatures.h's. */
#ifndef HF_SERVER_STORE_SIGNATURE_ROWS_H
#define HF_SERVER_STORE_SIGNATURE_ROWS_H

#include "base/id.h"
#include "db/db.h"

#define EXTERNAL_ID_CHARS 50
#define EXTERNAL_ID_MAX (4 * EXTERNAL_ID_CHARS + 1)
#define SIGNATURE_REASON_MAX 320
#define SIGNATURE_KIND_MAX 32
#define NETWORK_NAME_MAX 64
#define BODY_HASH_LEN 32

/* Stored by name: append only. */
enum signature_status {
	SIGNATURE_EXECUTING, /* an HSM is asked */
	SIGNATURE_SIGNED,
	SIGNATURE_FAILED,
	SIGNATURE_PENDING, /* people are asked: it has an approval */
	SIGNATURE_REJECTED,
};
const char *signature_status_name(enum signature_status s); /* "Signed" */

struct signature_outcome {
	enum signature_status status;
	char reason[SIGNATURE_REASON_MAX]; /* failed or rejected: why */
	uint8_t r[32], s[32];
	int recid;         /* -1: has none */
	int64_t signed_ms; /* 0: not signed */
};

/* What a request has when it is made, and what became of it. The spans of a row that was read are
 * valid inside the callback. */
struct signature_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char key_id[HF_ID_MAX];
	char wallet_id[HF_ID_MAX]; /* "": asked of the key itself */
	char requester_id[HF_ID_MAX];
	char token_id[HF_ID_MAX];
	char kind[SIGNATURE_KIND_MAX];  /* "Hash", "Transaction", … */
	char network[NETWORK_NAME_MAX]; /* "": none is known */
	struct hf_span body;            /* JSON as it was sent */
	uint8_t body_hash[BODY_HASH_LEN];
	char external_id[EXTERNAL_ID_MAX]; /* "": none */
	char approval_id[HF_ID_MAX];       /* "": none was needed */
	int64_t requested_ms;
	int64_t resolved_ms; /* when people had decided; 0: not, or nobody was asked */
	struct signature_outcome outcome;
	/* Of several signatures (core/keys/signature_parts.h), these instead of r and s. */
	struct hf_span parts;
	struct hf_span encoded, signed_data; /* the chain's forms; empty: none */
};

/* HF_EXISTS when the organisation has one with this external id: nothing is changed. `proof` is the
 * user action. */
HF_MUST hf_status signature_row_insert(struct db *db, const struct signature_row *row,
                                       struct hf_span proof);

typedef hf_status (*signature_row_fn)(void *ctx, const struct signature_row *row);
/* Each calls fn with what it found. HF_NOTFOUND when there is none. org_id NULL: of any. */
HF_MUST hf_status signature_row_get(struct db *db, const char *org_id, const char *id,
                                    signature_row_fn fn, void *ctx);
HF_MUST hf_status signature_row_by_external_id(struct db *db, const char *org_id,
                                               const char *external_id, signature_row_fn fn,
                                               void *ctx);
/* A page of those of a key, made through its wallets or not, or of those of a wallet. Newest first,
 * after the id `after` ("": from the newest), at most `limit`. */
HF_MUST hf_status signature_rows_of_key(struct db *db, const char *key_id, const char *after,
                                        int limit, signature_row_fn fn, void *ctx);
HF_MUST hf_status signature_rows_of_wallet(struct db *db, const char *wallet_id, const char *after,
                                           int limit, signature_row_fn fn, void *ctx);

/* From SIGNATURE_EXECUTING only; for any other state nothing happens. Posted (db_post). */
HF_MUST hf_status signature_row_settle(struct db *db, const char *id,
                                       const struct signature_outcome *outcome);
/* The same with what the chain makes of it: parts, encoded and signed_data of the row. */
HF_MUST hf_status signature_row_settle_formed(struct db *db, const struct signature_row *row);
HF_MUST hf_status signature_row_set_parts(struct db *db, const char *id, struct hf_span parts);

/* From SIGNATURE_PENDING. HF_STATE when it is in any other state, or not there: nothing has
 * happened then. */
HF_MUST hf_status signature_row_release(struct db *db, const char *id, int64_t now);
HF_MUST hf_status signature_row_reject(struct db *db, const char *id, const char *reason,
                                       int64_t now);

#endif
