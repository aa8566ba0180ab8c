/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/events/events.h"

#include "server/core/events/webhooks.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

struct orgs {
	char (*ids)[HF_ID_MAX];
	size_t n, cap;
};

struct events_watch {
	SLIST_ENTRY(events_watch) link;
	bool known;
	unsigned added; /* times that one was added */
	struct orgs orgs;
};

/* A process normally has one server. With several, an event is wanted if it may be by any. */
static struct {
	pthread_rwlock_t lock;
	SLIST_HEAD(, events_watch) all;
} watches = { .lock = PTHREAD_RWLOCK_INITIALIZER };

static hf_status orgs_add(void *ctx, const char *org_id)
{
	struct orgs *o = ctx;

	if (o->n == o->cap) {
		size_t cap = o->cap ? 2 * o->cap : 8;
		void *more = realloc(o->ids, cap * sizeof(*o->ids));

		HF_ENSURE(more, HF_NOMEM);
		o->ids = more;
		o->cap = cap;
	}
	snprintf(o->ids[o->n++], HF_ID_MAX, "%s", org_id);
	return HF_SUCCESS;
}

static bool orgs_have(const struct orgs *o, const char *org_id)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->ids[i], org_id) == 0)
			return true;
	return false;
}

hf_status events_watch_new(struct events_watch **ret)
{
	struct events_watch *w = calloc(1, sizeof(*w));

	HF_ENSURE(w, HF_NOMEM);
	pthread_rwlock_wrlock(&watches.lock);
	SLIST_INSERT_HEAD(&watches.all, w, link);
	pthread_rwlock_unlock(&watches.lock);
	*ret = w;
	return HF_SUCCESS;
}

void events_watch_free(struct events_watch *w)
{
	if (!w)
		return;
	pthread_rwlock_wrlock(&watches.lock);
	SLIST_REMOVE(&watches.all, w, events_watch, link);
	pthread_rwlock_unlock(&watches.lock);
	free(w->orgs.ids);
	free(w);
}

hf_status events_watch_refresh(struct events_watch *w, struct db *db)
{
	struct orgs orgs = { 0 };
	unsigned added;
	hf_status s;

	pthread_rwlock_rdlock(&watches.lock);
	added = w->added;
	pthread_rwlock_unlock(&watches.lock);
	s = webhook_orgs(db, orgs_add, &orgs);
	pthread_rwlock_wrlock(&watches.lock);
	if (hf_ok(s) && w->added == added) { /* otherwise it was read too early */
		struct orgs old = w->orgs;

		w->orgs = orgs;
		w->known = true;
		orgs = old;
	}
	pthread_rwlock_unlock(&watches.lock);
	free(orgs.ids);
	return s;
}

void events_watch_add(struct events_watch *w, const char *org_id)
{
	pthread_rwlock_wrlock(&watches.lock);
	w->added++;
	if (!orgs_have(&w->orgs, org_id) && !hf_ok(orgs_add(&w->orgs, org_id)))
		w->known = false;
	pthread_rwlock_unlock(&watches.lock);
}

bool events_wanted(const char *org_id)
{
	const struct events_watch *w;
	bool wanted = false;

	pthread_rwlock_rdlock(&watches.lock);
	SLIST_FOREACH(w, &watches.all, link)
		wanted = wanted || !w->known || orgs_have(&w->orgs, org_id);
	pthread_rwlock_unlock(&watches.lock);
	return wanted;
}

hf_status events_add(struct db *db, const struct event *e)
{
	char ids[WEBHOOKS_MAX][HF_ID_MAX];
	struct event_row row = { .data = e->data, .happened_ms = e->now_ms, .attempt = 1 };
	size_t n;

	if (!events_wanted(e->org_id))
		return HF_SUCCESS;
	snprintf(row.org_id, sizeof(row.org_id), "%s", e->org_id);
	snprintf(row.kind, sizeof(row.kind), "%s", e->kind);
	HF_TRY(webhook_rows_wanting(db, e->org_id, e->kind, ids, &n));
	for (size_t i = 0; i < n; i++) {
		hf_id_new("whe", row.id);
		memcpy(row.webhook_id, ids[i], sizeof(row.webhook_id));
		HF_TRY(event_row_insert(db, &row, 0));
	}
	return HF_SUCCESS;
}
