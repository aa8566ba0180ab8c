/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/policy_events.h"

#include "server/core/events/events.h"

#include <string.h>

#define EVENT_DATA_MAX (1u << 20)

void print_policy_members(struct json_writer *w, const struct policy_row *row)
{
	json_text(w, "id", row->id);
	json_text(w, "name", row->name);
	json_text(w, "status", row->status);
	json_date(w, "dateCreated", row->created_ms);
	json_date(w, "dateUpdated", row->updated_ms);
	json_text(w, "activityKind", row->activity);
	json_raw(w, "rule", hf_span_text(row->rule));
	json_raw(w, "action", hf_span_text(row->action));
	if (row->filters)
		json_raw(w, "filters", hf_span_text(row->filters));
}

void print_change(struct json_writer *w, const char *key, const struct change_row *row)
{
	json_open_object(w, key);
	json_text(w, "id", row->id);
	json_open_object(w, "requester");
	json_text(w, "userId", row->requester_id);
	json_text_if(w, "tokenId", row->token_id);
	json_close_object(w);
	json_text(w, "kind", row->kind);
	json_text(w, "operationKind", row->operation);
	json_text(w, "status", row->status);
	json_text_if(w, "reason", row->reason);
	json_text(w, "entityId", row->entity_id);
	json_date(w, "dateCreated", row->created_ms);
	json_date(w, "dateResolved", row->resolved_ms);
	json_text_if(w, "approvalId", row->approval_id);
	json_raw(w, "body", hf_span_text(row->body));
	json_close_object(w);
}

static hf_status print_decision(void *ctx, const struct decision_row *row)
{
	struct json_writer *w = ctx;

	json_open_object(w, NULL);
	json_text(w, "userId", row->identity_id);
	json_date(w, "date", row->decided_ms);
	if (row->reason)
		json_text(w, "reason", row->reason);
	else
		json_raw(w, "reason", hf_span_text("null"));
	json_text(w, "value",
	          approval_status_name(row->approved ? APPROVAL_APPROVED : APPROVAL_DENIED));
	json_close_object(w);
	return HF_SUCCESS;
}

hf_status print_approval(struct json_writer *w, const char *key, struct db *db,
                         const struct approval_row *row, struct hf_span activity)
{
	json_open_object(w, key);
	json_text(w, "id", row->id);
	json_text(w, "initiatorId", row->initiator_id);
	json_raw(w, "activity", activity);
	json_text(w, "status", approval_status_name(row->status));
	json_date(w, "expirationDate", row->expires_ms);
	json_date(w, "dateCreated", row->created_ms);
	json_date(w, "dateUpdated", row->updated_ms);
	json_date(w, "dateResolved", row->resolved_ms);
	json_raw(w, "policyEvaluations", hf_span_text(row->evaluations));
	json_open_array(w, "decisions");
	HF_TRY(decision_rows_each(db, row->id, print_decision, w));
	json_close_array(w);
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status tell(struct db *db, const char *org_id, const char *kind,
                      const struct hf_buf *data, int64_t now_ms)
{
	const struct event e = {
		.org_id = org_id,
		.kind = kind,
		.data = hf_buf_span(data),
		.now_ms = now_ms,
	};

	HF_TRY(hf_buf_status(data));
	return events_add(db, &e);
}

/* The subject's id alone: whoever is told asks for the rest. */
static void print_subject(struct json_writer *w, const char *activity, const char *subject_id)
{
	bool sign = strcmp(activity, activity_kind_name(ACTIVITY_WALLETS_SIGN)) == 0;

	json_open_object(w, NULL);
	json_text(w, "kind", activity);
	json_open_object(w, sign ? "signatureRequest" : "changeRequest");
	json_text(w, "id", subject_id);
	json_close_object(w);
	json_close_object(w);
}

hf_status tell_triggered(struct db *db, const struct activity *a, const char *policy_id,
                         const char *reason)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(EVENT_DATA_MAX), activity = HF_BUF(512);
	struct json_writer w = JSON_WRITER(&data), aw = JSON_WRITER(&activity);

	if (!events_wanted(a->org_id))
		return HF_SUCCESS;
	print_subject(&aw, activity_kind_name(a->kind), a->subject_id);
	json_open_object(&w, NULL);
	json_open_object(&w, "policyEvaluation");
	json_text(&w, "policyId", policy_id);
	json_bool(&w, "triggered", true);
	json_text(&w, "reason", reason);
	json_text(&w, "initiatorId", a->initiator_id);
	json_raw(&w, "activity", hf_buf_span(&activity));
	json_close_object(&w);
	json_close_object(&w);
	return tell(db, a->org_id, "policy.triggered", &data, a->now_ms);
}

hf_status tell_approval(struct db *db, const char *kind, const struct approval_row *row,
                        int64_t now_ms)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(EVENT_DATA_MAX), activity = HF_BUF(512);
	struct json_writer w = JSON_WRITER(&data), aw = JSON_WRITER(&activity);

	if (!events_wanted(row->org_id))
		return HF_SUCCESS;
	print_subject(&aw, row->activity, row->subject_id);
	json_open_object(&w, NULL);
	HF_TRY(print_approval(&w, "approval", db, row, hf_buf_span(&activity)));
	json_close_object(&w);
	return tell(db, row->org_id, kind, &data, now_ms);
}
