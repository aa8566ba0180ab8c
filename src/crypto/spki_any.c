/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/spki_any.h"

#define BYTES(literal) HF_SPAN(literal, sizeof(literal) - 1)

enum { TAG_BITS = 0x03, TAG_NULL = 0x05, TAG_OID = 0x06, TAG_SEQUENCE = 0x30 };

/* RFC 3279, 2.3.1 and RFC 5480, 2.1.1 */
#define RSA_ENCRYPTION BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")
#define EC_PUBLIC_KEY BYTES("\x2a\x86\x48\xce\x3d\x02\x01")

/* The contents of one element; its length in the shortest form only. */
static hf_status take(struct hf_reader *r, uint8_t tag, struct hf_span *ret)
{
	size_t len;

	HF_ENSURE(hf_read_u8(r) == tag, HF_INVALID);
	len = hf_read_u8(r);
	if (len == 0x81) {
		len = hf_read_u8(r);
		HF_ENSURE(len > 0x7f, HF_INVALID);
	} else if (len == 0x82) {
		len = hf_read_u16(r);
		HF_ENSURE(len > 0xff, HF_INVALID);
	} else {
		HF_ENSURE(len < 0x80, HF_INVALID);
	}
	*ret = hf_read_bytes(r, len);
	HF_ENSURE(!r->failed, HF_INVALID);
	return HF_SUCCESS;
}

/* The Edwards and Montgomery curves are the algorithm itself, without parameters (RFC 8410, 3). */
static hf_status read_rfc8410(struct hf_span element, struct hf_reader *params,
                              struct spki_parts *ret)
{
	const struct curve_info *info;

	HF_TRY(hf_reader_end(params));
	if (!hf_ok(curve_of_params(element, &ret->curve)))
		return HF_FAILURE(HF_UNSUPPORTED);
	info = curve_info((int)ret->curve);
	HF_ENSURE(info->edwards || info->montgomery, HF_UNSUPPORTED);
	ret->type = OBJECT_EC;
	return HF_SUCCESS;
}

static hf_status read_ec(struct hf_reader *params, struct spki_parts *ret)
{
	struct hf_span element = HF_SPAN(params->ptr, params->left), oid;
	const struct curve_info *info;

	HF_TRY(take(params, TAG_OID, &oid)); /* nothing but a name: no parameters of their own */
	HF_TRY(hf_reader_end(params));
	if (!hf_ok(curve_of_params(element, &ret->curve)))
		return HF_FAILURE(HF_UNSUPPORTED);
	info = curve_info((int)ret->curve);
	HF_ENSURE(!info->edwards && !info->montgomery, HF_UNSUPPORTED);
	ret->type = OBJECT_EC;
	return HF_SUCCESS;
}

static hf_status read_algorithm(struct hf_span algorithm, struct spki_parts *ret)
{
	struct hf_reader r = hf_reader(algorithm);
	struct hf_span oid, null;

	HF_TRY(take(&r, TAG_OID, &oid));
	if (hf_span_equal(oid, EC_PUBLIC_KEY))
		return read_ec(&r, ret);
	if (!hf_span_equal(oid, RSA_ENCRYPTION))
		return read_rfc8410(HF_SPAN(algorithm.ptr, algorithm.len - r.left), &r, ret);
	HF_TRY(take(&r, TAG_NULL, &null));
	HF_ENSURE(!null.len, HF_INVALID);
	ret->type = OBJECT_RSA;
	return hf_reader_end(&r);
}

hf_status spki_read(struct hf_span spki, struct spki_parts *ret)
{
	struct hf_reader whole = hf_reader(spki), r;
	struct hf_span inside, algorithm, bits;
	struct spki_parts parts = { 0 };

	HF_ENSURE(spki.len <= SPKI_ANY_MAX, HF_INVALID);
	HF_TRY(take(&whole, TAG_SEQUENCE, &inside));
	HF_TRY(hf_reader_end(&whole));
	r = hf_reader(inside);
	HF_TRY(take(&r, TAG_SEQUENCE, &algorithm));
	HF_TRY(take(&r, TAG_BITS, &bits));
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(bits.len > 1 && bits.ptr[0] == 0, HF_INVALID); /* no unused bits */
	HF_TRY(read_algorithm(algorithm, &parts));
	parts.key = HF_SPAN(bits.ptr + 1, bits.len - 1);
	*ret = parts;
	return HF_SUCCESS;
}
