/* SPDX-License-Identifier: Apache-2.0 */
#include "op/record.h"

#include "op/fields.h"

/* "HFKR" and the version: no other bytes that the MAC key may ever cover begin like this. */
#define MAGIC 0x48464b52u
#define VERSION 1

void record_mac_input(struct hf_buf *to, const struct key_record *r)
{
	hf_buf_u32(to, MAGIC);
	hf_buf_u8(to, VERSION);
	hf_buf_field(to, hf_span_text(r->key_id));
	hf_buf_u8(to, (uint8_t)r->key_type);
	hf_buf_u8(to, (uint8_t)r->format);
	hf_buf_u8(to, (uint8_t)r->mac_kind);
	hf_buf_field(to, hf_span_text(r->master_id));
	hf_buf_field(to, r->public_key);
	hf_buf_field(to, r->blob);
}

void record_encode(struct hf_buf *to, const struct key_record *r)
{
	record_mac_input(to, r);
	hf_buf_field(to, r->mac);
}

static hf_status check(const struct key_record *r, int key_type, int format, int mac_kind)
{
	const struct key_type_info *type = key_type_info(key_type);

	HF_ENSURE(type && field_is_public_key(type, r->public_key.len), HF_INVALID);
	HF_ENSURE(format >= 1 && format <= WRAP_FORMAT_MAX, HF_INVALID);
	HF_ENSURE(field_is_id(r->key_id), HF_INVALID);
	HF_ENSURE(field_is_hex(r->master_id, MASTER_ID_MAX - 1) ||
	                  (format == WRAP_RESIDENT && !r->master_id[0]),
	          HF_INVALID);
	HF_ENSURE(r->blob.len > 0, HF_INVALID);
	HF_ENSURE(mac_kind == MAC_NONE || mac_kind == MAC_HMAC_SHA256, HF_INVALID);
	HF_ENSURE(r->mac.len == (mac_kind == MAC_NONE ? 0 : RECORD_MAC_MAX), HF_INVALID);
	/* CBC padding alone lets altered blobs through: wrap_format.h */
	HF_ENSURE(format != WRAP_CBC_PAD || mac_kind != MAC_NONE, HF_INVALID);
	return HF_SUCCESS;
}

hf_status record_decode(struct hf_span from, struct key_record *ret)
{
	struct hf_reader r = hf_reader(from);
	struct key_record record = { 0 };
	uint32_t magic = hf_read_u32(&r);
	uint8_t version = hf_read_u8(&r);
	uint8_t key_type, format, mac_kind;

	hf_read_text(&r, record.key_id, sizeof(record.key_id));
	key_type = hf_read_u8(&r);
	format = hf_read_u8(&r);
	mac_kind = hf_read_u8(&r);
	hf_read_text(&r, record.master_id, sizeof(record.master_id));
	record.public_key = hf_read_field(&r, PUBLIC_KEY_MAX);
	record.blob = hf_read_field(&r, WRAPPED_BLOB_MAX);
	record.mac = hf_read_field(&r, RECORD_MAC_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(magic == MAGIC && version == VERSION, HF_INVALID);
	HF_TRY(check(&record, key_type, format, mac_kind));
	record.key_type = (enum key_type)key_type;
	record.format = (enum wrap_format)format;
	record.mac_kind = (enum mac_kind)mac_kind;
	*ret = record;
	return HF_SUCCESS;
}
