/* SPDX-License-Identifier: Apache-2.0
 * Speaks the frames of holdfast-signer without any HSM. How it misbehaves is the name of its
 * module; jobs of the key "bomb" make it crash, those of "tar" never end. Of operations on keys it
 * knows those that it has made itself, by the first byte of their CKA_ID, and no other process's.
 */
#include "os/fd.h"
#include "signer/wire.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t in[1 << 21];
static size_t have, taken;
static char way[WIRE_PATH_MAX];

static bool is(const char *name)
{
	return strcmp(way, name) == 0;
}

static struct wire_frame next_frame(void)
{
	struct wire_frame frame;
	size_t used;
	ssize_t n;

	while (!hf_ok(wire_next(HF_SPAN(in + taken, have - taken), &frame, &used))) {
		n = read(0, in + have, sizeof(in) - have);
		if (n <= 0)
			exit(0);
		have += (size_t)n;
	}
	taken += used;
	return frame;
}

static void send_all(struct hf_buf *b)
{
	if (!hf_ok(os_write_all(1, hf_buf_span(b))))
		exit(1);
	hf_buf_clear(b);
}

static void answer_crypto(struct hf_buf *b, uint64_t tag, const struct crypto_op *op)
{
	static bool known[256];
	struct crypto_result r = { .outcome = OP_DONE, .made = op->made };
	uint8_t id = op->kind == CRYPTO_GENERATE ? op->made.id.ptr[0] : op->key.name.id.ptr[0];

	if (strcmp(op->key_id, "bomb") == 0)
		abort();
	if (strcmp(op->key_id, "tar") == 0)
		pause();
	if (op->kind == CRYPTO_GENERATE)
		known[id] = true;
	else if (!known[id])
		r = (struct crypto_result){ .outcome = OP_FAILED,
			                    .code = HF_NOTFOUND,
			                    .text = "no such key" };
	wire_put_crypto_answer(b, tag, &r, 10);
	send_all(b);
}

static void answer(struct hf_buf *b, uint64_t tag, const struct op *op)
{
	static const uint8_t zeros[64];
	struct wire_answer a = {
		.outcome = OP_FAILED, .code = HF_DENIED, .text = "fake", .hsm_us = 10
	};

	if (strcmp(op->key_id, "bomb") == 0)
		abort();
	if (is("/hang"))
		pause();
	if (is("/slow"))
		usleep(20000);
	if (is("/garbage")) {
		hf_buf_text(b, "this is no frame at all");
		send_all(b);
		pause();
	}
	if (is("/bad-signature"))
		a = (struct wire_answer){ .outcome = OP_DONE, .signature = HF_SPAN(zeros, 64) };
	if (is("/another-question"))
		a = (struct wire_answer){ .outcome = OP_DONE,
			                  .public_key = HF_SPAN(zeros, 33),
			                  .record = HF_SPAN(zeros, 64) };
	wire_put_answer(b, is("/wrong-tag") ? tag + 1 : tag, &a);
	send_all(b);
	if (is("/worn"))
		_exit(75);
	if (is("/stops")) {
		wire_put_failed(b, HF_STOP, "the PIN has expired");
		send_all(b);
		_exit(1);
	}
}

int main(void)
{
	struct hf_buf out = HF_BUF(WIRE_FRAME_MAX);
	struct wire_ready ready = { .token = "fake" };
	struct signer_setup setup = { 0 };

	if (!hf_ok(wire_get_setup(next_frame().body, &setup)))
		return 70;
	memcpy(way, setup.module, sizeof(way));
	if (is("/never-ready"))
		pause();
	if (is("/refuses")) {
		wire_put_failed(&out, HF_STOP, "the PIN is wrong");
		send_all(&out);
		return 1;
	}
	wire_put_ready(&out, &ready);
	send_all(&out);
	for (;;) {
		struct wire_frame frame = next_frame();
		struct wire_work work;

		if (!hf_ok(wire_get_work(&frame, &work)))
			return 70;
		if (work.is_crypto)
			answer_crypto(&out, frame.tag, &work.crypto);
		else
			answer(&out, frame.tag, &work.job.op);
	}
}
