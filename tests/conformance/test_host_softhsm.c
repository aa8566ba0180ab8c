/* SPDX-License-Identifier: Apache-2.0
 * The signer through its host, on a real SoftHSM2. */
#include "host_token.h"

#include "base/clock.h"
#include "os/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct p11_profile profile; /* of the first start, to spare the others the preflight */

static struct hsmhost_config config(void)
{
	struct hsmhost_config c = host_config("test");

	c.setup.have_profile = profile.mac_mechanism != 0;
	c.setup.profile = profile;
	return c;
}

static struct hsmhost *start_with(struct hsmhost_config c)
{
	struct hsmhost *h = host_start(&c);
	struct hsmhost_stats stats;

	host_config_done(&c);
	hsmhost_stats(h, &stats);
	profile = stats.profile;
	return h;
}

static void a_token_without_master_key_is_refused_with_the_next_step(void **state)
{
	struct hsmhost_config c = host_config("test");
	struct hsmhost *h = NULL;
	struct hf_err err;

	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_NOTFOUND);
	CHECK(strstr(err.text, "init-master"));
	CHECK(!h);
	host_config_done(&c);
}

static void a_master_key_is_made_once(void **state)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	struct hsmhost_config c = host_config("test");
	char text[512];

	host_task("test", TASK_INIT_MASTER, "", text, sizeof(text));
	CHECK(strstr(text, "\"master_id\"") && strstr(text, "\"mac\":true"));
	assert_int_equal(host_token_objects(), 2);
	CHECK_CODE(hsmhost_task(&c, TASK_INIT_MASTER, "", NULL, NULL, &report, NULL), HF_EXISTS);
	assert_int_equal(host_token_objects(), 2);
	host_config_done(&c);
}

static void keys_of_each_type_are_made_and_sign_and_nothing_stays(void **state)
{
	static const enum key_type types[] = { KEY_SECP256K1, KEY_P256, KEY_P384, KEY_RSA_2048 };
	struct hsmhost *h = start_with(config());

	for (size_t i = 0; i < HF_COUNT(types); i++) {
		struct host_job key = host_key(h, "key-a", types[i]);
		struct host_job sign = host_sign(&key);

		host_run(h, &sign, 1);
		assert_int_equal(sign.result.outcome, OP_DONE);
		CHECK_OK(signature_verify(
		        types[i], hf_buf_span(&key.public_key), (int)sign.job.op.scheme,
		        (int)sign.job.op.hash, sign.job.op.input,
		        HF_SPAN(sign.result.signature.bytes, sign.result.signature.len)));
		CHECK(!key.result.resident);
		host_job_done(&key);
	}
	assert_int_equal(host_token_objects(), 2);
	hsmhost_stop(h, 1000);
}

static void what_cannot_be_wrapped_is_made_only_where_allowed(void **state)
{
	struct hsmhost *h = start_with(config());
	struct host_job refused = host_generate("key-ed", KEY_ED25519), key, sign;
	struct hsmhost_config allowing = host_config("test");
	unsigned before = host_token_objects();

	host_run(h, &refused, 1);
	assert_int_equal(refused.result.outcome, OP_FAILED);
	CHECK(strstr(refused.result.text, "holdfast hsm check"));
	hsmhost_stop(h, 1000);
	assert_int_equal(host_token_objects(), before);

	allowing.setup.allow_resident = true;
	h = host_start(&allowing);
	host_config_done(&allowing);
	key = host_key(h, "key-ed", KEY_ED25519);
	CHECK(key.result.resident);
	assert_int_equal(host_token_objects(), before + 1);
	for (int i = 0; i < 2; i++) { /* the second time by its cached handle */
		sign = host_sign(&key);
		host_run(h, &sign, 1);
		assert_int_equal(sign.result.outcome, OP_DONE);
	}
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static void altered_and_swapped_records_are_refused(void **state)
{
	struct hsmhost *h = start_with(config());
	struct host_job a = host_key(h, "key-a", KEY_P256), b = host_key(h, "key-b", KEY_P256),
	                sign;
	HF_BUF_SCOPED struct hf_buf forged = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record record, other;

	sign = host_sign(&a); /* b's row in a's place */
	sign.job.record = hf_buf_span(&b.record);
	host_run(h, &sign, 1);
	assert_int_equal(sign.result.outcome, OP_FAILED);
	assert_int_equal(sign.result.code, HF_UNAUTHENTIC);

	CHECK_OK(record_decode(hf_buf_span(&a.record), &record)); /* b's blob in a's row */
	CHECK_OK(record_decode(hf_buf_span(&b.record), &other));
	record.blob = other.blob;
	record_encode(&forged, &record);
	sign = host_sign(&a);
	sign.job.record = hf_buf_span(&forged);
	host_run(h, &sign, 1);
	assert_int_equal(sign.result.outcome, OP_FAILED);
	assert_int_equal(sign.result.code, HF_UNAUTHENTIC);

	record.mac_kind = MAC_NONE; /* and its MAC taken off */
	record.mac = HF_SPAN(NULL, 0);
	hf_buf_clear(&forged);
	record_encode(&forged, &record);
	sign = host_sign(&a);
	sign.job.record = hf_buf_span(&forged);
	host_run(h, &sign, 1);
	assert_int_equal(sign.result.outcome, OP_FAILED);
	assert_int_equal(sign.result.code, HF_UNAUTHENTIC);

	sign = host_sign(&a); /* the true one still signs */
	host_run(h, &sign, 1);
	assert_int_equal(sign.result.outcome, OP_DONE);
	host_job_done(&a);
	host_job_done(&b);
	hsmhost_stop(h, 1000);
}

static void warm_keys_sign_and_answer_to_their_own_record_only(void **state)
{
	struct hsmhost_config c = config();
	struct host_job keys[3], sign;
	struct hsmhost *h;

	c.setup.warm_keys = 2;
	c.setup.warm_ttl_s = 60;
	h = start_with(c);
	for (int i = 0; i < 3; i++) {
		char id[16];

		snprintf(id, sizeof(id), "key-%d", i);
		keys[i] = host_key(h, id, KEY_SECP256K1);
	}
	for (int i = 0; i < 12; i++) {
		sign = host_sign(&keys[i % 3]);
		host_run(h, &sign, 1);
		assert_int_equal(sign.result.outcome, OP_DONE);
	}
	keys[2].record.ptr[keys[2].record.len - 1] ^= 1;
	sign = host_sign(&keys[2]);
	host_run(h, &sign, 1);
	assert_int_equal(sign.result.code, HF_UNAUTHENTIC);
	for (int i = 0; i < 3; i++)
		host_job_done(&keys[i]);
	hsmhost_stop(h, 1000);
}

static void several_sessions_in_one_process_share_the_work(void **state)
{
	struct hsmhost_config c = config();
	struct host_job key, signs[40];
	struct hsmhost *h;

	c.setup.threads = 3;
	h = start_with(c);
	key = host_key(h, "key-a", KEY_P256);
	for (size_t i = 0; i < HF_COUNT(signs); i++)
		signs[i] = host_sign(&key);
	host_run(h, signs, HF_COUNT(signs));
	for (size_t i = 0; i < HF_COUNT(signs); i++)
		assert_int_equal(signs[i].result.outcome, OP_DONE);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static void signers_are_replaced_on_a_budget_and_no_job_notices(void **state)
{
	struct hsmhost_config c = config();
	struct host_job key, signs[60];
	struct hsmhost_stats stats;
	struct hsmhost *h;

	c.processes = 2;
	c.recycle_ops = 10;
	h = start_with(c);
	key = host_key(h, "key-a", KEY_P256);
	for (size_t i = 0; i < HF_COUNT(signs); i++)
		signs[i] = host_sign(&key);
	host_run(h, signs, HF_COUNT(signs));
	for (size_t i = 0; i < HF_COUNT(signs); i++)
		assert_int_equal(signs[i].result.outcome, OP_DONE);
	hsmhost_stats(h, &stats);
	CHECK(stats.recycled >= 1 && stats.crashes == 0 && stats.retried == 0);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static bool three_are_answered(void *ctx)
{
	const struct host_job *signs = ctx;

	return signs[0].answered && signs[1].answered && signs[2].answered;
}

static void a_killed_signer_gives_its_job_back_and_those_behind_it_are_done(void **state)
{
	struct hsmhost *h = start_with(config());
	struct host_job key = host_key(h, "key-a", KEY_SECP256K1), signs[3];
	struct hsmhost_stats stats;

	for (size_t i = 0; i < HF_COUNT(signs); i++) {
		signs[i] = host_sign(&key);
		signs[i].job.tag = &signs[i];
		CHECK_OK(hsmhost_submit(h, &signs[i].job));
	}
	CHECK(kill(host_child(0), SIGKILL) == 0);
	host_step_until(h, three_are_answered, signs);
	assert_int_equal(signs[0].result.outcome, OP_RETRY);
	assert_int_equal(signs[1].result.outcome, OP_DONE);
	assert_int_equal(signs[2].result.outcome, OP_DONE);
	hsmhost_stats(h, &stats);
	CHECK(stats.crashes == 1 && stats.health == HSMHOST_HEALTHY);
	host_job_done(&key);
	hsmhost_stop(h, 1000);
}

static void a_wrong_pin_stops_everything(void **state)
{
	struct hsmhost_config c = config();
	struct hsmhost *h = NULL;
	struct hf_err err;

	hf_secret_done(&c.setup.pin);
	CHECK_OK(hf_secret_copy("4321", 4, &c.setup.pin));
	c.processes = 3;
	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_STOP);
	CHECK(strstr(err.text, "CKR_PIN_INCORRECT"));
	CHECK(!strstr(err.text, "4321"));
	assert_int_equal(host_child(0), 0);
	host_config_done(&c);
}

static void a_missing_library_and_a_missing_token_are_named(void **state)
{
	struct hsmhost_config c = config();
	struct hsmhost *h = NULL;
	struct hf_err err;

	snprintf(c.setup.slot, sizeof(c.setup.slot), "label:nobody");
	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_NOTFOUND);
	CHECK(strstr(err.text, "nobody"));
	snprintf(c.setup.module, sizeof(c.setup.module), "/nonexistent/libhsm.so");
	CHECK_CODE(hsmhost_start(&c, host_answered, NULL, &h, &err), HF_INVALID);
	CHECK(strstr(err.text, "/nonexistent/libhsm.so"));
	host_config_done(&c);
}

/* The value of a text member, cut out by hand. */
static void member(const char *json, const char *name, char *to, size_t cap)
{
	char pattern[64];
	const char *at;

	snprintf(pattern, sizeof(pattern), "\"%s\":\"", name);
	at = strstr(json, pattern);
	CHECK(at);
	at += strlen(pattern);
	CHECK_OK(hf_span_to_text(HF_SPAN(at, strcspn(at, "\"")), to, cap));
}

static void the_canary_tells_one_master_key_from_another(void **state)
{
	char text[8192], record[4096], args[4200];

	host_task("test", TASK_CANARY_MAKE, "{}", text, sizeof(text));
	member(text, "record", record, sizeof(record));
	snprintf(args, sizeof(args), "{\"records\":[\"%s\"]}", record);
	host_task("test", TASK_CANARY_CHECK, args, text, sizeof(text));
	CHECK(strstr(text, "\"result\":\"ok\""));

	host_token_add("other");
	host_task("other", TASK_INIT_MASTER, "", text, sizeof(text));
	host_task("other", TASK_CANARY_CHECK, args, text, sizeof(text));
	CHECK(strstr(text, "\"result\":\"master-key-absent\""));

	record[strlen(record) - 1] = record[strlen(record) - 1] == '0' ? '1' : '0'; /* of the MAC */
	snprintf(args, sizeof(args), "{\"records\":[\"%s\"]}", record);
	host_task("test", TASK_CANARY_CHECK, args, text, sizeof(text));
	CHECK(strstr(text, "\"result\":\"mac-key-differs\""));
}

static void a_raw_loop_runs_in_several_processes_at_once(void **state)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	struct hsmhost_config c = config();

	c.processes = 2;
	CHECK_OK(hsmhost_task(&c, TASK_BENCH,
	                      "{\"kind\":\"unwrap\",\"key_type\":\"P-256\",\"ms\":50}", NULL, NULL,
	                      &report, NULL));
	CHECK(report.len > 2 && report.ptr[0] == '[' && report.ptr[report.len - 1] == ']');
	CHECK_CODE(hsmhost_task(&c, TASK_BENCH, "{\"kind\":\"sing\",\"key_type\":\"P-256\"}", NULL,
	                        NULL, &report, NULL),
	           HF_INVALID);
	host_config_done(&c);
}

static void a_signer_ends_when_its_host_is_killed(void **state)
{
	int told[2], signer = 0;
	int64_t until;
	pid_t host;

	CHECK(pipe(told) == 0);
	host = fork();
	if (host == 0) {
		struct hsmhost_config c = config(); /* here: a secret does not outlive a fork */
		struct hsmhost *h;

		if (!hf_ok(hsmhost_start(&c, host_answered, NULL, &h, NULL)))
			_exit(1);
		signer = host_child(0);
		if (write(told[1], &signer, sizeof(signer)) < 0)
			_exit(1);
		pause();
	}
	close(told[1]);
	CHECK(read(told[0], &signer, sizeof(signer)) == sizeof(signer) && signer > 0);
	CHECK(os_process_rss(signer) > 0);
	kill(host, SIGKILL);
	waitpid(host, NULL, 0);
	until = hf_mono_ms() + HOST_PATIENCE_MS;
	while (os_process_rss(signer) > 0 && hf_mono_ms() < until)
		usleep(2000);
	assert_int_equal(os_process_rss(signer), 0);
	close(told[0]);
}

static bool three_are_ready(void *ctx)
{
	struct hsmhost_stats stats;

	hsmhost_stats(ctx, &stats);
	return stats.signers_ready == 3;
}

/* SoftHSM2 lets two processes that make an object at the same moment overlook each other's. */
static void resident_keys_that_are_made_at_once_are_there_for_all_signers(void **state)
{
	struct hsmhost_config c = host_config("test");
	struct host_job keys[48], signs[HF_COUNT(keys)];
	struct hsmhost *h;

	c.processes = 3;
	c.setup.allow_resident = true;
	h = host_start(&c);
	host_config_done(&c);
	host_step_until(h, three_are_ready, h);
	for (size_t i = 0; i < HF_COUNT(keys); i++) {
		char id[32];

		snprintf(id, sizeof(id), "resident-%zu", i);
		keys[i] = host_generate(id, KEY_ED25519);
	}
	host_run(h, keys, HF_COUNT(keys));
	for (size_t i = 0; i < HF_COUNT(keys); i++) {
		assert_int_equal(keys[i].result.outcome, OP_DONE);
		signs[i] = host_sign(&keys[i]);
	}
	host_run(h, signs, HF_COUNT(signs));
	for (size_t i = 0; i < HF_COUNT(signs); i++) {
		assert_int_equal(signs[i].result.outcome, OP_DONE);
		host_job_done(&keys[i]);
	}
	hsmhost_stop(h, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_without_master_key_is_refused_with_the_next_step),
		cmocka_unit_test(a_master_key_is_made_once),
		cmocka_unit_test(keys_of_each_type_are_made_and_sign_and_nothing_stays),
		cmocka_unit_test(altered_and_swapped_records_are_refused),
		cmocka_unit_test(warm_keys_sign_and_answer_to_their_own_record_only),
		cmocka_unit_test(several_sessions_in_one_process_share_the_work),
		cmocka_unit_test(signers_are_replaced_on_a_budget_and_no_job_notices),
		cmocka_unit_test(a_killed_signer_gives_its_job_back_and_those_behind_it_are_done),
		cmocka_unit_test(a_wrong_pin_stops_everything),
		cmocka_unit_test(a_missing_library_and_a_missing_token_are_named),
		cmocka_unit_test(the_canary_tells_one_master_key_from_another),
		cmocka_unit_test(a_raw_loop_runs_in_several_processes_at_once),
		cmocka_unit_test(a_signer_ends_when_its_host_is_killed),
		cmocka_unit_test(what_cannot_be_wrapped_is_made_only_where_allowed),
		cmocka_unit_test(resident_keys_that_are_made_at_once_are_there_for_all_signers),
	};

	return cmocka_run_group_tests(tests, host_token_make, host_token_remove);
}
