/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/object_history.h"

#include "base/text.h"
#include "json/read.h"
#include "server/core/objects/object_rotate.h"

#include <string.h>

enum { POLICY_MAX = 4096 };

static bool same_text(const char *a, const char *b)
{
	return a ? b && strcmp(a, b) == 0 : !b;
}

static bool is_same(const struct object_row *a, const struct object_row *b)
{
	return a->state == b->state && a->uses == b->uses && a->activation_ms == b->activation_ms &&
	       a->deactivation_ms == b->deactivation_ms && a->compromise_ms == b->compromise_ms &&
	       same_text(a->rotation_policy, b->rotation_policy) &&
	       same_text(a->revocation, b->revocation);
}

hf_status object_history_keep(struct db *db, const struct group *group,
                              const struct object_row *was, const struct object_row *is,
                              int64_t now_ms)
{
	struct history_row item = {
		.created_ms = now_ms,
		.expires_ms = now_ms + group->undo_ms,
		.state = was->state,
		.uses = was->uses,
		.public_only = was->public_only,
		.activation_ms = was->activation_ms,
		.deactivation_ms = was->deactivation_ms,
		.compromise_ms = was->compromise_ms,
		.rotate_at_ms = was->rotate_at_ms,
		.rotation_policy = was->rotation_policy,
		.revocation = was->revocation,
	};

	if (is->state >= OBJECT_DESTROYED)
		return history_rows_drop(db, was->id);
	if (!group->undo_ms || is_same(was, is))
		return HF_SUCCESS;
	hf_uuid_new(item.id);
	return history_row_insert(db, was->id, &item);
}

hf_status object_history_copy(const struct history_row *from, struct history_row *ret)
{
	struct history_row row = *from;

	row.rotation_policy = row.revocation = NULL;
	if (from->rotation_policy)
		row.rotation_policy = hf_strdup(from->rotation_policy);
	if (from->revocation)
		row.revocation = hf_strdup(from->revocation);
	if ((from->rotation_policy && !row.rotation_policy) ||
	    (from->revocation && !row.revocation)) {
		object_history_done(&row);
		return HF_FAILURE(HF_NOMEM);
	}
	*ret = row;
	return HF_SUCCESS;
}

void object_history_done(struct history_row *row)
{
	free(row->rotation_policy);
	free(row->revocation);
	*row = (struct history_row){ 0 };
}

hf_status object_history_check(const struct object *o, const struct history_row *to,
                               struct hf_err *err)
{
	if (o->state >= OBJECT_DESTROYED || to->state >= OBJECT_DESTROYED)
		return hf_fail(err, HF_STATE,
		               "the key is destroyed: its material does not come back");
	if (to->uses & ~o->uses & USE_EXPORT)
		return hf_fail(err, HF_DENIED,
		               "a key that may not leave its HSM never may: EXPORT is not given "
		               "back");
	return HF_SUCCESS;
}

/* Its own time where that is still ahead, otherwise the next one of its policy. */
static hf_status next_rotation(const struct history_row *to, int64_t now_ms, int64_t *ret,
                               struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct rotation_policy policy;

	*ret = 0;
	if (!to->rotation_policy || to->state > OBJECT_ACTIVE)
		return HF_SUCCESS;
	HF_TRY(json_parse(hf_span_text(to->rotation_policy), POLICY_MAX, &doc, err));
	HF_TRY(rotation_policy_read(doc, &policy, err));
	*ret = to->rotate_at_ms > now_ms ? to->rotate_at_ms
	                                 : rotation_policy_next(&policy, now_ms, now_ms);
	return HF_SUCCESS;
}

hf_status object_history_apply(const struct history_row *to, int64_t now_ms, struct object_row *row,
                               struct hf_err *err)
{
	HF_TRY(next_rotation(to, now_ms, &row->rotate_at_ms, err));
	row->state = to->state;
	row->uses = to->uses;
	row->activation_ms = to->activation_ms;
	row->deactivation_ms = to->deactivation_ms;
	row->compromise_ms = to->compromise_ms;
	row->rotation_policy = to->rotation_policy;
	row->revocation = to->revocation;
	return HF_SUCCESS;
}
