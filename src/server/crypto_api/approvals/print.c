/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/approvals/approvals.h"

#include "crypto/aead.h"

#include <string.h>

static bool is_app(const char *identity_id)
{
	return strncmp(identity_id, "app-", 4) == 0;
}

static hf_status print_identity(struct json_writer *w, const char *key, const char *identity_id,
                                bool app)
{
	char uuid[HF_UUID_MAX];

	HF_TRY(hf_uuid_of_id(identity_id, uuid));
	json_open_object(w, key);
	json_text(w, app ? "app" : "user", uuid);
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status print_approver(void *ctx, const char *identity_id, bool by_app)
{
	return print_identity(ctx, NULL, identity_id, by_app);
}

static void print_reviewers(struct json_writer *w, const struct quorum_policy *p, size_t at,
                            struct approval_proofs wanted)
{
	const struct quorum_node *node = &p->nodes[at];

	if (node->kind == QUORUM_OF) {
		wanted.password = wanted.password || node->password;
		wanted.factor = wanted.factor || node->factor;
		for (size_t i = 0; i < node->count; i++)
			print_reviewers(w, p, node->first + i, wanted);
		return;
	}
	json_open_object(w, NULL);
	json_text(w, node->kind == QUORUM_APP ? "app" : "user", node->id);
	json_bool(w, "requires_password", wanted.password);
	json_bool(w, "requires_2fa", wanted.factor);
	json_close_object(w);
}

static hf_status print_body(struct crypto_call *c, const struct quorum_row *row,
                            struct json_writer *w)
{
	struct hf_secret body HF_SECRET = { 0 };

	if (!row->body.len)
		return HF_SUCCESS;
	HF_TRY(aead_open(&c->api->core->secrets.storage_key, hf_span_text(row->id), row->body,
	                 &body));
	json_raw(w, "body", HF_SPAN(body.ptr, body.len));
	return HF_SUCCESS;
}

static void print_subjects(const struct quorum_row *row, struct json_writer *w)
{
	json_open_array(w, "subjects");
	if (*row->object_id) {
		json_open_object(w, NULL);
		json_text(w, "sobject", row->object_id);
		json_close_object(w);
	}
	json_open_object(w, NULL);
	json_text(w, approval_of_account(row) ? "account" : "group", row->group_id);
	json_close_object(w);
	json_close_array(w);
}

static void print_plain(const struct quorum_row *row, struct json_writer *w)
{
	json_text(w, "request_id", row->id);
	json_text(w, "status", row->status);
	json_text(w, "method", row->method);
	json_text(w, "operation", row->operation);
	json_text_if(w, "description", row->description);
	json_text_if(w, "denial_reason", row->reason);
	json_basic_date(w, "created_at", row->created_ms);
	json_basic_date(w, "expiry", row->expires_ms);
	json_bool(w, "result_viewed", row->viewed);
	print_subjects(row, w);
}

hf_status approval_print(struct crypto_call *c, struct db *db, const struct quorum_row *row,
                         struct json_writer *w)
{
	struct quorum_policy *policy HF_CLEANUP(quorum_policy_free_at) = NULL;
	char account[HF_UUID_MAX];
	struct approval_proofs wanted;

	HF_TRY(approval_policy_parse(row, &policy, NULL));
	HF_TRY(hf_uuid_of_id(row->org_id, account));
	json_open_object(w, NULL);
	json_text(w, "acct_id", account);
	print_plain(row, w);
	HF_TRY(print_identity(w, "requester", row->requester, row->by_app));
	if (*row->denier)
		HF_TRY(print_identity(w, "denier", row->denier, is_app(row->denier)));
	json_open_array(w, "approvers");
	HF_TRY(quorum_decisions(db, row->id, print_approver, w));
	json_close_array(w);
	json_open_array(w, "reviewers");
	print_reviewers(w, policy, 0, (struct approval_proofs){ 0 });
	json_close_array(w);
	if (approval_asked_by(c->who, row) ||
	    hf_ok(approval_reviewer(c->who, row, policy, &wanted, NULL)))
		HF_TRY(print_body(c, row, w));
	json_close_object(w);
	return HF_SUCCESS;
}

hf_status approval_result_print(const struct crypto_call *c, const struct quorum_row *row,
                                struct json_writer *w)
{
	struct hf_secret body HF_SECRET = { 0 };

	if (!row->result.len) {
		json_raw(w, "body", HF_SPAN("null", 4));
		return HF_SUCCESS;
	}
	HF_TRY(aead_open(&c->api->core->secrets.storage_key, hf_span_text(row->id), row->result,
	                 &body));
	if (row->result_status < 300)
		json_raw(w, "body", HF_SPAN(body.ptr, body.len));
	else
		json_span(w, "body", HF_SPAN(body.ptr, body.len));
	return HF_SUCCESS;
}
