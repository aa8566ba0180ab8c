/* SPDX-License-Identifier: Apache-2.0
 * The PKCS#11 types and numbers (p11-kit's header), and what it does not have yet. */
#ifndef HF_P11_CK_H
#define HF_P11_CK_H

#include <p11-kit/pkcs11.h>

#ifndef CKM_AES_KEY_WRAP_KWP
#define CKM_AES_KEY_WRAP_KWP 0x210bUL /* PKCS#11 3.0, 2.14.7: RFC 5649 */
#endif
#ifndef CKR_AEAD_DECRYPT_FAILED
#define CKR_AEAD_DECRYPT_FAILED 0x42UL /* PKCS#11 3.0 */
#endif
#ifndef CKM_HKDF_DERIVE
#define CKM_HKDF_DERIVE 0x402aUL /* PKCS#11 3.0, 6.61 */
#endif
#ifndef CKK_EC_MONTGOMERY
#define CKK_EC_MONTGOMERY 0x41UL
#endif
#define CKM_LUNA_AES_KWP 0x80000171UL           /* Thales Luna: RFC 5649, its only name for it */
#define CKM_NC_SHA256_HMAC_KEY_GEN 0xde436997UL /* Entrust nShield */
#ifndef CKM_EC_MONTGOMERY_KEY_PAIR_GEN
#define CKM_EC_MONTGOMERY_KEY_PAIR_GEN 0x1056UL /* PKCS#11 3.0, 2.3.8 */
#endif
#define CKA_NSS_DB 0xd5a0db00UL /* NSS: wanted in the unwrap template of EC keys */

/* PKCS#11 3.0, 6.3.15: a parameter that some modules insist on. */
struct p11_eddsa_params {
	CK_BBOOL prehash;
	CK_ULONG context_len;
	CK_BYTE *context;
};

#define P11_NO_OBJECT ((CK_OBJECT_HANDLE)CK_INVALID_HANDLE)

#endif
