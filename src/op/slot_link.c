/* SPDX-License-Identifier: Apache-2.0 */
#include "op/slot_link.h"

#include "base/text.h"

#include <string.h>

enum {
	VERSION = 1, /* first byte of each body */
};

/* Words about a token come from vendors and end in logs, pages and databases: UTF-8 without
 * control characters. */
static bool is_words(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), n;

	for (; left; p += n, left -= n) {
		n = hf_utf8_at(p, left);
		if (n == 0 || *p < 0x20 || *p == 0x7f)
			return false;
	}
	return true;
}

static void read_words(struct hf_reader *r, char *to, size_t cap)
{
	hf_read_text(r, to, cap);
	if (!r->failed && !is_words(to))
		r->failed = true;
}

static void read_session(struct hf_reader *r, uint8_t ret[SLOT_SESSION_LEN])
{
	struct hf_span s = hf_read_bytes(r, SLOT_SESSION_LEN);

	if (!r->failed)
		memcpy(ret, s.ptr, SLOT_SESSION_LEN);
}

void slot_open_encode(struct hf_buf *to, const struct slot_open *o)
{
	hf_buf_u8(to, VERSION);
	hf_buf_u64(to, o->slot);
	hf_buf_field(to, hf_span_text(o->serial));
	hf_buf_field(to, HF_SPAN(o->pin.ptr, o->pin.len));
}

hf_status slot_open_decode(struct hf_span from, struct slot_open *ret)
{
	struct hf_reader r = hf_reader(from);
	struct slot_open o = { 0 };
	struct hf_span pin;

	HF_ENSURE(hf_read_u8(&r) == VERSION, HF_INVALID);
	o.slot = hf_read_u64(&r);
	read_words(&r, o.serial, sizeof(o.serial));
	pin = hf_read_field(&r, SLOT_PIN_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(pin.len > 0, HF_INVALID);
	HF_TRY(hf_secret_copy(pin.ptr, pin.len, &o.pin));
	*ret = o;
	return HF_SUCCESS;
}

void slot_opened_encode(struct hf_buf *to, const struct slot_opened *o)
{
	hf_buf_u8(to, VERSION);
	hf_buf_put(to, o->session, sizeof(o->session));
	hf_buf_u64(to, o->slot);
	hf_buf_field(to, hf_span_text(o->label));
	hf_buf_field(to, hf_span_text(o->manufacturer));
	hf_buf_field(to, hf_span_text(o->model));
	hf_buf_field(to, hf_span_text(o->serial));
	hf_buf_field(to, hf_span_text(o->library));
	hf_buf_u8(to, o->moved);
}

hf_status slot_opened_decode(struct hf_span from, struct slot_opened *ret)
{
	struct hf_reader r = hf_reader(from);
	struct slot_opened o = { 0 };
	uint8_t moved;

	HF_ENSURE(hf_read_u8(&r) == VERSION, HF_INVALID);
	read_session(&r, o.session);
	o.slot = hf_read_u64(&r);
	read_words(&r, o.label, sizeof(o.label));
	read_words(&r, o.manufacturer, sizeof(o.manufacturer));
	read_words(&r, o.model, sizeof(o.model));
	read_words(&r, o.serial, sizeof(o.serial));
	read_words(&r, o.library, sizeof(o.library));
	moved = hf_read_u8(&r);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(moved <= 1, HF_INVALID);
	o.moved = moved;
	*ret = o;
	return HF_SUCCESS;
}

static void put_all(struct hf_buf *to, const struct hf_span *each, uint32_t n)
{
	hf_buf_u32(to, n);
	for (uint32_t i = 0; i < n && i < SLOT_OPS_MAX; i++)
		hf_buf_field(to, each[i]);
}

/* At least one; none of them empty. */
static uint32_t read_all(struct hf_reader *r, size_t max, struct hf_span ret[SLOT_OPS_MAX])
{
	uint32_t n = hf_read_u32(r);

	if (n == 0 || n > SLOT_OPS_MAX)
		r->failed = true;
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		ret[i] = hf_read_field(r, max);
		if (ret[i].len == 0)
			r->failed = true;
	}
	return n;
}

void slot_ops_encode(struct hf_buf *to, const struct slot_ops *o)
{
	hf_buf_u8(to, VERSION);
	hf_buf_put(to, o->session, sizeof(o->session));
	hf_buf_u32(to, o->deadline_ms);
	put_all(to, o->ops, o->n);
}

hf_status slot_ops_decode(struct hf_span from, struct slot_ops *ret)
{
	struct hf_reader r = hf_reader(from);

	ret->n = 0;
	HF_ENSURE(from.len <= SLOT_LINK_BODY_MAX && hf_read_u8(&r) == VERSION, HF_INVALID);
	read_session(&r, ret->session);
	ret->deadline_ms = hf_read_u32(&r);
	ret->n = read_all(&r, CRYPTO_OP_ENCODED_MAX, ret->ops);
	if (hf_ok(hf_reader_end(&r)) && ret->deadline_ms > 0 &&
	    ret->deadline_ms <= SLOT_DEADLINE_MAX_MS)
		return HF_SUCCESS;
	ret->n = 0;
	return HF_FAILURE(HF_INVALID);
}

void slot_results_encode(struct hf_buf *to, const struct slot_results *r)
{
	hf_buf_u8(to, VERSION);
	put_all(to, r->results, r->n);
}

hf_status slot_results_decode(struct hf_span from, struct slot_results *ret)
{
	struct hf_reader r = hf_reader(from);

	ret->n = 0;
	HF_ENSURE(from.len <= SLOT_LINK_BODY_MAX && hf_read_u8(&r) == VERSION, HF_INVALID);
	ret->n = read_all(&r, CRYPTO_RESULT_ENCODED_MAX, ret->results);
	if (hf_ok(hf_reader_end(&r)))
		return HF_SUCCESS;
	ret->n = 0;
	return HF_FAILURE(HF_INVALID);
}

void slot_close_encode(struct hf_buf *to, const uint8_t session[SLOT_SESSION_LEN])
{
	hf_buf_u8(to, VERSION);
	hf_buf_put(to, session, SLOT_SESSION_LEN);
}

hf_status slot_close_decode(struct hf_span from, uint8_t ret[SLOT_SESSION_LEN])
{
	struct hf_reader r = hf_reader(from);
	uint8_t session[SLOT_SESSION_LEN] = { 0 };

	HF_ENSURE(hf_read_u8(&r) == VERSION, HF_INVALID);
	read_session(&r, session);
	HF_TRY(hf_reader_end(&r));
	memcpy(ret, session, SLOT_SESSION_LEN);
	return HF_SUCCESS;
}
