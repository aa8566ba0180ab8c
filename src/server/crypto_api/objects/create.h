/* SPDX-License-Identifier: Apache-2.0
 * Calls that make a security object and answer with it: generate, import, copy, and those that take
 * a key to make another (unwrap, derive, agree). */
#ifndef HF_SERVER_CRYPTO_API_OBJECTS_CREATE_H
#define HF_SERVER_CRYPTO_API_OBJECTS_CREATE_H

#include "server/crypto_api/objects/request.h"

struct making_call {
	struct crypto_call call; /* first */
	struct hf_buf bytes;     /* what is decoded of the body; wiped */
	struct sobject_request request;
	struct object_making making; /* row, op and public_exponent are the caller's to fill */
	const char *group_id;        /* where to */
	const char *kcv;             /* that it has to have; NULL */
	struct object *source;       /* the key that it is made with or from; NULL; released */
	struct backend_call backend; /* for what has to be asked of an HSM before */
	struct crypto_op before;
	void (*then)(struct crypto_call *c, struct hf_span value);
};

/* Everything is filled: looks for the group, asks the guard (ACT_CREATE), makes it, answers 201
 * with it. */
void making_call_begin(struct crypto_call *c);
void making_call_release(struct crypto_call *c);

#endif
