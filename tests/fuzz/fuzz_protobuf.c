/* SPDX-License-Identifier: Apache-2.0
 * pb_next() and pb_read(): fields lie within the message, one behind the other, and a message whose
 * every field is known is read to its end. */
#include "fuzz.h"

#include "chain/protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hf_span message = HF_SPAN(data, size);
	struct hf_reader r = hf_reader(message);
	uint64_t value = 0;
	struct hf_span bytes = { 0 };
	const struct pb_slot slots[] = {
		{ 1, PB_BYTES, NULL, &bytes },
		{ 2, PB_VARINT, &value, NULL },
	};
	struct pb_field f;

	while (r.left && hf_ok(pb_next(&r, &f))) {
		FUZZ_CHECK(f.number > 0);
		FUZZ_CHECK(f.wire != PB_BYTES || f.bytes.len == 0 ||
		           (f.bytes.ptr >= data && f.bytes.ptr + f.bytes.len <= data + size));
	}
	if (hf_ok(pb_read(message, slots, HF_COUNT(slots))))
		FUZZ_CHECK(r.left == 0 && bytes.len <= size);
	return 0;
}
