/* SPDX-License-Identifier: Apache-2.0
 * Public keys of any kind of crypto/object_type.h as SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC
 * 5480; RFC 8410), made from what tokens give, and back. Each key has one encoding that is ours:
 * points uncompressed, numbers without leading zeros; so keys are compared as bytes. crypto/spki.h
 * does the same for the key types of wallets. Thread-safe. */
#ifndef HF_CRYPTO_PUBLIC_INFO_H
#define HF_CRYPTO_PUBLIC_INFO_H

#include "base/buf.h"
#include "crypto/object_type.h"

#define RSA_MODULUS_MAX 1024 /* bytes: 8192 bits */
#define RSA_EXPONENT_MAX 8
#define EC_POINT_MAX (1 + 2 * 66) /* P-521 */
#define PUBLIC_DER_MAX 1100       /* of RSA 8192 it has 1064 */
#define PUBLIC_INPUT_MAX 4096     /* the longest that is parsed: others may encode longer */

struct public_der {
	uint8_t bytes[PUBLIC_DER_MAX];
	size_t len;
};

struct public_info {
	enum object_type type; /* OBJECT_RSA, OBJECT_EC */
	enum curve curve;
	unsigned bits;
	uint8_t n[RSA_MODULUS_MAX], e[RSA_EXPONENT_MAX]; /* RSA: big-endian, no leading zeros */
	size_t n_len, e_len;
	uint8_t point[EC_POINT_MAX]; /* 04 || X || Y; Edwards and Montgomery: the key as it is */
	size_t point_len;
};

/* From CKA_EC_POINT in the forms that tokens give it: DER OCTET STRING around it or not (BIT STRING
 * too, of Edwards and Montgomery keys), X9.62 uncompressed or compressed, or bare X || Y. Whether
 * it lies on the curve is not asked, since a listing has thousands: public_info_parse() asks.
 * HF_INVALID. */
HF_MUST hf_status public_der_from_point(enum curve curve, struct hf_span point,
                                        struct public_der *ret);
/* From CKA_MODULUS and CKA_PUBLIC_EXPONENT, leading zeros or not; the modulus has 1024 to 8192
 * bits, the exponent is odd, at least 3. HF_INVALID. */
HF_MUST hf_status public_der_from_rsa(struct hf_span n, struct hf_span e, struct public_der *ret,
                                      unsigned *ret_bits);

/* Exactly one SubjectPublicKeyInfo of a known curve by its name, the point on it, or of RSA as
 * above; nothing behind it. HF_INVALID. */
HF_MUST hf_status public_info_parse(struct hf_span der, struct public_info *ret);
/* Our encoding of it. HF_INVALID for what parsing would not give. */
HF_MUST hf_status public_info_der(const struct public_info *info, struct public_der *ret);

#endif
