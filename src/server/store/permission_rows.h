/* SPDX-License-Identifier: Apache-2.0
 * Permissions that organisations made, and who has them: one query, one function. */
#ifndef HF_SERVER_STORE_PERMISSION_ROWS_H
#define HF_SERVER_STORE_PERMISSION_ROWS_H

#include "base/id.h"
#include "db/db.h"

#define PERMISSION_NAME_MAX 256
#define OPERATIONS_MAX 4096
#define EVERY_OPERATION "*"

struct permission_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char name[PERMISSION_NAME_MAX];
	char operations[OPERATIONS_MAX]; /* "Keys:Read,Keys:Create", or EVERY_OPERATION */
	bool immutable, archived;
	int64_t created_ms, updated_ms;
};

/* HF_EXISTS: the organisation has, or had, one of this name. */
HF_MUST hf_status permission_row_insert(struct db *db, const struct permission_row *row);
/* HF_NOTFOUND: no such permission in this organisation. */
HF_MUST hf_status permission_row_get(struct db *db, const char *org_id, const char *id,
                                     struct permission_row *ret);
HF_MUST hf_status permission_row_find(struct db *db, const char *org_id, const char *name,
                                      struct permission_row *ret);
/* Newest first, those with an id below `after` ("": all). */
typedef hf_status (*permission_row_fn)(void *ctx, const struct permission_row *row);
HF_MUST hf_status permission_rows_list(struct db *db, const char *org_id, const char *after,
                                       int limit, permission_row_fn fn, void *ctx);
/* Name, operations, archived, updated_ms. */
HF_MUST hf_status permission_row_update(struct db *db, const struct permission_row *row);

struct assignment_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char permission_id[HF_ID_MAX];
	char identity_id[HF_ID_MAX]; /* or a personal access token's id */
	bool immutable;
	int64_t created_ms, updated_ms;
};

/* HF_EXISTS: it has this permission already. */
HF_MUST hf_status assignment_row_insert(struct db *db, const struct assignment_row *row);
/* HF_NOTFOUND: no such assignment of this permission in this organisation. */
HF_MUST hf_status assignment_row_get(struct db *db, const char *org_id, const char *permission_id,
                                     const char *id, struct assignment_row *ret);
typedef hf_status (*assignment_row_fn)(void *ctx, const struct assignment_row *row);
HF_MUST hf_status assignment_rows_list(struct db *db, const char *permission_id, const char *after,
                                       int limit, assignment_row_fn fn, void *ctx);
HF_MUST hf_status assignment_row_delete(struct db *db, const char *id);
HF_MUST hf_status assignment_rows_delete_of(struct db *db, const char *identity_id);

/* What somebody has been given: each assignment with its permission, unless that is archived. */
typedef hf_status (*grant_row_fn)(void *ctx, const struct assignment_row *assignment,
                                  const struct permission_row *permission);
HF_MUST hf_status grant_rows_list(struct db *db, const char *identity_id, grant_row_fn fn,
                                  void *ctx);

/* Identities that hold EVERY_OPERATION and can use it, besides this one. Two that ask at the same
 * time do so one after the other. */
HF_MUST hf_status full_access_others(struct db *db, const char *org_id, const char *identity_id,
                                     int64_t *ret);

#endif
