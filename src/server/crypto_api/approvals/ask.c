/* SPDX-License-Identifier: Apache-2.0
 * POST /sys/v1/approval_requests: asks for a quorum's approval of a request that was refused for
 * want of it. Whose quorum that is, is found out from what the request names: the key or group in
 * its path, and those in its body. */
#include "server/crypto_api/approvals/approvals.h"

#include "http/route.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/rights.h"

#include <stdio.h>
#include <string.h>

#define PATH_MAX_LEN 1024
#define DESCRIPTION_MAX 4096
#define KEYS_PATH "/crypto/v1/keys"
#define BATCH_TEXT "a batch cannot be approved: ask for one operation each"
#define GROUPS_PATH "/sys/v1/groups"
#define REPLACE_PATH "/replace_approval_policy"
#define ACCOUNTS_PATH "/sys/v1/accounts/"

struct ask {
	struct crypto_call call; /* first */
	const char *method, *operation, *description;
	struct json_t *body;
	struct hf_buf text; /* of the body, canonical */
	char id[HF_UUID_MAX];
};

static const struct json_field fields[] = {
	{ "method", JSON_READ_TEXT, offsetof(struct ask, method), false, true, 1, 16 },
	{ "operation", JSON_READ_TEXT, offsetof(struct ask, operation), true, false, 1,
	  PATH_MAX_LEN },
	{ "body", JSON_READ_ANY, offsetof(struct ask, body), false, true, 0, 0 },
	{ "description", JSON_READ_TEXT, offsetof(struct ask, description), false, true, 0,
	  DESCRIPTION_MAX },
};

/* What could not be carried out, nobody is asked about. */
static hf_status check_operation(const struct ask *a, struct hf_err *err)
{
	const struct crypto_route *route;
	char allow[HTTP_ALLOW_MAX];
	struct http_match match;
	struct hf_span path, query;

	http_target_split(hf_span_text(a->operation), &path, &query);
	if (http_routes_match(a->call.api->inner, hf_span_text(a->method), path, &match, allow))
		return hf_fail(err, HF_INVALID, "there is no such operation: %.10s %.200s",
		               a->method, a->operation);
	route = match.route->arg;
	if (route->flags & ROUTE_SENSITIVE)
		return hf_fail(err, HF_INVALID,
		               "a quorum does not approve this: it has to be asked for by itself");
	if (route->op == &crypto_generic_batch)
		return hf_fail(err, HF_UNSUPPORTED, BATCH_TEXT);
	return HF_SUCCESS;
}

/* Reviewers read what they approve, and these are nobody's to read. */
static bool has_secret(const struct json_t *value)
{
	struct json_t *member;
	const char *name;
	void *at = NULL;

	if (json_value_is(value, JSON_READ_ARRAY)) {
		for (size_t i = 0; i < json_count(value); i++)
			if (has_secret(json_element(value, i)))
				return true;
		return false;
	}
	while (json_value_is(value, JSON_READ_OBJECT) &&
	       (name = json_member_next(value, &at, &member)))
		if ((!json_value_null(member) &&
		     (strcmp(name, "pin") == 0 || strcmp(name, "client_key") == 0)) ||
		    has_secret(member))
			return true;
	return false;
}

static hf_status check_body(const struct json_t *body, struct hf_err *err)
{
	if (json_member(body, "Batch"))
		return hf_fail(err, HF_UNSUPPORTED,
		               "a batch cannot be approved: ask for one operation each");
	if (has_secret(json_member(body, "add_hmg")) || has_secret(json_member(body, "mod_hmg")))
		return hf_fail(
		        err, HF_INVALID,
		        "a PIN or a client's key does not go through an approval: ask for the "
		        "change without it, and give it afterwards, which needs no approval");
	return HF_SUCCESS;
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct ask *a = (struct ask *)c;

	a->text = HF_BUF(APPROVAL_BODY_MAX);
	if (!c->body)
		return hf_fail(err, HF_INVALID,
		               "say what is to be approved: method, operation, "
		               "body");
	HF_TRY(json_read(c->body, fields, HF_COUNT(fields), a, err));
	if (!a->method)
		a->method = "POST";
	HF_TRY(check_operation(a, err));
	if (json_value_null(a->body))
		return HF_SUCCESS;
	if (json_value_is(a->body, JSON_READ_ARRAY))
		return hf_fail(err, HF_UNSUPPORTED, BATCH_TEXT);
	if (!json_value_is(a->body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "field \"body\": expected an object");
	HF_TRY(check_body(a->body, err));
	return json_canonical(a->body, &a->text);
}

/* Whose quorums are in the way. */
struct guarded {
	struct ask *ask;
	struct db *db;
	struct group *group;              /* NULL: none so far */
	struct account_policies *account; /* likewise */
	char object_id[HF_UUID_MAX];
	struct hf_err *err;
};

static hf_status add_group(struct guarded *g, struct group *group)
{
	if (!group->quorum)
		return HF_SUCCESS;
	if (g->group && strcmp(g->group->id, group->id) != 0)
		return hf_fail(g->err, HF_UNSUPPORTED,
		               "the quorums of two groups guard this: no single request can be "
		               "approved by both");
	if (!g->group)
		g->group = group_ref(group);
	return HF_SUCCESS;
}

static bool is_member(const struct principal *who, const char *group_id)
{
	return principal_in(who, group_id) || runs_account(who);
}

static bool guards(const struct account_policies *a, enum account_act act)
{
	return a && a->quorum && a->quorum->account_acts & 1u << act;
}

/* Where the account's quorum guards this. */
static hf_status add_account(struct guarded *g, enum account_act act)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *a = NULL;

	HF_TRY(account_policies_read(g->db, g->ask->call.who->org_id, &a, g->err));
	if (guards(a, act) && !g->account)
		g->account = hf_take(a);
	return HF_SUCCESS;
}

static hf_status add_group_id(struct guarded *g, const char *id)
{
	const struct crypto_api *api = g->ask->call.api;
	const struct principal *who = g->ask->call.who;
	GROUP_SCOPED struct group *group = NULL;

	if (!id || !*id)
		return HF_SUCCESS;
	if (!is_member(who, id))
		return hf_fail(g->err, HF_NOTFOUND, "there is no such group");
	HF_TRY(groups_load(api->groups, g->db, who->org_id, id, &group, g->err));
	return add_group(g, group);
}

static hf_status add_object(struct guarded *g, const char *kid, const char *name,
                            char ret_kid[HF_UUID_MAX])
{
	const struct crypto_api *api = g->ask->call.api;
	const struct principal *who = g->ask->call.who;
	OBJECT_SCOPED struct object *object = NULL;

	HF_TRY(objects_load(api->objects, api->groups, g->db, who->org_id, kid, kid ? NULL : name,
	                    &object, g->err));
	if (!is_member(who, object->group_id))
		return hf_fail(g->err, HF_NOTFOUND, OBJECT_NOT_HERE_TEXT);
	if (!*g->object_id)
		memcpy(g->object_id, object->id, sizeof(g->object_id));
	memcpy(ret_kid, object->id, HF_UUID_MAX);
	return add_group(g, object->group);
}

/* What is named by its name is held by its id: until it is approved, another key may take the name.
 */
static hf_status add_descriptor(struct guarded *g, struct json_t *desc)
{
	const char *kid, *name;
	char found[HF_UUID_MAX];

	if (!desc || !json_value_is(desc, JSON_READ_OBJECT))
		return HF_SUCCESS;
	kid = json_member_text(desc, "kid");
	name = json_member_text(desc, "name");
	if (!kid && !name)
		return HF_SUCCESS;
	HF_TRY(add_object(g, kid, name, found));
	return kid ? HF_SUCCESS : json_member_replace(desc, "name", "kid", found);
}

static bool is_path(const struct guarded *g, const char *path)
{
	size_t len = strcspn(g->ask->operation, "?");

	return strlen(path) == len && strncmp(g->ask->operation, path, len) == 0;
}

/* "/crypto/v1/keys/UUID…", "/sys/v1/groups/UUID…" */
static bool uuid_after(const char *path, const char *prefix, char ret[HF_UUID_MAX])
{
	size_t n = strlen(prefix);

	if (strncmp(path, prefix, n) != 0)
		return false;
	snprintf(ret, HF_UUID_MAX, "%.36s", path + n);
	return hf_uuid_valid(ret);
}

/* Changes of one without a quorum of its own are the account's to approve, and the end of a policy
 * that nobody can meet any more. */
static hf_status look_at_group(struct guarded *g, const char *id)
{
	char whole[sizeof(GROUPS_PATH) + HF_UUID_MAX + sizeof(REPLACE_PATH)];

	snprintf(whole, sizeof(whole), GROUPS_PATH "/%s" REPLACE_PATH, id);
	if (is_path(g, whole))
		return runs_account(g->ask->call.who)
		               ? add_account(g, ACCOUNT_NEW_GROUP)
		               : hf_fail(g->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	HF_TRY(add_group_id(g, id));
	snprintf(whole, sizeof(whole), GROUPS_PATH "/%s", id);
	if (g->group || !is_path(g, whole))
		return HF_SUCCESS;
	return add_account(g, ACCOUNT_NEW_GROUP);
}

static hf_status look_at_account(struct guarded *g)
{
	if (!runs_account(g->ask->call.who))
		return hf_fail(g->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	return add_account(g, ACCOUNT_APPROVAL_POLICY);
}

static hf_status look_at_path(struct guarded *g)
{
	const char *path = g->ask->operation;
	char id[HF_UUID_MAX];

	if (uuid_after(path, KEYS_PATH "/", id))
		return add_object(g, id, NULL, id);
	if (uuid_after(path, GROUPS_PATH "/", id))
		return look_at_group(g, id);
	if (is_path(g, GROUPS_PATH))
		return add_account(g, ACCOUNT_NEW_GROUP);
	if (uuid_after(path, ACCOUNTS_PATH, id))
		return look_at_account(g);
	return HF_SUCCESS;
}

/* Where "name" names a key that there is, rather than one to be made. */
static bool names_a_key(const struct guarded *g)
{
	static const char *const paths[] = { "/info", "/export",     "/digest",
		                             "/kcv",  "/kcv/verify", "/persist" };

	for (size_t i = 0; i < HF_COUNT(paths); i++) {
		char path[64];

		snprintf(path, sizeof(path), KEYS_PATH "%s", paths[i]);
		if (is_path(g, path))
			return true;
	}
	return false;
}

static hf_status look_at_body(struct guarded *g)
{
	static const char *const members[] = { "key", "subject", "private_key", "public_key",
		                               "wrapping_key" };
	struct json_t *body = g->ask->body;
	const char *group = json_member_text(body, "group_id");
	const char *kid = json_member_text(body, "kid"), *name = json_member_text(body, "name");
	char found[HF_UUID_MAX];

	for (size_t i = 0; i < HF_COUNT(members); i++)
		HF_TRY(add_descriptor(g, json_member(body, members[i])));
	if (names_a_key(g))
		HF_TRY(add_descriptor(g, body));
	else if (is_path(g, KEYS_PATH "/rekey")) /* takes names only */
		HF_TRY(add_object(g, NULL, name ? name : "", found));
	else if (kid) /* legacy forms name the key that is wrapped so */
		HF_TRY(add_object(g, kid, NULL, found));
	if (!group && is_path(g, KEYS_PATH))
		group = g->ask->call.who->default_group;
	return add_group_id(g, group);
}

static hf_status find_guarded(struct guarded *g)
{
	HF_TRY(look_at_path(g));
	if (g->ask->text.len) {
		HF_TRY(look_at_body(g));
		hf_wipe(g->ask->text.ptr, g->ask->text.len);
		hf_buf_clear(&g->ask->text);
		HF_TRY(json_canonical(g->ask->body, &g->ask->text));
	}
	if (g->group && g->account)
		return hf_fail(g->err, HF_UNSUPPORTED,
		               "the quorums of a group and of the account guard this: no single "
		               "request can be approved by both");
	if (!g->group && !g->account)
		return hf_fail(g->err, HF_STATE,
		               "no quorum guards what this names: it needs no approval");
	return HF_SUCCESS;
}

struct printing {
	struct crypto_call *c;
	struct db *db;
};

static hf_status print(void *ctx, const struct quorum_row *row)
{
	struct printing *p = ctx;
	struct json_writer w = JSON_WRITER(&p->c->out);

	return approval_print(p->c, p->db, row, &w);
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	struct ask *a = (struct ask *)c;
	struct guarded g = { .ask = a, .db = db, .err = &c->err };
	GROUP_SCOPED struct group *group = NULL;
	ACCOUNT_POLICIES_SCOPED struct account_policies *account = NULL;
	struct printing p = { .c = c, .db = db };
	hf_status s = find_guarded(&g);
	struct approval_new new = {
		.who = c->who,
		.group = group = g.group,
		.account = account = g.account,
		.object_id = g.object_id,
		.method = a->method,
		.operation = a->operation,
		.body = hf_buf_span(&a->text),
		.description = a->description,
		.now_ms = c->now_ms,
	};

	HF_TRY(s);
	HF_TRY(approval_create(c->api->core, db, &new, a->id, &c->err));
	memcpy(c->subject_id, a->id, sizeof(c->subject_id));
	if (group)
		memcpy(c->group_id, group->id, sizeof(c->group_id));
	HF_TRY(crypto_call_audit(c, db));
	return quorum_row_get(db, c->who->org_id, a->id, c->now_ms, false, print, &p);
}

static void release(struct crypto_call *c)
{
	struct ask *a = (struct ask *)c;

	hf_wipe(a->text.ptr, a->text.len);
	hf_buf_done(&a->text);
}

const struct crypto_operation crypto_approval_ask = {
	.size = sizeof(struct ask),
	.writes = true,
	.prepare = prepare,
	.run = run,
	.release = release,
};
