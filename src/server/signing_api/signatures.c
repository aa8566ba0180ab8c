/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/signatures.h"

#include "server/core/keys.h"
#include "server/errors.h"
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/hold.h"
#include "server/signing_api/listing.h"
#include "server/signing_api/print.h"

#include <stdio.h>

static const char *key_id(const struct call *c)
{
	return http_param(c->req, "keyId");
}

/* POST /keys/:keyId/signatures: held until an HSM has signed. */
struct signing {
	struct hold hold; /* first */
	struct signature_body body;
	struct hf_buf input;
	char id[HF_ID_MAX];
	struct signature_made made;
	struct signature_outcome outcome; /* as it was told */
};

static hf_status print_seen(void *ctx, const struct signature_row *row)
{
	struct hold *h = ctx;
	struct json_writer w = JSON_WRITER(&h->call.out);

	print_signature(&w, row);
	h->settled = row->outcome.status != SIGNATURE_EXECUTING;
	return HF_SUCCESS;
}

static hf_status look_at_signature(struct hold *h, struct db *db)
{
	struct signing *n = (struct signing *)h;

	return signature_row_get(db, h->call.caller->org_id, key_id(&h->call), n->made.id,
	                         print_seen, h);
}

/* The row as it is now, from what this request put there and the outcome that it was told. */
static void hear_of_signature(struct hold *h)
{
	const struct signing *n = (struct signing *)h;
	const struct call *c = &h->call;
	struct signature_row row = {
		.body = http_body(c->req),
		.requested_ms = c->now_ms,
		.outcome = n->outcome,
	};

	snprintf(row.id, sizeof(row.id), "%s", n->made.id);
	snprintf(row.key_id, sizeof(row.key_id), "%s", key_id(c));
	snprintf(row.requester_id, sizeof(row.requester_id), "%s", c->caller->identity_id);
	snprintf(row.token_id, sizeof(row.token_id), "%s", c->caller->token_id);
	snprintf(row.external_id, sizeof(row.external_id), "%s", n->body.external_id);
	hf_ignore(print_seen(h, &row));
}

/* Signed, failed or, when it takes long, still executing: each is an answer. */
static void answer_signing(struct hold *h)
{
	call_reply(&h->call);
}

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	struct signing *n = (struct signing *)c;

	n->input = HF_BUF(SIGN_INPUT_MAX);
	n->hold.look = look_at_signature;
	n->hold.answer = answer_signing;
	hf_id_new("sig", n->id);
	return read_signature(c->body, &n->input, &n->body, err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	struct signing *n = (struct signing *)c;
	const struct signature_new request = {
		.id = n->id,
		.org_id = c->caller->org_id,
		.key_id = key_id(c),
		.identity_id = c->caller->identity_id,
		.token_id = c->caller->token_id,
		.is_digest = n->body.is_digest,
		.input = hf_buf_span(&n->input),
		.body = http_body(c->req),
		.body_hash = c->payload.bytes,
		.external_id = n->body.external_id,
		.proof = hf_buf_span(&c->proof),
		.now_ms = c->now_ms,
	};

	n->made = (struct signature_made){ 0 };
	HF_TRY(signature_create(c->api->core->jobs, db, &request, &n->made, &c->err));
	snprintf(c->audit.subject_id, sizeof(c->audit.subject_id), "%s", n->made.id);
	return HF_SUCCESS;
}

static void created(struct call *c)
{
	struct signing *n = (struct signing *)c;

	if (n->made.existed) { /* made by another request, whose words are in the row */
		hold_for_existing(&n->hold, n->made.id, c->api->sign_wait_ms);
		return;
	}
	jobs_added(c->api->core->jobs);
	n->hold.hear = hear_of_signature;
	n->hold.waiter.news = &n->outcome;
	hold_for(&n->hold, n->made.id, c->api->sign_wait_ms);
}

/* Another request has this external id: the answer names it. */
static void not_created(struct call *c, hf_status s)
{
	struct signing *n = (struct signing *)c;
	HF_BUF_SCOPED struct hf_buf details = HF_BUF(1024);
	struct json_writer w = JSON_WRITER(&details);

	if (s.code != HF_EXISTS || c->err.code != HF_EXISTS) {
		call_fail(c, s);
		return;
	}
	json_open_object(&w, NULL);
	json_open_object(&w, "duplicate");
	json_text(&w, "id", n->made.id);
	json_text(&w, "externalId", n->body.external_id);
	json_close_object(&w);
	json_close_object(&w);
	call_fail_with(c, api_error_status(s.code), c->err.text, hf_buf_span(&details));
}

static void release(struct call *c)
{
	hf_buf_done(&((struct signing *)c)->input);
}

const struct operation api_create_signature = {
	.size = sizeof(struct signing),
	.prepare = prepare_create,
	.run = run_create,
	.after = created,
	.failed = not_created,
	.release = release,
};

/* GET /keys/:keyId/signatures */
static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	return listing_prepare((struct listing *)c, "signatures", key_id(c), err);
}

static hf_status print_item(void *ctx, const struct signature_row *signature)
{
	struct listing *l = ctx;

	if (listing_item(l, signature->id))
		print_signature(&l->w, signature);
	return HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct listing *l = (struct listing *)c;
	struct key_row key;

	HF_TRY(key_get(db, c->caller->org_id, key_id(c), &key, &c->err));
	listing_open(l, key.id);
	HF_TRY(signature_rows_list(db, key.id, l->page.after, l->page.limit + 1, print_item, l));
	return listing_close(l);
}

const struct operation api_list_signatures = {
	.size = sizeof(struct listing),
	.prepare = prepare_list,
	.run = run_list,
};

/* GET /keys/:keyId/signatures/:signatureId */
static hf_status print_one(void *ctx, const struct signature_row *signature)
{
	struct call *c = ctx;
	struct json_writer w = JSON_WRITER(&c->out);

	print_signature(&w, signature);
	return HF_SUCCESS;
}

static hf_status run_get(struct call *c, struct db *db)
{
	struct key_row key;
	hf_status s;

	HF_TRY(key_get(db, c->caller->org_id, key_id(c), &key, &c->err));
	s = signature_row_get(db, c->caller->org_id, key.id, http_param(c->req, "signatureId"),
	                      print_one, c);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "signature request not found");
	return s;
}

const struct operation api_get_signature = {
	.size = sizeof(struct call),
	.run = run_get,
};
