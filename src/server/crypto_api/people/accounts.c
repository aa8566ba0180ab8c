/* SPDX-License-Identifier: Apache-2.0
 * The account: an organisation, by the Crypto API's name for it. It has a name, a description, the
 * caller's own metadata, and policies beside those of its groups. */
#include "base/clock.h"
#include "base/uuid.h"
#include "server/core/access/account.h"
#include "server/core/access/quorum_count.h"
#include "server/core/access/quorum_factors.h"
#include "server/core/access/quorum_reach.h"
#include "server/core/access/crypto_policy.h"
#include "server/core/groups/group_request.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"
#include "server/crypto_api/people/rights.h"
#include "server/store/account_rows.h"
#include "server/store/group_rows.h"
#include "server/store/member_rows.h"

#include <string.h>

#define SETTINGS_MAX (16u << 10)

struct account_call {
	struct crypto_call call; /* first */
	const char *name, *description;
	struct json_t *custom_metadata, *approval, *cryptographic;
	struct text_change approval_policy, cryptographic_policy;
};

static struct account_call *self(struct crypto_call *c)
{
	return (struct account_call *)c;
}

static void release(struct crypto_call *c)
{
	hf_buf_done(&self(c)->approval_policy.text);
	hf_buf_done(&self(c)->cryptographic_policy.text);
}

/* What is stored, and what is printed, in the same words. */
static void print_settings(struct json_writer *w, const char *description,
                           const struct json_t *metadata)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(SETTINGS_MAX);

	json_text_if(w, "description", description);
	if (metadata && hf_ok(json_canonical(metadata, &text)))
		json_raw(w, "custom_metadata", hf_buf_span(&text));
}

static hf_status load_settings(struct db *db, const char *org_id, struct json_t **ret)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(SETTINGS_MAX);

	HF_TRY(account_settings_get(db, org_id, &text));
	return json_parse(hf_buf_span(&text), SETTINGS_MAX, ret, NULL);
}

static void print_policies(struct json_writer *w, const struct account_policies *a)
{
	if (a && a->approval_policy)
		json_raw(w, "approval_policy", hf_span_text(a->approval_policy));
	if (a && a->cryptographic_policy)
		json_raw(w, "cryptographic_policy", hf_span_text(a->cryptographic_policy));
}

static hf_status print_account(struct crypto_call *c, struct db *db, struct json_writer *w)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *policies = NULL;
	JSON_SCOPED struct json_t *settings = NULL;
	char created[HF_BASIC_LEN];
	struct org_row org;

	HF_TRY(org_row_get(db, c->who->org_id, &org));
	HF_TRY(load_settings(db, c->who->org_id, &settings));
	HF_TRY(account_policies_read(db, c->who->org_id, &policies, &c->err));
	hf_basic_time(org.created_ms, created);
	json_open_object(w, NULL);
	print_uuid(w, "acct_id", c->who->org_id);
	json_text(w, "name", org.name);
	print_settings(w, json_member_text(settings, "description"),
	               json_member(settings, "custom_metadata"));
	print_policies(w, policies);
	json_text(w, "created_at", created);
	json_bool(w, "enabled", true);
	json_raw(w, "auth_config",
	         hf_span_text("{\"password\":{\"require_2fa\":false,"
	                      "\"administrators_only\":false}}"));
	json_raw(w, "logging_configs", hf_span_text("{}"));
	json_raw(w, "client_configurations", hf_span_text("{}"));
	json_bool(w, "log_bad_requests", true);
	json_bool(w, "plugin_enabled", false);
	json_bool(w, "mark_key_disable_when_deactivated", false);
	json_raw(w, "purpose", hf_span_text("{\"$type\":\"Standard\"}"));
	json_raw(w, "original_purpose", hf_span_text("{\"$type\":\"Standard\"}"));
	/* Of the kinds that there are, this one alone is read by old and new clients alike. */
	json_raw(w, "subscription", hf_span_text("{\"custom\":{}}"));
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status list(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_array(&w, NULL);
	HF_TRY(print_account(c, db, &w));
	json_close_array(&w);
	return HF_SUCCESS;
}

static hf_status check_path(struct crypto_call *c, struct hf_err *err)
{
	char id[HF_ID_MAX];

	if (!hf_ok(hf_id_of_uuid("or", crypto_call_param(c, "acct_id"), id)) ||
	    strcmp(id, c->who->org_id) != 0)
		return hf_fail(err, HF_NOTFOUND, "there is no such account");
	return HF_SUCCESS;
}

static hf_status show(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);

	return print_account(c, db, &w);
}

static hf_status read_policies(struct account_call *a, struct hf_err *err)
{
	HF_CLEANUP(quorum_policy_free_at) struct quorum_policy *quorum = NULL;
	HF_CLEANUP(crypto_policy_free_at) struct crypto_policy *crypto = NULL;

	HF_TRY(text_change_read(a->approval, "approval_policy", GROUP_POLICY_MAX,
	                        &a->approval_policy, err));
	if (text_change_is_set(&a->approval_policy))
		HF_TRY(quorum_account_parse(text_change_span(&a->approval_policy), &quorum, err));
	HF_TRY(text_change_read(a->cryptographic, "cryptographic_policy", GROUP_POLICY_MAX,
	                        &a->cryptographic_policy, err));
	if (text_change_is_set(&a->cryptographic_policy))
		HF_TRY(crypto_policy_parse(text_change_span(&a->cryptographic_policy), "account",
		                           &crypto, err));
	return HF_SUCCESS;
}

static hf_status read_change(struct crypto_call *c, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, offsetof(struct account_call, name), false, true, 1,
		  255 },
		{ "description", JSON_READ_TEXT, offsetof(struct account_call, description), false,
		  true, 0, 1000 },
		{ "custom_metadata", JSON_READ_OBJECT,
		  offsetof(struct account_call, custom_metadata), false, true },
		{ "approval_policy", JSON_READ_ANY, offsetof(struct account_call, approval) },
		{ "cryptographic_policy", JSON_READ_ANY,
		  offsetof(struct account_call, cryptographic) },
	};
	struct hf_err why = { 0 };

	HF_TRY(check_path(c, err));
	if (!runs_account(c->who))
		return hf_fail(err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	if (!hf_ok(json_read(c->body, fields, HF_COUNT(fields), c, &why)))
		return hf_fail(err, HF_INVALID,
		               "%s. Of an account, name, description, custom_metadata, "
		               "approval_policy and cryptographic_policy can be changed; others "
		               "are of groups, and options of the server",
		               why.text);
	return read_policies(self(c), err);
}

static hf_status store_settings(struct account_call *a, struct db *db)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(SETTINGS_MAX);
	JSON_SCOPED struct json_t *before = NULL;
	struct json_writer w = JSON_WRITER(&text);
	const char *org_id = a->call.who->org_id;
	hf_status s;

	HF_TRY(load_settings(db, org_id, &before));
	json_open_object(&w, NULL);
	print_settings(
	        &w, a->description ? a->description : json_member_text(before, "description"),
	        a->custom_metadata ? a->custom_metadata : json_member(before, "custom_metadata"));
	json_close_object(&w);
	hf_buf_u8(&text, 0);
	s = hf_buf_status(&text);
	if (s.code == HF_TOOBIG)
		return hf_fail(&a->call.err, HF_TOOBIG, "custom_metadata: at most %u bytes",
		               SETTINGS_MAX);
	HF_TRY(s);
	return account_settings_put(db, org_id, (const char *)text.ptr, a->call.now_ms);
}

/* Of the policy as it is now. */
static hf_status check_approvers(struct crypto_call *c, struct db *db)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *after = NULL;

	HF_TRY(quorum_reach_heirs(db, c->who->org_id, &c->err));
	HF_TRY(account_policies_read(db, c->who->org_id, &after, &c->err));
	if (!after || !after->quorum)
		return HF_SUCCESS;
	HF_TRY(quorum_count_check(after->quorum, &c->err));
	HF_TRY(quorum_factors_check(db, c->who->org_id, after->quorum, &c->err));
	return quorum_reach_account(db, c->who->org_id, &c->err);
}

/* With the account's lock, so that no policy is replaced unseen. */
static hf_status change_policies(struct account_call *a, struct db *db)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *now = NULL;
	struct crypto_call *c = &a->call;
	struct account_policy_row row;

	if (!a->approval_policy.given && !a->cryptographic_policy.given)
		return HF_SUCCESS;
	HF_TRY(org_row_lock(db, c->who->org_id));
	HF_TRY(account_policies_read(db, c->who->org_id, &now, &c->err));
	if (a->approval_policy.given)
		HF_TRY(account_check(now, ACCOUNT_APPROVAL_POLICY, c->approved_group, &c->err));
	if (a->cryptographic_policy.given)
		HF_TRY(account_check(now, ACCOUNT_CRYPTO_POLICY, c->approved_group, &c->err));
	row.approval = text_change_of(&a->approval_policy, now ? now->approval_policy : NULL);
	row.cryptographic =
	        text_change_of(&a->cryptographic_policy, now ? now->cryptographic_policy : NULL);
	HF_TRY(account_policies_put(db, c->who->org_id, &row, c->now_ms));
	return a->approval_policy.given ? check_approvers(c, db) : HF_SUCCESS;
}

static hf_status change(struct crypto_call *c, struct db *db)
{
	struct account_call *a = self(c);
	struct json_writer w = JSON_WRITER(&c->out);

	HF_TRY(change_policies(a, db));
	if (a->name)
		HF_TRY(org_row_rename(db, c->who->org_id, a->name));
	HF_TRY(store_settings(a, db));
	hf_ignore(hf_uuid_of_id(c->who->org_id, c->subject_id));
	HF_TRY(print_account(c, db, &w));
	return crypto_call_audit(c, db);
}

/* Groups have them in their snapshots. */
static void changed(struct crypto_call *c)
{
	groups_forget_account(c->api->groups, c->who->org_id);
	crypto_call_reply(c);
}

const struct crypto_operation crypto_account_list = {
	.size = sizeof(struct crypto_call),
	.run = list,
};
const struct crypto_operation crypto_account_show = {
	.size = sizeof(struct crypto_call),
	.prepare = check_path,
	.run = show,
};
const struct crypto_operation crypto_account_change = {
	.size = sizeof(struct account_call),
	.writes = true,
	.prepare = read_change,
	.run = change,
	.after = changed,
	.release = release,
};
