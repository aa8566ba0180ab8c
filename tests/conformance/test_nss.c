/* SPDX-License-Identifier: Apache-2.0
 * NSS softoken, a module that differs from SoftHSM2 in most of what can differ: it wants a string
 * in C_Initialize, an attribute of its own when it unwraps EC keys, gives another format under
 * CKM_AES_KEY_WRAP_PAD, and lies about sizes. */
#include "token.h"

#include "p11/preflight.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const places[] = { "/usr/lib/x86_64-linux-gnu/libsoftokn3.so",
	                              "/usr/lib/aarch64-linux-gnu/libsoftokn3.so" };

static struct test_token token;
static struct p11_session session;
static struct p11_master master;

static const char *nss_need(void)
{
	for (size_t i = 0; i < HF_COUNT(places); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	puts("1..0 # SKIP NSS softoken is not installed");
	exit(77);
}

/* A fresh database is slot 2: the security officer's PIN is empty, and sets the user's. */
static void set_pin(void)
{
	CK_SESSION_HANDLE so;
	CK_FUNCTION_LIST *fn = token.module.fn;
	CK_UTF8CHAR pin[] = TOKEN_PIN;

	assert_int_equal(fn->C_OpenSession(2, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &so),
	                 CKR_OK);
	assert_int_equal(fn->C_Login(so, CKU_SO, NULL, 0), CKR_OK);
	assert_int_equal(fn->C_InitPIN(so, pin, sizeof(pin) - 1), CKR_OK);
	assert_int_equal(fn->C_CloseSession(so), CKR_OK);
}

static int start(void **state)
{
	char args[256];
	struct hf_err err;

	strcpy(token.dir, "/tmp/holdfast-token-XXXXXX");
	assert_non_null(mkdtemp(token.dir));
	snprintf(args, sizeof(args),
	         "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='secmod.db' flags=",
	         token.dir);
	if (!hf_ok(p11_module_open(nss_need(), args, &token.module, &err)))
		fail_msg("%s", err.text);
	set_pin();
	if (!hf_ok(p11_slot_find(&token.module, "label:NSS Certificate DB", &token.token, &err)))
		fail_msg("%s", err.text);
	session = token_session(&token, true);
	if (!hf_ok(p11_master_create(&session, MASTER_LABEL_DEFAULT, &master, &err)))
		fail_msg("%s", err.text);
	return 0;
}

static int stop(void **state)
{
	p11_session_close(&session);
	token_stop(&token);
	return 0;
}

static void the_master_key_is_found_again(void **state)
{
	struct p11_master found;
	struct hf_err err;

	if (!hf_ok(p11_master_find(&session, MASTER_LABEL_DEFAULT, &found, &err)))
		fail_msg("%s", err.text);
	assert_string_equal(found.id, master.id);
	assert_int_equal(found.mac_mechanism, CKM_SHA256_HMAC);
}

#define RSA (1u << KEY_RSA_2048 | 1u << KEY_RSA_3072 | 1u << KEY_RSA_4096)

static void preflight_finds_formats_and_quirks(void **state)
{
	struct preflight_config config = { .types = ~RSA, .master = &master };
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(8192);
	HF_FREE struct preflight_report *r = calloc(1, sizeof(*r));
	struct hf_err err;

	assert_non_null(r);
	if (!hf_ok(p11_preflight(&session, &config, r, &err)))
		fail_msg("%s", err.text);
	preflight_matrix(r, &b);
	assert_string_equal((char *)b.ptr, "secp256k1 - 0 fails generate 130\n"
	                                   "P-256 rfc5649 210b works - 0 chosen\n"
	                                   "P-256 rfc3394-pkcs7 210a works - 0\n"
	                                   "P-256 rfc3394 2109 fails wrap 21\n"
	                                   "P-256 cbc-pad 1085 works - 0\n"
	                                   "P-384 rfc5649 210b works - 0 chosen\n"
	                                   "P-384 rfc3394-pkcs7 210a works - 0\n"
	                                   "P-384 rfc3394 2109 fails wrap 21\n"
	                                   "P-384 cbc-pad 1085 works - 0\n"
	                                   "Ed25519 - 0 fails generate 70\n");
	assert_int_equal(r->profile.types[KEY_P256].quirks, QUIRK_NSS_DB);
	assert_int_equal(session.live, 0);
}

/* Whether RFC 3394 takes an RSA key hangs on its length modulo 8: no matrix of rows, but what is
 * chosen. */
static void rsa_is_wrapped_without_quirks(void **state)
{
	struct preflight_config config = { .types = 1u << KEY_RSA_2048, .master = &master };
	HF_FREE struct preflight_report *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	CHECK_OK(p11_preflight(&session, &config, r, NULL));
	assert_int_equal(r->profile.types[KEY_RSA_2048].ability, ABILITY_WRAPPED);
	assert_int_equal(r->profile.types[KEY_RSA_2048].format, WRAP_RFC5649);
	assert_int_equal(r->profile.types[KEY_RSA_2048].quirks, 0);
}

static void without_its_string_it_does_not_start(void **state)
{
	struct p11_module m;
	struct hf_err err;

	p11_session_close(&session);
	p11_module_close(&token.module);
	CHECK_CODE(p11_module_open(token.module.path, "", &m, &err), HF_INVALID);
	CHECK(strstr(err.text, "CKR_ARGUMENTS_BAD"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_master_key_is_found_again),
		cmocka_unit_test(preflight_finds_formats_and_quirks),
		cmocka_unit_test(rsa_is_wrapped_without_quirks),
		/* The last: it ends the session. */
		cmocka_unit_test(without_its_string_it_does_not_start),
	};

	nss_need();
	return cmocka_run_group_tests(tests, start, stop);
}
