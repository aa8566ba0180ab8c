/* SPDX-License-Identifier: Apache-2.0
 * Whether one policy is about an activity, and whether its rule triggers. For judge.c. */
#ifndef HF_SERVER_CORE_POLICIES_POLICY_JUDGE_H
#define HF_SERVER_CORE_POLICIES_POLICY_JUDGE_H

#include "server/core/policies/policy.h"

#define POLICY_REASON_MAX 240

/* A wallet of the key that would sign, with one of its tags; "": it has none. One row for each tag.
 */
struct key_wallet {
	char id[HF_ID_MAX];
	char tag[404];
};
struct key_wallets {
	bool loaded;
	struct key_wallet *rows; /* those of one wallet together */
	size_t n;
};

/* A filter on wallets is about their keys: it holds for every request on a key of which any wallet
 * is named, whichever wallet the request came through. A signature is the key's, and means the same
 * on each of its networks. */
bool policy_is_about(const struct policy *p, const struct activity *a, const struct key_wallets *w);

struct rule_outcome {
	bool triggered;
	char reason[POLICY_REASON_MAX]; /* for people */
};

/* Triggers whatever cannot be read. Velocities ask the database; the account of the key is locked.
 */
HF_MUST hf_status policy_rule_judge(struct db *db, const struct policy_rule *r,
                                    const struct activity *a, struct rule_outcome *ret);

/* What a readable plan pays in all, in its network's coin: false when that cannot be said. */
bool plan_total(const struct activity *a, struct chain_amount *ret);

#endif
