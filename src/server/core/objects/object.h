/* SPDX-License-Identifier: Apache-2.0
 * Security objects: keys by the Crypto API's name for them, wherever their material is. In a group
 * with links: virtual keys, which point at a key of the slot by CKA_ID and CKA_LABEL. In a group on
 * a pool: wrapped keys, by the object's id in the drivers' database. Opaque objects and
 * certificates have their value here, sealed.
 *
 * Snapshots as core/groups/group.h's: at most OBJECT_FRESH_MS old. Only `last used` lags behind. */
#ifndef HF_SERVER_CORE_OBJECTS_OBJECT_H
#define HF_SERVER_CORE_OBJECTS_OBJECT_H

#include "op/crypto_op.h"
#include "server/core/groups/group.h"
#include "server/store/object_rows.h"

#define OBJECT_FRESH_MS 2000
#define OBJECTS_CACHED_MAX 16384
/* A row (store/object_rows.h) with its group. Its members are the snapshot's own: o->name, and as
 * a whole o->row. */
struct object {
	atomic_uint references;
	struct group *group;   /* held */
	struct hf_span record; /* of a transient key, which is nowhere else; otherwise empty */
	union {
		struct object_row row;
		struct {
			OBJECT_MEMBERS
		};
	};
};

struct object *object_ref(struct object *o);
void object_unref(struct object *o);
HF_DEFINE_CLEANUP(object_unref, struct object *)
#define OBJECT_SCOPED HF_CLEANUP(object_unref_at)

/* A snapshot of its own of this row, with a reference to the group (which may be NULL) taken. The
 * caller owns *ret. */
HF_MUST hf_status object_new(const struct object_row *row, struct group *group,
                             struct object **ret);

/* The same of a transient key, whose record it is; of others it is empty. */
HF_MUST hf_status object_new_with(const struct object_row *row, struct hf_span record,
                                  struct group *group, struct object **ret);

/* Its state at this time: a date that has come counts before anybody has written it down. */
enum object_state object_state_at(const struct object_row *o, int64_t now_ms);
const char *object_state_name(int state); /* "PreActive"; NULL for a number that is none */
HF_MUST hf_status object_state_parse(const char *name, enum object_state *ret);

/* How an operation names it: fills op->key (or ->subject): its name in the slot, or, with an empty
 * record, its id in the pool, which the driver completes; a transient key by its record. Borrowed
 * from the object and from `ret_key_id`. */
void object_where(const struct object *o, struct key_where *ret, char ret_key_id[HF_ID_MAX]);

struct objects;
HF_MUST hf_status objects_new(struct objects **ret);
void objects_free(struct objects *o);

/* By id, or by name within the organisation: exactly one of the two is not NULL. From the cache
 * alone: NULL when not there or not fresh. Any thread. */
struct object *objects_cached(struct objects *o, const char *org_id, const char *id,
                              const char *name);
/* The same words whether there is none, or one that is not the caller's to see
 * (core/access/guard.h).
 */
#define OBJECT_NOT_HERE_TEXT "there is no such security object in the groups that you are in"
/* From the database, into the cache, with its group. HF_NOTFOUND with words: not there, or deleted.
 * The caller owns *ret. */
HF_MUST hf_status objects_load(struct objects *o, struct groups *groups, struct db *db,
                               const char *org_id, const char *id, const char *name,
                               struct object **ret, struct hf_err *err);
void objects_forget(struct objects *o, const char *id); /* changed here: after the commit */
/* It was used: written to the database once a minute at most, by a tick. Any thread. */
void objects_used(struct objects *o, const struct object *object, int64_t now_ms);
/* The tick's part: inside a transaction; whether anything was to be written. */
HF_MUST hf_status objects_write_used(struct objects *o, struct db *db);
bool objects_unwritten(struct objects *o);

#endif
