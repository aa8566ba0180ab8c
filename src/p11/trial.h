/* SPDX-License-Identifier: Apache-2.0
 * The single steps of preflight: each tries until something works, and notes in the type's profile
 * what it was. On failure, `fault` and s->rv hold what the plainest attempt got: it says more than
 * what the odd ones got. */
#ifndef HF_P11_TRIAL_H
#define HF_P11_TRIAL_H

#include "p11/key.h"

struct trial {
	struct p11_session *s;
	CK_OBJECT_HANDLE master;
	struct hf_err fault; /* of the last step that failed */
};

/* Finds generation mechanism and curve encoding. The caller owns *ret. */
HF_MUST hf_status trial_generate(struct trial *r, enum key_type type, enum key_place place,
                                 struct p11_type_profile *t, struct p11_key *ret);

/* Finds the template's quirks. The caller destroys *ret. */
HF_MUST hf_status trial_unwrap(struct trial *r, enum key_type type, struct p11_type_profile *t,
                               struct hf_span blob, CK_OBJECT_HANDLE *ret);

/* Signs in every way that the type has, and checks with `pub`; finds the signing quirks.
 * HF_UNAUTHENTIC. */
HF_MUST hf_status trial_sign(struct trial *r, enum key_type type, struct p11_type_profile *t,
                             CK_OBJECT_HANDLE object, const struct public_key *pub);

/* One flipped bit has to be refused where the format has integrity of its own. */
bool trial_refuses_corrupt(struct trial *r, enum key_type type, const struct p11_type_profile *t,
                           struct hf_span blob);

#endif
