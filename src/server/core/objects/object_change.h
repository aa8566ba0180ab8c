/* SPDX-License-Identifier: Apache-2.0
 * Changing a security object: first in the HSM, where that is to be, then in the database. What the
 * HSM refuses fails with its words, and nothing is changed. When it is the database that fails, the
 * HSM is asked to take its change back.
 *
 * Whether a change is made in the HSM at all is the group's policy (struct group, apply_to_hsm):
 * without it, changes of a virtual key are changes of the virtual key alone. What is in a pool is
 * ours: it ends there whatever the policy. */
#ifndef HF_SERVER_CORE_OBJECTS_OBJECT_CHANGE_H
#define HF_SERVER_CORE_OBJECTS_OBJECT_CHANGE_H

#include "server/core/backends/backend.h"
#include "server/core/objects/object.h"

/* Embedded by the caller, who fills the first part, zeroes the rest, and keeps it until done(). */
struct object_change {
	const struct core *core;
	struct object *object; /* as the caller has judged it; he holds it */
	struct crypto_op op;   /* in the HSM, before; kind 0: nothing */
	/* Inside the transaction, with the row as it is now, which nobody else can change
	 * meanwhile: changes it. What it points to afterwards lives until done(). May run twice. */
	hf_status (*apply)(struct object_change *c, struct db *db, struct object_row *row);
	void (*done)(struct object_change *c, hf_status s); /* once, from any thread */
	/* ---- what came of it */
	struct object *changed; /* done(HF_OK): the caller's reference; in the group it was in */
	struct hf_err err;
	/* ---- object_change.c's own */
	struct db_task task;
	struct backend_call call;
	struct crypto_op back; /* takes op back */
	hf_status failed;
};
void object_change(struct object_change *c);

/* What of it is to be told to the HSM when its name and its uses become these: kind 0 when
 * nothing is. Borrowed from the object and `name`. */
void object_update_op(const struct object *o, const char *name, unsigned uses,
                      struct crypto_op *ret);
/* The same for its end, or (`private_only`) that of its private half. */
void object_destroy_op(const struct object *o, bool private_only, struct crypto_op *ret);

#endif
