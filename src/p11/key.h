/* SPDX-License-Identifier: Apache-2.0
 * What is done with one key: generate, wrap, unwrap, sign, destroy. Objects that fail half-way are
 * destroyed here; those that succeed are the caller's. */
#ifndef HF_P11_KEY_H
#define HF_P11_KEY_H

#include "p11/master.h"
#include "p11/wrap.h"

#define RESIDENT_ID_LEN 16
#define RESIDENT_LABEL "holdfast-resident"

struct p11_key {
	enum key_type type;
	CK_OBJECT_HANDLE private_object;
	CK_OBJECT_HANDLE public_object;
	bool resident;                        /* the private object is a token object */
	bool public_stays;                    /* and the public one with it: QUIRK_TOKEN_PAIR */
	uint8_t resident_id[RESIDENT_ID_LEN]; /* its CKA_ID */
	struct public_key public_key;
};

/* Where a fresh private key lives. */
enum key_place {
	KEY_WRAPPABLE, /* in the session, EXTRACTABLE: to be wrapped and destroyed */
	KEY_SESSION,   /* in the session, never leaves: tests and measurements */
	KEY_RESIDENT,  /* in the token, never leaves */
};

/* What C_GenerateKeyPair is asked, built once. Points into itself: not to be copied. */
struct generate_plan {
	struct template public_template, private_template;
	CK_MECHANISM mechanism;
	uint8_t resident_id[RESIDENT_ID_LEN]; /* random; KEY_RESIDENT only */
};
void generate_plan_build(struct generate_plan *to, enum key_type type,
                         const struct p11_type_profile *profile, enum key_place place);

/* A pair of that plan with its public key read. The caller owns *ret. */
HF_MUST hf_status p11_key_make(struct p11_session *s, const struct p11_type_profile *profile,
                               enum key_type type, enum key_place place, struct p11_key *ret,
                               struct hf_err *err);

/* A key pair as the profile says: session objects (SENSITIVE, EXTRACTABLE only until wrapped and
 * destroyed), or, for a type whose ability is ABILITY_RESIDENT, a private token object that can
 * never leave (needs an R/W session and `allow_resident`, otherwise HF_DENIED with words).
 * HF_UNSUPPORTED for ABILITY_NONE. The caller owns *ret: p11_key_done(), or p11_key_discard() when
 * its record could not be kept. */
HF_MUST hf_status p11_key_generate(struct p11_session *s, const struct p11_profile *profile,
                                   enum key_type type, bool allow_resident, struct p11_key *ret,
                                   struct hf_err *err);

/* Appends what the record keeps: the wrapped key, or the CKA_ID of a resident one; *ret_format says
 * which. */
HF_MUST hf_status p11_key_wrap(struct p11_session *s, const struct p11_profile *profile,
                               const struct p11_master *master, const struct p11_key *key,
                               struct hf_buf *to, enum wrap_format *ret_format, struct hf_err *err);

/* A private key ready to sign, from a record's blob; the caller ends it with p11_object_destroy(),
 * but for WRAP_RESIDENT, whose token object stays. The format may be another than the profile's own
 * choice, as long as this HSM has it (HF_UNSUPPORTED). HF_CORRUPT: a blob that cannot be;
 * HF_NOTFOUND: no such resident key. */
HF_MUST hf_status p11_key_unwrap(struct p11_session *s, const struct p11_profile *profile,
                                 const struct p11_master *master, enum key_type type,
                                 enum wrap_format format, struct hf_span blob,
                                 CK_OBJECT_HANDLE *ret, struct hf_err *err);

/* The same, for a purpose, and not always read back: see p11/wrap.h. A resident key cannot be had
 * UNWRAP_TO_WRAP: HF_UNSUPPORTED. */
HF_MUST hf_status p11_key_unwrap_as(struct p11_session *s, const struct p11_profile *profile,
                                    const struct p11_master *master, const struct unwrap_ask *ask,
                                    CK_OBJECT_HANDLE *ret, struct hf_err *err);

/* The raw signature as the HSM gave it, recid -1: fixed-width r || s, R || S, or RSA. Not verified
 * here: that is signature_accept(), outside of the vendor's reach. */
HF_MUST hf_status p11_key_sign(struct p11_session *s, const struct p11_profile *profile,
                               enum key_type type, CK_OBJECT_HANDLE private_object, int scheme,
                               int hash, struct hf_span input, struct signature *ret,
                               struct hf_err *err);

/* Destroys the session objects; a resident private key stays in the token. */
void p11_key_done(struct p11_session *s, struct p11_key *key);
/* Destroys all, resident or not. */
void p11_key_discard(struct p11_session *s, struct p11_key *key);

#endif
