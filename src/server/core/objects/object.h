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

#define OBJECT_FRESH_MS 2000
#define OBJECT_NAME_MAX 256

/* Stored: append only. NIST SP 800-57 part 1, 7. */
enum object_state {
	OBJECT_PREACTIVE = 1,
	OBJECT_ACTIVE = 2,
	OBJECT_DEACTIVATED = 3,
	OBJECT_COMPROMISED = 4,
	OBJECT_DESTROYED = 5,
	OBJECT_DELETED = 6,
};

struct object {
	atomic_uint references;
	char id[UUID_MAX]; /* kid */
	char org_id[HF_ID_MAX];
	char group_id[UUID_MAX];
	struct group *group; /* held */
	char name[OBJECT_NAME_MAX];
	char *description; /* or NULL */
	enum object_type type;
	enum curve curve;
	uint32_t bits;
	unsigned uses; /* key_ops: every bit of enum key_use */
	enum object_state state;
	bool enabled;
	bool virtual_key; /* its material is in a slot */
	bool external;    /* it was found there by a scan; otherwise made through us */
	bool missing;     /* the last scan did not see it in the slot any more */
	bool public_only; /* no private half, or none any more */
	bool never_exportable;
	bool publish_public_key;
	char creator[HF_ID_MAX]; /* identity; "" when it was a scan of the group */
	int64_t created_ms, last_used_ms, activation_ms, deactivation_ms, compromise_ms,
	        destruction_ms, rotate_at_ms; /* 0: none */
	uint8_t cka_id[CKA_ID_MAX], cka_label[CKA_LABEL_MAX];
	size_t cka_id_len, cka_label_len;
	struct hf_span public_key; /* SubjectPublicKeyInfo; points behind the struct */
	uint8_t kcv[3];
	bool have_kcv;
	char *options; /* JSON: aes, fpe, rsa, deterministic_signatures, allow_sign_hash …; or NULL
	                */
	char *custom_metadata; /* JSON or NULL */
	char *rotation_policy; /* JSON or NULL */
	char *revocation;      /* JSON: revocation_reason; or NULL */
	char replacement[UUID_MAX], replaced[UUID_MAX], copied_from[UUID_MAX],
	        parent[UUID_MAX]; /* "" */
	struct hf_span value;     /* opaque, certificate, sealed; otherwise empty */
};

struct object *object_ref(struct object *o);
void object_unref(struct object *o);
HF_DEFINE_CLEANUP(object_unref, struct object *)
#define OBJECT_SCOPED HF_CLEANUP(object_unref_at)

/* How an operation names it: fills op->key (or ->subject): its name in the slot, or, with an empty
 * record, its id in the pool, which the driver completes. Borrowed from the object. */
void object_where(const struct object *o, struct key_where *ret, char ret_key_id[HF_ID_MAX]);

struct objects;
HF_MUST hf_status objects_new(struct objects **ret);
void objects_free(struct objects *o);

/* By id, or by name within the organisation: exactly one of the two is not NULL. From the cache
 * alone: NULL when not there or not fresh. Any thread. */
struct object *objects_cached(struct objects *o, const char *org_id, const char *id,
                              const char *name);
/* From the database, into the cache, with its group. HF_NOTFOUND with words: not there, or deleted.
 * The caller owns *ret. */
HF_MUST hf_status objects_load(struct objects *o, struct groups *groups, struct db *db,
                               const char *org_id, const char *id, const char *name,
                               struct object **ret, struct hf_err *err);
void objects_forget(struct objects *o, const char *id); /* changed here: after the commit */
/* It was used: written to the database once a minute at most, by a tick. Any thread. */
void objects_used(struct objects *o, const struct object *object, int64_t now_ms);

#endif
