/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jwks_fetch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "http/outbound.h"

#include <stdio.h>
#include <string.h>

#define SOURCES_MAX 256
#define STEP_MS 1000
#define AGAIN_MS 60000 /* at the soonest, for a key that was not there */

/* One URL. */
struct source {
	struct source *next;
	char url[JWKS_URL_MAX + 1];
	struct jwks *of;
	struct jwks_set *set; /* what was fetched last; NULL: nothing yet */
	int64_t fetched_ms;   /* monotonic */
	int64_t tried_ms;
	bool fetching, wanted;
	struct jwks_wait *waiting;
};

struct jwks {
	struct jwks_source source;
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
		src->set = jwks_set_ref(set);
		src->fetched_ms = hf_mono_ms();
	} else if (src->set && !too_old(src, hf_mono_ms())) {
		set = jwks_set_ref(src->set);
	}
	waiting = hf_take(src->waiting);
	pthread_mutex_unlock(&src->of->lock);
	answer(waiting, HF_FAILURE(HF_TIMEOUT), set);
	jwks_set_free(before);
}

static void fetch(struct jwks *j, struct source *src)
{
	const struct outbound_post request = {
		.url = src->url,
		.get = true,
		.timeout_ms = JWKS_TIMEOUT_MS,
		.done = fetched,
		.ctx = src,
	};

	struct hf_err err = { .text = "out of memory" };
	hf_status s = outbound_check(&j->config, src->url, &err);

	if (hf_ok(s))
		s = outbound_send(j->outbound, &request);
	if (!hf_ok(s))
		fetched(src, &(struct outbound_reply){ .error = err.text });
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

/* ---- asking */

static struct source *find(struct jwks *j, const char *url)
{
	struct source *src;

	for (src = j->sources; src; src = src->next)
		if (strcmp(src->url, url) == 0)
			return src;
	if (j->n_sources == SOURCES_MAX || strlen(url) > JWKS_URL_MAX)
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
		*ret_set = jwks_set_ref(src->set);
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

static void get(struct jwks *j, struct jwks_wait *wait)
{
	HF_CLEANUP(jwks_set_free_at) struct jwks_set *set = NULL;
	hf_status s;

	pthread_mutex_lock(&j->lock);
	s = look(j, wait, &set);
	pthread_mutex_unlock(&j->lock);
	if (!hf_ok(s) || set)
		wait->done(wait, s, set);
	else
		outbound_wake(j->outbound);
}

/* ---- the whole */

hf_status jwks_new(bool private_too, const char *ca_file, struct jwks **ret, struct hf_err *err)
{
	struct jwks *j = calloc(1, sizeof(*j));
	hf_status s = HF_SUCCESS;

	HF_ENSURE(j, HF_NOMEM);
	pthread_mutex_init(&j->lock, NULL);
	j->ca_file = ca_file ? hf_strdup(ca_file) : NULL;
	j->config = (struct outbound_config){ j->ca_file, private_too };
	j->source = (struct jwks_source){ j, get };
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

const struct jwks_source *jwks_source(const struct jwks *j)
{
	return &j->source;
}
