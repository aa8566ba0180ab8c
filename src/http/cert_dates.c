/* SPDX-License-Identifier: Apache-2.0 */
#include "http/cert_dates.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define DAY_S INT64_C(86400)

enum { STAGES = 4, WORDS_MAX = 512, WARNINGS_MAX = 65536 };

struct entry {
	const char *use;
	struct tls_date date;
	int said; /* the stage that the log has heard of */
};

struct cert_dates {
	pthread_mutex_t lock;
	size_t n;
	struct entry entries[TLS_DATES_MAX];
};

hf_status cert_dates_new(struct cert_dates **ret)
{
	struct cert_dates *c = calloc(1, sizeof(*c));

	HF_ENSURE(c, HF_NOMEM);
	pthread_mutex_init(&c->lock, NULL);
	*ret = c;
	return HF_SUCCESS;
}

void cert_dates_free(struct cert_dates *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static int said_before(const struct cert_dates *c, const char *use, const struct tls_date *d)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct entry *e = &c->entries[i];

		if (e->date.kind == d->kind && e->date.until_s == d->until_s &&
		    strcmp(e->use, use) == 0 && strcmp(e->date.name, d->name) == 0)
			return e->said;
	}
	return 0;
}

/* A name stands once in the metrics: of several certificates (an intermediate that is in two files,
 * a root and its successor) the first to expire; of several CRLs the last. */
static bool merged(struct entry *among, size_t n, const struct tls_date *d)
{
	for (size_t i = 0; i < n; i++) {
		struct tls_date *have = &among[i].date;

		if (have->kind != d->kind || strcmp(have->name, d->name) != 0)
			continue;
		if ((d->until_s < have->until_s) == (d->kind != TLS_DATE_CRL))
			have->until_s = d->until_s;
		return true;
	}
	return false;
}

void cert_dates_set(struct cert_dates *c, const char *use, const struct tls_date *dates, size_t n)
{
	struct entry fresh[TLS_DATES_MAX];
	size_t n_fresh = 0, kept = 0;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < n; i++)
		if (!merged(fresh, n_fresh, &dates[i]))
			fresh[n_fresh++] = (struct entry){ .use = use, .date = dates[i] };
	for (size_t i = 0; i < n_fresh; i++)
		fresh[i].said = said_before(c, use, &fresh[i].date);
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->entries[i].use, use) != 0)
			c->entries[kept++] = c->entries[i];
	c->n = kept;
	for (size_t i = 0; i < n_fresh && c->n < TLS_DATES_MAX; i++)
		c->entries[c->n++] = fresh[i];
	pthread_mutex_unlock(&c->lock);
}

/* 0: far away; 1, 2, 3: within 14, 3, 1 days; 4: over. */
static int stage(const struct tls_date *d, int64_t now_s)
{
	int64_t left = d->until_s - now_s;

	return left < 0 ? STAGES : left < DAY_S ? 3 : left < 3 * DAY_S ? 2 : left < 14 * DAY_S;
}

static const char *what(const struct tls_date *d)
{
	switch (d->kind) {
	case TLS_DATE_OWN:
		return "certificate";
	case TLS_DATE_AUTHORITY:
		return "authority";
	case TLS_DATE_CRL:
		return "CRL";
	}
	return "";
}

static void words(const struct entry *e, int64_t now_s, char to[WORDS_MAX])
{
	int64_t left = e->date.until_s - now_s, far = left < 0 ? -left : left;
	bool crl = e->date.kind == TLS_DATE_CRL;
	const char *over = crl ? "has been due for" : "has expired since";
	const char *ahead = crl ? "is due to be replaced within" : "expires within";

	snprintf(to, WORDS_MAX, "the %s %s (%s) %s %lld %s", what(&e->date), e->date.name, e->use,
	         left < 0 ? over : ahead,
	         (long long)(far >= 2 * DAY_S ? far / DAY_S : far / 3600 + (left >= 0)),
	         far >= 2 * DAY_S ? "days" : "hours");
}

void cert_dates_warn(struct cert_dates *c, int64_t now_s)
{
	char text[WORDS_MAX];

	for (size_t i = 0;; i++) {
		bool there, say = false;

		pthread_mutex_lock(&c->lock);
		there = i < c->n;
		if (there) {
			struct entry *e = &c->entries[i];
			int now = stage(&e->date, now_s);

			say = now > e->said;
			e->said = now;
			words(e, now_s, text);
		}
		pthread_mutex_unlock(&c->lock);
		if (!there)
			return;
		if (say)
			HF_WARN("a certificate or CRL has to be renewed", HF_KS("what", text));
	}
}

void cert_dates_near(struct cert_dates *c, int64_t now_s, void (*say)(void *ctx, const char *words),
                     void *ctx)
{
	char text[WORDS_MAX];

	for (size_t i = 0;; i++) {
		bool there, near = false;

		pthread_mutex_lock(&c->lock);
		there = i < c->n;
		if (there) {
			near = stage(&c->entries[i].date, now_s) > 0;
			words(&c->entries[i], now_s, text);
		}
		pthread_mutex_unlock(&c->lock);
		if (!there)
			return;
		if (near)
			say(ctx, text);
	}
}

static void write_some(struct cert_dates *c, bool crls, const char *name, int64_t now_s,
                       struct hf_buf *to)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct entry *e = &c->entries[i];
		struct hf_label labels[] = { { "use", e->use },
			                     { "kind", what(&e->date) },
			                     { "name", e->date.name } };

		if ((e->date.kind == TLS_DATE_CRL) == crls)
			hf_metric_sample(to, name, labels, HF_COUNT(labels),
			                 (double)(e->date.until_s - now_s));
	}
}

void cert_dates_write(struct cert_dates *c, int64_t now_s, struct hf_buf *to)
{
	static const char certificates[] = "holdfast_certificate_expires_seconds",
	                  crls[] = "holdfast_crl_due_seconds";

	pthread_mutex_lock(&c->lock);
	hf_metric_head(to, certificates, "Until a certificate in use expires; below 0: it has",
	               HF_METRIC_GAUGE);
	write_some(c, false, certificates, now_s, to);
	hf_metric_head(to, crls, "Until a CRL in use has to be replaced; below 0: it is outdated",
	               HF_METRIC_GAUGE);
	write_some(c, true, crls, now_s, to);
	pthread_mutex_unlock(&c->lock);
}

static void add_warning(void *ctx, const char *words)
{
	hf_buf_printf(ctx, "warning: %s\n", words);
}

void cert_dates_reply(struct cert_dates *c, struct http_request *req)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(WARNINGS_MAX);

	if (c)
		cert_dates_near(c, hf_wall_ms() / 1000, add_warning, &text);
	http_reply(req, 200, "text/plain", hf_buf_span(&text));
}
