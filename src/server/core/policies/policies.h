/* SPDX-License-Identifier: Apache-2.0
 * Policies as an organisation makes them. A new one holds at once; changing or archiving one is
 * itself an activity, "Policies:Modify", which a policy may hold. Inside the caller's transaction;
 * failures come with words. */
#ifndef HF_SERVER_CORE_POLICIES_POLICIES_H
#define HF_SERVER_CORE_POLICIES_POLICIES_H

#include "server/core/policies/changes.h"
#include "server/core/policies/policy.h"
#include "server/store/policy_rows.h"

/* HF_INVALID: an approver is no active user of the organisation, or there are too few for a quorum;
 * HF_STATE: too many policies. */
HF_MUST hf_status policy_create(struct db *db, const char *org_id, const char *id,
                                const struct policy *p, int64_t now_ms, struct hf_err *err);

struct policy_edit {
	const char *org_id, *requester_id, *token_id;
	const char *policy_id;
	const struct policy *policy; /* what it is to be; NULL: archived */
	struct hf_span proof;
	int64_t now_ms;
};
/* HF_NOTFOUND; HF_STATE: it is archived, or a change of it is pending; HF_INVALID: as above, or for
 * another activity. Archiving what is archived is CHANGE_APPLIED. */
HF_MUST hf_status policy_edit(struct db *db, const struct policy_edit *e,
                              struct change_outcome *ret, struct hf_err *err);

#endif
