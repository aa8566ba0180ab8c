/* SPDX-License-Identifier: Apache-2.0
 * A hash table with chains by index; the list of uses is threaded through the same entries. Entry 0
 * is nobody: the end of every chain and the head of the list. */
#include "signer/keycache.h"

#include "base/id.h"

#include <stdio.h>
#include <string.h>

struct entry {
	char key_id[HF_ID_MAX];
	uint8_t *record;
	size_t record_len;
	CK_OBJECT_HANDLE handle;
	int64_t expires_ms;
	uint32_t chain;        /* next of the same hash, or next free */
	uint32_t newer, older; /* by use */
};

struct keycache {
	size_t cap, count;
	int64_t ttl_ms;
	uint32_t *heads;
	size_t n_heads;        /* a power of two */
	struct entry *entries; /* cap + 1 */
	uint32_t unused;
};

hf_status keycache_new(size_t cap, int64_t ttl_ms, struct keycache **ret)
{
	struct keycache *c = calloc(1, sizeof(*c));

	HF_ENSURE(c, HF_NOMEM);
	c->cap = cap;
	c->ttl_ms = ttl_ms;
	for (c->n_heads = 16; c->n_heads < cap;)
		c->n_heads *= 2;
	c->heads = calloc(c->n_heads, sizeof(*c->heads));
	c->entries = calloc(cap + 1, sizeof(*c->entries));
	if (!c->heads || !c->entries) {
		keycache_free(c);
		return HF_FAILURE(HF_NOMEM);
	}
	for (uint32_t i = 1; i <= cap; i++)
		c->entries[i].chain = i < cap ? i + 1 : 0;
	c->unused = cap ? 1 : 0;
	*ret = c;
	return HF_SUCCESS;
}

void keycache_free(struct keycache *c)
{
	if (!c)
		return;
	if (c->entries && c->heads)
		keycache_forget(c);
	free(c->entries);
	free(c->heads);
	free(c);
}

static uint32_t *head_of(struct keycache *c, const char *key_id)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (const char *p = key_id; *p; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	return &c->heads[h & (c->n_heads - 1)];
}

static void unlink_use(struct keycache *c, uint32_t i)
{
	struct entry *e = &c->entries[i];

	c->entries[e->newer].older = e->older;
	c->entries[e->older].newer = e->newer;
}

static void link_newest(struct keycache *c, uint32_t i)
{
	struct entry *e = &c->entries[i], *head = &c->entries[0];

	e->newer = 0;
	e->older = head->older;
	c->entries[head->older].newer = i;
	head->older = i;
}

static CK_OBJECT_HANDLE take_out(struct keycache *c, uint32_t i)
{
	struct entry *e = &c->entries[i];
	CK_OBJECT_HANDLE handle = e->handle;
	uint32_t *at = head_of(c, e->key_id);

	while (*at != i)
		at = &c->entries[*at].chain;
	*at = e->chain;
	unlink_use(c, i);
	free(e->record);
	*e = (struct entry){ .chain = c->unused };
	c->unused = i;
	c->count--;
	return handle;
}

static uint32_t find(struct keycache *c, const char *key_id)
{
	uint32_t i = *head_of(c, key_id);

	while (i && strcmp(c->entries[i].key_id, key_id) != 0)
		i = c->entries[i].chain;
	return i;
}

CK_OBJECT_HANDLE keycache_peek(struct keycache *c, const char *key_id, struct hf_span record,
                               int64_t now_ms, bool *ret_expired)
{
	uint32_t i = find(c, key_id);
	struct entry *e = &c->entries[i];

	if (!i || !hf_span_equal(HF_SPAN(e->record, e->record_len), record))
		return P11_NO_OBJECT;
	*ret_expired = c->ttl_ms && now_ms >= e->expires_ms;
	if (!*ret_expired) {
		unlink_use(c, i);
		link_newest(c, i);
	}
	return e->handle;
}

CK_OBJECT_HANDLE keycache_get(struct keycache *c, const char *key_id, struct hf_span record,
                              int64_t now_ms)
{
	bool expired = false;
	CK_OBJECT_HANDLE handle = keycache_peek(c, key_id, record, now_ms, &expired);

	return expired ? P11_NO_OBJECT : handle;
}

void keycache_drop(struct keycache *c, const char *key_id)
{
	uint32_t i = find(c, key_id);

	if (i)
		(void)take_out(c, i);
}

CK_OBJECT_HANDLE keycache_put(struct keycache *c, const char *key_id, struct hf_span record,
                              CK_OBJECT_HANDLE handle, int64_t now_ms)
{
	uint32_t i = find(c, key_id);
	CK_OBJECT_HANDLE gone = P11_NO_OBJECT;
	uint8_t *copy = malloc(record.len ? record.len : 1);
	struct entry *e;

	if (!copy || !c->cap) {
		free(copy);
		return handle;
	}
	if (i)
		gone = take_out(c, i);
	else if (!c->unused)
		gone = take_out(c, c->entries[0].newer);
	i = c->unused;
	e = &c->entries[i];
	c->unused = e->chain;
	snprintf(e->key_id, sizeof(e->key_id), "%s", key_id);
	if (record.len)
		memcpy(copy, record.ptr, record.len);
	e->record = copy;
	e->record_len = record.len;
	e->handle = handle;
	e->expires_ms = now_ms + c->ttl_ms;
	e->chain = *head_of(c, key_id);
	*head_of(c, key_id) = i;
	link_newest(c, i);
	c->count++;
	return gone;
}

CK_OBJECT_HANDLE keycache_expired(struct keycache *c, int64_t now_ms)
{
	for (uint32_t i = c->entries[0].newer; c->ttl_ms && i; i = c->entries[i].newer)
		if (now_ms >= c->entries[i].expires_ms)
			return take_out(c, i);
	return P11_NO_OBJECT;
}

CK_OBJECT_HANDLE keycache_pop(struct keycache *c)
{
	return c->count ? take_out(c, c->entries[0].newer) : P11_NO_OBJECT;
}

void keycache_forget(struct keycache *c)
{
	while (c->count)
		(void)keycache_pop(c);
}

size_t keycache_count(const struct keycache *c)
{
	return c->count;
}
