/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/object_half.h"

#include "p11/key.h"
#include "p11/template.h"

#include <string.h>

#define MAC_SUFFIX "mac" /* of p11/master.h */
#define MAC_SUFFIX_LEN (sizeof(MAC_SUFFIX) - 1)

enum { OF_SECRET = 1, OF_PRIVATE = 2, OF_PUBLIC = 4 };

/* What each use is in PKCS#11, and of which objects. */
static const struct {
	unsigned use;
	CK_ATTRIBUTE_TYPE type;
	enum fact fact;
	unsigned of;
} flags[] = {
	{ USE_ENCRYPT, CKA_ENCRYPT, FACT_ENCRYPT, OF_SECRET | OF_PUBLIC },
	{ USE_DECRYPT, CKA_DECRYPT, FACT_DECRYPT, OF_SECRET | OF_PRIVATE },
	{ USE_WRAPKEY, CKA_WRAP, FACT_WRAP, OF_SECRET | OF_PUBLIC },
	{ USE_UNWRAPKEY, CKA_UNWRAP, FACT_UNWRAP, OF_SECRET | OF_PRIVATE },
	{ USE_DERIVEKEY, CKA_DERIVE, FACT_DERIVE, OF_SECRET },
	{ USE_AGREEKEY, CKA_DERIVE, FACT_DERIVE, OF_PRIVATE },
	{ USE_MACGENERATE, CKA_SIGN, FACT_SIGN, OF_SECRET },
	{ USE_MACVERIFY, CKA_VERIFY, FACT_VERIFY, OF_SECRET },
	{ USE_SIGN, CKA_SIGN, FACT_SIGN, OF_PRIVATE },
	{ USE_VERIFY, CKA_VERIFY, FACT_VERIFY, OF_PUBLIC },
};

static unsigned kind_of(CK_OBJECT_CLASS class)
{
	if (class == CKO_SECRET_KEY)
		return OF_SECRET;
	return class == CKO_PRIVATE_KEY ? OF_PRIVATE : OF_PUBLIC;
}

CK_OBJECT_CLASS half_class(enum object_type type, enum object_half which)
{
	if (!object_type_is_asymmetric((int)type))
		return CKO_SECRET_KEY;
	return which == HALF_PUBLIC ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY;
}

void template_uses(struct template *t, const struct key_shape *shape, enum object_half half)
{
	unsigned can = object_type_uses((int)shape->type, shape->curve);
	unsigned of = kind_of(half_class(shape->type, half));
	unsigned uses = shape->uses_given ? shape->uses : can;

	/* a secret key gets every flag: what is not said is true on some modules */
	for (size_t i = 0; i < HF_COUNT(flags); i++)
		if ((flags[i].of & of) && (of == OF_SECRET || (can & flags[i].use)))
			template_bool(t, flags[i].type, uses & flags[i].use);
}

void template_other_uses(struct template *t, const struct key_shape *shape, enum object_half half)
{
	unsigned can = object_type_uses((int)shape->type, shape->curve);
	unsigned of = kind_of(half_class(shape->type, half));

	for (size_t i = 0; i < HF_COUNT(flags); i++)
		if ((flags[i].of & of) && of != OF_SECRET && !(can & flags[i].use))
			template_bool(t, flags[i].type, false);
}

static unsigned uses_of(const struct object_facts *f, CK_OBJECT_CLASS class)
{
	unsigned of = kind_of(class), uses = 0;

	for (size_t i = 0; i < HF_COUNT(flags); i++)
		if ((flags[i].of & of) && facts_bool(f, flags[i].fact))
			uses |= flags[i].use;
	return uses;
}

static hf_status secret_type(CK_KEY_TYPE type, unsigned uses, enum object_type *ret)
{
	switch (type) {
	case CKK_AES:
		*ret = OBJECT_AES;
		return HF_SUCCESS;
	case CKK_DES2:
	case CKK_DES3:
		*ret = OBJECT_DES3;
		return HF_SUCCESS;
	case CKK_GENERIC_SECRET:
		*ret = uses & (USE_MACGENERATE | USE_MACVERIFY) ? OBJECT_HMAC : OBJECT_SECRET;
		return HF_SUCCESS;
	case CKK_SHA_1_HMAC:
	case CKK_SHA224_HMAC:
	case CKK_SHA256_HMAC:
	case CKK_SHA384_HMAC:
	case CKK_SHA512_HMAC:
		*ret = OBJECT_HMAC;
		return HF_SUCCESS;
	default: /* a number of the token's, no enum */
		return HF_FAILURE(HF_UNSUPPORTED);
	}
}

static hf_status describe_secret(const struct object_facts *f, struct half *to)
{
	struct hf_span kcv = facts_span(f, FACT_CHECK_VALUE);
	CK_ULONG len = facts_number(f, FACT_VALUE_LEN, 0);

	HF_TRY(secret_type(to->key_type, to->shape.uses, &to->shape.type));
	HF_ENSURE(len <= OBJECT_BITS_MAX / 8, HF_UNSUPPORTED);
	to->shape.bits = (uint32_t)len * 8;
	if (to->shape.type == OBJECT_DES3)
		to->shape.bits = to->key_type == CKK_DES2 ? 112 : 168; /* PKCS#11 gives no length */
	to->shape.have_kcv = kcv.len == sizeof(to->shape.kcv);
	if (to->shape.have_kcv)
		memcpy(to->shape.kcv, kcv.ptr, kcv.len);
	return HF_SUCCESS;
}

static void describe_rsa(const struct object_facts *f, struct half *to)
{
	unsigned bits = 0;

	to->shape.type = OBJECT_RSA;
	if (hf_ok(public_der_from_rsa(facts_span(f, FACT_MODULUS),
	                              facts_span(f, FACT_PUBLIC_EXPONENT), &to->der, &bits)))
		to->shape.public_key = HF_SPAN(to->der.bytes, to->der.len);
	to->shape.bits = bits;
}

static void describe_point(const struct object_facts *f, struct half *to)
{
	struct hf_span point = facts_span(f, FACT_EC_POINT);

	to->shape.type = OBJECT_EC;
	if (!hf_ok(curve_of_params(facts_span(f, FACT_EC_PARAMS), &to->shape.curve)))
		return;
	to->shape.bits = curve_info((int)to->shape.curve)->bits;
	if (hf_ok(public_der_from_point(to->shape.curve, point, &to->der)))
		to->shape.public_key = HF_SPAN(to->der.bytes, to->der.len);
}

/* CKA_PUBLIC_KEY_INFO, where the numbers themselves are not there: of a private key, mostly. */
static void describe_info(const struct object_facts *f, struct half *to)
{
	struct hf_span given = facts_span(f, FACT_PUBLIC_KEY_INFO);
	struct public_info info;

	if (to->shape.public_key.len || !given.len || !hf_ok(public_info_parse(given, &info)) ||
	    info.type != to->shape.type || !hf_ok(public_info_der(&info, &to->der)))
		return;
	to->shape.curve = info.curve;
	to->shape.bits = info.bits;
	to->shape.public_key = HF_SPAN(to->der.bytes, to->der.len);
}

static hf_status describe_half(const struct object_facts *f, struct half *to)
{
	switch (to->key_type) {
	case CKK_RSA:
		describe_rsa(f, to);
		break;
	case CKK_EC:
	case CKK_EC_EDWARDS:
	case CKK_EC_MONTGOMERY:
		describe_point(f, to);
		break;
	default: /* a number of the token's, no enum */
		return HF_FAILURE(HF_UNSUPPORTED);
	}
	describe_info(f, to);
	/* without its numbers, a public key is none */
	HF_ENSURE(to->class == CKO_PRIVATE_KEY || to->shape.public_key.len, HF_UNSUPPORTED);
	return HF_SUCCESS;
}

hf_status half_of(const struct object_facts *f, struct half *ret)
{
	CK_OBJECT_CLASS class = facts_number(f, FACT_CLASS, CKO_DATA);
	struct key_shape *shape = &ret->shape;

	HF_ENSURE(class == CKO_SECRET_KEY || class == CKO_PRIVATE_KEY || class == CKO_PUBLIC_KEY,
	          HF_NOTFOUND);
	HF_ENSURE(!f->too_long, HF_UNSUPPORTED);
	ret->class = class;
	ret->key_type = facts_number(f, FACT_KEY_TYPE, CKK_VENDOR_DEFINED);
	*shape = (struct key_shape){
		.uses = uses_of(f, class),
		.uses_given = true,
		.local = facts_bool(f, FACT_LOCAL),
		.has_private = class != CKO_PUBLIC_KEY,
		.persistent = true,
		.id = facts_span(f, FACT_ID),
		.label = facts_span(f, FACT_LABEL),
	};
	HF_TRY(class == CKO_SECRET_KEY ? describe_secret(f, ret) : describe_half(f, ret));
	/* a private EC key may leave its curve to its public half; and SoftHSM2 does not tell the
	 * length of a secret key that was unwrapped */
	HF_ENSURE(object_type_has_bits((int)shape->type, shape->curve, shape->bits, true) ||
	                  (class == CKO_SECRET_KEY && !shape->bits) ||
	                  (shape->type == OBJECT_EC && class == CKO_PRIVATE_KEY),
	          HF_UNSUPPORTED);
	if (shape->curve)
		shape->uses &= object_type_uses((int)shape->type, shape->curve);
	if (class == CKO_PUBLIC_KEY)
		return HF_SUCCESS;
	shape->extractable = facts_bool(f, FACT_EXTRACTABLE);
	shape->never_extractable = facts_bool(f, FACT_NEVER_EXTRACTABLE);
	shape->sensitive = facts_bool(f, FACT_SENSITIVE);
	if (shape->extractable && !shape->sensitive)
		shape->uses |= USE_EXPORT;
	return HF_SUCCESS;
}

bool types_agree(enum object_type a, enum object_type b)
{
	return a == b || (a == OBJECT_HMAC && b == OBJECT_SECRET) ||
	       (a == OBJECT_SECRET && b == OBJECT_HMAC);
}

bool halves_fit(const struct key_shape *private, const struct key_shape *public)
{
	if (private->type != public->type ||
	    (private->curve != CURVE_NONE && private->curve != public->curve))
		return false;
	return !private->public_key.len || hf_span_equal(private->public_key, public->public_key);
}

void halves_join(struct key_shape *private, const struct key_shape *public)
{
	private->curve = public->curve;
	private->bits = public->bits;
	private->uses |= public->uses;
	private->uses &= USE_EXPORT | object_type_uses((int)private->type, private->curve);
	private->public_key = public->public_key;
}

void half_alone(struct key_shape *private)
{
	/* signatures are checked in software */
	if (private->public_key.len && (private->uses & USE_SIGN))
	private->uses |= USE_VERIFY;
}

static struct hf_span keep(uint8_t **at, struct hf_span s)
{
	uint8_t *to = *at;

	if (s.len)
		memcpy(to, s.ptr, s.len);
	*at += s.len;
	return HF_SPAN(to, s.len);
}

hf_status shape_keep(const struct key_shape *from, struct hf_buf *store, struct key_shape *ret)
{
	uint8_t *at = hf_buf_grow(store, from->id.len + from->label.len + from->public_key.len);
	struct key_shape out = *from;

	HF_TRY(hf_buf_status(store));
	out.id = keep(&at, from->id);
	out.label = keep(&at, from->label);
	out.public_key = keep(&at, from->public_key);
	*ret = out;
	return HF_SUCCESS;
}

bool is_ours(const struct key_shape *shape)
{
	return hf_span_is(shape->label, MASTER_LABEL_DEFAULT) ||
	       hf_span_is(shape->label, MASTER_LABEL_DEFAULT "-mac") ||
	       hf_span_is(shape->label, RESIDENT_LABEL);
}

bool may_be_master(const struct key_shape *shape)
{
	return shape->type == OBJECT_AES && shape->bits == 256 && shape->id.len == MASTER_ID_LEN &&
	       shape->uses == (USE_WRAPKEY | USE_UNWRAPKEY) && !shape->extractable;
}

bool may_be_master_mac(const struct key_shape *shape)
{
	return types_agree(shape->type, OBJECT_HMAC) && shape->bits == 8 * MASTER_MAC_LEN &&
	       shape->id.len == MASTER_ID_LEN + MAC_SUFFIX_LEN && !shape->extractable &&
	       memcmp(shape->id.ptr + MASTER_ID_LEN, MAC_SUFFIX, MAC_SUFFIX_LEN) == 0;
}

bool is_mac_of(struct hf_span of_mac, struct hf_span of_master)
{
	if (of_mac.len != MASTER_ID_LEN + MAC_SUFFIX_LEN || of_master.len != MASTER_ID_LEN)
		return false;
	return hf_span_equal(HF_SPAN(of_mac.ptr, MASTER_ID_LEN), of_master) &&
	       hf_span_is(HF_SPAN(of_mac.ptr + MASTER_ID_LEN, MAC_SUFFIX_LEN), MAC_SUFFIX);
}
