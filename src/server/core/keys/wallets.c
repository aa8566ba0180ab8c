/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/keys/wallets.h"

#include "base/log.h"
#include "proof/wallet_id.h"
#include "server/core/events/events.h"
#include "server/core/keys/keys.h"
#include "server/core/keys/objects.h"

#include <stdio.h>
#include <string.h>

#define EVENT_DATA_MAX (64u << 10)

_Static_assert(CHAIN_ADDRESS_MAX < WALLET_ADDRESS_MAX, "every address has room");
_Static_assert(WALLET_NETWORK_MAX <= NETWORK_NAME_MAX, "every network's name has room");

/* The event `kind`, if anybody wants it, with the wallet as this transaction sees it. */
static hf_status tell(struct db *db, const char *org_id, const char *id, const char *kind,
                      int64_t now_ms)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(EVENT_DATA_MAX);
	struct json_writer w = JSON_WRITER(&data);
	struct event event = { .org_id = org_id, .kind = kind, .now_ms = now_ms };
	struct wallet_row wallet;

	if (!*org_id || !events_wanted(org_id))
		return HF_SUCCESS;
	HF_TRY(wallet_row_get(db, org_id, id, &wallet));
	json_open_object(&w, NULL);
	print_wallet(&w, "wallet", &wallet);
	json_close_object(&w);
	HF_TRY(hf_buf_status(&data));
	event.data = hf_buf_span(&data);
	return events_add(db, &event);
}

static hf_status put_address(const struct chain_network *network, enum key_type type,
                             struct hf_span public_key, char to[WALLET_ADDRESS_MAX])
{
	HF_BUF_SCOPED struct hf_buf address = HF_BUF(WALLET_ADDRESS_MAX - 1);

	HF_TRY(chain_address(network, type, public_key, &address));
	return hf_span_to_text(hf_buf_span(&address), to, WALLET_ADDRESS_MAX);
}

/* How the API calls a key of this type; NULL: not at all. */
static const char *key_scheme_name(enum key_type type)
{
	return type == KEY_SECP256K1 ? "ECDSA" : type == KEY_ED25519 ? "EdDSA" : NULL;
}

static const char *key_curve_name(enum key_type type)
{
	return type == KEY_SECP256K1 ? "secp256k1" : type == KEY_ED25519 ? "ed25519" : NULL;
}

static hf_status check_type(const struct wallet_new *w, enum key_type type, struct hf_err *err)
{
	if (!chain_takes_key(w->network->chain, type))
		return hf_fail(err, HF_INVALID, "network %s does not go with %s keys of curve %s",
		               w->network->name,
		               key_scheme_name(type) ? key_scheme_name(type) : "such",
		               key_curve_name(type) ? key_curve_name(type) : "another");
	return HF_SUCCESS;
}

static hf_status check_key(const struct wallet_new *w, const struct key_row *key,
                           struct hf_err *err)
{
	if (key->status != KEY_ACTIVE)
		return hf_fail(err, HF_STATE, "key %s is archived: it gets no more wallets",
		               key->id);
	if ((w->type && w->type != key->type) ||
	    (*w->store_id && strcmp(w->store_id, key->store_id) != 0))
		return hf_fail(err, HF_INVALID,
		               "field \"signingKey\": key %s is %s with %s, in key store %s: leave "
		               "out what differs",
		               key->id, key->scheme, key->curve, key->store_id);
	return check_type(w, key->type, err);
}

static hf_status use_key(struct db *db, const struct wallet_new *w, struct wallet_row *row,
                         struct hf_err *err)
{
	struct key_row key;

	HF_TRY(key_get(db, w->org_id, w->key_id, &key, err));
	HF_TRY(check_key(w, &key, err));
	row->status = WALLET_ACTIVE;
	return put_address(w->network, key.type, HF_SPAN(key.public_key.bytes, key.public_key.len),
	                   row->address);
}

static hf_status make_key(struct jobs *jobs, struct db *db, const struct wallet_new *w,
                          struct wallet_row *row, struct hf_err *err)
{
	enum key_type type = w->type ? w->type : chain_default_key(w->network->chain);
	const struct key_new key = {
		.id = w->key_id,
		.org_id = w->org_id,
		.identity_id = w->identity_id,
		.store_id = w->store_id,
		.scheme = key_scheme_name(type),
		.curve = key_curve_name(type),
		.type = type,
		.name = "",
		.proof = w->proof,
		.now_ms = w->now_ms,
	};

	HF_TRY(check_type(w, type, err));
	row->status = WALLET_CREATING;
	return key_create(jobs, db, &key, err);
}

struct search {
	const char *network;
	char id[HF_ID_MAX];
};

static hf_status find_on(void *ctx, const struct wallet_row *row)
{
	struct search *s = ctx;

	if (strcmp(row->network, s->network) == 0)
		memcpy(s->id, row->id, sizeof(s->id));
	return HF_SUCCESS;
}

static hf_status refuse_second(struct db *db, const struct wallet_new *w, struct hf_err *err)
{
	struct search s = { .network = w->network->name };

	HF_TRY(wallet_rows_of_key(db, w->key_id, find_on, &s));
	return hf_fail(err, HF_EXISTS,
	               "key %s has a wallet on network %s already: %s. Use that one, or leave out "
	               "signingKey.id for a wallet with a key of its own",
	               w->key_id, w->network->name, s.id);
}

static void fill_row(const struct wallet_new *w, struct wallet_row *row)
{
	row->created_ms = w->now_ms;
	snprintf(row->org_id, sizeof(row->org_id), "%s", w->org_id);
	snprintf(row->key_id, sizeof(row->key_id), "%s", w->key_id);
	snprintf(row->network, sizeof(row->network), "%s", w->network->name);
	snprintf(row->name, sizeof(row->name), "%s", w->name);
	snprintf(row->external_id, sizeof(row->external_id), "%s", w->external_id);
	snprintf(row->created_by, sizeof(row->created_by), "%s", w->identity_id);
}

hf_status wallet_create(struct jobs *jobs, struct db *db, const struct wallet_new *w,
                        char ret[HF_ID_MAX], struct hf_err *err)
{
	struct wallet_row row = { 0 };
	hf_status s;

	if (w->reuse)
		HF_TRY(use_key(db, w, &row, err));
	else
		HF_TRY(make_key(jobs, db, w, &row, err));
	fill_row(w, &row);
	HF_TRY(wallet_id_new(w->key_id, w->network->name, row.id));
	s = wallet_row_insert(db, &row, w->proof);
	if (s.code == HF_EXISTS)
		return refuse_second(db, w, err);
	HF_TRY(s);
	for (size_t i = 0; i < w->n_tags; i++)
		HF_TRY(wallet_tag_add(db, row.id, w->tags[i]));
	if (w->reuse)
		HF_TRY(tell(db, w->org_id, row.id, "wallet.created", w->now_ms));
	memcpy(ret, row.id, HF_ID_MAX);
	return HF_SUCCESS;
}

hf_status wallet_get(struct db *db, const char *org_id, const char *id, struct wallet_row *ret,
                     struct hf_err *err)
{
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid(WALLET_ID_PREFIX, id))
		s = wallet_row_get(db, org_id, id, ret);
	if (s.code == HF_NOTFOUND ||
	    (hf_ok(s) && ret->status != WALLET_ACTIVE && ret->status != WALLET_ARCHIVED))
		return hf_fail(err, HF_NOTFOUND, "wallet not found");
	return s;
}

/* "" is the same as none. */
static void change_text(bool set, const char *to, char *at, size_t cap)
{
	if (set)
		snprintf(at, cap, "%s", to ? to : "");
}

hf_status wallet_change(struct db *db, const char *org_id, const char *id,
                        const struct wallet_change *c, struct wallet_row *ret, struct hf_err *err)
{
	struct wallet_row row;

	HF_TRY(wallet_get(db, org_id, id, &row, err));
	change_text(c->set_name, c->name, row.name, sizeof(row.name));
	change_text(c->set_external_id, c->external_id, row.external_id, sizeof(row.external_id));
	HF_TRY(wallet_row_update(db, id, *row.name ? row.name : NULL,
	                         *row.external_id ? row.external_id : NULL));
	*ret = row;
	return HF_SUCCESS;
}

hf_status wallet_tag(struct db *db, const struct wallet_tagging *t, struct hf_err *err)
{
	struct wallet_row row;
	int64_t n;

	HF_TRY(wallet_get(db, t->org_id, t->id, &row, err));
	for (size_t i = 0; i < t->n_tags; i++)
		HF_TRY(t->remove ? wallet_tag_remove(db, t->id, t->tags[i])
		                 : wallet_tag_add(db, t->id, t->tags[i]));
	HF_TRY(wallet_tags_count(db, t->id, &n));
	if (n > WALLET_TAGS_MAX)
		return hf_fail(err, HF_TOOBIG,
		               "a wallet has at most %d tags, and this would be %lld: remove some",
		               WALLET_TAGS_MAX, (long long)n);
	return tell(db, t->org_id, t->id, "wallet.tags.modified", t->now_ms);
}

/* A new key has one wallet, or none. */
static hf_status find_creating(void *ctx, const struct wallet_row *row)
{
	struct wallet_row *found = ctx;

	if (row->status == WALLET_CREATING)
		*found = *row;
	return HF_SUCCESS;
}

static hf_status find_address(struct wallet_row *wallet, enum key_type type,
                              struct hf_span public_key)
{
	const struct chain_network *network;

	HF_TRY(chain_network_find(wallet->network, &network, NULL));
	return put_address(network, type, public_key, wallet->address);
}

hf_status wallets_key_made(struct db *db, const char *org_id, const char *key_id,
                           enum key_type type, struct hf_span public_key, int64_t now_ms)
{
	struct wallet_row wallet = { 0 };
	hf_status s;

	HF_TRY(wallet_rows_of_key(db, key_id, find_creating, &wallet));
	if (!*wallet.id)
		return HF_SUCCESS;
	s = find_address(&wallet, type, public_key);
	if (!hf_ok(s)) { /* an older server that does not know the network, or not enough memory */
		HF_ERROR("a wallet's address cannot be computed", HF_KS("wallet", wallet.id),
		         HF_KS("network", wallet.network), HF_KS("reason", hf_code_name(s.code)));
		return wallet_rows_failed(db, key_id);
	}
	HF_TRY(wallet_row_made(db, wallet.id, wallet.address));
	return tell(db, org_id, wallet.id, "wallet.created", now_ms);
}

hf_status wallets_key_failed(struct db *db, const char *key_id)
{
	return wallet_rows_failed(db, key_id);
}

hf_status wallets_key_archived(struct db *db, const char *key_id, int64_t now_ms)
{
	return wallet_rows_archive(db, key_id, now_ms);
}
