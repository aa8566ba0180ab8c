/* SPDX-License-Identifier: Apache-2.0
 * What a module can do and how it wants to be asked, as found by trying (p11/preflight.h): for each key type the wrap format,
 * the mechanism number that gives it here, the encodings and template that worked. */
#ifndef HF_P11_PROFILE_H
#define HF_P11_PROFILE_H

#include "base/buf.h"
#include "crypto/key_type.h"
#include "p11/wrap_format.h"

enum p11_ability { /* sent: append only */
	ABILITY_NONE = 0,
	ABILITY_WRAPPED = 1,  /* generate, wrap, unwrap, sign */
	ABILITY_RESIDENT = 2, /* generate and sign as token object; cannot be wrapped */
};

enum p11_params { PARAMS_OID = 1, PARAMS_NAME = 2 }; /* CKA_EC_PARAMS: OBJECT IDENTIFIER or PrintableString */

/* Template quirks, found by trying; bits. */
enum {
	QUIRK_NSS_DB = 1 << 0,       /* unwrap of EC keys wants CKA_NSS_DB */
	QUIRK_RATCHET = 1 << 1,      /* ignores SENSITIVE/EXTRACTABLE on unwrap: set afterwards, read back */
	QUIRK_EC_PARAMS = 1 << 2,    /* unwrap wants CKA_EC_PARAMS in the template */
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
	uint64_t mac_mechanism; /* CKM_SHA256_HMAC, or 0: the HSM makes no MAC */
	uint64_t mac_key_type;
};

void p11_profile_encode(struct hf_buf *to, const struct p11_profile *p);
HF_MUST hf_status p11_profile_decode(struct hf_span from, struct p11_profile *ret);

#endif
