/* SPDX-License-Identifier: Apache-2.0
 * The drivers' endpoint over real TLS, from a client's side. */
#include "../crypto/test_pki.h"
#include "queue_fixture.h"

#include "http/client.h"
#include "server/errors.h"
#include "server/queue_api/queue_api.h"

struct party {
	struct identity ca, leaf;
	char cert[128], key[128];
};

static struct {
	char ca_file[128], roots_file[128];
	struct party server, ours,
	        theirs; /* the drivers' two intermediates; the store is bound to ours */
	struct core core;
	struct queue_api *api;
	struct tls_server *tls;
	struct http_server *http;
	char url[64];
} net;

static void party_make(struct party *p, const char *ca, const char *leaf, const char *usage)
{
	p->ca = identity_new(&(struct identity_wish){ .name = ca, .authority = true, .days = 2 },
	                     NULL);
	p->leaf = identity_new(&(struct identity_wish){ .name = leaf, .usage = usage, .days = 2 },
	                       &p->ca);
	snprintf(p->cert, sizeof(p->cert), "%s/%s.pem", fx.dir, ca);
	snprintf(p->key, sizeof(p->key), "%s/%s.key", fx.dir, ca);
	identity_write_certs(p->cert, (const struct identity *const[]){ &p->leaf, NULL });
	identity_write_key(p->key, &p->leaf, 0600, NULL);
}

static void party_done(struct party *p)
{
	identity_done(&p->ca);
	identity_done(&p->leaf);
	unlink(p->cert);
	unlink(p->key);
}

static hf_status bind_store(struct db *db, void *issuer_key_id)
{
	DB_STMT org = NULL;
	DB_STMT store = NULL;

	HF_TRY(db_query(db, "INSERT INTO orgs (id, name, created_at) VALUES ('or-1', 'a', 1)",
	                &org));
	HF_TRY(db_run(org, NULL));
	HF_TRY(db_query(db,
	                "INSERT INTO key_stores (id, org_id, name, kind, is_primary,"
	                " issuer_key_id, created_at) VALUES ('ks-1', 'or-1', 'm', 'Hsm', 1, $1, 1)",
	                &store));
	db_bind_text(store, 1, issuer_key_id);
	return db_run(store, NULL);
}

static void make_certificates(void)
{
	char issuer_key_id[65], ours_ca[128];

	party_make(&net.server, "server-ca", "127.0.0.1", "serverAuth");
	party_make(&net.ours, "ours-ca", "driver-1", "clientAuth");
	party_make(&net.theirs, "theirs-ca", "driver-2", "clientAuth");
	snprintf(net.roots_file, sizeof(net.roots_file), "%s/roots.pem", fx.dir);
	snprintf(net.ca_file, sizeof(net.ca_file), "%s/clients.pem", fx.dir);
	snprintf(ours_ca, sizeof(ours_ca), "%s/ours.pem", fx.dir);
	identity_write_certs(net.roots_file,
	                     (const struct identity *const[]){ &net.server.ca, NULL });
	identity_write_certs(net.ca_file, (const struct identity *const[]){ &net.ours.ca,
	                                                                    &net.theirs.ca, NULL });
	identity_write_certs(ours_ca, (const struct identity *const[]){ &net.ours.ca, NULL });
	CHECK_OK(tls_issuer_key_id(ours_ca, issuer_key_id, NULL));
	CHECK_OK(call(bind_store, issuer_key_id));
	unlink(ours_ca);
}

static int setup(void **state)
{
	struct db_work_config reader = { 0 };

	memset(&net, 0, sizeof(net));
	if (fixture_setup(state) != 0)
		return -1;
	make_certificates();
	reader.db = fx.db;
	reader.db.read_only = true;
	CHECK_OK(db_work_start(&reader, &net.core.reader, NULL));
	net.core.writer = fx.writer;
	net.core.jobs = fx.jobs;
	CHECK_OK(queue_api_new(&net.core, &net.api));
	CHECK_OK(tls_server_new(&(struct tls_server_config){ .cert_file = net.server.cert,
	                                                     .key_file = net.server.key,
	                                                     .client_ca_file = net.ca_file },
	                        &net.tls, NULL));
	CHECK_OK(http_server_start(
	        &(struct http_server_config){ .listen = "127.0.0.1:0",
	                                      .tls = net.tls,
	                                      .routes = queue_api_routes,
	                                      .n_routes = queue_api_route_count,
	                                      .ctx = net.api,
	                                      .error_body = api_error_body,
	                                      .error_content_type = API_CONTENT_TYPE },
	        &net.http, NULL));
	snprintf(net.url, sizeof(net.url), "https://127.0.0.1:%u", http_server_port(net.http));
	return 0;
}

static int teardown(void **state)
{
	jobs_release_all(fx.jobs);
	http_server_quiesce(net.http);
	while (http_server_pending(net.http))
		usleep(1000);
	http_server_stop(net.http);
	db_work_stop(net.core.reader);
	queue_api_free(net.api);
	tls_server_free(net.tls);
	party_done(&net.server);
	party_done(&net.ours);
	party_done(&net.theirs);
	unlink(net.ca_file);
	unlink(net.roots_file);
	return fixture_teardown(state);
}

enum { PATIENCE_MS = 20000 };

/* One request and what came back. */
struct exchange {
	struct http_client *client;
	bool done;
	int status;
	char error[256];
	size_t n_jobs;
	uint64_t jobs[POLL_BATCH_MAX];
};

static void exchange_done(void *ctx, const struct http_reply *reply)
{
	static struct poll_job jobs[POLL_BATCH_MAX];
	struct exchange *x = ctx;
	struct poll_reply r = { .jobs = jobs };

	x->done = true;
	x->status = reply->status;
	snprintf(x->error, sizeof(x->error), "%s%.*s", reply->error,
	         reply->status == 200 ? 0 : (int)reply->body.len, (const char *)reply->body.ptr);
	if (reply->status != 200)
		return;
	CHECK_OK(poll_reply_decode(reply->body, &r));
	x->n_jobs = r.n_jobs;
	for (size_t i = 0; i < r.n_jobs; i++)
		x->jobs[i] = r.jobs[i].job;
}

static void exchange_begin(struct exchange *x, const struct party *from, const char *type,
                           struct hf_span body)
{
	const struct http_client_config config = {
		.base_url = net.url,
		.ca_file = net.roots_file,
		.cert_file = from ? from->cert : NULL,
		.key_file = from ? from->key : NULL,
	};
	const struct http_client_request request = {
		.method = "POST",
		.path = POLL_PATH,
		.content_type = type,
		.body = body,
		.timeout_ms = 2 * PATIENCE_MS,
		.done = exchange_done,
		.ctx = x,
	};

	*x = (struct exchange){ 0 };
	CHECK_OK(http_client_new(&config, &x->client, NULL));
	CHECK_OK(http_client_send(x->client, &request));
}

static void exchange_step(struct exchange *x, int ms)
{
	int64_t until = hf_mono_ms() + ms;

	while (!x->done && hf_mono_ms() < until)
		CHECK_OK(http_client_step(x->client, NULL, 0, 10));
}

static void exchange_end(struct exchange *x)
{
	exchange_step(x, PATIENCE_MS);
	CHECK(x->done);
	http_client_free(x->client);
}

static void poll_send(struct exchange *x, const struct party *from, const struct poll_request *r)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(POLL_BODY_MAX);

	poll_request_encode(&body, r);
	exchange_begin(x, from, POLL_CONTENT_TYPE, hf_buf_span(&body));
}

static void poll_begin(struct exchange *x, const struct party *from, uint32_t wait_ms)
{
	struct poll_request r = { .instance = ALICE, .capacity = 8, .wait_ms = wait_ms };

	poll_send(x, from, &r);
}

static struct exchange poll_now(const struct party *from)
{
	struct exchange x;

	poll_begin(&x, from, 0);
	exchange_end(&x);
	return x;
}

static void a_driver_of_the_stores_intermediate_gets_its_jobs(void **state)
{
	struct adding a = add(0, 2);
	struct exchange x = poll_now(&net.ours);

	CHECK(x.status == 200 && x.n_jobs == 2);
	CHECK(x.jobs[0] == a.ids[0] && x.jobs[1] == a.ids[1]);
}

static void a_driver_of_another_intermediate_is_refused_with_words(void **state)
{
	struct exchange x;

	add(0, 1);
	x = poll_now(&net.theirs);
	CHECK(x.status == 403 && x.n_jobs == 0);
	CHECK(strstr(x.error, "No key store") != NULL);
	CHECK(rows() == 1);
	CHECK(poll_now(&net.ours).n_jobs == 1);
}

static void a_client_without_a_certificate_is_refused_in_the_handshake(void **state)
{
	CHECK(poll_now(NULL).status == 0);
}

static void another_content_type_is_refused(void **state)
{
	struct exchange x;

	exchange_begin(&x, &net.ours, "application/json", hf_span_text("{}"));
	exchange_end(&x);
	CHECK(x.status == 415);
}

static void a_malformed_poll_is_refused_and_the_server_lives_on(void **state)
{
	struct exchange x;

	exchange_begin(&x, &net.ours, POLL_CONTENT_TYPE, hf_span_text("\1nonsense"));
	exchange_end(&x);
	CHECK(x.status == 400);
	CHECK(poll_now(&net.ours).status == 200);
}

/* A poll of our driver's, until it is parked. */
static void park(struct exchange *x)
{
	int64_t until = hf_mono_ms() + PATIENCE_MS;

	poll_begin(x, &net.ours, 2 * PATIENCE_MS);
	while (stats_now().parked == 0 && hf_mono_ms() < until)
		exchange_step(x, 10);
	CHECK(stats_now().parked == 1);
}

static void a_parked_poll_is_answered_when_a_job_comes(void **state)
{
	struct exchange x;

	park(&x);
	add(0, 1);
	exchange_end(&x);
	CHECK(x.status == 200 && x.n_jobs == 1);
}

static void a_driver_that_wants_no_more_calls_its_parked_poll_back(void **state)
{
	struct poll_request recall = { .instance = ALICE, .recall = true };
	struct exchange parked, x;

	park(&parked);
	poll_send(&x, &net.ours, &recall);
	exchange_end(&x);
	CHECK(x.status == 200 && x.n_jobs == 0);
	exchange_end(&parked);
	CHECK(parked.status == 200 && parked.n_jobs == 0);
	CHECK(stats_now().parked == 0);
}

static void a_driver_that_left_while_parked_gets_no_jobs(void **state)
{
	struct exchange x;

	park(&x);
	http_client_free(x.client);
	for (int64_t until = hf_mono_ms() + PATIENCE_MS;
	     stats_now().parked && hf_mono_ms() < until;) {
		usleep(2000);
		jobs_tick(fx.jobs, fx.writer);
	}
	CHECK(stats_now().parked == 0);
	add(0, 1);
	CHECK(poll_now(&net.ours).n_jobs == 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_driver_of_the_stores_intermediate_gets_its_jobs),
		CASE(a_driver_of_another_intermediate_is_refused_with_words),
		CASE(a_client_without_a_certificate_is_refused_in_the_handshake),
		CASE(another_content_type_is_refused),
		CASE(a_malformed_poll_is_refused_and_the_server_lives_on),
		CASE(a_parked_poll_is_answered_when_a_job_comes),
		CASE(a_driver_that_wants_no_more_calls_its_parked_poll_back),
		CASE(a_driver_that_left_while_parked_gets_no_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
