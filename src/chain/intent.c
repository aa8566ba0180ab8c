/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/intent.h"

hf_status intent_pay(struct chain_plan *plan, struct hf_span to, uint64_t amount)
{
	struct chain_transfer t = { .native = true, .amount = chain_amount_u64(amount) };

	HF_TRY(hf_span_to_text(to, t.to, sizeof(t.to)));
	return plan_add_transfer(plan, &t);
}

hf_status intent_judge(struct chain_plan *plan, hf_status read)
{
	HF_ENSURE(read.code != HF_NOMEM, HF_NOMEM);
	plan->readable = hf_ok(read);
	return HF_SUCCESS;
}
