/* SPDX-License-Identifier: Apache-2.0
 * SYNC KEYS: what is in a group's slot, as virtual keys; while the caller waits, or by itself. */
#include "server/core/objects/scan.h"

#include "base/uuid.h"
#include "server/core/groups/group.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"

#include <stdio.h>

struct scan_call {
	struct crypto_call call; /* first */
	struct group *group;
	struct json_writer out; /* of one who waits: the array of new keys */
};

static void release(struct crypto_call *c)
{
	group_unref(((struct scan_call *)c)->group);
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	if (!hf_uuid_valid(crypto_call_param(c, "group_id")))
		return hf_fail(err, HF_NOTFOUND, "there is no such group");
	return HF_SUCCESS;
}

static hf_status load_group(struct crypto_call *c, struct db *db)
{
	struct scan_call *s = (struct scan_call *)c;

	group_unref(hf_take(s->group));
	HF_TRY(groups_load(c->api->groups, db, c->who->org_id, crypto_call_param(c, "group_id"),
	                   &s->group, &c->err));
	snprintf(c->group_id, sizeof(c->group_id), "%s", s->group->id);
	return HF_SUCCESS;
}

/* ---- what a scan looks like */

static void print_warnings(struct json_writer *w, const char *warnings)
{
	if (warnings)
		json_raw(w, "warnings", hf_span_text(warnings));
}

static void print_scan(struct json_writer *w, const struct scan_row *row)
{
	json_open_object(w, NULL);
	json_text(w, "scan_id", row->id);
	json_bool(w, "is_async", row->is_async);
	json_basic_date(w, "started_at", row->started_ms);
	json_basic_date(w, "finished_at", row->finished_ms);
	if (row->finished_ms) {
		json_open_object(w, "scan_result");
		json_text(w, "$type", row->failed ? "Failed" : "Success");
		if (row->failed)
			json_text(w, "message", row->message ? row->message : "");
		json_close_object(w);
	}
	print_warnings(w, row->warnings);
	/* ours: how far it is */
	json_open_object(w, "progress");
	json_int(w, "scanned", row->done);
	json_int(w, "total", row->total > row->done ? row->total : row->done);
	json_int(w, "created", row->created);
	json_close_object(w);
	json_close_object(w);
}

/* ---- reading them */

static hf_status print_one(void *ctx, const struct scan_row *row)
{
	print_scan(ctx, row);
	return HF_SUCCESS;
}

static void answer_reader(struct crypto_call *c)
{
	if (crypto_call_may(c, ACT_GROUP_READ, NULL, ((struct scan_call *)c)->group, NULL))
		crypto_call_reply(c);
}

static hf_status run_list(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);

	HF_TRY(load_group(c, db));
	json_open_object(&w, NULL);
	json_open_array(&w, "items");
	HF_TRY(scan_rows_list(db, c->group_id, print_one, &w));
	json_close_array(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status run_get(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	hf_status s;

	HF_TRY(load_group(c, db));
	s = scan_row_get(db, c->group_id, crypto_call_param(c, "scan_id"), print_one, &w);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND,
		               "there is no such scan: the running one and the last %d are kept",
		               SCANS_KEPT);
	return s;
}

const struct crypto_operation crypto_scans_list = {
	.size = sizeof(struct scan_call),
	.prepare = prepare,
	.run = run_list,
	.after = answer_reader,
	.release = release,
};
const struct crypto_operation crypto_scan_get = {
	.size = sizeof(struct scan_call),
	.prepare = prepare,
	.run = run_get,
	.after = answer_reader,
	.release = release,
};

/* ---- doing one */

/* Those of the caller who waits: what was created, and then the end of the call. */
static void created(void *ctx, const struct object_row *row)
{
	struct scan_call *s = ctx;

	sobject_print_more(&s->out, row, NULL);
}

static void ended(void *ctx, hf_status status, const struct hf_err *err)
{
	struct scan_call *s = ctx;

	if (!hf_ok(status)) {
		s->call.err = *err;
		crypto_call_fail(&s->call, status);
		return;
	}
	json_close_array(&s->out);
	crypto_call_reply(&s->call);
}

/* Of a caller who does not wait: the answer is that it has begun, and then there is no caller. */
struct background {
	struct crypto_call *caller; /* until he has his answer */
};

static void background_begun(void *ctx, const struct scan_row *row)
{
	struct background *b = ctx;
	struct crypto_call *c = hf_take(b->caller);
	struct json_writer w = JSON_WRITER(&c->out);

	print_scan(&w, row);
	snprintf(c->subject_id, sizeof(c->subject_id), "%s", row->id);
	crypto_call_reply(c);
}

static void background_ended(void *ctx, hf_status status, const struct hf_err *err)
{
	struct background *b = ctx;

	if (b->caller) {
		b->caller->err = *err;
		crypto_call_fail(b->caller, status);
	}
	free(b);
}

static bool may_scan(struct crypto_call *c)
{
	struct scan_call *s = (struct scan_call *)c;

	if (!crypto_call_may(c, ACT_GROUP_SCAN, NULL, s->group, NULL))
		return false;
	if (s->group->n_links)
		return true;
	crypto_call_fail_with(c, 400,
	                      "this group has no connection to an HSM: there is nothing to "
	                      "synchronise");
	return false;
}

static void scan_and_wait(struct crypto_call *c)
{
	struct scan_call *s = (struct scan_call *)c;
	const struct scan_ask ask = {
		.group = s->group,
		.creator = c->who->identity_id,
		.created = created,
		.ended = ended,
		.ctx = s,
	};

	if (!may_scan(c))
		return;
	s->out = JSON_WRITER(&c->out);
	json_open_array(&s->out, NULL);
	scan_start(c->api->core, &ask);
}

const struct crypto_operation crypto_scan_now = {
	.size = sizeof(struct scan_call),
	.prepare = prepare,
	.run = load_group,
	.after = scan_and_wait,
	.release = release,
};

static void scan_in_background(struct crypto_call *c)
{
	struct scan_call *s = (struct scan_call *)c;
	struct scan_ask ask = {
		.group = s->group,
		.creator = c->who->identity_id,
		.is_async = true,
		.begun = background_begun,
		.ended = background_ended,
	};
	struct background *b;

	if (!may_scan(c))
		return;
	b = calloc(1, sizeof(*b));
	if (!b) {
		crypto_call_fail(c, HF_FAILURE(HF_NOMEM));
		return;
	}
	b->caller = c;
	ask.ctx = b;
	scan_start(c->api->core, &ask);
}

const struct crypto_operation crypto_scan_begin = {
	.size = sizeof(struct scan_call),
	.prepare = prepare,
	.run = load_group,
	.after = scan_in_background,
	.release = release,
};
