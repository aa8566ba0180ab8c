/* SPDX-License-Identifier: Apache-2.0
 * By nettle's GCM, whose block cipher is given by its user: here one that makes zeros, so that it
 * sums what it is given and leaves it as it is. */
#include "crypto/ghash.h"

#include "base/secret.h"

#include <nettle/gcm.h>
#include <string.h>

struct gcm {
	struct gcm_key key;
	struct gcm_ctx ctx;
};

static void give_key(const void *key, size_t len, uint8_t *to, const uint8_t *from)
{
	memcpy(to, key, len < GHASH_LEN ? len : GHASH_LEN);
}

static void give_zeros(const void *key, size_t len, uint8_t *to, const uint8_t *from)
{
	memset(to, 0, len);
}

static void resume(const struct ghash *g, struct gcm *m)
{
	static const uint8_t no_iv[GCM_IV_SIZE];

	gcm_set_key(&m->key, g->key, give_key);
	gcm_set_iv(&m->ctx, &m->key, sizeof(no_iv), no_iv);
	memcpy(m->ctx.x.b, g->sum, GHASH_LEN);
	m->ctx.auth_size = g->ad_len;
	m->ctx.data_size = g->len - g->n_part;
}

static void add_to(struct gcm *m, struct hf_span cipher)
{
	uint8_t same[1024];

	while (cipher.len) {
		size_t n = cipher.len < sizeof(same) ? cipher.len : sizeof(same);

		gcm_encrypt(&m->ctx, &m->key, NULL, give_zeros, n, same, cipher.ptr);
		cipher.ptr += n;
		cipher.len -= n;
	}
}

static void keep(struct gcm *m, struct ghash *g)
{
	memcpy(g->sum, m->ctx.x.b, GHASH_LEN);
	hf_wipe(m, sizeof(*m));
}

void ghash_begin(struct ghash *g, const uint8_t key[GHASH_LEN], struct hf_span ad)
{
	struct gcm m;

	*g = (struct ghash){ .n_part = 0 };
	memcpy(g->key, key, GHASH_LEN);
	resume(g, &m);
	gcm_update(&m.ctx, &m.key, ad.len, ad.ptr);
	g->ad_len = ad.len;
	keep(&m, g);
}

void ghash_add(struct ghash *g, struct hf_span cipher)
{
	size_t fill = cipher.len < (size_t)GHASH_LEN - g->n_part ? cipher.len
	                                                         : (size_t)GHASH_LEN - g->n_part;
	struct gcm m;
	size_t whole;

	resume(g, &m);
	if (fill)
		memcpy(g->part + g->n_part, cipher.ptr, fill);
	g->n_part = (uint8_t)(g->n_part + fill);
	g->len += cipher.len;
	if (g->n_part == GHASH_LEN) {
		add_to(&m, HF_SPAN(g->part, GHASH_LEN));
		cipher.ptr += fill;
		cipher.len -= fill;
		whole = cipher.len / GHASH_LEN * GHASH_LEN;
		add_to(&m, HF_SPAN(cipher.ptr, whole));
		g->n_part = (uint8_t)(cipher.len - whole);
		if (g->n_part)
			memcpy(g->part, cipher.ptr + whole, g->n_part);
	}
	keep(&m, g);
}

void ghash_sum(const struct ghash *g, uint8_t ret[GHASH_LEN])
{
	struct gcm m;

	resume(g, &m);
	add_to(&m, HF_SPAN(g->part, g->n_part));
	gcm_digest(&m.ctx, &m.key, NULL, give_zeros, GHASH_LEN, ret);
	hf_wipe(&m, sizeof(m));
}
