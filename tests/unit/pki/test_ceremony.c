/* SPDX-License-Identifier: Apache-2.0
 * The certificate ceremony over files, and what a listener makes of its files as they change. */
#include "check.h"

#include "base/clock.h"
#include "pki/inspect.h"
#include "pki/pki.h"
#include "crypto/tls.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/holdfast-pki-XXXXXX";
static struct csr_template asked;
static struct hf_err err;

/* Files are named as they stand in the test's own folder, which is the working directory. */
static const struct pki_ca root = { .cert = "root.pem", .key = "root-key.pem" };
static const struct pki_ca org = { .cert = "org.pem", .key = "org-key.pem" };

#define MUST(call)                                                                                 \
	do {                                                                                       \
		hf_status must_ = (call);                                                          \
		if (!hf_ok(must_))                                                                 \
			fail_msg("%s: %s", #call, err.text);                                       \
	} while (0)

static int64_t in_days(int days)
{
	return hf_wall_ms() / 1000 + days * INT64_C(86400);
}

static void make_leaf(const char *name, int64_t until_s)
{
	char cert[64], key[64];
	struct pki_leaf leaf = {
		.common_name = name, .until_s = until_s, .ca = org, .cert = cert, .key = key
	};

	snprintf(cert, sizeof(cert), "%s.pem", name);
	snprintf(key, sizeof(key), "%s-key.pem", name);
	MUST(pki_leaf(&leaf, &err));
}

static void make_server(void)
{
	const struct pki_leaf server = { .server = true,
		                         .common_name = "server",
		                         .names = "IP:127.0.0.1,DNS:localhost",
		                         .until_s = in_days(30),
		                         .ca = root,
		                         .cert = "server.pem",
		                         .key = "server-key.pem" };

	MUST(pki_leaf(&server, &err));
}

static int setup(void **state)
{
	const struct pki_root new_root = { .organisation = "Operator",
		                           .common_name = "Operator root",
		                           .until_s = in_days(3650),
		                           .files = root };
	const struct pki_request request = {
		.template = &asked, .common_name = "Bank drivers", .key = org.key, .csr = "org.csr"
	};
	const struct pki_sign sign = {
		.template = &asked, .csr = "org.csr", .ca = root, .cert = org.cert
	};

	CHECK(mkdtemp(dir) && chdir(dir) == 0);
	asked = (struct csr_template){ .organisation = "Bank",
		                       .common_name = "Bank *",
		                       .days = 100 };
	MUST(pki_init_root(&new_root, &err));
	MUST(pki_template_write("template", &asked, &err));
	MUST(pki_request(&request, &err));
	MUST(pki_sign(&sign, &err));
	make_leaf("driver", in_days(90));
	make_server();
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	CHECK(chdir("/") == 0);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static bool has(const char *file, const char *words)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(1u << 20);

	MUST(inspect_file(file, &text, &err));
	hf_buf_u8(&text, 0);
	if (strstr((char *)text.ptr, words))
		return true;
	print_message("%s", (char *)text.ptr);
	return false;
}

/* "" when the chain holds, otherwise what is said. */
static const char *verdict(const char *file, const char *chain, const char *crl,
                           enum inspect_purpose purpose)
{
	static char said[4096];
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(1u << 20);
	const struct inspect_chain look = {
		.file = file, .chain = chain, .crl = crl, .purpose = purpose
	};
	bool holds;

	MUST(inspect_chain(&look, &text, &holds, &err));
	snprintf(said, sizeof(said), "%.*s", holds ? 0 : (int)text.len, (char *)text.ptr);
	return said;
}

static void bundle(const char *out, const char *a, const char *b)
{
	const char *const files[] = { a, b };

	unlink(out);
	MUST(pki_bundle(files, 2, out, &err));
}

static void keys_are_nobody_elses_to_read(void **state)
{
	static const char *const keys[] = { "root-key.pem", "org-key.pem", "driver-key.pem",
		                            "root-key.pem.index" };
	struct stat st;

	for (size_t i = 0; i < HF_COUNT(keys); i++) {
		CHECK(stat(keys[i], &st) == 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void nothing_is_overwritten(void **state)
{
	const struct pki_root again = { .organisation = "Operator",
		                        .common_name = "Another",
		                        .until_s = in_days(1),
		                        .files = root };
	const struct pki_request request = {
		.template = &asked, .common_name = "Bank x", .key = org.key, .csr = "another.csr"
	};

	CHECK_CODE(pki_init_root(&again, &err), HF_EXISTS);
	CHECK(strstr(err.text, "root.pem is there already"));
	CHECK_CODE(pki_request(&request, &err), HF_EXISTS);
	CHECK(access("another.csr", F_OK) != 0);
	CHECK(has("root.pem", "CN=Operator root"));
}

static void an_intermediate_may_sign_its_own_drivers_only(void **state)
{
	CHECK(has("org.pem", "path length    0: it signs leaves only"));
	CHECK(has("org.pem", "Permitted: DirName:O = Bank"));
	CHECK(has("org.pem", "an authority for drivers (clientAuth only)"));
	bundle("chain.pem", "org.pem", "root.pem");
	assert_string_equal(verdict("driver.pem", "chain.pem", NULL, INSPECT_DRIVER), "");
	CHECK(strstr(verdict("driver.pem", "chain.pem", NULL, INSPECT_SERVER), "serverAuth"));
	CHECK(strstr(verdict("driver.pem", "root.pem", NULL, INSPECT_DRIVER), "give intermediate"));
	CHECK(strstr(verdict("driver.pem", "chain.pem", NULL, INSPECT_INTERMEDIATE),
	             "no authority's certificate"));
}

/* The operator's mistake: what the organisation is called is not left to the organisation. */
static void a_request_that_differs_is_not_signed_and_each_difference_is_named(void **state)
{
	struct csr_template other = asked;
	const struct pki_sign sign = {
		.template = &other, .csr = "org.csr", .ca = root, .cert = "never.pem"
	};

	snprintf(other.organisation, sizeof(other.organisation), "Another bank");
	snprintf(other.common_name, sizeof(other.common_name), "Another *");
	other.key_type = PKI_P384;
	other.path_length = 1;
	CHECK_CODE(pki_sign(&sign, &err), HF_DENIED);
	CHECK(strstr(err.text, "organisation: the template has \"Another bank\""));
	CHECK(strstr(err.text, "common name: the template has \"Another *\""));
	CHECK(strstr(err.text, "key: the template has p384"));
	CHECK(strstr(err.text, "Basic Constraints: the request asks for another value"));
	CHECK(access("never.pem", F_OK) != 0);
}

static void what_came_back_is_compared_with_key_root_and_template(void **state)
{
	struct pki_accept accept = {
		.cert = "org.pem", .key = "org-key.pem", .root = "root.pem", .template = &asked
	};

	MUST(pki_accept(&accept, &err));
	accept.key = "driver-key.pem";
	CHECK_CODE(pki_accept(&accept, &err), HF_DENIED);
	CHECK(strstr(err.text, "is for another key than driver-key.pem"));
	accept.key = "org-key.pem";
	accept.root = "driver.pem";
	CHECK_CODE(pki_accept(&accept, &err), HF_DENIED);
	CHECK(strstr(err.text, "was not signed by driver.pem"));
}

static void a_key_with_a_passphrase_opens_with_that_one_only(void **state)
{
	HF_SECRET struct hf_secret right = { 0 }, wrong = { 0 };
	struct pki_root locked = { .organisation = "Operator",
		                   .common_name = "Locked",
		                   .until_s = in_days(10),
		                   .files = { .cert = "locked.pem", .key = "locked-key.pem" } };
	struct pki_crl crl = { .ca = locked.files, .days = 1, .out = "locked.crl" };
	struct pki_crl_made made;
	bool has_one;

	CHECK_OK(hf_secret_copy("correct horse", 13, &right));
	CHECK_OK(hf_secret_copy("wrong horse", 11, &wrong));
	locked.files.passphrase = &right;
	MUST(pki_init_root(&locked, &err));
	MUST(pki_key_has_passphrase("locked-key.pem", &has_one, &err));
	CHECK(has_one);
	CHECK_CODE(pki_crl(&crl, &made, &err), HF_INVALID);
	crl.ca.passphrase = &wrong;
	CHECK_CODE(pki_crl(&crl, &made, &err), HF_DENIED);
	crl.ca.passphrase = &right;
	MUST(pki_crl(&crl, &made, &err));
}

static void a_leaf_never_outlives_its_authority(void **state)
{
	make_leaf("long", in_days(5000));
	CHECK(has("long.pem", ": 100 days left") || has("long.pem", ": 99 days left"));
}

static void a_renewed_leaf_keeps_its_name_and_has_a_fresh_key(void **state)
{
	const struct pki_renew renew = {
		.ca = org, .cert = "worn.pem", .key = "worn-key.pem", .until_s = in_days(60)
	};
	HF_BUF_SCOPED struct hf_buf before = HF_BUF(1u << 20);
	HF_BUF_SCOPED struct hf_buf after = HF_BUF(1u << 20);

	make_leaf("worn", in_days(2));
	MUST(inspect_file("worn-key.pem", &before, &err));
	MUST(pki_renew(&renew, &err));
	MUST(inspect_file("worn-key.pem", &after, &err));
	CHECK(!hf_span_equal(hf_buf_span(&before), hf_buf_span(&after)));
	CHECK(has("worn.pem", "certificate of CN=worn,O=Bank"));
	CHECK(has("worn.pem", ": 59 days left") || has("worn.pem", ": 60 days left"));
}

static void a_renewed_server_certificate_keeps_its_names(void **state)
{
	const struct pki_renew renew = {
		.ca = root, .cert = "server.pem", .key = "server-key.pem", .until_s = in_days(60)
	};

	MUST(pki_renew(&renew, &err));
	CHECK(has("server.pem", "DNS:localhost"));
	CHECK(has("server.pem", "a leaf of a server (serverAuth)"));
}

static void only_its_own_authority_renews_and_revokes(void **state)
{
	const struct pki_renew renew = {
		.ca = root, .cert = "driver.pem", .key = "driver-key.pem", .until_s = in_days(9)
	};
	const struct pki_revoke revoke_other = { .ca = root, .cert = "driver.pem" };
	struct pki_revoked done;

	CHECK_CODE(pki_renew(&renew, &err), HF_INVALID);
	CHECK(strstr(err.text, "was not issued by root.pem"));
	CHECK_CODE(pki_revoke(&revoke_other, &done, &err), HF_INVALID);
}

static void revoke_for(const struct pki_ca *ca, const char *cert, const char *crl_file, int days)
{
	const struct pki_revoke revoke_it = { .ca = *ca,
		                              .cert = cert,
		                              .reason = CA_KEY_COMPROMISE };
	const struct pki_crl crl = { .ca = *ca, .days = days, .out = crl_file };
	struct pki_crl_made made;
	struct pki_revoked done;

	if (cert)
		MUST(pki_revoke(&revoke_it, &done, &err));
	MUST(pki_crl(&crl, &made, &err));
}

static void revoke_in(const struct pki_ca *ca, const char *cert, const char *crl_file)
{
	revoke_for(ca, cert, crl_file, 30);
}

static void what_is_revoked_stands_in_the_next_crl_and_is_not_renewed(void **state)
{
	const struct pki_renew renew = {
		.ca = org, .cert = "bad.pem", .key = "bad-key.pem", .until_s = in_days(60)
	};
	const struct pki_revoke again = { .ca = org, .cert = "bad.pem" };
	struct pki_revoked done;

	make_leaf("bad", in_days(20));
	bundle("chain.pem", "org.pem", "root.pem");
	revoke_in(&org, NULL, "org.crl");
	assert_string_equal(verdict("bad.pem", "chain.pem", "org.crl", INSPECT_DRIVER), "");
	revoke_in(&org, "bad.pem", "org.crl");
	CHECK(has("org.crl", "(keyCompromise)"));
	CHECK(strstr(verdict("bad.pem", "chain.pem", "org.crl", INSPECT_DRIVER),
	             "certificate revoked"));
	assert_string_equal(verdict("driver.pem", "chain.pem", "org.crl", INSPECT_DRIVER), "");
	CHECK_CODE(pki_renew(&renew, &err), HF_DENIED);
	CHECK_CODE(pki_revoke(&again, &done, &err), HF_EXISTS);
}

static void a_lost_host_is_revoked_with_the_keys_that_it_had_before(void **state)
{
	const struct pki_renew renew = {
		.ca = org, .cert = "lost.pem", .key = "lost-key.pem", .until_s = in_days(60)
	};
	struct pki_revoke revoke_it = { .ca = org, .cert = "lost.pem" };
	struct pki_revoked done;

	make_leaf("lost", in_days(20));
	MUST(pki_renew(&renew, &err));
	MUST(pki_revoke(&revoke_it, &done, &err));
	assert_int_equal(done.still_valid, 1);
	revoke_it.all = true;
	MUST(pki_revoke(&revoke_it, &done, &err));
	CHECK(done.others == 1 && done.still_valid == 0);
}

static void without_its_index_an_authority_issues_nothing(void **state)
{
	const struct pki_crl crl = { .ca = org, .days = 30, .out = "lost.crl" };
	struct pki_crl_made made;

	CHECK(rename("org-key.pem.index", "aside") == 0);
	CHECK_CODE(pki_crl(&crl, &made, &err), HF_STATE);
	CHECK(strstr(err.text, "bring it back from a backup"));
	CHECK(access("lost.crl", F_OK) != 0);
	CHECK(rename("aside", "org-key.pem.index") == 0);
}

static void certificates_that_are_no_chain_are_not_bundled(void **state)
{
	const char *const files[] = { "driver.pem", "root.pem" };

	CHECK_CODE(pki_bundle(files, 2, "no-chain.pem", &err), HF_INVALID);
	CHECK(access("no-chain.pem", F_OK) != 0);
}

static void a_pattern_means_any_text_at_its_star(void **state)
{
	CHECK(csr_template_name_fits("*", "anything"));
	CHECK(csr_template_name_fits("a*c", "abc") && csr_template_name_fits("a*c", "ac"));
	CHECK(csr_template_name_fits("a*b*c", "a-b-b-c"));
	CHECK(!csr_template_name_fits("a*c", "abcd") && !csr_template_name_fits("a", "b"));
	CHECK(!csr_template_name_fits("a*", "") && csr_template_name_fits("*", ""));
}

static bool refresh(struct tls_server *t)
{
	bool renewed;

	MUST(tls_server_refresh(t, false, &renewed, &err));
	return renewed;
}

static struct tls_server *listener(const char *crl)
{
	const struct tls_server_config config = { .cert_file = "server.pem",
		                                  .key_file = "server-key.pem",
		                                  .client_ca_file = "root.pem",
		                                  .client_crl_file = crl };
	struct tls_server *t;

	MUST(tls_server_new(&config, &t, &err));
	return t;
}

HF_DEFINE_CLEANUP(tls_server_free, struct tls_server *)

static void a_listener_takes_up_changed_files_and_counts(void **state)
{
	HF_CLEANUP(tls_server_free_at) struct tls_server *t = listener(NULL);
	const struct pki_renew renew = {
		.ca = root, .cert = "server.pem", .key = "server-key.pem", .until_s = in_days(10)
	};
	struct tls_date dates[TLS_DATES_MAX];
	unsigned before = tls_server_generation(t);

	CHECK(!refresh(t));
	MUST(pki_renew(&renew, &err));
	CHECK(refresh(t));
	CHECK(tls_server_generation(t) != before);
	assert_int_equal(tls_server_dates(t, dates), 2);
	CHECK(dates[0].kind == TLS_DATE_OWN && dates[0].until_s < in_days(11));
}

static void a_listener_keeps_what_it_has_while_files_are_half_written(void **state)
{
	HF_CLEANUP(tls_server_free_at) struct tls_server *t = listener(NULL);
	unsigned before = tls_server_generation(t);
	bool renewed;

	CHECK(rename("server.pem", "server.aside") == 0);
	CHECK(!refresh(t)); /* in the middle of being replaced, perhaps */
	CHECK_CODE(tls_server_refresh(t, false, &renewed, &err), HF_IO);
	CHECK(strstr(err.text, "server.pem"));
	CHECK(!refresh(t)); /* said once */
	assert_int_equal(tls_server_generation(t), before);
	CHECK(rename("server.aside", "server.pem") == 0);
	CHECK(refresh(t));
}

static void an_older_crl_does_not_replace_a_newer_one(void **state)
{
	struct tls_server *t;
	bool renewed;

	revoke_in(&root, NULL, "older.crl");
	revoke_in(&root, NULL, "in-use.crl");
	t = listener("in-use.crl");
	CHECK(rename("older.crl", "in-use.crl") == 0);
	CHECK_CODE(tls_server_refresh(t, true, &renewed, &err), HF_DENIED);
	CHECK(strstr(err.text, "restart the server"));
	revoke_in(&root, NULL, "in-use.crl");
	CHECK(refresh(t));
	tls_server_free(t);
}

static void a_crl_that_the_authority_did_not_sign_is_refused(void **state)
{
	const struct pki_root impostor = { .organisation = "Operator",
		                           .common_name = "Operator root",
		                           .until_s = in_days(10),
		                           .files = { .cert = "false.pem",
		                                      .key = "false-key.pem" } };
	const struct tls_server_config config = { .cert_file = "server.pem",
		                                  .key_file = "server-key.pem",
		                                  .client_ca_file = "root.pem",
		                                  .client_crl_file = "false.crl" };
	struct tls_server *t;

	MUST(pki_init_root(&impostor, &err));
	revoke_in(&impostor.files, NULL, "false.crl");
	CHECK_CODE(tls_server_new(&config, &t, &err), HF_INVALID);
	CHECK(strstr(err.text, "is not signed by the authority of that name"));
}

/* A driver's connection over memory: its two ends, joined. */
struct line {
	SSL_CTX *ctx;
	SSL *here, *there;
};

static void hang_up(struct line *l)
{
	SSL_free(l->here);
	SSL_free(l->there);
	SSL_CTX_free(l->ctx);
}

/* True when the server lets it in; otherwise err.text says why not. */
static bool call_up(struct tls_server *t, const char *name, struct line *l)
{
	char cert[64], key[64];
	BIO *a = NULL, *b = NULL;
	int done = 0;

	snprintf(cert, sizeof(cert), "%s-chain.pem", name);
	snprintf(key, sizeof(key), "%s-key.pem", name);
	l->ctx = SSL_CTX_new(TLS_client_method());
	CHECK(SSL_CTX_use_certificate_chain_file(l->ctx, cert) == 1);
	CHECK(SSL_CTX_use_PrivateKey_file(l->ctx, key, SSL_FILETYPE_PEM) == 1);
	l->here = tls_server_accept(t);
	l->there = SSL_new(l->ctx);
	CHECK(l->here && l->there && BIO_new_bio_pair(&a, 0, &b, 0) == 1);
	SSL_set_bio(l->here, a, a);
	SSL_set_bio(l->there, b, b);
	for (int turn = 0; turn < 6 && done != 1; turn++) {
		SSL_connect(l->there);
		done = SSL_accept(l->here);
	}
	if (done != 1)
		tls_explain(l->here, err.text, sizeof(err.text));
	return done == 1;
}

static bool let_in(struct tls_server *t, const char *name)
{
	struct line l;
	bool yes = call_up(t, name, &l);

	hang_up(&l);
	return yes;
}

static void make_driver(const char *name)
{
	char cert[64], chain[64];

	make_leaf(name, in_days(20));
	snprintf(cert, sizeof(cert), "%s.pem", name);
	snprintf(chain, sizeof(chain), "%s-chain.pem", name);
	bundle(chain, cert, "org.pem");
}

static void a_live_connection_is_refused_once_its_certificate_is_revoked(void **state)
{
	struct tls_server *t;
	struct tls_peer peer;
	struct line l;

	make_driver("live");
	revoke_in(&org, NULL, "live.crl");
	t = listener("live.crl");
	CHECK(call_up(t, "live", &l));
	CHECK_OK(tls_peer_read(l.here, &peer));
	CHECK(peer.until_s > in_days(19) && peer.until_s <= in_days(20));
	CHECK_OK(tls_server_check(t, l.here, &err));
	revoke_in(&org, "live.pem", "live.crl");
	CHECK(refresh(t));
	CHECK_CODE(tls_server_check(t, l.here, &err), HF_DENIED);
	CHECK(strstr(err.text, "CN=live") && strstr(err.text, "certificate revoked"));
	hang_up(&l);
	CHECK(!let_in(t, "live"));
	tls_server_free(t);
}

/* The root has no CRL in the file; the organisation's is overdue. */
static void an_outdated_crl_goes_on_revoking_and_refuses_all_only_when_strict(void **state)
{
	struct tls_server_config config = { .cert_file = "server.pem",
		                            .key_file = "server-key.pem",
		                            .client_ca_file = "root.pem",
		                            .client_crl_file = "overdue.crl" };
	struct tls_server *t;

	make_driver("good");
	make_driver("gone");
	revoke_for(&org, "gone.pem", "overdue.crl", -1);
	MUST(tls_server_new(&config, &t, &err));
	CHECK(let_in(t, "good"));
	CHECK(!let_in(t, "gone"));
	CHECK(strstr(err.text, "certificate revoked"));
	tls_server_free(t);
	config.crl_strict = true;
	MUST(tls_server_new(&config, &t, &err));
	CHECK(!let_in(t, "good"));
	CHECK(strstr(err.text, "CRL has expired") && strstr(err.text, "newest CRL"));
	tls_server_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_nobody_elses_to_read),
		cmocka_unit_test(nothing_is_overwritten),
		cmocka_unit_test(an_intermediate_may_sign_its_own_drivers_only),
		cmocka_unit_test(a_request_that_differs_is_not_signed_and_each_difference_is_named),
		cmocka_unit_test(what_came_back_is_compared_with_key_root_and_template),
		cmocka_unit_test(a_key_with_a_passphrase_opens_with_that_one_only),
		cmocka_unit_test(a_leaf_never_outlives_its_authority),
		cmocka_unit_test(a_renewed_leaf_keeps_its_name_and_has_a_fresh_key),
		cmocka_unit_test(a_renewed_server_certificate_keeps_its_names),
		cmocka_unit_test(only_its_own_authority_renews_and_revokes),
		cmocka_unit_test(what_is_revoked_stands_in_the_next_crl_and_is_not_renewed),
		cmocka_unit_test(a_lost_host_is_revoked_with_the_keys_that_it_had_before),
		cmocka_unit_test(without_its_index_an_authority_issues_nothing),
		cmocka_unit_test(certificates_that_are_no_chain_are_not_bundled),
		cmocka_unit_test(a_pattern_means_any_text_at_its_star),
		cmocka_unit_test(a_listener_takes_up_changed_files_and_counts),
		cmocka_unit_test(a_listener_keeps_what_it_has_while_files_are_half_written),
		cmocka_unit_test(an_older_crl_does_not_replace_a_newer_one),
		cmocka_unit_test(a_live_connection_is_refused_once_its_certificate_is_revoked),
		cmocka_unit_test(an_outdated_crl_goes_on_revoking_and_refuses_all_only_when_strict),
		cmocka_unit_test(a_crl_that_the_authority_did_not_sign_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
