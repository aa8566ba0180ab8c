/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/caller.h"

#include <string.h>

struct caller *caller_new(void)
{
	struct caller *c = calloc(1, sizeof(*c));

	if (c)
		atomic_init(&c->references, 1);
	return c;
}

struct caller *caller_ref(struct caller *c)
{
	atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
	return c;
}

void caller_unref(struct caller *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < c->n_credentials; i++)
		credential_key_free(c->credentials[i].key);
	free(c);
}

const struct caller_credential *caller_credential(const struct caller *c, const char *id)
{
	for (size_t i = 0; i < c->n_credentials; i++)
		if (strcmp(c->credentials[i].id, id) == 0)
			return &c->credentials[i];
	return NULL;
}
