/* SPDX-License-Identifier: Apache-2.0
 * A group's quorum: whose approval its keys need, and for what. The JSON is the Crypto API's
 * GroupApprovalPolicy: a tree of {"quorum": {"n", "members", "require_password"?, "require_2fa"?}},
 * {"user": id} and {"app": id}, with what it protects next to the root; and, a field of ours,
 * "account_may_replace". */
#ifndef HF_SERVER_CORE_ACCESS_QUORUM_H
#define HF_SERVER_CORE_ACCESS_QUORUM_H

#include "server/core/access/guard.h"

#define QUORUM_JSON_MAX 65536
#define QUORUM_NODES_MAX 256
#define QUORUM_DEPTH_MAX 8

enum quorum_kind { QUORUM_OF, QUORUM_USER, QUORUM_APP };

struct quorum_node {
	enum quorum_kind kind;
	unsigned need;        /* QUORUM_OF: so many of its members */
	size_t first, count;  /* its members: nodes[first] and those that follow */
	bool password;        /* its members have to show theirs once more */
	bool factor;          /* and their second factors */
	char id[HF_UUID_MAX]; /* of the user or app */
};

struct quorum_policy {
	uint64_t acts;         /* a bit of each enum guard_act that needs it */
	unsigned account_acts; /* of an account's: of each enum account_act */
	bool has_heir;         /* of a group's: once it cannot be met, its account's replaces it */
	size_t n_nodes;
	struct quorum_node nodes[]; /* the root first */
};

/* What an account's policy can guard besides changes of groups. */
enum account_act {
	ACCOUNT_APPROVAL_POLICY, /* always */
	ACCOUNT_CRYPTO_POLICY,
	ACCOUNT_AUTHENTICATION, /* how people prove themselves */
	ACCOUNT_LOGGING,
	ACCOUNT_ROLES,
	ACCOUNT_NEW_GROUP,
};

/* Strict: an unknown member, a quorum that its members cannot reach, or a tree beyond the limits
 * above is HF_INVALID with words. A policy that says nothing of what it protects protects
 * everything that it can. The caller owns *ret. */
HF_MUST hf_status quorum_policy_parse(struct hf_span json, struct quorum_policy **ret,
                                      struct hf_err *err);
/* The same of an account's, AccountApprovalPolicy: {"policy": the tree, "manage_groups"?,
 * "protect_authentication_methods"?, "protect_cryptographic_policy"?, "protect_logging_config"?,
 * "protect_custom_role_updates"?}. It always protects itself. */
HF_MUST hf_status quorum_account_parse(struct hf_span json, struct quorum_policy **ret,
                                       struct hf_err *err);
void quorum_policy_free(struct quorum_policy *p);
HF_DEFINE_CLEANUP(quorum_policy_free, struct quorum_policy *)

/* An account's policy that guards groups ("manage_groups"); NULL: no. */
bool quorum_guards_groups(const struct quorum_policy *account);

bool quorum_protects(const struct quorum_policy *p, enum guard_act act);

#endif
