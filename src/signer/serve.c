/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/serve.h"

#include "base/log.h"
#include "signer/output.h"
#include "signer/pool.h"
#include "signer/tasks.h"

#include <stdio.h>
#include <unistd.h>

enum { GOES_ON = -1 };

struct server {
	struct token *token;
	struct worker worker;
	struct job_output output;
	struct pool *pool; /* more than one thread */
};

static struct server server; /* a worn process ends with it in the middle of things */

/* What the host sent cannot be, or comes from another version of it: no job of such a host is to be
 * done. */
static int refuse(const char *what)
{
	HF_ERROR("the host sent a frame that cannot be", HF_KS("what", what));
	return SIGNER_PROTOCOL;
}

static int after(enum worker_fate fate, const struct wire_answer *answer)
{
	switch (fate) {
	case WORKER_GOES_ON:
		return GOES_ON;
	case WORKER_REINIT:
		output_flush();
		return SIGNER_WORN;
	case WORKER_STOPS:
		output_flush();
		output_failed(answer->code, answer->text);
		return SIGNER_FAILED;
	}
	return SIGNER_WORN;
}

/* Keys of the slot need neither a master key nor a profile. */
static bool takes(const struct server *s, const struct wire_frame *frame)
{
	return frame->type == WIRE_CRYPTO || token_is_ready(s->token);
}

static bool is_slow(const struct wire_work *work)
{
	if (work->is_crypto)
		return work->crypto.kind == CRYPTO_LIST || crypto_op_makes(work->crypto.kind);
	return work->job.op.kind == OP_GENERATE;
}

static int do_job(struct server *s, const struct wire_frame *frame)
{
	struct wire_answer answer;
	enum worker_fate fate;
	struct wire_work work;

	if (!takes(s, frame))
		return refuse("a job without a master key");
	if (!hf_ok(wire_get_work(frame, &work)))
		return refuse("job");
	if (is_slow(&work)) /* nobody is to wait behind it */
		output_flush();
	fate = worker_run(&s->worker, &work, &s->output, &answer);
	worker_answer(frame->tag, &work, &s->output, &answer);
	output_flush_if_due(answer.hsm_us);
	return after(fate, &answer);
}

/* A token without a master key gets its other sessions with the first job: administrative tasks
 * open their own. */
static int queue_job(struct server *s, const struct wire_frame *frame)
{
	struct hf_err err = { 0 };

	if (!s->pool && takes(s, frame) &&
	    !hf_ok(pool_start(s->token, &s->worker, &s->pool, &err))) {
		HF_ERROR("cannot open the sessions", HF_KS("reason", err.text));
		return SIGNER_WORN;
	}
	return s->pool && hf_ok(pool_add(s->pool, frame)) ? GOES_ON : refuse("job");
}

static int do_task(struct server *s, const struct wire_frame *frame)
{
	enum signer_task task;
	struct hf_span json;

	if (!hf_ok(wire_get_task(frame->body, &task, &json)))
		return refuse("task");
	task_run(&s->worker.desk, task, json);
	return GOES_ON;
}

static int handle(struct server *s, const struct wire_frame *frame)
{
	switch (frame->type) {
	case WIRE_JOB:
	case WIRE_REWRAP:
	case WIRE_CRYPTO:
		return s->token->setup.threads > 1 ? queue_job(s, frame) : do_job(s, frame);
	case WIRE_TASK:
		return do_task(s, frame);
	case WIRE_SETUP:
	case WIRE_READY:
	case WIRE_ANSWER:
	case WIRE_CRYPTO_ANSWER:
	case WIRE_FAILED:
	case WIRE_REPORT:
	case WIRE_NEWS:
		break;
	}
	return refuse("type");
}

static int loop(struct server *s, struct input *in)
{
	for (;;) {
		struct wire_frame frame;
		hf_status got = input_next(in, &frame);

		if (hf_ok(got)) {
			int status = handle(s, &frame);

			if (status != GOES_ON)
				return status;
			continue;
		}
		if (got.code != HF_BUSY)
			return refuse("frame");
		output_flush();
		got = input_fill(in, s->pool ? -1 : worker_cool(&s->worker));
		if (got.code == HF_CLOSED)
			return SIGNER_ENDED;
		if (!hf_ok(got) && got.code != HF_TIMEOUT)
			return refuse("read");
	}
}

hf_status serve_open(struct token *t, const struct p11_session *session,
                     const struct masters *masters, struct hf_err *err)
{
	struct server *s = &server;

	*s = (struct server){ .token = t, .output = job_output() };
	HF_TRY(walks_new(&t->walks));
	if (t->setup.readers)
		HF_TRY(object_readers_new(&t->module, &t->id, t->setup.readers, &t->readers));
	HF_TRY(worker_adopt(t, session, masters, &s->worker));
	if (t->setup.threads <= 1 || !token_is_ready(t))
		return HF_SUCCESS;
	return pool_start(t, &s->worker, &s->pool, err);
}

int serve(struct input *in)
{
	struct server *s = &server;
	int status = loop(s, in);

	if (status != SIGNER_ENDED)
		_exit(status); /* not through the module again, nor its destructors, while other
		                * threads are in it: it may hang or crash */
	if (s->pool)
		pool_stop(s->pool);
	output_flush();
	worker_close(&s->worker);
	job_output_done(&s->output);
	token_close(s->token);
	return status;
}
