/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "gateway/work.h"

#include <string.h>

static struct gateway_metrics metrics;
static struct slot_ops ops;
static struct slot_results results;
static unsigned finished_count;
static uint8_t bytes[CRYPTO_DATA_MAX];

static void finished(struct work *w)
{
	finished_count++;
}

/* `n` times CRYPTO_PING; the bytes are the test's. */
static struct work *pings(struct hf_buf *encoded, uint32_t n)
{
	const struct crypto_op ping = { .kind = CRYPTO_PING };
	struct work *w = NULL;

	crypto_op_encode(encoded, &ping);
	CHECK_OK(hf_buf_status(encoded));
	ops.n = n;
	ops.deadline_ms = 1000;
	for (uint32_t i = 0; i < n; i++)
		ops.ops[i] = hf_buf_span(encoded);
	finished_count = 0;
	CHECK_OK(work_new(&ops, &metrics, finished, NULL, &w));
	return w;
}

static void reply(const struct work *w, struct hf_buf *to)
{
	CHECK_OK(work_reply(w, to));
	CHECK_OK(slot_results_decode(hf_buf_span(to), &results));
	assert_int_equal(results.n, w->n);
}

static void answers_come_in_the_order_of_the_questions(void **state)
{
	HF_BUF_SCOPED struct hf_buf op = HF_BUF(4096), body = HF_BUF(SLOT_LINK_BODY_MAX);
	struct work *w = pings(&op, 3);
	struct crypto_result r = { .outcome = OP_DONE };

	for (int i = 2; i >= 0; i--) {
		r.data = HF_SPAN(i == 0 ? "a" : i == 1 ? "b" : "c", 1);
		assert_int_equal(finished_count, 0);
		work_answer(&w->items[i], &r);
	}
	assert_int_equal(finished_count, 1);
	reply(w, &body);
	for (int i = 0; i < 3; i++) {
		CHECK_OK(crypto_result_decode(results.results[i], &r));
		CHECK(r.data.len == 1 && r.data.ptr[0] == 'a' + i);
	}
	work_free(w);
}

static void what_is_no_operation_fails_alone(void **state)
{
	HF_BUF_SCOPED struct hf_buf op = HF_BUF(4096), body = HF_BUF(SLOT_LINK_BODY_MAX);
	struct work *w = pings(&op, 2);
	struct crypto_result r = { .outcome = OP_DONE };

	work_free(w);
	ops.ops[0] = HF_SPAN("x", 1);
	CHECK_OK(work_new(&ops, &metrics, finished, NULL, &w));
	CHECK(!work_is_open(&w->items[0]) && work_is_open(&w->items[1]));
	work_answer(&w->items[1], &r);
	assert_int_equal(finished_count, 1);
	reply(w, &body);
	CHECK_OK(crypto_result_decode(results.results[0], &r));
	CHECK(r.outcome == OP_FAILED && r.code == HF_INVALID && !r.unhealthy);
	work_free(w);
}

static void answers_that_do_not_fit_are_left_out_with_words(void **state)
{
	HF_BUF_SCOPED struct hf_buf op = HF_BUF(4096), body = HF_BUF(SLOT_LINK_BODY_MAX);
	struct work *w = pings(&op, SLOT_OPS_MAX);
	struct crypto_result r = { .outcome = OP_DONE, .data = HF_SPAN(bytes, sizeof(bytes)) };
	unsigned whole = 0;

	for (uint32_t i = 0; i < w->n; i++)
		work_answer(&w->items[i], &r);
	reply(w, &body);
	for (uint32_t i = 0; i < results.n; i++) {
		CHECK_OK(crypto_result_decode(results.results[i], &r));
		whole += r.outcome == OP_DONE;
		CHECK(r.outcome == OP_DONE || r.code == HF_TOOBIG);
	}
	assert_int_equal(whole, 15); /* of 256 kB each, beside room for the others' words */
	work_free(w);
}

static void the_longest_words_fit_for_all(void **state)
{
	HF_BUF_SCOPED struct hf_buf op = HF_BUF(4096), body = HF_BUF(SLOT_LINK_BODY_MAX);
	struct work *w = pings(&op, SLOT_OPS_MAX);
	char words[300];

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = 0;
	for (uint32_t i = 0; i < w->n; i++)
		work_fail(&w->items[i], OP_RETRY, HF_CLOSED, true, words);
	reply(w, &body);
	work_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_in_the_order_of_the_questions),
		cmocka_unit_test(what_is_no_operation_fails_alone),
		cmocka_unit_test(answers_that_do_not_fit_are_left_out_with_words),
		cmocka_unit_test(the_longest_words_fit_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
