/* SPDX-License-Identifier: Apache-2.0
 * Credentials: one query, one function. */
#ifndef HF_SERVER_STORE_CREDENTIAL_ROWS_H
#define HF_SERVER_STORE_CREDENTIAL_ROWS_H

#include "base/id.h"
#include "db/db.h"

struct credential_row {
	const char *id;   /* public: what clients name */
	const char *uuid; /* ours: cr-… */
	const char *org_id;
	const char *identity_id;
	const char *kind; /* "Key" */
	const char *name;
	const char *public_key; /* PEM */
	const char *token_id;   /* of the personal access token that alone it is for; NULL: none */
};

HF_MUST hf_status credential_row_insert(struct db *db, const struct credential_row *row,
                                        int64_t now);

/* Texts live until fn returns. */
typedef hf_status (*credential_row_fn)(void *ctx, const struct credential_row *row);
/* The active credentials that an identity signs with itself: not those of its personal access
 * tokens. */
HF_MUST hf_status credential_rows_active(struct db *db, const char *identity_id,
                                         credential_row_fn fn, void *ctx);
/* The active credential of a personal access token. */
HF_MUST hf_status credential_rows_of_token(struct db *db, const char *token_id,
                                           credential_row_fn fn, void *ctx);
/* The uuid of its oldest credential, "" when there is none. */
HF_MUST hf_status credential_row_first(struct db *db, const char *identity_id,
                                       char ret_uuid[HF_ID_MAX]);

#endif
