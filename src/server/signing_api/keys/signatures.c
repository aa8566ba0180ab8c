/* SPDX-License-Identifier: Apache-2.0
 * Signature requests, on keys and on wallets: the path says on which. */
#include "server/core/keys/signatures.h"

#include "server/core/keys/keys.h"
#include "server/core/keys/objects.h"
#include "server/core/keys/wallets.h"
#include "server/errors.h"
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/hold.h"
#include "server/signing_api/listing.h"

#include <stdio.h>
#include <string.h>

/* "" on the other's paths. */
static const char *key_id(const struct call *c)
{
	return http_param(c->req, "keyId");
}

static const char *wallet_id(const struct call *c)
{
	return http_param(c->req, "walletId");
}

/* POST …/signatures: held until an HSM has signed, or answered at once when people have to be
 * asked first. */
struct signing {
	struct hold hold; /* first */
	struct signature_body body;
	char id[HF_ID_MAX];
	struct signature_made made;
	struct signature_outcome outcome; /* as it was told */
};

static bool is_settled(enum signature_status s)
{
	return s != SIGNATURE_EXECUTING;
}

static hf_status print_seen(void *ctx, const struct signature_row *row)
{
	struct hold *h = ctx;
	struct json_writer w = JSON_WRITER(&h->call.out);

	print_signature(&w, NULL, row);
	h->settled = is_settled(row->outcome.status);
	return HF_SUCCESS;
}

static hf_status look_at_signature(struct hold *h, struct db *db)
{
	struct signing *n = (struct signing *)h;

	return signature_row_get(db, h->call.caller->org_id, n->made.row.id, print_seen, h);
}

/* The row as it is now, from what this request put there and the outcome that it was told. */
static void hear_of_signature(struct hold *h)
{
	struct signing *n = (struct signing *)h;

	n->made.row.outcome = n->outcome;
	hf_ignore(print_seen(h, &n->made.row));
}

/* Signed, failed or, when it takes long, still executing: each is an answer. */
static void answer_signing(struct hold *h)
{
	call_reply(&h->call);
}

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	struct signing *n = (struct signing *)c;

	n->hold.look = look_at_signature;
	n->hold.answer = answer_signing;
	hf_id_new("sig", n->id);
	return read_signature(c->body, &n->body, err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	struct signing *n = (struct signing *)c;
	const struct signature_new request = {
		.id = n->id,
		.org_id = c->caller->org_id,
		.key_id = key_id(c),
		.wallet_id = wallet_id(c),
		.identity_id = c->caller->identity_id,
		.token_id = c->caller->token_id,
		.body = http_body(c->req),
		.doc = c->body,
		.body_hash = c->payload.bytes,
		.external_id = n->body.external_id,
		.proof = hf_buf_span(&c->proof),
		.now_ms = c->now_ms,
	};

	n->made = (struct signature_made){ 0 };
	HF_TRY(signature_create(c->api->core->jobs, db, &request, &n->made, &c->err));
	snprintf(c->audit.subject_id, sizeof(c->audit.subject_id), "%s", n->made.row.id);
	if (!n->made.existed && is_settled(n->made.row.outcome.status)) /* not asked of an HSM */
		c->audit.outcome = signature_status_name(n->made.row.outcome.status);
	return HF_SUCCESS;
}

static void created(struct call *c)
{
	struct signing *n = (struct signing *)c;

	if (n->made.existed) { /* made by another request, whose words are in the row */
		hold_for_existing(&n->hold, n->made.row.id, c->api->sign_wait_ms);
		return;
	}
	if (is_settled(n->made.row.outcome.status)) { /* the policies' answer */
		hf_ignore(print_seen(&n->hold, &n->made.row));
		call_reply(c);
		return;
	}
	jobs_added(c->api->core->jobs);
	if (n->made.plain) {
		n->hold.hear = hear_of_signature;
		n->hold.waiter.news = &n->outcome;
	}
	hold_for(&n->hold, n->made.row.id, c->api->sign_wait_ms);
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
	json_text(&w, "id", n->made.row.id);
	json_text(&w, "externalId", n->body.external_id);
	json_close_object(&w);
	json_close_object(&w);
	call_fail_with(c, api_error_status(s.code), c->err.text, hf_buf_span(&details));
}

const struct operation api_create_signature = {
	.size = sizeof(struct signing),
	.prepare = prepare_create,
	.run = run_create,
	.after = created,
	.failed = not_created,
};

/* GET …/signatures */
static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	return listing_prepare((struct listing *)c, "signatures",
	                       *key_id(c) ? key_id(c) : wallet_id(c), err);
}

static hf_status print_item(void *ctx, const struct signature_row *signature)
{
	struct listing *l = ctx;

	if (listing_item(l, signature->id))
		print_signature(&l->w, NULL, signature);
	return HF_SUCCESS;
}

static hf_status list_of_key(struct call *c, struct db *db)
{
	struct listing *l = (struct listing *)c;
	struct key_row key;

	HF_TRY(key_get(db, c->caller->org_id, key_id(c), &key, &c->err));
	listing_open(l, key.id);
	return signature_rows_of_key(db, key.id, l->page.after, l->page.limit + 1, print_item, l);
}

static hf_status list_of_wallet(struct call *c, struct db *db)
{
	struct listing *l = (struct listing *)c;
	struct wallet_row wallet;

	HF_TRY(wallet_get(db, c->caller->org_id, wallet_id(c), &wallet, &c->err));
	listing_open(l, wallet.key_id);
	return signature_rows_of_wallet(db, wallet.id, l->page.after, l->page.limit + 1, print_item,
	                                l);
}

static hf_status run_list(struct call *c, struct db *db)
{
	HF_TRY(*key_id(c) ? list_of_key(c, db) : list_of_wallet(c, db));
	return listing_close((struct listing *)c);
}

const struct operation api_list_signatures = {
	.size = sizeof(struct listing),
	.prepare = prepare_list,
	.run = run_list,
};

/* GET …/signatures/:signatureId */
static hf_status print_one(void *ctx, const struct signature_row *signature)
{
	struct call *c = ctx;
	struct json_writer w = JSON_WRITER(&c->out);
	bool of_key = *key_id(c) && strcmp(signature->key_id, key_id(c)) == 0;
	bool of_wallet = *wallet_id(c) && strcmp(signature->wallet_id, wallet_id(c)) == 0;

	HF_ENSURE(of_key || of_wallet, HF_NOTFOUND);
	print_signature(&w, NULL, signature);
	return HF_SUCCESS;
}

static hf_status run_get(struct call *c, struct db *db)
{
	hf_status s = signature_row_get(db, c->caller->org_id, http_param(c->req, "signatureId"),
	                                print_one, c);

	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "signature request not found");
	return s;
}

const struct operation api_get_signature = {
	.size = sizeof(struct call),
	.run = run_get,
};
