/* SPDX-License-Identifier: Apache-2.0
 * Certificate and key of a server in one PKCS#12 file. */
#include "check.h"

#include "crypto/tls.h"
#include "test_pki.h"

#include <fcntl.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/holdfast-pkcs12-XXXXXX";
static char file[128];
static struct identity root, server, other;

static int setup(void **state)
{
	CHECK(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/server.p12", dir);
	root = identity_new(&(struct identity_wish){ .name = "root", .authority = true }, NULL);
	server = identity_new(&(struct identity_wish){ .name = "gateway" }, &root);
	other = identity_new(&(struct identity_wish){ .name = "gateway-2" }, &root);
	return 0;
}

static int teardown(void **state)
{
	identity_done(&root);
	identity_done(&server);
	identity_done(&other);
	unlink(file);
	return rmdir(dir);
}

static void write_file(PKCS12 *p12, mode_t mode)
{
	FILE *f;

	unlink(file);
	f = fopen(file, "w");
	CHECK(p12 && f && i2d_PKCS12_fp(f, p12) == 1);
	CHECK(fchmod(fileno(f), mode) == 0 && fclose(f) == 0);
	PKCS12_free(p12);
}

/* As `openssl pkcs12 -export` does, with the root as chain where asked for. */
static PKCS12 *make(const struct identity *id, const char *password, bool with_chain)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	PKCS12 *p12;

	CHECK(chain && (!with_chain || sk_X509_push(chain, root.cert)));
	p12 = PKCS12_create(password, "name", id->key, id->cert, chain, 0, 0, 0, 0, 0);
	sk_X509_free(chain);
	return p12;
}

static hf_status load(const char *password, struct tls_server **ret, struct hf_err *err)
{
	static struct hf_secret secret; /* borrowed as long as the server */
	const struct tls_server_config config = { .pkcs12_file = file, .pkcs12_password = &secret };

	hf_secret_done(&secret);
	if (password)
		CHECK_OK(hf_secret_copy(password, strlen(password), &secret));
	return tls_server_new(&config, ret, err);
}

static void a_file_with_an_empty_password_is_read(void **state)
{
	struct tls_server *t = NULL;
	struct tls_date dates[TLS_DATES_MAX];
	struct hf_err err;

	write_file(make(&server, "", true), 0600);
	CHECK_OK(load(NULL, &t, &err));
	assert_int_equal(tls_server_dates(t, dates), 2); /* the leaf first, then its chain */
	assert_string_equal(dates[0].name, "CN=gateway,O=Acme Bank");
	assert_string_equal(dates[1].name, "CN=root,O=Acme Bank");
	tls_server_free(t);
	write_file(make(&server, NULL, false), 0600);
	CHECK_OK(load("", &t, &err));
	tls_server_free(t);
}

static void a_password_has_to_be_the_right_one(void **state)
{
	struct tls_server *t = NULL;
	struct hf_err err;

	write_file(make(&server, "geheim", false), 0600);
	CHECK_OK(load("geheim", &t, &err));
	tls_server_free(t);
	CHECK_CODE(load("Geheim", &t, &err), HF_DENIED);
	CHECK(strstr(err.text, "with this password"));
	CHECK_CODE(load(NULL, &t, &err), HF_DENIED);
	CHECK(strstr(err.text, "wants a password"));
}

static void a_file_that_others_may_read_is_refused(void **state)
{
	struct tls_server *t = NULL;
	struct hf_err err;

	write_file(make(&server, "", false), 0640);
	CHECK_CODE(load(NULL, &t, &err), HF_DENIED);
	CHECK(strstr(err.text, "chmod 600"));
	unlink(file);
	CHECK_CODE(load(NULL, &t, &err), HF_IO);
}

static void old_encryption_is_named_with_what_to_do(void **state)
{
	OSSL_LIB_CTX *old = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *legacy = OSSL_PROVIDER_load(old, "legacy"),
	              *plain = OSSL_PROVIDER_load(old, "default");
	struct tls_server *t = NULL;
	struct hf_err err;

	if (!legacy || !plain)
		skip();
	write_file(PKCS12_create_ex("x", "name", server.key, server.cert, NULL,
	                            NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
	                            NID_pbe_WithSHA1And40BitRC2_CBC, 0, 0, 0, old, NULL),
	           0600);
	CHECK_CODE(load("x", &t, &err), HF_UNSUPPORTED);
	CHECK(strstr(err.text, "-legacy"));
	OSSL_PROVIDER_unload(legacy);
	OSSL_PROVIDER_unload(plain);
	OSSL_LIB_CTX_free(old);
}

static void key_and_certificate_are_both_wanted(void **state)
{
	struct tls_server *t = NULL;
	struct hf_err err;

	write_file(PKCS12_create("", NULL, server.key, NULL, NULL, 0, 0, 0, 0, 0), 0600);
	CHECK_CODE(load(NULL, &t, &err), HF_INVALID);
	CHECK(strstr(err.text, "the certificate is missing"));
}

static void what_is_no_pkcs12_is_refused(void **state)
{
	struct tls_server *t = NULL;
	struct hf_err err;
	int fd;

	identity_write_certs(file, (const struct identity *[]){ &server, NULL });
	CHECK(chmod(file, 0600) == 0);
	CHECK_CODE(load(NULL, &t, &err), HF_INVALID);
	CHECK(strstr(err.text, "PEM"));
	unlink(file);
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0 && ftruncate(fd, 2 << 20) == 0 && close(fd) == 0);
	CHECK_CODE(load(NULL, &t, &err), HF_TOOBIG);
}

static void a_changed_file_is_taken_and_a_damaged_one_is_not(void **state)
{
	struct tls_server *t = NULL;
	struct tls_date dates[TLS_DATES_MAX];
	struct hf_err err;
	bool renewed;

	write_file(make(&server, "", false), 0600);
	CHECK_OK(load(NULL, &t, &err));
	write_file(make(&other, "", false), 0600);
	CHECK_OK(tls_server_refresh(t, false, &renewed, &err));
	CHECK(renewed && tls_server_dates(t, dates) == 1);
	assert_string_equal(dates[0].name, "CN=gateway-2,O=Acme Bank");
	CHECK(truncate(file, 100) == 0);
	CHECK_OK(tls_server_refresh(t, false, &renewed, &err)); /* perhaps being written */
	CHECK_CODE(tls_server_refresh(t, false, &renewed, &err), HF_INVALID);
	CHECK(!renewed && tls_server_dates(t, dates) == 1);
	tls_server_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_with_an_empty_password_is_read),
		cmocka_unit_test(a_password_has_to_be_the_right_one),
		cmocka_unit_test(a_file_that_others_may_read_is_refused),
		cmocka_unit_test(old_encryption_is_named_with_what_to_do),
		cmocka_unit_test(key_and_certificate_are_both_wanted),
		cmocka_unit_test(what_is_no_pkcs12_is_refused),
		cmocka_unit_test(a_changed_file_is_taken_and_a_damaged_one_is_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
