/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/objects/print.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/uuid.h"
#include "json/read.h"

#include <string.h>

enum { TEXT_MAX = 64u << 10 };

void print_uuid(struct json_writer *w, const char *key, const char *id)
{
	char uuid[HF_UUID_MAX];

	if (hf_ok(hf_uuid_of_id(id, uuid)))
		json_text(w, key, uuid);
}

void print_principal(struct json_writer *w, const char *key, const char *identity_id)
{
	if (!*identity_id) {
		json_text(w, key, "system");
		return;
	}
	json_open_object(w, key);
	print_uuid(w, hf_id_valid("app", identity_id) ? "app" : "user", identity_id);
	json_close_object(w);
}

void print_kid(struct json_writer *w, const struct object_row *o)
{
	if (!o->transient)
		json_text(w, "kid", o->id);
}

static void print_uses(struct json_writer *w, const char *key, unsigned uses)
{
	json_open_array(w, key);
	for (unsigned bit = 0; bit < USE_COUNT; bit++)
		if (uses & 1u << bit)
			json_text(w, NULL, key_use_name(1u << bit));
	json_close_array(w);
}

static void print_links(struct json_writer *w, const struct object_row *o,
                        const struct sobject_more *more)
{
	if (!*o->replacement && !*o->replaced && !*o->copied_from && !*o->parent &&
	    !more->n_copied_to)
		return;
	json_open_object(w, "links");
	json_text_if(w, "replacement", o->replacement);
	json_text_if(w, "replaced", o->replaced);
	json_text_if(w, "copiedFrom", o->copied_from);
	if (more->n_copied_to) {
		json_open_array(w, "copiedTo");
		for (size_t i = 0; i < more->n_copied_to; i++)
			json_text(w, NULL, more->copied_to[i]);
		json_close_array(w);
	}
	json_text_if(w, "parent", o->parent);
	json_close_object(w);
}

/* Where it is in the slot. */
static void print_external(struct json_writer *w, const struct object_row *o)
{
	if (!o->virtual_key)
		return;
	json_open_object(w, "external");
	json_open_object(w, "id");
	json_base64(w, "id", HF_SPAN(o->cka_id, o->cka_id_len));
	json_base64(w, "label", HF_SPAN(o->cka_label, o->cka_label_len));
	json_close_object(w);
	json_text(w, "hsm_group_id", o->group_id);
	json_close_object(w);
}

/* What stands in the row as JSON is printed as it is: it was read, and written by us. */
static void print_json(struct json_writer *w, const char *key, const char *json)
{
	if (json)
		json_raw(w, key, hf_span_text(json));
}

/* The members of `options`, one by one. */
static void print_options(struct json_writer *w, const struct object_row *o)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct json_t *value;
	const char *name;
	void *at = NULL;

	if (!o->options || !hf_ok(json_parse(hf_span_text(o->options), TEXT_MAX, &doc, NULL)))
		return;
	while ((name = json_member_next(doc, &at, &value))) {
		HF_BUF_SCOPED struct hf_buf text = HF_BUF(TEXT_MAX);

		if (hf_ok(json_canonical(value, &text)))
			json_raw(w, name, hf_buf_span(&text));
	}
}

static void print_kind(struct json_writer *w, const struct object_row *o)
{
	json_text(w, "obj_type", object_type_name(o->type));
	if (o->type == OBJECT_EC && curve_info(o->curve))
		json_text(w, "elliptic_curve", curve_info(o->curve)->name);
	if (o->bits)
		json_int(w, "key_size", o->bits);
	print_uses(w, "key_ops", o->uses);
	json_bool(w, "public_only", o->public_only);
	json_bool(w, "never_exportable", o->never_exportable);
}

static void print_dates(struct json_writer *w, const struct object_row *o)
{
	json_basic_date(w, "created_at", o->created_ms);
	if (o->last_used_ms)
		json_basic_date(w, "lastused_at", o->last_used_ms);
	else
		json_text(w, "lastused_at", "19700101T000000Z");
	json_basic_date(w, "activation_date", o->activation_ms);
	json_basic_date(w, "deactivation_date", o->deactivation_ms);
	json_basic_date(w, "compromise_date", o->compromise_ms);
	json_basic_date(w, "destruction_date", o->destruction_ms);
	json_basic_date(w, "scheduled_rotation", o->rotate_at_ms);
}

static void print_values(struct json_writer *w, const struct object_row *o,
                         const struct sobject_more *more)
{
	char kcv[2 * sizeof(o->kcv) + 1];

	if (o->public_key.len && !more->without_pub_key)
		json_base64(w, "pub_key", o->public_key);
	if (o->have_kcv && !more->without_kcv) {
		hf_hex(o->kcv, sizeof(o->kcv), kcv);
		json_text(w, "kcv", kcv);
	}
	if (more->value.len)
		json_base64(w, "value", more->value);
	if (more->transient_key.len)
		json_base64(w, "transient_key", more->transient_key);
}

static void print_history_item(struct json_writer *w, const struct history_row *item)
{
	json_open_object(w, NULL);
	json_text(w, "id", item->id);
	json_basic_date(w, "created_at", item->created_ms);
	json_basic_date(w, "expiry", item->expires_ms);
	json_open_object(w, "state");
	json_text(w, "state", object_state_name(item->state));
	print_uses(w, "key_ops", item->uses);
	json_bool(w, "public_only", item->public_only);
	json_bool(w, "has_key", true);
	json_basic_date(w, "activation_date", item->activation_ms);
	json_basic_date(w, "deactivation_date", item->deactivation_ms);
	json_basic_date(w, "compromise_date", item->compromise_ms);
	print_json(w, "rotation_policy", item->rotation_policy);
	print_json(w, "revocation_reason", item->revocation);
	json_close_object(w);
	json_close_object(w);
}

static void print_history(struct json_writer *w, const struct sobject_more *more)
{
	if (!more->n_history)
		return;
	json_open_array(w, "history");
	for (size_t i = 0; i < more->n_history; i++)
		print_history_item(w, &more->history[i]);
	json_close_array(w);
}

void sobject_print_more(struct json_writer *w, const struct object_row *o,
                        const struct sobject_more *more)
{
	static const struct sobject_more nothing;
	enum object_state state;

	if (!more)
		more = &nothing;
	state = object_state_at(o, more->now_ms ? more->now_ms : hf_wall_ms());
	json_open_object(w, more->key);
	print_uuid(w, "acct_id", o->org_id);
	json_text(w, "group_id", o->group_id);
	print_kid(w, o);
	json_text_if(w, "name", o->name);
	json_text_if(w, "description", o->description);
	print_principal(w, "creator", o->creator);
	print_kind(w, o);
	json_bool(w, "enabled", o->enabled);
	json_text(w, "state", object_state_name(state));
	json_text(w, "origin", o->external ? "External" : "FortanixHSM");
	print_dates(w, o);
	print_values(w, o, more);
	print_external(w, o);
	print_links(w, o, more);
	print_history(w, more);
	print_options(w, o);
	print_json(w, "custom_metadata", o->custom_metadata);
	print_json(w, "rotation_policy", o->rotation_policy);
	print_json(w, "revocation_reason", o->revocation);
	json_open_object(w, "publish_public_key");
	json_text(w, "state", o->publish_public_key ? "enabled" : "disabled");
	if (o->publish_public_key)
		json_bool(w, "list_previous_version", false);
	json_close_object(w);
	json_close_object(w);
}

void sobject_print(struct json_writer *w, const struct object *o)
{
	sobject_print_more(w, &o->row, NULL);
}
