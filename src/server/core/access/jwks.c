/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/jwks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "http/outbound.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define KEYS_MAX 64
#define SOURCES_MAX 256
#define STEP_MS 1000
#define AGAIN_MS 60000 /* at the soonest, for a key that was not there */

struct jwks_set {
	atomic_uint references;
	size_t n;
	struct jwt_key keys[];
};

/* One URL. */
struct source {
	struct source *next;
	char url[OUTBOUND_URL_MAX + 1];
	struct jwks *of;
	struct jwks_set *set; /* what was fetched last; NULL: nothing yet */
	int64_t fetched_ms;   /* monotonic */
	int64_t tried_ms;
	bool fetching, wanted;
	struct jwks_wait *waiting;
};

struct jwks {
	struct outbound_config config;
	char *ca_file;
	struct outbound *outbound; /* its thread's alone, but for the wake */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* all below */
	bool stop;
	struct source *sources;
	size_t n_sources;
};

/* ---- sets */

void jwks_set_free(struct jwks_set *set)
{
	if (set && atomic_fetch_sub(&set->references, 1) == 1)
		free(set);
}

static struct jwks_set *hold(struct jwks_set *set)
{
	if (set)
		atomic_fetch_add(&set->references, 1);
	return set;
}

static hf_status read_stored(const struct json_t *keys, struct jwks_set *to, struct hf_err *err)
{
	struct json_t *value;
	const char *kid;
	void *at = NULL;

	while ((kid = json_member_next(keys, &at, &value))) {
		HF_BUF_SCOPED struct hf_buf der = HF_BUF(PUBLIC_INPUT_MAX);
		const char *text = json_value_text(value);

		if (to->n == KEYS_MAX || !text || !hf_ok(hf_unbase64(hf_span_text(text), &der)) ||
		    !hf_ok(jwt_key_of_der(kid, hf_buf_span(&der), &to->keys[to->n])))
			return hf_fail(err, HF_INVALID,
			               "keys: \"%.64s\" is no SubjectPublicKeyInfo, DER in base64, "
			               "of an RSA key from 2048 bits on, P-256, P-384 or Ed25519 "
			               "(%d at most)",
			               kid, KEYS_MAX);
		to->n++;
	}
	return HF_SUCCESS;
}

static hf_status read_fetched(const struct json_t *doc, struct jwks_set *to, struct hf_err *err)
{
	const struct json_t *keys = json_member(doc, "keys");

	if (!json_value_is(keys, JSON_READ_ARRAY))
		return hf_fail(err, HF_INVALID, "no set of keys (RFC 7517): it has no \"keys\"");
	for (size_t i = 0; i < json_count(keys) && to->n < KEYS_MAX; i++)
		if (hf_ok(jwt_key_of_jwk(json_element(keys, i), &to->keys[to->n])))
			to->n++;
	return HF_SUCCESS;
}

hf_status jwks_set_read(const struct json_t *doc, bool stored, struct jwks_set **ret,
                        struct hf_err *err)
{
	HF_CLEANUP(jwks_set_free_at)
	struct jwks_set *set = calloc(1, sizeof(*set) + KEYS_MAX * sizeof(set->keys[0]));

	HF_ENSURE(set, HF_NOMEM);
	atomic_init(&set->references, 1);
	HF_TRY(stored ? read_stored(doc, set, err) : read_fetched(doc, set, err));
	if (!set->n)
		return hf_fail(err, HF_INVALID, "there is no key for signatures among them");
	*ret = hf_take(set);
	return HF_SUCCESS;
}

const struct jwt_key *jwks_set_key(const struct jwks_set *set, const char *kid)
{
	if (!kid)
		return set->n == 1 ? &set->keys[0] : NULL;
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->keys[i].kid, kid) == 0)
			return &set->keys[i];
	return NULL;
}

/* ---- fetching: on its thread */

static hf_status read_reply(const struct outbound_reply *reply, struct jwks_set **ret,
                            struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;

	if (reply->status != 200)
		return hf_fail(err, HF_IO, "%s", *reply->error ? reply->error : "it was refused");
	HF_TRY(json_parse(reply->body, JWKS_MAX_BYTES, &doc, err));
	return jwks_set_read(doc, false, ret, err);
}

static void answer(struct jwks_wait *waiting, hf_status s, const struct jwks_set *set)
{
	while (waiting) {
		struct jwks_wait *next = waiting->next;

		waiting->done(waiting, set ? HF_SUCCESS : s, set);
		waiting = next;
	}
}

static bool too_old(const struct source *src, int64_t now_ms)
{
	return now_ms - src->fetched_ms > JWKS_STALE_MS;
}

static void fetched(void *ctx, const struct outbound_reply *reply)
{
	struct source *src = ctx;
	HF_CLEANUP(jwks_set_free_at) struct jwks_set *set = NULL;
	struct jwks_set *before = NULL;
	struct hf_err err = { 0 };
	hf_status s = read_reply(reply, &set, &err);
	struct jwks_wait *waiting;
	const char *url = src->url, *reason = err.text;

	if (!hf_ok(s))
		HF_WARN("keys of a signer of JWTs cannot be fetched", HF_KS("url", url),
		        HF_KS("reason", reason));
	pthread_mutex_lock(&src->of->lock);
	src->fetching = false;
	if (set) {
		before = src->set;
		src->set = hold(set);
		src->fetched_ms = hf_mono_ms();
	} else if (src->set && !too_old(src, hf_mono_ms())) {
		set = hold(src->set);
	}
	waiting = hf_take(src->waiting);
	pthread_mutex_unlock(&src->of->lock);
	answer(waiting, HF_FAILURE(HF_TIMEOUT), set);
	jwks_set_free(before);
}

static void fetch(struct jwks *j, struct source *src)
{
	const struct outbound_post get = {
		.url = src->url,
		.get = true,
		.timeout_ms = JWKS_TIMEOUT_MS,
		.done = fetched,
		.ctx = src,
	};

	if (!hf_ok(outbound_send(j->outbound, &get)))
		fetched(src, &(struct outbound_reply){ .error = "out of memory" });
}

static struct source *next_wanted(struct jwks *j, bool *ret_stop)
{
	struct source *src;

	pthread_mutex_lock(&j->lock);
	for (src = j->sources; src && !src->wanted; src = src->next)
		;
	if (src)
		src->wanted = false;
	*ret_stop = j->stop;
	pthread_mutex_unlock(&j->lock);
	return src;
}

static void *work(void *arg)
{
	struct jwks *j = arg;
	struct source *src;
	bool stop = false;

	while (!stop) {
		while ((src = next_wanted(j, &stop)) && !stop)
			fetch(j, src);
		if (!stop && !hf_ok(outbound_step(j->outbound, STEP_MS)))
			HF_WARN("keys of signers of JWTs cannot be fetched: out of memory");
	}
	return NULL;
}

hf_status jwks_new(bool private_too, const char *ca_file, struct jwks **ret, struct hf_err *err)
{
	struct jwks *j = calloc(1, sizeof(*j));
	hf_status s = HF_SUCCESS;

	HF_ENSURE(j, HF_NOMEM);
	pthread_mutex_init(&j->lock, NULL);
	j->ca_file = ca_file ? hf_strdup(ca_file) : NULL;
	j->config = (struct outbound_config){ j->ca_file, private_too };
	if (ca_file && !j->ca_file)
		s = HF_FAILURE(HF_NOMEM);
	if (hf_ok(s))
		s = outbound_new(&j->config, &j->outbound, err);
	if (hf_ok(s)) {
		s = hf_thread_start("keys of JWTs", work, j, &j->thread, err);
		j->running = hf_ok(s);
	}
	if (!hf_ok(s)) {
		jwks_free(j);
		return s;
	}
	*ret = j;
	return HF_SUCCESS;
}

void jwks_stop(struct jwks *j)
{
	pthread_mutex_lock(&j->lock);
	j->stop = true;
	pthread_mutex_unlock(&j->lock);
	if (j->outbound)
		outbound_wake(j->outbound);
	if (j->running)
		pthread_join(j->thread, NULL);
	j->running = false;
	for (struct source *src = j->sources; src; src = src->next)
		answer(hf_take(src->waiting), HF_FAILURE(HF_CLOSED), NULL);
}

void jwks_free(struct jwks *j)
{
	if (!j)
		return;
	jwks_stop(j);
	outbound_free(j->outbound);
	while (j->sources) {
		struct source *src = j->sources;

		j->sources = src->next;
		jwks_set_free(src->set);
		free(src);
	}
	free(j->ca_file);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

/* ---- asking */

hf_status jwks_check_url(struct jwks *j, const char *url, struct hf_err *err)
{
	return outbound_check(&j->config, url, err);
}

static struct source *find(struct jwks *j, const char *url)
{
	struct source *src;

	for (src = j->sources; src; src = src->next)
		if (strcmp(src->url, url) == 0)
			return src;
	if (j->n_sources == SOURCES_MAX || strlen(url) > OUTBOUND_URL_MAX)
		return NULL;
	src = calloc(1, sizeof(*src));
	if (!src)
		return NULL;
	snprintf(src->url, sizeof(src->url), "%s", url);
	src->of = j;
	src->next = j->sources;
	j->sources = src;
	j->n_sources++;
	return src;
}

/* Has it to be fetched for this one? With the lock. */
static bool must_fetch(const struct source *src, const struct jwks_wait *wait, int64_t now_ms)
{
	if (!src->set || now_ms - src->fetched_ms >= wait->cache_s * 1000)
		return true;
	return !jwks_set_key(src->set, wait->kid) && now_ms - src->tried_ms >= AGAIN_MS;
}

static hf_status look(struct jwks *j, struct jwks_wait *wait, struct jwks_set **ret_set)
{
	int64_t now = hf_mono_ms();
	struct source *src = find(j, wait->url);

	HF_ENSURE(src, HF_BUSY);
	HF_ENSURE(!j->stop, HF_CLOSED);
	if (!src->fetching && !must_fetch(src, wait, now)) {
		*ret_set = hold(src->set);
		return HF_SUCCESS;
	}
	wait->next = src->waiting;
	src->waiting = wait;
	if (!src->fetching) {
		src->fetching = src->wanted = true;
		src->tried_ms = now;
	}
	return HF_SUCCESS;
}

void jwks_get(struct jwks *j, struct jwks_wait *wait)
{
	HF_CLEANUP(jwks_set_free_at) struct jwks_set *set = NULL;
	hf_status s;

	if (!wait->url) {
		wait->done(wait, HF_SUCCESS, NULL);
		return;
	}
	pthread_mutex_lock(&j->lock);
	s = look(j, wait, &set);
	pthread_mutex_unlock(&j->lock);
	if (!hf_ok(s) || set)
		wait->done(wait, s, set);
	else
		outbound_wake(j->outbound);
}
