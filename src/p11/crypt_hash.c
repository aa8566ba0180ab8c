/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#define BYTES(literal) HF_SPAN(literal, sizeof(literal) - 1)

/* DigestInfo of the hashes of NIST's arc 2.16.840.1.101.3.4.2: `total` and `len` are lengths. */
#define NIST(total, last, len)                                                                     \
	BYTES("\x30" total "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" last                 \
	      "\x05\x00\x04" len)

/* PKCS#11 3.0, 6.22 to 6.29, which p11-kit's header has in part. */
static const struct crypt_hash hashes[DIGEST_ALG_MAX + 1] = {
	[DIGEST_SHA1] = { CKM_SHA_1, CKM_SHA_1_HMAC, CKG_MGF1_SHA1,
	                  BYTES("\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14") },
	[DIGEST_SHA224] = { CKM_SHA224, CKM_SHA224_HMAC, CKG_MGF1_SHA224,
	                    NIST("\x2d", "\x04", "\x1c") },
	[DIGEST_SHA256] = { CKM_SHA256, CKM_SHA256_HMAC, CKG_MGF1_SHA256,
	                    NIST("\x31", "\x01", "\x20") },
	[DIGEST_SHA384] = { CKM_SHA384, CKM_SHA384_HMAC, CKG_MGF1_SHA384,
	                    NIST("\x41", "\x02", "\x30") },
	[DIGEST_SHA512] = { CKM_SHA512, CKM_SHA512_HMAC, CKG_MGF1_SHA512,
	                    NIST("\x51", "\x03", "\x40") },
	[DIGEST_SHA3_224] = { 0x2b5, 0x2b6, 6, NIST("\x2d", "\x07", "\x1c") },
	[DIGEST_SHA3_256] = { 0x2b0, 0x2b1, 7, NIST("\x31", "\x08", "\x20") },
	[DIGEST_SHA3_384] = { 0x2c0, 0x2c1, 8, NIST("\x41", "\x09", "\x30") },
	[DIGEST_SHA3_512] = { 0x2d0, 0x2d1, 9, NIST("\x51", "\x0a", "\x40") },
	[DIGEST_RIPEMD160] = { CKM_RIPEMD160, CKM_RIPEMD160_HMAC, 0,
	                       BYTES("\x30\x21\x30\x09\x06\x05\x2b\x24\x03\x02\x01\x05\x00\x04"
	                             "\x14") },
};

const struct crypt_hash *crypt_hash(enum digest_alg alg)
{
	if (alg <= DIGEST_NONE || alg > DIGEST_ALG_MAX || !hashes[alg].digest)
		return NULL;
	return &hashes[alg];
}
