/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `objects`: one query, one function. What a security object is, is
 * core/objects/object.h's. */
#ifndef HF_SERVER_STORE_OBJECT_ROWS_H
#define HF_SERVER_STORE_OBJECT_ROWS_H

#include "base/uuid.h"
#include "db/db.h"
#include "p11/key_shape.h"

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
#define OBJECT_STATE_MAX 6

/* What a row has, and with it a snapshot of core/objects/object.h: written once for both.
 *
 * uses: key_ops, every bit of enum key_use. is virtual: its material is in a slot. external: it was
 * found there by a scan, or imported; otherwise made through us. missing: the last scan did not see
 * it in the slot any more. public_only: no private half, or none any more. creator: an identity; ""
 * when it was a scan of the group. Times: 0 for none. public_key: SubjectPublicKeyInfo. options:
 * JSON (aes, fpe, rsa, deterministic_signatures, allow_sign_hash …). revocation: JSON
 * (revocation_reason). Links: "" for none. value: of opaque objects and certificates, sealed;
 * otherwise empty. transient: never stored, see core/objects/transient_key.h. */
#define OBJECT_MEMBERS                                                                             \
	char id[HF_UUID_MAX]; /* kid */                                                            \
	char org_id[HF_ID_MAX];                                                                    \
	char group_id[HF_UUID_MAX];                                                                \
	char name[OBJECT_NAME_MAX];                                                                \
	char *description; /* or NULL */                                                           \
	enum object_type type;                                                                     \
	enum curve curve;                                                                          \
	uint32_t bits;                                                                             \
	unsigned uses;                                                                             \
	enum object_state state;                                                                   \
	bool enabled;                                                                              \
	bool virtual_key;                                                                          \
	bool external;                                                                             \
	bool missing;                                                                              \
	bool public_only;                                                                          \
	bool never_exportable;                                                                     \
	bool publish_public_key;                                                                   \
	bool transient;                                                                            \
	char creator[HF_ID_MAX];                                                                   \
	int64_t created_ms, last_used_ms, activation_ms, deactivation_ms, compromise_ms,           \
	        destruction_ms, rotate_at_ms;                                                      \
	uint8_t cka_id[CKA_ID_MAX], cka_label[CKA_LABEL_MAX];                                      \
	size_t cka_id_len, cka_label_len;                                                          \
	struct hf_span public_key;                                                                 \
	uint8_t kcv[3];                                                                            \
	bool have_kcv;                                                                             \
	char *options;         /* JSON or NULL */                                                  \
	char *custom_metadata; /* JSON or NULL */                                                  \
	char *rotation_policy; /* JSON or NULL */                                                  \
	char *revocation;      /* JSON or NULL */                                                  \
	char replacement[HF_UUID_MAX], replaced[HF_UUID_MAX], copied_from[HF_UUID_MAX],            \
	        parent[HF_UUID_MAX];                                                               \
	struct hf_span value;

struct object_row {
	OBJECT_MEMBERS
};

/* What the row points to is valid during the call only. */
typedef hf_status (*object_row_fn)(void *ctx, const struct object_row *row);

/* `making_ms`: since when it is being made, and shown to nobody; 0: it is made. HF_EXISTS: the name
 * is taken; nothing is changed. */
HF_MUST hf_status object_row_insert(struct db *db, const struct object_row *row, int64_t making_ms);
/* Many at once, for a scan: each unless there is one in its group with its CKA_ID, label and type,
 * and its name is free. ret_inserted[i] says what became of rows[i]. */
HF_MUST hf_status object_rows_add(struct db *db, const struct object_row *rows, size_t n,
                                  bool *ret_inserted);

/* Made, and not deleted; by id or by name, exactly one of which is not NULL. HF_NOTFOUND. */
HF_MUST hf_status object_row_get(struct db *db, const char *org_id, const char *id,
                                 const char *name, object_row_fn fn, void *ctx);
/* To be changed in this transaction: nobody else changes it before its end. By id, deleted or being
 * made too (ret_making_ms; may be NULL). HF_NOTFOUND. */
HF_MUST hf_status object_row_lock(struct db *db, const char *org_id, const char *id,
                                  object_row_fn fn, void *ctx, int64_t *ret_making_ms);

/* Everything but id, organisation, creator, created, and last used. HF_EXISTS: the name is taken.
 */
HF_MUST hf_status object_row_update(struct db *db, const struct object_row *row);
/* The same for one that was being made, and now is. HF_NOTFOUND: it is not being made (any more).
 */
HF_MUST hf_status object_row_made(struct db *db, const struct object_row *row);
/* One that was being made and will not be. */
HF_MUST hf_status object_row_drop(struct db *db, const char *id);
HF_MUST hf_status object_name_free(struct db *db, const char *org_id, const char *name, bool *ret);

/* Being made since before `before_ms`; the oldest first. */
HF_MUST hf_status object_rows_making(struct db *db, int64_t before_ms, int limit, object_row_fn fn,
                                     void *ctx);
/* Made, and to be activated, deactivated or rotated by `now_ms`. */
enum object_due { DUE_ACTIVATION, DUE_DEACTIVATION, DUE_ROTATION };
HF_MUST hf_status object_rows_due(struct db *db, enum object_due due, int64_t now_ms, int limit,
                                  object_row_fn fn, void *ctx);

/* Whether this caller is the one who does it: of several who try, one is. The first: it is looked
 * at as one that is being made since `now_ms`. */
HF_MUST hf_status object_row_claim_making(struct db *db, const char *id, int64_t before_ms,
                                          int64_t now_ms, bool *ret);
HF_MUST hf_status object_row_claim_rotation(struct db *db, const char *id, int64_t at_ms,
                                            int64_t again_ms, bool *ret);
HF_MUST hf_status object_row_set_state(struct db *db, const char *id, enum object_state from,
                                       enum object_state to, bool *ret);

/* Posted. */
HF_MUST hf_status object_row_used(struct db *db, const char *id, int64_t used_ms);
HF_MUST hf_status object_row_missing(struct db *db, const char *id, bool missing);
/* Copies of this one, by id, at most `limit`. */
HF_MUST hf_status object_rows_copies(struct db *db, const char *id, int limit,
                                     hf_status (*fn)(void *ctx, const char *id), void *ctx);

/* ---- object_row_pages.c: lists */

struct object_page {
	const char *org_id;
	const char *group_id; /* NULL: of the whole organisation */
	bool by_name;         /* otherwise by id */
	bool descending;
	bool deleted_too;  /* by id only */
	const char *after; /* id or name, exclusive; NULL: from the start */
	int limit;
};
/* Those that are made, in order. The cost does not depend on where the page begins. */
HF_MUST hf_status object_rows_page(struct db *db, const struct object_page *page, object_row_fn fn,
                                   void *ctx);
/* Made and not deleted, by CKA_ID or by label, exactly one of which is not NULL, in the order of
 * their ids. */
HF_MUST hf_status object_rows_cka(struct db *db, const char *org_id, const struct hf_span *cka_id,
                                  const struct hf_span *label, const char *after, int limit,
                                  object_row_fn fn, void *ctx);
/* Made and not deleted; group_id NULL: of the whole organisation. */
HF_MUST hf_status object_rows_count(struct db *db, const char *org_id, const char *group_id,
                                    int64_t *ret);

/* For the two files: the columns in the order in which object_row_read() takes them. */
#define OBJECT_COLUMNS                                                                             \
	"id, org_id, group_id, name, description, type, curve, bits, uses, state, is_enabled,"     \
	" is_virtual, is_external, is_missing, is_public_only, is_never_exportable,"               \
	" is_published, creator, created_at, last_used_at, activation_at, deactivation_at,"        \
	" compromise_at, destruction_at, rotate_at, cka_id, cka_label, public_key, kcv, options,"  \
	" custom_metadata, rotation_policy, revocation, replacement, replaced, copied_from,"       \
	" parent, value, making_at"
/* Reads all the rows of a statement. */
HF_MUST hf_status object_rows_each(struct db_stmt *st, object_row_fn fn, void *ctx);

#endif
