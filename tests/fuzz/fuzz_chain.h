/* SPDX-License-Identifier: Apache-2.0
 * Bytes from outside as a transaction, through everything that is done with one: what is prepared
 * can be assembled, and says the same when it is prepared again. */
#ifndef HF_TESTS_FUZZ_CHAIN_H
#define HF_TESTS_FUZZ_CHAIN_H

#include "fuzz.h"

#include "base/text.h"
#include "chain/chain.h"

#include <string.h>

struct fuzz_chain {
	const char *network;
	enum key_type type;
	const char *public_key; /* hex: that of the corpus */
	const char *kind, *field;
};

static inline struct json_t *fuzz_chain_body(const struct fuzz_chain *f, struct hf_span data)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(4u << 20);
	struct json_t *body = NULL;

	hf_buf_printf(&text, "{\"kind\":\"%s\",\"%s\":\"", f->kind, f->field);
	hf_buf_hex(&text, data);
	hf_buf_text(&text, "\"}");
	return hf_ok(json_parse(hf_buf_span(&text), text.max, &body, NULL)) ? body : NULL;
}

static inline void fuzz_chain_assemble(const struct chain_request *r, const struct chain_plan *plan)
{
	static struct signature signatures[CHAIN_INPUTS_MAX];
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(CHAIN_SIGNED_DATA_MAX);

	for (size_t i = 0; i < plan->n_inputs; i++) {
		memset(signatures[i].bytes, 0xab, 64);
		signatures[i].len = 64;
	}
	FUZZ_CHECK(hf_ok(chain_assemble(r, plan, signatures, plan->n_inputs, &data)));
	for (size_t i = 0; i < plan->n_transfers; i++)
		FUZZ_CHECK(strlen(plan->transfers[i].to) > 0);
}

static inline void fuzz_chain(const struct fuzz_chain *f, struct hf_span data)
{
	HF_BUF_SCOPED struct hf_buf key = HF_BUF(PUBLIC_KEY_MAX);
	const struct chain_network *network;
	struct chain_plan plan = { 0 }, again = { 0 };
	struct chain_request r;
	JSON_SCOPED struct json_t *body = fuzz_chain_body(f, data);

	FUZZ_CHECK(hf_ok(chain_network_find(f->network, &network, NULL)));
	FUZZ_CHECK(hf_ok(hf_unhex(hf_span_text(f->public_key), &key)));
	if (!body ||
	    !hf_ok(chain_request_read(body, network, f->type, hf_buf_span(&key), &r, NULL)))
		return;
	if (!hf_ok(chain_prepare(&r, &plan, NULL)))
		return;
	FUZZ_CHECK(hf_ok(chain_prepare(&r, &again, NULL)));
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&plan.bytes), hf_buf_span(&again.bytes)));
	fuzz_chain_assemble(&r, &plan);
	chain_plan_done(&plan);
	chain_plan_done(&again);
}

#endif
