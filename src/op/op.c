/* SPDX-License-Identifier: Apache-2.0 */
#include "op/op.h"

#include "op/fields.h"

#include <string.h>

#define VERSION 1
#define VERSION_CRYPTO 2 /* of a result */
#define NO_RECID 0xff

void op_encode(struct hf_buf *to, const struct op *op)
{
	hf_buf_u8(to, VERSION);
	hf_buf_u8(to, (uint8_t)op->kind);
	hf_buf_u8(to, (uint8_t)op->key_type);
	hf_buf_field(to, hf_span_text(op->key_id));
	if (op->kind == OP_CRYPTO)
		hf_buf_field(to, op->input);
	if (op->kind != OP_SIGN)
		return;
	hf_buf_u8(to, (uint8_t)op->scheme);
	hf_buf_u8(to, (uint8_t)op->hash);
	hf_buf_field(to, op->public_key);
	hf_buf_field(to, op->input);
}

static hf_status decode_sign(struct hf_reader *r, const struct key_type_info *type, struct op *op,
                             struct hf_err *err)
{
	uint8_t scheme = hf_read_u8(r);
	uint8_t hash = hf_read_u8(r);

	op->public_key = hf_read_field(r, PUBLIC_KEY_MAX);
	op->input = hf_read_field(r, SIGN_INPUT_MAX);
	if (!hf_ok(hf_reader_end(r)))
		return hf_fail(err, HF_INVALID, "a signing operation is cut short or too long");
	HF_TRY(sign_scheme_check(type->type, scheme, hash, op->input.len, err));
	if (!field_is_public_key(type, op->public_key.len))
		return hf_fail(err, HF_INVALID, "%zu bytes are no public key of type %s",
		               op->public_key.len, type->name);
	op->scheme = (enum sign_scheme)scheme;
	op->hash = (enum hash_alg)hash;
	return HF_SUCCESS;
}

static hf_status decode_crypto(struct hf_reader *r, struct op *op, struct hf_err *err)
{
	op->input = hf_read_field(r, OP_CRYPTO_INPUT_MAX);
	if (!hf_ok(hf_reader_end(r)) || !op->input.len)
		return hf_fail(err, HF_INVALID, "an operation is cut short or too long");
	return HF_SUCCESS;
}

hf_status op_decode(struct hf_span from, struct op *ret, struct hf_err *err)
{
	struct hf_reader r = hf_reader(from);
	uint8_t version = hf_read_u8(&r);
	uint8_t kind = hf_read_u8(&r);
	uint8_t key_type = hf_read_u8(&r);
	const struct key_type_info *type = key_type_info(key_type);
	struct op op = { 0 };

	hf_read_text(&r, op.key_id, sizeof(op.key_id));
	if (r.failed)
		return hf_fail(err, HF_INVALID, "an operation is cut short");
	if (version != VERSION)
		return hf_fail(err, HF_INVALID,
		               "operation of format %u; this program knows format %d: bring server "
		               "and driver to the same release",
		               version, VERSION);
	if (kind != OP_GENERATE && kind != OP_SIGN && kind != OP_CRYPTO)
		return hf_fail(err, HF_INVALID, "no such kind of operation: %u", kind);
	if (!type && (kind != OP_CRYPTO || key_type))
		return hf_fail(err, HF_INVALID, "no such key type: %u", key_type);
	if (type && kind == OP_CRYPTO)
		return hf_fail(err, HF_INVALID, "a key of any kind has no type of a wallet's");
	if (!field_is_id(op.key_id))
		return hf_fail(err, HF_INVALID, "malformed key id");
	op.kind = (enum op_kind)kind;
	op.key_type = (enum key_type)key_type;
	if (op.kind == OP_CRYPTO)
		HF_TRY(decode_crypto(&r, &op, err));
	else if (op.kind == OP_SIGN)
		HF_TRY(decode_sign(&r, type, &op, err));
	else if (!hf_ok(hf_reader_end(&r)))
		return hf_fail(err, HF_INVALID, "bytes left over after an operation");
	*ret = op;
	return HF_SUCCESS;
}

bool op_is_crypto(struct hf_span from)
{
	return from.len > 2 && from.ptr[0] == VERSION && from.ptr[1] == OP_CRYPTO;
}

void op_result_encode(struct hf_buf *to, const struct op_result *r)
{
	hf_buf_u8(to, r->outcome == OP_DONE && r->crypto.len ? VERSION_CRYPTO : VERSION);
	hf_buf_u8(to, (uint8_t)r->outcome);
	if (r->outcome == OP_DONE && r->crypto.len) {
		hf_buf_field(to, r->crypto);
		return;
	}
	if (r->outcome != OP_DONE) {
		hf_buf_u8(to, (uint8_t)r->code);
		hf_buf_field(to, hf_span_text(r->text));
		return;
	}
	hf_buf_field(to, r->public_key);
	hf_buf_u8(to, r->resident);
	hf_buf_field(to, HF_SPAN(r->signature.bytes, r->signature.len));
	hf_buf_u8(to, r->signature.recid < 0 ? NO_RECID : (uint8_t)r->signature.recid);
}

/* Either a public key or a signature, and nothing that belongs to the other. */
static hf_status decode_done(struct hf_reader *r, struct op_result *result)
{
	struct hf_span sig;
	uint8_t resident, recid;

	result->public_key = hf_read_field(r, PUBLIC_KEY_MAX);
	resident = hf_read_u8(r);
	sig = hf_read_field(r, SIGNATURE_MAX);
	recid = hf_read_u8(r);
	HF_TRY(hf_reader_end(r));
	HF_ENSURE((result->public_key.len == 0) != (sig.len == 0), HF_INVALID);
	HF_ENSURE(resident <= (sig.len == 0), HF_INVALID);
	HF_ENSURE(recid == NO_RECID || (recid <= 1 && sig.len), HF_INVALID);
	result->resident = resident;
	if (sig.len)
		memcpy(result->signature.bytes, sig.ptr, sig.len);
	result->signature.len = sig.len;
	result->signature.recid = recid == NO_RECID ? -1 : recid;
	return HF_SUCCESS;
}

static hf_status decode_crypto_done(struct hf_reader *r, struct op_result *result)
{
	result->crypto = hf_read_field(r, OP_CRYPTO_RESULT_MAX);
	HF_TRY(hf_reader_end(r));
	HF_ENSURE(result->outcome == OP_DONE && result->crypto.len, HF_INVALID);
	result->signature.recid = -1;
	return HF_SUCCESS;
}

static hf_status decode_undone(struct hf_reader *r, struct op_result *result)
{
	uint8_t code = hf_read_u8(r);

	hf_read_text(r, result->text, sizeof(result->text));
	HF_TRY(hf_reader_end(r));
	HF_ENSURE(code != HF_OK && code < HF_CODE_COUNT_, HF_INVALID);
	result->code = (enum hf_code)code;
	result->signature.recid = -1;
	return HF_SUCCESS;
}

hf_status op_result_decode(struct hf_span from, struct op_result *ret)
{
	struct hf_reader r = hf_reader(from);
	uint8_t version = hf_read_u8(&r);
	uint8_t outcome = hf_read_u8(&r);
	struct op_result result = { 0 };

	HF_ENSURE(!r.failed && (version == VERSION || version == VERSION_CRYPTO), HF_INVALID);
	HF_ENSURE(outcome >= OP_DONE && outcome <= OP_RETRY, HF_INVALID);
	result.outcome = (enum op_outcome)outcome;
	if (version == VERSION_CRYPTO)
		HF_TRY(decode_crypto_done(&r, &result));
	else if (result.outcome == OP_DONE)
		HF_TRY(decode_done(&r, &result));
	else
		HF_TRY(decode_undone(&r, &result));
	*ret = result;
	return HF_SUCCESS;
}
