/* SPDX-License-Identifier: Apache-2.0
 * What needs no key: digests, computed here, and random bytes, from the HSM of a group. */
#include "server/crypto_api/crypto/bodies.h"
#include "server/crypto_api/crypto/work.h"
#include "server/crypto_api/handlers.h"

static hf_status digest(struct crypto_call *c, struct hf_err *err)
{
	struct json_writer w = JSON_WRITER(&c->out);
	uint8_t made[DIGEST_LEN_MAX];
	struct digest_body body;
	struct hf_buf bytes;
	size_t len;
	hf_status s = body_reserve(c->body, &bytes);

	if (hf_ok(s))
		s = read_digest(c->body, &bytes, &body, err);
	if (hf_ok(s))
		s = digest_alg_hash(body.alg, body.data, made, &len);
	body_wipe(&bytes);
	HF_TRY(s);
	json_open_object(&w, NULL);
	json_base64(&w, "digest", HF_SPAN(made, len));
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct crypto_operation crypto_digest = {
	.size = sizeof(struct crypto_call),
	.prepare = digest,
};

/* ---- Random bytes */

struct random_call {
	struct crypto_call call; /* first */
	struct random_body body;
	struct group *group;
	struct crypto_op op;
	struct backend_call backend;
};

static hf_status random_prepare(struct crypto_call *c, struct hf_err *err)
{
	struct random_call *r = (struct random_call *)c;

	HF_TRY(read_random(c->body, &r->body, err));
	if (!r->body.group_id)
		r->body.group_id = c->who->default_group;
	if (!*r->body.group_id)
		return hf_fail(err, HF_INVALID,
		               "field \"group_id\" is missing: whose HSM? This app has no "
		               "default group");
	return HF_SUCCESS;
}

static hf_status random_load(struct crypto_call *c, struct db *db)
{
	struct random_call *r = (struct random_call *)c;

	if (r->group)
		return HF_SUCCESS;
	return groups_load(c->api->groups, db, c->who->org_id, r->body.group_id, &r->group,
	                   &c->err);
}

static void random_done(struct backend_call *backend, const struct crypto_result *results)
{
	struct random_call *r = backend->ctx;
	struct crypto_call *c = &r->call;
	struct json_writer w = JSON_WRITER(&c->out);

	if (results->outcome != OP_DONE) {
		crypto_call_fail(c, work_failed(results, &c->err));
		return;
	}
	json_open_object(&w, NULL);
	json_base64(&w, "data", results->data);
	json_close_object(&w);
	crypto_call_reply(c);
}

static void random_begin(struct crypto_call *c)
{
	struct random_call *r = (struct random_call *)c;

	if (!crypto_call_may(c, ACT_GROUP_READ, NULL, r->group, NULL))
		return;
	r->op.kind = CRYPTO_RANDOM;
	r->op.count = (uint32_t)r->body.size;
	r->backend = (struct backend_call){
		.group = r->group,
		.org_id = c->who->org_id,
		.ops = &r->op,
		.n_ops = 1,
		.done = random_done,
		.ctx = r,
	};
	backend_submit(c->api->core, &r->backend);
}

static void random_release(struct crypto_call *c)
{
	group_unref(((struct random_call *)c)->group);
}

const struct crypto_operation crypto_random = {
	.size = sizeof(struct random_call),
	.prepare = random_prepare,
	.run = random_load,
	.after = random_begin,
	.release = random_release,
};
