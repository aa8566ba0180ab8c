/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `key_groups`: one query, one function. What they mean is core/groups/group.h's.
 */
#ifndef HF_SERVER_STORE_GROUP_ROWS_H
#define HF_SERVER_STORE_GROUP_ROWS_H

#include "base/id.h"
#include "base/uuid.h"
#include "db/db.h"

#define GROUP_NAME_MAX 256 /* bytes with the NUL */
#define GROUP_DESCRIPTION_MAX 4096
#define GROUP_POLICY_MAX 65536 /* bytes of one policy as JSON */
#define GROUP_METADATA_MAX 65536
#define GROUPS_MAX 10000 /* of one organisation */

struct group_row {
	char id[HF_UUID_MAX];
	char org_id[HF_ID_MAX];
	char name[GROUP_NAME_MAX];
	char store_id[HF_ID_MAX]; /* "": a slot */
	bool by_priority, segregation, apply_to_hsm;
	/* NULL: none. Of a row that was read: valid inside the callback. */
	const char *description, *approval_policy, *cryptographic_policy, *key_history_policy,
	        *custom_metadata;
	char created_by[HF_ID_MAX];
	int64_t created_ms;
};

/* HF_EXISTS: the organisation has one of this name. */
HF_MUST hf_status group_row_insert(struct db *db, const struct group_row *row);
/* All but id, organisation, who made it and when. HF_NOTFOUND, HF_EXISTS as above. */
HF_MUST hf_status group_row_update(struct db *db, const struct group_row *row);
/* HF_NOTFOUND. HF_EXISTS: something refers to it. */
HF_MUST hf_status group_row_delete(struct db *db, const char *org_id, const char *id);

typedef hf_status (*group_row_fn)(void *ctx, const struct group_row *row);
/* HF_NOTFOUND: not in this organisation. */
HF_MUST hf_status group_row_get(struct db *db, const char *org_id, const char *id, group_row_fn fn,
                                void *ctx);
/* *ret: one of this name, other than `but_id`, is there. */
HF_MUST hf_status group_row_named(struct db *db, const char *org_id, const char *name,
                                  const char *but_id, bool *ret);
/* Locks the row until the transaction ends, so that changes of one group follow each other.
 * HF_NOTFOUND. */
HF_MUST hf_status group_row_lock(struct db *db, const char *org_id, const char *id);
/* What is known of its scans goes. */
HF_MUST hf_status group_scans_delete(struct db *db, const char *group_id);
HF_MUST hf_status group_rows_count(struct db *db, const char *org_id, int64_t *ret);

enum group_order { GROUPS_BY_ID, GROUPS_BY_NAME };
/* All of an organisation, until fn says HF_STOP, which ends it well. */
HF_MUST hf_status group_rows_list(struct db *db, const char *org_id, enum group_order order,
                                  bool descending, group_row_fn fn, void *ctx);

#endif
