/* SPDX-License-Identifier: Apache-2.0
 * A real token (places.h) with a session that may write, and the kinds of keys that are tried on
 * it. */
#ifndef HF_TESTS_OBJECTS_H
#define HF_TESTS_OBJECTS_H

#include "p11/object.h"

struct kind {
	enum object_type type; /* 0 ends the list */
	enum curve curve;
	uint32_t bits;     /* but of curves */
	const char *made;  /* the tokens that make such keys, with a space around each */
	const char *taken; /* and that take them in, so that they can be seen afterwards */
};

extern const struct kind kinds[];
extern struct p11_session session;

/* Ends the program as skipped (77) where that token cannot be. */
void objects_place(const char *name);
void objects_start(void);
void objects_stop(void);
void must(hf_status s, const struct hf_err *err);

bool kind_is_made(const struct kind *k); /* by the token at hand */
bool kind_is_taken(const struct kind *k);
uint32_t kind_bits(const struct kind *k);
const struct kind *kind_of(enum curve curve);
const struct kind *kind_of_type(enum object_type type, uint32_t bits);
struct key_shape kind_shape(const struct kind *k, const char *id, const char *label);

HF_MUST hf_status shape_copy(const struct key_shape *from, struct hf_buf *store,
                             struct key_shape *ret);
/* Behind our back; false where the token does not let it be set. */
bool rename_object(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, const char *to);

#endif
