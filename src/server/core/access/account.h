/* SPDX-License-Identifier: Apache-2.0
 * Policies of a whole account. Its approval policy (AccountApprovalPolicy) says whose approval
 * changes of the account need: always those of the policy itself, and those that it names. Its
 * cryptographic policy is the most that any of its groups may allow: both have to allow.
 *
 * Groups carry them in their snapshots (core/groups/group.h), where the guard finds them. */
#ifndef HF_SERVER_CORE_ACCESS_ACCOUNT_H
#define HF_SERVER_CORE_ACCESS_ACCOUNT_H

#include "base/uuid.h"
#include "server/core/access/quorum.h"

struct account_policies {
	char id[HF_UUID_MAX];                         /* the account's: stands for its quorum */
	struct quorum_policy *quorum;                 /* NULL: none */
	struct crypto_policy *crypto;                 /* likewise */
	char *approval_policy, *cryptographic_policy; /* as JSON, or NULL */
};

/* As the database has them now. *ret NULL: the account has none. One that cannot be read (any more)
 * is not as if there were none: HF_CORRUPT. The caller owns *ret. */
HF_MUST hf_status account_policies_read(struct db *db, const char *org_id,
                                        struct account_policies **ret, struct hf_err *err);
void account_policies_free(struct account_policies *a);
HF_DEFINE_CLEANUP(account_policies_free, struct account_policies *)
#define ACCOUNT_POLICIES_SCOPED HF_CLEANUP(account_policies_free_at)

/* May it be done, after the approval of `approved` (a group's id, or the account's; NULL)? `a`
 * NULL: no policy. HF_DENIED with GUARD_QUORUM_TEXT. */
HF_MUST hf_status account_check(const struct account_policies *a, enum account_act act,
                                const char *approved, struct hf_err *err);

#endif
