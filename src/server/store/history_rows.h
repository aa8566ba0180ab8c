/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `object_history`. What they are for: core/objects/object_history.h. */
#ifndef HF_SERVER_STORE_HISTORY_ROWS_H
#define HF_SERVER_STORE_HISTORY_ROWS_H

#include "server/store/object_rows.h"

#define HISTORY_MAX 32 /* of one object; beyond it the oldest go */

/* What an object was: members as in struct object_row. */
struct history_row {
	char id[HF_UUID_MAX];
	int64_t created_ms, expires_ms;
	enum object_state state;
	unsigned uses;
	bool public_only;
	int64_t activation_ms, deactivation_ms, compromise_ms, rotate_at_ms;
	char *rotation_policy, *revocation; /* JSON or NULL */
};

/* What the row points to is valid during the call only. */
typedef hf_status (*history_row_fn)(void *ctx, const struct history_row *row);

/* Those that have expired go, and the oldest when there are too many. */
HF_MUST hf_status history_row_insert(struct db *db, const char *object_id,
                                     const struct history_row *row);
/* Those that have not expired, the oldest first; `id`: only that one, or NULL. */
HF_MUST hf_status history_rows_list(struct db *db, const char *object_id, const char *id,
                                    int64_t now_ms, history_row_fn fn, void *ctx);
HF_MUST hf_status history_rows_drop(struct db *db, const char *object_id);

#endif
