/* SPDX-License-Identifier: Apache-2.0
 * Organisations, identities, their credentials and tokens: one query, one function. */
#ifndef HF_SERVER_STORE_IDENTITY_ROWS_H
#define HF_SERVER_STORE_IDENTITY_ROWS_H

#include "base/id.h"
#include "db/db.h"

#define KIND_SERVICE_ACCOUNT "ServiceAccount"

struct identity_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char kind[32]; /* KIND_SERVICE_ACCOUNT */
	char name[256];
	bool active;
};

struct credential_row {
	const char *id;   /* public: what clients name */
	const char *uuid; /* ours: cr-… */
	const char *org_id;
	const char *identity_id;
	const char *kind; /* "Key" */
	const char *name;
	const char *public_key; /* PEM */
};

struct token_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char identity_id[HF_ID_MAX];
	const char *credential_id; /* only written */
	bool active;
	int64_t expires_ms;
};

HF_MUST hf_status orgs_any(struct db *db, bool *ret);
HF_MUST hf_status org_row_insert(struct db *db, const char *id, const char *name, int64_t now);
HF_MUST hf_status identity_row_insert(struct db *db, const struct identity_row *row, int64_t now);
HF_MUST hf_status credential_row_insert(struct db *db, const struct credential_row *row,
                                        int64_t now);
HF_MUST hf_status token_row_insert(struct db *db, const struct token_row *row, const char *kind,
                                   int64_t now);

/* A token and whose it is. HF_NOTFOUND. */
HF_MUST hf_status token_row_get(struct db *db, const char *id, struct token_row *ret_token,
                                struct identity_row *ret_identity);
/* The active credentials of an identity; row's texts live until fn returns. */
typedef hf_status (*credential_row_fn)(void *ctx, const struct credential_row *row);
HF_MUST hf_status credential_rows_active(struct db *db, const char *identity_id,
                                         credential_row_fn fn, void *ctx);

#endif
