/* SPDX-License-Identifier: Apache-2.0
 * One object of a token as a key, or as half of one; halves are put together, and keys that are not
 * to be seen are told. */
#ifndef HF_P11_OBJECT_HALF_H
#define HF_P11_OBJECT_HALF_H

#include "crypto/public_info.h"
#include "p11/object.h"
#include "p11/object_facts.h"

struct half {
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	struct key_shape shape; /* its spans point into the facts, and into `der` */
	struct public_der der;
};

/* Not to be copied once made: it points into itself, and into *f. HF_NOTFOUND: it is no key.
 * HF_UNSUPPORTED: a key of a type, curve or size that we do not know. An elliptic private key whose
 * curve the token does not tell has CURVE_NONE: its public half tells. */
HF_MUST hf_status half_of(const struct object_facts *f, struct half *ret);

/* Of one kind, as far as names go: a generic secret may be an HMAC key or bytes, by its uses. */
bool types_agree(enum object_type a, enum object_type b);
/* Could they be halves of one key, beside their names? */
bool halves_fit(const struct key_shape *private, const struct key_shape *public);
/* The pair, in the private one. */
void halves_join(struct key_shape *private, const struct key_shape *public);
/* Of a private one whose public half is not in the token: what can be done with what is known. */
void half_alone(struct key_shape *private);

/* A copy of all that `from` points to, in one piece at the end of `store`. */
HF_MUST hf_status shape_keep(const struct key_shape *from, struct hf_buf *store,
                             struct key_shape *ret);

/* By its label: our master key, its MAC key, or a wallet's resident key (p11/key.h). */
bool is_ours(const struct key_shape *shape);
/* May it be a master key, or a master's MAC key, under a label that an administrator chose? Then
 * there is the other of CKA_ID, and of CKA_ID and "mac". */
bool may_be_master(const struct key_shape *shape);
bool may_be_master_mac(const struct key_shape *shape);
bool is_mac_of(struct hf_span of_mac, struct hf_span of_master); /* CKA_IDs */

/* No to each use that keys of the type do not have: tokens say yes to those that nobody names.
 * Empty for secret keys, whose template_uses() names all. */
void template_other_uses(struct template *t, const struct key_shape *shape, enum object_half half);

/* CKA_CLASS of a half. */
CK_OBJECT_CLASS half_class(enum object_type type, enum object_half which);

#endif
