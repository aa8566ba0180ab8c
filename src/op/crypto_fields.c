/* SPDX-License-Identifier: Apache-2.0 */
#include "op/crypto_fields.h"

#include <string.h>

/* Flags of a shape. */
enum {
	SHAPE_USES_GIVEN = 1u << 0,
	SHAPE_EXTRACTABLE = 1u << 1,
	SHAPE_NEVER_EXTRACTABLE = 1u << 2,
	SHAPE_SENSITIVE = 1u << 3,
	SHAPE_LOCAL = 1u << 4,
	SHAPE_HAS_PRIVATE = 1u << 5,
	SHAPE_PERSISTENT = 1u << 6,
	SHAPE_LABEL = 1u << 7, /* there is one, though it may be empty */
	SHAPE_KCV = 1u << 8,
	SHAPE_ALL = (1u << 9) - 1,
};

static void require(struct hf_reader *r, bool holds)
{
	r->failed = r->failed || !holds;
}

bool field_read_bool(struct hf_reader *r)
{
	uint8_t v = hf_read_u8(r);

	require(r, v <= 1);
	return v == 1;
}

void field_put_mech(struct hf_buf *to, const struct crypto_mech *m)
{
	hf_buf_u8(to, (uint8_t)m->mode);
	hf_buf_u8(to, (uint8_t)m->hash);
	hf_buf_u8(to, (uint8_t)m->mgf_hash);
	hf_buf_u16(to, m->salt_len);
	hf_buf_u8(to, m->tag_len);
	hf_buf_u32(to, m->radix);
	hf_buf_field(to, m->iv);
	hf_buf_field(to, m->ad);
	hf_buf_field(to, m->tag);
}

void field_read_mech(struct hf_reader *r, struct crypto_mech *ret)
{
	uint8_t mode = hf_read_u8(r), hash = hf_read_u8(r), mgf_hash = hf_read_u8(r);
	struct crypto_mech m = { .salt_len = hf_read_u16(r) };

	require(r, mode <= CRYPTO_MODE_MAX && hash <= DIGEST_ALG_MAX && mgf_hash <= DIGEST_ALG_MAX);
	m.mode = (enum crypto_mode)mode;
	m.hash = (enum digest_alg)hash;
	m.mgf_hash = (enum digest_alg)mgf_hash;
	m.tag_len = hf_read_u8(r);
	m.radix = hf_read_u32(r);
	m.iv = hf_read_field(r, CRYPTO_IV_MAX);
	m.ad = hf_read_field(r, CRYPTO_AD_MAX);
	m.tag = hf_read_field(r, CRYPTO_TAG_MAX);
	*ret = m;
}

static uint8_t read_type(struct hf_reader *r, bool any)
{
	uint8_t type = hf_read_u8(r);

	require(r, type <= OBJECT_TYPE_MAX && (any || type));
	return type;
}

void field_put_where(struct hf_buf *to, const struct key_where *w)
{
	hf_buf_field(to, w->record);
	hf_buf_u8(to, (uint8_t)w->name.type);
	hf_buf_field(to, w->name.id);
	hf_buf_field(to, w->name.label);
	hf_buf_field(to, w->name.public_key);
}

void field_read_where(struct hf_reader *r, struct key_where *ret)
{
	struct key_where w = { .record = hf_read_field(r, RECORD_ENCODED_MAX) };

	w.name.type = (enum object_type)read_type(r, false);
	w.name.id = hf_read_field(r, CKA_ID_MAX);
	w.name.label = hf_read_field(r, CKA_LABEL_MAX);
	w.name.public_key = hf_read_field(r, SPKI_MAX);
	*ret = w;
}

static uint16_t shape_flags(const struct key_shape *s)
{
	return (uint16_t)((s->uses_given ? SHAPE_USES_GIVEN : 0) |
	                  (s->extractable ? SHAPE_EXTRACTABLE : 0) |
	                  (s->never_extractable ? SHAPE_NEVER_EXTRACTABLE : 0) |
	                  (s->sensitive ? SHAPE_SENSITIVE : 0) | (s->local ? SHAPE_LOCAL : 0) |
	                  (s->has_private ? SHAPE_HAS_PRIVATE : 0) |
	                  (s->persistent ? SHAPE_PERSISTENT : 0) |
	                  (s->label.ptr ? SHAPE_LABEL : 0) | (s->have_kcv ? SHAPE_KCV : 0));
}

static void set_flags(struct key_shape *s, unsigned flags)
{
	s->uses_given = flags & SHAPE_USES_GIVEN;
	s->extractable = flags & SHAPE_EXTRACTABLE;
	s->never_extractable = flags & SHAPE_NEVER_EXTRACTABLE;
	s->sensitive = flags & SHAPE_SENSITIVE;
	s->local = flags & SHAPE_LOCAL;
	s->has_private = flags & SHAPE_HAS_PRIVATE;
	s->persistent = flags & SHAPE_PERSISTENT;
	s->have_kcv = flags & SHAPE_KCV;
}

void field_put_shape(struct hf_buf *to, const struct key_shape *s)
{
	hf_buf_u8(to, (uint8_t)s->type);
	hf_buf_u8(to, (uint8_t)s->curve);
	hf_buf_u32(to, s->bits);
	hf_buf_u32(to, s->uses);
	hf_buf_u16(to, shape_flags(s));
	hf_buf_u32(to, s->public_exponent);
	hf_buf_field(to, s->id);
	if (s->label.ptr)
		hf_buf_field(to, s->label);
	hf_buf_field(to, s->public_key);
	if (s->have_kcv)
		hf_buf_put(to, s->kcv, sizeof(s->kcv));
}

void field_read_shape(struct hf_reader *r, bool any_type, struct key_shape *ret)
{
	uint8_t type = read_type(r, any_type), curve = hf_read_u8(r);
	struct key_shape s = { .bits = hf_read_u32(r) };
	struct hf_span kcv;
	uint16_t flags;

	require(r, curve <= CURVE_MAX && (type == OBJECT_EC) == (curve != CURVE_NONE));
	s.type = (enum object_type)type;
	s.curve = (enum curve)curve;
	s.uses = hf_read_u32(r);
	flags = hf_read_u16(r);
	require(r, !(s.uses & ~USE_IN_HSM) && !(flags & ~SHAPE_ALL) && s.bits <= SHAPE_BITS_MAX);
	set_flags(&s, flags);
	s.public_exponent = hf_read_u32(r);
	s.id = hf_read_field(r, CKA_ID_MAX);
	if (flags & SHAPE_LABEL)
		s.label = hf_read_field(r, CKA_LABEL_MAX);
	s.public_key = hf_read_field(r, SPKI_MAX);
	if (s.have_kcv) {
		kcv = hf_read_bytes(r, sizeof(s.kcv));
		if (kcv.len == sizeof(s.kcv))
			memcpy(s.kcv, kcv.ptr, sizeof(s.kcv));
	}
	*ret = s;
}
