/* SPDX-License-Identifier: Apache-2.0
 * How PKCS#11 speaks of each key type: generation mechanisms, curve parameters in their two
 * encodings, signing mechanisms with their parameters, and the public key in canonical form. */
#ifndef HF_P11_KEYTYPE_H
#define HF_P11_KEYTYPE_H

#include "crypto/pubkey.h"
#include "p11/profile.h"
#include "p11/template.h"

struct p11_kind {
	enum key_type type;
	CK_KEY_TYPE ck;
	CK_MECHANISM_TYPE generate[2]; /* candidates, best first; 0 ends */
	CK_MECHANISM_TYPE sign;
	struct hf_span oid;  /* CKA_EC_PARAMS as OBJECT IDENTIFIER; empty for RSA */
	struct hf_span name; /* as PrintableString; empty when there is none */
};

/* Never NULL for a key type of crypto/key_type.h. */
const struct p11_kind *p11_kind(enum key_type type);
struct hf_span p11_kind_params(const struct p11_kind *kind, enum p11_params encoding);

/* A mechanism ready for C_SignInit, and the bytes for C_Sign. Not to be copied: it points into
 * itself. */
struct p11_sign_plan {
	CK_MECHANISM mechanism;
	struct hf_span data; /* the input, or DigestInfo around it in `info` */
	union {
		CK_RSA_PKCS_PSS_PARAMS pss;
		struct p11_eddsa_params eddsa;
	} params;
	uint8_t info[128];
};

/* HF_INVALID when the type does not sign this way. HF_UNSUPPORTED when this HSM does not (no PSS).
 */
HF_MUST hf_status p11_sign_plan(enum key_type type, const struct p11_type_profile *profile,
                                int scheme, int hash, struct hf_span input,
                                struct p11_sign_plan *ret, struct hf_err *err);

/* The canonical public key from a public key object. HF_CORRUPT: the HSM gave something that is
 * none. */
HF_MUST hf_status p11_public_key_read(struct p11_session *s, CK_OBJECT_HANDLE public_object,
                                      enum key_type type, struct public_key *ret,
                                      struct hf_err *err);

#endif
