/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/keys/info and GET /crypto/v1/keys/{id}: one security object. POST
 * /crypto/v1/keys/kcv: its check value. GET /crypto/v1/pubkey/{account}/{name}: a public key that
 * everybody may have. */
#include "base/text.h"
#include "server/core/objects/object_history.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"

#include <stdio.h>
#include <strings.h>

enum { COPIES_SHOWN = 100 };

struct read_call {
	struct crypto_call call; /* first */
	struct object *object;
	struct db_task task;
	char copies[COPIES_SHOWN][HF_UUID_MAX];
	size_t n_copies;
	struct history_row history[HISTORY_MAX];
	size_t n_history;
};

static hf_status prepare_info(struct crypto_call *c, struct hf_err *err)
{
	return json_value_is(c->body, JSON_READ_OBJECT)
	               ? HF_SUCCESS
	               : hf_fail(err, HF_INVALID,
	                         "the body names a key: {\"kid\": …} or {\"name\": …}");
}

static void print(struct read_call *x)
{
	struct crypto_call *c = &x->call;
	struct json_writer w = JSON_WRITER(&c->out);
	const struct sobject_more more = { .copied_to = x->copies,
		                           .n_copied_to = x->n_copies,
		                           .history = x->history,
		                           .n_history = x->n_history };

	sobject_print_more(&w, &x->object->row, &more);
	crypto_call_reply(c);
}

static hf_status add_copy(void *ctx, const char *id)
{
	struct read_call *x = ctx;

	if (x->n_copies < COPIES_SHOWN)
		snprintf(x->copies[x->n_copies++], HF_UUID_MAX, "%s", id);
	return HF_SUCCESS;
}

static struct read_call *of_task(struct db_task *task)
{
	return (struct read_call *)((char *)task - offsetof(struct read_call, task));
}

static hf_status add_history(void *ctx, const struct history_row *row)
{
	struct read_call *x = ctx;

	if (x->n_history < HISTORY_MAX)
		HF_TRY(object_history_copy(row, &x->history[x->n_history++]));
	return HF_SUCCESS;
}

static void drop_history(struct read_call *x)
{
	while (x->n_history)
		object_history_done(&x->history[--x->n_history]);
}

static hf_status find_more(struct db_task *task, struct db *db)
{
	struct read_call *x = of_task(task);

	x->n_copies = 0;
	drop_history(x);
	HF_TRY(object_rows_copies(db, x->object->id, COPIES_SHOWN, add_copy, x));
	if (!x->object->group->undo_ms)
		return HF_SUCCESS;
	return history_rows_list(db, x->object->id, NULL, x->call.now_ms, add_history, x);
}

static void more_found(struct db_task *task, hf_status s)
{
	struct read_call *x = of_task(task);

	if (hf_ok(s))
		print(x);
	else
		crypto_call_fail(&x->call, s);
}

static void found(struct crypto_call *c, struct object *object)
{
	struct read_call *x = (struct read_call *)c;
	/* Others cannot have been copied, and most are none of these. */
	bool copied = object->uses & USE_EXPORT || object->value.len || object->public_only;
	hf_status s;

	x->object = object;
	if (!crypto_call_may(c, ACT_READ, object, NULL, NULL))
		return;
	if ((!copied && !object->group->undo_ms) || object->transient) {
		print(x);
		return;
	}
	x->task = (struct db_task){ .run = find_more, .done = more_found };
	s = db_work_submit(c->api->core->reader, &x->task);
	if (!hf_ok(s))
		crypto_call_fail(c, s);
}

static void begin_info(struct crypto_call *c)
{
	crypto_call_object(c, c->body, found);
}

static void begin_get(struct crypto_call *c)
{
	crypto_call_object_of(c, crypto_call_param(c, "key_id"), NULL, found);
}

static void print_kcv(struct crypto_call *c, struct object *object)
{
	struct json_writer w = JSON_WRITER(&c->out);
	char kcv[2 * sizeof(object->kcv) + 1];

	((struct read_call *)c)->object = object;
	if (!crypto_call_may(c, ACT_READ, object, NULL, NULL))
		return;
	if (!object->have_kcv) {
		crypto_call_fail_with(c, 400,
		                      "the key has no check value: only symmetric keys have one, "
		                      "and only where the HSM tells it");
		return;
	}
	hf_hex(object->kcv, sizeof(object->kcv), kcv);
	json_open_object(&w, NULL);
	print_kid(&w, &object->row);
	json_text(&w, "kcv", kcv);
	json_close_object(&w);
	crypto_call_reply(c);
}

static hf_status prepare_kcv(struct crypto_call *c, struct hf_err *err)
{
	const char *method = json_member_text(c->body, "kcv_method");

	HF_TRY(prepare_info(c, err));
	if (method && strcasecmp(method, "encrypt") != 0)
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"kcv_method\": of a key in an HSM only \"Encrypt\" is told");
	return HF_SUCCESS;
}

static void begin_kcv(struct crypto_call *c)
{
	crypto_call_object(c, c->body, print_kcv);
}

static void release(struct crypto_call *c)
{
	struct read_call *x = (struct read_call *)c;

	object_unref(x->object);
	drop_history(x);
}

const struct crypto_operation crypto_key_info = {
	.size = sizeof(struct read_call),
	.prepare = prepare_info,
	.after = begin_info,
	.release = release,
};
const struct crypto_operation crypto_key_get = {
	.size = sizeof(struct read_call),
	.after = begin_get,
	.release = release,
};
const struct crypto_operation crypto_key_kcv = {
	.size = sizeof(struct read_call),
	.prepare = prepare_kcv,
	.after = begin_kcv,
	.release = release,
};

/* ---- for everybody */

/* Without a caller: whoever knows the account and the name. Compromised and destroyed keys are not
 * given out as if they were good. */
static hf_status publish(struct crypto_call *c, struct db *db)
{
	static const char words[] = "there is no such published key";
	OBJECT_SCOPED struct object *o = NULL;
	struct json_writer w = JSON_WRITER(&c->out);
	char org_id[HF_ID_MAX];
	hf_status s;

	if (!hf_ok(hf_id_of_uuid("or", crypto_call_param(c, "acct_id"), org_id)))
		return hf_fail(&c->err, HF_NOTFOUND, words);
	s = objects_load(c->api->objects, c->api->groups, db, org_id, NULL,
	                 crypto_call_param(c, "name"), &o, &c->err);
	if (s.code == HF_NOTFOUND || (hf_ok(s) && (!o->publish_public_key || !o->public_key.len ||
	                                           o->state >= OBJECT_COMPROMISED)))
		return hf_fail(&c->err, HF_NOTFOUND, words);
	HF_TRY(s);
	json_open_object(&w, NULL);
	json_base64(&w, o->id, o->public_key);
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct crypto_operation crypto_public_key = {
	.size = sizeof(struct crypto_call),
	.run = publish,
};
