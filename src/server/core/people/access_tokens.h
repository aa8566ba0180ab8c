/* SPDX-License-Identifier: Apache-2.0
 * Tokens that are given out for a long time: those of service accounts, and personal access tokens,
 * which stand for their user within permissions of their own. Inside the caller's transaction;
 * failures come with words. */
#ifndef HF_SERVER_CORE_PEOPLE_ACCESS_TOKENS_H
#define HF_SERVER_CORE_PEOPLE_ACCESS_TOKENS_H

#include "server/core/people/tokens.h"
#include "server/store/token_rows.h"

#define TOKEN_DAYS_MAX 730
#define DAY_SECONDS (INT64_C(24) * 3600)

struct access_token_new {
	const char *org_id, *identity_id;
	const char *kind;          /* TOKEN_SERVICE_ACCOUNT, TOKEN_PAT */
	const char *name;          /* of a personal access token; otherwise "" */
	const char *external_id;   /* "": none */
	const char *credential_id; /* of a service account; a personal access token is given one */
	const char *public_key;    /* of a personal access token: PEM, checked before */
	int64_t seconds_valid;
	int64_t now_ms;
};
/* HF_EXISTS: the user has another of this name. */
HF_MUST hf_status access_token_create(struct db *db, const struct access_token_new *from,
                                      struct token_row *ret, struct hf_err *err);

/* The token itself, for its owner's one look: appended. `name` is its identity's. */
HF_MUST hf_status access_token_text(struct token_keys *keys, struct db *db,
                                    const struct token_row *token, const char *name,
                                    struct hf_buf *to);

/* The caller's own personal access tokens. HF_NOTFOUND; HF_EXISTS as above. */
enum pat_change { PAT_UPDATE, PAT_ACTIVATE, PAT_DEACTIVATE, PAT_ARCHIVE };
HF_MUST hf_status pat_change(struct db *db, const char *identity_id, const char *id,
                             enum pat_change change, const char *name, const char *external_id,
                             struct hf_err *err);

#endif
