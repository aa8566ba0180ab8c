/* SPDX-License-Identifier: Apache-2.0
 * Keys that come with the call, as its session was given them (core/objects/transient_key.h). */
#include "server/crypto_api/call_transient.h"

#include "base/text.h"

struct lookup {
	struct db_task task; /* first */
	struct crypto_call *call;
	crypto_call_object_fn then;
	struct hf_secret plain; /* what the next two point into */
	struct object_row row;
	struct hf_span record;
	struct group *group;
};

static void let_go(struct lookup *l)
{
	group_unref(l->group);
	hf_secret_done(&l->plain);
	free(l);
}

struct transient_session crypto_call_session(const struct crypto_call *c)
{
	return (struct transient_session){
		.secret = &c->api->core->secrets.storage_key,
		.org_id = c->who->org_id,
		.session_id = c->who->session_id,
	};
}

bool crypto_call_in_session(struct crypto_call *c)
{
	if (c->who->kind == PRINCIPAL_APP && !c->who->app_admin && *c->who->session_id)
		return true;
	crypto_call_fail_with(c, 400,
	                      "a transient key lives in a session of an app, and this request has "
	                      "none: open one with POST /sys/v1/session/auth. What a quorum has "
	                      "approved is done in no session");
	return false;
}

bool crypto_call_keeps(struct crypto_call *c, const struct object *object)
{
	if (!object->transient)
		return true;
	crypto_call_fail_with(c, 400,
	                      "that is not done to transient keys: POST /crypto/v1/keys/persist "
	                      "makes a kept one of it");
	return false;
}

static void go_on(struct lookup *l)
{
	struct crypto_call *c = l->call;
	crypto_call_object_fn then = l->then;
	struct object *found = NULL;
	hf_status s = object_new_with(&l->row, l->record, l->group, &found);

	let_go(l);
	if (hf_ok(s))
		then(c, found);
	else
		crypto_call_fail(c, s);
}

static hf_status load(struct db_task *task, struct db *db)
{
	struct lookup *l = (struct lookup *)task;
	struct crypto_call *c = l->call;

	group_unref(hf_take(l->group));
	return groups_load(c->api->groups, db, c->who->org_id, l->row.group_id, &l->group, &c->err);
}

static void loaded(struct db_task *task, hf_status s)
{
	struct lookup *l = (struct lookup *)task;
	struct crypto_call *c = l->call;

	if (hf_ok(s)) {
		go_on(l);
		return;
	}
	let_go(l);
	if (s.code == HF_NOTFOUND)
		crypto_call_fail_with(c, 404, OBJECT_NOT_HERE_TEXT);
	else
		crypto_call_fail(c, s);
}

static hf_status open_key(struct lookup *l, const char *text, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(TRANSIENT_KEY_MAX);
	const struct transient_session of = crypto_call_session(l->call);

	if (!text || !hf_ok(hf_unbase64(hf_span_text(text), &sealed)))
		return hf_fail(err, HF_INVALID,
		               "field \"transient_key\": expected base64, of %d bytes at most",
		               TRANSIENT_KEY_MAX);
	return transient_key_open(&of, hf_buf_span(&sealed), &l->plain, &l->row, &l->record, err);
}

void crypto_call_transient(struct crypto_call *c, const char *sealed, crypto_call_object_fn then)
{
	struct lookup *l;
	hf_status s;

	if (!crypto_call_in_session(c))
		return;
	l = calloc(1, sizeof(*l));
	if (!l) {
		crypto_call_fail(c, HF_FAILURE(HF_BUSY));
		return;
	}
	l->call = c;
	l->then = then;
	s = open_key(l, sealed, &c->err);
	if (hf_ok(s))
		l->group = groups_cached(c->api->groups, c->who->org_id, l->row.group_id);
	if (l->group) {
		go_on(l);
		return;
	}
	l->task = (struct db_task){ .run = load, .done = loaded };
	if (hf_ok(s))
		s = db_work_submit(c->api->core->reader, &l->task);
	if (!hf_ok(s)) {
		let_go(l);
		crypto_call_fail(c, s);
	}
}
