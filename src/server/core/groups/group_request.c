/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/groups/group_request.h"

#include "json/read.h"
#include "server/core/access/crypto_policy.h"
#include "server/core/access/quorum.h"
#include "server/store/group_rows.h"

#include <stdio.h>
#include <string.h>

#define UNDO_MOST_S (180 * 86400)

struct given {
	const char *name, *key_store;
	struct json_t *description, *approval, *cryptographic, *history, *metadata, *clients;
	struct json_t *redundancy, *segregation, *sync, *add, *change, *remove;
	struct json_t *auto_scan, *custodian, *export_policy, *reasons, *key_metadata, *wrapping;
};

static const struct json_field fields[] = {
	{ "name", JSON_READ_TEXT, offsetof(struct given, name), false, true },
	{ "key_store", JSON_READ_TEXT, offsetof(struct given, key_store), false, true, 1, 128 },
	{ "description", JSON_READ_ANY, offsetof(struct given, description) },
	{ "approval_policy", JSON_READ_ANY, offsetof(struct given, approval) },
	{ "cryptographic_policy", JSON_READ_ANY, offsetof(struct given, cryptographic) },
	{ "key_history_policy", JSON_READ_ANY, offsetof(struct given, history) },
	{ "custom_metadata", JSON_READ_ANY, offsetof(struct given, metadata) },
	{ "client_configurations", JSON_READ_ANY, offsetof(struct given, clients) },
	{ "hmg_redundancy", JSON_READ_ANY, offsetof(struct given, redundancy) },
	{ "hmg_segregation", JSON_READ_ANY, offsetof(struct given, segregation) },
	{ "hmg_sync", JSON_READ_ANY, offsetof(struct given, sync) },
	{ "add_hmg", JSON_READ_ANY, offsetof(struct given, add) },
	{ "mod_hmg", JSON_READ_ANY, offsetof(struct given, change) },
	{ "del_hmg", JSON_READ_ANY, offsetof(struct given, remove) },
	{ "auto_scan", JSON_READ_ANY, offsetof(struct given, auto_scan) },
	{ "custodian_policy", JSON_READ_ANY, offsetof(struct given, custodian) },
	{ "export_policy", JSON_READ_ANY, offsetof(struct given, export_policy) },
	{ "google_access_reason_policy", JSON_READ_ANY, offsetof(struct given, reasons) },
	{ "key_metadata_policy", JSON_READ_ANY, offsetof(struct given, key_metadata) },
	{ "wrapping_key_name", JSON_READ_ANY, offsetof(struct given, wrapping) },
};

static bool is_text(const struct json_t *value, const char *text)
{
	const char *is = json_value_text(value);

	return is && strcmp(is, text) == 0;
}

/* What would change how keys are protected, and is not done here, is not passed over. */
static hf_status refuse_others(const struct given *g, struct hf_err *err)
{
	const struct {
		const struct json_t *value;
		const char *name;
	} others[] = {
		{ g->auto_scan, "auto_scan" },
		{ g->custodian, "custodian_policy" },
		{ g->export_policy, "export_policy" },
		{ g->reasons, "google_access_reason_policy" },
		{ g->key_metadata, "key_metadata_policy" },
		{ g->wrapping, "wrapping_key_name" },
	};
	void *at = NULL;

	for (size_t i = 0; i < HF_COUNT(others); i++)
		if (others[i].value && !json_value_null(others[i].value) &&
		    !is_text(others[i].value, "remove"))
			return hf_fail(err, HF_UNSUPPORTED, "%s is not available: leave it out",
			               others[i].name);
	if (json_member_next(g->clients, &at, NULL))
		return hf_fail(err, HF_UNSUPPORTED,
		               "client_configurations is not available: leave it out");
	return HF_SUCCESS;
}

/* One line with something to see in it. */
static hf_status check_name(const char *name, struct hf_err *err)
{
	size_t len = name ? strlen(name) : 0;

	if (!name)
		return HF_SUCCESS;
	if (len >= GROUP_NAME_MAX)
		return hf_fail(err, HF_INVALID, "a group's name has at most %d bytes",
		               GROUP_NAME_MAX - 1);
	if (strchr(name, '\n') || strspn(name, " \t\r\v\f") == len)
		return hf_fail(err, HF_INVALID, "a group's name is one line, and more than spaces");
	return HF_SUCCESS;
}

static hf_status set_text(struct text_change *to, const char *what, const char *text, size_t max,
                          struct hf_err *err)
{
	to->given = true;
	to->text = HF_BUF(max);
	if (!*text)
		return HF_SUCCESS;
	hf_buf_text(&to->text, text);
	hf_buf_u8(&to->text, 0);
	if (!hf_ok(hf_buf_status(&to->text)))
		return hf_fail(err, HF_TOOBIG, "%s has more than %zu bytes", what, max);
	return HF_SUCCESS;
}

static hf_status read_description(const struct json_t *value, struct text_change *to,
                                  struct hf_err *err)
{
	const char *text = json_value_text(value);

	if (!value || json_value_null(value))
		return HF_SUCCESS;
	if (!text)
		return hf_fail(err, HF_INVALID, "description is to be text");
	return set_text(to, "description", text, GROUP_DESCRIPTION_MAX, err);
}

hf_status text_change_read(const struct json_t *value, const char *what, size_t max,
                           struct text_change *to, struct hf_err *err)
{
	void *at = NULL;
	hf_status s;

	if (!value || json_value_null(value))
		return HF_SUCCESS;
	if (is_text(value, "remove") ||
	    (json_value_is(value, JSON_READ_OBJECT) && !json_member_next(value, &at, NULL)))
		return set_text(to, what, "", max, err);
	if (!json_value_is(value, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "%s is to be an object, or \"remove\"", what);
	to->given = true;
	to->text = HF_BUF(max);
	s = json_canonical(value, &to->text);
	hf_buf_u8(&to->text, 0);
	if (s.code == HF_TOOBIG || !hf_ok(hf_buf_status(&to->text)))
		return hf_fail(err, HF_TOOBIG, "%s has more than %zu bytes", what, max);
	return s;
}

bool text_change_is_set(const struct text_change *t)
{
	return t->given && t->text.len;
}

struct hf_span text_change_span(const struct text_change *t)
{
	return HF_SPAN(t->text.ptr, t->text.len - 1);
}

const char *text_change_of(const struct text_change *t, const char *before)
{
	if (!t->given)
		return before;
	return t->text.len ? (const char *)t->text.ptr : NULL;
}

static hf_status read_metadata(const struct json_t *value, struct text_change *to,
                               struct hf_err *err)
{
	struct json_t *one;
	void *at = NULL;

	HF_TRY(text_change_read(value, "custom_metadata", GROUP_METADATA_MAX, to, err));
	if (!text_change_is_set(to))
		return HF_SUCCESS;
	while (json_member_next(value, &at, &one))
		if (!json_value_text(one))
			return hf_fail(err, HF_INVALID, "custom_metadata has texts only");
	return HF_SUCCESS;
}

static hf_status read_history(const struct json_t *value, struct text_change *to,
                              struct hf_err *err)
{
	static const struct json_field window[] = {
		{ "undo_time_window", JSON_READ_INT, 0, true, false, 0, UNDO_MOST_S },
	};
	int64_t seconds;

	HF_TRY(text_change_read(value, "key_history_policy", GROUP_POLICY_MAX, to, err));
	return text_change_is_set(to) ? json_read(value, window, 1, &seconds, err) : HF_SUCCESS;
}

static hf_status read_policies(const struct given *g, struct group_request *r, struct hf_err *err)
{
	HF_CLEANUP(quorum_policy_free_at) struct quorum_policy *quorum = NULL;
	HF_CLEANUP(crypto_policy_free_at) struct crypto_policy *crypto = NULL;

	HF_TRY(text_change_read(g->approval, "approval_policy", GROUP_POLICY_MAX,
	                        &r->approval_policy, err));
	if (text_change_is_set(&r->approval_policy))
		HF_TRY(quorum_policy_parse(text_change_span(&r->approval_policy), &quorum, err));
	HF_TRY(text_change_read(g->cryptographic, "cryptographic_policy", GROUP_POLICY_MAX,
	                        &r->cryptographic_policy, err));
	if (text_change_is_set(&r->cryptographic_policy))
		HF_TRY(crypto_policy_parse(text_change_span(&r->cryptographic_policy), "group",
		                           &crypto, err));
	HF_TRY(read_history(g->history, &r->key_history_policy, err));
	return read_metadata(g->metadata, &r->custom_metadata, err);
}

static hf_status read_flag(const struct json_t *value, const char *what, int *to,
                           struct hf_err *err)
{
	if (!value || json_value_null(value))
		return HF_SUCCESS;
	if (!json_value_is(value, JSON_READ_BOOL))
		return hf_fail(err, HF_INVALID, "%s is to be true or false", what);
	*to = json_value_true(value);
	return HF_SUCCESS;
}

static hf_status read_redundancy(const struct json_t *value, int *to, struct hf_err *err)
{
	if (!value || json_value_null(value))
		return HF_SUCCESS;
	if (is_text(value, "PriorityFailover"))
		*to = 1;
	else if (is_text(value, "remove"))
		*to = 0;
	else
		return hf_fail(err, HF_INVALID,
		               "hmg_redundancy is to be \"PriorityFailover\" or \"remove\"");
	return HF_SUCCESS;
}

static hf_status read_added(const struct json_t *list, struct group_request *r, struct hf_err *err)
{
	if (!list || json_value_null(list))
		return HF_SUCCESS;
	if (!json_value_is(list, JSON_READ_ARRAY) || json_count(list) > GROUP_LINKS_MAX)
		return hf_fail(err, HF_INVALID, "add_hmg is to be a list of at most %d connections",
		               GROUP_LINKS_MAX);
	for (size_t i = 0; i < json_count(list); i++)
		HF_TRY(link_config_read(json_element(list, i), &r->add[r->n_add++], err));
	return HF_SUCCESS;
}

static hf_status read_changed(const struct json_t *map, struct group_request *r, struct hf_err *err)
{
	struct json_t *config;
	const char *id;
	void *at = NULL;

	if (!map || json_value_null(map))
		return HF_SUCCESS;
	if (!json_value_is(map, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "mod_hmg is to have connections by their ids");
	while ((id = json_member_next(map, &at, &config))) {
		struct link_change *c = &r->change[r->n_change];

		if (!hf_uuid_valid(id) || r->n_change == GROUP_LINKS_MAX)
			return hf_fail(err, HF_INVALID,
			               "mod_hmg is to have connections by their ids");
		r->n_change++;
		snprintf(c->id, sizeof(c->id), "%s", id);
		HF_TRY(link_config_read(config, &c->config, err));
	}
	return HF_SUCCESS;
}

static hf_status read_removed(const struct json_t *list, struct group_request *r,
                              struct hf_err *err)
{
	if (!list || json_value_null(list))
		return HF_SUCCESS;
	for (size_t i = 0; i < json_count(list) && i < GROUP_LINKS_MAX; i++) {
		const char *id = json_value_text(json_element(list, i));

		if (!id || !hf_uuid_valid(id))
			break;
		snprintf(r->remove[r->n_remove++], HF_UUID_MAX, "%s", id);
	}
	if (!json_value_is(list, JSON_READ_ARRAY) || r->n_remove != json_count(list))
		return hf_fail(err, HF_INVALID, "del_hmg is to be a list of connections' ids");
	return HF_SUCCESS;
}

hf_status group_request_read(const struct json_t *body, struct group_request *ret,
                             struct hf_err *err)
{
	struct given g = { 0 };

	*ret = (struct group_request){ .by_priority = REQUEST_KEEP,
		                       .segregation = REQUEST_KEEP,
		                       .apply_to_hsm = REQUEST_KEEP };
	if (!json_value_is(body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "a group is to be an object");
	HF_TRY(json_read(body, fields, HF_COUNT(fields), &g, err));
	HF_TRY(refuse_others(&g, err));
	HF_TRY(check_name(g.name, err));
	ret->name = g.name;
	ret->key_store = g.key_store;
	HF_TRY(read_description(g.description, &ret->description, err));
	HF_TRY(read_policies(&g, ret, err));
	HF_TRY(read_redundancy(g.redundancy, &ret->by_priority, err));
	HF_TRY(read_flag(g.segregation, "hmg_segregation", &ret->segregation, err));
	HF_TRY(read_flag(g.sync, "hmg_sync", &ret->apply_to_hsm, err));
	HF_TRY(read_added(g.add, ret, err));
	HF_TRY(read_changed(g.change, ret, err));
	return read_removed(g.remove, ret, err);
}

void group_request_done(struct group_request *r)
{
	struct text_change *texts[] = { &r->description, &r->approval_policy,
		                        &r->cryptographic_policy, &r->key_history_policy,
		                        &r->custom_metadata };

	for (size_t i = 0; i < HF_COUNT(texts); i++)
		hf_buf_done(&texts[i]->text);
	for (size_t i = 0; i < r->n_add; i++)
		link_config_done(&r->add[i]);
	for (size_t i = 0; i < r->n_change; i++)
		link_config_done(&r->change[i].config);
}

bool group_request_is_secret(const struct group_request *r)
{
	for (size_t i = 0; i < r->n_add; i++)
		if (r->add[i].pin.len || r->add[i].client_key.len)
			return true;
	for (size_t i = 0; i < r->n_change; i++)
		if (r->change[i].config.pin.len || r->change[i].config.client_key.len)
			return true;
	return false;
}
