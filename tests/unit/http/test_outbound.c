/* SPDX-License-Identifier: Apache-2.0
 * Where posts to targets that callers name may go. */
#include "check.h"

#include "base/clock.h"
#include "os/address.h"
#include "http/outbound.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static bool is_public(const char *text)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in a4 = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &a4.sin_addr) == 1)
		return address_is_public((struct sockaddr *)&a4);
	assert_int_equal(inet_pton(AF_INET6, text, &a6.sin6_addr), 1);
	return address_is_public((struct sockaddr *)&a6);
}

static bool is_link_local(const char *text)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in a4 = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &a4.sin_addr) == 1)
		return address_is_link_local((struct sockaddr *)&a4);
	assert_int_equal(inet_pton(AF_INET6, text, &a6.sin6_addr), 1);
	return address_is_link_local((struct sockaddr *)&a6);
}

static void no_service_stands_at_a_link_local_address(void **state)
{
	static const char *const local[] = { "169.254.0.1",
		                             "169.254.169.254",
		                             "100.100.100.200",
		                             "192.0.0.192",
		                             "fe80::1",
		                             "febf::1",
		                             "fd00:ec2::254",
		                             "fd20:ce::254",
		                             "::169.254.169.254",
		                             "::ffff:169.254.169.254",
		                             "64:ff9b::a9fe:a9fe",
		                             "168.63.129.16" };
	static const char *const other[] = { "127.0.0.1",     "10.0.0.5",    "169.253.255.255",
		                             "169.255.0.0",   "192.168.1.1", "100.100.100.201",
		                             "::1",           "fec0::1",     "fd00::1",
		                             "fd00:ec2::253", "2a00::1",     "::ffff:10.0.0.5" };

	for (size_t i = 0; i < HF_COUNT(local); i++)
		if (!is_link_local(local[i]))
			fail_msg("%s", local[i]);
	for (size_t i = 0; i < HF_COUNT(other); i++)
		if (is_link_local(other[i]))
			fail_msg("%s", other[i]);
}

static void addresses_of_the_internet_are_public(void **state)
{
	static const char *const open[] = { "1.1.1.1",         "9.255.255.255",   "11.0.0.0",
		                            "100.63.255.255",  "100.128.0.0",     "172.15.255.255",
		                            "172.32.0.0",      "192.167.255.255", "223.255.255.255",
		                            "2606:4700::1111", "2a00:1450::1",    "::ffff:8.8.8.8",
		                            "64:ff9b::808:808" };

	for (size_t i = 0; i < HF_COUNT(open); i++)
		if (!is_public(open[i]))
			fail_msg("%s", open[i]);
}

static void addresses_that_only_we_can_reach_are_not(void **state)
{
	static const char *const closed[] = { "0.0.0.0",
		                              "10.1.2.3",
		                              "100.64.0.1",
		                              "127.0.0.1",
		                              "127.255.255.254",
		                              "169.254.169.254",
		                              "172.16.0.1",
		                              "172.31.255.255",
		                              "192.168.1.1",
		                              "198.18.0.1",
		                              "224.0.0.1",
		                              "255.255.255.255",
		                              "::",
		                              "::1",
		                              "::ffff:127.0.0.1",
		                              "::ffff:10.0.0.1",
		                              "::7f00:1",
		                              "64:ff9b::7f00:1",
		                              "64:ff9b:1::1",
		                              "2001::1",
		                              "2002:7f00:1::",
		                              "2001:db8::1",
		                              "fc00::1",
		                              "fd12:3456::1",
		                              "fe80::1",
		                              "fec0::1",
		                              "ff02::1" };

	for (size_t i = 0; i < HF_COUNT(closed); i++)
		if (is_public(closed[i]))
			fail_msg("%s", closed[i]);
}

static void only_plain_https_urls_are_targets(void **state)
{
	static const char *const refused[] = { "",
		                               "nothing",
		                               "ftp://example.com/",
		                               "file:///etc/passwd",
		                               "http://example.com/",
		                               "https://user@example.com/",
		                               "https://user:pw@example.com/",
		                               "https://example.com/#here",
		                               "https://",
		                               "https://127.0.0.1/",
		                               "https://127.1/",
		                               "https://0x7f000001/",
		                               "https://2130706433/",
		                               "https://10.1.2.3:8443/",
		                               "https://169.254.169.254/latest/",
		                               "https://[::1]/",
		                               "https://[::ffff:10.0.0.1]/",
		                               "https://[fe80::1%25eth0]/",
		                               "https://localhost/",
		                               "https://LOCALHOST.:9/",
		                               "https://a.localhost/",
		                               "https://a b/" };
	const struct outbound_config strict = { 0 }, lax = { .private_too = true };
	struct hf_err err;

	CHECK_OK(outbound_check(&strict, "https://example.com:8443/hook?a=b", NULL));
	CHECK_OK(outbound_check(&strict, "https://9.9.9.9/", NULL));
	CHECK_OK(outbound_check(&strict, "https://[2606:4700::1111]/", NULL));
	CHECK_OK(outbound_check(&lax, "http://127.0.0.1:9/", NULL));
	for (size_t i = 0; i < HF_COUNT(refused); i++) {
		CHECK_CODE(outbound_check(&strict, refused[i], &err), HF_INVALID);
		CHECK(err.text[0]);
	}
}

struct result {
	int status;
	char error[256];
	bool done;
};

static void on_done(void *ctx, const struct outbound_reply *reply)
{
	struct result *r = ctx;

	r->status = reply->status;
	snprintf(r->error, sizeof(r->error), "%s", reply->error);
	r->done = true;
}

static struct result post(struct outbound *o, const char *url)
{
	struct result r = { 0 };
	const struct outbound_post p = {
		.url = url,
		.content_type = "application/json",
		.body = hf_span_text("{}"),
		.timeout_ms = 20000,
		.done = on_done,
		.ctx = &r,
	};
	int64_t until = hf_mono_ms() + 30000;

	CHECK_OK(outbound_send(o, &p));
	while (!r.done && hf_mono_ms() < until)
		CHECK_OK(outbound_step(o, 50));
	CHECK(r.done);
	CHECK(outbound_pending(o) == 0);
	return r;
}

static int listen_on(char url[64], const char *host)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(url, 64, "https://%s:%u/", host, ntohs(a.sin_port));
	return fd;
}

/* Whatever a name says when it is looked up: what counts is where the connection would go. */
static void a_name_that_means_this_machine_is_never_connected_to(void **state)
{
	const struct outbound_config strict = { 0 };
	struct outbound *o;
	struct result r;
	char url[64];
	int fd = listen_on(url, "localhost");

	CHECK_OK(outbound_new(&strict, &o, NULL));
	r = post(o, url);
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.error, "private or local"));
	outbound_free(o);
	close(fd);
}

static void a_target_that_nobody_listens_at_is_an_error_in_words(void **state)
{
	const struct outbound_config lax = { .private_too = true };
	struct outbound *o;
	struct result r;

	CHECK_OK(outbound_new(&lax, &o, NULL));
	r = post(o, "http://127.0.0.1:1/");
	assert_int_equal(r.status, 0);
	CHECK(r.error[0]);
	outbound_free(o);
}

static void what_is_under_way_can_be_dropped(void **state)
{
	const struct outbound_config lax = { .private_too = true };
	struct result r = { 0 };
	struct outbound *o;
	char url[64];
	int fd = listen_on(url, "127.0.0.1");
	const struct outbound_post p = { .url = url,
		                         .content_type = "text/plain",
		                         .timeout_ms = 5000,
		                         .done = on_done,
		                         .ctx = &r };

	CHECK_OK(outbound_new(&lax, &o, NULL));
	CHECK_OK(outbound_send(o, &p));
	CHECK_OK(outbound_step(o, 10));
	outbound_free(o);
	close(fd);
	CHECK(!r.done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_the_internet_are_public),
		cmocka_unit_test(no_service_stands_at_a_link_local_address),
		cmocka_unit_test(addresses_that_only_we_can_reach_are_not),
		cmocka_unit_test(only_plain_https_urls_are_targets),
		cmocka_unit_test(a_name_that_means_this_machine_is_never_connected_to),
		cmocka_unit_test(a_target_that_nobody_listens_at_is_an_error_in_words),
		cmocka_unit_test(what_is_under_way_can_be_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
