/* SPDX-License-Identifier: Apache-2.0
 * CKA_EC_POINT in the forms that tokens give it. */
#include "crypto/algorithms.h"

#include <string.h>

#define DER_OCTET_STRING 0x04
#define DER_BIT_STRING 0x03
#define UNCOMPRESSED_MAX 97

static hf_status on_curve(enum key_type type, struct hf_span sec1, struct public_key *ret)
{
	/* the length fits one form only; libsecp256k1 would take the hybrid one too */
	HF_ENSURE(sec1.ptr[0] == 4 ? sec1.len % 2 == 1 && sec1.len > 64
	                           : (sec1.ptr[0] == 2 || sec1.ptr[0] == 3) && sec1.len < 64,
	          HF_INVALID);
	return type == KEY_SECP256K1 ? k1_point(sec1, ret) : nist_point(type, sec1, ret);
}

static hf_status bare(enum key_type type, struct hf_span xy, struct public_key *ret)
{
	uint8_t sec1[UNCOMPRESSED_MAX] = { 4 };

	memcpy(sec1 + 1, xy.ptr, xy.len);
	return on_curve(type, HF_SPAN(sec1, xy.len + 1), ret);
}

hf_status public_key_from_ec_point(enum key_type type, struct hf_span point, struct public_key *ret)
{
	const struct key_type_info *info = key_type_info((int)type);
	size_t field;

	HF_ENSURE(info && info->family == FAMILY_EC, HF_INVALID);
	field = info->bits / 8;
	if (point.len == 2 * field)
		return bare(type, point, ret);
	/* only the length tells: 04 1e begins a point as well as a 30-byte OCTET STRING */
	if (point.len == 2 * field + 3 || point.len == field + 3) {
		HF_ENSURE(point.ptr[0] == DER_OCTET_STRING && point.ptr[1] == point.len - 2,
		          HF_INVALID);
		point = HF_SPAN(point.ptr + 2, point.len - 2);
	}
	HF_ENSURE(point.len == 2 * field + 1 || point.len == field + 1, HF_INVALID);
	return on_curve(type, point, ret);
}

hf_status public_key_from_ed_point(struct hf_span point, struct public_key *ret)
{
	const size_t len = 32;

	if (point.len == len + 2) {
		HF_ENSURE(point.ptr[0] == DER_OCTET_STRING && point.ptr[1] == len, HF_INVALID);
	} else if (point.len == len + 3) {
		HF_ENSURE(point.ptr[0] == DER_BIT_STRING && point.ptr[1] == len + 1 &&
		                  point.ptr[2] == 0,
		          HF_INVALID);
	} else {
		HF_ENSURE(point.len == len, HF_INVALID);
	}
	point = HF_SPAN(point.ptr + (point.len - len), len);
	HF_TRY(ed25519_check(point));
	memcpy(ret->bytes, point.ptr, len);
	ret->len = len;
	return HF_SUCCESS;
}
