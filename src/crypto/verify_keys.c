/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/verify_keys.h"

#include "crypto/algorithms.h"
#include "crypto/public_info.h"
#include "crypto/verify_any.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <secp256k1.h>
#include <stdatomic.h>
#include <string.h>

_Static_assert(sizeof(secp256k1_pubkey) == sizeof(((struct verify_key *)0)->k1), "its size");

struct kept {
	struct verify_key key; /* first: what callers hold */
	atomic_uint owners;    /* the cache and those who hold it */
	uint64_t hash, used;   /* of the SPKI; the clock of its last use */
	unsigned uses;
	bool tabling; /* a thread makes its table, or it has or cannot have one */
	size_t spki_len;
	uint8_t spki[];
};

static struct {
	pthread_mutex_t lock;
	struct kept *kept[VERIFY_KEYS_MAX];
	size_t n;
	uint64_t clock;
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void kept_release(struct kept *k)
{
	if (atomic_fetch_sub_explicit(&k->owners, 1, memory_order_acq_rel) != 1)
		return;
	EVP_PKEY_free(k->key.pkey);
	p256_table_free(k->key.table);
	free(k);
}

HF_DEFINE_CLEANUP(kept_release, struct kept *)

static struct kept *kept_hold(struct kept *k)
{
	atomic_fetch_add_explicit(&k->owners, 1, memory_order_relaxed);
	return k;
}

void verify_key_release(const struct verify_key *key)
{
	if (key)
		kept_release((struct kept *)(uintptr_t)key);
}

/* FNV-1a: to find fast; the bytes are compared all the same. */
static uint64_t hash_of(struct hf_span bytes)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ bytes.ptr[i]) * 0x100000001b3;
	return hash;
}

static hf_status parse_k1(const struct public_info *info, struct verify_key *to)
{
	secp256k1_pubkey parsed;

	HF_ENSURE(secp256k1_ec_pubkey_parse(secp256k1_context_static, &parsed, info->point,
	                                    info->point_len),
	          HF_INVALID);
	memcpy(to->k1, &parsed, sizeof(to->k1));
	return HF_SUCCESS;
}

static hf_status parse_pkey(struct hf_span spki, struct verify_key *to)
{
	const uint8_t *at = spki.ptr;

	to->pkey = d2i_PUBKEY(NULL, &at, (long)spki.len);
	if (!to->pkey) {
		ERR_clear_error();
		return HF_FAILURE(HF_INVALID);
	}
	if (to->type == OBJECT_RSA)
		to->signature_len = (size_t)EVP_PKEY_get_size(to->pkey);
	return HF_SUCCESS;
}

static hf_status parse(struct hf_span spki, struct verify_key *to)
{
	struct public_info info;
	struct public_der ours;

	HF_TRY(public_info_parse(spki, &info));
	HF_TRY(public_info_der(&info, &ours));
	HF_ENSURE(hf_span_equal(spki, HF_SPAN(ours.bytes, ours.len)), HF_INVALID);
	to->type = info.type;
	to->curve = info.curve;
	if (info.curve == CURVE_ED25519)
		HF_TRY(ed25519_check(HF_SPAN(info.point, info.point_len)));
	return info.curve == CURVE_SECP256K1 ? parse_k1(&info, to) : parse_pkey(spki, to);
}

static hf_status kept_new(struct hf_span spki, struct kept **ret)
{
	struct kept *k = calloc(1, sizeof(*k) + spki.len);
	hf_status status;

	HF_ENSURE(k, HF_NOMEM);
	atomic_init(&k->owners, 1);
	memcpy(k->spki, spki.ptr, spki.len);
	k->spki_len = spki.len;
	k->hash = hash_of(spki);
	status = parse(spki, &k->key);
	if (!hf_ok(status)) {
		kept_release(k);
		return status;
	}
	*ret = k;
	return HF_SUCCESS;
}

/* The rest is under the lock. */

static size_t find(struct hf_span spki, uint64_t hash)
{
	for (size_t i = 0; i < cache.n; i++)
		if (cache.kept[i]->hash == hash &&
		    hf_span_equal(spki, HF_SPAN(cache.kept[i]->spki, cache.kept[i]->spki_len)))
			return i;
	return cache.n;
}

/* The one not used for longest; among those with a table, if `tabled`. Its place, or cache.n. */
static size_t oldest(bool tabled, size_t *ret_candidates)
{
	size_t place = cache.n, n = 0;

	for (size_t i = 0; i < cache.n; i++) {
		if (tabled && !cache.kept[i]->key.table)
			continue;
		n++;
		if (place == cache.n || cache.kept[i]->used < cache.kept[place]->used)
			place = i;
	}
	*ret_candidates = n;
	return place;
}

static void drop(size_t place)
{
	kept_release(cache.kept[place]);
	cache.kept[place] = cache.kept[--cache.n];
}

static void insert(struct kept *k)
{
	size_t n;

	if (cache.n == VERIFY_KEYS_MAX)
		drop(oldest(false, &n));
	k->used = ++cache.clock;
	cache.kept[cache.n++] = kept_hold(k);
}

/* In the place of the same key without a table, which others may still hold. */
static void replace(struct kept *with)
{
	size_t n, place = oldest(true, &n);

	if (n >= VERIFY_TABLES_MAX)
		drop(place);
	place = find(HF_SPAN(with->spki, with->spki_len), with->hash);
	if (place < cache.n)
		drop(place);
	insert(with);
}

/* To here. */

static hf_status look_up(struct hf_span spki, bool by_table, struct kept **ret,
                         bool *ret_wants_table)
{
	uint64_t hash = hash_of(spki);
	struct kept *k = NULL;
	size_t place;

	pthread_mutex_lock(&cache.lock);
	place = find(spki, hash);
	if (place < cache.n) {
		k = kept_hold(cache.kept[place]);
		k->used = ++cache.clock;
		*ret_wants_table = by_table && k->key.curve == CURVE_P256 && !k->tabling &&
		                   ++k->uses >= VERIFY_TABLE_AFTER;
		k->tabling |= *ret_wants_table;
	}
	pthread_mutex_unlock(&cache.lock);
	HF_ENSURE(k, HF_NOTFOUND);
	*ret = k;
	return HF_SUCCESS;
}

/* The same key with a table; where none can be made it goes on without. */
static void make_table(struct hf_span spki, struct kept **k)
{
	HF_CLEANUP(kept_release_at) struct kept *with = NULL;
	struct public_info info;

	if (!hf_ok(kept_new(spki, &with)) || !hf_ok(public_info_parse(spki, &info)) ||
	    !hf_ok(p256_table_make(HF_SPAN(info.point, info.point_len), &with->key.table)))
		return;
	with->tabling = true;
	pthread_mutex_lock(&cache.lock);
	replace(with);
	pthread_mutex_unlock(&cache.lock);
	kept_release(*k);
	*k = hf_take(with);
}

hf_status verify_key_hold(struct hf_span spki, bool by_table, const struct verify_key **ret)
{
	HF_CLEANUP(kept_release_at) struct kept *k = NULL;
	bool wants_table = false;

	HF_ENSURE(spki.len && spki.len <= PUBLIC_INPUT_MAX, HF_INVALID);
	if (!hf_ok(look_up(spki, by_table, &k, &wants_table))) {
		HF_TRY(kept_new(spki, &k));
		pthread_mutex_lock(&cache.lock);
		if (find(spki, k->hash) == cache.n)
			insert(k);
		pthread_mutex_unlock(&cache.lock);
	}
	if (wants_table)
		make_table(spki, &k);
	*ret = &hf_take(k)->key;
	return HF_SUCCESS;
}
