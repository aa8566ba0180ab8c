/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/token_keys.h"

#include "base/log.h"
#include "base/text.h"
#include "json/write.h"
#include "server/store/token_key_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct made {
	int64_t generation;
	struct jws_key *key;
	struct made *next;
};

struct token_keys {
	const struct core_secrets *secrets;
	int64_t max_age_ms;
	pthread_mutex_t lock;
	int64_t looked_ms;
	struct token_key_row rows[TOKEN_KEYS_MAX]; /* that count; the newest first */
	size_t n;
	struct made *made; /* all keys so far: what was handed out stays */
};

hf_status token_keys_new(const struct core_secrets *secrets, int64_t max_age_ms,
                         struct token_keys **ret)
{
	struct token_keys *k = calloc(1, sizeof(*k));

	HF_ENSURE(k, HF_NOMEM);
	k->secrets = secrets;
	k->max_age_ms = max_age_ms;
	k->looked_ms = INT64_MIN / 2;
	pthread_mutex_init(&k->lock, NULL);
	*ret = k;
	return HF_SUCCESS;
}

void token_keys_free(struct token_keys *k)
{
	struct made *next;

	if (!k)
		return;
	for (struct made *m = k->made; m; m = next) {
		next = m->next;
		jws_key_free(m->key);
		free(m);
	}
	pthread_mutex_destroy(&k->lock);
	free(k);
}

/* Under the lock, as everything below that says nothing else. */
static const struct jws_key *find_key(const struct token_keys *k, int64_t generation)
{
	for (const struct made *m = k->made; m; m = m->next)
		if (m->generation == generation)
			return m->key;
	return NULL;
}

static hf_status get_key(struct token_keys *k, int64_t generation, const struct jws_key **ret)
{
	HF_SECRET struct hf_secret seed = { 0 };
	HF_FREE struct made *m = NULL;
	char kid[JWS_KID_MAX];

	*ret = find_key(k, generation);
	if (*ret)
		return HF_SUCCESS;
	m = calloc(1, sizeof(*m));
	HF_ENSURE(m, HF_NOMEM);
	snprintf(kid, sizeof(kid), "token-%lld", (long long)generation);
	HF_TRY(core_token_seed(k->secrets, generation, &seed));
	HF_TRY(jws_key_new(&seed, kid, &m->key));
	m->generation = generation;
	m->next = k->made;
	*ret = m->key;
	k->made = hf_take(m);
	return HF_SUCCESS;
}

/* Its last token has expired once its successor is as old as tokens become. */
static size_t drop_ended(struct token_key_row *rows, size_t n, int64_t now_ms)
{
	size_t kept = 0;
	int64_t successor_ms = now_ms;

	for (size_t i = 0; i < n; i++) {
		bool ended = successor_ms + TOKEN_LIFETIME_MAX_MS <= now_ms;

		successor_ms = rows[i].created_ms;
		if (!ended && !rows[i].retired)
			rows[kept++] = rows[i];
	}
	return kept;
}

static hf_status replace(struct token_keys *k, const struct token_key_row *rows, size_t n,
                         int64_t now_ms)
{
	const struct jws_key *key;

	for (size_t i = 0; i < n; i++)
		HF_TRY(get_key(k, rows[i].generation, &key));
	memcpy(k->rows, rows, n * sizeof(rows[0]));
	k->n = n;
	k->looked_ms = now_ms;
	return HF_SUCCESS;
}

/* Takes the lock itself. */
static hf_status look(struct token_keys *k, struct db *db, int64_t now_ms)
{
	struct token_key_row rows[TOKEN_KEYS_MAX];
	hf_status s;
	size_t n;

	HF_TRY(token_key_rows_read(db, rows, HF_COUNT(rows), &n));
	n = drop_ended(rows, n, now_ms);
	pthread_mutex_lock(&k->lock);
	s = replace(k, rows, n, now_ms);
	pthread_mutex_unlock(&k->lock);
	return s;
}

hf_status token_keys_look(struct token_keys *k, struct db *db, int64_t now_ms, int64_t fresh_ms)
{
	bool fresh;

	pthread_mutex_lock(&k->lock);
	fresh = now_ms >= k->looked_ms && now_ms < k->looked_ms + fresh_ms;
	pthread_mutex_unlock(&k->lock);
	return fresh ? HF_SUCCESS : look(k, db, now_ms);
}

static hf_status verify(struct token_keys *k, struct hf_span token, struct hf_buf *payload,
                        int64_t *ret_generation)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct jws_key *key = find_key(k, k->rows[i].generation);

		if (key && hf_ok(jws_verify(key, token, payload))) {
			*ret_generation = k->rows[i].generation;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_UNAUTHENTIC);
}

hf_status token_keys_verify(struct token_keys *k, struct hf_span token, struct hf_buf *payload,
                            int64_t *ret_generation)
{
	hf_status s;

	pthread_mutex_lock(&k->lock);
	s = verify(k, token, payload, ret_generation);
	pthread_mutex_unlock(&k->lock);
	return s;
}

bool token_keys_count(struct token_keys *k, int64_t generation)
{
	bool counts = false;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->n && !counts; i++)
		counts = k->rows[i].generation == generation;
	pthread_mutex_unlock(&k->lock);
	return counts;
}

/* Another server may make the same generation at the same time: then it is made. */
static hf_status make_next(struct db *db, int64_t generation, int64_t now_ms)
{
	hf_status s = token_key_row_insert(db, generation, now_ms);

	if (hf_ok(s))
		HF_INFO("tokens are signed by a new key", HF_KI("generation", generation));
	return s.code == HF_EXISTS ? HF_SUCCESS : s;
}

hf_status token_keys_current(struct token_keys *k, struct db *db, int64_t now_ms,
                             const struct jws_key **ret)
{
	struct token_key_row newest;
	hf_status s;
	size_t n;

	HF_TRY(token_key_rows_read(db, &newest, 1, &n));
	HF_ENSURE(n == 1, HF_CORRUPT);
	if (newest.retired || (k->max_age_ms && now_ms - newest.created_ms >= k->max_age_ms))
		HF_TRY(make_next(db, ++newest.generation, now_ms));
	pthread_mutex_lock(&k->lock);
	s = get_key(k, newest.generation, ret);
	if (!k->n || k->rows[0].generation != newest.generation)
		k->looked_ms = INT64_MIN / 2; /* it counts once the commit is done */
	pthread_mutex_unlock(&k->lock);
	return s;
}

static void print_key(struct json_writer *w, const struct jws_key *key)
{
	HF_BUF_SCOPED struct hf_buf x = HF_BUF(64);
	uint8_t pub[JWS_PUBLIC_LEN];

	if (!hf_ok(jws_key_public(key, pub)))
		return;
	hf_buf_base64url(&x, HF_SPAN(pub, sizeof(pub)));
	json_open_object(w, NULL);
	json_text(w, "kty", "OKP");
	json_text(w, "crv", "Ed25519");
	json_text(w, "alg", "EdDSA");
	json_text(w, "use", "sig");
	json_text(w, "kid", jws_key_id(key));
	json_span(w, "x", hf_buf_span(&x));
	json_close_object(w);
}

hf_status token_keys_print(struct token_keys *k, struct hf_buf *to)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_open_array(&w, "keys");
	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->n; i++)
		print_key(&w, find_key(k, k->rows[i].generation));
	pthread_mutex_unlock(&k->lock);
	json_close_array(&w);
	json_close_object(&w);
	return hf_buf_status(to);
}
