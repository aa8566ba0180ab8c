/* SPDX-License-Identifier: Apache-2.0 */
#include "op/record.h"

#include "op/fields.h"

/* "HFKR" and the version: no other bytes that the MAC key may ever cover begin like this. */
#define MAGIC 0x48464b52u
#define VERSION_WALLET 1
#define VERSION_ANY 2

void record_mac_input(struct hf_buf *to, const struct key_record *r)
{
	hf_buf_u32(to, MAGIC);
	hf_buf_u8(to, r->key_type ? VERSION_WALLET : VERSION_ANY);
	hf_buf_field(to, hf_span_text(r->key_id));
	if (r->key_type) {
		hf_buf_u8(to, (uint8_t)r->key_type);
	} else {
		hf_buf_u8(to, (uint8_t)r->type);
		hf_buf_u8(to, (uint8_t)r->curve);
		hf_buf_u32(to, r->bits);
		hf_buf_u32(to, r->uses);
	}
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

bool record_is_transient(const struct key_record *r)
{
	return !r->key_type && r->mac_kind != MAC_NONE && hf_id_valid(TRANSIENT_ID, r->key_id);
}

struct key_shape record_shape(const struct key_record *r)
{
	return (struct key_shape){
		.type = r->type,
		.curve = r->curve,
		.bits = r->bits,
		.uses = r->uses,
		.uses_given = true,
		.extractable = r->uses & USE_EXPORT,
		.sensitive = !(r->uses & USE_EXPORT),
		.has_private = true,
		.id = hf_span_text(r->key_id),
		.public_key = r->public_key,
	};
}

static hf_status read_wallet_kind(struct hf_reader *from, struct key_record *r)
{
	const struct key_type_info *type = key_type_info(hf_read_u8(from));

	HF_ENSURE(type, HF_INVALID);
	r->key_type = type->type;
	return HF_SUCCESS;
}

static hf_status read_any_kind(struct hf_reader *from, struct key_record *r)
{
	uint8_t type = hf_read_u8(from), curve = hf_read_u8(from);

	r->bits = hf_read_u32(from);
	r->uses = hf_read_u32(from);
	HF_ENSURE(type >= OBJECT_AES && type <= OBJECT_SECRET, HF_INVALID);
	HF_ENSURE(curve <= CURVE_MAX && (type == OBJECT_EC) == (curve != CURVE_NONE), HF_INVALID);
	HF_ENSURE(r->bits <= SHAPE_BITS_MAX && !(r->uses & ~USE_IN_HSM), HF_INVALID);
	r->type = (enum object_type)type;
	r->curve = (enum curve)curve;
	return HF_SUCCESS;
}

static bool has_its_public_key(const struct key_record *r)
{
	if (r->key_type)
		return field_is_public_key(key_type_info((int)r->key_type), r->public_key.len);
	return object_type_is_asymmetric((int)r->type) == (r->public_key.len > 0);
}

static hf_status check(const struct key_record *r, int format, int mac_kind)
{
	HF_ENSURE(has_its_public_key(r), HF_INVALID);
	HF_ENSURE(format >= 1 && format <= WRAP_FORMAT_MAX, HF_INVALID);
	HF_ENSURE(field_is_id(r->key_id), HF_INVALID);
	HF_ENSURE(field_is_hex(r->master_id, MASTER_ID_MAX - 1) ||
	                  (format == WRAP_RESIDENT && !r->master_id[0]),
	          HF_INVALID);
	HF_ENSURE(r->blob.len > 0, HF_INVALID);
	HF_ENSURE(mac_kind == MAC_NONE || mac_kind == MAC_HMAC_SHA256, HF_INVALID);
	HF_ENSURE(r->mac.len == (mac_kind == MAC_NONE ? 0 : RECORD_MAC_MAX), HF_INVALID);
	HF_ENSURE(format != WRAP_RESIDENT || r->key_type, HF_INVALID);
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
	uint8_t format, mac_kind;

	HF_ENSURE(magic == MAGIC && (version == VERSION_WALLET || version == VERSION_ANY),
	          HF_INVALID);
	hf_read_text(&r, record.key_id, sizeof(record.key_id));
	HF_TRY(version == VERSION_WALLET ? read_wallet_kind(&r, &record)
	                                 : read_any_kind(&r, &record));
	format = hf_read_u8(&r);
	mac_kind = hf_read_u8(&r);
	hf_read_text(&r, record.master_id, sizeof(record.master_id));
	record.public_key = hf_read_field(&r, record.key_type ? PUBLIC_KEY_MAX : SPKI_MAX);
	record.blob = hf_read_field(&r, WRAPPED_BLOB_MAX);
	record.mac = hf_read_field(&r, RECORD_MAC_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_TRY(check(&record, format, mac_kind));
	record.format = (enum wrap_format)format;
	record.mac_kind = (enum mac_kind)mac_kind;
	*ret = record;
	return HF_SUCCESS;
}
