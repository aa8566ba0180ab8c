/* SPDX-License-Identifier: Apache-2.0
 * The rows of the audit log's tables: one query, one function. What they are is
 * migrations/audit.h's; what they mean is core/audit/audit.h's. */
#ifndef HF_SERVER_STORE_AUDIT_ROWS_H
#define HF_SERVER_STORE_AUDIT_ROWS_H

#include "audit/tree.h"
#include "base/id.h"
#include "crypto/pubkey.h"
#include "db/db.h"

struct audit_row {
	const char *id, *org_id;
	const char *identity_id; /* NULL: none */
	int64_t happened_ms;
	struct hf_span entry; /* JSON */
};

/* The entry, and that it waits for its leaf. Posted (db_post). */
HF_MUST hf_status audit_row_insert(struct db *db, const struct audit_row *row);

/* Only one transaction at a time may sequence, of all servers; until it ends. *ret: it is this one.
 */
HF_MUST hf_status audit_rows_lock(struct db *db, bool *ret);
/* Takes up to AUDIT_TAKE_MAX entries that wait for their leaf, those of one organisation after each
 * other and by id, and calls fn for each; they wait no longer. *ret: how many. With the lock. */
#define AUDIT_TAKE_MAX 512
typedef hf_status (*audit_taken)(void *ctx, const char *org_id, const char *id,
                                 struct hf_span entry);
HF_MUST hf_status audit_rows_take(struct db *db, audit_taken fn, void *ctx, size_t *ret);
/* Those of n ids that there are, in any order; `ids` are AUDIT_ID_LEN characters each. */
typedef hf_status (*audit_entry_fn)(void *ctx, const char *id, struct hf_span entry);
HF_MUST hf_status audit_rows_get(struct db *db, const char *org_id, struct hf_span ids,
                                 audit_entry_fn fn, void *ctx);
/* HF_NOTFOUND: this organisation has no such entry. */
HF_MUST hf_status audit_row_get(struct db *db, const char *org_id, const char *id,
                                audit_entry_fn fn, void *ctx);
/* Those of identities (of one, unless NULL) that happened from `since_ms` to `until_ms`, oldest
 * first, at most `limit`. */
HF_MUST hf_status audit_rows_between(struct db *db, const char *org_id, const char *identity_id,
                                     int64_t since_ms, int64_t until_ms, int limit,
                                     audit_entry_fn fn, void *ctx);
/* Those with ids from `first` on and below `before`, newest first, at most `limit`. */
HF_MUST hf_status audit_rows_newest(struct db *db, const char *org_id, const char *first,
                                    const char *before, int limit, audit_entry_fn fn, void *ctx);
/* What every id that was made at this time, or any later one, comes after. */
void audit_id_at(int64_t ms, char to[HF_ID_MAX]);
/* The public key of a credential, in PEM, active or not. HF_NOTFOUND. */
HF_MUST hf_status audit_credential_key(struct db *db, const char *org_id, const char *id,
                                       struct hf_buf *ret);
/* All ids of an organisation that come after `after`, in order, at most `limit`. */
HF_MUST hf_status audit_rows_ids(struct db *db, const char *org_id, const char *after, int limit,
                                 audit_entry_fn fn, void *ctx);
/* How many wait, counting no further than `cap`. */
HF_MUST hf_status audit_rows_waiting(struct db *db, int64_t cap, int64_t *ret);

/* Puts a tile, in the place of an older one with fewer hashes. Posted. */
HF_MUST hf_status audit_tile_put(struct db *db, const char *org_id, unsigned level, uint64_t place,
                                 struct hf_span hashes, struct hf_span ids);
/* Tiles of a level from a place on, in order: fn is called for each of at most `limit`. */
typedef hf_status (*audit_tile_fn)(void *ctx, unsigned level, uint64_t place, struct hf_span hashes,
                                   struct hf_span ids);
HF_MUST hf_status audit_tiles_from(struct db *db, const char *org_id, unsigned level,
                                   uint64_t place, int limit, audit_tile_fn fn, void *ctx);
/* The ids of an organisation's entries that wait, as the ids of one tile or more. */
HF_MUST hf_status audit_waiting_ids(struct db *db, const char *org_id, audit_tile_fn fn, void *ctx);
/* The last tile of each level that has one. */
HF_MUST hf_status audit_tiles_last(struct db *db, const char *org_id, audit_tile_fn fn, void *ctx);

/* Stored by name. */
enum audit_key_status {
	AUDIT_KEY_CREATING,
	AUDIT_KEY_ACTIVE,
	AUDIT_KEY_FAILED,
};

/* A key that signs checkpoints. Its private part is its store's, as with any key; the API does not
 * know it, so that nobody else has anything signed with it. */
struct audit_key_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char store_id[HF_ID_MAX];
	enum key_type type;
	enum audit_key_status status;
	struct public_key public_key;
	int64_t created_ms;
};
HF_MUST hf_status audit_key_insert(struct db *db, const struct audit_key_row *row);
/* The one that was made last. HF_NOTFOUND. */
HF_MUST hf_status audit_key_last(struct db *db, const char *org_id, struct audit_key_row *ret);
typedef hf_status (*audit_key_fn)(void *ctx, const struct audit_key_row *row);
/* Those that are or were active, oldest first. */
HF_MUST hf_status audit_keys_list(struct db *db, const char *org_id, audit_key_fn fn, void *ctx);
HF_MUST hf_status audit_key_get(struct db *db, const char *id, struct audit_key_row *ret);
/* From AUDIT_KEY_CREATING only. Posted. */
HF_MUST hf_status audit_key_made(struct db *db, const char *id, struct hf_span public_key);
HF_MUST hf_status audit_key_failed(struct db *db, const char *id, const char *why);

struct audit_checkpoint_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char key_id[HF_ID_MAX];
	uint64_t size;
	uint8_t root[32];
	int64_t created_ms;
	char note[4096]; /* the whole note once it is signed; until then its text */
	bool is_signed;
};
HF_MUST hf_status audit_checkpoint_insert(struct db *db, const struct audit_checkpoint_row *row);
/* The largest of the organisation; HF_NOTFOUND. */
HF_MUST hf_status audit_checkpoint_last(struct db *db, const char *org_id,
                                        struct audit_checkpoint_row *ret);
/* The largest that is signed. HF_NOTFOUND. */
HF_MUST hf_status audit_checkpoint_signed(struct db *db, const char *org_id,
                                          struct audit_checkpoint_row *ret);
HF_MUST hf_status audit_checkpoint_get(struct db *db, const char *id,
                                       struct audit_checkpoint_row *ret);
/* Signed ones with more than `size` entries, smallest first, at most `limit`. */
typedef hf_status (*audit_checkpoint_fn)(void *ctx, const struct audit_checkpoint_row *row);
HF_MUST hf_status audit_checkpoints_list(struct db *db, const char *org_id, uint64_t size,
                                         int limit, audit_checkpoint_fn fn, void *ctx);
HF_MUST hf_status audit_checkpoint_sign(struct db *db, const char *id, const char *note,
                                        struct hf_span signature);
/* One that was not signed. */
HF_MUST hf_status audit_checkpoint_drop(struct db *db, const char *id);

/* How far a collector has an organisation's log: 0 when nothing is stored. */
HF_MUST hf_status audit_cursor_get(struct db *db, const char *sink, const char *org_id,
                                   uint64_t *ret);
HF_MUST hf_status audit_cursor_put(struct db *db, const char *sink, const char *org_id,
                                   uint64_t sent);
/* The one server that sends to this collector, for so long by the database's clock. *ret: it is
 * `owner`. */
HF_MUST hf_status audit_sender_lease(struct db *db, const char *sink, const char *owner,
                                     int64_t lease_ms, bool *ret);

typedef hf_status (*audit_org_fn)(void *ctx, const char *org_id);
HF_MUST hf_status audit_orgs(struct db *db, audit_org_fn fn, void *ctx);

#endif
