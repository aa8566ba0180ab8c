/* SPDX-License-Identifier: Apache-2.0
 * What a transaction pays, for the chains' files: a function that reads it adds payments as it goes
 * and gives up, with any code, at the first thing that it does not know. */
#ifndef HF_CHAIN_INTENT_H
#define HF_CHAIN_INTENT_H

#include "chain/rules.h"

/* A payment of the chain's own coin. `to` is text. HF_TOOBIG. */
HF_MUST hf_status intent_pay(struct chain_plan *plan, struct hf_span to, uint64_t amount);
/* Takes what such a function returned: the plan is readable when it got to the end. Only HF_NOMEM
 * is passed on. */
HF_MUST hf_status intent_judge(struct chain_plan *plan, hf_status read);

#endif
