/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/approval_end.h"

#include "base/log.h"
#include "server/core/policies/change_end.h"
#include "server/core/policies/policy.h"
#include "server/core/policies/policy_events.h"
#include "server/core/keys/signatures.h"
#include "server/store/outflow_rows.h"

static hf_status go_on_with_signature(struct jobs *jobs, struct db *db,
                                      const struct approval_row *row, bool approved,
                                      const char *reason, int64_t now_ms)
{
	hf_status s = approved ? signature_release(jobs, db, row->subject_id, now_ms)
	                       : signature_reject(db, row->subject_id, reason, now_ms);

	if (s.code == HF_STATE) { /* nothing was held by it, so nothing follows */
		HF_WARN("an approval has ended for a signature request that was not held",
		        HF_KS("approval", row->id), HF_KS("signature", row->subject_id));
		return HF_SUCCESS;
	}
	HF_TRY(s);
	return approved ? HF_SUCCESS : outflow_row_remove(db, row->subject_id);
}

static hf_status go_on(struct jobs *jobs, struct db *db, const struct approval_row *row,
                       bool approved, const char *reason, int64_t now_ms)
{
	enum activity_kind kind;

	HF_ENSURE(hf_ok(activity_kind_parse(row->activity, &kind)), HF_CORRUPT);
	switch (kind) {
	case ACTIVITY_WALLETS_SIGN:
		return go_on_with_signature(jobs, db, row, approved, reason, now_ms);
	case ACTIVITY_PERMISSIONS_ASSIGN:
	case ACTIVITY_PERMISSIONS_MODIFY:
	case ACTIVITY_POLICIES_MODIFY:
		return change_end(db, row->org_id, row->subject_id, approved, reason, now_ms);
	}
	return HF_FAILURE(HF_INTERNAL);
}

hf_status approval_end(struct jobs *jobs, struct db *db, const struct approval_row *row,
                       enum approval_status to, const char *reason, int64_t now_ms)
{
	struct approval_row after = *row;

	HF_TRY(approval_row_resolve(db, row->id, to, now_ms));
	HF_TRY(go_on(jobs, db, row, to == APPROVAL_APPROVED, reason, now_ms));
	after.status = to;
	after.updated_ms = after.resolved_ms = now_ms;
	return tell_approval(db, "policy.approval.resolved", &after, now_ms);
}
