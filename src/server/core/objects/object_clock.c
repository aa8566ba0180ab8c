/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/object_clock.h"

#include "base/clock.h"
#include "base/log.h"
#include "json/read.h"
#include "server/core/audit/audit.h"
#include "server/core/objects/object_change.h"
#include "server/core/objects/object_notice.h"
#include "server/core/objects/object_rotate.h"
#include "server/core/objects/scan.h"

#include <stdio.h>
#include <string.h>

enum {
	EVERY_MS = 1000,
	SELDOM_MS = 15000,
	STATES_AT_ONCE = 100,
	HSM_AT_ONCE = 16,
	POLICY_JSON_MAX = 4096
};

struct objects_clock {
	struct db_task task; /* first */
	const struct core *core;
	atomic_bool running;
	int64_t next_ms;   /* monotonic */
	int64_t now_ms;    /* of the task */
	int64_t seldom_ms; /* when to look again for what comes seldom: scans that died, notices */
	struct object_notices notices;
	struct object *orphans[HSM_AT_ONCE], *due[HSM_AT_ONCE];
	size_t n_orphans, n_due;
};

hf_status objects_clock_new(const struct core *core, struct objects_clock **ret)
{
	struct objects_clock *c = calloc(1, sizeof(*c));

	HF_ENSURE(c, HF_NOMEM);
	c->core = core;
	*ret = c;
	return HF_SUCCESS;
}

static void forget_found(struct objects_clock *c)
{
	for (size_t i = 0; i < c->n_orphans; i++)
		object_unref(c->orphans[i]);
	for (size_t i = 0; i < c->n_due; i++)
		object_unref(c->due[i]);
	c->n_orphans = c->n_due = 0;
}

void objects_clock_free(struct objects_clock *c)
{
	if (c)
		forget_found(c);
	free(c);
}

static void tell(const char *what, const struct object *o, hf_status s, const char *words)
{
	HF_WARN(what, HF_KS("object", o->id), HF_KS("name", o->name),
	        HF_KS("reason", *words ? words : hf_code_name(s.code)));
}

/* ---- what was never made: out of the HSM, then out of the database */

struct removal {
	struct db_task task; /* first */
	const struct core *core;
	struct object *object;
	struct crypto_op op;
	struct backend_call call;
};

static void removal_free(struct removal *r)
{
	object_unref(r->object);
	free(r);
}

static hf_status drop(struct db_task *task, struct db *db)
{
	return object_row_drop(db, ((struct removal *)task)->object->id);
}

static void dropped(struct db_task *task, hf_status s)
{
	removal_free((struct removal *)task);
}

static void removed(struct backend_call *call, const struct crypto_result *result)
{
	struct removal *r = call->ctx;
	hf_status s = HF_FAILURE(result->code);

	if (result->outcome == OP_DONE || result->code == HF_NOTFOUND) {
		r->task =
		        (struct db_task){ .run = drop, .done = dropped, .durability = DB_RELAXED };
		if (hf_ok(db_work_submit(r->core->writer, &r->task)))
			return;
	} else {
		tell("a key whose making did not end is still to be looked for in the HSM",
		     r->object, s, result->text);
	}
	removal_free(r);
}

static void remove_orphan(const struct core *core, struct object *o)
{
	struct removal *r = calloc(1, sizeof(*r));

	if (!r) {
		object_unref(o);
		return;
	}
	r->core = core;
	r->object = o;
	r->op.kind = CRYPTO_DESTROY;
	object_where(o, &r->op.key, r->op.key_id);
	r->call = (struct backend_call){
		.group = o->group,
		.org_id = o->org_id,
		.ops = &r->op,
		.n_ops = 1,
		.done = removed,
		.ctx = r,
	};
	backend_submit(core, &r->call);
}

/* ---- rotation by policy */

static hf_status rotation_entered(struct object_rotation *r, struct db *db)
{
	const struct audit_entry e = {
		.org_id = r->old->org_id,
		.operation = "Crypto:RotateByPolicy",
		.subject_id = r->old->id,
		.group_id = r->old->group_id,
		.outcome = "Accepted",
		.now_ms = r->making.now_ms,
	};

	return audit_add(db, &e);
}

static void rotated(struct object_rotation *r, hf_status s)
{
	if (!hf_ok(s))
		tell("a key is due for rotation and could not be rotated; it is tried again in "
		     "ten minutes",
		     r->old, s, r->making.err.text);
	object_unref(r->making.object);
	object_unref(r->old);
	free(r);
}

static hf_status read_policy(const struct object *o, struct rotation_policy *ret,
                             struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;

	HF_ENSURE(o->rotation_policy, HF_STATE);
	HF_TRY(json_parse(hf_span_text(o->rotation_policy), POLICY_JSON_MAX, &doc, err));
	return rotation_policy_read(doc, ret, err);
}

static void rotate(const struct core *core, struct object *old, int64_t now_ms)
{
	struct object_rotation *r = calloc(1, sizeof(*r));
	struct rotation_policy policy;
	hf_status s = HF_FAILURE(HF_NOMEM);

	if (r && hf_ok(s = read_policy(old, &policy, &r->making.err)) &&
	    hf_ok(s = object_rotation_of(r, core, old, &r->making.err))) {
		r->deactivate = policy.deactivate;
		r->due_ms = now_ms + OBJECT_ROTATE_AGAIN_MS; /* as it was claimed */
		r->entered = rotation_entered;
		r->done = rotated;
		*r->making.row.creator = '\0';
		object_rotate(r);
		return;
	}
	tell("a key is due for rotation and cannot be rotated", old, s,
	     r ? r->making.err.text : "");
	object_unref(old);
	free(r);
}

/* ---- the task */

struct finding {
	struct objects_clock *c;
	struct db *db;
	struct object **to;
	size_t *n;
	enum object_state from, becomes;
};

static hf_status take_found(void *ctx, const struct object_row *row)
{
	struct finding *f = ctx;
	const struct core *core = f->c->core;
	GROUP_SCOPED struct group *group = NULL;
	hf_status s;

	HF_ENSURE(*f->n < HSM_AT_ONCE, HF_INTERNAL);
	s = groups_load(core->groups, f->db, row->org_id, row->group_id, &group, NULL);
	if (s.code == HF_NOTFOUND)
		return object_row_drop(f->db, row->id); /* and nobody left to ask */
	HF_TRY(s);
	HF_TRY(object_new(row, group, &f->to[*f->n]));
	++*f->n;
	return HF_SUCCESS;
}

/* Without those that another server has claimed: NULL from that moment on, since whoever fails in
 * the middle leaves the list to forget_found(). */
static size_t without_gaps(struct object **list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct object *o = hf_take(list[i]);

		if (o)
			list[kept++] = o;
	}
	return kept;
}

static hf_status find_orphans(struct objects_clock *c, struct db *db)
{
	struct finding f = { .c = c, .db = db, .to = c->orphans, .n = &c->n_orphans };
	int64_t before = c->now_ms - OBJECT_MAKING_MS;

	HF_TRY(object_rows_making(db, before, HSM_AT_ONCE, take_found, &f));
	for (size_t i = 0; i < c->n_orphans; i++) {
		bool mine;

		HF_TRY(object_row_claim_making(db, c->orphans[i]->id, before, c->now_ms, &mine));
		if (!mine)
			object_unref(hf_take(c->orphans[i]));
	}
	c->n_orphans = without_gaps(c->orphans, c->n_orphans);
	return HF_SUCCESS;
}

static hf_status find_due(struct objects_clock *c, struct db *db)
{
	struct finding f = { .c = c, .db = db, .to = c->due, .n = &c->n_due };

	HF_TRY(object_rows_due(db, DUE_ROTATION, c->now_ms, HSM_AT_ONCE, take_found, &f));
	for (size_t i = 0; i < c->n_due; i++) {
		bool mine;

		HF_TRY(object_row_claim_rotation(db, c->due[i]->id, c->due[i]->rotate_at_ms,
		                                 c->now_ms + OBJECT_ROTATE_AGAIN_MS, &mine));
		if (!mine)
			object_unref(hf_take(c->due[i]));
	}
	c->n_due = without_gaps(c->due, c->n_due);
	return HF_SUCCESS;
}

static hf_status change_state(void *ctx, const struct object_row *row)
{
	const struct finding *f = ctx;
	const struct audit_entry e = {
		.org_id = row->org_id,
		.operation = f->becomes == OBJECT_ACTIVE ? "Crypto:ActivateByDate"
		                                         : "Crypto:DeactivateByDate",
		.subject_id = row->id,
		.group_id = row->group_id,
		.outcome = "Accepted",
		.now_ms = f->c->now_ms,
	};
	bool mine;

	HF_TRY(object_row_set_state(f->db, row->id, f->from, f->becomes, &mine));
	return mine ? audit_add(f->db, &e) : HF_SUCCESS;
}

/* Also when the clock of the wall was set back meanwhile. */
static bool is_time_for_what_is_seldom(const struct objects_clock *c)
{
	return c->now_ms >= c->seldom_ms || c->seldom_ms - c->now_ms > SELDOM_MS;
}

static hf_status run(struct db_task *task, struct db *db)
{
	struct objects_clock *c = (struct objects_clock *)task;
	struct finding f = { .c = c, .db = db, .from = OBJECT_PREACTIVE, .becomes = OBJECT_ACTIVE };

	forget_found(c); /* of a run that was undone */
	if (objects_unwritten(c->core->objects))
		HF_TRY(objects_write_used(c->core->objects, db));
	HF_TRY(object_rows_due(db, DUE_ACTIVATION, c->now_ms, STATES_AT_ONCE, change_state, &f));
	f.from = OBJECT_ACTIVE;
	f.becomes = OBJECT_DEACTIVATED;
	HF_TRY(object_rows_due(db, DUE_DEACTIVATION, c->now_ms, STATES_AT_ONCE, change_state, &f));
	c->notices.n = 0;
	if (is_time_for_what_is_seldom(c)) {
		HF_TRY(scans_bury(db));
		HF_TRY(object_notices_tell(db, c->now_ms, &c->notices));
	}
	HF_TRY(find_orphans(c, db));
	return find_due(c, db);
}

static void done(struct db_task *task, hf_status s)
{
	struct objects_clock *c = (struct objects_clock *)task;

	if (!hf_ok(s)) {
		if (s.code != HF_BUSY && s.code != HF_CLOSED)
			HF_ERROR("what time does to keys could not be written down",
			         HF_KS("reason", hf_code_name(s.code)));
		forget_found(c);
	}
	if (hf_ok(s))
		object_notices_log(&c->notices);
	if (hf_ok(s) && is_time_for_what_is_seldom(c))
		c->seldom_ms = c->now_ms + SELDOM_MS;
	for (size_t i = 0; i < c->n_orphans; i++)
		remove_orphan(c->core, c->orphans[i]);
	for (size_t i = 0; i < c->n_due; i++)
		rotate(c->core, c->due[i], c->now_ms);
	c->n_orphans = c->n_due = 0;
	atomic_store(&c->running, false);
}

void objects_clock_run(struct objects_clock *c, int64_t now_ms)
{
	if (atomic_exchange(&c->running, true))
		return;
	c->now_ms = now_ms;
	/* What is lost in a power cut is due again. */
	c->task = (struct db_task){ .run = run, .done = done, .durability = DB_RELAXED };
	if (!hf_ok(db_work_submit(c->core->writer, &c->task)))
		atomic_store(&c->running, false);
}

void objects_clock_tick(struct objects_clock *c)
{
	int64_t now = hf_mono_ms();

	if (now < c->next_ms)
		return;
	c->next_ms = now + EVERY_MS;
	objects_clock_run(c, hf_wall_ms());
}
