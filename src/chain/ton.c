/* SPDX-License-Identifier: Apache-2.0
 * TON: the message of a wallet contract, as a bag of cells, whose representation hash is signed.
 * What a wallet's address is depends on the contract that its owner chooses, so there are none
 * here; and what a message does is up to that contract, so no payments are read. */
#include "chain/rules.h"

#include "chain/boc.h"

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	static const char *const names[] = { "message" };
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(BOC_MAX);
	uint8_t hash[32];
	hf_status s;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "message", BOC_MAX, &bytes, err));
	s = boc_root_hash(hf_buf_span(&bytes), hash);
	if (s.code == HF_UNSUPPORTED)
		return hf_fail(err, s.code,
		               "field \"message\": only bags of ordinary cells with one root are "
		               "supported");
	if (s.code == HF_INVALID || s.code == HF_TOOBIG)
		return hf_fail(
		        err, s.code,
		        "field \"message\": expected a serialised bag of cells of at most %d "
		        "cells, beginning with b5ee9c72",
		        BOC_CELLS_MAX);
	HF_TRY(s);
	return plan_add_input(plan, HF_SPAN(hash, sizeof(hash)));
}

static const struct chain_rule rules[] = {
	{ CHAIN_MESSAGE, prepare, NULL, NULL },
};

const struct chain chain_ton = {
	.kind = "Ton",
	.keys = { KEY_ED25519 },
	.encode = encode_plain,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
