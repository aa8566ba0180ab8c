/* SPDX-License-Identifier: Apache-2.0
 * Policies of accounts, in the table `account_settings`: one query, one function. What they mean is
 * core/access/account.h's. */
#ifndef HF_SERVER_STORE_ACCOUNT_ROWS_H
#define HF_SERVER_STORE_ACCOUNT_ROWS_H

#include "db/db.h"

/* JSON; NULL: none. Of a row that was read: valid inside the callback. */
struct account_policy_row {
	const char *approval, *cryptographic;
};
typedef hf_status (*account_policy_fn)(void *ctx, const struct account_policy_row *row);
/* Not called when the account has neither. */
HF_MUST hf_status account_policies_get(struct db *db, const char *org_id, account_policy_fn fn,
                                       void *ctx);
HF_MUST hf_status account_policies_put(struct db *db, const char *org_id,
                                       const struct account_policy_row *row, int64_t now_ms);

#endif
