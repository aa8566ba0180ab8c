/* SPDX-License-Identifier: Apache-2.0
 * Typed data (EIP-712): keccak256(1901 || hashStruct(domain) || hashStruct(message)). */
#include "chain/eip712_types.h"
#include "chain/evm.h"

#include "base/text.h"
#include "crypto/digest.h"

#include <string.h>

#define WORD 32

struct writer {
	const struct eip712_types *types;
	struct hf_err *err;
};

static hf_status put_hash(struct hf_span of, struct hf_buf *to)
{
	uint8_t hash[WORD];

	HF_TRY(keccak256(of, hash));
	hf_buf_put(to, hash, WORD);
	return hf_buf_status(to);
}

static hf_status read_magnitude(const char *text, struct chain_amount *ret)
{
	HF_BUF_SCOPED struct hf_buf be = HF_BUF(WORD);
	HF_BUF_SCOPED struct hf_buf even = HF_BUF(2 * WORD);

	if (strncmp(text, "0x", 2) != 0)
		return chain_amount_parse(text, 0, ret);
	text += 2;
	HF_ENSURE(*text && strlen(text) <= 2 * WORD, HF_INVALID);
	hf_buf_text(&even, strlen(text) % 2 ? "0" : "");
	hf_buf_text(&even, text);
	HF_TRY(hf_buf_status(&even));
	HF_TRY(hf_unhex(hf_buf_span(&even), &be));
	return chain_amount_be(hf_buf_span(&be), ret);
}

/* The sign apart, since -2^255 has no positive counterpart. */
static hf_status read_number(const struct json_t *value, bool *ret_negative,
                             struct chain_amount *ret)
{
	const char *text = json_value_text(value);
	int64_t v = json_value_int(value);

	if (text) {
		*ret_negative = text[0] == '-';
		return read_magnitude(text + *ret_negative, ret);
	}
	HF_ENSURE(json_value_is(value, JSON_READ_INT), HF_INVALID);
	*ret_negative = v < 0;
	*ret = chain_amount_u64(v < 0 ? -(uint64_t)v : (uint64_t)v);
	return HF_SUCCESS;
}

/* Are all bits from `bits` on zero? */
static bool fits(const struct chain_amount *a, unsigned bits)
{
	for (unsigned i = bits; i < 256; i++)
		if (a->be[WORD - 1 - i / 8] >> i % 8 & 1)
			return false;
	return true;
}

static hf_status put_number(const struct json_t *value, struct eip712_atomic type,
                            struct hf_buf *to)
{
	static const struct chain_amount zero;
	struct chain_amount a;
	bool negative;

	HF_TRY(read_number(value, &negative, &a));
	negative = negative && chain_amount_compare(&a, &zero) != 0;
	if (negative) { /* in two's complement, -a is the inverse of a - 1 */
		for (size_t i = WORD; i-- > 0 && a.be[i]-- == 0;)
			;
	}
	HF_ENSURE(type.atom == EIP712_INT || !negative, HF_INVALID);
	HF_ENSURE(fits(&a, type.atom == EIP712_INT ? type.size - 1 : type.size), HF_INVALID);
	for (size_t i = 0; i < WORD; i++)
		hf_buf_u8(to, negative ? (uint8_t)~a.be[i] : a.be[i]);
	return hf_buf_status(to);
}

static hf_status put_bytes(const char *text, struct eip712_atomic type, struct hf_buf *to)
{
	static const uint8_t zeros[WORD];
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(SIGN_INPUT_MAX);

	HF_ENSURE(text && strncmp(text, "0x", 2) == 0, HF_INVALID);
	HF_TRY(hf_unhex(hf_span_text(text + 2), &bytes));
	if (type.atom == EIP712_BYTES)
		return put_hash(hf_buf_span(&bytes), to);
	HF_ENSURE(bytes.len == type.size, HF_INVALID);
	hf_buf_put(to, bytes.ptr, bytes.len);
	hf_buf_put(to, zeros, WORD - bytes.len);
	return hf_buf_status(to);
}

static hf_status put_address(const char *text, struct hf_buf *to)
{
	uint8_t word[WORD] = { 0 };

	HF_ENSURE(text, HF_INVALID);
	HF_TRY(evm_address_parse(text, word + WORD - EVM_ADDRESS_LEN));
	hf_buf_put(to, word, WORD);
	return hf_buf_status(to);
}

static hf_status put_bool(const struct json_t *value, struct hf_buf *to)
{
	uint8_t word[WORD] = { 0 };

	HF_ENSURE(json_value_is(value, JSON_READ_BOOL), HF_INVALID);
	word[WORD - 1] = json_value_true(value);
	hf_buf_put(to, word, WORD);
	return hf_buf_status(to);
}

static hf_status put_atomic(const struct json_t *value, struct eip712_atomic type,
                            struct hf_buf *to)
{
	const char *text = json_value_text(value);

	switch (type.atom) {
	case EIP712_ADDRESS:
		return put_address(text, to);
	case EIP712_BOOL:
		return put_bool(value, to);
	case EIP712_STRING:
		HF_ENSURE(text, HF_INVALID);
		return put_hash(hf_span_text(text), to);
	case EIP712_BYTES:
	case EIP712_BYTES_N:
		return put_bytes(text, type, to);
	case EIP712_UINT:
	case EIP712_INT:
		return put_number(value, type, to);
	}
	return HF_FAILURE(HF_INTERNAL);
}

static const char *form_of(enum eip712_atom atom)
{
	switch (atom) {
	case EIP712_ADDRESS:
		return "0x and 40 hex digits, with the right checksum (EIP-55) if there are small "
		       "and capital letters";
	case EIP712_BOOL:
		return "true or false";
	case EIP712_STRING:
		return "text";
	case EIP712_BYTES:
		return "0x and an even number of hex digits";
	case EIP712_BYTES_N:
		return "0x and exactly the type's bytes as hex digits";
	case EIP712_UINT:
	case EIP712_INT:
		return "a whole number within the type's bounds, or one as decimal or 0x text";
	}
	return "";
}

static hf_status put_value(const struct writer *w, struct hf_span type, const struct json_t *value,
                           struct hf_buf *to);

static hf_status put_array(const struct writer *w, struct hf_span type, const struct json_t *value,
                           struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf elements = HF_BUF(SIGN_INPUT_MAX * WORD);
	size_t open = type.len - 1, n = json_count(value), want = 0;

	while (type.ptr[open] != '[')
		open--;
	for (size_t i = open + 1; i < type.len - 1; i++)
		want = want * 10 + (type.ptr[i] - '0');
	if (!json_value_is(value, JSON_READ_ARRAY) || (open < type.len - 2 && n != want))
		return hf_fail(w->err, HF_INVALID, "expected an array for %.*s", (int)type.len,
		               (const char *)type.ptr);
	for (size_t i = 0; i < n; i++)
		HF_TRY(put_value(w, HF_SPAN(type.ptr, open), json_element(value, i), &elements));
	return put_hash(hf_buf_span(&elements), to);
}

/* Every field of the type, and no other: what is not signed is not shown as if it were. */
static hf_status put_struct(const struct writer *w, const struct eip712_type *type,
                            const struct json_t *value, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(WORD * (EIP712_FIELDS_MAX + 1));
	size_t members = 0;
	void *at = NULL;

	while (json_member_next(value, &at, NULL))
		members++;
	hf_buf_put(&data, type->hash, WORD);
	for (size_t i = 0; i < type->n; i++) {
		const struct eip712_field *f = &w->types->fields[type->first + i];
		const struct json_t *v = json_member(value, f->name);

		if (!v)
			return hf_fail(w->err, HF_INVALID, "%s has to have a \"%s\"", type->name,
			               f->name);
		HF_TRY(hf_context(w->err, put_value(w, hf_span_text(f->type), v, &data), "%s.%s",
		                  type->name, f->name));
	}
	if (members != type->n || !json_value_is(value, JSON_READ_OBJECT))
		return hf_fail(w->err, HF_INVALID,
		               "%s: expected an object with the type's fields only: what is not "
		               "in the type would not be signed",
		               type->name);
	HF_TRY(hf_buf_status(&data));
	return put_hash(hf_buf_span(&data), to);
}

static hf_status put_value(const struct writer *w, struct hf_span type, const struct json_t *value,
                           struct hf_buf *to)
{
	const struct eip712_type *found = eip712_type_find(w->types, type);
	struct eip712_atomic atomic;
	hf_status s;

	if (type.ptr[type.len - 1] == ']')
		return put_array(w, type, value, to);
	if (found)
		return put_struct(w, found, value, to);
	HF_TRY(eip712_atomic_parse(type, &atomic));
	s = put_atomic(value, atomic, to);
	if (s.code == HF_INVALID || s.code == HF_TOOBIG)
		return hf_fail(w->err, HF_INVALID, "expected %s for %.*s", form_of(atomic.atom),
		               (int)type.len, (const char *)type.ptr);
	return s;
}

/* The fields that are there, in the order of the standard. */
static hf_status put_domain(const struct writer *w, const struct json_t *domain, struct hf_buf *to)
{
	static const struct {
		const char *name, *type;
	} fields[] = {
		{ "name", "string" },     { "version", "string" },
		{ "chainId", "uint256" }, { "verifyingContract", "address" },
		{ "salt", "bytes32" },
	};
	HF_BUF_SCOPED struct hf_buf type = HF_BUF(256);
	HF_BUF_SCOPED struct hf_buf values = HF_BUF(256);
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(256);

	hf_buf_text(&type, "EIP712Domain(");
	for (size_t i = 0; i < HF_COUNT(fields); i++) {
		const struct json_t *v = json_member(domain, fields[i].name);

		if (!v)
			continue;
		hf_buf_printf(&type, "%s%s %s", values.len ? "," : "", fields[i].type,
		              fields[i].name);
		HF_TRY(hf_context(w->err, put_value(w, hf_span_text(fields[i].type), v, &values),
		                  "field \"domain\": %s", fields[i].name));
	}
	hf_buf_text(&type, ")");
	HF_TRY(hf_buf_status(&type));
	HF_TRY(put_hash(hf_buf_span(&type), &data));
	hf_buf_put(&data, values.ptr, values.len);
	HF_TRY(hf_buf_status(&data));
	return put_hash(hf_buf_span(&data), to);
}

static hf_status check_domain(const struct chain_request *r, const struct json_t *domain,
                              struct hf_err *err)
{
	struct {
		struct json_t *name, *version, *chain_id, *contract, *salt;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "name", JSON_READ_ANY, offsetof(__typeof__(in), name) },
		{ "version", JSON_READ_ANY, offsetof(__typeof__(in), version) },
		{ "chainId", JSON_READ_ANY, offsetof(__typeof__(in), chain_id) },
		{ "verifyingContract", JSON_READ_ANY, offsetof(__typeof__(in), contract) },
		{ "salt", JSON_READ_ANY, offsetof(__typeof__(in), salt) },
	};
	struct chain_amount id;
	uint64_t chain_id = 0;
	bool negative;

	HF_TRY(json_read(domain, fields, HF_COUNT(fields), &in, err));
	if (!in.chain_id)
		return HF_SUCCESS;
	if (!hf_ok(read_number(in.chain_id, &negative, &id)) || negative || fits(&id, 0))
		return hf_fail(err, HF_INVALID,
		               "chainId: expected a number above 0, as a number or as text");
	for (size_t i = 24; i < WORD; i++)
		chain_id = chain_id << 8 | id.be[i];
	return evm_check_chain(r, fits(&id, 64) ? chain_id : 0, err);
}

hf_status evm_prepare_typed_data(const struct chain_request *r, struct chain_plan *plan,
                                 struct hf_err *err)
{
	static const char *const names[] = { "types", "domain", "message" };
	HF_BUF_SCOPED struct hf_buf all = HF_BUF(2 + 2 * WORD);
	HF_FREE struct eip712_types *types = calloc(1, sizeof(*types));
	const struct writer w = { types, err };
	const struct json_t *domain = json_member(r->body, "domain");
	uint8_t digest[WORD];

	HF_ENSURE(types, HF_NOMEM);
	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	for (size_t i = 0; i < HF_COUNT(names); i++)
		if (!json_value_is(json_member(r->body, names[i]), JSON_READ_OBJECT))
			return hf_fail(err, HF_INVALID, "field \"%s\": expected an object",
			               names[i]);
	HF_TRY(eip712_types_read(json_member(r->body, "types"), types, err));
	HF_TRY(hf_context(err, check_domain(r, domain, err), "field \"domain\""));
	hf_buf_u16(&all, 0x1901);
	HF_TRY(put_domain(&w, domain, &all));
	HF_TRY(hf_context(err,
	                  put_struct(&w, &types->types[types->primary],
	                             json_member(r->body, "message"), &all),
	                  "field \"message\""));
	HF_TRY(keccak256(hf_buf_span(&all), digest));
	return plan_add_input(plan, HF_SPAN(digest, sizeof(digest)));
}
