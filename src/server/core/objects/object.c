/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/object.h"

#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

static const char *const state_names[] = {
	[OBJECT_PREACTIVE] = "PreActive",     [OBJECT_ACTIVE] = "Active",
	[OBJECT_DEACTIVATED] = "Deactivated", [OBJECT_COMPROMISED] = "Compromised",
	[OBJECT_DESTROYED] = "Destroyed",     [OBJECT_DELETED] = "Deleted",
};

const char *object_state_name(int state)
{
	return state >= OBJECT_PREACTIVE && state <= OBJECT_STATE_MAX ? state_names[state] : NULL;
}

hf_status object_state_parse(const char *name, enum object_state *ret)
{
	for (int s = OBJECT_PREACTIVE; s <= OBJECT_STATE_MAX; s++)
		if (strcmp(state_names[s], name) == 0) {
			*ret = (enum object_state)s;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_NOTFOUND);
}

enum object_state object_state_at(const struct object_row *o, int64_t now_ms)
{
	enum object_state state = o->state;

	if (state == OBJECT_PREACTIVE && o->activation_ms && o->activation_ms <= now_ms)
		state = OBJECT_ACTIVE;
	if (state == OBJECT_ACTIVE && o->deactivation_ms && o->deactivation_ms <= now_ms)
		state = OBJECT_DEACTIVATED;
	return state;
}

struct object *object_ref(struct object *o)
{
	atomic_fetch_add_explicit(&o->references, 1, memory_order_relaxed);
	return o;
}

void object_unref(struct object *o)
{
	if (!o || atomic_fetch_sub_explicit(&o->references, 1, memory_order_acq_rel) != 1)
		return;
	group_unref(o->group);
	free(o);
}

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static char *move_text(char **to, const char *text)
{
	char *at = *to;

	if (!text)
		return NULL;
	memcpy(at, text, text_size(text));
	*to += text_size(text);
	return at;
}

static struct hf_span move_bytes(char **to, struct hf_span from)
{
	struct hf_span at = HF_SPAN(*to, from.len);

	if (from.len)
		memcpy(*to, from.ptr, from.len);
	*to += from.len;
	return at;
}

/* One piece of memory: what the row points to stands behind it. */
hf_status object_new_with(const struct object_row *row, struct hf_span record, struct group *group,
                          struct object **ret)
{
	size_t more = text_size(row->description) + text_size(row->options) +
	              text_size(row->custom_metadata) + text_size(row->rotation_policy) +
	              text_size(row->revocation) + row->public_key.len + row->value.len +
	              record.len;
	struct object *o = calloc(1, sizeof(*o) + more);
	char *to;

	HF_ENSURE(o, HF_NOMEM);
	to = (char *)(o + 1);
	atomic_init(&o->references, 1);
	o->group = group ? group_ref(group) : NULL;
	o->row = *row;
	o->description = move_text(&to, row->description);
	o->options = move_text(&to, row->options);
	o->custom_metadata = move_text(&to, row->custom_metadata);
	o->rotation_policy = move_text(&to, row->rotation_policy);
	o->revocation = move_text(&to, row->revocation);
	o->public_key = move_bytes(&to, row->public_key);
	o->value = move_bytes(&to, row->value);
	o->record = move_bytes(&to, record);
	*ret = o;
	return HF_SUCCESS;
}

hf_status object_new(const struct object_row *row, struct group *group, struct object **ret)
{
	return object_new_with(row, HF_SPAN(NULL, 0), group, ret);
}

void object_where(const struct object *o, struct key_where *ret, char ret_key_id[HF_ID_MAX])
{
	*ret = (struct key_where){
		.name = {
			.id = HF_SPAN(o->cka_id, o->cka_id_len),
			.label = HF_SPAN(o->cka_label, o->cka_label_len),
			.type = o->type,
			.public_key = o->public_key,
		},
	};
	if (!o->virtual_key)
		ret->name.id = hf_span_text(o->id);
	snprintf(ret_key_id, HF_ID_MAX, "%s", o->id);
	if (!o->transient)
		return;
	ret->record = o->record;
	if (hf_ok(hf_id_of_uuid(TRANSIENT_ID, o->id, ret_key_id)))
		ret->name.id = hf_span_text(ret_key_id);
}
