/* SPDX-License-Identifier: Apache-2.0
 * Records and operations that look like real ones. */
#ifndef HF_TESTS_RECORDS_H
#define HF_TESTS_RECORDS_H

#include "../check.h"
#include "../db/tempdb.h"
#include "op/op.h"
#include "op/record.h"

#define MASTER_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define MASTER_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* The base point of P-256, and its double: points that lie on the curve. */
static const uint8_t point_g[33] =
        "\x03\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2"
        "\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96";
static const uint8_t point_2g[33] =
        "\x03\x7c\xf2\x7b\x18\x8d\x03\x4f\x7e\x8a\x52\x38\x03\x04\xb5\x1a\xc3"
        "\xc0\x89\x69\xe2\x77\xf2\x1b\x35\xa6\x0b\x48\xfc\x47\x66\x99\x78";

struct record_bytes {
	uint8_t bytes[RECORD_ENCODED_MAX];
	size_t len;
};

static inline struct hf_span record_span(const struct record_bytes *r)
{
	return HF_SPAN(r->bytes, r->len);
}

static inline struct record_bytes make_record(const char *key_id, const char *master,
                                              const uint8_t *point, enum wrap_format format)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	struct record_bytes ret = { .len = 0 };
	struct key_record r = {
		.key_type = KEY_P256,
		.format = format,
		.public_key = HF_SPAN(point, 33),
		.blob = HF_SPAN("wrapped", 7),
		.mac_kind = MAC_NONE,
	};

	snprintf(r.key_id, sizeof(r.key_id), "%s", key_id);
	snprintf(r.master_id, sizeof(r.master_id), "%s", master);
	record_encode(&b, &r);
	CHECK_OK(hf_buf_status(&b));
	memcpy(ret.bytes, b.ptr, b.len);
	ret.len = b.len;
	return ret;
}

#endif
