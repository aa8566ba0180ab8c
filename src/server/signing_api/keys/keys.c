/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/keys/keys.h"

#include "server/core/keys/objects.h"
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/hold.h"
#include "server/signing_api/listing.h"

#include <stdio.h>

static const char *key_id(const struct call *c)
{
	return http_param(c->req, "keyId");
}

static void print(struct call *c, const struct key_row *key)
{
	struct json_writer w = JSON_WRITER(&c->out);

	print_key(&w, NULL, key);
}

/* POST /keys: held until an HSM has made the key. */
struct creation {
	struct hold hold; /* first */
	struct create_key_body body;
	char id[HF_ID_MAX];
	struct key_row made;
};

static hf_status look_at_key(struct hold *h, struct db *db)
{
	struct creation *n = (struct creation *)h;

	HF_TRY(key_row_get(db, h->call.caller->org_id, n->id, &n->made));
	h->settled = n->made.status != KEY_CREATING;
	return HF_SUCCESS;
}

static void fail_creation(struct creation *n, int status, const char *words)
{
	struct hf_err err;
	HF_BUF_SCOPED struct hf_buf details = HF_BUF(256);
	struct json_writer w = JSON_WRITER(&details);

	hf_ignore(hf_fail(&err, HF_IO, "%s%s", words, n->made.failure));
	json_open_object(&w, NULL);
	json_text(&w, "keyId", n->id);
	json_close_object(&w);
	call_fail_with(&n->hold.call, status, err.text, hf_buf_span(&details));
}

static void answer_creation(struct hold *h)
{
	struct creation *n = (struct creation *)h;
	bool cannot = n->made.failure_code == HF_UNSUPPORTED;

	switch (n->made.status) {
	case KEY_ACTIVE:
	case KEY_ARCHIVED:
		print(&h->call, &n->made);
		call_reply(&h->call);
		return;
	case KEY_FAILED:
		fail_creation(n, cannot ? 501 : 502, "the key store could not make this key: ");
		return;
	case KEY_CREATING:
		fail_creation(
		        n, 504,
		        "no HSM has answered yet. The key will appear in the list of keys once it "
		        "is made; check that a driver of its key store is running");
		return;
	}
}

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	struct creation *n = (struct creation *)c;

	n->hold.look = look_at_key;
	n->hold.answer = answer_creation;
	hf_id_new("key", n->id);
	snprintf(c->audit.subject_id, sizeof(c->audit.subject_id), "%s", n->id);
	return read_create_key(c->body, &n->body, err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	const struct creation *n = (struct creation *)c;
	const struct key_new key = {
		.id = n->id,
		.org_id = c->caller->org_id,
		.identity_id = c->caller->identity_id,
		.store_id = n->body.store_id,
		.scheme = n->body.scheme,
		.curve = n->body.curve,
		.type = n->body.type,
		.name = n->body.name,
		.proof = hf_buf_span(&c->proof),
		.now_ms = c->now_ms,
	};

	return key_create(c->api->core->jobs, db, &key, &c->err);
}

static void created(struct call *c)
{
	struct creation *n = (struct creation *)c;

	jobs_added(c->api->core->jobs);
	hold_for(&n->hold, n->id, c->api->create_wait_ms);
}

const struct operation api_create_key = {
	.size = sizeof(struct creation),
	.prepare = prepare_create,
	.run = run_create,
	.after = created,
};

/* GET /keys */
static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	return listing_prepare((struct listing *)c, "keys", "", err);
}

static hf_status print_item(void *ctx, const struct key_row *key)
{
	struct listing *l = ctx;

	if (listing_item(l, key->id))
		print_key(&l->w, NULL, key);
	return HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct listing *l = (struct listing *)c;

	listing_open(l, NULL);
	if (!listing_of_owner(l))
		HF_TRY(key_rows_list(db, c->caller->org_id, l->page.after, l->page.limit + 1,
		                     print_item, l));
	return listing_close(l);
}

const struct operation api_list_keys = {
	.size = sizeof(struct listing),
	.prepare = prepare_list,
	.run = run_list,
};

/* GET /keys/:keyId: with its wallets, and where it lives. */
static hf_status print_wallet_of(void *ctx, const struct wallet_row *wallet)
{
	struct json_writer *w = ctx;

	if (wallet->status != WALLET_ACTIVE && wallet->status != WALLET_ARCHIVED)
		return HF_SUCCESS;
	json_open_object(w, NULL);
	json_text(w, "id", wallet->id);
	json_text(w, "network", wallet->network);
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status run_get(struct call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct key_row key;

	HF_TRY(key_get(db, c->caller->org_id, key_id(c), &key, &c->err));
	print_key_members(&w, NULL, &key);
	json_open_array(&w, "wallets");
	HF_TRY(wallet_rows_of_key(db, key.id, print_wallet_of, &w));
	json_close_array(&w);
	print_key_store(&w, &key);
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct operation api_get_key = {
	.size = sizeof(struct call),
	.run = run_get,
};

/* PUT /keys/:keyId */
struct update {
	struct call call; /* first */
	struct update_key_body body;
};

static hf_status prepare_update(struct call *c, struct hf_err *err)
{
	return read_update_key(c->body, &((struct update *)c)->body, err);
}

static hf_status run_update(struct call *c, struct db *db)
{
	const struct update *u = (struct update *)c;
	struct key_row key;

	HF_TRY(key_rename(db, c->caller->org_id, key_id(c), u->body.name, &key, &c->err));
	print(c, &key);
	return HF_SUCCESS;
}

const struct operation api_update_key = {
	.size = sizeof(struct update),
	.prepare = prepare_update,
	.run = run_update,
};

/* DELETE /keys/:keyId */
static hf_status prepare_delete(struct call *c, struct hf_err *err)
{
	return read_empty(c->body, err);
}

static hf_status run_delete(struct call *c, struct db *db)
{
	struct key_row key;

	HF_TRY(key_archive(db, c->caller->org_id, key_id(c), c->now_ms, &key, &c->err));
	print(c, &key);
	return HF_SUCCESS;
}

const struct operation api_delete_key = {
	.size = sizeof(struct call),
	.prepare = prepare_delete,
	.run = run_delete,
};
