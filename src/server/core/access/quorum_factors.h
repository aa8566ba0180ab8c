/* SPDX-License-Identifier: Apache-2.0
 * Quorums whose members have to show their second factors (require_2fa): none is set that could not
 * be met, or that somebody could join who sets another's password; and nobody is left in one
 * without. In a transaction of the writer. */
#ifndef HF_SERVER_CORE_ACCESS_QUORUM_FACTORS_H
#define HF_SERVER_CORE_ACCESS_QUORUM_FACTORS_H

#include "server/core/access/quorum.h"

/* Has everybody a device of whom the policy wants a second factor? HF_STATE with words that name
 * who has none. */
HF_MUST hf_status quorum_factors_check(struct db *db, const char *org_id,
                                       const struct quorum_policy *policy, struct hf_err *err);
/* Does no policy, of a group or of the account, want this user's? HF_STATE with words. */
HF_MUST hf_status quorum_factors_unused(struct db *db, const char *org_id, const char *identity_id,
                                        struct hf_err *err);

#endif
