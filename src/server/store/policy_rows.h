/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `policies`, and the version of an organisation's policies: one query, one
 * function. What a policy is, is core/policies/policy.h's. */
#ifndef HF_SERVER_STORE_POLICY_ROWS_H
#define HF_SERVER_STORE_POLICY_ROWS_H

#include "base/id.h"
#include "db/db.h"

#define POLICY_ACTIVE "Active"
#define POLICY_ARCHIVED "Archived"

/* Texts of a row that was read live until the callback returns. */
struct policy_row {
	const char *id;
	const char *org_id;
	const char *name;
	const char *activity;
	const char *rule, *action; /* JSON */
	const char *filters;       /* JSON; NULL: none */
	const char *status;        /* POLICY_ACTIVE, POLICY_ARCHIVED */
	int64_t created_ms, updated_ms;
};

HF_MUST hf_status policy_row_insert(struct db *db, const struct policy_row *row);
/* Name, rule, action, filters, status and time of change, of an active one that was last changed at
 * `was_ms`. HF_NOTFOUND: there is none (any more). */
HF_MUST hf_status policy_row_update(struct db *db, const struct policy_row *row, int64_t was_ms);

typedef hf_status (*policy_row_fn)(void *ctx, const struct policy_row *row);
/* HF_NOTFOUND. */
HF_MUST hf_status policy_row_get(struct db *db, const char *org_id, const char *id,
                                 policy_row_fn fn, void *ctx);
/* Newest first, after the id `after` ("": from the newest), at most `limit`; status NULL: any. */
HF_MUST hf_status policy_rows_list(struct db *db, const char *org_id, const char *status,
                                   const char *after, int limit, policy_row_fn fn, void *ctx);

/* Of all policies of an organisation; "" before its first. A new one with every change of them, in
 * the same transaction. */
HF_MUST hf_status policy_version_get(struct db *db, const char *org_id, char ret[HF_ID_MAX]);
HF_MUST hf_status policy_version_set(struct db *db, const char *org_id, const char *version);

#endif
