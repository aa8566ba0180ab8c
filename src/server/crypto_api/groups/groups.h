/* SPDX-License-Identifier: Apache-2.0
 * What the files of this folder have in common. */
#ifndef HF_SERVER_CRYPTO_API_GROUPS_GROUPS_H
#define HF_SERVER_CRYPTO_API_GROUPS_GROUPS_H

#include "server/core/groups/group_changes.h"
#include "server/crypto_api/call.h"

/* A Group of the Crypto API. What stands in `connection` of each entry of `hmg`, and `key_store`,
 * is ours: how the connection is, as this server sees it, and the pool that the keys are in. */
void group_print(struct json_writer *w, const struct core *core, const struct group *g);

/* May he connect a group to an HSM that has no connection yet? Whoever may, has this server connect
 * to whatever he names. Administrators of the account. HF_DENIED with words. */
HF_MUST hf_status group_may_connect(const struct principal *who, struct hf_err *err);
/* guard_check() for c->who, about a group alone. */
HF_MUST hf_status group_may(struct crypto_call *c, enum guard_act act, const struct group *g);

#endif
