/* SPDX-License-Identifier: Apache-2.0
 * Organisations and identities: one query, one function. */
#ifndef HF_SERVER_STORE_IDENTITY_ROWS_H
#define HF_SERVER_STORE_IDENTITY_ROWS_H

#include "base/id.h"
#include "db/db.h"

#define KIND_SERVICE_ACCOUNT "ServiceAccount"
#define KIND_USER "CustomerEmployee"
#define KIND_END_USER "EndUser"
#define KIND_APP "App" /* of the Crypto API: its id has the prefix "app" */

#define IDENTITY_NAME_MAX 256
#define ACCOUNT_EXTERNAL_ID_MAX 256

struct identity_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char kind[32];                /* KIND_… */
	char name[IDENTITY_NAME_MAX]; /* a user's is his e-mail address */
	char external_id[ACCOUNT_EXTERNAL_ID_MAX];
	char created_by[HF_ID_MAX]; /* "": the installation */
	bool active;
	bool registered; /* has had a credential: always, but for users who were only invited */
	bool archived;
	int64_t created_ms;
};

HF_MUST hf_status orgs_any(struct db *db, bool *ret);
/* The one organisation. HF_NOTFOUND: there is none; HF_STATE: there are several. */
HF_MUST hf_status orgs_only(struct db *db, char ret[HF_ID_MAX]);
/* The organisation after this one, by id. HF_NOTFOUND. */
HF_MUST hf_status org_row_next(struct db *db, const char *after, char ret[HF_ID_MAX]);
HF_MUST hf_status org_row_exists(struct db *db, const char *id, bool *ret);
HF_MUST hf_status org_row_insert(struct db *db, const char *id, const char *name, int64_t now);

/* HF_EXISTS: another of its kind, not archived, has the name. */
HF_MUST hf_status identity_row_insert(struct db *db, const struct identity_row *row);
/* HF_NOTFOUND: no such one of this kind in this organisation, or archived. `kind` NULL: any. */
HF_MUST hf_status identity_row_get(struct db *db, const char *org_id, const char *kind,
                                   const char *id, struct identity_row *ret);
HF_MUST hf_status identity_row_find(struct db *db, const char *org_id, const char *kind,
                                    const char *name, struct identity_row *ret);
/* Newest first, those with an id below `after` ("": all), without the archived ones. `kind` NULL:
 * users of every kind, and no machines. */
typedef hf_status (*identity_row_fn)(void *ctx, const struct identity_row *row);
HF_MUST hf_status identity_rows_list(struct db *db, const char *org_id, const char *kind,
                                     const char *after, int limit, identity_row_fn fn, void *ctx);

HF_MUST hf_status identity_row_rename(struct db *db, const char *id, const char *name,
                                      const char *external_id);
HF_MUST hf_status identity_row_set_active(struct db *db, const char *id, bool active);
HF_MUST hf_status identity_row_set_registered(struct db *db, const char *id);
/* Deactivates too. */
HF_MUST hf_status identity_row_archive(struct db *db, const char *id);

#endif
