/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/caller.h"

#include "base/log.h"
#include "base/text.h"
#include "server/store/credential_rows.h"

#include <stdio.h>
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
	for (size_t i = 0; i < c->n_credentials; i++) {
		credential_key_free(c->credentials[i].key);
		free(c->credentials[i].encrypted_private_key);
	}
	free(c);
}

hf_status caller_add_credential(void *caller, const struct credential_row *row)
{
	struct caller *c = caller;
	struct caller_credential *to = &c->credentials[c->n_credentials];
	struct hf_err err = { .text = "its kind is unknown" };

	if (c->n_credentials == CALLER_CREDENTIALS_MAX || strlen(row->id) >= sizeof(to->id)) {
		HF_WARN("a credential was left out: too many, or its id is too long",
		        HF_KS("identity", c->identity_id), HF_KS("credential", row->uuid));
		return HF_SUCCESS;
	}
	if (!hf_ok(credential_kind_parse(row->kind, &to->kind)) ||
	    !hf_ok(credential_key_parse(hf_span_text(row->public_key), &to->key, &err))) {
		HF_WARN("a stored credential cannot be used", HF_KS("credential", row->uuid),
		        HF_KS("reason", err.text));
		return HF_SUCCESS;
	}
	snprintf(to->id, sizeof(to->id), "%s", row->id);
	c->n_credentials++;
	if (!row->encrypted_private_key)
		return HF_SUCCESS;
	to->encrypted_private_key = hf_strdup(row->encrypted_private_key);
	HF_ENSURE(to->encrypted_private_key, HF_NOMEM);
	return HF_SUCCESS;
}

const struct caller_credential *caller_credential(const struct caller *c, const char *id)
{
	for (size_t i = 0; i < c->n_credentials; i++)
		if (strcmp(c->credentials[i].id, id) == 0)
			return &c->credentials[i];
	return NULL;
}
