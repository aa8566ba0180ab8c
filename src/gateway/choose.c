/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/choose.h"

#include <stdio.h>
#include <string.h>

static const struct hsmhost_token *in_slot(const struct hsmhost_tokens *tokens, uint64_t slot)
{
	for (size_t i = 0; i < tokens->n; i++)
		if (tokens->list[i].slot == slot)
			return &tokens->list[i];
	return NULL;
}

static size_t count_serial(const struct hsmhost_tokens *tokens, const char *serial,
                           const struct hsmhost_token **ret_last)
{
	size_t n = 0;

	for (size_t i = 0; i < tokens->n; i++)
		if (strcmp(tokens->list[i].serial, serial) == 0) {
			*ret_last = &tokens->list[i];
			n++;
		}
	return n;
}

static void list(const struct hsmhost_tokens *tokens, char *to, size_t cap)
{
	size_t len = 0;

	snprintf(to, cap, "no token at all");
	for (size_t i = 0; i < tokens->n && len + 1 < cap; i++) {
		const struct hsmhost_token *t = &tokens->list[i];

		len += (size_t)snprintf(to + len, cap - len, "%sslot %llu: %s (serial %s)",
		                        i ? ", " : "", (unsigned long long)t->slot, t->label,
		                        t->serial);
	}
}

hf_status choose_token(const struct hsmhost_tokens *tokens, const struct slot_open *open,
                       struct hsmhost_token *ret, struct hf_err *err)
{
	const struct hsmhost_token *here = in_slot(tokens, open->slot), *there = NULL;
	unsigned long long slot = open->slot;
	char all[700];

	if (here && (!open->serial[0] || strcmp(here->serial, open->serial) == 0)) {
		*ret = *here;
		return HF_SUCCESS;
	}
	if (open->serial[0] && count_serial(tokens, open->serial, &there) == 1) {
		*ret = *there;
		return HF_SUCCESS;
	}
	list(tokens, all, sizeof(all));
	if (!here)
		return hf_fail(err, HF_NOTFOUND, "there is no token in slot %llu; there is: %s",
		               slot, all);
	return hf_fail(err, HF_EXISTS,
	               "slot %llu holds token %s with the serial number %s, not the one with %s, "
	               "which is in no slot; there is: %s",
	               slot, here->label, here->serial, open->serial, all);
}

/* What a selector can say: p11/slot.h takes a serial number as it is. */
static bool is_plain(const char *serial)
{
	for (const char *p = serial; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return false;
	return serial[0] != 0;
}

void choose_selector(const struct hsmhost_tokens *tokens, const struct hsmhost_token *token,
                     char to[SLOT_SELECTOR_MAX])
{
	const struct hsmhost_token *last;

	if (is_plain(token->serial) && count_serial(tokens, token->serial, &last) == 1)
		snprintf(to, SLOT_SELECTOR_MAX, "serial:%s", token->serial);
	else
		snprintf(to, SLOT_SELECTOR_MAX, "number:%llu", (unsigned long long)token->slot);
}
