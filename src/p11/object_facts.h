/* SPDX-License-Identifier: Apache-2.0
 * All that we ask about one object, in one call: a listing of thousands costs what these calls
 * cost. Buffers are of our own size; what a module answers to a size query is not believed. */
#ifndef HF_P11_OBJECT_FACTS_H
#define HF_P11_OBJECT_FACTS_H

#include "p11/key_shape.h"
#include "p11/session.h"

enum fact {
	FACT_CLASS,
	FACT_KEY_TYPE,
	FACT_ID,
	FACT_LABEL,
	FACT_SENSITIVE,
	FACT_EXTRACTABLE,
	FACT_NEVER_EXTRACTABLE,
	FACT_LOCAL,
	FACT_SIGN,
	FACT_VERIFY,
	FACT_ENCRYPT,
	FACT_DECRYPT,
	FACT_WRAP,
	FACT_UNWRAP,
	FACT_DERIVE,
	FACT_VALUE_LEN,
	FACT_CHECK_VALUE,
	FACT_EC_PARAMS,
	FACT_EC_POINT,
	FACT_MODULUS,
	FACT_PUBLIC_EXPONENT,
	FACT_PUBLIC_KEY_INFO,
};
#define FACT_COUNT (FACT_PUBLIC_KEY_INFO + 1)
#define FACT_BYTES_MAX 3328

/* Not to be copied: the attributes point into it. */
struct object_facts {
	CK_ATTRIBUTE attr[FACT_COUNT]; /* ulValueLen CK_UNAVAILABLE_INFORMATION: there is none */
	bool too_long;                 /* its CKA_ID or CKA_LABEL is longer than any of ours */
	uint8_t bytes[FACT_BYTES_MAX];
};

/* HF_NOTFOUND: the object is gone. HF_CLOSED: the session is, or its login. Otherwise by p11/rv.h.
 */
HF_MUST hf_status facts_read(struct p11_session *s, CK_OBJECT_HANDLE object,
                             struct object_facts *ret, struct hf_err *err);
struct hf_span facts_span(const struct object_facts *f, enum fact which); /* empty: none */
bool facts_bool(const struct object_facts *f, enum fact which);           /* false: or none */
/* `none`: where there is none, or it is no number. */
CK_ULONG facts_number(const struct object_facts *f, enum fact which, CK_ULONG none);

#endif
