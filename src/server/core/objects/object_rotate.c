/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/object_rotate.h"

#include "base/clock.h"
#include "base/text.h"
#include "json/read.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_TRIED = 16, ROTATION_JSON_MAX = 4096 };

void object_rotated_name(const char *name, int64_t now_ms, unsigned n, char to[OBJECT_NAME_MAX])
{
	char time[HF_BASIC_LEN], suffix[64];
	size_t room, len = 0, step;

	hf_basic_time(now_ms, time);
	if (n)
		snprintf(suffix, sizeof(suffix), " (rotated at %s, %u)", time, n + 1);
	else
		snprintf(suffix, sizeof(suffix), " (rotated at %s)", time);
	room = OBJECT_NAME_MAX - 1 - strlen(suffix);
	/* Whole characters. */
	while (name[len] && (step = hf_utf8_at((const uint8_t *)name + len, strlen(name + len))) &&
	       len + step <= room)
		len += step;
	snprintf(to, OBJECT_NAME_MAX, "%.*s%s", (int)len, name, suffix);
}

static hf_status free_name(const struct object_row *old, struct db *db, int64_t now_ms,
                           char to[OBJECT_NAME_MAX])
{
	bool is_free = false;

	for (unsigned n = 0; n < NAMES_TRIED; n++) {
		object_rotated_name(old->name, now_ms, n, to);
		HF_TRY(object_name_free(db, old->org_id, to, &is_free));
		if (is_free)
			return HF_SUCCESS;
	}
	return HF_FAILURE(HF_BUSY);
}

/* The policy goes with the name. */
static hf_status pass_policy_on(struct object_row *new, int64_t now_ms, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct rotation_policy policy;

	if (!new->rotation_policy)
		return HF_SUCCESS;
	HF_TRY(json_parse(hf_span_text(new->rotation_policy), ROTATION_JSON_MAX, &doc, err));
	HF_TRY(rotation_policy_read(doc, &policy, err));
	new->rotate_at_ms = rotation_policy_next(&policy, now_ms, now_ms);
	return HF_SUCCESS;
}

struct settling {
	struct object_rotation *r;
	struct db *db;
};

static hf_status settle_old(void *ctx, const struct object_row *now)
{
	struct settling *k = ctx;
	struct object_rotation *r = k->r;
	struct object_making *m = &r->making;
	struct object_row old = *now;

	if (strcmp(old.name, m->name) != 0 || old.state >= OBJECT_DESTROYED ||
	    (r->due_ms && (!old.rotate_at_ms || old.rotate_at_ms > r->due_ms)))
		return hf_fail(&m->err, HF_STATE,
		               "the key was changed or rotated by somebody else just now: look at "
		               "it, then try again");
	HF_TRY(pass_policy_on(&m->row, m->now_ms, &m->err));
	HF_TRY(free_name(now, k->db, m->now_ms, old.name));
	snprintf(old.replacement, sizeof(old.replacement), "%s", m->row.id);
	old.rotate_at_ms = 0;
	old.rotation_policy = NULL;
	if (r->deactivate && old.state <= OBJECT_ACTIVE) {
		old.state = OBJECT_DEACTIVATED;
		old.deactivation_ms = m->now_ms;
	}
	return object_row_update(k->db, &old);
}

static hf_status settle(struct object_making *m, struct db *db)
{
	struct object_rotation *r =
	        (struct object_rotation *)((char *)m - offsetof(struct object_rotation, making));
	struct settling k = { r, db };

	HF_TRY(object_row_lock(db, r->old->org_id, r->old->id, settle_old, &k, NULL));
	return r->entered ? r->entered(r, db) : HF_SUCCESS;
}

static void made(struct object_making *m, hf_status s)
{
	struct object_rotation *r =
	        (struct object_rotation *)((char *)m - offsetof(struct object_rotation, making));

	objects_forget(m->core->objects, r->old->id);
	r->done(r, s);
}

hf_status object_rotation_of(struct object_rotation *r, const struct core *core, struct object *old,
                             struct hf_err *err)
{
	struct object_row *row = &r->making.row;

	if (old->type == OBJECT_SECRET || old->type == OBJECT_OPAQUE ||
	    old->type == OBJECT_CERTIFICATE)
		return hf_fail(err, HF_UNSUPPORTED,
		               "%s objects are not generated, so they are not rotated: import the "
		               "new one, then POST /crypto/v1/keys/replace",
		               object_type_name(old->type));
	r->old = old;
	r->making.core = core;
	r->making.group = old->group;
	*row = old->row;
	row->state = OBJECT_ACTIVE;
	row->external = row->missing = row->public_only = false;
	row->last_used_ms = row->activation_ms = row->deactivation_ms = row->compromise_ms =
	        row->destruction_ms = row->rotate_at_ms = 0;
	row->cka_id_len = row->cka_label_len = 0;
	row->public_key = row->value = HF_SPAN(NULL, 0);
	row->have_kcv = false;
	row->revocation = NULL;
	*row->replacement = *row->copied_from = *row->parent = '\0';
	snprintf(row->replaced, sizeof(row->replaced), "%s", old->id);
	return HF_SUCCESS;
}

void object_rotate(struct object_rotation *r)
{
	r->making.op.kind = CRYPTO_GENERATE;
	r->making.name_later = true;
	r->making.settle = settle;
	r->making.done = made;
	object_make(&r->making);
}

/* ---- replaced by one that is there */

struct replacing {
	struct db *db;
	const struct object *judged;        /* as the caller saw it */
	const char *name;                   /* that it has from now on */
	const char *replacement, *replaced; /* links; NULL: as it is */
	struct hf_err *err;
};

static hf_status rename_locked(void *ctx, const struct object_row *now)
{
	const struct replacing *k = ctx;
	struct object_row row = *now;
	hf_status s;

	if (strcmp(row.name, k->judged->name) != 0 || row.state != k->judged->state)
		return hf_fail(k->err, HF_STATE,
		               "the key was changed by somebody else just now: look at it, then "
		               "try again");
	snprintf(row.name, sizeof(row.name), "%s", k->name);
	if (k->replacement)
		snprintf(row.replacement, sizeof(row.replacement), "%s", k->replacement);
	if (k->replaced)
		snprintf(row.replaced, sizeof(row.replaced), "%s", k->replaced);
	s = object_row_update(k->db, &row);
	if (s.code == HF_EXISTS)
		return hf_fail(k->err, HF_EXISTS, "there is a security object named \"%s\" already",
		               row.name);
	return s;
}

hf_status object_replace(struct db *db, const struct object *old, const struct object *new,
                         const char *new_name, struct hf_err *err)
{
	struct replacing away = {
		.db = db, .judged = old, .name = new_name, .replacement = new->id, .err = err
	};
	struct replacing into = {
		.db = db, .judged = new, .name = old->name, .replaced = old->id, .err = err
	};

	if (strcmp(old->id, new->id) == 0)
		return hf_fail(err, HF_INVALID, "a key is not replaced by itself");
	HF_TRY(object_row_lock(db, old->org_id, old->id, rename_locked, &away, NULL));
	return object_row_lock(db, new->org_id, new->id, rename_locked, &into, NULL);
}
