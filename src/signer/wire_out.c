/* SPDX-License-Identifier: Apache-2.0
 * The bodies that come out. Hosts decode them with the suspicion that a process with a vendor's
 * library in it deserves. */
#include "signer/wire_put.h"

#include <string.h>

void wire_put_ready(struct hf_buf *to, const struct wire_ready *r)
{
	size_t at = wire_open(to, WIRE_READY, 0), field;

	hf_buf_u8(to, WIRE_VERSION);
	hf_buf_field(to, hf_span_text(r->token));
	hf_buf_field(to, hf_span_text(r->master_id));
	hf_buf_u8(to, r->have_profile);
	field = wire_open_field(to);
	if (r->have_profile)
		p11_profile_encode(to, &r->profile);
	wire_close_field(to, field);
	wire_close(to, at);
}

hf_status wire_get_ready(struct hf_span body, struct wire_ready *ret)
{
	struct hf_reader r = hf_reader(body);
	struct wire_ready ready = { 0 };

	HF_ENSURE(hf_read_u8(&r) == WIRE_VERSION, HF_INVALID);
	hf_read_text(&r, ready.token, sizeof(ready.token));
	hf_read_text(&r, ready.master_id, sizeof(ready.master_id));
	HF_TRY(wire_read_profile(&r, &ready.have_profile, &ready.profile));
	HF_TRY(hf_reader_end(&r));
	*ret = ready;
	return HF_SUCCESS;
}

void wire_put_answer(struct hf_buf *to, uint64_t tag, const struct wire_answer *a)
{
	size_t at = wire_open(to, WIRE_ANSWER, tag);

	hf_buf_u8(to, (uint8_t)a->outcome);
	hf_buf_u8(to, (uint8_t)a->code);
	hf_buf_field(to, hf_span_text(a->text));
	hf_buf_u64(to, (uint64_t)a->hsm_us);
	hf_buf_u8(to, a->resident);
	hf_buf_field(to, a->public_key);
	hf_buf_field(to, a->record);
	hf_buf_field(to, a->signature);
	wire_close(to, at);
}

/* A key with its record, or a signature, or a record alone; when not done, none of them. */
static bool answer_is_whole(const struct wire_answer *a)
{
	bool key = a->public_key.len > 0, record = a->record.len > 0, sig = a->signature.len > 0;

	switch (a->outcome) {
	case OP_DONE:
		return a->code == HF_OK && record != sig && (record || !key) &&
		       (key || !a->resident);
	case OP_FAILED:
	case OP_RETRY:
		return a->code != HF_OK && !key && !record && !sig && !a->resident;
	}
	return false;
}

hf_status wire_get_answer(struct hf_span body, struct wire_answer *ret)
{
	struct hf_reader r = hf_reader(body);
	struct wire_answer a = { 0 };
	uint64_t us;

	a.outcome = (enum op_outcome)hf_read_u8(&r);
	a.code = (enum hf_code)hf_read_u8(&r);
	hf_read_text(&r, a.text, sizeof(a.text));
	us = hf_read_u64(&r);
	a.resident = wire_read_bool(&r);
	a.public_key = hf_read_field(&r, PUBLIC_KEY_MAX);
	a.record = hf_read_field(&r, RECORD_ENCODED_MAX);
	a.signature = hf_read_field(&r, SIGNATURE_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(a.code < HF_CODE_COUNT_ && us <= INT64_MAX && answer_is_whole(&a), HF_INVALID);
	a.hsm_us = (int64_t)us;
	*ret = a;
	return HF_SUCCESS;
}

void wire_put_crypto_answer(struct hf_buf *to, uint64_t tag, const struct crypto_result *r,
                            int64_t hsm_us)
{
	size_t at = wire_open(to, WIRE_CRYPTO_ANSWER, tag);

	hf_buf_u64(to, (uint64_t)hsm_us);
	crypto_result_encode(to, r);
	wire_close(to, at);
}

hf_status wire_get_crypto_answer(struct hf_span body, struct crypto_result *ret,
                                 int64_t *ret_hsm_us)
{
	struct hf_reader r = hf_reader(body);
	struct crypto_result result;
	uint64_t us = hf_read_u64(&r);

	HF_ENSURE(!r.failed && us <= INT64_MAX, HF_INVALID);
	HF_TRY(crypto_result_decode(HF_SPAN(r.ptr, r.left), &result));
	*ret = result;
	*ret_hsm_us = (int64_t)us;
	return HF_SUCCESS;
}

void wire_put_failed(struct hf_buf *to, enum hf_code code, const char *text)
{
	size_t at = wire_open(to, WIRE_FAILED, 0);

	hf_buf_u8(to, (uint8_t)code);
	hf_buf_field(to, hf_span_text(text));
	wire_close(to, at);
}

hf_status wire_get_failed(struct hf_span body, struct hf_err *ret)
{
	struct hf_reader r = hf_reader(body);
	struct hf_err err = { .code = (enum hf_code)hf_read_u8(&r) };

	hf_read_text(&r, err.text, sizeof(err.text));
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(err.code > HF_OK && err.code < HF_CODE_COUNT_, HF_INVALID);
	*ret = err;
	return HF_SUCCESS;
}

void wire_put_text(struct hf_buf *to, enum wire_type type, struct hf_span text)
{
	size_t at = wire_open(to, type, 0);

	hf_buf_put(to, text.ptr, text.len);
	wire_close(to, at);
}
