/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/change_end.h"
#include "server/store/change_rows.h"

#include <stdio.h>
#include <string.h>

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
	               row->entity_id, row->approval_id);
}

static hf_status keep(struct db *db, const struct change *c, struct change_outcome *out,
                      struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(c->body.len + 1);
	struct change_row row = {
		.id = out->id,
		.org_id = c->org_id,
		.kind = change_kind_name(c->kind),
		.operation = change_operation_name(c->operation),
		.status = change_status_name(CHANGE_PENDING),
		.requester_id = c->requester_id,
		.token_id = c->token_id,
		.entity_id = c->entity_id,
		.filter_id = c->filter_id,
		.approval_id = out->approval_id,
		.created_ms = c->now_ms,
	};
	hf_status s = change_row_pending(db, c->org_id, c->entity_id, name_pending, err);

	if (s.code != HF_NOTFOUND)
		return s;
	hf_buf_put(&body, c->body.ptr, c->body.len);
	hf_buf_u8(&body, 0);
	HF_TRY(hf_buf_status(&body));
	row.body = (const char *)body.ptr;
	out->status = CHANGE_PENDING;
	s = change_row_insert(db, &row);
	if (s.code == HF_EXISTS) /* another writer was first */
		return hf_fail(err, HF_STATE,
		               "a change of %s is waiting for approval already: decide that first, "
		               "or deny it",
		               c->entity_id);
	return s;
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

/* Which of the first n names it is. HF_CORRUPT: none. */
static hf_status place_of(const char *name, const char *const *names, size_t n, size_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = i;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_CORRUPT);
}

static hf_status read_change(const struct change_row *row, struct change *ret)
{
	const char *const kinds[] = { change_kind_name(CHANGE_POLICY),
		                      change_kind_name(CHANGE_PERMISSION),
		                      change_kind_name(CHANGE_ASSIGNMENT) };
	const char *const operations[] = { change_operation_name(CHANGE_CREATE),
		                           change_operation_name(CHANGE_UPDATE),
		                           change_operation_name(CHANGE_DELETE) };
	size_t kind, operation;

	HF_TRY(place_of(row->kind, kinds, HF_COUNT(kinds), &kind));
	HF_TRY(place_of(row->operation, operations, HF_COUNT(operations), &operation));
	*ret = (struct change){
		.kind = (enum change_kind)kind,
		.operation = (enum change_operation)operation,
		.org_id = row->org_id,
		.requester_id = row->requester_id,
		.token_id = row->token_id,
		.entity_id = row->entity_id,
		.filter_id = row->filter_id,
		.body = hf_span_text(row->body),
	};
	return HF_SUCCESS;
}

static hf_status resolve(struct db *db, const char *id, enum change_status to, const char *reason,
                         int64_t now_ms)
{
	return change_row_resolve(db, id, change_status_name(to), reason, now_ms);
}

struct ending {
	struct db *db;
	int64_t now_ms;
};

static hf_status apply_held(void *ctx, const struct change_row *row)
{
	const struct ending *e = ctx;
	struct change change;
	struct hf_err err = { 0 };
	hf_status s;

	HF_TRY(read_change(row, &change));
	change.now_ms = e->now_ms;
	s = apply(e->db, &change, &err);
	if (hf_ok(s))
		return resolve(e->db, row->id, CHANGE_APPLIED, NULL, e->now_ms);
	if (!is_final(s.code) || err.code != s.code || !*err.text)
		return s;
	return resolve(e->db, row->id, CHANGE_FAILED, err.text, e->now_ms);
}

hf_status change_end(struct db *db, const char *org_id, const char *id, bool approved,
                     const char *reason, int64_t now_ms)
{
	struct ending e = { db, now_ms };

	if (approved)
		return change_row_get(db, org_id, id, apply_held, &e);
	return resolve(db, id, CHANGE_REJECTED, reason, now_ms);
}
