/* SPDX-License-Identifier: Apache-2.0 */
#include "host_crypto.h"

#include "base/clock.h"

#include <poll.h>

void crypto_run_done(struct crypto_run *run)
{
	hf_buf_done(&run->asked);
	hf_buf_done(&run->told);
}

void crypto_answered(void *ctx, const struct hsmhost_answer *answer)
{
	struct crypto_run *run = answer->tag;

	CHECK(!run->answered && answer->crypto);
	CHECK(answer->result.outcome == answer->crypto->outcome);
	run->answered = true;
	crypto_result_encode(&run->told, answer->crypto);
	CHECK_OK(crypto_result_decode(hf_buf_span(&run->told), &run->r));
}

struct hsmhost *crypto_start(const struct hsmhost_config *c)
{
	struct hsmhost *h = NULL;
	struct hf_err err = { 0 };

	if (!hf_ok(hsmhost_start(c, crypto_answered, NULL, &h, &err)))
		fail_msg("hsmhost_start: %s", err.text);
	return h;
}

struct crypto_run crypto_ask(const struct crypto_op *op)
{
	struct crypto_run run = { .asked = HF_BUF(CRYPTO_OP_ENCODED_MAX),
		                  .told = HF_BUF(CRYPTO_RESULT_ENCODED_MAX) };

	crypto_op_encode(&run.asked, op);
	CHECK_OK(hf_buf_status(&run.asked));
	return run;
}

static bool all_answered(const struct crypto_run *runs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!runs[i].answered)
			return false;
	return true;
}

void crypto_run_all(struct hsmhost *h, struct crypto_run *runs, size_t n)
{
	int64_t until = hf_mono_ms() + HOST_PATIENCE_MS;
	size_t given = 0;

	while (!all_answered(runs, n)) {
		struct pollfd fds[HSMHOST_POLLFDS(8)];
		int timeout = 100;
		size_t n_fds;

		for (; given < n && hsmhost_capacity(h) > 0; given++) {
			struct hsmhost_job job = { .crypto = hf_buf_span(&runs[given].asked),
				                   .tag = &runs[given] };

			CHECK_OK(hsmhost_submit(h, &job));
		}
		n_fds = hsmhost_pollfds(h, fds, HF_COUNT(fds), &timeout);
		CHECK(hf_mono_ms() < until);
		(void)poll(fds, (nfds_t)n_fds, timeout);
		hsmhost_step(h);
	}
}

struct crypto_run crypto_do(struct hsmhost *h, const struct crypto_op *op)
{
	struct crypto_run run = crypto_ask(op);

	crypto_run_all(h, &run, 1);
	return run;
}

struct crypto_run crypto_done(struct hsmhost *h, const struct crypto_op *op)
{
	struct crypto_run run = crypto_do(h, op);

	if (run.r.outcome != OP_DONE)
		fail_msg("%s: %s: %s", crypto_op_name(op->kind), hf_code_name(run.r.code),
		         run.r.text);
	return run;
}

struct crypto_run crypto_fails(struct hsmhost *h, const struct crypto_op *op,
                               enum op_outcome outcome, enum hf_code code)
{
	struct crypto_run run = crypto_do(h, op);

	if (run.r.outcome != outcome || run.r.code != code)
		fail_msg("%s: outcome %d, %s (%s), expected %d, %s", crypto_op_name(op->kind),
		         (int)run.r.outcome, hf_code_name(run.r.code), run.r.text, (int)outcome,
		         hf_code_name(code));
	return run;
}
