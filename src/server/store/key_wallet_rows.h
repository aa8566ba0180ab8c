/* SPDX-License-Identifier: Apache-2.0
 * The wallets of a key with their tags, for the filters of policies. */
#ifndef HF_SERVER_STORE_KEY_WALLET_ROWS_H
#define HF_SERVER_STORE_KEY_WALLET_ROWS_H

#include "db/db.h"

/* One call for each tag, and one with tag "" for a wallet without any; those of one wallet follow
 * each other. */
typedef hf_status (*key_wallet_fn)(void *ctx, const char *wallet_id, const char *tag);
HF_MUST hf_status key_wallet_rows_each(struct db *db, const char *key_id, key_wallet_fn fn,
                                       void *ctx);

#endif
