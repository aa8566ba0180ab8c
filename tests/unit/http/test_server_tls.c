/* SPDX-License-Identifier: Apache-2.0
 * The server and the client over TLS with client certificates: who gets in, who does not, and what
 * is said about it. */
#include "../check.h"
#include "../crypto/test_pki.h"
#include "stand.h"

#include "base/clock.h"
#include "http/client.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

HF_DEFINE_CLEANUP(http_client_free, struct http_client *)

static char ca[128], server_cert[128], server_key[128], other_cert[128], other_key[128];
static char chain[128], driver_cert[128], driver_key[128];
static char rogue_ca[128], rogue_cert[128], rogue_key[128];
static struct stand stand;

/* A root; from it the server's certificate, and an intermediate that signs the driver's. And the
 * same again by a stranger. */
static int make_certificates(void **state)
{
	struct identity root =
	        identity_new(&(struct identity_wish){ .name = "root", .authority = true }, NULL);
	struct identity middle =
	        identity_new(&(struct identity_wish){ .name = "middle", .authority = true }, &root);
	struct identity rogue =
	        identity_new(&(struct identity_wish){ .name = "rogue", .authority = true }, NULL);
	struct identity server = identity_new(
	        &(struct identity_wish){ .name = "127.0.0.1", .usage = "serverAuth" }, &root);
	struct identity other = identity_new(
	        &(struct identity_wish){ .name = "10.1.1.1", .usage = "serverAuth" }, &root);
	struct identity driver = identity_new(
	        &(struct identity_wish){ .name = "driver-1", .usage = "clientAuth" }, &middle);
	struct identity stranger = identity_new(
	        &(struct identity_wish){ .name = "driver-1", .usage = "clientAuth" }, &rogue);
	struct identity *all[] = { &root, &middle, &rogue, &server, &other, &driver, &stranger };

	identity_write_certs(stand_file(ca, "ca.pem"), (const struct identity *[]){ &root, NULL });
	identity_write_certs(stand_file(chain, "chain.pem"),
	                     (const struct identity *[]){ &middle, &root, NULL });
	identity_write_certs(stand_file(rogue_ca, "rogue-ca.pem"),
	                     (const struct identity *[]){ &rogue, NULL });
	identity_write_certs(stand_file(server_cert, "server.pem"),
	                     (const struct identity *[]){ &server, NULL });
	identity_write_certs(stand_file(other_cert, "other.pem"),
	                     (const struct identity *[]){ &other, NULL });
	identity_write_certs(stand_file(driver_cert, "driver.pem"),
	                     (const struct identity *[]){ &driver, NULL });
	identity_write_certs(stand_file(rogue_cert, "rogue.pem"),
	                     (const struct identity *[]){ &stranger, NULL });
	identity_write_key(stand_file(server_key, "server.key"), &server, 0600, NULL);
	identity_write_key(stand_file(other_key, "other.key"), &other, 0600, NULL);
	identity_write_key(stand_file(driver_key, "driver.key"), &driver, 0600, NULL);
	identity_write_key(stand_file(rogue_key, "rogue.key"), &stranger, 0600, NULL);
	for (size_t i = 0; i < HF_COUNT(all); i++)
		identity_done(all[i]);
	return 0;
}

static int remove_certificates(void **state)
{
	stand_dir_done();
	return 0;
}

static int start(void **state)
{
	stand_start(&stand, &(struct stand_wish){ .tls_cert = server_cert,
	                                          .tls_key = server_key,
	                                          .client_ca = ca });
	return 0;
}

static int stop(void **state)
{
	stand_stop(&stand);
	return 0;
}

struct outcome {
	unsigned n;
	int status;
	char error[512], body[512];
	int64_t retry_after_ms;
};

static void note(void *ctx, const struct http_reply *reply)
{
	struct outcome *o = ctx;

	o->n++;
	o->status = reply->status;
	o->retry_after_ms = reply->retry_after_ms;
	snprintf(o->error, sizeof(o->error), "%s", reply->error);
	snprintf(o->body, sizeof(o->body), "%.*s", (int)reply->body.len,
	         (const char *)reply->body.ptr);
}

static struct http_client *client_with(struct http_client_config config)
{
	struct http_client *c = NULL;
	struct hf_err err = { .text = "" };
	char url[64];

	snprintf(url, sizeof(url), "https://127.0.0.1:%u", stand_port(&stand));
	config.base_url = url;
	if (!hf_ok(http_client_new(&config, &c, &err)))
		fail_msg("%s", err.text);
	return c;
}

/* As the driver's runbook has it: one file of authorities, for what it trusts and for what it
 * sends. */
static struct http_client *driver(void)
{
	return client_with((struct http_client_config){ .ca_file = chain,
	                                                .cert_file = driver_cert,
	                                                .key_file = driver_key,
	                                                .chain_file = chain });
}

static void run(struct http_client *c)
{
	int64_t end = hf_mono_ms() + STAND_PATIENCE_MS;

	while (http_client_pending(c) && hf_mono_ms() < end)
		CHECK_OK(http_client_step(c, NULL, 0, 100));
	assert_int_equal(http_client_pending(c), 0);
}

static struct outcome get(struct http_client *c, const char *path)
{
	struct outcome o = { 0 };
	struct http_client_request request = { .method = "GET",
		                               .path = path,
		                               .timeout_ms = STAND_PATIENCE_MS,
		                               .done = note,
		                               .ctx = &o };

	CHECK_OK(http_client_send(c, &request));
	run(c);
	assert_int_equal(o.n, 1);
	return o;
}

static void a_client_of_an_intermediate_is_known_by_name(void **state)
{
	HF_CLEANUP(http_client_free_at) struct http_client *c = driver();
	struct outcome o = get(c, "/who");

	assert_string_equal(o.error, "");
	assert_int_equal(o.status, 200);
	assert_string_equal(o.body, "driver-1");
}

static void bodies_and_headers_travel_both_ways(void **state)
{
	HF_CLEANUP(http_client_free_at) struct http_client *c = driver();
	struct outcome o = { 0 };
	struct http_client_request request = { .method = "POST",
		                               .path = "/echo",
		                               .content_type = "application/json",
		                               .body = hf_span_text("{\"a\":1}"),
		                               .headers = (const char *const[]){ "X-A: b", NULL },
		                               .timeout_ms = STAND_PATIENCE_MS,
		                               .done = note,
		                               .ctx = &o };

	CHECK_OK(http_client_send(c, &request));
	run(c);
	assert_int_equal(o.status, 200);
	assert_string_equal(o.body, "{\"a\":1}");
	request.method = "DELETE";
	request.path = "/nothing";
	request.body = HF_SPAN(NULL, 0);
	CHECK_OK(http_client_send(c, &request));
	run(c);
	assert_int_equal(o.status, 204);
	o = get(c, "/busy");
	assert_int_equal(o.status, 429);
	CHECK(o.retry_after_ms == 7000);
}

static void a_long_body_arrives_whole(void **state)
{
	HF_CLEANUP(http_client_free_at) struct http_client *c = driver();
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(4u << 20);
	struct outcome o = { 0 };
	struct http_client_request request = { .method = "POST",
		                               .path = "/count",
		                               .timeout_ms = STAND_PATIENCE_MS,
		                               .done = note,
		                               .ctx = &o };

	CHECK(hf_buf_grow(&body, 3000000));
	memset(body.ptr, 'b', body.len);
	request.body = hf_buf_span(&body);
	CHECK_OK(http_client_send(c, &request));
	run(c);
	assert_string_equal(o.body, "3000000");
}

static SSL *raw_driver(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);

	CHECK(SSL_use_certificate_file(ssl, driver_cert, SSL_FILETYPE_PEM) == 1);
	CHECK(SSL_use_PrivateKey_file(ssl, driver_key, SSL_FILETYPE_PEM) == 1);
	CHECK(SSL_CTX_load_verify_locations(ctx, chain, NULL) ==
	      1); /* from here the chain is built */
	CHECK(SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1);
	return ssl;
}

static const char ask_who[] = "GET /who HTTP/1.1\r\nHost: h\r\n\r\n";
static const char ask_who_and_end[] = "GET /who HTTP/1.0\r\n\r\n";

/* More than the server takes in ahead: it has to take up reading again by itself, although nothing
 * new comes from the socket. */
static void a_flood_over_tls_is_answered_whole(void **state)
{
	HF_FD int fd = raw_connect(&stand);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = raw_driver(ctx, fd);
	char got[8192];
	unsigned n = 0;
	int len;

	for (int i = 0; i < 3000; i++)
		CHECK(SSL_write(ssl, ask_who, sizeof(ask_who) - 1) > 0);
	CHECK(SSL_write(ssl, ask_who_and_end, sizeof(ask_who_and_end) - 1) > 0);
	while ((len = SSL_read(ssl, got, sizeof(got))) > 0)
		for (int i = 0; i < len; i++)
			n += got[i] == '-'; /* once in "driver-1", thrice in the fields' names */
	assert_int_equal(n % 3001, 0);
	CHECK(n > 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static size_t read_marks(SSL *ssl, int wait_ms)
{
	struct pollfd fd = { .fd = SSL_get_fd(ssl), .events = POLLIN };
	char got[8192];
	size_t n = 0;
	int len;

	(void)poll(&fd, 1, wait_ms);
	while ((len = SSL_read(ssl, got, sizeof(got))) > 0)
		for (int i = 0; i < len; i++)
			n += got[i] == '~';
	return n;
}

/* A reply is sent as soon as it is there. Here it finds no room at times, in the midst of a record
 * as it may be, and goes on when there is some again. */
static void replies_that_find_no_room_arrive_whole(void **state)
{
	enum { MARKS = 1000 };
	HF_BUF_SCOPED struct hf_buf ask = HF_BUF(2048);
	HF_FD int fd = raw_connect(&stand);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = raw_driver(ctx, fd);
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	int64_t until = hf_mono_ms() + STAND_PATIENCE_MS;
	int small = 32768, asked = 0;
	size_t marks = 0;

	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0);
	CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	hf_buf_printf(&ask, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", MARKS);
	memset(hf_buf_grow(&ask, MARKS), '~', MARKS);
	do { /* until the server takes no more, since nobody takes its replies */
		while (SSL_write(ssl, ask.ptr, (int)ask.len) > 0)
			asked++;
	} while (poll(&writable, 1, 200) > 0);
	while (SSL_write(ssl, ask.ptr, (int)ask.len) <= 0 && hf_mono_ms() < until)
		marks += read_marks(ssl, 10); /* the one that was begun goes first */
	asked++;
	while (marks < (size_t)asked * MARKS && hf_mono_ms() < until)
		marks += read_marks(ssl, 100);
	assert_int_equal(marks, asked * MARKS);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static void a_header_that_would_break_the_head_is_refused(void **state)
{
	HF_CLEANUP(http_client_free_at) struct http_client *c = driver();
	struct http_client_request request = { .method = "GET",
		                               .path = "/who",
		                               .headers = (const char *const[]){ "A: b\r\nC: d",
		                                                                 NULL },
		                               .timeout_ms = STAND_PATIENCE_MS,
		                               .done = note };

	CHECK_CODE(http_client_send(c, &request), HF_INVALID);
	assert_int_equal(http_client_pending(c), 0);
}

static void a_strangers_certificate_is_refused_and_the_server_lives(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *stranger = client_with((struct http_client_config){
	        .ca_file = ca, .cert_file = rogue_cert, .key_file = rogue_key });
	HF_CLEANUP(http_client_free_at) struct http_client *c = driver();
	struct outcome o = get(stranger, "/who");

	assert_int_equal(o.status, 0);
	if (!strstr(o.error, "refuses our certificate") || !strstr(o.error, rogue_cert))
		fail_msg("%s", o.error);
	assert_int_equal(get(c, "/who").status, 200);
}

static void no_certificate_is_refused(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *c = client_with((struct http_client_config){ .ca_file = ca });
	struct outcome o = get(c, "/who");

	assert_int_equal(o.status, 0);
	if (!strstr(o.error, "refuses our certificate (none is configured)"))
		fail_msg("%s", o.error);
}

static void a_server_of_another_authority_is_refused(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *c = client_with((struct http_client_config){
	        .ca_file = rogue_ca, .cert_file = driver_cert, .key_file = driver_key });
	struct outcome o = get(c, "/who");

	assert_int_equal(o.status, 0);
	if (!strstr(o.error, "is not signed by an authority in ") || !strstr(o.error, rogue_ca))
		fail_msg("%s", o.error);
}

static void a_server_of_another_name_is_refused(void **state)
{
	struct outcome o;

	stop(NULL);
	stand_start(&stand, &(struct stand_wish){ .tls_cert = other_cert, .tls_key = other_key });
	HF_CLEANUP(http_client_free_at)
	struct http_client *c = client_with((struct http_client_config){ .ca_file = ca });
	o = get(c, "/who");
	assert_int_equal(o.status, 0);
	if (!strstr(o.error, "is for another host"))
		fail_msg("%s", o.error);
}

static void without_client_authorities_everyone_is_nobody(void **state)
{
	stop(NULL);
	stand_start(&stand, &(struct stand_wish){ .tls_cert = server_cert, .tls_key = server_key });
	HF_CLEANUP(http_client_free_at)
	struct http_client *c = client_with((struct http_client_config){ .ca_file = ca });
	assert_string_equal(get(c, "/who").body, "nobody");
}

static void handshakes_that_stall_or_are_none_are_cut_off(void **state)
{
	stop(NULL);
	stand_start(&stand, &(struct stand_wish){ .tls_cert = server_cert,
	                                          .tls_key = server_key,
	                                          .read_ms = 200 });
	int64_t begin = hf_mono_ms();
	HF_FD int silent = raw_connect(&stand), plain = raw_connect(&stand);
	char got[512];

	raw_say(plain, "GET /who HTTP/1.1\r\nHost: h\r\n\r\n");
	CHECK(raw_read(plain, got, sizeof(got), STAND_PATIENCE_MS));
	CHECK(!strstr(got, "HTTP/1.1 200"));
	CHECK(raw_read(silent, got, sizeof(got), STAND_PATIENCE_MS));
	CHECK(hf_mono_ms() - begin >= 190);
}

static void a_client_that_leaves_while_parked_is_noticed(void **state)
{
	struct http_client *c = driver();
	struct outcome o = { 0 };
	struct http_client_request request = { .method = "GET",
		                               .path = "/park",
		                               .timeout_ms = STAND_PATIENCE_MS,
		                               .done = note,
		                               .ctx = &o };

	CHECK_OK(http_client_send(c, &request));
	for (int i = 0; i < STAND_PATIENCE_MS / 10 && atomic_load(&stand.n_parked) == 0; i++)
		CHECK_OK(http_client_step(c, NULL, 0, 10));
	http_client_free(c);
	stand_wait(&stand.n_gone, 1);
	stand_answer(&stand, 0);
	stand_wait_pending(&stand, 0);
	assert_int_equal(o.n, 0);
}

static void put_in_place(const char *from, const char *of)
{
	char line[16384], beside[160];
	FILE *in = fopen(from, "r"), *out;
	size_t n;

	snprintf(beside, sizeof(beside), "%s.beside", of);
	out = fopen(beside, "w");
	CHECK(in && out);
	CHECK(fchmod(fileno(out), 0600) == 0);
	n = fread(line, 1, sizeof(line), in);
	CHECK(fwrite(line, 1, n, out) == n && fclose(in) == 0 && fclose(out) == 0);
	CHECK(rename(beside, of) == 0);
}

static bool refreshed(struct http_client *c)
{
	struct hf_err err;
	bool renewed;

	CHECK_OK(http_client_refresh(c, false, &renewed, &err));
	return renewed;
}

/* Keeps the driver's files for as long as a test changes them. */
static void keep(char cert[160], char key[160])
{
	snprintf(cert, 160, "%s.kept", driver_cert);
	snprintf(key, 160, "%s.kept", driver_key);
	put_in_place(driver_cert, cert);
	put_in_place(driver_key, key);
}

static void a_client_takes_up_a_changed_certificate_for_its_next_connection(void **state)
{
	HF_CLEANUP(http_client_free_at) struct http_client *c = driver();
	char cert[160], key[160];

	keep(cert, key);
	assert_int_equal(get(c, "/who").status, 200);
	CHECK(!refreshed(c));
	put_in_place(rogue_cert, driver_cert);
	put_in_place(rogue_key, driver_key);
	CHECK(refreshed(c));
	assert_int_equal(get(c, "/who").status, 0); /* the stranger's is refused */
	put_in_place(key, driver_key);
	put_in_place(cert, driver_cert);
	CHECK(refreshed(c));
	assert_int_equal(get(c, "/who").status, 200);
	CHECK(remove(cert) == 0 && remove(key) == 0);
}

static void a_client_keeps_its_certificate_while_the_files_do_not_fit(void **state)
{
	HF_CLEANUP(http_client_free_at) struct http_client *c = driver();
	char cert[160], key[160];
	struct hf_err err;
	bool renewed;

	keep(cert, key);
	put_in_place(rogue_key, driver_key);
	CHECK(!refreshed(c)); /* perhaps the certificate follows in a moment */
	CHECK_CODE(http_client_refresh(c, false, &renewed, &err), HF_INVALID);
	CHECK(strstr(err.text, "does not belong"));
	CHECK(!refreshed(c)); /* said once */
	assert_int_equal(get(c, "/who").status, 200);
	put_in_place(key, driver_key);
	CHECK(refreshed(c));
	CHECK(remove(cert) == 0 && remove(key) == 0);
}

static void certificates_that_do_not_fit_are_found_at_once(void **state)
{
	struct http_client_config config = { .base_url = "https://127.0.0.1:1",
		                             .ca_file = ca,
		                             .cert_file = driver_cert,
		                             .key_file = rogue_key };
	struct http_client *c = NULL;
	struct hf_err err;

	CHECK_CODE(http_client_new(&config, &c, &err), HF_INVALID);
	CHECK(strstr(err.text, rogue_key) && strstr(err.text, driver_cert));
	config.key_file = NULL;
	CHECK_CODE(http_client_new(&config, &c, &err), HF_INVALID);
	config = (struct http_client_config){ .base_url = "https://127.0.0.1:1",
		                              .ca_file = driver_key };
	CHECK_CODE(http_client_new(&config, &c, &err), HF_INVALID);
	CHECK(strstr(err.text, "no certificate"));
	config.ca_file = "/nonexistent";
	CHECK_CODE(http_client_new(&config, &c, &err), HF_IO);
	CHECK(strstr(err.text, "/nonexistent"));
}

/* What a file holds, as the database would. */
static void slurp(const char *file, struct hf_buf *to)
{
	FILE *f = fopen(file, "r");
	uint8_t *at = hf_buf_grow(to, 8192);

	assert_non_null(f);
	to->len -= 8192 - fread(at, 1, 8192, f);
	fclose(f);
}

static struct outcome get_in_memory(const char *authority, bool any_host, const char *cert,
                                    const char *key)
{
	HF_BUF_SCOPED struct hf_buf roots = HF_BUF(65536), own = HF_BUF(65536), k = HF_BUF(65536);
	HF_CLEANUP(http_client_free_at) struct http_client *c = NULL;
	HF_SECRET struct hf_secret secret = { 0 };
	struct http_client_material material = { 0 };

	slurp(authority, &roots);
	slurp(cert, &own);
	slurp(chain, &own);
	slurp(key, &k);
	CHECK_OK(hf_secret_copy(k.ptr, k.len, &secret));
	material.authorities = hf_buf_span(&roots);
	material.cert = hf_buf_span(&own);
	material.key = &secret;
	c = client_with((struct http_client_config){ .material = &material, .any_host = any_host });
	hf_buf_done(&roots);
	return get(c, "/who");
}

static void certificates_in_memory_do_as_files_do(void **state)
{
	struct outcome o = get_in_memory(ca, false, driver_cert, driver_key);

	assert_string_equal(o.error, "");
	assert_string_equal(o.body, "driver-1");
	o = get_in_memory(rogue_ca, false, driver_cert, driver_key);
	assert_int_equal(o.status, 0);
	CHECK(strstr(o.error, "not signed by an authority in what was given"));
}

static void any_host_frees_of_the_name_and_not_of_the_chain(void **state)
{
	struct outcome o;

	stand_stop(&stand);
	stand_start(&stand, &(struct stand_wish){ .tls_cert = other_cert,
	                                          .tls_key = other_key,
	                                          .client_ca = ca });
	o = get_in_memory(ca, false, driver_cert, driver_key);
	CHECK(strstr(o.error, "is for another host"));
	o = get_in_memory(ca, true, driver_cert, driver_key);
	assert_string_equal(o.body, "driver-1");
	o = get_in_memory(rogue_ca, true, driver_cert, driver_key);
	assert_int_equal(o.status, 0);
}

static void material_in_memory_that_does_not_fit_is_found_at_once(void **state)
{
	HF_BUF_SCOPED struct hf_buf own = HF_BUF(65536), k = HF_BUF(65536);
	HF_SECRET struct hf_secret secret = { 0 };
	struct http_client_material material = { 0 };
	struct http_client *c = NULL;
	struct hf_err err;
	const struct http_client_config config = { .base_url = "https://127.0.0.1:1",
		                                   .material = &material };

	slurp(driver_cert, &own);
	slurp(rogue_key, &k);
	CHECK_OK(hf_secret_copy(k.ptr, k.len, &secret));
	material.cert = hf_buf_span(&own);
	CHECK_CODE(http_client_new(&config, &c, &err), HF_INVALID);
	material.key = &secret;
	CHECK_CODE(http_client_new(&config, &c, &err), HF_INVALID);
	CHECK(strstr(err.text, "does not belong"));
	hf_secret_done(&secret);
	CHECK_OK(hf_secret_copy("no key", 6, &secret));
	CHECK_CODE(http_client_new(&config, &c, &err), HF_INVALID);
	material.key = NULL;
	material.cert = HF_SPAN(NULL, 0);
	material.authorities = hf_span_text("none");
	CHECK_CODE(http_client_new(&config, &c, &err), HF_INVALID);
	CHECK(strstr(err.text, "no certificate"));
}

#define STAND(claim) cmocka_unit_test_setup_teardown(claim, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAND(a_client_of_an_intermediate_is_known_by_name),
		STAND(bodies_and_headers_travel_both_ways),
		STAND(a_long_body_arrives_whole),
		STAND(a_flood_over_tls_is_answered_whole),
		STAND(replies_that_find_no_room_arrive_whole),
		STAND(a_header_that_would_break_the_head_is_refused),
		STAND(a_strangers_certificate_is_refused_and_the_server_lives),
		STAND(no_certificate_is_refused),
		STAND(a_server_of_another_authority_is_refused),
		STAND(a_server_of_another_name_is_refused),
		STAND(without_client_authorities_everyone_is_nobody),
		STAND(handshakes_that_stall_or_are_none_are_cut_off),
		STAND(a_client_that_leaves_while_parked_is_noticed),
		STAND(a_client_takes_up_a_changed_certificate_for_its_next_connection),
		STAND(a_client_keeps_its_certificate_while_the_files_do_not_fit),
		STAND(certificates_in_memory_do_as_files_do),
		STAND(any_host_frees_of_the_name_and_not_of_the_chain),
		cmocka_unit_test(material_in_memory_that_does_not_fit_is_found_at_once),
		cmocka_unit_test(certificates_that_do_not_fit_are_found_at_once),
	};

	return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
