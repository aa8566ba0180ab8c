/* SPDX-License-Identifier: Apache-2.0
 * Which token a request to open a slot means, among those that the module shows. Tokens move: some
 * modules number their slots anew when a token is initialised, or when another one goes. */
#ifndef HF_GATEWAY_CHOOSE_H
#define HF_GATEWAY_CHOOSE_H

#include "hsmhost/task.h"
#include "op/slot_link.h"

/* The token in the slot, where it is the expected one or any will do; otherwise the expected one,
 * wherever it is now. HF_NOTFOUND: no token in the slot; HF_EXISTS: another one in it, and the
 * expected one nowhere. Words name all that there are. */
HF_MUST hf_status choose_token(const struct hsmhost_tokens *tokens, const struct slot_open *open,
                               struct hsmhost_token *ret, struct hf_err *err);

#define SLOT_SELECTOR_MAX 256
/* How the signers find it (p11/slot.h): by its serial number, so that they follow it, where that is
 * its alone. */
void choose_selector(const struct hsmhost_tokens *tokens, const struct hsmhost_token *token,
                     char to[SLOT_SELECTOR_MAX]);

#endif
