/* SPDX-License-Identifier: Apache-2.0
 * What a key in a slot is, or shall be, and how it is named. */
#ifndef HF_P11_KEY_SHAPE_H
#define HF_P11_KEY_SHAPE_H

#include "base/buf.h"
#include "crypto/object_type.h"

#define CKA_ID_MAX 255
#define CKA_LABEL_MAX 255
#define SPKI_MAX 1280        /* of RSA-8192, with the longest of exponents that anybody uses */
#define SHAPE_BITS_MAX 65536 /* of any key: a secret of 8 KB */

/* A key in the slot. */
struct key_name {
	struct hf_span id, label; /* CKA_ID, CKA_LABEL, both as they are, perhaps empty */
	enum object_type type;
	/* SubjectPublicKeyInfo that is expected; empty for symmetric ones. Picks one of several
	 * keys with one id and label. */
	struct hf_span public_key;
};

/* What a key is, or shall be. */
struct key_shape {
	enum object_type type;
	enum curve curve;
	uint32_t bits; /* 0: the token does not tell (SoftHSM2, of unwrapped secret keys) */
	unsigned uses; /* of USE_IN_HSM */
	bool uses_given;
	bool extractable, never_extractable, sensitive;
	bool local;       /* made in the token */
	bool has_private; /* of a pair: the private half is there; symmetric: true */
	bool persistent;  /* to be made: a token object; false: only wrapped, see `record` of the
	                     result */
	uint32_t public_exponent; /* RSA, to be made; 0: 65537 */
	struct hf_span id;
	struct hf_span label;      /* ptr NULL: none is said; else perhaps empty */
	struct hf_span public_key; /* SubjectPublicKeyInfo DER */
	uint8_t kcv[3]; /* symmetric: first bytes of a zero block encrypted, where it can */
	bool have_kcv;
};

#endif
