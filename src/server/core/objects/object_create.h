/* SPDX-License-Identifier: Apache-2.0
 * Making a security object: its name is reserved, the HSM makes the key, and only then is it shown.
 *
 *   reserved, shown to nobody ──► the HSM: generate, import, unwrap, derive, agree ──► shown
 *
 * What is reserved has its id and, in a slot, its CKA_ID already, so that a key whose making nobody
 * heard the end of (this server died, the HSM did not answer) can be found by it: object_clock.c
 * removes it. Nobody was ever told of it. */
#ifndef HF_SERVER_CORE_OBJECTS_OBJECT_CREATE_H
#define HF_SERVER_CORE_OBJECTS_OBJECT_CREATE_H

#include "server/core/backends/backend.h"
#include "server/core/objects/object.h"

/* Of a transient key (row.transient) none of this is: it is made in the HSM and given out, with its
 * record, and settle() is not called. */

#define CKA_ID_LEN 16 /* random, of keys made here */

/* Embedded by the caller, who fills the first part, zeroes the rest, and keeps it and everything
 * that it points to until done(). */
struct object_making {
	const struct core *core;
	struct group *group; /* where; the caller holds it */
	/* name, description, type, curve, bits, uses, state, enabled, options, metadata, dates,
	 * creator, links. The rest is filled here. */
	struct object_row row;
	/* The kind, and what it takes but `made`: key, mech, data, more. OPAQUE and CERTIFICATE:
	 * kind 0, and `data` is the value, which is sealed and stays in the database. */
	struct crypto_op op;
	uint32_t public_exponent; /* RSA; 0: 65537 */
	/* When the name that it is to have is another's until `settle` takes it away. */
	bool name_later;
	/* Inside the transaction that shows it, before it is shown: may change `row`; fails with
	 * words in `err`. May run twice. NULL: nothing. */
	hf_status (*settle)(struct object_making *m, struct db *db);
	void (*done)(struct object_making *m, hf_status s); /* once, from any thread */
	/* ---- what came of it */
	struct object *object; /* done(HF_OK): the caller's reference */
	struct hf_err err;
	/* ---- object_create.c's own */
	struct db_task task; /* first of what it submits: container of */
	struct backend_call call;
	hf_status failed;
	int64_t now_ms;
	char name[OBJECT_NAME_MAX]; /* that it will have */
	char transient_id[HF_ID_MAX];
	uint8_t public_key[SPKI_MAX];
	struct hf_buf sealed;
};
void object_make(struct object_making *m);

/* Of a value that stays in the database. */
HF_MUST hf_status object_value_open(const struct core *core, const struct object_row *o,
                                    struct hf_secret *ret, struct hf_err *err);

/* What is to be asked of the HSM for such an object; borrowed from `row`. */
void object_shape(const struct object_row *row, const struct group *group, struct key_shape *ret);

#endif
