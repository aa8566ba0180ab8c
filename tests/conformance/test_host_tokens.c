/* SPDX-License-Identifier: Apache-2.0
 * Four real tokens (places.h) through the signer and its host: `test_host_tokens NAME`. The fault
 * module stands before each, to count and to fail. */
#include "host_token.h"
#include "claims.h"
#include "places.h"

#include <stdio.h>
#include <string.h>

static struct place place;
static const struct place_kind *kind;
static struct p11_profile profile; /* of the first start, to spare the others the preflight */

static struct hsmhost_config config(unsigned processes)
{
	struct hsmhost_config c = host_config("test");

	c.processes = processes;
	c.setup.allow_resident = true;
	c.setup.have_profile = profile.types[KEY_RSA_2048].sign_mechanism != 0;
	c.setup.profile = profile;
	return c;
}

static struct hsmhost *start(void)
{
	struct hsmhost_config c = config(1);
	struct hsmhost_stats stats;
	struct hsmhost *h = host_start(&c);

	host_config_done(&c);
	hsmhost_stats(h, &stats);
	profile = stats.profile;
	return h;
}

static enum key_type main_type(void)
{
	return (kind->wrapped | kind->resident) & (1u << KEY_P256) ? KEY_P256 : KEY_RSA_2048;
}

static struct host_job sign_once(struct hsmhost *h, const struct host_job *key)
{
	struct host_job sign = host_sign(key);

	host_run(h, &sign, 1);
	return sign;
}

static void every_kind_of_key_is_made_and_signs(void **state)
{
	struct hsmhost *h = start();

	for (int type = 1; type <= KEY_RSA_2048; type++) {
		struct host_job key, sign;

		if (!((kind->wrapped | kind->resident) & (1u << type)))
			continue;
		key = host_key(h, "a-key", (enum key_type)type);
		assert_int_equal(key.result.resident, (kind->resident >> type) & 1);
		sign = sign_once(h, &key);
		if (sign.result.outcome != OP_DONE)
			fail_msg("%s: %s", key_type_info(type)->name, sign.result.text);
		host_job_done(&key);
	}
	hsmhost_stop(h, 1000);
}

/* Other formats than the HSM's own have no integrity: what protects them is that nothing reaches
 * C_UnwrapKey. */
static void an_altered_record_never_reaches_the_hsm(void **state)
{
	struct hsmhost *h = start();
	struct host_job key = host_key(h, "a-key", main_type());
	struct host_job sign = sign_once(h, &key);
	size_t step = key.record.len / 23;

	assert_int_equal(sign.result.outcome, OP_DONE);
	host_faults("count\n");
	for (size_t i = 0; i < key.record.len; i += step) {
		key.record.ptr[i] ^= 0x20;
		sign = sign_once(h, &key);
		CHECK(sign.result.outcome == OP_FAILED && sign.result.signature.len == 0);
		key.record.ptr[i] ^= 0x20;
	}
	assert_int_equal(host_calls("C_UnwrapKey"), 0);
	assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
	assert_int_equal(host_calls("C_UnwrapKey"), kind->masters);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static void a_wrong_pin_is_tried_once(void **state)
{
	struct hsmhost_config c = config(3);
	struct hsmhost *h = NULL;
	struct hf_err err;

	host_faults("count\n");
	hf_secret_done(&c.setup.pin);
	CHECK_OK(hf_secret_copy("4321", 4, &c.setup.pin));
	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_STOP);
	CHECK(strstr(err.text, "CKR_PIN_INCORRECT"));
	assert_int_equal(host_calls("C_Login"), 1);
	host_config_done(&c);
	hsmhost_stop(start(), 1000); /* the right one resets the token's count */
}

static void a_lost_session_costs_a_retry_at_most(void **state)
{
	struct hsmhost *h = start();
	struct host_job key = host_key(h, "a-key", main_type());
	struct host_job sign;

	host_faults("C_Sign once=a return CKR_SESSION_HANDLE_INVALID\n");
	sign = sign_once(h, &key);
	CHECK(sign.result.outcome != OP_FAILED);
	assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static void a_crash_costs_a_retry(void **state)
{
	struct hsmhost *h = start();
	struct host_job key = host_key(h, "a-key", main_type());
	struct host_job sign;

	host_faults("C_Sign once=a crash\n");
	sign = sign_once(h, &key);
	assert_int_equal(sign.result.outcome, OP_RETRY);
	assert_int_equal(sign_once(h, &key).result.outcome, OP_DONE);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static void without_permission_a_token_of_resident_keys_alone_is_refused(void **state)
{
	struct hsmhost_config c = config(1);
	struct hsmhost *h = NULL;
	struct hf_err err;
	c.setup.allow_resident = false;
	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_STOP);
	CHECK(strstr(err.text, "can have no master key"));
	CHECK(strstr(err.text, "--allow-resident"));
	host_config_done(&c);
}

/* What a driver asks first: with a master key it gets a canary, without one it is told so. */
static void a_canary_is_of_the_master_key_if_there_can_be_one(void **state)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	struct hsmhost_config c = config(1);
	char text[RECORD_ENCODED_MAX * 3];
	struct hf_err err = { 0 };

	if (!hf_ok(hsmhost_task(&c, TASK_CANARY_MAKE, "", NULL, NULL, &report, &err)))
		fail_msg("%s", err.text);
	host_config_done(&c);
	CHECK_OK(hf_span_to_text(hf_buf_span(&report), text, sizeof(text)));
	assert_int_equal(strstr(text, "\"master_id\":\"\"") == NULL, kind->masters);
}

static int quiet(void **state)
{
	host_faults("# none\n");
	return 0;
}

static int set_up(void **state)
{
	char text[512];

	place_make(kind, &place);
	host_token_use(&place);
	host_faults("# none\n");
	if (kind->masters)
		host_task("test", TASK_INIT_MASTER, "", text, sizeof(text));
	return 0;
}

static int tear_down(void **state)
{
	place_remove(&place);
	return 0;
}

#define QUIET(test) cmocka_unit_test_setup(test, quiet)

static bool has_no_masters(void)
{
	return !kind->masters;
}

int main(int argc, char **argv)
{
	static const struct claim claims[] = {
		{ QUIET(every_kind_of_key_is_made_and_signs), NULL },
		{ QUIET(an_altered_record_never_reaches_the_hsm), NULL },
		{ QUIET(a_wrong_pin_is_tried_once), NULL },
		{ QUIET(a_lost_session_costs_a_retry_at_most), NULL },
		{ QUIET(a_crash_costs_a_retry), NULL },
		{ QUIET(a_canary_is_of_the_master_key_if_there_can_be_one), NULL },
		{ QUIET(without_permission_a_token_of_resident_keys_alone_is_refused),
		  has_no_masters },
	};

	kind = place_kind(argc > 1 ? argv[1] : "softhsm");
	return claims_run(claims, HF_COUNT(claims), set_up, tear_down);
}
