/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "crypto/tls.h"
#include "test_pki.h"

#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/holdfast-tls-XXXXXX";
static struct identity root, org, server, client, rogue, rogue_client, impostor, impostor_client;

static const char *const files[] = { "server.crt", "server.key", "root.crt",
	                             "org.crt",    "rogue.crt",  "other.key",
	                             "empty.crt",  "open.key",   "locked.key" };

/* A file of the test's folder; overwritten by the fourth call after. */
static const char *at(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static int setup(void **state)
{
	CHECK(mkdtemp(dir));
	root = identity_new(&(struct identity_wish){ .name = "root", .authority = true }, NULL);
	org = identity_new(&(struct identity_wish){ .name = "acme-ca", .authority = true }, &root);
	server = identity_new(&(struct identity_wish){ .name = "server" }, &root);
	client = identity_new(&(struct identity_wish){ .name = "driver-1", .usage = "clientAuth" },
	                      &org);
	rogue = identity_new(&(struct identity_wish){ .name = "rogue-ca", .authority = true },
	                     NULL);
	rogue_client = identity_new(&(struct identity_wish){ .name = "driver-1" }, &rogue);
	/* the organisation's name with a key of its own */
	impostor = identity_new(&(struct identity_wish){ .name = "acme-ca", .authority = true },
	                        &rogue);
	impostor_client = identity_new(&(struct identity_wish){ .name = "driver-1" }, &impostor);

	identity_write_certs(at("server.crt"), (const struct identity *[]){ &server, NULL });
	identity_write_certs(at("root.crt"), (const struct identity *[]){ &root, NULL });
	identity_write_certs(at("org.crt"), (const struct identity *[]){ &org, NULL });
	identity_write_certs(at("empty.crt"), (const struct identity *[]){ NULL });
	identity_write_key(at("server.key"), &server, 0600, NULL);
	identity_write_key(at("other.key"), &client, 0600, NULL);
	identity_write_key(at("open.key"), &server, 0640, NULL);
	identity_write_key(at("locked.key"), &server, 0600, "secret");
	return 0;
}

static int teardown(void **state)
{
	struct identity *all[] = { &root,  &org,          &server,   &client,
		                   &rogue, &rogue_client, &impostor, &impostor_client };

	for (size_t i = 0; i < HF_COUNT(all); i++)
		identity_done(all[i]);
	for (size_t i = 0; i < HF_COUNT(files); i++)
		unlink(at(files[i]));
	return rmdir(dir);
}

static hf_status make(const char *key_file, const char *ca_file, struct tls_server **ret,
                      struct hf_err *err)
{
	const struct tls_server_config config = {
		.cert_file = at("server.crt"),
		.key_file = at(key_file),
		.client_ca_file = ca_file ? at(ca_file) : NULL,
	};

	return tls_server_new(&config, ret, err);
}

/* One end of a handshake over memory, and the other. */
struct meeting {
	struct tls_server *server;
	SSL_CTX *client_ctx;
	SSL *here;
	SSL *there;
	bool done;
	char words[512]; /* of tls_explain() when not */
};

static void prepare_client(struct meeting *m, const struct identity *show,
                           const struct identity *send_too)
{
	m->client_ctx = SSL_CTX_new(TLS_client_method());
	CHECK(m->client_ctx);
	if (show) {
		CHECK(SSL_CTX_use_certificate(m->client_ctx, show->cert) == 1);
		CHECK(SSL_CTX_use_PrivateKey(m->client_ctx, show->key) == 1);
	}
	if (send_too)
		CHECK(SSL_CTX_add1_chain_cert(m->client_ctx, send_too->cert) == 1);
}

static void connect_ends(struct meeting *m)
{
	BIO *a = NULL, *b = NULL;

	m->here = tls_server_accept(m->server);
	m->there = SSL_new(m->client_ctx);
	CHECK(m->here && m->there && BIO_new_bio_pair(&a, 0, &b, 0) == 1);
	SSL_set_bio(m->here, a, a);
	SSL_set_bio(m->there, b, b);
	SSL_set_accept_state(m->here);
	SSL_set_connect_state(m->there);
}

static void shake_hands(struct meeting *m)
{
	for (int i = 0; i < 20; i++) {
		int r;

		SSL_do_handshake(m->there);
		ERR_clear_error();
		r = SSL_do_handshake(m->here);
		if (r == 1) {
			m->done = true;
			return;
		}
		r = SSL_get_error(m->here, r);
		if (r != SSL_ERROR_WANT_READ && r != SSL_ERROR_WANT_WRITE) {
			tls_explain(m->here, m->words, sizeof(m->words));
			return;
		}
	}
	fail_msg("the handshake does not end");
}

static struct meeting meet(const char *ca_file, const struct identity *show,
                           const struct identity *send_too)
{
	struct meeting m = { 0 };

	CHECK_OK(make("server.key", ca_file, &m.server, NULL));
	prepare_client(&m, show, send_too);
	connect_ends(&m);
	shake_hands(&m);
	return m;
}

static void part(struct meeting *m)
{
	SSL_free(m->here);
	SSL_free(m->there);
	SSL_CTX_free(m->client_ctx);
	tls_server_free(m->server);
}

static void says(const struct meeting *m, const char *words)
{
	if (m->done || !strstr(m->words, words))
		fail_msg("expected words with \"%s\", got \"%s\"", words, m->words);
}

static void a_client_of_the_chain_is_accepted_and_known(void **state)
{
	struct meeting m = meet("root.crt", &client, &org);
	struct tls_peer peer;
	char org_id[65], root_id[65];

	CHECK(m.done);
	CHECK_OK(tls_peer_read(m.here, &peer));
	assert_string_equal(peer.subject, "CN=driver-1,O=Acme Bank");
	assert_string_equal(peer.common_name, "driver-1");
	assert_string_equal(peer.issuer, "CN=acme-ca,O=Acme Bank");
	assert_int_equal(strlen(peer.fingerprint), 64);
	CHECK_OK(tls_issuer_key_id(at("org.crt"), org_id, NULL));
	CHECK_OK(tls_issuer_key_id(at("root.crt"), root_id, NULL));
	assert_string_equal(peer.issuer_key_id, org_id);
	assert_string_not_equal(org_id, root_id);
	part(&m);
}

static void an_intermediate_given_directly_is_an_authority(void **state)
{
	struct meeting m = meet("org.crt", &client, NULL);
	struct tls_peer peer;
	char org_id[65];

	CHECK(m.done);
	CHECK_OK(tls_peer_read(m.here, &peer));
	CHECK_OK(tls_issuer_key_id(at("org.crt"), org_id, NULL));
	assert_string_equal(peer.issuer_key_id, org_id);
	part(&m);
}

static void a_client_of_another_authority_is_refused_by_name(void **state)
{
	struct meeting m = meet("org.crt", &rogue_client, &rogue);

	says(&m, "client certificate CN=driver-1,O=Acme Bank signed by CN=rogue-ca");
	says(&m, "client CA file");
	part(&m);
}

static void an_authority_of_the_same_name_does_not_pass(void **state)
{
	struct meeting m = meet("org.crt", &impostor_client, &impostor);

	says(&m, "was refused");
	part(&m);
	m = meet("root.crt", &impostor_client, &impostor);
	says(&m, "was refused");
	part(&m);
}

static void a_client_whose_intermediate_is_missing_is_refused(void **state)
{
	struct meeting m = meet("root.crt", &client, NULL);

	says(&m, "signed by CN=acme-ca");
	says(&m, "was not sent");
	part(&m);
}

static void a_client_without_a_certificate_is_refused(void **state)
{
	struct meeting m = meet("org.crt", NULL, NULL);

	says(&m, "showed no certificate");
	part(&m);
}

static void an_expired_client_is_refused(void **state)
{
	struct identity old =
	        identity_new(&(struct identity_wish){ .name = "driver-1", .days = -1 }, &org);
	struct meeting m = meet("org.crt", &old, NULL);

	says(&m, "expired");
	part(&m);
	identity_done(&old);
}

static void a_certificate_for_servers_is_refused_from_a_client(void **state)
{
	struct identity wrong = identity_new(
	        &(struct identity_wish){ .name = "driver-1", .usage = "serverAuth" }, &org);
	struct meeting m = meet("org.crt", &wrong, NULL);

	says(&m, "clientAuth");
	part(&m);
	identity_done(&wrong);
}

static void a_leaf_cannot_sign_another(void **state)
{
	struct identity forged =
	        identity_new(&(struct identity_wish){ .name = "driver-2" }, &client);
	struct meeting m = meet("org.crt", &forged, &client);

	says(&m, "was refused");
	part(&m);
	identity_done(&forged);
}

static void tls_1_2_is_refused(void **state)
{
	struct meeting m = { 0 };

	CHECK_OK(make("server.key", "org.crt", &m.server, NULL));
	prepare_client(&m, &client, NULL);
	CHECK(SSL_CTX_set_max_proto_version(m.client_ctx, TLS1_2_VERSION) == 1);
	connect_ends(&m);
	shake_hands(&m);
	says(&m, "TLS 1.3");
	part(&m);
}

static void plain_http_is_named_as_such(void **state)
{
	static const char request[] = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct meeting m = { 0 };

	CHECK_OK(make("server.key", "org.crt", &m.server, NULL));
	prepare_client(&m, NULL, NULL);
	connect_ends(&m);
	CHECK(BIO_write(SSL_get_wbio(m.there), request, sizeof(request) - 1) > 0);
	CHECK(SSL_do_handshake(m.here) != 1);
	tls_explain(m.here, m.words, sizeof(m.words));
	says(&m, "plain HTTP");
	part(&m);
}

static void a_listener_without_authorities_asks_for_no_certificate(void **state)
{
	struct meeting m = meet(NULL, &client, &org);
	struct tls_peer peer;

	CHECK(m.done);
	CHECK_CODE(tls_peer_read(m.here, &peer), HF_NOTFOUND);
	part(&m);
}

static void nothing_can_be_resumed_where_clients_show_certificates(void **state)
{
	struct meeting m = meet("org.crt", &client, NULL);
	SSL_SESSION *session;
	char byte;

	CHECK(m.done);
	CHECK(SSL_write(m.here, "x", 1) == 1);
	CHECK(SSL_read(m.there, &byte, 1) == 1); /* tickets would have come before */
	session = SSL_get1_session(m.there);
	CHECK(!SSL_SESSION_is_resumable(session));
	SSL_SESSION_free(session);
	part(&m);
}

static void names_are_never_cut_off(void **state)
{
	const struct identity_wish wishes[] = {
		{ .name = "long", .units = 5 },
		{ .name = "driver\0-1", .name_len = 9 },
	};

	for (size_t i = 0; i < HF_COUNT(wishes); i++) {
		struct identity odd = identity_new(&wishes[i], &org);
		struct meeting m = meet("org.crt", &odd, NULL);
		struct tls_peer peer = { .subject = "as before" };

		CHECK(m.done);
		CHECK_CODE(tls_peer_read(m.here, &peer), HF_INVALID);
		assert_string_equal(peer.subject, "as before");
		part(&m);
		identity_done(&odd);
	}
}

static void refuses(const char *key_file, const char *ca_file, enum hf_code code, const char *words)
{
	struct tls_server *made = NULL;
	struct hf_err err = { 0 };

	CHECK_CODE(make(key_file, ca_file, &made, &err), code);
	CHECK(!made);
	if (!strstr(err.text, words))
		fail_msg("expected words with \"%s\", got \"%s\"", words, err.text);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
	refuses("open.key", NULL, HF_DENIED, "chmod 600");
}

static void a_key_of_another_certificate_is_refused(void **state)
{
	refuses("other.key", NULL, HF_INVALID, "does not belong");
}

static void a_key_with_a_passphrase_is_refused_without_asking(void **state)
{
	refuses("locked.key", NULL, HF_INVALID, "passphrase");
}

static void files_that_are_missing_or_empty_are_named(void **state)
{
	struct hf_err err = { 0 };
	char id[65];

	refuses("none.key", NULL, HF_IO, "none.key");
	refuses("server.crt", NULL, HF_DENIED, "server.crt");
	refuses("server.key", "none.crt", HF_IO, "none.crt");
	refuses("server.key", "empty.crt", HF_INVALID, "empty.crt");
	CHECK_CODE(tls_issuer_key_id(at("empty.crt"), id, &err), HF_INVALID);
	CHECK_CODE(tls_issuer_key_id(at("none.crt"), id, &err), HF_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_of_the_chain_is_accepted_and_known),
		cmocka_unit_test(an_intermediate_given_directly_is_an_authority),
		cmocka_unit_test(a_client_of_another_authority_is_refused_by_name),
		cmocka_unit_test(an_authority_of_the_same_name_does_not_pass),
		cmocka_unit_test(a_client_whose_intermediate_is_missing_is_refused),
		cmocka_unit_test(a_client_without_a_certificate_is_refused),
		cmocka_unit_test(an_expired_client_is_refused),
		cmocka_unit_test(a_certificate_for_servers_is_refused_from_a_client),
		cmocka_unit_test(a_leaf_cannot_sign_another),
		cmocka_unit_test(tls_1_2_is_refused),
		cmocka_unit_test(plain_http_is_named_as_such),
		cmocka_unit_test(a_listener_without_authorities_asks_for_no_certificate),
		cmocka_unit_test(nothing_can_be_resumed_where_clients_show_certificates),
		cmocka_unit_test(names_are_never_cut_off),
		cmocka_unit_test(a_key_that_others_may_read_is_refused),
		cmocka_unit_test(a_key_of_another_certificate_is_refused),
		cmocka_unit_test(a_key_with_a_passphrase_is_refused_without_asking),
		cmocka_unit_test(files_that_are_missing_or_empty_are_named),
	};

	umask(022);
	return cmocka_run_group_tests(tests, setup, teardown);
}
