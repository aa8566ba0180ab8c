/* SPDX-License-Identifier: Apache-2.0
 * The end of an approval, and what follows from it. For approvals.c and approvals_clock.c. */
#ifndef HF_SERVER_CORE_POLICIES_APPROVAL_END_H
#define HF_SERVER_CORE_POLICIES_APPROVAL_END_H

#include "server/core/policies/approvals.h"

/* `row` is pending and locked by this transaction. `reason` says why it was not approved. */
HF_MUST hf_status approval_end(struct jobs *jobs, struct db *db, const struct approval_row *row,
                               enum approval_status to, const char *reason, int64_t now_ms);

#endif
