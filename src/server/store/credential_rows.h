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
	const char *relying_party, *origin; /* kind Fido2; NULL: none */
	const char *encrypted_private_key;  /* that its owner keeps here; NULL: none */
	int64_t counter;                    /* an authenticator's, as last seen */
	bool recovery;                      /* for nothing else */
	/* only read */
	bool active;
	int64_t created_ms;
};

/* Active. HF_EXISTS: a credential has, or had, this id. */
HF_MUST hf_status credential_row_insert(struct db *db, const struct credential_row *row,
                                        int64_t now);

/* Texts live until fn returns. */
typedef hf_status (*credential_row_fn)(void *ctx, const struct credential_row *row);
/* The active credentials that an identity signs with itself: not those of its personal access
 * tokens, nor those for recovery. */
HF_MUST hf_status credential_rows_active(struct db *db, const char *identity_id,
                                         credential_row_fn fn, void *ctx);
/* The active credential of a personal access token. */
HF_MUST hf_status credential_rows_of_token(struct db *db, const char *token_id,
                                           credential_row_fn fn, void *ctx);
/* The uuid of its oldest credential, "" when there is none. */
HF_MUST hf_status credential_row_first(struct db *db, const char *identity_id,
                                       char ret_uuid[HF_ID_MAX]);
/* All that a person sees as his own: those that are not active and those for recovery too, but not
 * those of his personal access tokens. */
HF_MUST hf_status credential_rows_own(struct db *db, const char *identity_id, credential_row_fn fn,
                                      void *ctx);
/* One of them, by the id that clients name, or by its uuid. HF_NOTFOUND. */
HF_MUST hf_status credential_row_own(struct db *db, const char *identity_id, const char *id,
                                     credential_row_fn fn, void *ctx);
/* Whose the active credential is that clients name so. HF_NOTFOUND. */
HF_MUST hf_status credential_row_owner(struct db *db, const char *org_id, const char *id,
                                       char ret_identity_id[HF_ID_MAX]);

/* It was used, and stays active. HF_NOTFOUND: it is not; or its authenticator's counter has not
 * grown since it was last seen (0: one that does not count). */
HF_MUST hf_status credential_row_used(struct db *db, const char *identity_id, const char *id,
                                      int64_t counter);
HF_MUST hf_status credential_row_set_active(struct db *db, const char *uuid, bool active);
/* All of an identity, those of its personal access tokens and those for recovery too. */
HF_MUST hf_status credential_rows_deactivate(struct db *db, const char *identity_id);
/* How many an identity could sign with itself. Two that ask about one identity at the same time do
 * so one after the other. */
HF_MUST hf_status credential_rows_count(struct db *db, const char *identity_id, int64_t *ret);

#endif
