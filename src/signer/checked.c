/* SPDX-License-Identifier: Apache-2.0
 * Sets of WAYS digests, the last used in front; which set is in the digest itself. */
#include "signer/checked.h"

#include "crypto/digest.h"

#include <string.h>

enum { WAYS = 8 };

struct checked {
	size_t n_sets; /* a power of two */
	uint8_t (*sets)[WAYS][SHA256_LEN];
};

hf_status checked_new(size_t max, struct checked **ret)
{
	struct checked *c = calloc(1, sizeof(*c));

	HF_ENSURE(c, HF_NOMEM);
	for (c->n_sets = 1; c->n_sets * WAYS < max;)
		c->n_sets *= 2;
	c->sets = calloc(c->n_sets, sizeof(*c->sets));
	if (!c->sets) {
		free(c);
		return HF_FAILURE(HF_NOMEM);
	}
	*ret = c;
	return HF_SUCCESS;
}

void checked_free(struct checked *c)
{
	if (!c)
		return;
	free(c->sets);
	free(c);
}

static uint8_t (*set_of(struct checked *c, const uint8_t digest[SHA256_LEN]))[SHA256_LEN]
{
	uint64_t h;

	memcpy(&h, digest, sizeof(h));
	return c->sets[h & (c->n_sets - 1)];
}

/* Puts the digest in front; those before its old place, `at`, move one back. */
static void to_front(uint8_t (*set)[SHA256_LEN], size_t at, const uint8_t digest[SHA256_LEN])
{
	memmove(set[1], set[0], at * SHA256_LEN);
	memcpy(set[0], digest, SHA256_LEN);
}

bool checked_has(struct checked *c, struct hf_span record)
{
	uint8_t digest[SHA256_LEN], (*set)[SHA256_LEN];

	if (!hf_ok(sha256(record, digest)))
		return false;
	set = set_of(c, digest);
	for (size_t i = 0; i < WAYS; i++)
		if (memcmp(set[i], digest, SHA256_LEN) == 0) {
			to_front(set, i, digest);
			return true;
		}
	return false;
}

void checked_add(struct checked *c, struct hf_span record)
{
	uint8_t digest[SHA256_LEN];

	if (!checked_has(c, record) && hf_ok(sha256(record, digest)))
		to_front(set_of(c, digest), WAYS - 1, digest);
}
