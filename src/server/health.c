/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health.h"

#include "base/clock.h"
#include "base/log.h"
#include "json/write.h"
#include "server/core/audit/audit.h"
#include "server/metrics.h"

#include <stdio.h>
#include <string.h>

/* The queue's sweep commits four times a second, so that silence means a database that hangs. */
#define SILENT_MS 5000
#define FAILED_MS 10000
#define AUDIT_UNCOVERED_MS (10 * 60 * 1000)

/* A file is always there. */
static bool is_connected(const struct core *core, struct db_work *work)
{
	struct db_work_stats stats;

	db_work_stats(work, &stats);
	return stats.connected || !core->notices;
}

#define REASONS_MAX 512

/* "" when healthy. */
static void health_reasons(struct health *h, char to[REASONS_MAX])
{
	struct server_metrics *m = h->core->metrics;
	int64_t now = hf_mono_ms(), committed = m->committed_ms, failed = m->failed_ms;

	to[0] = '\0';
	if (atomic_load(&h->stopping))
		snprintf(to, REASONS_MAX, "the server is stopping");
	else if (!is_connected(h->core, h->core->writer) || !is_connected(h->core, h->core->reader))
		snprintf(to, REASONS_MAX,
		         "database unreachable: requests wait, then get 503; nothing has to be "
		         "restarted");
	else if (failed && now - failed < FAILED_MS)
		snprintf(to, REASONS_MAX,
		         "the database refused a commit %lld ms ago: look for a full disk, or for "
		         "errors in the log",
		         (long long)(now - failed));
	else if (now - committed > SILENT_MS)
		snprintf(to, REASONS_MAX, "the database has not committed for %lld ms",
		         (long long)(now - committed));
}

static void write_driver(void *ctx, const struct driver_seen *seen)
{
	struct json_writer *w = ctx;

	json_open_object(w, NULL);
	json_text(w, "name", seen->name);
	json_text(w, "keyStoreId", seen->store_id);
	json_int(w, "silentMs", hf_mono_ms() - seen->last_ms);
	json_close_object(w);
}

static void write_warning(void *ctx, const char *words)
{
	json_text(ctx, NULL, words);
}

/* A log that no checkpoint covers for long can be rewritten unseen. */
static void warn_of_audit(struct core *core, struct json_writer *w)
{
	struct audit_state state = audit_state(core->audit);
	char words[256];

	if (!state.known || !state.uncovered || !state.uncovered_since_ms ||
	    hf_mono_ms() - state.uncovered_since_ms < AUDIT_UNCOVERED_MS)
		return;
	snprintf(words, sizeof(words),
	         "%lld entries of the audit log are not covered by a signed checkpoint, for %lld "
	         "minutes: is a driver of the organisation's key store running, and may it sign "
	         "checkpoints?",
	         (long long)state.uncovered,
	         (long long)(hf_mono_ms() - state.uncovered_since_ms) / 60000);
	write_warning(w, words);
}

static void write_details(struct health *h, const char *reasons, struct hf_buf *to)
{
	struct json_writer w = JSON_WRITER(to);
	struct jobs_stats jobs;

	jobs_stats(h->core->jobs, &jobs);
	json_open_object(&w, NULL);
	json_bool(&w, "healthy", !*reasons);
	json_open_array(&w, "reasons");
	if (*reasons)
		json_text(&w, NULL, reasons);
	json_close_array(&w);
	json_open_array(&w, "warnings");
	if (h->dates)
		cert_dates_near(h->dates, hf_wall_ms() / 1000, write_warning, &w);
	warn_of_audit(h->core, &w);
	json_close_array(&w);
	json_text(&w, "version", HF_VERSION);
	json_int(&w, "jobsQueued", (int64_t)jobs.queued);
	json_int(&w, "oldestJobMs", jobs.oldest_ms);
	json_int(&w, "pollsParked", (int64_t)jobs.parked);
	json_open_array(&w, "drivers");
	drivers_each(h->drivers, write_driver, &w);
	json_close_array(&w);
	json_close_object(&w);
}

static void log_change(struct health *h, int status, const char *reasons)
{
	int before = atomic_exchange(&h->last_status, status);

	if (status == 500 && before != 500)
		HF_ERROR("unhealthy", HF_KS("reason", reasons));
	else if (status != 500 && before == 500)
		HF_INFO("healthy again");
}

static void handle_health(struct http_request *req, void *ctx)
{
	struct health *h = ctx;
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(HF_METRICS_TEXT_MAX);
	const char *verbose = http_query(req, "verbose");
	char reasons[REASONS_MAX];
	int status;

	health_reasons(h, reasons);
	status = *reasons ? 500 : verbose ? 200 : 204;
	log_change(h, status, reasons);
	if (verbose)
		write_details(h, reasons, &body);
	http_reply(req, status, "application/json", hf_buf_span(&body));
}

static void handle_metrics(struct http_request *req, void *ctx)
{
	struct health *h = ctx;
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(HF_METRICS_TEXT_MAX);

	server_metrics_write(h->core, h->drivers, &body);
	if (h->dates)
		cert_dates_write(h->dates, hf_wall_ms() / 1000, &body);
	if (hf_ok(hf_buf_status(&body)))
		http_reply(req, 200, HF_METRICS_CONTENT_TYPE, hf_buf_span(&body));
	else
		http_reply(req, 500, "text/plain", hf_span_text("The page does not fit.\n"));
}

const struct http_route health_routes[] = {
	{ "GET", "/health", handle_health, 0 },
	{ "HEAD", "/health", handle_health, 0 },
	{ "GET", "/metrics", handle_metrics, 0 },
};
const size_t health_route_count = HF_COUNT(health_routes);
