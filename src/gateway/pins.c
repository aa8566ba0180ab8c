/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/pins.h"

#include "base/random.h"

#include <string.h>

struct refusals {
	bool used;
	char serial[17];
	uint64_t slot; /* where the token has no serial number */
	unsigned n;
	struct pin_mark pins[PIN_ATTEMPTS_MAX];
};

struct pins {
	uint8_t key[32];
	unsigned attempts;
	struct refusals tokens[PIN_TOKENS_MAX];
};

hf_status pins_new(unsigned attempts, struct pins **ret)
{
	struct pins *p;

	HF_ENSURE(attempts >= 1 && attempts <= PIN_ATTEMPTS_MAX, HF_INVALID);
	p = calloc(1, sizeof(*p));
	HF_ENSURE(p, HF_NOMEM);
	hf_random(p->key, sizeof(p->key));
	p->attempts = attempts;
	*ret = p;
	return HF_SUCCESS;
}

void pins_free(struct pins *p)
{
	if (!p)
		return;
	hf_wipe(p, sizeof(*p));
	free(p);
}

hf_status pins_mark(const struct pins *p, const struct hf_secret *pin, struct pin_mark *ret)
{
	return hmac_sha256(HF_SPAN(p->key, sizeof(p->key)), HF_SPAN(pin->ptr, pin->len),
	                   ret->bytes);
}

bool pin_mark_equal(const struct pin_mark *a, const struct pin_mark *b)
{
	return hf_equal_ct(a->bytes, b->bytes, sizeof(a->bytes));
}

static bool is_of(const struct refusals *r, const struct hsmhost_token *token)
{
	return r->used && strcmp(r->serial, token->serial) == 0 &&
	       (token->serial[0] || r->slot == token->slot);
}

static struct refusals *find(struct pins *p, const struct hsmhost_token *token)
{
	for (size_t i = 0; i < PIN_TOKENS_MAX; i++)
		if (is_of(&p->tokens[i], token))
			return &p->tokens[i];
	return NULL;
}

static struct refusals *find_free(struct pins *p)
{
	for (size_t i = 0; i < PIN_TOKENS_MAX; i++)
		if (!p->tokens[i].used)
			return &p->tokens[i];
	return NULL;
}

static bool has_refused(const struct refusals *r, const struct pin_mark *pin)
{
	for (unsigned i = 0; r && i < r->n; i++)
		if (pin_mark_equal(&r->pins[i], pin))
			return true;
	return false;
}

hf_status pins_may_try(struct pins *p, const struct hsmhost_token *token,
                       const struct pin_mark *pin, struct hf_err *err)
{
	const struct refusals *r = find(p, token);

	if (!r && !find_free(p))
		return hf_fail(err, HF_DENIED,
		               "too many tokens have refused PINs: correct them and restart the "
		               "gateway");
	if (has_refused(r, pin))
		return hf_fail(err, HF_DENIED,
		               "token %s has refused this PIN before, and is not asked "
		               "again, since each try counts towards locking it: give the "
		               "right PIN, or restart the gateway if this one is right now",
		               token->label);
	if (r && r->n >= p->attempts)
		return hf_fail(err, HF_DENIED,
		               "token %s has refused %u PINs, and is asked for no other: find "
		               "out the right one, then restart the gateway (--pin-attempts)",
		               token->label, r->n);
	return HF_SUCCESS;
}

void pins_refused(struct pins *p, const struct hsmhost_token *token, const struct pin_mark *pin)
{
	struct refusals *r = find(p, token);

	if (!r)
		r = find_free(p);
	if (!r || r->n == PIN_ATTEMPTS_MAX)
		return; /* pins_may_try() has said no */
	if (has_refused(r, pin))
		return;
	r->used = true;
	memcpy(r->serial, token->serial, sizeof(r->serial));
	r->slot = token->slot;
	r->pins[r->n++] = *pin;
}

void pins_accepted(struct pins *p, const struct hsmhost_token *token)
{
	struct refusals *r = find(p, token);

	if (r)
		*r = (struct refusals){ 0 };
}
