/* SPDX-License-Identifier: Apache-2.0
 * Kinds of security objects and elliptic curves, by the names of the Crypto API: wider than
 * crypto/key_type.h, which lists what the Signing API's wallets are made of. The numbers are stored
 * and sent. Thread-safe. */
#ifndef HF_CRYPTO_OBJECT_TYPE_H
#define HF_CRYPTO_OBJECT_TYPE_H

#include "base/buf.h"

/* Stored and sent: append only. */
enum object_type {
	OBJECT_AES = 1,
	OBJECT_DES3 = 2,
	OBJECT_HMAC = 3,
	OBJECT_RSA = 4,
	OBJECT_EC = 5,          /* with a curve, the Edwards and Montgomery ones too */
	OBJECT_SECRET = 6,      /* bytes that are no key of an algorithm, in a generic secret key */
	OBJECT_OPAQUE = 7,      /* bytes that nobody computes with; in the database, sealed */
	OBJECT_CERTIFICATE = 8, /* X.509, public; in the database */
};
#define OBJECT_TYPE_MAX 8

/* Stored and sent: append only. */
enum curve {
	CURVE_NONE = 0,
	CURVE_P192 = 1,
	CURVE_P224 = 2,
	CURVE_P256 = 3,
	CURVE_P384 = 4,
	CURVE_P521 = 5,
	CURVE_SECP192K1 = 6,
	CURVE_SECP224K1 = 7,
	CURVE_SECP256K1 = 8,
	CURVE_ED25519 = 9,
	CURVE_ED448 = 10,
	CURVE_X25519 = 11,
	CURVE_X448 = 12,
};
#define CURVE_MAX 12

struct curve_info {
	enum curve curve;
	const char *name;   /* "NistP256", "SecP256K1", "Ed25519", "X25519" */
	unsigned bits;      /* of the field */
	size_t field_len;   /* bytes of a coordinate; Edwards and Montgomery: of a key */
	struct hf_span oid; /* DER OBJECT IDENTIFIER: CKA_EC_PARAMS */
	bool signs;         /* Montgomery curves do not */
	bool edwards, montgomery;
};

/* NULL for a number that is none: every decoder asks. */
const struct curve_info *curve_info(int curve);
/* By name, in any case. HF_NOTFOUND. */
HF_MUST hf_status curve_parse(const char *name, enum curve *ret);
/* By CKA_EC_PARAMS, OBJECT IDENTIFIER or PrintableString ("edwards25519"). HF_NOTFOUND. */
HF_MUST hf_status curve_of_params(struct hf_span params, enum curve *ret);

/* "AES", …; NULL for a number that is none. */
const char *object_type_name(int type);
HF_MUST hf_status object_type_parse(const char *name, enum object_type *ret);
bool object_type_is_asymmetric(int type); /* RSA, EC */
/* Whether there are such keys: AES 128, 192, 256; DES3 112, 168; HMAC 112 to 8192 in whole bytes;
 * RSA 2048 to 8192 by 1024 (1024 too, of keys that are there already: `existing`); EC by its curve;
 * the others in whole bytes up to OBJECT_BITS_MAX. */
#define OBJECT_BITS_MAX (8u * 65536)
bool object_type_has_bits(int type, enum curve curve, unsigned bits, bool existing);

/* What a key may be used for: a set. Stored and sent: append only. Names as in the Crypto API's
 * key_ops. */
enum key_use {
	USE_SIGN = 1u << 0,
	USE_VERIFY = 1u << 1,
	USE_ENCRYPT = 1u << 2,
	USE_DECRYPT = 1u << 3,
	USE_WRAPKEY = 1u << 4,
	USE_UNWRAPKEY = 1u << 5,
	USE_DERIVEKEY = 1u << 6,
	USE_MACGENERATE = 1u << 7,
	USE_MACVERIFY = 1u << 8,
	USE_EXPORT = 1u << 9, /* the value may leave: CKA_EXTRACTABLE, and not CKA_SENSITIVE */
	USE_AGREEKEY = 1u << 10,
	USE_TRANSFORM = 1u << 11,
	/* The server's own: the HSM knows nothing of these. */
	USE_APPMANAGEABLE = 1u << 12,
	USE_HIGHVOLUME = 1u << 13, /* single uses are counted, not entered in the audit log */
};
#define USE_COUNT 14
#define USE_IN_HSM 0xfffu
/* "SIGN", …; NULL for what is not exactly one. */
const char *key_use_name(unsigned use);
HF_MUST hf_status key_use_parse(const char *name, unsigned *ret);
/* All that keys of this type can do, without EXPORT and the server's own. */
unsigned object_type_uses(int type, enum curve curve);

#endif
