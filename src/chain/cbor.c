/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/cbor.h"

#define CBOR_INDEFINITE 31
#define CBOR_BREAK 0xff

hf_status cbor_head(struct hf_reader *r, struct cbor_head *ret)
{
	uint8_t first = hf_read_u8(r), info = first & 31;
	struct cbor_head head = { .major = first >> 5, .value = info };

	if (info == 24)
		head.value = hf_read_u8(r);
	else if (info == 25)
		head.value = hf_read_u16(r);
	else if (info == 26)
		head.value = hf_read_u32(r);
	else if (info == 27)
		head.value = hf_read_u64(r);
	else if (info == CBOR_INDEFINITE)
		head = (struct cbor_head){ .major = first >> 5, .indefinite = true };
	HF_ENSURE(!r->failed, HF_INVALID);
	HF_ENSURE(info < 28 || head.indefinite, HF_INVALID);
	HF_ENSURE(!head.indefinite || (head.major >= CBOR_BYTES && head.major != CBOR_TAG),
	          HF_INVALID);
	*ret = head;
	return HF_SUCCESS;
}

/* One level of what cbor_item() is inside of. */
struct level {
	enum cbor_major major;
	bool indefinite;
	uint64_t left; /* items, so twice the pairs of a map */
	bool half;     /* indefinite map: a key was read, its value not */
};

/* Takes the head of one item inside `at`, and says in *ret_inside whether it has items of its own,
 * described by *ret. */
static hf_status take(struct hf_reader *r, const struct cbor_head *head, struct level *ret,
                      bool *ret_inside)
{
	struct level in = { .major = head->major, .indefinite = head->indefinite };

	*ret_inside = true;
	switch (head->major) {
	case CBOR_UINT:
	case CBOR_NEGATIVE:
	case CBOR_OTHER:
		*ret_inside = false;
		break;
	case CBOR_BYTES:
	case CBOR_TEXT:
		*ret_inside = head->indefinite;
		if (!head->indefinite) {
			HF_ENSURE(head->value <= r->left, HF_INVALID);
			hf_read_bytes(r, (size_t)head->value);
		}
		break;
	case CBOR_ARRAY:
	case CBOR_MAP:
		/* Each item takes a byte at least. */
		HF_ENSURE(head->value <= r->left, HF_INVALID);
		in.left = head->major == CBOR_MAP ? 2 * head->value : head->value;
		*ret_inside = in.indefinite || in.left > 0;
		break;
	case CBOR_TAG:
		in.left = 1;
		break;
	}
	*ret = in;
	return HF_SUCCESS;
}

static bool is_break(const struct cbor_head *head)
{
	return head->major == CBOR_OTHER && head->indefinite;
}

/* One item of `at` begins with `head`. */
static hf_status count_item(struct level *at, const struct cbor_head *head)
{
	bool string = at->major == CBOR_BYTES || at->major == CBOR_TEXT;

	/* Chunks of a string are definite strings of its own type. */
	HF_ENSURE(!string || (head->major == at->major && !head->indefinite), HF_INVALID);
	if (at->indefinite)
		at->half = at->major == CBOR_MAP && !at->half;
	else
		at->left--;
	return HF_SUCCESS;
}

hf_status cbor_item(struct hf_reader *r, struct hf_span *ret)
{
	struct level levels[CBOR_DEPTH_MAX] = { { .major = CBOR_TAG, .left = 1 } };
	const uint8_t *from = r->ptr;
	size_t depth = 1;

	while (depth > 0) {
		struct level *at = &levels[depth - 1], in;
		struct cbor_head head;
		bool inside;

		if (!at->indefinite && at->left == 0) {
			depth--;
			continue;
		}
		HF_TRY(cbor_head(r, &head));
		if (is_break(&head)) {
			HF_ENSURE(at->indefinite && !at->half, HF_INVALID);
			depth--;
			continue;
		}
		HF_TRY(count_item(at, &head));
		HF_TRY(take(r, &head, &in, &inside));
		if (!inside)
			continue;
		HF_ENSURE(depth < CBOR_DEPTH_MAX, HF_TOOBIG);
		levels[depth++] = in;
	}
	*ret = HF_SPAN(from, (size_t)(r->ptr - from));
	return HF_SUCCESS;
}

hf_status cbor_uint(struct hf_reader *r, uint64_t *ret)
{
	struct cbor_head head;

	HF_TRY(cbor_head(r, &head));
	HF_ENSURE(head.major == CBOR_UINT, HF_INVALID);
	*ret = head.value;
	return HF_SUCCESS;
}

hf_status cbor_bytes(struct hf_reader *r, struct hf_span *ret)
{
	struct cbor_head head;

	HF_TRY(cbor_head(r, &head));
	HF_ENSURE(head.major == CBOR_BYTES && !head.indefinite, HF_INVALID);
	HF_ENSURE(head.value <= r->left, HF_INVALID);
	*ret = hf_read_bytes(r, (size_t)head.value);
	return HF_SUCCESS;
}

hf_status cbor_open(struct hf_reader *r, enum cbor_major major, struct cbor_list *ret)
{
	struct cbor_head head;

	HF_TRY(cbor_head(r, &head));
	HF_ENSURE(head.major == major && (major == CBOR_ARRAY || major == CBOR_MAP), HF_INVALID);
	HF_ENSURE(head.indefinite || head.value <= r->left, HF_INVALID);
	*ret = (struct cbor_list){ head.indefinite, head.indefinite ? 0 : head.value };
	return HF_SUCCESS;
}

hf_status cbor_next(struct hf_reader *r, struct cbor_list *list, bool *ret)
{
	if (!list->indefinite) {
		*ret = list->left > 0;
		list->left -= *ret;
		return HF_SUCCESS;
	}
	HF_ENSURE(!r->failed && r->left > 0, HF_INVALID);
	*ret = r->ptr[0] != CBOR_BREAK;
	if (!*ret)
		hf_read_u8(r);
	return HF_SUCCESS;
}

void cbor_put_head(struct hf_buf *to, enum cbor_major major, uint64_t value)
{
	uint8_t high = (uint8_t)(major << 5);

	if (value < 24) {
		hf_buf_u8(to, high | (uint8_t)value);
	} else if (value <= UINT8_MAX) {
		hf_buf_u8(to, high | 24);
		hf_buf_u8(to, (uint8_t)value);
	} else if (value <= UINT16_MAX) {
		hf_buf_u8(to, high | 25);
		hf_buf_u16(to, (uint16_t)value);
	} else if (value <= UINT32_MAX) {
		hf_buf_u8(to, high | 26);
		hf_buf_u32(to, (uint32_t)value);
	} else {
		hf_buf_u8(to, high | 27);
		hf_buf_u64(to, value);
	}
}

void cbor_put_bytes(struct hf_buf *to, struct hf_span bytes)
{
	cbor_put_head(to, CBOR_BYTES, bytes.len);
	hf_buf_put(to, bytes.ptr, bytes.len);
}
