/* SPDX-License-Identifier: Apache-2.0
 * All connections of this server. */
#include "server/slot_links/inside.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static void submit(struct slot_links *s, struct backend_call *call)
{
	bool stopped;

	pthread_mutex_lock(&s->lock);
	stopped = s->stopped;
	pthread_mutex_unlock(&s->lock);
	if (stopped)
		backend_refuse(call, HF_CLOSED, "the server is stopping: try again");
	else
		way_begin(s, call);
}

static void changed(struct slot_links *s, const char *group_id)
{
	struct link *l;

	pthread_mutex_lock(&s->lock);
	SLIST_FOREACH(l, &s->table, next)
		if (!group_id || strcmp(l->group_id, group_id) == 0) {
			atomic_store(&l->recheck, true);
			link_wake(l);
		}
	pthread_mutex_unlock(&s->lock);
}

hf_status slot_links_new(const struct core *core, struct slot_links **ret)
{
	struct slot_links *s = calloc(1, sizeof(*s));

	HF_ENSURE(s, HF_NOMEM);
	s->core = core;
	s->backend = (struct slot_backend){ s, submit, changed };
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->checked, NULL);
	SLIST_INIT(&s->table);
	SLIST_INIT(&s->ended);
	LIST_INIT(&s->checking);
	atomic_init(&s->none_ended, true);
	*ret = s;
	return HF_SUCCESS;
}

const struct slot_backend *slot_links_backend(struct slot_links *s)
{
	return &s->backend;
}

/* Those whose thread has come to its end, or is just about to. When all of them are being stopped,
 * that is the stopper's alone: no thread is joined twice. */
static void reap(struct slot_links *s, bool stopper)
{
	struct link *l;

	while (!atomic_load(&s->none_ended)) {
		pthread_mutex_lock(&s->lock);
		l = s->stopped && !stopper ? NULL : SLIST_FIRST(&s->ended);
		if (l)
			SLIST_REMOVE_HEAD(&s->ended, next);
		atomic_store(&s->none_ended, SLIST_EMPTY(&s->ended));
		pthread_mutex_unlock(&s->lock);
		if (!l)
			return;
		pthread_join(l->thread, NULL);
		link_release(l); /* the thread's */
		link_release(l); /* the table's */
	}
}

void links_remove(struct slot_links *s, struct link *l)
{
	pthread_mutex_lock(&s->lock);
	SLIST_REMOVE(&s->table, l, link, next);
	SLIST_INSERT_HEAD(&s->ended, l, next);
	atomic_store(&s->none_ended, false);
	s->n_links--;
	pthread_mutex_unlock(&s->lock);
}

static struct link *find(struct slot_links *s, const char *id)
{
	struct link *l;

	SLIST_FOREACH(l, &s->table, next)
		if (strcmp(l->id, id) == 0)
			return l;
	return NULL;
}

static hf_status add(struct slot_links *s, const struct group *group, const struct group_link *link,
                     struct link **ret)
{
	HF_ENSURE(s->n_links < LINKS_MAX, HF_BUSY);
	HF_TRY(link_new(s, group->org_id, group->id, link->id, ret));
	SLIST_INSERT_HEAD(&s->table, *ret, next);
	s->n_links++;
	return HF_SUCCESS;
}

/* The caller knows of a newer row than its thread: what was wrong with the old one is over. */
static void renew(struct link *l)
{
	enum link_health refused = HEALTH_REFUSED;

	atomic_store(&l->recheck, true);
	atomic_compare_exchange_strong(&l->health, &refused, HEALTH_NEW);
	link_wake(l);
}

hf_status links_find(struct slot_links *s, const struct group *group, const struct group_link *link,
                     struct link **ret)
{
	hf_status status = HF_SUCCESS;
	struct link *l;

	reap(s, false);
	pthread_mutex_lock(&s->lock);
	l = find(s, link->id);
	if (s->stopped)
		status = HF_FAILURE(HF_CLOSED);
	else if (!l)
		status = add(s, group, link, &l);
	if (hf_ok(status))
		*ret = link_hold(l);
	pthread_mutex_unlock(&s->lock);
	HF_TRY(status);
	if (atomic_load(&l->updated_ms) && atomic_load(&l->updated_ms) < link->updated_ms)
		renew(l);
	return HF_SUCCESS;
}

void slot_links_stop(struct slot_links *s)
{
	struct link *l;

	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopped = true;
	SLIST_FOREACH(l, &s->table, next) {
		atomic_store(&l->stop, true);
		link_wake(l);
	}
	while (s->checks)
		pthread_cond_wait(&s->checked, &s->lock);
	while (!SLIST_EMPTY(&s->table)) {
		pthread_t thread = SLIST_FIRST(&s->table)->thread;

		l = link_hold(SLIST_FIRST(&s->table));
		pthread_mutex_unlock(&s->lock);
		pthread_join(thread, NULL);
		pthread_mutex_lock(&s->lock);
		SLIST_REMOVE(&s->ended, l, link, next);
		link_release(l); /* the thread's */
		link_release(l); /* the table's */
		link_release(l); /* ours */
	}
	pthread_mutex_unlock(&s->lock);
	reap(s, true);
}

void slot_links_free(struct slot_links *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->checked);
	free(s);
}

void slot_links_view(struct slot_links *s, const char *link_id, struct link_view *ret)
{
	struct link *l;

	*ret = (struct link_view){ .state = LINK_UNKNOWN };
	pthread_mutex_lock(&s->lock);
	l = find(s, link_id);
	if (l) {
		pthread_mutex_lock(&l->lock);
		*ret = l->view;
		pthread_mutex_unlock(&l->lock);
	}
	pthread_mutex_unlock(&s->lock);
}

void slot_links_look(struct slot_links *s, const struct group *group)
{
	const int64_t recent = hf_mono_ms() - LINK_LOOK_MS;

	for (size_t i = 0; i < group->n_links; i++) {
		struct link *l;

		if (!hf_ok(links_find(s, group, &group->links[i], &l)))
			continue;
		if (atomic_load(&l->seen_up_ms) < recent) {
			atomic_store(&l->probe, true);
			link_wake(l);
		}
		link_release(l);
	}
}

static void labels_of(struct link *l, char where[LINK_URL_MAX], struct hf_label to[3])
{
	to[0] = (struct hf_label){ "group", l->group_id };
	to[1] = (struct hf_label){ "link", l->id };
	to[2] = (struct hf_label){ "gateway", link_where(l, where) };
}

static double value_of(struct link *l, int what)
{
	hf_counter *counters[] = { &l->counts.ops, &l->counts.failures, &l->counts.failovers,
		                   &l->counts.nonsense };

	if (what == 0)
		return atomic_load(&l->health) == HEALTH_UP;
	return (double)hf_counted(counters[what - 1]);
}

void slot_links_metrics(struct slot_links *s, struct hf_buf *to)
{
	static const struct {
		const char *name, *help;
		enum hf_metric_type type;
	} what[] = {
		{ "holdfast_server_slot_up", "Whether a connection to a slot works.",
		  HF_METRIC_GAUGE },
		{ "holdfast_server_slot_operations_total", "Operations sent to a slot.",
		  HF_METRIC_COUNTER },
		{ "holdfast_server_slot_failures_total", "Times that a slot was taken for down.",
		  HF_METRIC_COUNTER },
		{ "holdfast_server_slot_failovers_total",
		  "Operations that came from another connection that did not answer.",
		  HF_METRIC_COUNTER },
		{ "holdfast_server_slot_nonsense_total",
		  "Answers that were none, and were thrown away.", HF_METRIC_COUNTER },
	};
	char where[LINK_URL_MAX];
	struct hf_label labels[3];
	struct link *l;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < HF_COUNT(what) && !SLIST_EMPTY(&s->table); i++) {
		hf_metric_head(to, what[i].name, what[i].help, what[i].type);
		SLIST_FOREACH(l, &s->table, next) {
			labels_of(l, where, labels);
			hf_metric_sample(to, what[i].name, labels, HF_COUNT(labels),
			                 value_of(l, (int)i));
		}
	}
	if (!SLIST_EMPTY(&s->table))
		hf_metric_head(to, "holdfast_server_slot_seconds",
		               "How long a request to a gateway took.", HF_METRIC_HISTOGRAM);
	SLIST_FOREACH(l, &s->table, next) {
		labels_of(l, where, labels);
		hf_metric_histogram(to, "holdfast_server_slot_seconds", labels, HF_COUNT(labels),
		                    &l->counts.latency);
	}
	pthread_mutex_unlock(&s->lock);
}
