/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/keys/wallets.h"

#include "server/core/keys/keys.h"
#include "server/core/keys/objects.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/hold.h"
#include "server/signing_api/listing.h"
#include "server/signing_api/keys/wallet_bodies.h"

#include <stdio.h>
#include <string.h>

static const char *wallet_id(const struct call *c)
{
	return http_param(c->req, "walletId");
}

static void print(struct call *c, const struct wallet_row *wallet)
{
	struct json_writer w = JSON_WRITER(&c->out);

	print_wallet(&w, NULL, wallet);
}

/* POST /wallets: with a new key it is held until an HSM has made that. */
struct creation {
	struct hold hold; /* first */
	struct create_wallet_body body;
	char key_id[HF_ID_MAX]; /* of the new key, or of the one that is named */
	char id[HF_ID_MAX];
	struct wallet_row made;
	struct key_row key;
};

static hf_status look_at_wallet(struct hold *h, struct db *db)
{
	struct creation *n = (struct creation *)h;

	HF_TRY(wallet_row_get(db, h->call.caller->org_id, n->id, &n->made));
	if (n->made.status == WALLET_FAILED)
		HF_TRY(key_row_get(db, h->call.caller->org_id, n->key_id, &n->key));
	h->settled = n->made.status != WALLET_CREATING;
	return HF_SUCCESS;
}

static void fail_creation(struct creation *n, int status, const char *words)
{
	struct hf_err err;
	HF_BUF_SCOPED struct hf_buf details = HF_BUF(256);
	struct json_writer w = JSON_WRITER(&details);

	hf_ignore(hf_fail(&err, HF_IO, "%s%s", words, n->key.failure));
	json_open_object(&w, NULL);
	json_text(&w, "walletId", n->id);
	json_close_object(&w);
	call_fail_with(&n->hold.call, status, err.text, hf_buf_span(&details));
}

static void answer_creation(struct hold *h)
{
	struct creation *n = (struct creation *)h;
	bool cannot = n->key.failure_code == HF_UNSUPPORTED;

	switch (n->made.status) {
	case WALLET_ACTIVE:
	case WALLET_ARCHIVED:
		print(&h->call, &n->made);
		call_reply(&h->call);
		return;
	case WALLET_FAILED:
		fail_creation(n, cannot ? 501 : 502,
		              "the key store could not make this wallet's key: ");
		return;
	case WALLET_CREATING:
		fail_creation(n, 504,
		              "no HSM has answered yet. The wallet will appear in the list of "
		              "wallets once its key is made; check that a driver of its key store "
		              "is running");
		return;
	}
}

/* More than one thing happens here, and each needs its permission. */
static hf_status check_permissions(const struct call *c, const struct create_wallet_body *b,
                                   struct hf_err *err)
{
	HF_TRY(permission_check(c->caller, *b->key_id ? PERMIT_KEYS_REUSE : PERMIT_KEYS_CREATE,
	                        err));
	if (b->tags.n)
		HF_TRY(permission_check(c->caller, PERMIT_WALLETS_TAGS_ADD, err));
	return HF_SUCCESS;
}

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	struct creation *n = (struct creation *)c;

	n->hold.look = look_at_wallet;
	n->hold.answer = answer_creation;
	HF_TRY(read_create_wallet(c->body, &n->body, err));
	hf_id_new("key", n->key_id);
	if (*n->body.key_id)
		snprintf(n->key_id, sizeof(n->key_id), "%s", n->body.key_id);
	return check_permissions(c, &n->body, err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	struct creation *n = (struct creation *)c;
	const struct wallet_new wallet = {
		.org_id = c->caller->org_id,
		.identity_id = c->caller->identity_id,
		.network = n->body.network,
		.key_id = n->key_id,
		.reuse = *n->body.key_id,
		.type = n->body.type,
		.store_id = n->body.store_id,
		.name = n->body.name,
		.external_id = n->body.external_id,
		.tags = n->body.tags.tags,
		.n_tags = n->body.tags.n,
		.proof = hf_buf_span(&c->proof),
		.now_ms = c->now_ms,
	};

	HF_TRY(wallet_create(c->api->core->jobs, db, &wallet, n->id, &c->err));
	snprintf(c->audit.subject_id, sizeof(c->audit.subject_id), "%s", n->id);
	if (!wallet.reuse)
		return HF_SUCCESS;
	HF_TRY(wallet_row_get(db, c->caller->org_id, n->id, &n->made));
	print(c, &n->made);
	return HF_SUCCESS;
}

static void created(struct call *c)
{
	struct creation *n = (struct creation *)c;

	if (*n->body.key_id) {
		call_reply(c);
		return;
	}
	jobs_added(c->api->core->jobs);
	hold_for(&n->hold, n->key_id, c->api->create_wait_ms);
}

const struct operation api_create_wallet = {
	.size = sizeof(struct creation),
	.prepare = prepare_create,
	.run = run_create,
	.after = created,
};

/* GET /wallets */
static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	return listing_prepare((struct listing *)c, "wallets", "", err);
}

static hf_status print_item(void *ctx, const struct wallet_row *wallet)
{
	struct listing *l = ctx;

	if (listing_item(l, wallet->id))
		print_wallet(&l->w, NULL, wallet);
	return HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct listing *l = (struct listing *)c;

	listing_open(l, NULL);
	if (!listing_of_owner(l))
		HF_TRY(wallet_rows_list(db, c->caller->org_id, l->page.after, l->page.limit + 1,
		                        print_item, l));
	return listing_close(l);
}

const struct operation api_list_wallets = {
	.size = sizeof(struct listing),
	.prepare = prepare_list,
	.run = run_list,
};

/* GET /wallets/:walletId */
static hf_status run_get(struct call *c, struct db *db)
{
	struct wallet_row wallet;

	HF_TRY(wallet_get(db, c->caller->org_id, wallet_id(c), &wallet, &c->err));
	print(c, &wallet);
	return HF_SUCCESS;
}

const struct operation api_get_wallet = {
	.size = sizeof(struct call),
	.run = run_get,
};

/* PUT /wallets/:walletId */
struct update {
	struct call call; /* first */
	struct update_wallet_body body;
};

static hf_status prepare_update(struct call *c, struct hf_err *err)
{
	return read_update_wallet(c->body, &((struct update *)c)->body, err);
}

static hf_status run_update(struct call *c, struct db *db)
{
	const struct update_wallet_body *b = &((struct update *)c)->body;
	const struct wallet_change change = {
		.set_name = b->set_name,
		.set_external_id = b->set_external_id,
		.name = b->name,
		.external_id = b->external_id,
	};
	struct wallet_row wallet;

	HF_TRY(wallet_change(db, c->caller->org_id, wallet_id(c), &change, &wallet, &c->err));
	print(c, &wallet);
	return HF_SUCCESS;
}

const struct operation api_update_wallet = {
	.size = sizeof(struct update),
	.prepare = prepare_update,
	.run = run_update,
};

/* PUT and DELETE /wallets/:walletId/tags */
struct tagging {
	struct call call; /* first */
	struct tags_body body;
};

static hf_status prepare_tags(struct call *c, struct hf_err *err)
{
	return read_tags(c->body, &((struct tagging *)c)->body, err);
}

static hf_status run_tags(struct call *c, struct db *db, bool remove)
{
	const struct tagging *t = (struct tagging *)c;
	const struct wallet_tagging tagging = {
		.org_id = c->caller->org_id,
		.id = wallet_id(c),
		.remove = remove,
		.tags = t->body.tags,
		.n_tags = t->body.n,
		.now_ms = c->now_ms,
	};

	HF_TRY(wallet_tag(db, &tagging, &c->err));
	hf_buf_text(&c->out, "{}"); /* as the official API has it */
	return HF_SUCCESS;
}

static hf_status run_tag(struct call *c, struct db *db)
{
	return run_tags(c, db, false);
}

static hf_status run_untag(struct call *c, struct db *db)
{
	return run_tags(c, db, true);
}

const struct operation api_tag_wallet = {
	.size = sizeof(struct tagging),
	.prepare = prepare_tags,
	.run = run_tag,
};

const struct operation api_untag_wallet = {
	.size = sizeof(struct tagging),
	.prepare = prepare_tags,
	.run = run_untag,
};
