/* SPDX-License-Identifier: Apache-2.0
 * A test of a connection, on a thread of its own: what it does may take its time. */
#include "server/slot_links/inside.h"

#include "base/clock.h"
#include "base/thread.h"

#include <stdio.h>
#include <string.h>

#define AT_ONCE 8

struct step {
	struct link_check *check;
	hf_status status;
	bool over;
};

static void opened(void *ctx, const struct http_reply *reply)
{
	struct step *step = ctx;
	struct link_check *c = step->check;

	step->status = peer_opened(reply, c->url, c->serial, &c->token, &c->err);
	step->over = true;
}

static void pinged(void *ctx, const struct http_reply *reply)
{
	struct step *step = ctx;

	step->status = peer_alive(reply, &step->check->err);
	step->over = true;
}

static void closed(void *ctx, const struct http_reply *reply)
{
	struct step *step = ctx;

	step->over = true; /* a session that stays open does no harm */
}

static hf_status wait_for(struct http_client *client, struct step *step, int64_t until_ms)
{
	while (!step->over && hf_mono_ms() < until_ms)
		HF_TRY(http_client_step(client, NULL, 0, 100));
	if (!step->over)
		return hf_fail(&step->check->err, HF_TIMEOUT, "no answer from %.200s in time",
		               step->check->url);
	return step->status;
}

static hf_status try(struct link_check *c, struct http_client *client)
{
	const struct slot_open open = { .slot = c->slot, .pin = c->pin };
	int64_t until = hf_mono_ms() + LINK_CHECK_MS;
	struct slot_open expecting = open;
	struct step step = { .check = c };

	memcpy(expecting.serial, c->serial, sizeof(expecting.serial));
	HF_TRY(peer_open(client, &expecting, LINK_CHECK_MS, opened, &step));
	HF_TRY(wait_for(client, &step, until));
	step.over = false;
	HF_TRY(peer_ping(client, c->token.session, LINK_CHECK_MS / 2, pinged, &step));
	HF_TRY(wait_for(client, &step, until));
	step.over = false;
	if (hf_ok(peer_close(client, c->token.session, closed, &step)))
		hf_ignore(wait_for(client, &step, until));
	return HF_SUCCESS;
}

static hf_status check(struct link_check *c)
{
	struct http_client *client = NULL;
	hf_status s;

	if (!c->pin.len)
		return hf_fail(&c->err, HF_INVALID, "a connection is tested with a PIN: give it");
	HF_TRY(peer_client(c->url, c->tls, &c->client_key, &client, &c->err));
	s = try(c, client);
	http_client_free(client);
	return s;
}

static void *run(void *arg)
{
	struct link_check *c = arg;
	struct slot_links *s = c->of;

	c->err.text[0] = '\0';
	c->status = check(c);
	if (!hf_ok(c->status) && !*c->err.text)
		snprintf(c->err.text, sizeof(c->err.text), "the test failed: %s",
		         hf_code_name(c->status.code));
	pthread_mutex_lock(&s->lock);
	LIST_REMOVE(c, entry); /* before the answer: whoever has it may ask for the next */
	pthread_mutex_unlock(&s->lock);
	c->done(c);
	pthread_mutex_lock(&s->lock);
	s->checks--;
	pthread_cond_signal(&s->checked);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static bool has_one(const struct slot_links *s, const char *caller)
{
	const struct link_check *c;

	LIST_FOREACH(c, &s->checking, entry)
		if (strcmp(c->caller, caller) == 0)
			return true;
	return false;
}

hf_status slot_links_check(struct slot_links *s, struct link_check *c, struct hf_err *err)
{
	hf_status status = HF_SUCCESS;
	pthread_t thread;

	c->of = s;
	pthread_mutex_lock(&s->lock);
	if (s->stopped)
		status = hf_fail(err, HF_CLOSED, "the server is stopping: try again");
	else if (has_one(s, c->caller))
		status = hf_fail(err, HF_BUSY,
		                 "a connection is being tested for you already: wait for the "
		                 "answer");
	else if (s->checks >= AT_ONCE)
		status = hf_fail(err, HF_BUSY, "%d connections are being tested: try again",
		                 AT_ONCE);
	if (hf_ok(status))
		status = hf_thread_start("check", run, c, &thread, err);
	if (hf_ok(status)) { /* it waits for the lock */
		LIST_INSERT_HEAD(&s->checking, c, entry);
		s->checks++;
		pthread_detach(thread);
	}
	pthread_mutex_unlock(&s->lock);
	return status;
}

void link_check_done(struct link_check *c)
{
	free(c->tls);
	hf_secret_done(&c->pin);
	hf_secret_done(&c->client_key);
}
