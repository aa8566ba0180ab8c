/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/protobuf.h"

#define NUMBER_MAX ((1u << 29) - 1)

/* Seven bits a byte, the lowest first. */
static uint64_t varint(struct hf_reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = hf_read_u8(r);

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1))
			break;
		return v;
	}
	r->failed = true;
	return 0;
}

hf_status pb_next(struct hf_reader *r, struct pb_field *ret)
{
	uint64_t tag = varint(r);
	struct pb_field f = { .number = (uint32_t)(tag >> 3) };

	HF_ENSURE(!r->failed && tag >> 3 >= 1 && tag >> 3 <= NUMBER_MAX, HF_INVALID);
	switch (tag & 7) {
	case PB_VARINT:
		f.wire = PB_VARINT;
		f.value = varint(r);
		break;
	case PB_FIXED64:
		f.wire = PB_FIXED64;
		for (unsigned i = 0; i < 8; i++)
			f.value |= (uint64_t)hf_read_u8(r) << 8 * i;
		break;
	case PB_BYTES:
		f.wire = PB_BYTES;
		f.bytes = hf_read_bytes(r, varint(r));
		break;
	case PB_FIXED32:
		f.wire = PB_FIXED32;
		for (unsigned i = 0; i < 4; i++)
			f.value |= (uint64_t)hf_read_u8(r) << 8 * i;
		break;
	default: /* groups, which nobody has used for long */
		return HF_FAILURE(HF_INVALID);
	}
	HF_ENSURE(!r->failed, HF_INVALID);
	*ret = f;
	return HF_SUCCESS;
}

hf_status pb_read(struct hf_span message, const struct pb_slot *slots, size_t n)
{
	struct hf_reader r = hf_reader(message);
	uint32_t seen = 0;
	struct pb_field f;

	while (r.left) {
		size_t i = 0;

		HF_TRY(pb_next(&r, &f));
		while (i < n && (slots[i].number != f.number || slots[i].wire != f.wire))
			i++;
		HF_ENSURE(i < n && !(seen >> i & 1), HF_UNSUPPORTED);
		seen |= 1u << i;
		if (slots[i].value)
			*slots[i].value = f.value;
		if (slots[i].bytes)
			*slots[i].bytes = f.bytes;
	}
	return HF_SUCCESS;
}
