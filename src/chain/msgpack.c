/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/msgpack.h"

#include <string.h>

enum kind { UINT, INT, NIL, BOOL, BYTES, TEXT, ARRAY, MAP };

struct head {
	enum kind kind;
	uint64_t value; /* the number, length or count */
};

/* A value of n bytes, which does not fit into fewer: `least` is the smallest that needs them. */
static hf_status wide(struct hf_reader *r, unsigned n, uint64_t least, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | hf_read_u8(r);
	HF_ENSURE(!r->failed && v >= least, HF_INVALID);
	*ret = v;
	return HF_SUCCESS;
}

static hf_status read_head(struct hf_reader *r, struct head *ret)
{
	static const struct {
		uint8_t tag, kind, bytes;
		uint64_t least;
	} forms[] = {
		{ 0xc0, NIL, 0, 0 },         { 0xc2, BOOL, 0, 0 },
		{ 0xc3, BOOL, 0, 0 },        { 0xc4, BYTES, 1, 0 },
		{ 0xc5, BYTES, 2, 1 << 8 },  { 0xc6, BYTES, 4, 1 << 16 },
		{ 0xcc, UINT, 1, 1 << 7 },   { 0xcd, UINT, 2, 1 << 8 },
		{ 0xce, UINT, 4, 1 << 16 },  { 0xcf, UINT, 8, 1ull << 32 },
		{ 0xd0, INT, 1, 0 },         { 0xd1, INT, 2, 0 },
		{ 0xd2, INT, 4, 0 },         { 0xd3, INT, 8, 0 },
		{ 0xd9, TEXT, 1, 32 },       { 0xda, TEXT, 2, 1 << 8 },
		{ 0xdb, TEXT, 4, 1 << 16 },  { 0xdc, ARRAY, 2, 16 },
		{ 0xdd, ARRAY, 4, 1 << 16 }, { 0xde, MAP, 2, 16 },
		{ 0xdf, MAP, 4, 1 << 16 },
	};
	uint8_t tag = hf_read_u8(r);

	HF_ENSURE(!r->failed, HF_INVALID);
	if (tag < 0x80)
		*ret = (struct head){ UINT, tag };
	else if (tag < 0x90)
		*ret = (struct head){ MAP, tag & 15 };
	else if (tag < 0xa0)
		*ret = (struct head){ ARRAY, tag & 15 };
	else if (tag < 0xc0)
		*ret = (struct head){ TEXT, tag & 31 };
	else if (tag >= 0xe0)
		*ret = (struct head){ INT, tag };
	if (tag < 0xc0 || tag >= 0xe0)
		return HF_SUCCESS;
	for (size_t i = 0; i < HF_COUNT(forms); i++)
		if (forms[i].tag == tag) {
			ret->kind = forms[i].kind;
			return wide(r, forms[i].bytes, forms[i].least, &ret->value);
		}
	return HF_FAILURE(HF_INVALID); /* floats, extensions, reserved */
}

hf_status msgpack_open(struct hf_reader *r, struct msgpack_map *ret)
{
	struct head head = { 0 };

	HF_TRY(read_head(r, &head));
	HF_ENSURE(head.kind == MAP && head.value <= r->left, HF_INVALID);
	*ret = (struct msgpack_map){ .left = (uint32_t)head.value };
	return HF_SUCCESS;
}

hf_status msgpack_next(struct hf_reader *r, struct msgpack_map *map, bool *ret)
{
	char key[MSGPACK_KEY_MAX];
	struct hf_span text;

	if (map->left == 0) {
		*ret = false;
		return HF_SUCCESS;
	}
	HF_TRY(msgpack_text(r, &text));
	HF_ENSURE(text.len > 0 && hf_ok(hf_span_to_text(text, key, sizeof(key))), HF_INVALID);
	HF_ENSURE(strcmp(key, map->key) > 0, HF_INVALID);
	memcpy(map->key, key, sizeof(key));
	map->left--;
	*ret = true;
	return HF_SUCCESS;
}

hf_status msgpack_uint(struct hf_reader *r, uint64_t *ret)
{
	struct head head = { 0 };

	HF_TRY(read_head(r, &head));
	HF_ENSURE(head.kind == UINT, HF_INVALID);
	*ret = head.value;
	return HF_SUCCESS;
}

static hf_status string(struct hf_reader *r, enum kind kind, struct hf_span *ret)
{
	struct head head = { 0 };

	HF_TRY(read_head(r, &head));
	HF_ENSURE(head.kind == kind && head.value <= r->left, HF_INVALID);
	*ret = hf_read_bytes(r, (size_t)head.value);
	return HF_SUCCESS;
}

hf_status msgpack_bytes(struct hf_reader *r, struct hf_span *ret)
{
	return string(r, BYTES, ret);
}

hf_status msgpack_text(struct hf_reader *r, struct hf_span *ret)
{
	return string(r, TEXT, ret);
}

hf_status msgpack_item(struct hf_reader *r, struct hf_span *ret)
{
	uint64_t left[MSGPACK_DEPTH_MAX] = { 1 };
	const uint8_t *from = r->ptr;
	size_t depth = 1;

	while (depth > 0) {
		struct head head = { 0 };

		if (left[depth - 1] == 0) {
			depth--;
			continue;
		}
		left[depth - 1]--;
		HF_TRY(read_head(r, &head));
		if (head.kind != BYTES && head.kind != TEXT && head.kind != ARRAY &&
		    head.kind != MAP)
			continue;
		/* Each byte or item takes a byte at least. */
		HF_ENSURE(head.value <= r->left, HF_INVALID);
		if (head.kind == BYTES || head.kind == TEXT) {
			hf_read_bytes(r, (size_t)head.value);
			continue;
		}
		HF_ENSURE(depth < MSGPACK_DEPTH_MAX, HF_TOOBIG);
		left[depth++] = head.kind == MAP ? 2 * head.value : head.value;
	}
	*ret = HF_SPAN(from, (size_t)(r->ptr - from));
	return HF_SUCCESS;
}
