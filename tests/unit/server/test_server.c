/* SPDX-License-Identifier: Apache-2.0
 * The assembled server: starts on what server init made, tells its health, and stops. */
#include "../crypto/test_pki.h"
#include "../db/tempdb.h"
#include "check.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/client.h"
#include "op/poll.h"
#include "server/server.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const files[] = { "secret", "api.pem", "api.key", "ca.pem", "account.pem" };
static char dir[64], paths[5][128];
static struct tempdb temp;
enum { SECRET, CERT, KEY, CA, ACCOUNT };
static struct server_config config;

static void write_public_key(const char *path, EVP_PKEY *key)
{
	FILE *f = fopen(path, "w");

	CHECK(f && PEM_write_PUBKEY(f, key) == 1);
	fclose(f);
}

static void make_certificates(void)
{
	struct identity ca = identity_new(
	        &(struct identity_wish){ .name = "ca", .authority = true, .days = 2 }, NULL);
	struct identity leaf =
	        identity_new(&(struct identity_wish){ .name = "127.0.0.1", .days = 2 }, &ca);

	identity_write_certs(paths[CA], (const struct identity *const[]){ &ca, NULL });
	identity_write_certs(paths[CERT], (const struct identity *const[]){ &leaf, NULL });
	identity_write_key(paths[KEY], &leaf, 0600, NULL);
	write_public_key(paths[ACCOUNT], leaf.key);
	identity_done(&leaf);
	identity_done(&ca);
}

static int setup(void **state)
{
	hf_log_setup("test", HF_LOG_ERROR, HF_LOG_TEXT);
	strcpy(dir, "/tmp/holdfast-server-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < HF_COUNT(files); i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", dir, files[i]);
	make_certificates();
	tempdb_make(&temp);
	config = (struct server_config){
		.db = tempdb_config(&temp),
		.secret_file = paths[SECRET],
		.api_listen = "127.0.0.1:0",
		.api_cert = paths[CERT],
		.api_key = paths[KEY],
		.driver_listen = "127.0.0.1:0",
		.driver_cert = paths[CERT],
		.driver_key = paths[KEY],
		.driver_client_ca = paths[CA],
		.health_listen = "127.0.0.1:0",
	};
	return 0;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < HF_COUNT(files); i++)
		unlink(paths[i]);
	rmdir(dir);
	tempdb_remove(&temp);
	return 0;
}

static void init(void)
{
	const struct server_init wish = {
		.db = config.db,
		.secret_file = paths[SECRET],
		.org_name = "Acme",
		.store_name = "main",
		.account_name = "service",
		.public_key_file = paths[ACCOUNT],
		.token_days = 1,
	};
	struct server_init_result result;
	struct hf_err err = { 0 };

	if (!hf_ok(server_init(&wish, &result, &err)))
		fail_msg("server_init: %s", err.text);
}

static void a_second_init_leaves_nothing_behind(void **state)
{
	struct server_init wish = {
		.db = config.db,
		.org_name = "Acme",
		.store_name = "main",
		.account_name = "service",
		.public_key_file = paths[ACCOUNT],
		.token_days = 1,
	};
	struct server_init_result result;
	struct hf_err err = { 0 };
	char other[128];

	init();
	snprintf(other, sizeof(other), "%s/other-secret", dir);
	wish.secret_file = other;
	CHECK_CODE(server_init(&wish, &result, &err), HF_EXISTS);
	CHECK(strstr(err.text, "copy of the secret file") != NULL);
	CHECK(access(other, F_OK) != 0);
}

static struct server *start(void)
{
	struct server *s = NULL;
	struct hf_err err = { 0 };

	if (!hf_ok(server_start(&config, &s, &err)))
		fail_msg("server_start: %s", err.text);
	return s;
}

struct exchange {
	bool done;
	int status;
	char body[65536];
};

static void exchange_done(void *ctx, const struct http_reply *reply)
{
	struct exchange *x = ctx;

	x->done = true;
	x->status = reply->status;
	snprintf(x->body, sizeof(x->body), "%.*s", (int)reply->body.len,
	         (const char *)reply->body.ptr);
}

static struct exchange *get(const char *scheme, unsigned port, const char *path)
{
	static struct exchange x;
	struct http_client *client;
	char url[64];
	int64_t until = hf_mono_ms() + 20000;
	const struct http_client_request request = {
		.method = "GET", .path = path, .timeout_ms = 20000, .done = exchange_done, .ctx = &x
	};

	memset(&x, 0, sizeof(x));
	snprintf(url, sizeof(url), "%s://127.0.0.1:%u", scheme, port);
	CHECK_OK(http_client_new(
	        &(struct http_client_config){ .base_url = url, .ca_file = paths[CA] }, &client,
	        NULL));
	CHECK_OK(http_client_send(client, &request));
	while (!x.done && hf_mono_ms() < until)
		CHECK_OK(http_client_step(client, NULL, 0, 20));
	http_client_free(client);
	CHECK(x.done);
	return &x;
}

static void it_tells_its_health_and_its_metrics(void **state)
{
	struct server *s;
	unsigned port;

	init();
	s = start();
	port = server_health_port(s);
	CHECK(get("http", port, "/health")->status == 204);
	CHECK(get("http", port, "/health?verbose=1")->status == 200);
	CHECK(strstr(get("http", port, "/health?verbose=1")->body, "\"healthy\":true") != NULL);
	CHECK(get("https", server_api_port(s), "/nothing")->status == 404);
	CHECK(get("http", port, "/metrics")->status == 200);
	CHECK(strstr(get("http", port, "/metrics")->body,
	             "holdfast_server_http_requests_total{listener=\"health\",method=\"GET\","
	             "route=\"/health\",status=\"2xx\"} 3\n") != NULL);
	CHECK(strstr(get("http", port, "/metrics")->body,
	             "holdfast_server_http_requests_total{listener=\"api\",method=\"\","
	             "route=\"\",status=\"4xx\"} 1\n") != NULL);
	server_stop(s);
}

static void the_api_refuses_callers_without_a_token_in_its_own_shape(void **state)
{
	struct server *s;
	struct exchange *x;

	init();
	s = start();
	x = get("https", server_api_port(s), "/keys");
	CHECK(x->status == 401);
	CHECK(strstr(x->body, "\"error\":{") != NULL);
	server_stop(s);
}

static void the_drivers_listener_wants_a_certificate(void **state)
{
	struct server *s;

	init();
	s = start();
	CHECK(get("https", server_driver_port(s), POLL_PATH)->status == 0);
	server_stop(s);
}

static void it_stops_at_once_when_nothing_is_in_flight_and_starts_again(void **state)
{
	int64_t before;
	struct server *s;

	init();
	server_stop(start());
	s = start();
	before = hf_mono_ms();
	server_stop(s);
	CHECK(hf_mono_ms() - before < 10000);
}

static void without_a_secret_file_it_says_what_to_run(void **state)
{
	struct server *s;
	struct hf_err err = { 0 };

	CHECK_CODE(server_start(&config, &s, &err), HF_IO);
	CHECK(strstr(err.text, "holdfast server init") != NULL);
}

static void a_port_in_use_is_named(void **state)
{
	struct server *s, *second;
	struct hf_err err = { 0 };
	char listen[32];

	init();
	s = start();
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", server_health_port(s));
	config.health_listen = listen;
	CHECK_CODE(server_start(&config, &second, &err), HF_IO);
	CHECK(strstr(err.text, listen) != NULL);
	server_stop(s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_tells_its_health_and_its_metrics),
		CASE(the_api_refuses_callers_without_a_token_in_its_own_shape),
		CASE(the_drivers_listener_wants_a_certificate),
		CASE(it_stops_at_once_when_nothing_is_in_flight_and_starts_again),
		CASE(without_a_secret_file_it_says_what_to_run),
		CASE(a_second_init_leaves_nothing_behind),
		CASE(a_port_in_use_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
