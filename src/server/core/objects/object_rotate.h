/* SPDX-License-Identifier: Apache-2.0
 * Rotation: a new key of the same kind is made in the same HSM and takes the name, in one
 * transaction; whoever uses the key by its name never finds it missing. The old one is renamed
 * "<name> (rotated at <time>)", and the two are linked. */
#ifndef HF_SERVER_CORE_OBJECTS_OBJECT_ROTATE_H
#define HF_SERVER_CORE_OBJECTS_OBJECT_ROTATE_H

#include "server/core/objects/object_create.h"

/* Embedded by the caller. `making.row` is filled by object_rotation_of(), and may then be changed;
 * `making.settle` and `making.done` are object_rotate()'s. */
struct object_rotation {
	struct object_making making; /* its object, when it is done, is the new one */
	struct object *old;          /* held by the caller */
	bool deactivate;             /* the old one, too */
	int64_t due_ms; /* only if its rotation is still due at this time; 0: in any case */
	hf_status (*entered)(struct object_rotation *r, struct db *db); /* in it too; or NULL */
	void (*done)(struct object_rotation *r, hf_status s);
};
/* The new one as the old one is. HF_UNSUPPORTED: there is no making such a key. */
HF_MUST hf_status object_rotation_of(struct object_rotation *r, const struct core *core,
                                     struct object *old, struct hf_err *err);
void object_rotate(struct object_rotation *r);

/* Another object, which is there already, takes the name of `old`, whose is `new_name` from now on;
 * the two are linked. Inside a transaction; HF_EXISTS, HF_STATE with words. */
HF_MUST hf_status object_replace(struct db *db, const struct object *old, const struct object *new,
                                 const char *new_name, struct hf_err *err);

/* "<name> (rotated at <time>)", cut so that it fits; the n-th such within one second. */
void object_rotated_name(const char *name, int64_t now_ms, unsigned n, char to[OBJECT_NAME_MAX]);

/* RotationPolicy. */
struct rotation_policy {
	int64_t days, months; /* one of the two */
	int64_t effective_ms; /* 0: from now on */
	bool deactivate;
};
/* Strict. HF_INVALID with words. */
struct json_t;
HF_MUST hf_status rotation_policy_read(const struct json_t *from, struct rotation_policy *ret,
                                       struct hf_err *err);
/* The first time after `after_ms`, counted from `from_ms` where the policy says no time. */
int64_t rotation_policy_next(const struct rotation_policy *p, int64_t from_ms, int64_t after_ms);

#endif
