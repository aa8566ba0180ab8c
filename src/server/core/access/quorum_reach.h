/* SPDX-License-Identifier: Apache-2.0
 * Can an approval policy be met, and changed? Of those whom it names, enough different ones have to
 * be there, enabled, with a password, and with a second factor where one is wanted. Who asks does
 * not approve; so of the account's policy there has to be an administrator besides, who asks. For a
 * group's, another administrator can always be made.
 *
 * A policy that cannot be met is not set, and nobody is taken away without whom one could not be.
 * Who is only disabled can be let in again: that makes the policy of a group impossible for a while
 * and is logged, since an administrator has to be able to shut somebody out at once.
 *
 * Inside the transaction that makes the change, after it; it then has the account's lock. Failures
 * come with words. */
#ifndef HF_SERVER_CORE_ACCESS_QUORUM_REACH_H
#define HF_SERVER_CORE_ACCESS_QUORUM_REACH_H

#include "server/core/access/quorum.h"

/* After a policy was set: HF_STATE. No policy: HF_OK. */
HF_MUST hf_status quorum_reach_account(struct db *db, const char *org_id, struct hf_err *err);
HF_MUST hf_status quorum_reach_group(struct db *db, const char *org_id, const char *group_id,
                                     struct hf_err *err);
/* Whose quorum replaces a policy that is lost was there when the policy was set, and stays:
 * otherwise whoever administrates the account could choose it when he needs it. After either was
 * set: HF_STATE, with words that name the groups. */
HF_MUST hf_status quorum_reach_heirs(struct db *db, const char *org_id, struct hf_err *err);
/* *ret: a group has a policy, and it cannot be met now. HF_NOTFOUND: no such group. */
HF_MUST hf_status quorum_reach_is_lost(struct db *db, const char *org_id, const char *group_id,
                                       bool *ret);

struct quorum_leaver {
	const char *org_id, *identity_id;
	bool asked; /* he was an administrator of the account */
	bool rests; /* disabled, and can be enabled again */
};
/* Before: whether he is one. False of who is no user of the Crypto API. */
HF_MUST hf_status quorum_reach_asks(struct db *db, const char *org_id, const char *identity_id,
                                    bool *ret);
/* After somebody was taken away. HF_STATE, with words that name the groups, when a policy that his
 * approval, or his asking, would make possible is not. */
HF_MUST hf_status quorum_reach_without(struct db *db, const struct quorum_leaver *who,
                                       struct hf_err *err);

#endif
