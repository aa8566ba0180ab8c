/* SPDX-License-Identifier: Apache-2.0
 * A module that fails: what each layer of ours makes of it. The signer's own answers to crashes and
 * hangs are tested where it lives. */
#include "token.h"

#include "p11/key.h"
#include "p11/preflight.h"
#include "p11/rv.h"

#include "base/clock.h"

#include "calls.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct test_token token;
static struct p11_session session;
static struct p11_profile profile;
static struct p11_master master;
static char script_path[96];

static void script(const char *text)
{
	static unsigned version; /* a time stamp alone may be the same twice */
	char fresh[128];
	FILE *f;

	snprintf(fresh, sizeof(fresh), "%s.%u", script_path, version++);
	f = fopen(fresh, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(rename(fresh, script_path), 0);
	usleep(12000); /* coarser than the file system's clock */
	f = fopen(script_path, "a");
	fputs("\n", f);
	fclose(f);
}

static const char *first_script = "";

static int start(void **state)
{
	struct preflight_report *report = calloc(1, sizeof(*report));
	struct preflight_config config = { .quick = true, .types = 1u << KEY_P256 };

	memset(&token, 0, sizeof(token));
	strcpy(token.dir, "/tmp/holdfast-token-XXXXXX");
	assert_non_null(mkdtemp(token.dir));
	snprintf(script_path, sizeof(script_path), "%s/script", token.dir);
	setenv("HOLDFAST_FAULT_MODULE", QUICK_MODULE, 1);
	setenv("HOLDFAST_FAULT_SCRIPT", script_path, 1);
	script(first_script);
	token_open(&token, FAULT_MODULE);
	session = token_session(&token, true);
	CHECK_OK(p11_master_create(&session, MASTER_LABEL_DEFAULT, &master, NULL));
	CHECK_OK(p11_preflight(&session, &config, report, NULL));
	profile = report->profile;
	free(report);
	return 0;
}

static int stop(void **state)
{
	p11_session_close(&session);
	token_stop(&token);
	return 0;
}

static int quiet(void **state)
{
	script("");
	return 0;
}

static hf_status sign(struct hf_err *err, struct signature *sig, struct p11_key *key)
{
	static const uint8_t digest[32] = { 7 };

	return p11_key_sign(&session, &profile, KEY_P256, key->private_object, SIGN_ECDSA,
	                    HASH_NONE, HF_SPAN(digest, sizeof(digest)), sig, err);
}

static void a_return_code_is_given_its_class_and_words(void **state)
{
	struct signature sig = { 0 };
	struct p11_key key;
	struct hf_err err;

	CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &key, NULL));
	script("C_SignInit nth=1 return CKR_DEVICE_ERROR\nC_SignInit nth=2 return "
	       "CKR_SESSION_CLOSED\n"
	       "C_SignInit nth=3 return CKR_DEVICE_MEMORY\nC_SignInit nth=4 return 0x8badf00d");
	CHECK_CODE(sign(&err, &sig, &key), HF_IO);
	CHECK(strstr(err.text, "C_SignInit: CKR_DEVICE_ERROR (0x30)") == err.text);
	CHECK_CODE(sign(&err, &sig, &key), HF_CLOSED);
	CHECK_CODE(sign(&err, &sig, &key), HF_BUSY);
	CHECK_CODE(sign(&err, &sig, &key), HF_IO);
	assert_int_equal(session.rv, 0x8badf00d);
	CHECK_OK(sign(&err, &sig, &key));
	p11_key_done(&session, &key);
}

static void a_corrupt_signature_is_seen(void **state)
{
	static const uint8_t digest[32] = { 7 };
	struct signature sig = { 0 };
	struct p11_key key;

	CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &key, NULL));
	script("C_Sign nth=1 corrupt");
	CHECK_OK(sign(NULL, &sig, &key));
	CHECK_CODE(signature_finish(KEY_P256, HF_SPAN(key.public_key.bytes, key.public_key.len),
	                            SIGN_ECDSA, HASH_NONE, HF_SPAN(digest, sizeof(digest)), &sig),
	           HF_UNAUTHENTIC);
	p11_key_done(&session, &key);
}

static void a_failing_read_back_destroys_the_unwrapped_key(void **state)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	enum wrap_format format;
	CK_OBJECT_HANDLE object;
	struct p11_key key;

	CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &key, NULL));
	CHECK_OK(p11_key_wrap(&session, &profile, &master, &key, &blob, &format, NULL));
	p11_key_done(&session, &key);
	assert_int_equal(session.live, 0);
	script("C_GetAttributeValue nth=1 return CKR_DEVICE_ERROR");
	CHECK_CODE(p11_key_unwrap(&session, &profile, &master, KEY_P256, format, hf_buf_span(&blob),
	                          &object, NULL),
	           HF_IO);
	assert_int_equal(session.live, 0);
}

static void an_unreadable_public_key_destroys_the_pair(void **state)
{
	struct p11_key key;

	script("C_GetAttributeValue nth=1 return CKR_FUNCTION_FAILED");
	CHECK_CODE(p11_key_generate(&session, &profile, KEY_P256, false, &key, NULL), HF_CLOSED);
	assert_int_equal(session.live, 0);
}

static void a_session_cap_is_busy_not_broken(void **state)
{
	struct p11_session more = { 0 };
	struct hf_err err;

	script("C_OpenSession cap=1");
	CHECK_CODE(p11_session_open(&token.module, &token.token, false, &more, &err), HF_BUSY);
	CHECK(strstr(err.text, "--sessions"));
}

static void a_locked_pin_is_not_tried(void **state)
{
	HF_SECRET struct hf_secret pin = token_pin(TOKEN_PIN);
	struct hf_err err;

	script("C_Login pin-locked");
	session.rv = CKR_OK;
	CHECK_CODE(p11_session_login(&session, &pin, &err), HF_STOP);
	CHECK(strstr(err.text, "locked"));
	assert_int_equal(session.rv, CKR_OK); /* C_Login was never called */
}

static void a_failing_mac_key_leaves_no_half_master(void **state)
{
	struct p11_master m;

	/* The probe's key, the master key, and then the MAC key that fails. */
	script("C_GenerateKey nth=3 return CKR_DEVICE_MEMORY");
	CHECK_CODE(p11_master_create(&session, "half", &m, NULL), HF_BUSY);
	script("");
	CHECK_OK(p11_master_create(&session, "half", &m, NULL));
}

/* Whether it takes less than that when nothing else holds it up. */
static bool takes_less(int64_t ms, int64_t (*measure)(void *), void *ctx)
{
	for (int tries = 0; tries < 50; tries++)
		if (measure(ctx) < ms)
			return true;
	return false;
}

static int64_t sign_ms(void *key)
{
	struct signature sig = { 0 };
	int64_t began = hf_mono_ms();

	CHECK_OK(sign(NULL, &sig, key)); /* C_SignInit and C_Sign */
	return hf_mono_ms() - began;
}

static int64_t info_ms(void *ctx)
{
	int64_t began = hf_mono_ms();
	CK_INFO info;

	assert_int_equal(session.fn->C_GetInfo(&info), CKR_OK);
	return hf_mono_ms() - began;
}

static void a_delay_is_felt(void **state)
{
	struct p11_key key;

	CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &key, NULL));
	script("C_Sign delay=20ms");
	CHECK(sign_ms(&key) >= 20);
	p11_key_done(&session, &key);
}

static const char *calls_file(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s.calls", script_path);
	return path;
}

/* The operation costs one way to the HSM; what the vendor's library knows by itself costs none. */
static void latency_is_for_what_reaches_the_hsm(void **state)
{
	struct p11_key key;

	CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &key, NULL));
	script("latency 60ms");
	CHECK(sign_ms(&key) >= 60);
	CHECK(takes_less(115, sign_ms, &key));
	CHECK(takes_less(55, info_ms, NULL));
	script("latency-all 60ms");
	CHECK(sign_ms(&key) >= 120);
	script("");
	p11_key_done(&session, &key);
}

static void *random_once(void *ctx)
{
	uint8_t byte;

	return session.fn->C_GenerateRandom(session.handle, &byte, 1) == CKR_OK ? NULL : ctx;
}

static int64_t four_at_once_ms(void *ctx)
{
	int64_t began = hf_mono_ms();
	pthread_t threads[4];
	void *failed;

	for (size_t i = 0; i < HF_COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, random_once, &began), 0);
	for (size_t i = 0; i < HF_COUNT(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	return hf_mono_ms() - began;
}

static void engines_are_shared_by_all_callers(void **state)
{
	script("engines 2 100ms\nlatency 10ms");
	CHECK(four_at_once_ms(NULL) >= 210);
	script("latency 110ms");
	CHECK(four_at_once_ms(NULL) >= 110);
	CHECK(takes_less(205, four_at_once_ms, NULL));
}

static void calls_are_counted_by_function(void **state)
{
	struct signature sig = { 0 };
	struct p11_key key;

	CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &key, NULL));
	script("count");
	CHECK_OK(sign(NULL, &sig, &key));
	CHECK_OK(sign(NULL, &sig, &key));
	assert_int_equal(calls_read(calls_file(), "C_SignInit"), 2);
	assert_int_equal(calls_read(calls_file(), "C_Sign"), 2);
	assert_int_equal(calls_read(calls_file(), NULL), 2); /* C_SignInit does not travel */
	calls_reset(calls_file());
	assert_int_equal(calls_read(calls_file(), NULL), 0);
	CHECK_OK(sign(NULL, &sig, &key));
	assert_int_equal(calls_read(calls_file(), "C_Sign"), 1);
	p11_key_done(&session, &key);
}

/* Signs now and then for longer than a session may be idle. False when it was itself late, and the
 * session idle, too. */
static bool stays_busy(struct p11_key *key, int64_t idle_ms)
{
	int64_t began = hf_mono_ms(), used = began, now = began;
	struct signature sig = { 0 };
	hf_status s;

	while (now <= began + idle_ms) {
		usleep(50000);
		now = hf_mono_ms();
		s = sign(NULL, &sig, key);
		if (hf_mono_ms() - used >= idle_ms)
			return false;
		CHECK_OK(s);
		used = now;
	}
	return true;
}

static void an_idle_session_is_gone_and_so_are_its_objects(void **state)
{
	struct p11_session other = { 0 };
	struct p11_key key;
	CK_SESSION_INFO info;

	for (bool kept = false; !kept;) {
		CHECK_OK(p11_session_open(&token.module, &token.token, false, &other, NULL));
		CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &key, NULL));
		script("idle-sessions 400ms");
		kept = stays_busy(&key, 400); /* one is busy, the other sleeps */
		if (!kept) {
			stop(NULL);
			start(NULL);
		}
	}
	assert_int_equal(other.fn->C_GetSessionInfo(other.handle, &info),
	                 CKR_SESSION_HANDLE_INVALID);
	script("");
	p11_key_done(&session, &key);
}

/* --- a module with few numbers for objects --- */

static int start_reusing(void **state)
{
	first_script = "reuse-handles";
	return start(state);
}

static void the_next_object_has_the_number_of_the_last(void **state)
{
	struct signature sig = { 0 };
	struct p11_key first, second;

	CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &first, NULL));
	p11_key_done(&session, &first);
	assert_int_equal(first.private_object, P11_NO_OBJECT);
	CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &first, NULL));
	second = first;
	p11_key_done(&session, &second);
	CHECK_CODE(sign(NULL, &sig, &first), HF_CLOSED); /* the handle is stale */
	CHECK_OK(p11_key_generate(&session, &profile, KEY_P256, false, &second, NULL));
	CHECK(second.private_object == first.private_object ||
	      second.private_object == first.public_object);
	CHECK_OK(sign(NULL, &sig, &second));
	p11_key_done(&session, &second);
}

#define WITH_SCRIPT(test) cmocka_unit_test_setup(test, quiet)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCRIPT(a_return_code_is_given_its_class_and_words),
		WITH_SCRIPT(a_corrupt_signature_is_seen),
		WITH_SCRIPT(a_failing_read_back_destroys_the_unwrapped_key),
		WITH_SCRIPT(an_unreadable_public_key_destroys_the_pair),
		WITH_SCRIPT(a_session_cap_is_busy_not_broken),
		WITH_SCRIPT(a_locked_pin_is_not_tried),
		WITH_SCRIPT(a_failing_mac_key_leaves_no_half_master),
		WITH_SCRIPT(a_delay_is_felt),
		WITH_SCRIPT(latency_is_for_what_reaches_the_hsm),
		WITH_SCRIPT(engines_are_shared_by_all_callers),
		WITH_SCRIPT(calls_are_counted_by_function),
		WITH_SCRIPT(an_idle_session_is_gone_and_so_are_its_objects),
	};

	const struct CMUnitTest reusing[] = {
		cmocka_unit_test(the_next_object_has_the_number_of_the_last),
		cmocka_unit_test(a_corrupt_signature_is_seen),
		cmocka_unit_test(a_failing_read_back_destroys_the_unwrapped_key),
	};
	int failed = cmocka_run_group_tests(tests, start, stop);

	return failed + cmocka_run_group_tests(reusing, start_reusing, stop);
}
