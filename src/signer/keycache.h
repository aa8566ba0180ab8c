/* SPDX-License-Identifier: Apache-2.0
 * Handles of keys that are in the session already: unwrapped ones kept warm, resident ones once
 * found.
 *
 * An entry answers only to the very record that it was made from, all bytes of it, whose MAC was
 * checked then. Least recently used goes first. The cache holds handles, not objects: whoever gets
 * one back destroys it. One thread. */
#ifndef HF_SIGNER_KEYCACHE_H
#define HF_SIGNER_KEYCACHE_H

#include "base/buf.h"
#include "p11/ck.h"

struct keycache;

/* ttl_ms counts from keycache_put(), not from the last use; 0: for ever. HF_NOMEM. */
HF_MUST hf_status keycache_new(size_t cap, int64_t ttl_ms, struct keycache **ret);
void keycache_free(struct keycache *c);

/* P11_NO_OBJECT: not there, expired, or of another record. */
CK_OBJECT_HANDLE keycache_get(struct keycache *c, const char *key_id, struct hf_span record,
                              int64_t now_ms);
/* The same, and of one that has expired too: whoever takes it makes sure that it still is the key,
 * and puts it anew. */
CK_OBJECT_HANDLE keycache_peek(struct keycache *c, const char *key_id, struct hf_span record,
                               int64_t now_ms, bool *ret_expired);
/* Forgets one: its handle turned out to be stale. */
void keycache_drop(struct keycache *c, const char *key_id);
/* Returns the handle that had to go for it, or P11_NO_OBJECT. Should memory for it be lacking, that
 * is `handle` itself. */
CK_OBJECT_HANDLE keycache_put(struct keycache *c, const char *key_id, struct hf_span record,
                              CK_OBJECT_HANDLE handle, int64_t now_ms);
/* Takes out one entry whose time is over; P11_NO_OBJECT: there is none. */
CK_OBJECT_HANDLE keycache_expired(struct keycache *c, int64_t now_ms);
/* Takes out any entry; P11_NO_OBJECT: it is empty. */
CK_OBJECT_HANDLE keycache_pop(struct keycache *c);
/* Forgets all: their session is gone, and the objects with it. */
void keycache_forget(struct keycache *c);
size_t keycache_count(const struct keycache *c);

#endif
