/* SPDX-License-Identifier: Apache-2.0
 * Keys on real tokens: made, wrapped, destroyed, unwrapped, signing; and what preflight says about
 * each token. */
#include "token.h"

#include "p11/preflight.h"
#include "p11/rawloop.h"

#include "base/random.h"

#include <stdio.h>
#include <string.h>

static struct test_token token;
static struct p11_session session;
static struct p11_master master;
static struct preflight_report *report;

static void begin(const struct preflight_config *config)
{
	struct hf_err err;

	session = token_session(&token, true);
	CHECK_OK(p11_master_create(&session, MASTER_LABEL_DEFAULT, &master, NULL));
	report = calloc(1, sizeof(*report));
	assert_non_null(report);
	if (!hf_ok(p11_preflight(&session, config, report, &err)))
		fail_msg("%s", err.text);
}

static int start_softhsm(void **state)
{
	struct preflight_config config = { .quick = true, .allow_resident = true };

	softhsm_start(&token);
	begin(&config);
	return 0;
}

static int start_quick(void **state)
{
	struct preflight_config config = { 0 };

	memset(&token, 0, sizeof(token));
	token_open(&token, QUICK_MODULE);
	begin(&config);
	return 0;
}

static int stop(void **state)
{
	free(report);
	p11_session_close(&session);
	token_stop(&token);
	return 0;
}

static int scheme_of(enum key_type type)
{
	switch (key_type_info(type)->family) {
	case FAMILY_EC:
		return SIGN_ECDSA;
	case FAMILY_ED:
		return SIGN_ED25519;
	case FAMILY_RSA:
		break;
	}
	return SIGN_RSA_PSS;
}

/* Signs 32 bytes (48 for P-384) and lets the software check it. */
static void sign_and_verify(const struct p11_key *key, CK_OBJECT_HANDLE object, int scheme)
{
	int hash = key_type_info(key->type)->family == FAMILY_RSA ? HASH_SHA256 : HASH_NONE;
	struct signature sig = { 0 };
	uint8_t input[64];
	struct hf_span in = HF_SPAN(input, key->type == KEY_P384 ? 48 : 32);
	struct hf_err err;

	hf_random(input, sizeof(input));
	if (!hf_ok(p11_key_sign(&session, &report->profile, key->type, object, scheme, hash, in,
	                        &sig, &err)))
		fail_msg("%s", err.text);
	CHECK_OK(signature_finish(key->type, HF_SPAN(key->public_key.bytes, key->public_key.len),
	                          scheme, hash, in, &sig));
}

static void life_of_a_key(enum key_type type)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	CK_OBJECT_HANDLE object;
	enum wrap_format format;
	struct p11_key key;
	struct hf_err err;

	if (!hf_ok(p11_key_generate(&session, &report->profile, type, true, &key, &err)))
		fail_msg("%s", err.text);
	CHECK_OK(p11_key_wrap(&session, &report->profile, &master, &key, &blob, &format, NULL));
	p11_key_done(&session, &key);
	assert_int_equal(session.live, 0);
	CHECK_OK(p11_key_unwrap(&session, &report->profile, &master, type, format,
	                        hf_buf_span(&blob), &object, NULL));
	sign_and_verify(&key, object, scheme_of(type));
	if (key_type_info(type)->family == FAMILY_RSA)
		sign_and_verify(&key, object, SIGN_RSA_PKCS1);
	if (format == WRAP_RESIDENT)
		assert_int_equal(session.fn->C_DestroyObject(session.handle, object), CKR_OK);
	else
		p11_object_destroy(&session, object);
	assert_int_equal(session.live, 0);
}

static void secp256k1_lives(void **state)
{
	life_of_a_key(KEY_SECP256K1);
}

static void p256_lives(void **state)
{
	life_of_a_key(KEY_P256);
}

static void p384_lives(void **state)
{
	life_of_a_key(KEY_P384);
}

static void ed25519_lives(void **state)
{
	life_of_a_key(KEY_ED25519);
}

static void rsa_2048_lives(void **state)
{
	life_of_a_key(KEY_RSA_2048);
}

/* --- what leaves the HSM and comes back --- */

static void wrapped_p256(struct hf_buf *blob, struct p11_key *key, enum wrap_format *format)
{
	CHECK_OK(p11_key_generate(&session, &report->profile, KEY_P256, false, key, NULL));
	CHECK_OK(p11_key_wrap(&session, &report->profile, &master, key, blob, format, NULL));
	p11_key_done(&session, key);
}

static void an_unwrapped_key_is_closed(void **state)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	CK_OBJECT_HANDLE object;
	enum wrap_format format;
	struct p11_key key;
	uint8_t value[64];
	size_t len;
	bool is;

	wrapped_p256(&blob, &key, &format);
	CHECK_OK(p11_key_unwrap(&session, &report->profile, &master, KEY_P256, format,
	                        hf_buf_span(&blob), &object, NULL));
	CHECK_OK(attribute_bool(&session, object, CKA_SENSITIVE, &is, NULL));
	CHECK(is);
	CHECK_OK(attribute_bool(&session, object, CKA_EXTRACTABLE, &is, NULL));
	CHECK(!is);
	CHECK_CODE(attribute_read(&session, object, CKA_VALUE, value, sizeof(value), &len, NULL),
	           HF_DENIED);
	p11_object_destroy(&session, object);
}

static void a_blob_with_any_bit_flipped_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	CK_OBJECT_HANDLE object;
	enum wrap_format format;
	struct p11_key key;

	wrapped_p256(&blob, &key, &format);
	for (size_t i = 0; i < blob.len; i++) {
		blob.ptr[i] ^= 1u << (i % 8);
		CHECK(!hf_ok(p11_key_unwrap(&session, &report->profile, &master, KEY_P256, format,
		                            hf_buf_span(&blob), &object, NULL)));
		blob.ptr[i] ^= 1u << (i % 8);
	}
	assert_int_equal(session.live, 0);
}

static void another_master_key_does_not_unwrap(void **state)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	CK_OBJECT_HANDLE object;
	struct p11_master other;
	enum wrap_format format;
	struct p11_key key;

	wrapped_p256(&blob, &key, &format);
	CHECK_OK(p11_master_temporary(&session, &other, NULL));
	CHECK(!hf_ok(p11_key_unwrap(&session, &report->profile, &other, KEY_P256, format,
	                            hf_buf_span(&blob), &object, NULL)));
	p11_master_done(&session, &other);
}

static void a_format_that_this_hsm_has_not_is_said_so(void **state)
{
	uint8_t blob[48] = { 0 };
	CK_OBJECT_HANDLE object;
	struct hf_err err;

	CHECK_CODE(p11_key_unwrap(&session, &report->profile, &master, KEY_P256, WRAP_CBC_PAD,
	                          HF_SPAN(blob, sizeof(blob)), &object, &err),
	           HF_UNSUPPORTED);
	CHECK(strstr(err.text, "cbc-pad"));
}

static void a_resident_key_of_another_hsm_is_said_so(void **state)
{
	uint8_t id[RESIDENT_ID_LEN] = { 0 };
	CK_OBJECT_HANDLE object;
	struct hf_err err;

	CHECK_CODE(p11_key_unwrap(&session, &report->profile, &master, KEY_P256, WRAP_RESIDENT,
	                          HF_SPAN(id, sizeof(id)), &object, &err),
	           HF_NOTFOUND);
	CHECK(strstr(err.text, "only the HSM that made it"));
}

static void the_raw_loops_run(void **state)
{
	struct rawloop_config config = { .type = KEY_SECP256K1, .count = 20 };
	struct rawloop_result r;

	for (int kind = RAWLOOP_SIGN; kind <= RAWLOOP_GENERATE; kind++) {
		config.kind = (enum rawloop_kind)kind;
		CHECK_OK(p11_rawloop(&session, &report->profile, &master, &config, &r, NULL));
		assert_int_equal(r.latency.count, 20);
	}
	assert_int_equal(session.live, 0);
}

static void the_report_is_json(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(65536);

	preflight_write_json(report, &b);
	CHECK_OK(hf_buf_status(&b));
	CHECK(b.len > 500 && b.ptr[0] == '{' && b.ptr[b.len - 1] == '}');
}

/* --- preflight, exactly --- */

static void expect_matrix(const struct preflight_config *config, const char *expected)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(8192);
	struct preflight_report *r = calloc(1, sizeof(*r));
	struct hf_err err;

	assert_non_null(r);
	if (!hf_ok(p11_preflight(&session, config, r, &err)))
		fail_msg("%s", err.text);
	preflight_matrix(r, &b);
	assert_int_equal(session.live, 0);
	free(r);
	assert_string_equal((char *)b.ptr, expected);
}

#define TYPES_BUT_LONG_RSA (~((1u << KEY_RSA_3072) | (1u << KEY_RSA_4096)))

static void softhsm_2_6_1_is_as_known(void **state)
{
	struct preflight_config config = { .types = TYPES_BUT_LONG_RSA,
		                           .allow_resident = true,
		                           .master = &master };

	expect_matrix(&config, "secp256k1 rfc5649 210a works - 0 chosen\n"
	                       "secp256k1 rfc3394 2109 works - 0\n"
	                       "P-256 rfc5649 210a works - 0 chosen\n"
	                       "P-256 rfc3394 2109 works - 0\n"
	                       "P-384 rfc5649 210a works - 0 chosen\n"
	                       "P-384 rfc3394 2109 works - 0\n"
	                       "Ed25519 rfc5649 210a fails wrap 69\n"
	                       "Ed25519 rfc3394 2109 fails wrap 69\n"
	                       "Ed25519 resident 0 resident - 0 chosen\n"
	                       "RSA-2048 rfc5649 210a works - 0 chosen\n"
	                       "RSA-2048 rfc3394 2109 works - 0\n");
}

static void what_cannot_be_wrapped_asks_for_permission(void **state)
{
	struct preflight_config config = { .types = 1u << KEY_ED25519 };

	expect_matrix(&config, "Ed25519 rfc5649 210a fails wrap 69\n"
	                       "Ed25519 rfc3394 2109 fails wrap 69\n"
	                       "Ed25519 resident 0 needs-allow-resident - 0\n");
}

static void resident_keys_are_made_only_where_allowed(void **state)
{
	struct p11_key key;
	struct hf_err err;

	assert_int_equal(report->profile.types[KEY_ED25519].ability, ABILITY_RESIDENT);
	CHECK_CODE(p11_key_generate(&session, &report->profile, KEY_ED25519, false, &key, &err),
	           HF_DENIED);
	CHECK(strstr(err.text, "--allow-resident"));
}

static void the_quick_preflight_tries_one_format_and_one_rsa_key(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(8192);

	preflight_matrix(report, &b);
	assert_string_equal((char *)b.ptr, "secp256k1 rfc5649 210a works - 0 chosen\n"
	                                   "P-256 rfc5649 210a works - 0 chosen\n"
	                                   "P-384 rfc5649 210a works - 0 chosen\n"
	                                   "Ed25519 rfc5649 210a fails wrap 69\n"
	                                   "Ed25519 rfc3394 2109 fails wrap 69\n"
	                                   "Ed25519 resident 0 resident - 0 chosen\n"
	                                   "RSA-2048 rfc5649 210a works - 0 chosen\n");
	assert_memory_equal(&report->profile.types[KEY_RSA_4096],
	                    &report->profile.types[KEY_RSA_2048], sizeof(report->profile.types[0]));
}

static void the_quick_module_is_as_known(void **state)
{
	struct preflight_config config = { .types = TYPES_BUT_LONG_RSA, .master = &master };

	expect_matrix(&config, "secp256k1 rfc5649 210b works - 0 chosen\n"
	                       "P-256 rfc5649 210b works - 0 chosen\n"
	                       "P-384 - 0 fails generate 140\n"
	                       "Ed25519 rfc5649 210b works - 0 chosen\n"
	                       "RSA-2048 rfc5649 210b fails generate 70\n");
}

#define COMMON                                                                                     \
	cmocka_unit_test(secp256k1_lives), cmocka_unit_test(p256_lives),                           \
	        cmocka_unit_test(ed25519_lives), cmocka_unit_test(an_unwrapped_key_is_closed),     \
	        cmocka_unit_test(a_blob_with_any_bit_flipped_is_refused),                          \
	        cmocka_unit_test(another_master_key_does_not_unwrap),                              \
	        cmocka_unit_test(a_format_that_this_hsm_has_not_is_said_so),                       \
	        cmocka_unit_test(a_resident_key_of_another_hsm_is_said_so),                        \
	        cmocka_unit_test(the_raw_loops_run), cmocka_unit_test(the_report_is_json)

int main(void)
{
	const struct CMUnitTest quick[] = {
		COMMON,
		cmocka_unit_test(the_quick_module_is_as_known),
	};
	const struct CMUnitTest softhsm[] = {
		COMMON,
		cmocka_unit_test(p384_lives),
		cmocka_unit_test(rsa_2048_lives),
		cmocka_unit_test(softhsm_2_6_1_is_as_known),
		cmocka_unit_test(what_cannot_be_wrapped_asks_for_permission),
		cmocka_unit_test(resident_keys_are_made_only_where_allowed),
		cmocka_unit_test(the_quick_preflight_tries_one_format_and_one_rsa_key),
	};
	int failed = cmocka_run_group_tests(quick, start_quick, stop);

	softhsm_need();
	return failed + cmocka_run_group_tests(softhsm, start_softhsm, stop);
}
