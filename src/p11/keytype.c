/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/keytype.h"

#include "p11/rv.h"

#include <string.h>

#define BYTES(literal) HF_SPAN(literal, sizeof(literal) - 1)
#define NO_BYTES HF_SPAN(NULL, 0)

/* RFC 5480, RFC 8410; names as PKCS#11 3.0, 2.3.3 has them. */
static const struct p11_kind kinds[KEY_TYPE_MAX + 1] = {
	[KEY_SECP256K1] = { KEY_SECP256K1,
	                    CKK_EC,
	                    { CKM_EC_KEY_PAIR_GEN },
	                    CKM_ECDSA,
	                    BYTES("\x06\x05\x2b\x81\x04\x00\x0a"),
	                    BYTES("\x13\x09secp256k1") },
	[KEY_P256] = { KEY_P256,
	               CKK_EC,
	               { CKM_EC_KEY_PAIR_GEN },
	               CKM_ECDSA,
	               BYTES("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
	               BYTES("\x13\x09secp256r1") },
	[KEY_P384] = { KEY_P384,
	               CKK_EC,
	               { CKM_EC_KEY_PAIR_GEN },
	               CKM_ECDSA,
	               BYTES("\x06\x05\x2b\x81\x04\x00\x22"),
	               BYTES("\x13\x09secp384r1") },
	[KEY_ED25519] = { KEY_ED25519,
	                  CKK_EC_EDWARDS,
	                  { CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN },
	                  CKM_EDDSA,
	                  BYTES("\x06\x03\x2b\x65\x70"),
	                  BYTES("\x13\x0c"
	                        "edwards25519") },
	[KEY_RSA_2048] = { KEY_RSA_2048,
	                   CKK_RSA,
	                   { CKM_RSA_PKCS_KEY_PAIR_GEN },
	                   CKM_RSA_PKCS,
	                   NO_BYTES,
	                   NO_BYTES },
	[KEY_RSA_3072] = { KEY_RSA_3072,
	                   CKK_RSA,
	                   { CKM_RSA_PKCS_KEY_PAIR_GEN },
	                   CKM_RSA_PKCS,
	                   NO_BYTES,
	                   NO_BYTES },
	[KEY_RSA_4096] = { KEY_RSA_4096,
	                   CKK_RSA,
	                   { CKM_RSA_PKCS_KEY_PAIR_GEN },
	                   CKM_RSA_PKCS,
	                   NO_BYTES,
	                   NO_BYTES },
};

const struct p11_kind *p11_kind(enum key_type type)
{
	return &kinds[type];
}

struct hf_span p11_kind_params(const struct p11_kind *kind, enum p11_params encoding)
{
	return encoding == PARAMS_NAME ? kind->name : kind->oid;
}

struct hash_kind {
	struct hf_span info; /* DigestInfo before the digest: RFC 8017, 9.2, note 1 */
	CK_MECHANISM_TYPE mechanism;
	CK_ULONG mgf;
};

static const struct hash_kind hashes[] = {
	[HASH_SHA256] = { BYTES("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05"
	                        "\x00\x04\x20"),
	                  CKM_SHA256, CKG_MGF1_SHA256 },
	[HASH_SHA384] = { BYTES("\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05"
	                        "\x00\x04\x30"),
	                  CKM_SHA384, CKG_MGF1_SHA384 },
	[HASH_SHA512] = { BYTES("\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05"
	                        "\x00\x04\x40"),
	                  CKM_SHA512, CKG_MGF1_SHA512 },
};

static void plan_eddsa(uint32_t quirks, struct p11_sign_plan *plan)
{
	if (!(quirks & QUIRK_EDDSA_PARAMS))
		return;
	plan->params.eddsa = (struct p11_eddsa_params){ 0 };
	plan->mechanism.pParameter = &plan->params.eddsa;
	plan->mechanism.ulParameterLen = sizeof(plan->params.eddsa);
}

static void plan_pkcs1(const struct hash_kind *hash, struct hf_span digest,
                       struct p11_sign_plan *plan)
{
	memcpy(plan->info, hash->info.ptr, hash->info.len);
	memcpy(plan->info + hash->info.len, digest.ptr, digest.len);
	plan->data = HF_SPAN(plan->info, hash->info.len + digest.len);
}

static void plan_pss(const struct hash_kind *hash, size_t salt, struct p11_sign_plan *plan)
{
	plan->mechanism.mechanism = CKM_RSA_PKCS_PSS;
	plan->params.pss.hashAlg = hash->mechanism;
	plan->params.pss.mgf = hash->mgf;
	plan->params.pss.sLen = salt;
	plan->mechanism.pParameter = &plan->params.pss;
	plan->mechanism.ulParameterLen = sizeof(plan->params.pss);
}

hf_status p11_sign_plan(enum key_type type, const struct p11_type_profile *profile, int scheme,
                        int hash, struct hf_span input, struct p11_sign_plan *ret,
                        struct hf_err *err)
{
	HF_TRY(sign_scheme_check(type, scheme, hash, input.len, err));
	if (scheme == SIGN_RSA_PSS && (profile->quirks & QUIRK_NO_PSS))
		return hf_fail(err, HF_UNSUPPORTED,
		               "this HSM does not sign with RSA-PSS: use PKCS#1 v1.5, or an "
		               "elliptic curve");
	ret->mechanism = (CK_MECHANISM){ .mechanism = profile->sign_mechanism };
	ret->data = input;
	switch ((enum sign_scheme)scheme) {
	case SIGN_ECDSA:
		break;
	case SIGN_ED25519:
		plan_eddsa(profile->quirks, ret);
		break;
	case SIGN_RSA_PKCS1:
		plan_pkcs1(&hashes[hash], input, ret);
		break;
	case SIGN_RSA_PSS:
		plan_pss(&hashes[hash], hash_len(hash), ret);
		break;
	}
	return HF_SUCCESS;
}

static hf_status read_rsa(struct p11_session *s, CK_OBJECT_HANDLE object, enum key_type type,
                          struct public_key *ret, struct hf_err *err)
{
	uint8_t n[ATTRIBUTE_MAX], e[64];
	size_t n_len, e_len;

	HF_TRY(attribute_read(s, object, CKA_MODULUS, n, sizeof(n), &n_len, err));
	HF_TRY(attribute_read(s, object, CKA_PUBLIC_EXPONENT, e, sizeof(e), &e_len, err));
	return public_key_from_rsa(type, HF_SPAN(n, n_len), HF_SPAN(e, e_len), ret);
}

static hf_status read_point(struct p11_session *s, CK_OBJECT_HANDLE object, enum key_type type,
                            struct public_key *ret, struct hf_err *err)
{
	uint8_t point[ATTRIBUTE_MAX];
	size_t len;

	HF_TRY(attribute_read(s, object, CKA_EC_POINT, point, sizeof(point), &len, err));
	if (type == KEY_ED25519)
		return public_key_from_ed_point(HF_SPAN(point, len), ret);
	return public_key_from_ec_point(type, HF_SPAN(point, len), ret);
}

hf_status p11_public_key_read(struct p11_session *s, CK_OBJECT_HANDLE public_object,
                              enum key_type type, struct public_key *ret, struct hf_err *err)
{
	hf_status status = kinds[type].ck == CKK_RSA ? read_rsa(s, public_object, type, ret, err)
	                                             : read_point(s, public_object, type, ret, err);

	if (status.code == HF_INVALID)
		return hf_fail(err, HF_CORRUPT, "the HSM gave a public key that is no %s key",
		               key_type_info(type)->name);
	return status;
}
