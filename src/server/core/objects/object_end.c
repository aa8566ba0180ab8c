/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/object_end.h"

hf_status object_activate(struct object_row *o, int64_t now_ms, struct hf_err *err)
{
	if (o->state != OBJECT_PREACTIVE)
		return hf_fail(err, HF_STATE, "the key is %s: only PreActive ones are activated",
		               object_state_name(o->state));
	o->state = OBJECT_ACTIVE;
	o->activation_ms = now_ms;
	return HF_SUCCESS;
}

hf_status object_revoke(struct object_row *o, const struct revocation *why, int64_t now_ms,
                        struct hf_err *err)
{
	if (o->state >= OBJECT_DESTROYED || (!why->compromised && o->state == OBJECT_COMPROMISED))
		return hf_fail(err, HF_STATE, "the key is %s already", object_state_name(o->state));
	if (why->compromised) {
		o->state = OBJECT_COMPROMISED;
		o->compromise_ms = why->occurred_ms ? why->occurred_ms : now_ms;
	} else {
		o->state = OBJECT_DEACTIVATED;
	}
	if (!o->deactivation_ms || o->deactivation_ms > now_ms)
		o->deactivation_ms = now_ms;
	o->revocation = why->json;
	o->rotate_at_ms = 0;
	return HF_SUCCESS;
}

void object_destroy(struct object_row *o, int64_t now_ms)
{
	o->state = OBJECT_DESTROYED;
	o->destruction_ms = now_ms;
	o->value = HF_SPAN(NULL, 0);
	o->rotate_at_ms = 0;
}

void object_delete(struct object_row *o, int64_t now_ms)
{
	if (!o->destruction_ms)
		o->destruction_ms = now_ms;
	o->state = OBJECT_DELETED;
	o->value = HF_SPAN(NULL, 0);
	o->rotate_at_ms = 0;
}

void object_drop_private(struct object_row *o)
{
	o->public_only = true;
	o->rotate_at_ms = 0;
}
