/* SPDX-License-Identifier: Apache-2.0 */
#include "op/crypto_op.h"

#include "op/crypto_fields.h"

#define VERSION 1

/* What there is of a result that is done: each only when it says something. */
enum part {
	PART_VERIFIED = 1u << 0,
	PART_DATA = 1u << 1,
	PART_IV = 1u << 2,
	PART_TAG = 1u << 3,
	PART_MADE = 1u << 4,
	PART_RECORD = 1u << 5,
	PART_LIST = 1u << 6, /* with cursor and total */
	PART_ALL = (1u << 7) - 1,
};

static uint8_t parts_of(const struct crypto_result *r)
{
	return (uint8_t)((r->verified ? PART_VERIFIED : 0) | (r->data.len ? PART_DATA : 0) |
	                 (r->iv.len ? PART_IV : 0) | (r->tag.len ? PART_TAG : 0) |
	                 (r->made.type ? PART_MADE : 0) | (r->record.len ? PART_RECORD : 0) |
	                 (r->list.len || r->cursor || r->total ? PART_LIST : 0));
}

static void encode_done(struct hf_buf *to, const struct crypto_result *r)
{
	uint8_t parts = parts_of(r);

	hf_buf_u8(to, parts);
	if (parts & PART_DATA)
		hf_buf_field(to, r->data);
	if (parts & PART_IV)
		hf_buf_field(to, r->iv);
	if (parts & PART_TAG)
		hf_buf_field(to, r->tag);
	if (parts & PART_MADE)
		field_put_shape(to, &r->made);
	if (parts & PART_RECORD)
		hf_buf_field(to, r->record);
	if (parts & PART_LIST) {
		hf_buf_u64(to, r->cursor);
		hf_buf_u32(to, r->total);
		hf_buf_field(to, r->list);
	}
}

void crypto_result_encode(struct hf_buf *to, const struct crypto_result *r)
{
	hf_buf_u8(to, VERSION);
	hf_buf_u8(to, (uint8_t)r->outcome);
	if (r->outcome == OP_DONE) {
		encode_done(to, r);
		return;
	}
	hf_buf_u8(to, (uint8_t)r->code);
	hf_buf_u8(to, r->unhealthy);
	hf_buf_field(to, hf_span_text(r->text));
}

static hf_status decode_done(struct hf_reader *r, struct crypto_result *result)
{
	uint8_t parts = hf_read_u8(r);

	HF_ENSURE(!(parts & ~PART_ALL), HF_INVALID);
	result->verified = parts & PART_VERIFIED;
	if (parts & PART_DATA)
		result->data = hf_read_field(r, CRYPTO_RESULT_DATA_MAX);
	if (parts & PART_IV)
		result->iv = hf_read_field(r, CRYPTO_IV_MAX);
	if (parts & PART_TAG)
		result->tag = hf_read_field(r, CRYPTO_TAG_MAX);
	if (parts & PART_MADE)
		field_read_shape(r, false, &result->made);
	if (parts & PART_RECORD)
		result->record = hf_read_field(r, RECORD_ENCODED_MAX);
	if (parts & PART_LIST) {
		result->cursor = hf_read_u64(r);
		result->total = hf_read_u32(r);
		result->list = hf_read_field(r, CRYPTO_DATA_MAX);
	}
	HF_TRY(hf_reader_end(r));
	HF_ENSURE(parts_of(result) == parts, HF_INVALID); /* no part that says nothing */
	return HF_SUCCESS;
}

static hf_status decode_undone(struct hf_reader *r, struct crypto_result *result)
{
	uint8_t code = hf_read_u8(r);

	result->unhealthy = field_read_bool(r);
	hf_read_text(r, result->text, sizeof(result->text));
	HF_TRY(hf_reader_end(r));
	HF_ENSURE(code != HF_OK && code < HF_CODE_COUNT_, HF_INVALID);
	result->code = (enum hf_code)code;
	return HF_SUCCESS;
}

hf_status crypto_result_decode(struct hf_span from, struct crypto_result *ret)
{
	struct hf_reader r = hf_reader(from);
	uint8_t version = hf_read_u8(&r), outcome = hf_read_u8(&r);
	struct crypto_result result = { 0 };

	HF_ENSURE(!r.failed && version == VERSION, HF_INVALID);
	HF_ENSURE(outcome >= OP_DONE && outcome <= OP_RETRY, HF_INVALID);
	result.outcome = (enum op_outcome)outcome;
	if (result.outcome == OP_DONE)
		HF_TRY(decode_done(&r, &result));
	else
		HF_TRY(decode_undone(&r, &result));
	*ret = result;
	return HF_SUCCESS;
}

void crypto_list_add(struct hf_buf *to, const struct key_shape *key)
{
	field_put_shape(to, key);
}

hf_status crypto_list_next(struct hf_reader *r, struct key_shape *ret)
{
	struct key_shape key;

	HF_ENSURE(r->left > 0 || r->failed, HF_NOTFOUND);
	field_read_shape(r, false, &key);
	HF_ENSURE(!r->failed, HF_INVALID);
	*ret = key;
	return HF_SUCCESS;
}
