/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/changes.h"

/* Until each is there. */
#pragma weak permission_change_apply
#pragma weak assignment_change_apply
#pragma weak policy_change_apply

static enum activity_kind activity_of(enum change_kind k)
{
	switch (k) {
	case CHANGE_POLICY:
		return ACTIVITY_POLICIES_MODIFY;
	case CHANGE_PERMISSION:
		return ACTIVITY_PERMISSIONS_MODIFY;
	case CHANGE_ASSIGNMENT:
		break;
	}
	return ACTIVITY_PERMISSIONS_ASSIGN;
}

static hf_status apply(struct db *db, const struct change *c, struct hf_err *err)
{
	switch (c->kind) {
	case CHANGE_POLICY:
		return policy_change_apply(db, c, err);
	case CHANGE_PERMISSION:
		return permission_change_apply(db, c, err);
	case CHANGE_ASSIGNMENT:
		return assignment_change_apply(db, c, err);
	}
	return HF_FAILURE(HF_INTERNAL);
}

hf_status change_submit(struct db *db, const struct change *c, struct hf_span proof,
                        struct change_outcome *ret, struct hf_err *err)
{
	struct activity a = {
		.kind = activity_of(c->kind),
		.org_id = c->org_id,
		.initiator_id = c->requester_id,
		.token_id = c->token_id,
		.proof = proof,
		.wallet_id = "",
		.key_id = "",
		.entity_id = c->filter_id,
		.now_ms = c->now_ms,
	};
	struct verdict verdict;

	hf_id_new("cr", ret->id);
	a.subject_id = ret->id;
	HF_TRY(activity_judge(db, &a, &verdict, err));
	HF_TRY(apply(db, c, err));
	ret->status = CHANGE_APPLIED;
	return HF_SUCCESS;
}
