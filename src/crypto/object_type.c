/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/object_type.h"

#include <string.h>
#include <strings.h>

#define BYTES(literal)                                                                             \
	{                                                                                          \
		(const uint8_t *)(literal), sizeof(literal) - 1                                    \
	}

/* SEC 2, 2.1 and A.2; RFC 5480, 2.1.1.1; RFC 8410, 3 */
static const struct curve_info curves[CURVE_MAX + 1] = {
	[CURVE_P192] = { .curve = CURVE_P192,
	                 .name = "NistP192",
	                 .bits = 192,
	                 .field_len = 24,
	                 .oid = BYTES("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x01"),
	                 .signs = true },
	[CURVE_P224] = { .curve = CURVE_P224,
	                 .name = "NistP224",
	                 .bits = 224,
	                 .field_len = 28,
	                 .oid = BYTES("\x06\x05\x2b\x81\x04\x00\x21"),
	                 .signs = true },
	[CURVE_P256] = { .curve = CURVE_P256,
	                 .name = "NistP256",
	                 .bits = 256,
	                 .field_len = 32,
	                 .oid = BYTES("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
	                 .signs = true },
	[CURVE_P384] = { .curve = CURVE_P384,
	                 .name = "NistP384",
	                 .bits = 384,
	                 .field_len = 48,
	                 .oid = BYTES("\x06\x05\x2b\x81\x04\x00\x22"),
	                 .signs = true },
	[CURVE_P521] = { .curve = CURVE_P521,
	                 .name = "NistP521",
	                 .bits = 521,
	                 .field_len = 66,
	                 .oid = BYTES("\x06\x05\x2b\x81\x04\x00\x23"),
	                 .signs = true },
	[CURVE_SECP192K1] = { .curve = CURVE_SECP192K1,
	                      .name = "SecP192K1",
	                      .bits = 192,
	                      .field_len = 24,
	                      .oid = BYTES("\x06\x05\x2b\x81\x04\x00\x1f"),
	                      .signs = true },
	[CURVE_SECP224K1] = { .curve = CURVE_SECP224K1,
	                      .name = "SecP224K1",
	                      .bits = 224,
	                      .field_len = 28,
	                      .oid = BYTES("\x06\x05\x2b\x81\x04\x00\x20"),
	                      .signs = true },
	[CURVE_SECP256K1] = { .curve = CURVE_SECP256K1,
	                      .name = "SecP256K1",
	                      .bits = 256,
	                      .field_len = 32,
	                      .oid = BYTES("\x06\x05\x2b\x81\x04\x00\x0a"),
	                      .signs = true },
	[CURVE_ED25519] = { .curve = CURVE_ED25519,
	                    .name = "Ed25519",
	                    .bits = 255,
	                    .field_len = 32,
	                    .oid = BYTES("\x06\x03\x2b\x65\x70"),
	                    .signs = true,
	                    .edwards = true },
	[CURVE_ED448] = { .curve = CURVE_ED448,
	                  .name = "Ed448",
	                  .bits = 448,
	                  .field_len = 57,
	                  .oid = BYTES("\x06\x03\x2b\x65\x71"),
	                  .signs = true,
	                  .edwards = true },
	[CURVE_X25519] = { .curve = CURVE_X25519,
	                   .name = "X25519",
	                   .bits = 255,
	                   .field_len = 32,
	                   .oid = BYTES("\x06\x03\x2b\x65\x6e"),
	                   .montgomery = true },
	[CURVE_X448] = { .curve = CURVE_X448,
	                 .name = "X448",
	                 .bits = 448,
	                 .field_len = 56,
	                 .oid = BYTES("\x06\x03\x2b\x65\x6f"),
	                 .montgomery = true },
};

/* What else tokens write into CKA_EC_PARAMS: PrintableStrings (PKCS#11 3.0, 2.3.3; 13 is its tag),
 * and the identifiers that the two curves of 25519 had before RFC 8410. */
static const struct {
	enum curve curve;
	struct hf_span params;
} aliases[] = {
	{ CURVE_P192, BYTES("\x13\x09secp192r1") },
	{ CURVE_P224, BYTES("\x13\x09secp224r1") },
	{ CURVE_P256, BYTES("\x13\x09secp256r1") },
	{ CURVE_P384, BYTES("\x13\x09secp384r1") },
	{ CURVE_P521, BYTES("\x13\x09secp521r1") },
	{ CURVE_SECP192K1, BYTES("\x13\x09secp192k1") },
	{ CURVE_SECP224K1, BYTES("\x13\x09secp224k1") },
	{ CURVE_SECP256K1, BYTES("\x13\x09secp256k1") },
	{ CURVE_ED25519, BYTES("\x13\x0c"
	                       "edwards25519") },
	{ CURVE_ED448, BYTES("\x13\x0a"
	                     "edwards448") },
	{ CURVE_X25519, BYTES("\x13\x0a"
	                      "curve25519") },
	{ CURVE_X448, BYTES("\x13\x08"
	                    "curve448") },
	{ CURVE_ED25519, BYTES("\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01") },
	{ CURVE_X25519, BYTES("\x06\x0a\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01") },
};

const struct curve_info *curve_info(int curve)
{
	return curve > CURVE_NONE && curve <= CURVE_MAX ? &curves[curve] : NULL;
}

hf_status curve_parse(const char *name, enum curve *ret)
{
	for (int i = 1; i <= CURVE_MAX; i++)
		if (strcasecmp(name, curves[i].name) == 0) {
			*ret = curves[i].curve;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_NOTFOUND);
}

hf_status curve_of_params(struct hf_span params, enum curve *ret)
{
	for (int i = 1; i <= CURVE_MAX; i++)
		if (hf_span_equal(params, curves[i].oid)) {
			*ret = curves[i].curve;
			return HF_SUCCESS;
		}
	for (size_t i = 0; i < HF_COUNT(aliases); i++)
		if (hf_span_equal(params, aliases[i].params)) {
			*ret = aliases[i].curve;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_NOTFOUND);
}

static const char *const type_names[OBJECT_TYPE_MAX + 1] = {
	[OBJECT_AES] = "AES",       [OBJECT_DES3] = "DES3",
	[OBJECT_HMAC] = "HMAC",     [OBJECT_RSA] = "RSA",
	[OBJECT_EC] = "EC",         [OBJECT_SECRET] = "SECRET",
	[OBJECT_OPAQUE] = "OPAQUE", [OBJECT_CERTIFICATE] = "CERTIFICATE",
};

const char *object_type_name(int type)
{
	return type > 0 && type <= OBJECT_TYPE_MAX ? type_names[type] : NULL;
}

hf_status object_type_parse(const char *name, enum object_type *ret)
{
	for (int i = 1; i <= OBJECT_TYPE_MAX; i++)
		if (strcasecmp(name, type_names[i]) == 0) {
			*ret = (enum object_type)i;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_NOTFOUND);
}

bool object_type_is_asymmetric(int type)
{
	return type == OBJECT_RSA || type == OBJECT_EC;
}

static bool whole_bytes(unsigned bits, unsigned least, unsigned most)
{
	return bits % 8 == 0 && bits >= least && bits <= most;
}

bool object_type_has_bits(int type, enum curve curve, unsigned bits, bool existing)
{
	switch (type) {
	case OBJECT_AES:
		return bits == 128 || bits == 192 || bits == 256;
	case OBJECT_DES3:
		return bits == 112 || bits == 168;
	case OBJECT_HMAC:
		return whole_bytes(bits, 112, 8192);
	case OBJECT_RSA:
		return (bits % 1024 == 0 && bits >= 2048 && bits <= 8192) ||
		       (existing && bits == 1024);
	case OBJECT_EC:
		return curve_info((int)curve) && bits == curves[curve].bits;
	case OBJECT_SECRET:
	case OBJECT_OPAQUE:
	case OBJECT_CERTIFICATE:
		return whole_bytes(bits, 8, OBJECT_BITS_MAX);
	default: /* a number from outside, not an enum */
		return false;
	}
}

static const char *const use_names[USE_COUNT] = {
	"SIGN",      "VERIFY",    "ENCRYPT",       "DECRYPT",    "WRAPKEY",
	"UNWRAPKEY", "DERIVEKEY", "MACGENERATE",   "MACVERIFY",  "EXPORT",
	"AGREEKEY",  "TRANSFORM", "APPMANAGEABLE", "HIGHVOLUME",
};

const char *key_use_name(unsigned use)
{
	for (unsigned i = 0; i < USE_COUNT; i++)
		if (use == 1u << i)
			return use_names[i];
	return NULL;
}

hf_status key_use_parse(const char *name, unsigned *ret)
{
	for (unsigned i = 0; i < USE_COUNT; i++)
		if (strcmp(name, use_names[i]) == 0) {
			*ret = 1u << i;
			return HF_SUCCESS;
		}
	return HF_FAILURE(HF_NOTFOUND);
}

unsigned object_type_uses(int type, enum curve curve)
{
	const struct curve_info *info = curve_info((int)curve);

	switch (type) {
	case OBJECT_AES:
	case OBJECT_DES3: /* MAC: CMAC */
		return USE_ENCRYPT | USE_DECRYPT | USE_WRAPKEY | USE_UNWRAPKEY | USE_DERIVEKEY |
		       USE_MACGENERATE | USE_MACVERIFY;
	case OBJECT_HMAC:
		return USE_MACGENERATE | USE_MACVERIFY | USE_DERIVEKEY;
	case OBJECT_RSA:
		return USE_SIGN | USE_VERIFY | USE_ENCRYPT | USE_DECRYPT | USE_WRAPKEY |
		       USE_UNWRAPKEY;
	case OBJECT_EC:
		if (!info)
			return 0;
		return (info->signs ? USE_SIGN | USE_VERIFY : 0u) |
		       (info->edwards ? 0u : USE_AGREEKEY);
	case OBJECT_SECRET:
		return USE_DERIVEKEY;
	default: /* nobody computes with the others; or a number from outside */
		return 0;
	}
}
