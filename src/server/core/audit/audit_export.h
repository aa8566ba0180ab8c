/* SPDX-License-Identifier: Apache-2.0
 * The audit log of an organisation, read out in the order of its leaves: as a file that proves
 * itself (audit/bundle.h), or entry by entry. On a connection of the caller's own, in a transaction
 * that sees one moment (db_begin_snapshot()). */
#ifndef HF_SERVER_CORE_AUDIT_AUDIT_EXPORT_H
#define HF_SERVER_CORE_AUDIT_AUDIT_EXPORT_H

#include "audit/merkle.h"
#include "base/id.h"
#include "db/db.h"

/* An entry that has a leaf but is not there any more is an empty span. */
typedef hf_status (*audit_walked)(void *ctx, uint64_t leaf, const struct merkle_hash *hash,
                                  const char *id, struct hf_span entry);
/* Leaves from `first` to before `end`. */
HF_MUST hf_status audit_walk(struct db *db, const char *org_id, uint64_t first, uint64_t end,
                             audit_walked fn, void *ctx);
/* How many leaves there are. HF_CORRUPT: the tiles contradict each other. */
HF_MUST hf_status audit_size(struct db *db, const char *org_id, uint64_t *ret);

struct audit_export {
	const char *org_id;
	int64_t since_ms, until_ms; /* 0: no bound; at least that much is in it */
};
typedef hf_status (*audit_line)(void *ctx, struct hf_span line); /* with its newline */
HF_MUST hf_status audit_export(struct db *db, const struct audit_export *what, audit_line fn,
                               void *ctx);

/* An entry that no leaf names and that waits for none: somebody put it in by hand. HF_NOTFOUND when
 * there is none. */
HF_MUST hf_status audit_find_stray(struct db *db, const char *org_id, char ret[HF_ID_MAX]);
/* Do the stored tiles hold together, level by level? HF_CORRUPT with words that name the first
 * entries under what does not. */
HF_MUST hf_status audit_check_tiles(struct db *db, const char *org_id, struct hf_err *err);

#endif
