/* SPDX-License-Identifier: Apache-2.0
 * Frames between host and signer, of both directions: whatever a decoder accepts, the encoder makes
 * again, byte for byte. */
#include "signer/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again_setup(struct hf_buf *to, struct hf_span body)
{
	struct signer_setup setup;

	if (!hf_ok(wire_get_setup(body, &setup)))
		return;
	wire_put_setup(to, &setup);
	hf_secret_done(&setup.pin);
}

static void again_job(struct hf_buf *to, const struct wire_frame *f)
{
	struct wire_job job;

	if (hf_ok(wire_get_job(f->body, &job, NULL)))
		wire_put_job(to, f->tag, &job);
}

static void again_rewrap(struct hf_buf *to, const struct wire_frame *f)
{
	char to_master[MASTER_ID_MAX];
	struct hf_span record;

	if (hf_ok(wire_get_rewrap(f->body, to_master, &record)))
		wire_put_rewrap(to, f->tag, to_master, record);
}

static void again_task(struct hf_buf *to, struct hf_span body)
{
	char json[WIRE_ARGS_MAX + 1];
	enum signer_task task;
	struct hf_span text;

	if (hf_ok(wire_get_task(body, &task, &text)) &&
	    hf_ok(hf_span_to_text(text, json, sizeof(json))))
		wire_put_task(to, task, json);
}

static void again_out(struct hf_buf *to, const struct wire_frame *f)
{
	struct wire_ready ready;
	struct crypto_result result;
	struct wire_answer answer;
	struct hf_err err;
	int64_t us;

	if (f->type == WIRE_READY && hf_ok(wire_get_ready(f->body, &ready)))
		wire_put_ready(to, &ready);
	else if (f->type == WIRE_ANSWER && hf_ok(wire_get_answer(f->body, &answer)))
		wire_put_answer(to, f->tag, &answer);
	else if (f->type == WIRE_CRYPTO_ANSWER &&
	         hf_ok(wire_get_crypto_answer(f->body, &result, &us)))
		wire_put_crypto_answer(to, f->tag, &result, us);
	else if (f->type == WIRE_FAILED && hf_ok(wire_get_failed(f->body, &err)))
		wire_put_failed(to, err.code, err.text);
}

/* Nothing when the decoder refuses it. */
static void again(struct hf_buf *to, const struct wire_frame *f)
{
	struct wire_work work;

	switch (f->type) {
	case WIRE_SETUP:
		again_setup(to, f->body);
		break;
	case WIRE_JOB:
		again_job(to, f);
		break;
	case WIRE_TASK:
		again_task(to, f->body);
		break;
	case WIRE_REWRAP:
		again_rewrap(to, f);
		break;
	case WIRE_CRYPTO:
		if (hf_ok(wire_get_work(f, &work)))
			wire_put_crypto(to, f->tag, f->body);
		break;
	case WIRE_READY:
	case WIRE_ANSWER:
	case WIRE_CRYPTO_ANSWER:
	case WIRE_FAILED:
		again_out(to, f);
		break;
	case WIRE_REPORT:
	case WIRE_NEWS:
		wire_put_text(to, f->type, f->body);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf made = HF_BUF(WIRE_SETUP_MAX + WIRE_HEADER);
	struct hf_span in = HF_SPAN(data, size);
	struct wire_frame frame;
	size_t used;

	while (hf_ok(wire_next(in, &frame, &used))) {
		hf_buf_clear(&made);
		again(&made, &frame);
		/* the tag of a frame that has none is not looked at */
		if (made.len &&
		    (made.len != used || memcmp(made.ptr, in.ptr, 5) != 0 ||
		     memcmp(made.ptr + WIRE_HEADER, frame.body.ptr, frame.body.len) != 0))
			abort();
		in.ptr += used;
		in.len -= used;
	}
	return 0;
}
