/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `keys`: one query, one function. What a key may do is core/keys/keys.h's. */
#ifndef HF_SERVER_STORE_KEY_ROWS_H
#define HF_SERVER_STORE_KEY_ROWS_H

#include "base/id.h"
#include "crypto/pubkey.h"
#include "db/db.h"

#define KEY_NAME_CHARS 100
#define KEY_NAME_MAX (4 * KEY_NAME_CHARS + 1)
#define KEY_FAILURE_MAX 320

/* Stored by name: append only. */
enum key_status {
	KEY_CREATING, /* an HSM has not answered yet: not shown */
	KEY_ACTIVE,
	KEY_ARCHIVED,
	KEY_FAILED, /* could not be made: not shown */
};
const char *key_status_name(enum key_status s); /* "Active" */

struct key_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char store_id[HF_ID_MAX];
	char scheme[16]; /* "ECDSA", "EdDSA" */
	char curve[16];  /* "secp256k1", "ed25519" */
	enum key_type type;
	struct public_key public_key; /* empty until made */
	char name[KEY_NAME_MAX];      /* "": none */
	enum key_status status;
	bool resident; /* lives in the token itself, not wrapped */
	char created_by[HF_ID_MAX];
	int64_t created_ms, deleted_ms; /* 0: not deleted */
	char failure[KEY_FAILURE_MAX];
	enum hf_code failure_code;
};

/* `proof` is the user action that asked for it (proof/action.h). */
HF_MUST hf_status key_row_insert(struct db *db, const struct key_row *row, struct hf_span proof);
/* HF_NOTFOUND: no such key in this organisation. */
HF_MUST hf_status key_row_get(struct db *db, const char *org_id, const char *id,
                              struct key_row *ret);
/* Shown keys, newest first, after the id `after` ("": from the newest), at most `limit`. */
typedef hf_status (*key_row_fn)(void *ctx, const struct key_row *row);
HF_MUST hf_status key_rows_list(struct db *db, const char *org_id, const char *after, int limit,
                                key_row_fn fn, void *ctx);
/* NULL clears the name. */
HF_MUST hf_status key_row_rename(struct db *db, const char *id, const char *name);
HF_MUST hf_status key_row_archive(struct db *db, const char *id, int64_t now);
/* From KEY_CREATING only; for any other state nothing happens. Posted (db_post). */
HF_MUST hf_status key_row_made(struct db *db, const char *id, struct hf_span public_key,
                               bool resident);
HF_MUST hf_status key_row_failed(struct db *db, const char *id, enum hf_code code, const char *why);

#endif
