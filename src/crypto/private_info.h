/* SPDX-License-Identifier: Apache-2.0
 * Private keys of any kind of crypto/object_type.h between PKCS#8 (RFC 5958, unencrypted) and the
 * numbers that PKCS#11 wants of them; the older forms of RSA (PKCS#1: RFC 8017, A.1.2) and EC (SEC
 * 1: RFC 5915) are read, too. Only what people import and export passes here, never a key that
 * lives in an HSM. Thread-safe. */
#ifndef HF_CRYPTO_PRIVATE_INFO_H
#define HF_CRYPTO_PRIVATE_INFO_H

#include "base/secret.h"
#include "crypto/public_info.h"

#define PRIVATE_INPUT_MAX 8192 /* of RSA 8192 it has 4.7 KB */

struct private_info {
	struct public_info public;
	struct hf_secret values; /* owns what the spans point into */
	/* RSA: all of them, big-endian without leading zeros. Otherwise empty. */
	struct hf_span d, p, q, dp, dq, qinv;
	/* EC: the scalar, as long as the order; Edwards: the seed; Montgomery: the key as it is */
	struct hf_span scalar;
};

/* Exactly one PrivateKeyInfo, RSAPrivateKey or ECPrivateKey, whose numbers fit together (RSA: all
 * relations but primality; the others: a public key that comes along is theirs). The caller owns
 * *ret: private_info_done(). HF_INVALID. */
HF_MUST hf_status private_info_parse(struct hf_span der, struct private_info *ret);
void private_info_done(struct private_info *info); /* an empty one is fine */

/* PKCS#8 of it; for Weierstrass curves the public key goes with it. `values` is not looked at: the
 * spans may point elsewhere. The caller owns *ret. HF_INVALID. */
HF_MUST hf_status private_info_der(const struct private_info *info, struct hf_secret *ret);

#endif
