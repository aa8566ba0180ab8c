/* SPDX-License-Identifier: Apache-2.0
 * Bodies of requests on wallets; as bodies.h. */
#ifndef HF_SERVER_SIGNING_API_KEYS_WALLET_BODIES_H
#define HF_SERVER_SIGNING_API_KEYS_WALLET_BODIES_H

#include "chain/chain.h"
#include "server/store/wallet_rows.h"

struct tags_body {
	const char *tags[WALLET_TAGS_MAX];
	size_t n;
};
HF_MUST hf_status read_tags(const struct json_t *body, struct tags_body *ret, struct hf_err *err);

struct create_wallet_body {
	const struct chain_network *network;
	const char *name, *external_id, *store_id, *key_id; /* "" when absent */
	enum key_type type;                                 /* 0: not said */
	struct tags_body tags;
};
HF_MUST hf_status read_create_wallet(const struct json_t *body, struct create_wallet_body *ret,
                                     struct hf_err *err);

struct update_wallet_body {
	bool set_name, set_external_id;
	const char *name, *external_id; /* NULL: cleared */
};
HF_MUST hf_status read_update_wallet(const struct json_t *body, struct update_wallet_body *ret,
                                     struct hf_err *err);

#endif
