/* SPDX-License-Identifier: Apache-2.0
 * What a module can do and how it wants to be asked, as found by trying (p11/preflight.h): for each
 * key type the wrap format, the mechanism number that gives it here, the encodings and template
 * that worked. */
#ifndef HF_P11_PROFILE_H
#define HF_P11_PROFILE_H

#include "base/buf.h"
#include "crypto/key_type.h"
#include "p11/wrap_format.h"

/* Sent: append only. */
enum p11_ability {
	ABILITY_NONE = 0,
	ABILITY_WRAPPED = 1,  /* generate, wrap, unwrap, sign */
	ABILITY_RESIDENT = 2, /* generate and sign as token object; cannot be wrapped */
};

/* CKA_EC_PARAMS: OBJECT IDENTIFIER or PrintableString. */
enum p11_params {
	PARAMS_OID = 1,
	PARAMS_NAME = 2,
};

/* Template quirks, found by trying; bits. */
enum {
	QUIRK_NSS_DB = 1 << 0,       /* unwrap of EC keys wants CKA_NSS_DB */
	QUIRK_RATCHET = 1 << 1,      /* unwrap ignores SENSITIVE/EXTRACTABLE: set afterwards */
	QUIRK_EC_PARAMS = 1 << 2,    /* unwrap wants CKA_EC_PARAMS in the template */
	QUIRK_EDDSA_PARAMS = 1 << 3, /* CKM_EDDSA wants CK_EDDSA_PARAMS */
	QUIRK_NO_PSS = 1 << 4,       /* RSA signs PKCS#1 v1.5 only */
	QUIRK_TOKEN_PAIR = 1 << 5,   /* a resident key's public key stays in the token as well */
};

struct p11_type_profile {
	enum p11_ability ability;
	enum wrap_format format;
	uint64_t wrap_mechanism; /* CKM_… */
	uint64_t generate_mechanism;
	uint64_t sign_mechanism;
	enum p11_params params;
	uint32_t quirks;
};

struct p11_profile {
	struct p11_type_profile types[KEY_TYPE_MAX + 1]; /* by enum key_type */
	/* What gives each format here, 0: nothing. For records that another HSM made. */
	uint64_t wrap_mechanisms[WRAP_FORMAT_MAX + 1];
	uint64_t mac_mechanism; /* CKM_SHA256_HMAC, or 0: the HSM makes no MAC */
	uint64_t mac_key_type;
};

void p11_profile_encode(struct hf_buf *to, const struct p11_profile *p);
HF_MUST hf_status p11_profile_decode(struct hf_span from, struct p11_profile *ret);

#endif
