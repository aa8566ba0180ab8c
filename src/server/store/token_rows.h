/* SPDX-License-Identifier: Apache-2.0
 * Access tokens: one query, one function. The tokens themselves are not kept. */
#ifndef HF_SERVER_STORE_TOKEN_ROWS_H
#define HF_SERVER_STORE_TOKEN_ROWS_H

#include "proof/action.h"
#include "server/store/identity_rows.h"

/* Of the official API. What a token is not, it does not stand for (core/people/tokens.h). */
#define TOKEN_SERVICE_ACCOUNT "ServiceAccount"
#define TOKEN_PAT "Pat"
#define TOKEN_LOGIN "Token"

struct token_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char identity_id[HF_ID_MAX];
	char credential_id[CREDENTIAL_ID_MAX]; /* "": none of its own */
	char kind[32];                         /* TOKEN_… */
	char name[IDENTITY_NAME_MAX];          /* "": none of its own */
	char external_id[ACCOUNT_EXTERNAL_ID_MAX];
	bool active, archived;
	int64_t created_ms, expires_ms;
};

/* HF_EXISTS: another token of the identity, not archived, has the name. */
HF_MUST hf_status token_row_insert(struct db *db, const struct token_row *row);
/* A token and whose it is. HF_NOTFOUND. */
HF_MUST hf_status token_row_get(struct db *db, const char *id, struct token_row *ret_token,
                                struct identity_row *ret_identity);

/* Those of an identity, newest first, without the archived ones; `public_key` is that of the
 * token's credential, "" when it has none, and lives until fn returns. */
typedef hf_status (*token_row_fn)(void *ctx, const struct token_row *row, const char *public_key);
HF_MUST hf_status token_rows_list(struct db *db, const char *identity_id, const char *kind,
                                  token_row_fn fn, void *ctx);
/* The same for one of them. HF_NOTFOUND. */
HF_MUST hf_status token_row_show(struct db *db, const char *identity_id, const char *kind,
                                 const char *id, token_row_fn fn, void *ctx);

HF_MUST hf_status token_row_rename(struct db *db, const char *id, const char *name,
                                   const char *external_id);
HF_MUST hf_status token_row_set_active(struct db *db, const char *id, bool active);
/* Deactivates too. */
HF_MUST hf_status token_row_archive(struct db *db, const char *id);
/* Ends the sessions of a person; `credential_id`: those that were opened with it, NULL: all. */
HF_MUST hf_status token_rows_end_sessions(struct db *db, const char *identity_id,
                                          const char *credential_id);
/* All tokens of an identity. */
HF_MUST hf_status token_rows_end(struct db *db, const char *identity_id);

#endif
