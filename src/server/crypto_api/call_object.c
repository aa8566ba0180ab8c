/* SPDX-License-Identifier: Apache-2.0
 * The key that a call is about, and whether its caller may. */
#include "server/crypto_api/call_inside.h"

#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

/* A look into the database for what no cache has. */
struct lookup {
	struct db_task task; /* first */
	struct crypto_call *call;
	crypto_call_object_fn then;
	struct object *found;
	const char *id, *name; /* one of the two */
	char text[OBJECT_NAME_MAX];
};

static hf_status load(struct db_task *task, struct db *db)
{
	struct lookup *l = (struct lookup *)task;
	struct crypto_call *c = l->call;

	return objects_load(c->api->objects, c->api->groups, db, c->who->org_id, l->id, l->name,
	                    &l->found, &c->err);
}

static void loaded(struct db_task *task, hf_status s)
{
	struct lookup *l = (struct lookup *)task;
	struct crypto_call *c = l->call;
	crypto_call_object_fn then = l->then;
	struct object *found = l->found;

	free(l);
	if (hf_ok(s))
		then(c, found);
	else
		crypto_call_fail(c, s);
}

static void look_up(struct crypto_call *c, const char *id, const char *name,
                    crypto_call_object_fn then)
{
	struct lookup *l = calloc(1, sizeof(*l));
	hf_status s = HF_FAILURE(HF_BUSY);

	if (l) {
		l->task = (struct db_task){ .run = load, .done = loaded };
		l->call = c;
		l->then = then;
		snprintf(l->text, sizeof(l->text), "%s", id ? id : name);
		*(id ? &l->id : &l->name) = l->text;
		s = db_work_submit(c->api->core->reader, &l->task);
	}
	if (!hf_ok(s)) {
		free(l);
		crypto_call_fail(c, s);
	}
}

void crypto_call_object_of(struct crypto_call *c, const char *kid, const char *name,
                           crypto_call_object_fn then)
{
	struct object *found;

	if (kid ? !hf_uuid_valid(kid) : !*name || strlen(name) >= OBJECT_NAME_MAX) {
		crypto_call_fail_with(c, 404, OBJECT_NOT_HERE_TEXT);
		return;
	}
	found = objects_cached(c->api->objects, c->who->org_id, kid, kid ? NULL : name);
	if (found)
		then(c, found);
	else
		look_up(c, kid, kid ? NULL : name, then);
}

void crypto_call_object(struct crypto_call *c, const struct json_t *desc,
                        crypto_call_object_fn then)
{
	const char *kid = json_member_text(desc, "kid"), *name = json_member_text(desc, "name");
	const char *transient = json_member_text(desc, "transient_key");

	if (json_member(desc, "inline"))
		crypto_call_fail_with(c, 501,
		                      "keys that come along with a request are not supported: keys "
		                      "stay in the HSM. Name one by kid or name");
	else if (!!kid + !!name + !!transient != 1)
		crypto_call_fail_with(c, 400,
		                      "a key is named by {\"kid\": …}, by {\"name\": …} or by "
		                      "{\"transient_key\": …}, one of them");
	else if (transient)
		crypto_call_transient(c, transient, then);
	else
		crypto_call_object_of(c, kid, name, then);
}

bool crypto_call_may(struct crypto_call *c, enum guard_act act, const struct object *object,
                     const struct group *group, const struct crypto_op *op)
{
	const struct guard_question q = {
		.who = c->who,
		.act = act,
		.object = object,
		.group = group,
		.op = op,
		.approved_group = c->approved_group,
		.now_ms = c->now_ms,
	};
	const struct group *about = group ? group : object ? object->group : NULL;
	bool quorum = false;
	hf_status s;

	if (object)
		memcpy(c->subject_id, object->id, sizeof(c->subject_id));
	if (about)
		memcpy(c->group_id, about->id, sizeof(c->group_id));
	s = guard_check(&q, &quorum, &c->err);
	if (hf_ok(s))
		return true;
	if (quorum)
		crypto_call_fail_with(c, 403, GUARD_QUORUM_TEXT);
	else
		crypto_call_fail(c, s);
	return false;
}
