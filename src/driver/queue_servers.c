/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/queue_servers.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	REFUSED_MS = 2000, /* a server that answers with errors for longer is left */
	HOME_BASE_MS = 60000,
	HOME_CAP_MS = 600000,
};

static hf_status add(const char *scheme, const char *addr, size_t len, struct queue_servers *to)
{
	char text[QUEUE_URL_MAX - 16], *colon;
	int64_t port;

	HF_ENSURE(len > 0 && len < sizeof(text) && to->n < QUEUE_SERVERS_MAX, HF_INVALID);
	memcpy(text, addr, len);
	text[len] = 0;
	HF_ENSURE(!strpbrk(text, "/@?#; \t\"\\"), HF_INVALID);
	colon = strrchr(text, ':');
	HF_ENSURE(colon && colon != text, HF_INVALID);
	HF_TRY(hf_parse_i64(colon + 1, 1, 65535, &port));
	snprintf(to->url[to->n++], QUEUE_URL_MAX, "%s://%s", scheme, text);
	return HF_SUCCESS;
}

hf_status queue_servers_parse(const char *scheme, const char *list, struct queue_servers *ret,
                              struct hf_err *err)
{
	struct queue_servers s = { 0 };
	const char *at = list ? list : "";
	hf_status ok;

	do {
		size_t len = strcspn(at, ",");

		ok = add(scheme, at, len, &s);
		at += len;
	} while (hf_ok(ok) && *at++ == ',');
	if (!hf_ok(ok))
		return hf_fail(err, HF_INVALID,
		               "--proxy-addr %s: give host:port, such as queue.example.com:8443; "
		               "of several servers (at most %d), all, with commas between them",
		               list ? list : "", QUEUE_SERVERS_MAX);
	s.at = s.home = hf_random_u64() % s.n;
	*ret = s;
	return HF_SUCCESS;
}

const char *queue_servers_url(const struct queue_servers *s)
{
	return s->url[s->at];
}

bool queue_servers_failed(struct queue_servers *s, bool answered, int64_t now_ms, bool *ret_pause)
{
	*ret_pause = true;
	if (!s->failing_since_ms)
		s->failing_since_ms = now_ms;
	if (s->n == 1)
		return !answered; /* to itself, by new connections */
	if (answered && now_ms - s->failing_since_ms < REFUSED_MS)
		return false;
	s->at = (s->at + 1) % s->n;
	s->failing_since_ms = 0;
	s->tried++;
	*ret_pause = s->tried % s->n == 0;
	if (s->at != s->home)
		s->home_at_ms = now_ms + hf_backoff_ms(s->journeys, HOME_BASE_MS, HOME_CAP_MS);
	return true;
}

void queue_servers_succeeded(struct queue_servers *s, int64_t now_ms)
{
	s->failing_since_ms = 0;
	s->tried = 0;
	if (s->at == s->home)
		s->journeys = 0;
	else if (!s->home_at_ms)
		s->home_at_ms = now_ms + HOME_BASE_MS;
}

bool queue_servers_go_home(struct queue_servers *s, int64_t now_ms)
{
	if (s->at == s->home || s->tried > 0 || !s->home_at_ms || now_ms < s->home_at_ms)
		return false;
	s->at = s->home;
	s->journeys++;
	s->home_at_ms = 0;
	return true;
}
