/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/change_end.h"
#include "server/store/change_rows.h"

#include <stdio.h>

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

static hf_status name_pending(void *ctx, const struct change_row *row)
{
	return hf_fail(ctx, HF_STATE,
	               "a change of %s is waiting for approval already: decide %s first, or deny "
	               "it",
	               row->change.entity_id, row->approval_id);
}

static hf_status keep(struct db *db, const struct change *c, struct change_outcome *out,
                      struct hf_err *err)
{
	const struct change_row row = {
		.id = out->id,
		.change = *c,
		.status = CHANGE_PENDING,
		.approval_id = out->approval_id,
	};
	hf_status s = change_row_pending(db, c->org_id, c->entity_id, name_pending, err);

	if (s.code != HF_NOTFOUND)
		return s;
	out->status = CHANGE_PENDING;
	return change_row_insert(db, &row);
}

hf_status change_submit(struct db *db, const struct change *c, struct hf_span proof,
                        struct change_outcome *ret, struct hf_err *err)
{
	struct change_outcome out = { .status = CHANGE_APPLIED };
	const struct activity a = {
		.kind = activity_of(c->kind),
		.org_id = c->org_id,
		.initiator_id = c->requester_id,
		.token_id = c->token_id,
		.proof = proof,
		.subject_id = out.id,
		.wallet_id = "",
		.key_id = "",
		.entity_id = c->filter_id,
		.now_ms = c->now_ms,
	};
	struct verdict verdict;

	hf_id_new("cr", out.id);
	HF_TRY(activity_judge(db, &a, &verdict, err));
	switch (verdict.kind) {
	case VERDICT_PASS:
		HF_TRY(apply(db, c, err));
		break;
	case VERDICT_HOLD:
		snprintf(out.approval_id, sizeof(out.approval_id), "%s", verdict.approval_id);
		HF_TRY(keep(db, c, &out, err));
		break;
	case VERDICT_BLOCK:
		return hf_fail(err, HF_DENIED, "%s", verdict.reason);
	}
	*ret = out;
	return HF_SUCCESS;
}

/* The thing is not as it was, and trying again would not help; all else undoes the decision. */
static bool is_final(enum hf_code code)
{
	return code == HF_NOTFOUND || code == HF_EXISTS || code == HF_STATE || code == HF_DENIED ||
	       code == HF_INVALID || code == HF_UNSUPPORTED || code == HF_TOOBIG;
}

struct ending {
	struct db *db;
	int64_t now_ms;
};

static hf_status apply_held(void *ctx, const struct change_row *row)
{
	const struct ending *e = ctx;
	struct change change = row->change;
	struct hf_err err = { 0 };
	hf_status s;

	change.now_ms = e->now_ms;
	s = apply(e->db, &change, &err);
	if (hf_ok(s))
		return change_row_resolve(e->db, row->id, CHANGE_APPLIED, NULL, e->now_ms);
	if (!is_final(s.code) || err.code != s.code || !*err.text)
		return s;
	return change_row_resolve(e->db, row->id, CHANGE_FAILED, err.text, e->now_ms);
}

hf_status change_end(struct db *db, const char *org_id, const char *id, bool approved,
                     const char *reason, int64_t now_ms)
{
	struct ending e = { db, now_ms };

	if (approved)
		return change_row_get(db, org_id, id, apply_held, &e);
	return change_row_resolve(db, id, CHANGE_REJECTED, reason, now_ms);
}
