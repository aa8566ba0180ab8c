/* SPDX-License-Identifier: Apache-2.0
 * Wallets: a key on a network, with an address, a name and tags. A key has at most one on each
 * network. A wallet's id commits to its key and network (proof/wallet_id.h). One that is made with
 * a new key is not shown before an HSM has made that. Inside a task of the database's; wallets of
 * other organisations are not found, as if they did not exist. */
#ifndef HF_SERVER_CORE_KEYS_WALLETS_H
#define HF_SERVER_CORE_KEYS_WALLETS_H

#include "chain/chain.h"
#include "server/core/queue/jobs.h"
#include "server/store/wallet_rows.h"

struct wallet_new {
	const char *org_id, *identity_id;
	const struct chain_network *network;
	const char *key_id;      /* an existing key, or the id that a new one gets */
	bool reuse;              /* it exists */
	enum key_type type;      /* of a new key; 0: the network's default. Of an existing one:
	                            what it has to be, unless 0 */
	const char *store_id;    /* likewise: "" for the primary one, or any */
	const char *name;        /* "": none */
	const char *external_id; /* "": none; a label */
	const char *const *tags;
	size_t n_tags;
	struct hf_span proof;
	int64_t now_ms;
};

/* Row, and the job of a new key, whose id is the one to wait for; *ret is the wallet's id.
 * HF_NOTFOUND: no such key or key store; HF_EXISTS: the key has a wallet on the network; HF_STATE:
 * the key is archived; HF_INVALID: not a key for this network; all with words. */
HF_MUST hf_status wallet_create(struct jobs *jobs, struct db *db, const struct wallet_new *wallet,
                                char ret[HF_ID_MAX], struct hf_err *err);
/* One that is shown. HF_NOTFOUND with words. */
HF_MUST hf_status wallet_get(struct db *db, const char *org_id, const char *id,
                             struct wallet_row *ret, struct hf_err *err);

struct wallet_change {
	bool set_name, set_external_id;
	const char *name, *external_id; /* NULL: cleared */
};
HF_MUST hf_status wallet_change(struct db *db, const char *org_id, const char *id,
                                const struct wallet_change *change, struct wallet_row *ret,
                                struct hf_err *err);

struct wallet_tagging {
	const char *org_id, *id;
	bool remove;
	const char *const *tags;
	size_t n_tags;
	int64_t now_ms;
};
/* HF_TOOBIG with words: more than WALLET_TAGS_MAX; HF_NOTFOUND. */
HF_MUST hf_status wallet_tag(struct db *db, const struct wallet_tagging *t, struct hf_err *err);

/* A key was made, could not be made, or was archived: so are its wallets. */
HF_MUST hf_status wallets_key_made(struct db *db, const char *org_id, const char *key_id,
                                   enum key_type type, struct hf_span public_key, int64_t now_ms);
HF_MUST hf_status wallets_key_failed(struct db *db, const char *key_id);
HF_MUST hf_status wallets_key_archived(struct db *db, const char *key_id, int64_t now_ms);

#endif
