/* SPDX-License-Identifier: Apache-2.0
 * How an operation is to be done, in words of our own: what PKCS#11 says with a mechanism number
 * and a structure of parameters. */
#ifndef HF_P11_MECH_H
#define HF_P11_MECH_H

#include "base/buf.h"
#include "crypto/digest_alg.h"

/* Sent: append only. */
enum crypto_mode {
	MODE_NONE = 0,
	MODE_ECB = 1,
	MODE_CBC = 2, /* PKCS#7 padding */
	MODE_CBC_NOPAD = 3,
	MODE_CTR = 4, /* 128-bit counter, big-endian: iv is its first value */
	MODE_GCM = 5, /* iv 12 bytes unless given otherwise, tag_len */
	MODE_CCM = 6,
	MODE_KW = 7,  /* RFC 3394: as encryption of data, and to wrap */
	MODE_KWP = 8, /* RFC 5649 */
	MODE_FF1 = 9, /* SP 800-38G: data and result are numerals, u16 each; iv: the tweak; radix;
	                ad: a bound or nothing, see CRYPTO_WALK_MAX */
	MODE_CFB = 10,
	MODE_OFB = 11,
	MODE_RSA_PKCS1 = 12,
	MODE_RSA_OAEP = 13, /* hash, mgf_hash, more as label: `ad` */
	MODE_RSA_RAW = 14,
	MODE_RSA_PSS = 15, /* data: a digest of `hash`; mgf_hash; salt_len */
	MODE_ECDSA = 16,   /* data: a digest */
	MODE_EDDSA = 17,   /* data: the message */
	MODE_CMAC = 18,
	MODE_HMAC = 19, /* hash */
	MODE_ECDH = 20,
	MODE_HKDF = 21,             /* hash; iv: salt; ad: info */
	MODE_ENCRYPT_DATA_ECB = 22, /* of CRYPTO_DERIVE: the new key is data encrypted */
	MODE_ENCRYPT_DATA_CBC = 23,
};
#define CRYPTO_MODE_MAX 23

/* FF1 with a bound, a number in big-endian bytes: numerals at or above it are put in again, until
 * the number that they are is below (cycle walking), so that numbers below stay among themselves.
 * More than one round is rare, when the bound is nearly what the numerals can be; there are this
 * many at most. */
#define CRYPTO_WALK_MAX 256

#define CRYPTO_IV_MAX 256 /* an FF1 tweak is the longest */
#define CRYPTO_AD_MAX 16384

struct crypto_mech {
	enum crypto_mode mode;
	enum digest_alg hash, mgf_hash;
	uint16_t salt_len; /* PSS; CRYPTO_SALT_AS_HASH */
	uint8_t tag_len;   /* bytes */
	uint32_t radix;    /* FF1 */
	struct hf_span
	        iv; /* empty of an encryption that wants one: made by the HSM, and returned */
	struct hf_span ad;
	struct hf_span tag; /* GCM, CCM decryption */
};
#define CRYPTO_SALT_AS_HASH 0xffff

#endif
