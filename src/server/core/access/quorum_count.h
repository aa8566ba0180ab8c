/* SPDX-License-Identifier: Apache-2.0
 * Have enough different people approved? A person, or an app, counts in one place of the tree
 * alone, wherever he stands besides: a policy is met when those who have approved can be put into
 * its places, each into one of his own, so that the tree is. */
#ifndef HF_SERVER_CORE_ACCESS_QUORUM_COUNT_H
#define HF_SERVER_CORE_ACCESS_QUORUM_COUNT_H

#include "server/core/access/quorum.h"

/* So many ways there may be to put people into their places: of who stands in two there are two,
 * of twelve such people 4096. All are looked at, so that the answer is certain. */
#define QUORUM_WAYS_MAX 4096

/* `said`: of each node of a user or app, whether he has approved. Of a stored policy with more ways
 * than the limit, fewer are looked at: it may then want somebody more than it had to, never fewer.
 */
bool quorum_is_met(const struct quorum_policy *p, const bool said[QUORUM_NODES_MAX]);

/* What nobody may be asked to meet: HF_INVALID with words, when the policy wants more different
 * people than it names, or its ways are too many. For policies that are set. */
HF_MUST hf_status quorum_count_check(const struct quorum_policy *p, struct hf_err *err);

#endif
