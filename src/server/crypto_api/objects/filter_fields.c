/* SPDX-License-Identifier: Apache-2.0
 * The fields that security objects are filtered by. */
#include "base/uuid.h"
#include "server/core/objects/object.h"
#include "server/crypto_api/objects/filter_kind.h"

#include <stdio.h>
#include <string.h>

static void set_id(struct field_value *v, const char *id)
{
	char uuid[HF_UUID_MAX] = "";

	hf_ignore(hf_uuid_of_id(id, uuid));
	filter_set_text(v, uuid);
}

static void kid(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_text(v, o->id);
}

static void name(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_text(v, o->name);
}

static void description(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	v->there = o->description && *o->description;
	v->long_text = o->description;
}

static void group_id(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_text(v, o->group_id);
}

static void group_name(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	filter_set_text(v, facts->group_name);
}

static void obj_type(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_text(v, object_type_name(o->type));
}

static void curve(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_text(v, curve_info(o->curve) ? curve_info(o->curve)->name : NULL);
}

static void state(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_text(v, object_state_name(object_state_at(o, facts->now_ms)));
}

static void origin(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_text(v, o->external ? "External" : "FortanixHSM");
}

static void creator_id(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	set_id(v, o->creator);
}

static void creator_name(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	filter_set_text(v, facts->creator_name);
}

static void creator_type(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_text(v, !*o->creator                     ? "System"
	                   : hf_id_valid("app", o->creator) ? "App"
	                                                    : "User");
}

static void pkcs11_label(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	snprintf(v->text, sizeof(v->text), "%.*s", (int)o->cka_label_len,
	         (const char *)o->cka_label);
	v->there = o->virtual_key;
}

/* No key here is kept under another one of its users. */
static void wrapping_key(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	v->there = false;
}

static void key_size(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_number(v, o->bits);
}

static void enabled(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	v->number = o->enabled;
	v->there = true;
}

static void public_only(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	v->number = o->public_only;
	v->there = true;
}

static void key_ops(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	v->uses = o->uses;
	v->there = true;
}

static void created_at(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_number(v, o->created_ms / 1000);
}

static void lastused_at(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_number(v, o->last_used_ms / 1000);
}

static void activation(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_number(v, o->activation_ms / 1000);
}

static void deactivation(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	const struct object_row *o = row;

	filter_set_number(v, o->deactivation_ms / 1000);
}

static const struct filter_field fields[] = {
	{ "kid", FIELD_TEXT, kid },
	{ "name", FIELD_TEXT, name },
	{ "description", FIELD_TEXT, description },
	{ "group_id", FIELD_TEXT, group_id },
	{ FILTER_GROUP_NAME, FIELD_TEXT, group_name },
	{ "obj_type", FIELD_TEXT, obj_type },
	{ "elliptic_curve", FIELD_TEXT, curve },
	{ "state", FIELD_TEXT, state },
	{ "origin", FIELD_TEXT, origin },
	{ "creator_id", FIELD_TEXT, creator_id },
	{ FILTER_CREATOR_NAME, FIELD_TEXT, creator_name },
	{ "creator_type", FIELD_TEXT, creator_type },
	{ "pkcs11_label", FIELD_TEXT, pkcs11_label },
	{ "wrapping_key", FIELD_TEXT, wrapping_key },
	{ "key_size", FIELD_INT, key_size },
	{ "enabled", FIELD_BOOL, enabled },
	{ "public_only", FIELD_BOOL, public_only },
	{ "key_ops", FIELD_USES, key_ops },
	{ "created_at", FIELD_TIME, created_at },
	{ "lastused_at", FIELD_TIME, lastused_at },
	{ "activation_date", FIELD_TIME, activation },
	{ "deactivation_date", FIELD_TIME, deactivation },
	{ "expires", FIELD_TIME, deactivation },
};

static const char *custom(const void *row)
{
	return ((const struct object_row *)row)->custom_metadata;
}

const struct filter_kind filter_of_objects = {
	.what = "keys",
	.fields = fields,
	.n_fields = HF_COUNT(fields),
	.custom = custom,
};
