/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/quorum_count.h"

#include <string.h>

#define SEVERAL_MAX 12 /* 2^12 ways */
_Static_assert(1 << SEVERAL_MAX == QUORUM_WAYS_MAX, "two places each, at least");

struct counting {
	const struct quorum_policy *policy;
	size_t who[QUORUM_NODES_MAX];  /* the first place of whoever stands here */
	bool counts[QUORUM_NODES_MAX]; /* he has approved, and this place may count */
	size_t several[SEVERAL_MAX];   /* by their first places: whose other places may, too */
	size_t n_several;
	bool limited; /* somebody else had several, too */
};

static bool tree_is_met(const struct quorum_policy *p, const bool counts[], size_t at)
{
	const struct quorum_node *node = &p->nodes[at];
	unsigned met = 0;

	if (node->kind != QUORUM_OF)
		return counts[at];
	for (size_t i = 0; i < node->count; i++)
		met += tree_is_met(p, counts, node->first + i);
	return met >= node->need;
}

static void find_who(struct counting *k, size_t at)
{
	const struct quorum_node *nodes = k->policy->nodes;

	k->who[at] = at;
	for (size_t i = 0; i < at && nodes[at].kind != QUORUM_OF; i++)
		if (nodes[i].kind == nodes[at].kind && strcmp(nodes[i].id, nodes[at].id) == 0) {
			k->who[at] = i;
			return;
		}
}

static size_t places_of(const struct counting *k, size_t who)
{
	size_t n = 0;

	for (size_t i = who; i < k->policy->n_nodes; i++)
		n += k->who[i] == who;
	return n;
}

/* Those whose places would make too many ways count in their first one. */
static void begin(struct counting *k, const struct quorum_policy *p, const bool said[])
{
	size_t ways = 1;

	*k = (struct counting){ .policy = p };
	for (size_t i = 0; i < p->n_nodes; i++) {
		find_who(k, i);
		k->counts[i] = p->nodes[i].kind != QUORUM_OF && (!said || said[i]);
	}
	for (size_t i = 0; i < p->n_nodes; i++) {
		size_t places = k->counts[i] && k->who[i] == i ? places_of(k, i) : 0;

		if (places < 2)
			continue;
		if (ways * places <= QUORUM_WAYS_MAX) {
			ways *= places;
			k->several[k->n_several++] = i;
			continue;
		}
		for (size_t j = i + 1; j < p->n_nodes; j++)
			k->counts[j] = k->counts[j] && k->who[j] != i;
		k->limited = true;
	}
}

/* Those before the i-th of several count once, the others wherever they stand, which only makes
 * the tree easier to meet: when it is not met so, no way is left. */
static bool some_way_meets(const struct counting *k, const bool before[], size_t i)
{
	bool counts[QUORUM_NODES_MAX];

	if (!tree_is_met(k->policy, before, 0))
		return false;
	if (i == k->n_several)
		return true;
	for (size_t place = k->several[i]; place < k->policy->n_nodes; place++) {
		if (k->who[place] != k->several[i])
			continue;
		for (size_t at = 0; at < k->policy->n_nodes; at++)
			counts[at] = before[at] && (k->who[at] != k->several[i] || at == place);
		if (some_way_meets(k, counts, i + 1))
			return true;
	}
	return false;
}

bool quorum_is_met(const struct quorum_policy *p, const bool said[QUORUM_NODES_MAX])
{
	struct counting k;

	begin(&k, p, said);
	return some_way_meets(&k, k.counts, 0);
}

hf_status quorum_count_check(const struct quorum_policy *p, struct hf_err *err)
{
	struct counting k;

	begin(&k, p, NULL);
	if (k.limited)
		return hf_fail(
		        err, HF_INVALID,
		        "too many people stand in several of the policy's quorums: there are "
		        "more than %d ways to count them. Name them in fewer",
		        QUORUM_WAYS_MAX);
	if (!some_way_meets(&k, k.counts, 0))
		return hf_fail(
		        err, HF_INVALID,
		        "the policy wants more different people than it names: who stands in "
		        "several of its quorums counts in one of them alone");
	return HF_SUCCESS;
}
