/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `change_requests`: one query, one function. */
#ifndef HF_SERVER_STORE_CHANGE_ROWS_H
#define HF_SERVER_STORE_CHANGE_ROWS_H

#include "base/id.h"
#include "db/db.h"

/* Kinds, operations and states by their names (core/policies/changes.h). Texts of a row that was
 * read live until the callback returns. */
struct change_row {
	const char *id, *org_id;
	const char *kind, *operation, *status;
	const char *requester_id, *token_id;
	const char *entity_id, *filter_id;
	const char *approval_id;
	const char *body;   /* JSON */
	const char *reason; /* of what was not done; NULL: none */
	int64_t created_ms, resolved_ms;
};

HF_MUST hf_status change_row_insert(struct db *db, const struct change_row *row);
typedef hf_status (*change_row_fn)(void *ctx, const struct change_row *row);
/* Both HF_NOTFOUND. */
HF_MUST hf_status change_row_get(struct db *db, const char *org_id, const char *id,
                                 change_row_fn fn, void *ctx);
/* What is pending for an entity; the oldest, should there be several. */
HF_MUST hf_status change_row_pending(struct db *db, const char *org_id, const char *entity_id,
                                     change_row_fn fn, void *ctx);
/* From pending; reason NULL: none. HF_STATE when it is not. */
HF_MUST hf_status change_row_resolve(struct db *db, const char *id, const char *status,
                                     const char *reason, int64_t now_ms);

#endif
