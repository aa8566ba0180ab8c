/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_host.h"

#include "server/errors.h"

#define WRITERS 2 /* with PostgreSQL; more do not help two processors */

static hf_status before_commit(void *ctx, struct db *db)
{
	struct bench_host *h = ctx;

	return jobs_before_commit(h->core.jobs, db);
}

static void after_commit(void *ctx, hf_status s)
{
	struct bench_host *h = ctx;

	jobs_after_commit(h->core.jobs, s);
}

static hf_status start_queue(struct bench_host *h, const struct bench_host_config *config,
                             struct hf_err *err)
{
	const struct jobs_config jobs = {
		.settle = config->settle,
		.announce = config->announce,
		.ctx = config->ctx,
		.relaxed = config->relaxed,
	};
	const struct db_work_config writer = {
		.db = config->db,
		.write = true,
		.threads = WRITERS,
		.before_commit = before_commit,
		.after_commit = after_commit,
		.ctx = h,
	};
	const struct db_work_config reader = { .db = config->db, .threads = 1 };

	HF_TRY(jobs_new(&jobs, &h->core.jobs));
	HF_TRY(db_work_start(&writer, &h->core.writer, err));
	HF_TRY(db_work_start(&reader, &h->core.reader, err));
	return queue_api_new(&h->core, &h->api);
}

hf_status bench_host_start(struct bench_host *h, const struct bench_host_config *config,
                           struct hf_err *err)
{
	const struct tls_server_config tls = {
		.cert_file = config->rig->path[RIG_SERVER_CERT],
		.key_file = config->rig->path[RIG_SERVER_KEY],
		.client_ca_file = config->rig->path[RIG_CA],
	};
	struct http_server_config http = {
		.listen = "127.0.0.1:0",
		.routes = queue_api_routes,
		.n_routes = queue_api_route_count,
		.error_body = api_error_body,
		.error_content_type = API_CONTENT_TYPE,
	};

	*h = (struct bench_host){ 0 };
	HF_TRY(start_queue(h, config, err));
	HF_TRY(tls_server_new(&tls, &h->tls, err));
	http.tls = h->tls;
	http.ctx = h->api;
	return http_server_start(&http, &h->listener, err);
}

unsigned bench_host_port(const struct bench_host *h)
{
	return http_server_port(h->listener);
}

void bench_host_tick(struct bench_host *h)
{
	jobs_tick(h->core.jobs, h->core.writer);
}

void bench_host_release(struct bench_host *h)
{
	if (h->core.jobs)
		jobs_release_all(h->core.jobs);
}

void bench_host_stop(struct bench_host *h)
{
	bench_host_release(h);
	db_work_stop(h->core.reader);
	db_work_stop(h->core.writer);
	if (h->listener)
		http_server_stop(h->listener);
	tls_server_free(h->tls);
	queue_api_free(h->api);
	jobs_free(h->core.jobs);
	*h = (struct bench_host){ 0 };
}
