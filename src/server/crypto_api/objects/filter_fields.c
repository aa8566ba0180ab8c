/* SPDX-License-Identifier: Apache-2.0
 * The fields that security objects are filtered by. */
#include "base/uuid.h"
#include "server/core/objects/object.h"
#include "server/crypto_api/objects/filter_inside.h"

#include <stdio.h>
#include <string.h>

void filter_set_text(struct field_value *v, const char *text)
{
	v->there = text && *text;
	snprintf(v->text, sizeof(v->text), "%s", text ? text : "");
}

static void set_id(struct field_value *v, const char *id)
{
	char uuid[HF_UUID_MAX] = "";

	hf_ignore(hf_uuid_of_id(id, uuid));
	filter_set_text(v, uuid);
}

static void set_number(struct field_value *v, int64_t number)
{
	v->number = number;
	v->there = number != 0;
}

static void kid(const struct object_row *o, int64_t now, struct field_value *v)
{
	filter_set_text(v, o->id);
}

static void name(const struct object_row *o, int64_t now, struct field_value *v)
{
	filter_set_text(v, o->name);
}

static void description(const struct object_row *o, int64_t now, struct field_value *v)
{
	v->there = o->description && *o->description;
	v->long_text = o->description;
}

static void group_id(const struct object_row *o, int64_t now, struct field_value *v)
{
	filter_set_text(v, o->group_id);
}

static void obj_type(const struct object_row *o, int64_t now, struct field_value *v)
{
	filter_set_text(v, object_type_name(o->type));
}

static void curve(const struct object_row *o, int64_t now, struct field_value *v)
{
	filter_set_text(v, curve_info(o->curve) ? curve_info(o->curve)->name : NULL);
}

static void state(const struct object_row *o, int64_t now, struct field_value *v)
{
	filter_set_text(v, object_state_name(object_state_at(o, now)));
}

static void origin(const struct object_row *o, int64_t now, struct field_value *v)
{
	filter_set_text(v, o->external ? "External" : "FortanixHSM");
}

static void creator_id(const struct object_row *o, int64_t now, struct field_value *v)
{
	set_id(v, o->creator);
}

static void creator_type(const struct object_row *o, int64_t now, struct field_value *v)
{
	filter_set_text(v, !*o->creator                     ? "System"
	                   : hf_id_valid("app", o->creator) ? "App"
	                                                    : "User");
}

static void pkcs11_label(const struct object_row *o, int64_t now, struct field_value *v)
{
	snprintf(v->text, sizeof(v->text), "%.*s", (int)o->cka_label_len,
	         (const char *)o->cka_label);
	v->there = o->virtual_key;
}

static void key_size(const struct object_row *o, int64_t now, struct field_value *v)
{
	set_number(v, o->bits);
}

static void enabled(const struct object_row *o, int64_t now, struct field_value *v)
{
	v->number = o->enabled;
	v->there = true;
}

static void public_only(const struct object_row *o, int64_t now, struct field_value *v)
{
	v->number = o->public_only;
	v->there = true;
}

static void key_ops(const struct object_row *o, int64_t now, struct field_value *v)
{
	v->uses = o->uses;
	v->there = true;
}

static void created_at(const struct object_row *o, int64_t now, struct field_value *v)
{
	set_number(v, o->created_ms / 1000);
}

static void lastused_at(const struct object_row *o, int64_t now, struct field_value *v)
{
	set_number(v, o->last_used_ms / 1000);
}

static void activation(const struct object_row *o, int64_t now, struct field_value *v)
{
	set_number(v, o->activation_ms / 1000);
}

static void deactivation(const struct object_row *o, int64_t now, struct field_value *v)
{
	set_number(v, o->deactivation_ms / 1000);
}

static const struct {
	const char *name;
	enum field_kind kind;
	void (*get)(const struct object_row *o, int64_t now_ms, struct field_value *v);
} fields[] = {
	{ "kid", FIELD_TEXT, kid },
	{ "name", FIELD_TEXT, name },
	{ "description", FIELD_TEXT, description },
	{ "group_id", FIELD_TEXT, group_id },
	{ "obj_type", FIELD_TEXT, obj_type },
	{ "elliptic_curve", FIELD_TEXT, curve },
	{ "state", FIELD_TEXT, state },
	{ "origin", FIELD_TEXT, origin },
	{ "creator_id", FIELD_TEXT, creator_id },
	{ "creator_type", FIELD_TEXT, creator_type },
	{ "pkcs11_label", FIELD_TEXT, pkcs11_label },
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

#define CUSTOM_1 "custom_metadata."
#define CUSTOM_2 "custom_attributes."

const char *filter_custom_name(const char *field)
{
	if (strncmp(field, CUSTOM_1, strlen(CUSTOM_1)) == 0)
		return field + strlen(CUSTOM_1);
	if (strncmp(field, CUSTOM_2, strlen(CUSTOM_2)) == 0)
		return field + strlen(CUSTOM_2);
	return NULL;
}

bool filter_find_field(const char *name, size_t *ret, enum field_kind *ret_kind)
{
	for (size_t i = 0; i < HF_COUNT(fields); i++)
		if (strcmp(fields[i].name, name) == 0) {
			*ret = i;
			*ret_kind = fields[i].kind;
			return true;
		}
	return false;
}

void filter_get_field(size_t field, const struct object_row *o, int64_t now_ms,
                      struct field_value *ret)
{
	*ret = (struct field_value){ .kind = fields[field].kind };
	fields[field].get(o, now_ms, ret);
}
