/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/clock.h"
#include "base/log.h"
#include "hsmhost/host.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000, MANY = 40 };

static const uint8_t digest[32] = { 7 };
static const uint8_t public_key[33] = { 2, 1 };

struct given {
	struct hsmhost_job job;
	bool answered;
	struct op_result result;
};

static void take(void *ctx, const struct hsmhost_answer *answer)
{
	struct given *g = answer->tag;

	CHECK(!g->answered);
	g->answered = true;
	g->result = answer->result;
}

static struct hsmhost_config config(const char *way, unsigned processes)
{
	struct hsmhost_config c = { .signer_path = getenv("HF_TEST_SIGNER"),
		                    .processes = processes };

	snprintf(c.setup.module, sizeof(c.setup.module), "%s", way);
	c.op_deadline_ms = PATIENCE_MS;
	c.slow_deadline_ms = 2 * PATIENCE_MS;
	return c;
}

static struct hsmhost *start(struct hsmhost_config c)
{
	struct hsmhost *h = NULL;

	CHECK_OK(hsmhost_start(&c, take, NULL, &h, NULL));
	return h;
}

static void step(struct hsmhost *h)
{
	struct pollfd fds[HSMHOST_POLLFDS(4)];
	int timeout = 50;
	size_t n = hsmhost_pollfds(h, fds, HF_COUNT(fds), &timeout);

	(void)poll(fds, (nfds_t)n, timeout);
	hsmhost_step(h);
}

static void submit(struct hsmhost *h, struct given *g, const char *key_id)
{
	struct op *op = &g->job.op;

	*g = (struct given){ .job = { .record = hf_span_text("sealed"), .tag = g } };
	*op = (struct op){ .kind = OP_SIGN,
		           .key_type = KEY_P256,
		           .scheme = SIGN_ECDSA,
		           .input = HF_SPAN(digest, sizeof(digest)),
		           .public_key = HF_SPAN(public_key, sizeof(public_key)) };
	snprintf(op->key_id, sizeof(op->key_id), "%s", key_id);
	CHECK_OK(hsmhost_submit(h, &g->job));
}

static void wait_answers(struct hsmhost *h, const struct given *g, size_t n)
{
	int64_t until = hf_mono_ms() + PATIENCE_MS;
	size_t answered = 0;

	while (answered < n) {
		CHECK(hf_mono_ms() < until);
		step(h);
		answered = 0;
		for (size_t i = 0; i < n; i++)
			answered += g[i].answered;
	}
}

static struct hsmhost_stats wait_ready(struct hsmhost *h, unsigned n)
{
	int64_t until = hf_mono_ms() + PATIENCE_MS;
	struct hsmhost_stats stats;

	for (hsmhost_stats(h, &stats); stats.signers_ready < n; hsmhost_stats(h, &stats)) {
		CHECK(hf_mono_ms() < until);
		step(h);
	}
	return stats;
}

static void every_job_is_answered_once(void **state)
{
	struct hsmhost *h = start(config("/works", 2));
	struct given given[MANY];

	wait_ready(h, 2);
	for (size_t i = 0; i < MANY; i++) {
		while (hsmhost_capacity(h) == 0)
			step(h);
		submit(h, &given[i], "key-1");
	}
	wait_answers(h, given, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_string_equal(given[i].result.text, "fake");
	hsmhost_stop(h, 100);
}

static void beyond_the_capacity_is_busy(void **state)
{
	struct hsmhost_config c = config("/slow", 1);
	struct given given[4];
	struct hsmhost *h;

	c.ahead = 2;
	h = start(c);
	assert_int_equal(hsmhost_capacity(h), 3);
	for (int i = 0; i < 3; i++)
		submit(h, &given[i], "key-1");
	assert_int_equal(hsmhost_capacity(h), 0);
	CHECK_CODE(hsmhost_submit(h, &given[0].job), HF_BUSY);
	wait_answers(h, given, 3);
	hsmhost_stop(h, 100);
}

static void a_hung_call_is_killed_at_its_deadline_and_given_back(void **state)
{
	struct hsmhost_config c = config("/hang", 1);
	struct hsmhost_stats stats;
	struct given given;
	struct hsmhost *h;
	int64_t start_ms, took;

	c.op_deadline_ms = 150;
	h = start(c);
	start_ms = hf_mono_ms();
	submit(h, &given, "key-1");
	wait_answers(h, &given, 1);
	took = hf_mono_ms() - start_ms;
	CHECK(took >= 150 && took < PATIENCE_MS);
	assert_int_equal(given.result.outcome, OP_RETRY);
	stats = wait_ready(h, 1);
	CHECK(stats.hangs == 1 && stats.crashes == 0);
	hsmhost_stop(h, 100);
}

static void a_crash_gives_back_the_culprit_and_spares_those_behind_it(void **state)
{
	struct hsmhost_config c = config("/works", 2);
	struct hsmhost_stats stats;
	struct given given[6];
	struct hsmhost *h;

	c.ahead = 2;
	h = start(c);
	wait_ready(h, 2);
	submit(h, &given[0], "bomb");
	for (int i = 1; i < 6; i++)
		submit(h, &given[i], "key-1");
	wait_answers(h, given, 6);
	assert_int_equal(given[0].result.outcome, OP_RETRY);
	for (int i = 1; i < 6; i++)
		assert_int_equal(given[i].result.outcome, OP_FAILED); /* the fake's own answer */
	stats = wait_ready(h, 2);
	CHECK(stats.crashes == 1 && stats.health == HSMHOST_HEALTHY);
	hsmhost_stop(h, 100);
}

static void a_signer_that_breaks_the_protocol_is_killed(void **state)
{
	static const char *const ways[] = { "/garbage", "/wrong-tag" };

	for (size_t i = 0; i < HF_COUNT(ways); i++) {
		struct hsmhost *h = start(config(ways[i], 1));
		struct hsmhost_stats stats;
		struct given given;

		submit(h, &given, "key-1");
		wait_answers(h, &given, 1);
		assert_int_equal(given.result.outcome, OP_RETRY);
		stats = wait_ready(h, 1);
		assert_int_equal(stats.crashes, 1);
		hsmhost_stop(h, 100);
	}
}

static void a_signature_that_does_not_verify_is_never_released(void **state)
{
	static const char *const ways[] = { "/bad-signature", "/another-question" };

	for (size_t i = 0; i < HF_COUNT(ways); i++) {
		struct hsmhost *h = start(config(ways[i], 1));
		struct given given;

		submit(h, &given, "key-1");
		wait_answers(h, &given, 1);
		assert_int_equal(given.result.outcome, OP_RETRY);
		assert_int_equal(given.result.signature.len, 0);
		wait_ready(h, 1);
		hsmhost_stop(h, 100);
	}
}

static void a_refused_pin_is_not_tried_again(void **state)
{
	struct hsmhost_config c = config("/refuses", 3);
	struct hsmhost *h = NULL;
	struct hf_err err;

	CHECK_CODE(hsmhost_start(&c, take, NULL, &h, &err), HF_STOP);
	assert_string_equal(err.text, "the PIN is wrong");
}

static void a_stop_while_running_ends_restarts_and_is_told(void **state)
{
	struct hsmhost *h = start(config("/stops", 1));
	struct hsmhost_stats stats;
	struct given given;
	int64_t until;

	submit(h, &given, "key-1");
	wait_answers(h, &given, 1);
	until = hf_mono_ms() + PATIENCE_MS;
	for (hsmhost_stats(h, &stats); stats.health != HSMHOST_STOPPED; hsmhost_stats(h, &stats)) {
		CHECK(hf_mono_ms() < until);
		step(h);
	}
	until = hf_mono_ms() + 200;
	while (hf_mono_ms() < until)
		step(h);
	hsmhost_stats(h, &stats);
	assert_int_equal(stats.health, HSMHOST_STOPPED);
	assert_string_equal(stats.reason, "the PIN has expired");
	assert_int_equal(stats.signers_ready, 0);
	assert_int_equal(hsmhost_capacity(h), 0);
	hsmhost_stop(h, 100);
}

static void a_worn_module_is_given_a_new_process(void **state)
{
	struct hsmhost *h = start(config("/worn", 1));
	struct hsmhost_stats stats;
	struct given given[3];

	for (int i = 0; i < 3; i++) {
		wait_ready(h, 1);
		submit(h, &given[i], "key-1");
		wait_answers(h, &given[i], 1);
		step(h);
	}
	stats = wait_ready(h, 1);
	CHECK(stats.crashes == 0 && stats.recycled >= 2);
	hsmhost_stop(h, 100);
}

static void a_signer_that_never_gets_ready_is_given_up(void **state)
{
	struct hsmhost_config c = config("/never-ready", 1);
	struct hsmhost *h = NULL;
	struct hf_err err;

	c.slow_deadline_ms = 100;
	CHECK_CODE(hsmhost_start(&c, take, NULL, &h, &err), HF_IO);
	CHECK(strstr(err.text, "hung while starting"));
}

static void stopping_gives_back_what_the_grace_does_not_cover(void **state)
{
	struct hsmhost *h = start(config("/hang", 1));
	struct given given[2];

	submit(h, &given[0], "key-1");
	submit(h, &given[1], "key-1");
	hsmhost_step(h);
	hsmhost_stop(h, 50);
	CHECK(given[0].answered && given[1].answered);
	assert_int_equal(given[0].result.outcome, OP_RETRY);
	assert_int_equal(given[1].result.outcome, OP_RETRY);
}

struct asked {
	struct given given;
	uint8_t id;
	uint8_t bytes[512];
};

/* Of the slot's key of this id. Answered later. */
static void ask(struct hsmhost *h, struct asked *a, enum crypto_op_kind kind, uint8_t id,
                const char *key_id)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(sizeof(a->bytes));
	struct crypto_op op = { .kind = kind };
	const struct hf_span name = HF_SPAN(&a->id, 1);

	a->id = id;
	a->given = (struct given){ .job.tag = &a->given };
	snprintf(op.key_id, sizeof(op.key_id), "%s", key_id);
	if (kind == CRYPTO_GENERATE)
		op.made = (struct key_shape){
			.type = OBJECT_AES, .bits = 256, .persistent = true, .id = name
		};
	else
		op.key.name = (struct key_name){ .type = OBJECT_AES, .id = name };
	crypto_op_encode(&encoded, &op);
	CHECK_OK(hf_buf_status(&encoded));
	memcpy(a->bytes, encoded.ptr, encoded.len);
	a->given.job.crypto = HF_SPAN(a->bytes, encoded.len);
	while (hsmhost_capacity(h) == 0)
		step(h);
	CHECK_OK(hsmhost_submit(h, &a->given.job));
}

static struct op_result told(struct hsmhost *h, enum crypto_op_kind kind, uint8_t id)
{
	struct asked a;

	ask(h, &a, kind, id, "");
	wait_answers(h, &a.given, 1);
	return a.given.result;
}

static void wait_all(struct hsmhost *h, struct asked *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!all[i].given.answered)
			wait_answers(h, &all[i].given, 1);
}

static void a_key_made_in_one_process_is_there_for_all_others(void **state)
{
	static const enum crypto_op_kind kinds[] = { CRYPTO_DESCRIBE, CRYPTO_EXPORT,
		                                     CRYPTO_DESTROY };
	struct hsmhost *h = start(config("/works", 3));
	struct asked all[MANY];

	wait_ready(h, 3);
	for (size_t i = 0; i < MANY; i++)
		ask(h, &all[i], CRYPTO_GENERATE, (uint8_t)i, "");
	wait_all(h, all, MANY);
	for (size_t kind = 0; kind < HF_COUNT(kinds); kind++) {
		for (size_t i = 0; i < MANY; i++)
			ask(h, &all[i], kinds[kind], (uint8_t)i, "");
		wait_all(h, all, MANY);
		for (size_t i = 0; i < MANY; i++)
			assert_int_equal(all[i].given.result.outcome, OP_DONE);
	}
	hsmhost_stop(h, 100);
}

static void a_key_that_nobody_has_is_not_found(void **state)
{
	struct hsmhost *h = start(config("/works", 2));
	struct op_result result;

	wait_ready(h, 2);
	for (int i = 0; i < 4; i++) {
		result = told(h, CRYPTO_DESCRIBE, 1);
		CHECK(result.outcome == OP_FAILED && result.code == HF_NOTFOUND);
	}
	hsmhost_stop(h, 100);
}

static void when_the_signer_that_makes_keys_dies_another_makes_them(void **state)
{
	struct hsmhost *h = start(config("/works", 2));
	struct asked bomb;

	wait_ready(h, 2);
	assert_int_equal(told(h, CRYPTO_GENERATE, 1).outcome, OP_DONE);
	ask(h, &bomb, CRYPTO_DESTROY, 1, "bomb");
	wait_answers(h, &bomb.given, 1);
	assert_int_equal(bomb.given.result.outcome, OP_RETRY);
	assert_int_equal(told(h, CRYPTO_GENERATE, 2).outcome, OP_DONE);
	wait_ready(h, 2);
	for (int i = 0; i < 8; i++)
		assert_int_equal(told(h, CRYPTO_EXPORT, 2).outcome, OP_DONE);
	hsmhost_stop(h, 100);
}

static void nobody_waits_for_the_signer_that_makes_keys_when_it_hangs(void **state)
{
	struct hsmhost_config c = config("/works", 2);
	struct asked tar;
	struct hsmhost *h;
	int64_t until;

	c.op_deadline_ms = 60000;
	h = start(c);
	wait_ready(h, 2);
	assert_int_equal(told(h, CRYPTO_GENERATE, 1).outcome, OP_DONE);
	ask(h, &tar, CRYPTO_DESTROY, 1, "tar");
	for (until = hf_mono_ms() + 600; hf_mono_ms() < until;)
		step(h);
	assert_int_equal(told(h, CRYPTO_GENERATE, 2).outcome, OP_DONE);
	assert_int_equal(told(h, CRYPTO_EXPORT, 2).outcome, OP_DONE);
	CHECK(!tar.given.answered);
	hsmhost_stop(h, 100);
	assert_int_equal(tar.given.result.outcome, OP_RETRY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_job_is_answered_once),
		cmocka_unit_test(beyond_the_capacity_is_busy),
		cmocka_unit_test(a_hung_call_is_killed_at_its_deadline_and_given_back),
		cmocka_unit_test(a_crash_gives_back_the_culprit_and_spares_those_behind_it),
		cmocka_unit_test(a_signer_that_breaks_the_protocol_is_killed),
		cmocka_unit_test(a_signature_that_does_not_verify_is_never_released),
		cmocka_unit_test(a_refused_pin_is_not_tried_again),
		cmocka_unit_test(a_stop_while_running_ends_restarts_and_is_told),
		cmocka_unit_test(a_worn_module_is_given_a_new_process),
		cmocka_unit_test(a_signer_that_never_gets_ready_is_given_up),
		cmocka_unit_test(stopping_gives_back_what_the_grace_does_not_cover),
		cmocka_unit_test(a_key_made_in_one_process_is_there_for_all_others),
		cmocka_unit_test(a_key_that_nobody_has_is_not_found),
		cmocka_unit_test(when_the_signer_that_makes_keys_dies_another_makes_them),
		cmocka_unit_test(nobody_waits_for_the_signer_that_makes_keys_when_it_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
