/* SPDX-License-Identifier: Apache-2.0
 * Frames, and the bodies that go in. */
#include "signer/wire.h"

#include "op/fields.h"
#include "signer/wire_put.h"

#include <string.h>

static size_t body_max(uint8_t type)
{
	switch ((enum wire_type)type) {
	case WIRE_SETUP:
		return WIRE_SETUP_MAX;
	case WIRE_JOB:
	case WIRE_TASK:
	case WIRE_REWRAP:
	case WIRE_READY:
	case WIRE_ANSWER:
	case WIRE_FAILED:
	case WIRE_NEWS:
		return WIRE_FRAME_MAX;
	case WIRE_CRYPTO:
		return WIRE_CRYPTO_MAX;
	case WIRE_CRYPTO_ANSWER:
		return WIRE_CRYPTO_ANSWER_MAX;
	case WIRE_REPORT:
		return WIRE_REPORT_MAX;
	}
	return 0;
}

hf_status wire_next(struct hf_span in, struct wire_frame *ret, size_t *ret_used)
{
	struct hf_reader r = hf_reader(in);
	uint32_t len = hf_read_u32(&r);
	uint8_t type = hf_read_u8(&r);
	uint64_t tag = hf_read_u64(&r);
	struct hf_span body;

	HF_ENSURE(in.len >= WIRE_HEADER, HF_BUSY);
	HF_ENSURE(body_max(type) > 0, HF_INVALID);
	HF_ENSURE(len >= WIRE_HEADER - 4 && len - (WIRE_HEADER - 4) <= body_max(type), HF_INVALID);
	body = hf_read_bytes(&r, len - (WIRE_HEADER - 4));
	HF_ENSURE(!r.failed, HF_BUSY);
	*ret = (struct wire_frame){ .type = (enum wire_type)type, .tag = tag, .body = body };
	*ret_used = WIRE_HEADER + body.len;
	return HF_SUCCESS;
}

size_t wire_open(struct hf_buf *to, enum wire_type type, uint64_t tag)
{
	size_t at = to->len;

	hf_buf_u32(to, 0);
	hf_buf_u8(to, (uint8_t)type);
	hf_buf_u64(to, tag);
	return at;
}

static void put_be32(uint8_t *at, size_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

void wire_close(struct hf_buf *to, size_t at)
{
	if (hf_ok(hf_buf_status(to)))
		put_be32(to->ptr + at, to->len - at - 4);
}

size_t wire_open_field(struct hf_buf *to)
{
	hf_buf_u32(to, 0);
	return to->len;
}

void wire_close_field(struct hf_buf *to, size_t at)
{
	if (hf_ok(hf_buf_status(to)))
		put_be32(to->ptr + at - 4, to->len - at);
}

bool wire_read_bool(struct hf_reader *r)
{
	uint8_t v = hf_read_u8(r);

	r->failed = r->failed || v > 1;
	return v == 1;
}

void wire_put_setup(struct hf_buf *to, const struct signer_setup *s)
{
	size_t at = wire_open(to, WIRE_SETUP, 0), field;

	hf_buf_u8(to, WIRE_VERSION);
	hf_buf_field(to, hf_span_text(s->module));
	hf_buf_field(to, hf_span_text(s->slot));
	hf_buf_field(to, hf_span_text(s->module_args));
	hf_buf_field(to, HF_SPAN(s->pin.ptr, s->pin.len));
	hf_buf_field(to, hf_span_text(s->master_label));
	hf_buf_u8(to, s->needs_master);
	hf_buf_u8(to, s->allow_resident);
	hf_buf_u8(to, s->list_tokens);
	hf_buf_u32(to, s->threads);
	hf_buf_u32(to, s->readers);
	hf_buf_u32(to, s->warm_keys);
	hf_buf_u32(to, s->warm_ttl_s);
	hf_buf_u8(to, s->have_profile);
	field = wire_open_field(to);
	if (s->have_profile)
		p11_profile_encode(to, &s->profile);
	wire_close_field(to, field);
	hf_buf_field(to, s->authorizers);
	wire_close(to, at);
}

hf_status wire_read_profile(struct hf_reader *r, bool *ret_have, struct p11_profile *ret)
{
	bool have = wire_read_bool(r);
	struct hf_span encoded = hf_read_field(r, WIRE_FRAME_MAX);

	HF_ENSURE(!r->failed && have == (encoded.len > 0), HF_INVALID);
	if (have)
		HF_TRY(p11_profile_decode(encoded, ret));
	*ret_have = have;
	return HF_SUCCESS;
}

hf_status wire_get_setup(struct hf_span body, struct signer_setup *ret)
{
	struct hf_reader r = hf_reader(body);
	struct signer_setup s = { 0 };
	struct hf_span pin;

	HF_ENSURE(hf_read_u8(&r) == WIRE_VERSION, HF_INVALID);
	hf_read_text(&r, s.module, sizeof(s.module));
	hf_read_text(&r, s.slot, sizeof(s.slot));
	hf_read_text(&r, s.module_args, sizeof(s.module_args));
	pin = hf_read_field(&r, WIRE_PIN_MAX);
	hf_read_text(&r, s.master_label, sizeof(s.master_label));
	s.needs_master = wire_read_bool(&r);
	s.allow_resident = wire_read_bool(&r);
	s.list_tokens = wire_read_bool(&r);
	s.threads = hf_read_u32(&r);
	s.readers = hf_read_u32(&r);
	s.warm_keys = hf_read_u32(&r);
	s.warm_ttl_s = hf_read_u32(&r);
	HF_TRY(wire_read_profile(&r, &s.have_profile, &s.profile));
	s.authorizers = hf_read_field(&r, AUTHORIZERS_FILE_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(s.threads >= 1 && s.threads <= WIRE_THREADS_MAX && s.readers <= WIRE_READERS_MAX,
	          HF_INVALID);
	if (pin.len)
		HF_TRY(hf_secret_copy(pin.ptr, pin.len, &s.pin));
	*ret = s;
	return HF_SUCCESS;
}

void wire_put_job(struct hf_buf *to, uint64_t tag, const struct wire_job *job)
{
	size_t at = wire_open(to, WIRE_JOB, tag);
	size_t field = wire_open_field(to);

	op_encode(to, &job->op);
	wire_close_field(to, field);
	hf_buf_field(to, job->record);
	hf_buf_field(to, job->evidence);
	wire_close(to, at);
}

hf_status wire_get_job(struct hf_span body, struct wire_job *ret, struct hf_err *err)
{
	struct hf_reader r = hf_reader(body);
	struct hf_span op = hf_read_field(&r, OP_ENCODED_MAX);
	struct wire_job job = { 0 };

	job.record = hf_read_field(&r, RECORD_ENCODED_MAX);
	job.evidence = hf_read_field(&r, EVIDENCE_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_TRY(op_decode(op, &job.op, err));
	HF_ENSURE((job.op.kind == OP_SIGN) == (job.record.len > 0), HF_INVALID);
	HF_ENSURE(job.op.kind != OP_CRYPTO, HF_INVALID); /* has a frame of its own */
	HF_ENSURE(job.op.kind == OP_SIGN || !job.evidence.len, HF_INVALID);
	*ret = job;
	return HF_SUCCESS;
}

void wire_put_rewrap(struct hf_buf *to, uint64_t tag, const char *to_master, struct hf_span record)
{
	size_t at = wire_open(to, WIRE_REWRAP, tag);

	hf_buf_field(to, hf_span_text(to_master));
	hf_buf_field(to, record);
	wire_close(to, at);
}

hf_status wire_get_rewrap(struct hf_span body, char ret_to_master[MASTER_ID_MAX],
                          struct hf_span *ret_record)
{
	struct hf_reader r = hf_reader(body);
	char to_master[MASTER_ID_MAX] = "";
	struct hf_span record;

	hf_read_text(&r, to_master, sizeof(to_master));
	record = hf_read_field(&r, RECORD_ENCODED_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(field_is_hex(to_master, MASTER_ID_MAX - 1) && record.len > 0, HF_INVALID);
	memcpy(ret_to_master, to_master, MASTER_ID_MAX);
	*ret_record = record;
	return HF_SUCCESS;
}

void wire_put_crypto(struct hf_buf *to, uint64_t tag, struct hf_span op)
{
	size_t at = wire_open(to, WIRE_CRYPTO, tag);

	hf_buf_put(to, op.ptr, op.len);
	wire_close(to, at);
}

hf_status wire_get_work(const struct wire_frame *frame, struct wire_work *ret)
{
	struct wire_work work = { .rewrap = frame->type == WIRE_REWRAP,
		                  .is_crypto = frame->type == WIRE_CRYPTO };

	if (work.is_crypto)
		HF_TRY(crypto_op_decode(frame->body, &work.crypto, NULL));
	else if (work.rewrap)
		HF_TRY(wire_get_rewrap(frame->body, work.to_master, &work.job.record));
	else
		HF_TRY(wire_get_job(frame->body, &work.job, NULL));
	*ret = work;
	return HF_SUCCESS;
}

void wire_put_task(struct hf_buf *to, enum signer_task task, const char *json)
{
	size_t at = wire_open(to, WIRE_TASK, 0);

	hf_buf_u8(to, (uint8_t)task);
	hf_buf_field(to, hf_span_text(json));
	wire_close(to, at);
}

hf_status wire_get_task(struct hf_span body, enum signer_task *ret, struct hf_span *ret_json)
{
	struct hf_reader r = hf_reader(body);
	uint8_t task = hf_read_u8(&r);
	struct hf_span json = hf_read_field(&r, WIRE_ARGS_MAX);

	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(task >= 1 && task <= SIGNER_TASK_MAX, HF_INVALID);
	*ret = (enum signer_task)task;
	*ret_json = json;
	return HF_SUCCESS;
}
