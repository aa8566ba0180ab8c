/* SPDX-License-Identifier: Apache-2.0
 * Any body, on a wallet of each chain and on keys: what is prepared can be encoded and assembled,
 * and says the same when it is prepared again. */
#include "fuzz_chain.h"

#define BODY_MAX (1u << 20)

static const char *key_of(enum key_type type)
{
	return type == KEY_ED25519
	               ? "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
	               : "024bc2a31265153f07e70e0bab08724e6b85e217f8cd628ceb62974247bb493382";
}

static void sign(const struct chain_request *r, const struct chain_plan *plan)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(CHAIN_ENCODED_MAX);
	struct signature signature = { .len = 64 };

	memset(signature.bytes, 0xab, 64);
	FUZZ_CHECK(hf_ok(chain_encode(r, &signature, &encoded)));
	fuzz_chain_assemble(r, plan);
}

static void run(const struct json_t *body, const struct chain_network *network, enum key_type type)
{
	HF_BUF_SCOPED struct hf_buf key = HF_BUF(PUBLIC_KEY_MAX);
	struct chain_plan plan = { 0 }, again = { 0 };
	struct hf_err err = { 0 };
	struct chain_request r;

	FUZZ_CHECK(hf_ok(hf_unhex(hf_span_text(key_of(type)), &key)));
	if (!hf_ok(chain_request_read(body, network, type, hf_buf_span(&key), &r, &err)) ||
	    !hf_ok(chain_prepare(&r, &plan, &err))) {
		FUZZ_CHECK(err.text[0]);
		return;
	}
	FUZZ_CHECK(plan.n_inputs > 0);
	FUZZ_CHECK(hf_ok(chain_prepare(&r, &again, NULL)));
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&plan.bytes), hf_buf_span(&again.bytes)));
	sign(&r, &plan);
	chain_plan_done(&plan);
	chain_plan_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	JSON_SCOPED struct json_t *body = NULL;
	const struct chain *last = NULL;

	if (!hf_ok(json_parse(HF_SPAN(data, size), BODY_MAX, &body, NULL)))
		return 0;
	run(body, NULL, KEY_SECP256K1);
	run(body, NULL, KEY_ED25519);
	for (size_t i = 0; i < chain_network_count; i++) {
		const struct chain_network *n = &chain_networks[i];

		if (n->chain == last)
			continue;
		last = n->chain;
		if (chain_takes_key(n->chain, KEY_SECP256K1))
			run(body, n, KEY_SECP256K1);
		if (chain_takes_key(n->chain, KEY_ED25519))
			run(body, n, KEY_ED25519);
	}
	return 0;
}
