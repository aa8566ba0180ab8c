/* SPDX-License-Identifier: Apache-2.0
 * Public keys as tokens give them. The first byte is the key type. What is taken has a canonical
 * form, which is taken again and stays as it is. */
#include "fuzz.h"

#include "crypto/pubkey.h"

static hf_status canonical(const struct key_type_info *type, struct hf_span in,
                           struct public_key *ret)
{
	if (type->family == FAMILY_ED)
		return public_key_from_ed_point(in, ret);
	return public_key_from_ec_point(type->type, in, ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct key_type_info *type = size ? key_type_info(data[0]) : NULL;
	struct public_key first, again;
	struct hf_span in;

	if (!type)
		return 0;
	in = HF_SPAN(data + 1, size - 1);
	if (type->family == FAMILY_RSA) {
		hf_ignore(public_key_check(type->type, in));
		return 0;
	}
	if (!hf_ok(canonical(type, in, &first)))
		return 0;
	in = HF_SPAN(first.bytes, first.len);
	FUZZ_CHECK(hf_ok(public_key_check(type->type, in)));
	FUZZ_CHECK(hf_ok(canonical(type, in, &again)));
	FUZZ_CHECK(hf_span_equal(in, HF_SPAN(again.bytes, again.len)));
	return 0;
}
