/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/rules.h"

#include <stdlib.h>
#include <string.h>

void chain_plan_done(struct chain_plan *p)
{
	if (!p)
		return;
	hf_buf_done(&p->bytes);
	free(p->transfers);
	memset(p, 0, sizeof(*p));
}

struct hf_span chain_plan_input(const struct chain_plan *p, size_t i)
{
	if (i >= p->n_inputs)
		return (struct hf_span){ 0 };
	return HF_SPAN(p->bytes.ptr ? p->bytes.ptr + p->inputs[i].at : NULL, p->inputs[i].len);
}

hf_status plan_add_input(struct chain_plan *plan, struct hf_span input)
{
	struct chain_input at = { (uint32_t)plan->bytes.len, (uint32_t)input.len };

	HF_ENSURE(plan->n_inputs < CHAIN_INPUTS_MAX && input.len <= SIGN_INPUT_MAX, HF_TOOBIG);
	plan->bytes.max = SIGN_INPUT_MAX;
	hf_buf_put(&plan->bytes, input.ptr, input.len);
	HF_TRY(hf_buf_status(&plan->bytes));
	plan->inputs[plan->n_inputs++] = at;
	return HF_SUCCESS;
}

hf_status plan_add_transfer(struct chain_plan *plan, const struct chain_transfer *t)
{
	size_t n = plan->n_transfers;

	HF_ENSURE(n < CHAIN_TRANSFERS_MAX, HF_TOOBIG);
	if ((n & (n - 1)) == 0) { /* 0, 1, 2, 4 …: full */
		struct chain_transfer *more =
		        realloc(plan->transfers, (n ? 2 * n : 1) * sizeof(*more));

		HF_ENSURE(more, HF_NOMEM);
		plan->transfers = more;
	}
	plan->transfers[plan->n_transfers++] = *t;
	return HF_SUCCESS;
}

hf_status plan_own_address(const struct chain_request *r, char to[CHAIN_ADDRESS_MAX])
{
	HF_BUF_SCOPED struct hf_buf address = HF_BUF(CHAIN_ADDRESS_MAX - 1);

	HF_ENSURE(r->network && r->network->chain->address, HF_NOTFOUND);
	HF_TRY(chain_address(r->network, r->key_type, r->public_key, &address));
	return hf_span_to_text(hf_buf_span(&address), to, CHAIN_ADDRESS_MAX);
}
