/* SPDX-License-Identifier: Apache-2.0
 * Which token: "label:NAME", "serial:NUMBER", "number:N" (the slot's), an RFC 7512 URI
 * ("pkcs11:token=NAME;serial=…"), or "" for the only token there is. Exactly one has to match: a
 * guess among tokens would make keys in the wrong HSM. */
#ifndef HF_P11_SLOT_H
#define HF_P11_SLOT_H

#include "p11/module.h"

/* Texts are without the padding that PKCS#11 puts behind them. "" and false: any. */
struct slot_selector {
	char label[33];
	char manufacturer[33];
	char model[17];
	char serial[17];
	bool by_number;
	CK_SLOT_ID number;
};

struct p11_token {
	CK_SLOT_ID slot;
	char label[33];
	char manufacturer[33];
	char model[17];
	char serial[17];
	CK_FLAGS flags;
	char description[112]; /* "label, manufacturer model serial" */
};

/* HF_INVALID with words: unknown form, too long, not a number, a URI that is malformed, names an
 * object or carries a PIN. */
HF_MUST hf_status slot_selector_parse(const char *text, struct slot_selector *ret,
                                      struct hf_err *err);
bool slot_selector_matches(const struct slot_selector *s, const struct p11_token *token);

/* From what C_GetTokenInfo gave. Unprintable bytes become '?'. */
void p11_token_describe(CK_SLOT_ID slot, const CK_TOKEN_INFO *info, struct p11_token *ret);

/* The one token that matches, already initialised by its tools. HF_NOTFOUND or HF_INVALID
 * (several), with the list of tokens that there are; or by p11/rv.h. */
HF_MUST hf_status p11_slot_find(const struct p11_module *m, const char *selector,
                                struct p11_token *ret, struct hf_err *err);

/* All initialised tokens, in the module's order. HF_TOOBIG beyond `max`; or by p11/rv.h. */
HF_MUST hf_status p11_slot_list(const struct p11_module *m, struct p11_token *to, size_t max,
                                size_t *ret_n, struct hf_err *err);

#endif
