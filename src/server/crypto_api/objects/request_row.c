/* SPDX-License-Identifier: Apache-2.0
 * From what a request says to a new object's row; and the group that it goes into. */
#include "server/crypto_api/objects/request.h"

#include <stdio.h>
#include <string.h>

static hf_status choose_bits(const struct sobject_request *r, const struct sobject_made *made,
                             struct object_row *ret, struct hf_err *err)
{
	int64_t said = r->key_size;

	if (!said && r->rsa)
		said = json_value_int(json_member(r->rsa, "key_size"));
	if (r->type == OBJECT_EC) {
		ret->curve = made->curve ? made->curve : r->curve_id;
		if (!ret->curve)
			return hf_fail(err, HF_INVALID, "field \"elliptic_curve\" is missing");
		if (r->curve_id && r->curve_id != ret->curve)
			return hf_fail(err, HF_INVALID,
			               "field \"elliptic_curve\": the key is on another curve, %s",
			               curve_info(ret->curve)->name);
		ret->bits = curve_info(ret->curve)->bits;
		return HF_SUCCESS;
	}
	if (r->curve_id)
		return hf_fail(err, HF_INVALID, "field \"elliptic_curve\": only EC keys have one");
	if (made->bits && said && said != made->bits)
		return hf_fail(err, HF_INVALID, "field \"key_size\": the key has %u bits",
		               made->bits);
	ret->bits = made->bits ? made->bits : (uint32_t)said;
	if (!ret->bits && !made->existing)
		return hf_fail(err, HF_INVALID, "field \"key_size\" is missing: bits");
	return HF_SUCCESS;
}

static hf_status check_bits(const struct sobject_made *made, const struct object_row *row,
                            struct hf_err *err)
{
	if ((!row->bits && made->existing) ||
	    object_type_has_bits(row->type, row->curve, row->bits, made->existing))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "there are no %s keys of %u bits",
	               object_type_name(row->type), row->bits);
}

hf_status sobject_request_uses(const struct sobject_request *r, int type, enum curve curve,
                               bool public_only, unsigned *ret, struct hf_err *err)
{
	static const unsigned of_public = USE_VERIFY | USE_ENCRYPT | USE_WRAPKEY | USE_AGREEKEY;
	static const unsigned of_any = USE_EXPORT | USE_APPMANAGEABLE | USE_HIGHVOLUME;
	unsigned can = object_type_uses(type, curve);
	unsigned beyond;

	if (public_only)
		can &= of_public;
	*ret = r->uses_given ? r->uses : can | USE_APPMANAGEABLE;
	beyond = *ret & ~(can | of_any);
	if (beyond)
		return hf_fail(err, HF_INVALID, "field \"key_ops\": %s %s keys do not have %s",
		               public_only ? "public" : "such", object_type_name(type),
		               key_use_name(beyond & -beyond));
	return HF_SUCCESS;
}

/* When it begins and ends. */
static hf_status choose_state(const struct sobject_request *r, int64_t now_ms,
                              struct object_row *ret, struct hf_err *err)
{
	if (r->deactivation_ms && r->deactivation_ms <= now_ms)
		return hf_fail(err, HF_INVALID, "the deactivation_date is over already");
	ret->state = r->activation_ms > now_ms || r->wanted == OBJECT_PREACTIVE ? OBJECT_PREACTIVE
	                                                                        : OBJECT_ACTIVE;
	ret->activation_ms = r->activation_ms;
	if (ret->state == OBJECT_ACTIVE && !r->activation_ms)
		ret->activation_ms = now_ms;
	ret->deactivation_ms = r->deactivation_ms;
	return HF_SUCCESS;
}

static char *text_of(struct hf_buf *b)
{
	return b->len ? (char *)b->ptr : NULL;
}

hf_status sobject_request_row(struct sobject_request *r, const struct sobject_made *made,
                              const struct principal *who, int64_t now_ms, struct object_row *ret,
                              struct hf_err *err)
{
	*ret = (struct object_row){ .type = r->type,
		                    .public_only = made->public_only,
		                    .transient = r->is_transient };
	if (!r->name && !r->is_transient)
		return hf_fail(err, HF_INVALID, "field \"name\" is missing");
	if (!r->type)
		return hf_fail(err, HF_INVALID, "field \"obj_type\" is missing");
	HF_TRY(choose_bits(r, made, ret, err));
	HF_TRY(check_bits(made, ret, err));
	HF_TRY(sobject_request_uses(r, r->type, ret->curve, made->public_only, &ret->uses, err));
	HF_TRY(choose_state(r, now_ms, ret, err));
	HF_TRY(sobject_request_options(r, r->type, ret->bits, NULL, &ret->options, err));
	snprintf(ret->name, sizeof(ret->name), "%s", r->is_transient ? "" : r->name);
	snprintf(ret->creator, sizeof(ret->creator), "%s", who->identity_id);
	ret->description = (char *)(uintptr_t)r->description;
	ret->custom_metadata = text_of(&r->metadata_text);
	ret->rotation_policy = text_of(&r->rotation_text);
	ret->rotate_at_ms = r->rotate_at_ms;
	ret->enabled = !r->enabled || json_value_true(r->enabled);
	ret->publish_public_key =
	        r->publish && strcmp(json_member_text(r->publish, "state"), "enabled") == 0;
	return HF_SUCCESS;
}

/* ---- the group */

struct group_lookup {
	struct db_task task; /* first */
	struct crypto_call *call;
	sobject_group_fn then;
	struct group *found;
	char id[HF_UUID_MAX];
};

static hf_status load(struct db_task *task, struct db *db)
{
	struct group_lookup *l = (struct group_lookup *)task;
	struct crypto_call *c = l->call;

	return groups_load(c->api->groups, db, c->who->org_id, l->id, &l->found, &c->err);
}

static void loaded(struct db_task *task, hf_status s)
{
	struct group_lookup *l = (struct group_lookup *)task;
	struct crypto_call *c = l->call;
	sobject_group_fn then = l->then;
	struct group *found = l->found;

	free(l);
	if (hf_ok(s))
		then(c, found);
	else if (s.code == HF_NOTFOUND)
		crypto_call_fail_with(c, 404, "there is no such group");
	else
		crypto_call_fail(c, s);
}

void sobject_find_group(struct crypto_call *c, const char *group_id, sobject_group_fn then)
{
	struct group *cached = groups_cached(c->api->groups, c->who->org_id, group_id);
	struct group_lookup *l;
	hf_status s = HF_FAILURE(HF_BUSY);

	if (cached) {
		then(c, cached);
		return;
	}
	l = calloc(1, sizeof(*l));
	if (l) {
		l->task = (struct db_task){ .run = load, .done = loaded };
		l->call = c;
		l->then = then;
		snprintf(l->id, sizeof(l->id), "%s", group_id);
		s = db_work_submit(c->api->core->reader, &l->task);
	}
	if (!hf_ok(s)) {
		free(l);
		crypto_call_fail(c, s);
	}
}
