/* SPDX-License-Identifier: Apache-2.0
 * Cryptographic policies and approval policies of groups, as callers send them. What is taken is a
 * tree whose every member is in it once, and answers every question. */
#include "fuzz.h"

#include "server/core/access/crypto_policy.h"
#include "server/core/access/quorum.h"

static void check_quorum(const struct quorum_policy *p)
{
	size_t next = 1;

	FUZZ_CHECK(p->n_nodes >= 1 && p->n_nodes <= QUORUM_NODES_MAX);
	for (size_t i = 0; i < p->n_nodes; i++) {
		const struct quorum_node *n = &p->nodes[i];

		if (n->kind != QUORUM_OF) {
			FUZZ_CHECK(hf_uuid_valid(n->id));
			continue;
		}
		FUZZ_CHECK(n->need >= 1 && n->need <= n->count);
		FUZZ_CHECK(n->first > i && n->first + n->count <= p->n_nodes);
		next += n->count;
	}
	FUZZ_CHECK(next == p->n_nodes);
	FUZZ_CHECK(quorum_protects(p, ACT_GROUP_POLICIES));
	FUZZ_CHECK(!quorum_protects(p, ACT_COUNT_));
}

static void check_crypto(const struct crypto_policy *p)
{
	struct object_row key = { .bits = 2048, .uses = ~0u };
	struct key_shape shape = { .bits = 2048, .uses = USE_SIGN };
	const struct crypto_op op = { .kind = CRYPTO_SIGN, .mech = { .mode = MODE_RSA_PSS } };

	for (int type = 1; type <= OBJECT_TYPE_MAX; type++) {
		hf_status made, used;

		key.type = shape.type = (enum object_type)type;
		made = crypto_policy_key(p, &shape, NULL);
		used = crypto_policy_use(p, &key, USE_SIGN, NULL, NULL);
		FUZZ_CHECK(!hf_ok(made) || hf_ok(used));
		hf_ignore(crypto_policy_use(p, &key, USE_SIGN, &op, NULL));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_CLEANUP(quorum_policy_free_at) struct quorum_policy *quorum = NULL;
	HF_CLEANUP(crypto_policy_free_at) struct crypto_policy *crypto = NULL;
	struct hf_err err;

	if (hf_ok(quorum_policy_parse(HF_SPAN(data, size), &quorum, &err)))
		check_quorum(quorum);
	quorum_policy_free(hf_take(quorum));
	if (hf_ok(quorum_account_parse(HF_SPAN(data, size), &quorum, &err)))
		check_quorum(quorum);
	if (hf_ok(crypto_policy_parse(HF_SPAN(data, size), "group", &crypto, &err)))
		check_crypto(crypto);
	return 0;
}
