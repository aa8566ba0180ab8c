/* SPDX-License-Identifier: Apache-2.0
 * What the calls that make a key out of another have in common: unwrap.c, derive.c, agree.c. The
 * new key is in the same group, since it is made inside that group's HSM. For these only. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_MAKE_H
#define HF_SERVER_CRYPTO_API_CRYPTO_MAKE_H

#include "server/crypto_api/crypto/work.h"
#include "server/crypto_api/objects/create.h"

struct make_call {
	struct making_call making; /* first */
	struct json_t *key;        /* NULL: the path names it */
	const char *key_type;      /* of derive and agree */
	struct mode_said said;     /* of unwrap */
	struct json_t *mechanism;
	struct json_t *public_key; /* of agree */
	struct object *peer;       /* likewise; released */
	/* Once the key is there: fills making.op, and what is known of the new key. */
	hf_status (*plan)(struct make_call *m, struct sobject_made *made, struct hf_err *err);
	enum guard_act act;
};

/* The body of an object to be made, but for the members `more`; `own` are the fields of `m` among
 * them. */
HF_MUST hf_status make_read(struct make_call *m, const char *const *more, size_t n_more,
                            const struct json_field *own, size_t n_own, struct hf_err *err);
/* key_type of derive and agree: a symmetric one. */
HF_MUST hf_status make_read_type(struct make_call *m, struct hf_err *err);

/* The after() of each: finds the key, plans, asks the guard, makes. */
void make_begin(struct crypto_call *c);
/* The rest of it, once making.source is there. */
void make_go_on(struct make_call *m);
void make_release(struct crypto_call *c);

#endif
