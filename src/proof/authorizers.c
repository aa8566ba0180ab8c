/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/authorizers.h"

#include "json/read.h"

#include <stdio.h>
#include <string.h>

static void list_done(struct authorizers_list *l)
{
	free(l->texts);
}

void authorizers_free(struct authorizers *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n_credentials; i++) {
		credential_key_free((struct credential_key *)a->credentials[i].verifier.key);
		free(a->credentials[i].origins);
	}
	for (size_t i = 0; i < a->n_rules; i++) {
		struct authorizers_rule *r = &a->rules[i];

		list_done(&r->keys);
		list_done(&r->initiators);
		for (size_t g = 0; g < r->n_groups; g++)
			list_done(&r->groups[g].approvers);
		free(r->groups);
	}
	list_done(&a->audit_keys);
	free(a->credentials);
	free(a->rules);
	json_done(a->doc);
	free(a);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct authorizer *)a)->verifier.id,
	              ((const struct authorizer *)b)->verifier.id);
}

const struct authorizer *authorizers_find(const struct authorizers *a, const char *credential_id)
{
	const struct authorizer wanted = { .verifier.id = credential_id };

	if (!a->n_credentials)
		return NULL;
	return bsearch(&wanted, a->credentials, a->n_credentials, sizeof(wanted), by_id);
}

bool authorizers_lists(const struct authorizers_list *list, const char *text)
{
	if (list->all)
		return true;
	return list->n && bsearch(&text, list->texts, list->n, sizeof(*list->texts), by_text);
}

int64_t authorizers_age_s(const struct authorizers *a, const char *key_id)
{
	int64_t least = 0;
	bool named = false, approved = false;

	for (size_t i = 0; i < a->n_rules; i++) {
		const struct authorizers_rule *r = &a->rules[i];

		if (!authorizers_lists(&r->keys, key_id))
			continue;
		named = true;
		approved |= r->n_groups > 0;
		if (r->max_age_s && (!least || r->max_age_s < least))
			least = r->max_age_s;
	}
	if (!named || least)
		return least;
	return approved ? a->max_age_approved_s : a->max_age_s;
}

int64_t authorizers_age_most_s(const struct authorizers *a)
{
	int64_t most = a->max_age_s > a->max_age_approved_s ? a->max_age_s : a->max_age_approved_s;

	for (size_t i = 0; i < a->n_rules; i++)
		if (a->rules[i].max_age_s > most)
			most = a->rules[i].max_age_s;
	return most;
}

static bool has_identity(const struct authorizers *a, const char *identity)
{
	for (size_t i = 0; i < a->n_credentials; i++)
		if (strcmp(a->credentials[i].identity, identity) == 0)
			return true;
	return false;
}

/* Every element of `from` is text, none is there twice. */
static hf_status read_texts(const struct json_t *from, size_t cap, struct authorizers_list *to,
                            struct hf_err *err)
{
	size_t n = json_count(from);

	if (!n || n > AUTHORIZERS_LIST_MAX)
		return hf_fail(err, HF_INVALID, "expected a list of 1 to %d", AUTHORIZERS_LIST_MAX);
	to->texts = calloc(n, sizeof(*to->texts));
	HF_ENSURE(to->texts, HF_NOMEM);
	for (size_t i = 0; i < n; i++) {
		to->texts[i] = json_value_text(json_element(from, i));
		if (!to->texts[i] || !to->texts[i][0] || strlen(to->texts[i]) >= cap)
			return hf_fail(err, HF_INVALID, "expected texts of 1 to %zu characters",
			               cap - 1);
	}
	to->n = n;
	qsort(to->texts, n, sizeof(*to->texts), by_text);
	for (size_t i = 1; i < n; i++)
		if (strcmp(to->texts[i - 1], to->texts[i]) == 0)
			return hf_fail(err, HF_INVALID, "%s is there twice", to->texts[i]);
	return HF_SUCCESS;
}

static hf_status read_list(const struct json_t *from, struct authorizers_list *to,
                           struct hf_err *err)
{
	const char *text = json_value_text(from);

	if (text && strcmp(text, "*") == 0) {
		to->all = true;
		return HF_SUCCESS;
	}
	if (text)
		return hf_fail(err, HF_INVALID, "expected a list of ids, or \"*\" for all");
	return read_texts(from, HF_ID_MAX, to, err);
}

/* An identity without a credential here could never do what the rule expects of it: a slip of the
 * pen, which is better found out now. */
static hf_status check_known(const struct authorizers *a, const struct authorizers_list *list,
                             struct hf_err *err)
{
	for (size_t i = 0; i < list->n; i++)
		if (!has_identity(a, list->texts[i]))
			return hf_fail(err, HF_INVALID, "%s has no credential in this file",
			               list->texts[i]);
	return HF_SUCCESS;
}

struct credential_in {
	const char *id, *identity, *kind, *pem, *name, *rp_id;
	struct json_t *origins;
	bool verify_user;
};

static hf_status read_party(const struct credential_in *in, struct authorizer *to,
                            struct hf_err *err)
{
	struct authorizers_list origins = { 0 };
	bool fido2 = to->verifier.kind == CREDENTIAL_FIDO2;

	if (!fido2 && (in->rp_id || in->origins || in->verify_user))
		return hf_fail(err, HF_INVALID,
		               "\"rpId\", \"origins\" and \"verifyUser\" are for kind Fido2");
	if (!fido2)
		return HF_SUCCESS;
	if (!in->rp_id || !in->origins)
		return hf_fail(err, HF_INVALID, "kind Fido2 needs \"rpId\" and \"origins\"");
	HF_TRY(hf_context(err, read_texts(in->origins, 256, &origins, err), "field \"origins\""));
	to->origins = origins.texts;
	to->party = (struct relying_party){ in->rp_id, origins.texts, origins.n, in->verify_user };
	return HF_SUCCESS;
}

static hf_status read_credential(const struct json_t *from, struct authorizer *to,
                                 struct hf_err *err)
{
	struct credential_in in = { .name = "" };
	static const struct json_field fields[] = {
		{ "id", JSON_READ_TEXT, offsetof(__typeof__(in), id), true, false, 1,
		  CREDENTIAL_ID_MAX - 1 },
		{ "identity", JSON_READ_TEXT, offsetof(__typeof__(in), identity), true, false, 1,
		  HF_ID_MAX - 1 },
		{ "kind", JSON_READ_TEXT, offsetof(__typeof__(in), kind), true },
		{ "publicKey", JSON_READ_TEXT, offsetof(__typeof__(in), pem), true },
		{ "name", JSON_READ_TEXT, offsetof(__typeof__(in), name), false, false, 0, 256 },
		{ "rpId", JSON_READ_TEXT, offsetof(__typeof__(in), rp_id), false, false, 1, 255 },
		{ "origins", JSON_READ_ARRAY, offsetof(__typeof__(in), origins) },
		{ "verifyUser", JSON_READ_BOOL, offsetof(__typeof__(in), verify_user) },
	};
	struct credential_key *key;

	HF_TRY(json_read(from, fields, HF_COUNT(fields), &in, err));
	if (!hf_ok(credential_kind_parse(in.kind, &to->verifier.kind)))
		return hf_fail(err, HF_INVALID,
		               "field \"kind\": expected Key, Fido2 or "
		               "PasswordProtectedKey");
	HF_TRY(read_party(&in, to, err));
	HF_TRY(hf_context(err, credential_key_parse(hf_span_text(in.pem), &key, err),
	                  "field \"publicKey\""));
	to->identity = in.identity;
	to->name = in.name;
	to->verifier.id = in.id;
	to->verifier.key = key;
	return HF_SUCCESS;
}

static hf_status read_credentials(const struct json_t *from, struct authorizers *a,
                                  struct hf_err *err)
{
	size_t n = json_count(from);

	a->credentials = calloc(n + 1, sizeof(*a->credentials));
	HF_ENSURE(a->credentials, HF_NOMEM);
	for (size_t i = 0; i < n; i++) {
		a->n_credentials++; /* what was read of it is released, too */
		HF_TRY(hf_context(err,
		                  read_credential(json_element(from, i), &a->credentials[i], err),
		                  "credential %zu", i + 1));
	}
	qsort(a->credentials, n, sizeof(*a->credentials), by_id);
	for (size_t i = 0; i < n; i++) /* they stay where they are now */
		if (a->credentials[i].verifier.kind == CREDENTIAL_FIDO2)
			a->credentials[i].verifier.party = &a->credentials[i].party;
	for (size_t i = 1; i < n; i++)
		if (by_id(&a->credentials[i - 1], &a->credentials[i]) == 0)
			return hf_fail(err, HF_INVALID, "credential %s is there twice",
			               a->credentials[i].verifier.id);
	return HF_SUCCESS;
}

static hf_status read_group(const struct authorizers *a, const struct json_t *from,
                            struct authorizers_group *to, struct hf_err *err)
{
	struct {
		struct json_t *approvers;
		int64_t quorum;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "approvers", JSON_READ_ARRAY, offsetof(__typeof__(in), approvers), true },
		{ "quorum", JSON_READ_INT, offsetof(__typeof__(in), quorum), true, false, 1,
		  AUTHORIZERS_LIST_MAX },
	};

	HF_TRY(json_read(from, fields, HF_COUNT(fields), &in, err));
	HF_TRY(hf_context(err, read_texts(in.approvers, HF_ID_MAX, &to->approvers, err),
	                  "field \"approvers\""));
	HF_TRY(hf_context(err, check_known(a, &to->approvers, err), "field \"approvers\""));
	if ((size_t)in.quorum > to->approvers.n)
		return hf_fail(err, HF_INVALID, "a quorum of %lld among %zu approvers can never be",
		               (long long)in.quorum, to->approvers.n);
	to->quorum = (unsigned)in.quorum;
	return HF_SUCCESS;
}

static hf_status read_groups(const struct authorizers *a, const struct json_t *from,
                             struct authorizers_rule *to, struct hf_err *err)
{
	size_t n = json_count(from);

	if (n > AUTHORIZERS_GROUPS_MAX)
		return hf_fail(err, HF_INVALID, "field \"approvals\": expected at most %d groups",
		               AUTHORIZERS_GROUPS_MAX);
	if (!n)
		return HF_SUCCESS;
	to->groups = calloc(n, sizeof(*to->groups));
	HF_ENSURE(to->groups, HF_NOMEM);
	to->n_groups = n;
	for (size_t i = 0; i < n; i++)
		HF_TRY(hf_context(err, read_group(a, json_element(from, i), &to->groups[i], err),
		                  "approvals, group %zu", i + 1));
	return HF_SUCCESS;
}

static hf_status read_rule(const struct authorizers *a, const struct json_t *from,
                           struct authorizers_rule *to, struct hf_err *err)
{
	struct {
		const char *name;
		struct json_t *keys, *initiators, *approvals;
		int64_t max_age;
	} in = { .name = "" };
	static const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, offsetof(__typeof__(in), name), false, false, 0, 256 },
		{ "keys", JSON_READ_ANY, offsetof(__typeof__(in), keys), true },
		{ "initiators", JSON_READ_ANY, offsetof(__typeof__(in), initiators), true },
		{ "approvals", JSON_READ_ARRAY, offsetof(__typeof__(in), approvals) },
		{ "maxAge", JSON_READ_INT, offsetof(__typeof__(in), max_age), false, false, 1,
		  AUTHORIZERS_AGE_MAX_S },
	};

	HF_TRY(json_read(from, fields, HF_COUNT(fields), &in, err));
	to->name = in.name;
	to->max_age_s = in.max_age;
	HF_TRY(hf_context(err, read_list(in.keys, &to->keys, err), "field \"keys\""));
	HF_TRY(hf_context(err, read_list(in.initiators, &to->initiators, err),
	                  "field \"initiators\""));
	HF_TRY(hf_context(err, check_known(a, &to->initiators, err), "field \"initiators\""));
	return read_groups(a, in.approvals, to, err);
}

static hf_status read_rules(const struct json_t *from, struct authorizers *a, struct hf_err *err)
{
	size_t n = json_count(from);

	a->rules = calloc(n + 1, sizeof(*a->rules));
	HF_ENSURE(a->rules, HF_NOMEM);
	for (size_t i = 0; i < n; i++) {
		a->n_rules++; /* what was read of it is released, too */
		HF_TRY(hf_context(err, read_rule(a, json_element(from, i), &a->rules[i], err),
		                  "rule %zu", i + 1));
	}
	return HF_SUCCESS;
}

static hf_status read_file(struct authorizers *a, struct hf_err *err)
{
	struct {
		int64_t version, max_age, max_age_approved;
		const char *organization;
		struct json_t *credentials, *rules, *audit_keys;
	} in = { .max_age = AUTHORIZERS_AGE_S, .max_age_approved = AUTHORIZERS_AGE_APPROVED_S };
	static const struct json_field fields[] = {
		{ "version", JSON_READ_INT, offsetof(__typeof__(in), version), true, false, 1, 1 },
		{ "organization", JSON_READ_TEXT, offsetof(__typeof__(in), organization), true,
		  false, 1, HF_ID_MAX - 1 },
		{ "maxAge", JSON_READ_INT, offsetof(__typeof__(in), max_age), false, false, 1,
		  AUTHORIZERS_AGE_MAX_S },
		{ "maxAgeWithApprovals", JSON_READ_INT, offsetof(__typeof__(in), max_age_approved),
		  false, false, 1, AUTHORIZERS_AGE_MAX_S },
		{ "credentials", JSON_READ_ARRAY, offsetof(__typeof__(in), credentials), true,
		  false, 0, AUTHORIZERS_CREDENTIALS_MAX },
		{ "rules", JSON_READ_ARRAY, offsetof(__typeof__(in), rules), true, false, 0,
		  AUTHORIZERS_RULES_MAX },
		{ "auditKeys", JSON_READ_ANY, offsetof(__typeof__(in), audit_keys) },
	};

	HF_TRY(json_read(a->doc, fields, HF_COUNT(fields), &in, err));
	a->organization = in.organization;
	a->max_age_s = in.max_age;
	a->max_age_approved_s = in.max_age_approved;
	if (in.audit_keys)
		HF_TRY(hf_context(err, read_list(in.audit_keys, &a->audit_keys, err),
		                  "field \"auditKeys\""));
	HF_TRY(read_credentials(in.credentials, a, err));
	return read_rules(in.rules, a, err);
}

hf_status authorizers_parse(struct hf_span text, struct authorizers **ret, struct hf_err *err)
{
	AUTHORIZERS_SCOPED struct authorizers *a = calloc(1, sizeof(*a));

	HF_ENSURE(a, HF_NOMEM);
	HF_TRY(json_parse(text, AUTHORIZERS_FILE_MAX, &a->doc, err));
	HF_TRY(read_file(a, err));
	*ret = hf_take(a);
	return HF_SUCCESS;
}
