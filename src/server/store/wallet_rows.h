/* SPDX-License-Identifier: Apache-2.0
 * The rows of tables `wallets` and `wallet_tags`: one query, one function. What a wallet is, is
 * core/keys/wallets.h's. */
#ifndef HF_SERVER_STORE_WALLET_ROWS_H
#define HF_SERVER_STORE_WALLET_ROWS_H

#include "server/store/key_rows.h"
#include "server/store/signature_rows.h"

#define WALLET_NAME_CHARS 100
#define WALLET_NAME_MAX (4 * WALLET_NAME_CHARS + 1)
#define WALLET_ADDRESS_MAX 161
#define WALLET_TAG_CHARS 100
#define WALLET_TAGS_MAX 50
#define WALLET_TAGS_TEXT_MAX (WALLET_TAGS_MAX * (WALLET_TAG_CHARS + 1))

/* Stored by name: append only. */
enum wallet_status {
	WALLET_CREATING, /* its key is being made: not shown */
	WALLET_ACTIVE,
	WALLET_ARCHIVED,
	WALLET_FAILED, /* its key could not be made: not shown */
};
const char *wallet_status_name(enum wallet_status s); /* "Active" */

struct wallet_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char key_id[HF_ID_MAX];
	char network[NETWORK_NAME_MAX];
	char address[WALLET_ADDRESS_MAX]; /* "": the network has none, or not yet */
	char name[WALLET_NAME_MAX];       /* "": none */
	char external_id[WALLET_NAME_MAX];
	enum wallet_status status;
	char created_by[HF_ID_MAX];
	int64_t created_ms, deleted_ms; /* 0: not deleted */
	/* Of its key; only read. */
	char scheme[16], curve[16];
	struct public_key public_key;
	char tags[WALLET_TAGS_TEXT_MAX]; /* sorted, with commas between; only read */
};

/* HF_EXISTS: the key has a wallet on this network; nothing is changed. */
HF_MUST hf_status wallet_row_insert(struct db *db, const struct wallet_row *row,
                                    struct hf_span proof);
/* HF_NOTFOUND: no such wallet in this organisation. */
HF_MUST hf_status wallet_row_get(struct db *db, const char *org_id, const char *id,
                                 struct wallet_row *ret);
/* What signing needs: id, key_id, network and status. HF_NOTFOUND. */
HF_MUST hf_status wallet_row_signer(struct db *db, const char *org_id, const char *id,
                                    struct wallet_row *ret);
typedef hf_status (*wallet_row_fn)(void *ctx, const struct wallet_row *row);
/* Shown wallets, newest first, after the id `after` ("": from the newest), at most `limit`. */
HF_MUST hf_status wallet_rows_list(struct db *db, const char *org_id, const char *after, int limit,
                                   wallet_row_fn fn, void *ctx);
/* All of a key, in any state; of each row id, network and status. */
HF_MUST hf_status wallet_rows_of_key(struct db *db, const char *key_id, wallet_row_fn fn,
                                     void *ctx);
/* NULL clears. */
HF_MUST hf_status wallet_row_update(struct db *db, const char *id, const char *name,
                                    const char *external_id);
/* From WALLET_CREATING only. Posted. */
HF_MUST hf_status wallet_row_made(struct db *db, const char *id, const char *address);
/* The wallets of a key that could not be made, or was archived. Posted. */
HF_MUST hf_status wallet_rows_failed(struct db *db, const char *key_id);
HF_MUST hf_status wallet_rows_archive(struct db *db, const char *key_id, int64_t now);

/* Adding one that is there, or removing one that is not, is fine. */
HF_MUST hf_status wallet_tag_add(struct db *db, const char *wallet_id, const char *tag);
HF_MUST hf_status wallet_tag_remove(struct db *db, const char *wallet_id, const char *tag);
HF_MUST hf_status wallet_tags_count(struct db *db, const char *wallet_id, int64_t *ret);

#endif
