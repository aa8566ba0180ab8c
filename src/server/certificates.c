/* SPDX-License-Identifier: Apache-2.0 */
#include "server/certificates.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "server/server_internal.h"

#include <string.h>
#include <time.h>

#define LOOK_EVERY_S 1

struct certificates {
	struct cert_dates *dates;
	pthread_t thread;
	bool watching;
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t wake;
	bool stop, anew;
};

static void note_dates(struct server *s, struct face *face, const char *name)
{
	struct tls_date dates[TLS_DATES_MAX];
	size_t n = tls_server_dates(face->tls, dates);

	cert_dates_set(s->certificates->dates, name, dates, n);
}

static void look_at(struct server *s, struct face *face, const char *name, bool anew)
{
	struct hf_err err = { .text = "" };
	const char *reason = err.text;
	bool renewed;

	if (!hf_ok(tls_server_refresh(face->tls, anew, &renewed, &err))) {
		HF_WARN("changed TLS files cannot be used; the old ones stay in force",
		        HF_KS("for", name), HF_KS("reason", reason));
	} else if (renewed) {
		note_dates(s, face, name);
		HF_INFO("the TLS files have changed and are in force", HF_KS("for", name));
	}
	if (face->http)
		http_server_recheck(face->http);
}

static void *watch(void *arg)
{
	struct server *s = arg;
	struct certificates *w = s->certificates;
	struct timespec at;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		bool anew = w->anew;

		w->anew = false;
		pthread_mutex_unlock(&w->lock);
		look_at(s, &s->api, "api", anew);
		look_at(s, &s->driver, "driver", anew);
		if (s->crypto.tls)
			look_at(s, &s->crypto, "crypto", anew);
		cert_dates_warn(w->dates, hf_wall_ms() / 1000);
		pthread_mutex_lock(&w->lock);
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += LOOK_EVERY_S;
		while (!w->stop && !w->anew &&
		       pthread_cond_clockwait(&w->wake, &w->lock, CLOCK_MONOTONIC, &at) == 0)
			;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

hf_status certificates_new(struct server *s)
{
	struct certificates *w = calloc(1, sizeof(*w));

	HF_ENSURE(w, HF_NOMEM);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	if (!hf_ok(cert_dates_new(&w->dates))) {
		certificates_free(w);
		return HF_FAILURE(HF_NOMEM);
	}
	s->certificates = w;
	s->health.dates = w->dates;
	note_dates(s, &s->api, "api");
	note_dates(s, &s->driver, "driver");
	if (s->crypto.tls)
		note_dates(s, &s->crypto, "crypto");
	return HF_SUCCESS;
}

void certificates_free(struct certificates *w)
{
	if (!w)
		return;
	cert_dates_free(w->dates);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

hf_status certificates_watch(struct server *s, struct hf_err *err)
{
	HF_TRY(hf_thread_start("certificates", watch, s, &s->certificates->thread, err));
	s->certificates->watching = true;
	return HF_SUCCESS;
}

static void tell(struct certificates *w, bool *what)
{
	pthread_mutex_lock(&w->lock);
	*what = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void certificates_unwatch(struct server *s)
{
	struct certificates *w = s->certificates;

	if (!w || !w->watching)
		return;
	tell(w, &w->stop);
	pthread_join(w->thread, NULL);
	w->watching = false;
}

void certificates_look(struct server *s)
{
	tell(s->certificates, &s->certificates->anew);
}
