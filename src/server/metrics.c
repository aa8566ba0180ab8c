/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

#include "base/clock.h"
#include "os/process.h"
#include "server/core/audit/audit.h"
#include "server/slot_links.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define P "holdfast_server_"

hf_status server_metrics_new(struct server_metrics **ret)
{
	struct server_metrics *m = calloc(1, sizeof(*m));

	HF_ENSURE(m, HF_NOMEM);
	m->started_ms = hf_wall_ms();
	*ret = m;
	return HF_SUCCESS;
}

void server_metrics_free(struct server_metrics *m)
{
	free(m);
}

hf_status server_metrics_listener(struct server_metrics *m, const char *listener,
                                  const struct http_route *routes, size_t n,
                                  struct listener_metrics *ret)
{
	struct route_metrics *first = &m->routes[m->n_routes];

	HF_ENSURE(m->n_routes + n + 1 <= METRIC_ROUTES_MAX, HF_TOOBIG);
	for (size_t i = 0; i < n; i++) {
		first[i].listener = listener;
		first[i].method = routes[i].method;
		first[i].pattern = routes[i].pattern;
	}
	first[n] = (struct route_metrics){ .listener = listener, .method = "", .pattern = "" };
	m->n_routes += n + 1;
	*ret = (struct listener_metrics){ first, n + 1 };
	return HF_SUCCESS;
}

void server_metrics_observed(void *ctx, const struct http_route *route, int status, int64_t us)
{
	struct listener_metrics *l = ctx;
	size_t i = 0;

	/* The texts are the table's own: the same pointers. */
	while (i < l->n - 1 && !(route && l->routes[i].pattern == route->pattern &&
	                         l->routes[i].method == route->method))
		i++;
	if (status >= 100 && status < 600)
		hf_count(&l->routes[i].by_class[status / 100], 1);
	hf_histogram_add(&l->routes[i].latency, us);
}

static void write_requests(struct server_metrics *m, struct hf_buf *to)
{
	static const char *const classes[] = { "0xx", "1xx", "2xx", "3xx", "4xx", "5xx" };

	hf_metric_head(to, P "http_requests_total", "Requests answered.", HF_METRIC_COUNTER);
	for (size_t i = 0; i < m->n_routes; i++) {
		struct route_metrics *r = &m->routes[i];

		for (size_t c = 1; c < HF_COUNT(classes); c++) {
			const struct hf_label labels[] = { { "listener", r->listener },
				                           { "method", r->method },
				                           { "route", r->pattern },
				                           { "status", classes[c] } };
			uint64_t n = hf_counted(&r->by_class[c]);

			if (n)
				hf_metric_sample(to, P "http_requests_total", labels,
				                 HF_COUNT(labels), (double)n);
		}
	}
}

static uint64_t requests(struct route_metrics *r)
{
	uint64_t n = 0;

	for (size_t c = 0; c < HF_COUNT(r->by_class); c++)
		n += hf_counted(&r->by_class[c]);
	return n;
}

static void write_latencies(struct server_metrics *m, struct hf_buf *to)
{
	hf_metric_head(to, P "http_request_seconds",
	               "Time from a request's head to its answer, waiting included.",
	               HF_METRIC_HISTOGRAM);
	for (size_t i = 0; i < m->n_routes; i++) {
		struct route_metrics *r = &m->routes[i];
		const struct hf_label labels[] = { { "listener", r->listener },
			                           { "method", r->method },
			                           { "route", r->pattern } };

		if (requests(r))
			hf_metric_histogram(to, P "http_request_seconds", labels, HF_COUNT(labels),
			                    &r->latency);
	}
}

static void write_jobs(struct core *core, struct hf_buf *to)
{
	struct jobs_stats s;

	jobs_stats(core->jobs, &s);
	const struct {
		const char *state;
		uint64_t n;
	} events[] = {
		{ "added", s.added },     { "dealt", s.dealt }, { "done", s.done },
		{ "failed", s.failed },   { "late", s.late },   { "expired", s.expired },
		{ "retried", s.retried },
	};

	hf_metric_head(to, P "jobs_total",
	               "What happened to jobs; late: answered after another answer had won.",
	               HF_METRIC_COUNTER);
	for (size_t i = 0; i < HF_COUNT(events); i++)
		hf_metric_sample(to, P "jobs_total", &(struct hf_label){ "event", events[i].state },
		                 1, (double)events[i].n);
	hf_metric(to, P "jobs_queued", "Jobs that wait for a driver.", HF_METRIC_GAUGE,
	          (double)s.queued);
	hf_metric(to, P "jobs_oldest_seconds", "Age of the job that waits longest.",
	          HF_METRIC_GAUGE, (double)s.oldest_ms / 1000);
	hf_metric(to, P "polls_parked", "Drivers' requests that wait for jobs.", HF_METRIC_GAUGE,
	          (double)s.parked);
	hf_metric(to, P "requests_held", "Callers' requests that wait for an HSM.", HF_METRIC_GAUGE,
	          (double)waiters_count(core->waiters));
	hf_metric_head(to, P "job_seconds", "Time from a job's request to its stored outcome.",
	               HF_METRIC_HISTOGRAM);
	hf_metric_histogram(to, P "job_seconds", NULL, 0, jobs_latency(core->jobs));
}

static void write_db(struct core *core, struct hf_buf *to)
{
	static const struct {
		const char *name, *help;
		enum hf_metric_type type;
	} heads[] = {
		{ P "db_tasks_total", "Tasks given to the database.", HF_METRIC_COUNTER },
		{ P "db_groups_total", "Commits that carried them.", HF_METRIC_COUNTER },
		{ P "db_failures_total", "Tasks that failed.", HF_METRIC_COUNTER },
		{ P "db_reruns_total", "Groups that ran again: a lost connection or a conflict.",
		  HF_METRIC_COUNTER },
		{ P "db_waiting", "Tasks that wait for the database.", HF_METRIC_GAUGE },
		{ P "db_up", "1 while the database can be reached.", HF_METRIC_GAUGE },
	};
	const struct {
		const char *queue;
		struct db_work *work;
	} queues[] = { { "writer", core->writer }, { "reader", core->reader } };

	for (size_t h = 0; h < HF_COUNT(heads); h++) {
		hf_metric_head(to, heads[h].name, heads[h].help, heads[h].type);
		for (size_t i = 0; i < HF_COUNT(queues); i++) {
			const struct hf_label label = { "queue", queues[i].queue };
			struct db_work_stats s;

			db_work_stats(queues[i].work, &s);
			const uint64_t values[] = { s.tasks,  s.groups,  s.failures,
				                    s.reruns, s.waiting, s.connected };

			hf_metric_sample(to, heads[h].name, &label, 1, (double)values[h]);
		}
	}
}

static void write_notices(struct server_metrics *m, struct hf_buf *to)
{
	hf_metric(to, P "notices_said_total", "Words for the other servers of the database.",
	          HF_METRIC_COUNTER, (double)hf_counted(&m->notices_said));
	hf_metric(to, P "notices_heard_total", "Words of the other servers.", HF_METRIC_COUNTER,
	          (double)hf_counted(&m->notices_heard));
}

static void write_limits(struct server_metrics *m, struct hf_buf *to)
{
	const struct {
		const char *by;
		uint64_t n;
	} limits[] = {
		{ "caller", hf_counted(&m->limited_callers) },
		{ "open", hf_counted(&m->limited_open) },
		{ "failures", hf_counted(&m->limited_failures) },
	};

	hf_metric_head(to, P "limited_total",
	               "Requests refused with 429: too many of one token, of one address without a "
	               "token, or of one address with bad tokens.",
	               HF_METRIC_COUNTER);
	for (size_t i = 0; i < HF_COUNT(limits); i++)
		hf_metric_sample(to, P "limited_total", &(struct hf_label){ "limit", limits[i].by },
		                 1, (double)limits[i].n);
}

static void write_webhooks(struct server_metrics *m, struct hf_buf *to)
{
	hf_metric(to, P "webhooks_delivered_total", "Webhook events that their target took.",
	          HF_METRIC_COUNTER, (double)hf_counted(&m->webhooks_delivered));
	hf_metric(to, P "webhooks_failed_total", "Attempts to deliver one that failed.",
	          HF_METRIC_COUNTER, (double)hf_counted(&m->webhooks_failed));
	hf_metric(to, P "webhooks_given_up_total", "Events whose last attempt failed.",
	          HF_METRIC_COUNTER, (double)hf_counted(&m->webhooks_given_up));
}

static void write_audit(struct core *core, struct hf_buf *to)
{
	struct audit_counts *counts = audit_counts(core->audit);

	struct audit_state state = audit_state(core->audit);

	hf_metric(to, P "audit_leaves_total",
	          "Entries that this server gave their place in the log's trees.",
	          HF_METRIC_COUNTER, (double)hf_counted(&counts->leaves));
	if (state.known) {
		hf_metric(to, P "audit_waiting", "Entries that wait for their place.",
		          HF_METRIC_GAUGE, (double)state.waiting);
		hf_metric(to, P "audit_uncovered", "Entries that no signed checkpoint covers yet.",
		          HF_METRIC_GAUGE, (double)state.uncovered);
	}
	hf_metric(to, P "audit_sent_total", "Entries sent to the collector.", HF_METRIC_COUNTER,
	          (double)hf_counted(&counts->sent));
	hf_metric(to, P "audit_send_failures_total", "Connections to the collector that failed.",
	          HF_METRIC_COUNTER, (double)hf_counted(&counts->send_failures));
	hf_metric(to, P "audit_entries_total", "Entries of the audit log about requests.",
	          HF_METRIC_COUNTER, (double)hf_counted(&counts->entries));
	hf_metric(to, P "audit_dropped_total",
	          "Refusals that were answered without an entry: the database was busy or away.",
	          HF_METRIC_COUNTER, (double)hf_counted(&counts->dropped));
	hf_metric(to, P "audit_unknown_callers_total",
	          "Refusals of callers that nobody knows: counted, not entered.", HF_METRIC_COUNTER,
	          (double)hf_counted(&counts->unknown_callers));
}

static void write_driver(void *ctx, const struct driver_seen *seen)
{
	const struct hf_label labels[] = { { "driver", seen->name },
		                           { "key_store", seen->store_id } };

	hf_metric_sample(ctx, P "driver_silent_seconds", labels, HF_COUNT(labels),
	                 (double)(hf_mono_ms() - seen->last_ms) / 1000);
}

static void write_process(struct server_metrics *m, struct hf_buf *to)
{
	const struct hf_label version = { "version", HF_VERSION };

	hf_metric_head(to, "holdfast_build_info", "The version, as a label.", HF_METRIC_GAUGE);
	hf_metric_sample(to, "holdfast_build_info", &version, 1, 1);
	hf_metric(to, "process_resident_memory_bytes", "Resident memory.", HF_METRIC_GAUGE,
	          (double)os_process_rss(getpid()));
	hf_metric(to, "process_start_time_seconds", "When the process started.", HF_METRIC_GAUGE,
	          (double)m->started_ms / 1000);
}

void server_metrics_write(struct core *core, struct drivers *drivers, struct hf_buf *to)
{
	write_requests(core->metrics, to);
	write_latencies(core->metrics, to);
	write_jobs(core, to);
	write_db(core, to);
	write_audit(core, to);
	write_limits(core->metrics, to);
	write_webhooks(core->metrics, to);
	if (core->notices)
		write_notices(core->metrics, to);
	if (core->slots)
		slot_links_metrics(core->slots->links, to);
	if (drivers) {
		hf_metric_head(to, P "driver_silent_seconds",
		               "Time since a driver's last request; a parked poll takes up to a "
		               "minute.",
		               HF_METRIC_GAUGE);
		drivers_each(drivers, write_driver, to);
	}
	write_process(core->metrics, to);
}
