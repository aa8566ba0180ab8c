/* SPDX-License-Identifier: Apache-2.0
 * What becomes of jobs when the module misbehaves: the fault module before a real SoftHSM2. */
#include "host_token.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of an operation, where it is to be reached. */
enum { DEADLINE_MS = 1000 };

static int deadline_ms = HOST_PATIENCE_MS;

static struct p11_profile profile; /* of the first start, to spare the others the preflight */

static struct hsmhost_config config(void)
{
	struct hsmhost_config c = host_config("test");

	c.op_deadline_ms = deadline_ms;
	c.setup.have_profile = profile.mac_mechanism != 0;
	c.setup.profile = profile;
	return c;
}

/* A host without faults, and a key. */
static struct hsmhost *start(unsigned processes, struct host_job *ret_key)
{
	struct hsmhost_config c = config();
	struct hsmhost_stats stats;
	struct hsmhost *h;

	host_faults("# none\n");
	c.processes = processes;
	h = host_start(&c);
	host_config_done(&c);
	hsmhost_stats(h, &stats);
	profile = stats.profile;
	*ret_key = host_key(h, "key-a", KEY_P256);
	return h;
}

static struct host_job sign_once(struct hsmhost *h, const struct host_job *key)
{
	struct host_job sign = host_sign(key);

	host_run(h, &sign, 1);
	return sign;
}

static struct hsmhost_stats stats_of(struct hsmhost *h)
{
	struct hsmhost_stats stats;

	hsmhost_stats(h, &stats);
	return stats;
}

/* Signs under a fault that happens once: what came of it, and that the next one works. */
static struct host_job sign_under(const char *fault, struct hsmhost_stats *ret_stats)
{
	struct host_job key, under, next;
	struct hsmhost *h = start(1, &key);

	host_faults(fault);
	under = sign_once(h, &key);
	next = sign_once(h, &key);
	if (next.result.outcome != OP_DONE)
		fail_msg("after \"%s\": %s", fault, next.result.text);
	*ret_stats = stats_of(h);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
	host_faults("# none\n");
	return under;
}

static void a_crash_gives_the_job_back_and_the_next_one_works(void **state)
{
	struct hsmhost_stats stats;
	struct host_job under = sign_under("C_UnwrapKey once=a crash\n", &stats);

	assert_int_equal(under.result.outcome, OP_RETRY);
	CHECK(strstr(under.result.text, "the signer "));
	CHECK(stats.crashes == 1 && stats.hangs == 0);
}

static void a_library_that_exits_is_a_crash_too(void **state)
{
	struct hsmhost_stats stats;
	struct host_job under = sign_under("C_Sign once=a exit\n", &stats);

	assert_int_equal(under.result.outcome, OP_RETRY);
	assert_int_equal(stats.crashes, 1);
}

static void a_hung_call_is_given_back_at_its_deadline(void **state)
{
	int64_t began_ms = hf_mono_ms();
	struct hsmhost_stats stats;
	struct host_job under = sign_under("C_UnwrapKey once=a hang\n", &stats);

	assert_int_equal(under.result.outcome, OP_RETRY);
	CHECK(stats.hangs == 1 && stats.crashes == 0);
	CHECK(hf_mono_ms() - began_ms >= DEADLINE_MS);
	CHECK(hf_mono_ms() - began_ms < HOST_PATIENCE_MS);
}

static int hasty(void **state)
{
	deadline_ms = DEADLINE_MS;
	return 0;
}

static int patient(void **state)
{
	deadline_ms = HOST_PATIENCE_MS;
	return 0;
}

static void a_corrupted_signature_is_never_released(void **state)
{
	struct hsmhost_stats stats; /* the first C_Sign of a job is the record's MAC */
	struct host_job under = sign_under("C_Sign nth=2 once=a corrupt\n", &stats);

	assert_int_equal(under.result.outcome, OP_RETRY);
	assert_int_equal(under.result.code, HF_UNAUTHENTIC);
	assert_int_equal(under.result.signature.len, 0);
}

static void a_lost_session_is_replaced_and_the_job_done(void **state)
{
	struct hsmhost_stats stats;
	struct host_job under =
	        sign_under("C_UnwrapKey once=a return CKR_SESSION_HANDLE_INVALID\n", &stats);

	assert_int_equal(under.result.outcome, OP_DONE);
	CHECK(stats.crashes == 0 && stats.recycled == 0);
}

static void a_lost_device_is_a_new_process(void **state)
{
	struct hsmhost_stats stats;
	struct host_job under = sign_under("C_UnwrapKey once=a return CKR_DEVICE_ERROR\n", &stats);

	assert_int_equal(under.result.outcome, OP_RETRY);
	CHECK(strstr(under.result.text, "CKR_DEVICE_ERROR"));
	CHECK(stats.crashes == 0 && stats.recycled == 1);
}

static void a_busy_device_is_left_in_peace(void **state)
{
	struct hsmhost_stats stats;
	struct host_job under = sign_under("C_UnwrapKey once=a return CKR_DEVICE_MEMORY\n", &stats);

	assert_int_equal(under.result.outcome, OP_RETRY);
	assert_int_equal(under.result.code, HF_BUSY);
	CHECK(stats.crashes == 0 && stats.recycled == 0);
}

static void a_fault_of_the_request_fails_it_and_nothing_else(void **state)
{
	struct hsmhost_stats stats;
	struct host_job under =
	        sign_under("C_UnwrapKey once=a return CKR_WRAPPED_KEY_INVALID\n", &stats);

	assert_int_equal(under.result.outcome, OP_FAILED);
	assert_int_equal(under.result.code, HF_CORRUPT);
	CHECK(stats.crashes == 0 && stats.recycled == 0);
}

static void an_object_that_cannot_be_destroyed_goes_with_its_session(void **state)
{
	struct hsmhost_stats stats;
	struct host_job under =
	        sign_under("C_DestroyObject once=a return CKR_GENERAL_ERROR\n", &stats);

	assert_int_equal(under.result.outcome, OP_DONE);
}

static void a_corrupted_new_key_is_thrown_away(void **state)
{
	struct host_job key, bad;
	struct hsmhost *h = start(1, &key);

	bad = host_generate("key-b", KEY_P256);
	host_faults("C_WrapKey corrupt\n");
	host_run(h, &bad, 1);
	CHECK(bad.result.outcome != OP_DONE && bad.record.len == 0);
	CHECK(strstr(bad.result.text, "thrown away"));
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

/* Of a new key, the first signature that the HSM makes is the MAC of its record. */
static void a_new_key_whose_mac_was_corrupted_is_thrown_away(void **state)
{
	struct host_job key, bad, good;
	struct hsmhost *h = start(1, &key);

	bad = host_generate("key-b", KEY_P256);
	good = host_generate("key-c", KEY_P256);
	host_faults("C_Sign once=a corrupt\n");
	host_run(h, &bad, 1);
	CHECK(bad.result.outcome != OP_DONE && bad.record.len == 0);
	CHECK(strstr(bad.result.text, "thrown away") && strstr(bad.result.text, "MAC"));
	host_run(h, &good, 1);
	assert_int_equal(good.result.outcome, OP_DONE);
	host_job_done(&good);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static void a_wrong_pin_is_tried_once_over_all_processes(void **state)
{
	struct hsmhost_config c = config();
	struct hsmhost *h = NULL;
	struct hf_err err;

	host_faults("C_Login shared return CKR_PIN_INCORRECT\n");
	c.processes = 4;
	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_STOP);
	CHECK(strstr(err.text, "CKR_PIN_INCORRECT"));
	assert_int_equal(host_fault_count(), 1);
	host_config_done(&c);
}

static bool is_stopped(void *ctx)
{
	return stats_of(ctx).health == HSMHOST_STOPPED;
}

static void a_pin_refused_to_a_replacement_is_not_tried_again(void **state)
{
	struct host_job key, under;
	struct hsmhost *h = start(1, &key);

	host_faults("C_Login shared return CKR_PIN_INCORRECT\nC_UnwrapKey once=a crash\n");
	under = sign_once(h, &key);
	assert_int_equal(under.result.outcome, OP_RETRY);
	host_step_until(h, is_stopped, h);
	for (int i = 0; i < 5; i++)
		hsmhost_step(h);
	assert_int_equal(host_fault_count(), 1);
	CHECK(strstr(stats_of(h).reason, "CKR_PIN_INCORRECT"));
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static void a_locked_pin_is_not_tried_at_all(void **state)
{
	struct hsmhost_config c = config();
	struct hsmhost *h = NULL;
	struct hf_err err;

	host_faults("C_Login shared pin-locked\n");
	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_STOP);
	CHECK(strstr(err.text, "locked"));
	assert_int_equal(host_fault_count(), 0);
	host_config_done(&c);
}

static void tokens_are_listed_without_a_login(void **state)
{
	HF_FREE struct hsmhost_tokens *tokens = calloc(1, sizeof(*tokens));
	struct hsmhost_config c = config();
	struct hf_err err;

	CHECK(tokens);
	host_faults("C_Login shared return CKR_DEVICE_ERROR\n");
	CHECK_OK(hsmhost_list_tokens(&c, tokens, &err));
	CHECK(tokens->n >= 1 && strstr(tokens->library, "PKCS#11 2.40"));
	assert_string_equal(tokens->list[0].label, "test");
	assert_int_equal(strlen(tokens->list[0].serial), 16);
	assert_int_equal(host_fault_count(), 0);
	host_faults("C_GetSlotList return CKR_DEVICE_ERROR\n");
	CHECK_CODE(hsmhost_list_tokens(&c, tokens, &err), HF_IO);
	CHECK(strstr(err.text, "CKR_DEVICE_ERROR"));
	host_config_done(&c);
}

static void a_slow_login_is_waited_for(void **state)
{
	struct hsmhost_config c = config();
	struct hsmhost *h;

	host_faults("C_Login delay=1200ms\n"); /* beyond the deadline of an operation */
	c.op_deadline_ms = DEADLINE_MS;
	h = host_start(&c);
	CHECK(stats_of(h).hangs == 0 && stats_of(h).signers_ready == 1);
	host_config_done(&c);
	hsmhost_stop(h, 1000);
}

static bool four_are_ready(void *ctx)
{
	return stats_of(ctx).signers_ready == 4;
}

static void several_signers_of_one_token_start_without_a_failure(void **state)
{
	struct host_job key;
	struct hsmhost *h = start(4, &key);

	host_step_until(h, four_are_ready, h);
	CHECK(stats_of(h).crashes == 0 && stats_of(h).hangs == 0);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

/* The HSM has closed every session, and the login with them: a new process is what helps. */
static void idle_sessions_that_were_closed_cost_one_retry(void **state)
{
	struct host_job key, under, next;
	struct hsmhost *h = start(1, &key);

	host_faults("idle-sessions 100ms\n");
	usleep(200000);
	under = sign_once(h, &key);
	CHECK(under.result.outcome != OP_FAILED);
	host_faults("# none\n"); /* or else whoever is held up for long loses its sessions again */
	next = sign_once(h, &key);
	assert_int_equal(next.result.outcome, OP_DONE);
	CHECK(stats_of(h).crashes == 0 && stats_of(h).hangs == 0);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

/* A stale handle is another key's then: nothing may be signed with that unseen. */
static void handles_that_come_again_never_sign_for_another_key(void **state)
{
	struct hsmhost_config c = config();
	struct host_job keys[4], sign[16];
	struct hsmhost *h;

	host_faults("reuse-handles\n");
	c.setup.warm_keys = 2;
	c.setup.warm_ttl_s = 60;
	h = host_start(&c);
	host_config_done(&c);
	for (size_t i = 0; i < HF_COUNT(keys); i++) {
		char id[16];

		snprintf(id, sizeof(id), "key-%zu", i);
		keys[i] = host_key(h, id, KEY_P256);
	}
	for (size_t i = 0; i < HF_COUNT(sign); i++)
		sign[i] = host_sign(&keys[i * 7 % HF_COUNT(keys)]);
	host_run(h, sign, HF_COUNT(sign));
	for (size_t i = 0; i < HF_COUNT(sign); i++)
		assert_int_equal(sign[i].result.outcome, OP_DONE);
	for (size_t i = 0; i < HF_COUNT(keys); i++)
		host_job_done(&keys[i]);
	hsmhost_stop(h, 1000);
}

static void what_a_signature_asks_of_the_hsm_is_counted(void **state)
{
	struct host_job key, sign;
	struct hsmhost *h = start(1, &key);

	host_faults("count\n");
	sign = sign_once(h, &key);
	assert_int_equal(sign.result.outcome, OP_DONE);
	assert_int_equal(host_calls("C_UnwrapKey"), 1);
	assert_int_equal(host_calls("C_FindObjectsInit"), 0);
	assert_int_equal(host_calls("C_DestroyObject"), 1);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

/* How long a host takes for so many signatures. */
static int64_t sign_all_ms(struct hsmhost *h, const struct host_job *key, size_t n)
{
	struct host_job sign[32];
	int64_t began = hf_mono_ms(), took;

	CHECK(n <= HF_COUNT(sign));
	for (size_t i = 0; i < n; i++)
		sign[i] = host_sign(key);
	host_run(h, sign, n);
	took = hf_mono_ms() - began;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(sign[i].result.outcome, OP_DONE);
	return took;
}

/* Sessions in one process wait for the network together, not one after the other. Not each time, on
 * a machine that has other things to do. */
static void a_far_away_hsm_is_kept_busy_by_sessions(void **state)
{
	enum { SIGNATURES = 32, CALLS = 3, WAY_MS = 40 };
	struct hsmhost_config c = config();
	struct host_job key;
	struct hsmhost *h;
	int64_t least = INT64_MAX;

	host_faults("# none\n");
	c.setup.threads = 8;
	h = host_start(&c);
	host_config_done(&c);
	key = host_key(h, "far", KEY_P256);
	host_faults("latency 40ms\n");
	for (int i = 0; i < 20 && least >= SIGNATURES * CALLS * WAY_MS / 2; i++) {
		int64_t took = sign_all_ms(h, &key, SIGNATURES);

		least = took < least ? took : least;
	}
	CHECK(least < SIGNATURES * CALLS * WAY_MS / 2);
	host_faults("# none\n");
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

/* More sessions are of no use to an HSM of one engine, and do no harm. */
static void one_engine_serves_all_sessions_in_turn(void **state)
{
	struct hsmhost_config c = config();
	struct host_job key;
	struct hsmhost *h;

	host_faults("# none\n");
	c.setup.threads = 4;
	h = host_start(&c);
	host_config_done(&c);
	key = host_key(h, "one", KEY_P256);
	host_faults("engines 1 5ms\n");
	CHECK(sign_all_ms(h, &key, 8) >= 8 * 3 * 5);
	host_faults("# none\n");
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static void an_hsm_that_fails_now_and_then_costs_retries_only(void **state)
{
	struct host_job key, sign[12];
	struct hsmhost *h = start(1, &key);
	unsigned done = 0;

	for (size_t i = 0; i < HF_COUNT(sign); i++)
		sign[i] = host_sign(&key);
	host_faults("C_UnwrapKey every=3 return CKR_DEVICE_MEMORY\nlatency-all 100us\n");
	host_run(h, sign, HF_COUNT(sign));
	for (size_t i = 0; i < HF_COUNT(sign); i++) {
		CHECK(sign[i].result.outcome == OP_DONE || sign[i].result.outcome == OP_RETRY);
		done += sign[i].result.outcome == OP_DONE;
	}
	assert_int_equal(done, HF_COUNT(sign) * 2 / 3);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

/* Told at the start, with the option to change: not job by job later. */
static void more_sessions_than_the_token_has_are_refused_at_the_start(void **state)
{
	struct hsmhost_config c = config();
	struct hsmhost *h = NULL;
	struct hf_err err;

	host_faults("C_OpenSession cap=3\n");
	c.setup.threads = 8;
	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_BUSY);
	CHECK(strstr(err.text, "session 4 of 8"));
	CHECK(strstr(err.text, "--sessions"));
	host_config_done(&c);
}

static int set_up(void **state)
{
	char text[512];

	if (host_token_make(state) != 0)
		return -1;
	host_faults("# none\n");
	host_task("test", TASK_INIT_MASTER, "", text, sizeof(text));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crash_gives_the_job_back_and_the_next_one_works),
		cmocka_unit_test(a_library_that_exits_is_a_crash_too),
		cmocka_unit_test_setup_teardown(a_hung_call_is_given_back_at_its_deadline, hasty,
		                                patient),
		cmocka_unit_test(a_corrupted_signature_is_never_released),
		cmocka_unit_test(a_lost_session_is_replaced_and_the_job_done),
		cmocka_unit_test(a_lost_device_is_a_new_process),
		cmocka_unit_test(a_busy_device_is_left_in_peace),
		cmocka_unit_test(a_fault_of_the_request_fails_it_and_nothing_else),
		cmocka_unit_test(an_object_that_cannot_be_destroyed_goes_with_its_session),
		cmocka_unit_test(a_corrupted_new_key_is_thrown_away),
		cmocka_unit_test(a_new_key_whose_mac_was_corrupted_is_thrown_away),
		cmocka_unit_test(a_wrong_pin_is_tried_once_over_all_processes),
		cmocka_unit_test(a_pin_refused_to_a_replacement_is_not_tried_again),
		cmocka_unit_test(a_locked_pin_is_not_tried_at_all),
		cmocka_unit_test(tokens_are_listed_without_a_login),
		cmocka_unit_test(a_slow_login_is_waited_for),
		cmocka_unit_test(several_signers_of_one_token_start_without_a_failure),
		cmocka_unit_test(idle_sessions_that_were_closed_cost_one_retry),
		cmocka_unit_test(handles_that_come_again_never_sign_for_another_key),
		cmocka_unit_test(what_a_signature_asks_of_the_hsm_is_counted),
		cmocka_unit_test(a_far_away_hsm_is_kept_busy_by_sessions),
		cmocka_unit_test(one_engine_serves_all_sessions_in_turn),
		cmocka_unit_test(an_hsm_that_fails_now_and_then_costs_retries_only),
		cmocka_unit_test(more_sessions_than_the_token_has_are_refused_at_the_start),
	};

	return cmocka_run_group_tests(tests, set_up, host_token_remove);
}
