/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/scan_known.h"

#include "crypto/digest.h"

#include <stdio.h>
#include <string.h>

#define LOAD_AT_ONCE 2000

static struct hf_span cka_id(const struct known_key *k)
{
	return HF_SPAN(k->names, k->id_len);
}

static struct hf_span cka_label(const struct known_key *k)
{
	return HF_SPAN(k->names + k->id_len, k->label_len);
}

/* FNV-1a over the CKA_ID, or the label of a key without. */
static struct known_key **chain_of(struct known_keys *k, struct hf_span id, struct hf_span label)
{
	struct hf_span by = id.len ? id : label;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < by.len; i++)
		hash = (hash ^ by.ptr[i]) * 16777619u;
	return &k->chains[(hash ^ hash >> 16) % KNOWN_CHAINS];
}

void known_keys_done(struct known_keys *k)
{
	struct known_key *at = k->all;

	while (at) {
		struct known_key *next = at->next_of_all;

		free(at);
		at = next;
	}
	memset(k, 0, sizeof(*k));
}

static hf_status add(struct known_keys *k, const struct known_row *row, struct known_key **ret)
{
	struct known_key *key = calloc(1, sizeof(*key)), **chain;

	HF_ENSURE(key, HF_NOMEM);
	if (row->cka_id.len + row->cka_label.len > sizeof(key->names) ||
	    (row->public_key.len && !hf_ok(sha256(row->public_key, key->public_digest)))) {
		free(key);
		return HF_FAILURE(HF_CORRUPT);
	}
	snprintf(key->id, sizeof(key->id), "%s", row->id);
	key->type = row->type;
	key->missing = row->missing;
	key->public_only = row->public_only;
	key->making = row->making;
	key->destroyed = row->state == OBJECT_DESTROYED;
	key->has_public = row->public_key.len > 0;
	key->id_len = row->cka_id.len;
	key->label_len = row->cka_label.len;
	if (key->id_len)
		memcpy(key->names, row->cka_id.ptr, key->id_len);
	if (key->label_len)
		memcpy(key->names + key->id_len, row->cka_label.ptr, key->label_len);
	chain = chain_of(k, row->cka_id, row->cka_label);
	key->next = *chain;
	*chain = key;
	key->next_of_all = k->all;
	k->all = key;
	*ret = key;
	return HF_SUCCESS;
}

struct loading {
	struct known_keys *to;
	char last[HF_UUID_MAX];
	int n;
};

static hf_status load_one(void *ctx, const struct known_row *row)
{
	struct loading *l = ctx;
	struct known_key *key;

	l->n++;
	snprintf(l->last, sizeof(l->last), "%s", row->id);
	return add(l->to, row, &key);
}

hf_status known_keys_load(struct known_keys *k, struct db *db, const char *group_id)
{
	struct loading l = { .to = k };

	known_keys_done(k); /* of a run that was undone */
	do {
		l.n = 0;
		HF_TRY(known_rows(db, group_id, l.last, LOAD_AT_ONCE, load_one, &l));
	} while (l.n == LOAD_AT_ONCE);
	return HF_SUCCESS;
}

hf_status known_keys_add(struct known_keys *k, const struct object_row *row, struct known_key **ret)
{
	struct known_row known = {
		.cka_id = HF_SPAN(row->cka_id, row->cka_id_len),
		.cka_label = HF_SPAN(row->cka_label, row->cka_label_len),
		.public_key = row->public_key,
		.type = row->type,
		.state = row->state,
		.public_only = row->public_only,
	};

	snprintf(known.id, sizeof(known.id), "%s", row->id);
	HF_TRY(add(k, &known, ret));
	(*ret)->created = (*ret)->found = true;
	return HF_SUCCESS;
}

/* A generic secret is an HMAC key or bytes, by its uses, which may have changed. */
static bool same_kind(enum object_type a, enum object_type b)
{
	return a == b || (a == OBJECT_HMAC && b == OBJECT_SECRET) ||
	       (a == OBJECT_SECRET && b == OBJECT_HMAC);
}

struct known_key *known_key_exact(struct known_keys *k, const struct object_row *row)
{
	struct hf_span id = HF_SPAN(row->cka_id, row->cka_id_len);
	struct hf_span label = HF_SPAN(row->cka_label, row->cka_label_len);
	struct known_key *found = NULL;

	for (struct known_key *at = *chain_of(k, id, label); at; at = at->next) {
		if (!same_kind(at->type, row->type) || !hf_span_equal(cka_id(at), id) ||
		    !hf_span_equal(cka_label(at), label))
			continue;
		if (!at->found)
			return at;
		found = at;
	}
	return found;
}

struct known_key *known_key_renamed(struct known_keys *k, const struct object_row *row)
{
	struct hf_span id = HF_SPAN(row->cka_id, row->cka_id_len);
	struct known_key *only = NULL;

	if (!id.len)
		return NULL;
	for (struct known_key *at = *chain_of(k, id, id); at; at = at->next) {
		if (at->found || !same_kind(at->type, row->type) || !hf_span_equal(cka_id(at), id))
			continue;
		if (only)
			return NULL;
		only = at;
	}
	return only;
}

bool known_key_replaced(const struct known_key *k, const struct object_row *row)
{
	uint8_t digest[SHA256_LEN];

	return k->has_public && row->public_key.len && hf_ok(sha256(row->public_key, digest)) &&
	       !hf_span_equal(HF_SPAN(digest, sizeof(digest)),
	                      HF_SPAN(k->public_digest, sizeof(k->public_digest)));
}

void known_keys_forget(struct known_keys *k)
{
	for (struct known_key *at = k->all; at; at = at->next_of_all)
		at->found = false;
}
