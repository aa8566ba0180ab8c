/* SPDX-License-Identifier: Apache-2.0
 * Access tokens: JWTs with the claims that the official client looks at, signed by the server
 * (crypto/jws.h).
 *
 * A token's signature never changes its mind, so it is checked once and remembered by the token's
 * SHA-256. Its row and its owner's may be withdrawn, so they are read again after TOKEN_FRESH_MS at
 * the latest. Thread-safe. */
#ifndef HF_SERVER_CORE_PEOPLE_TOKENS_H
#define HF_SERVER_CORE_PEOPLE_TOKENS_H

#include "crypto/jws.h"
#include "db/db.h"
#include "server/core/people/caller.h"
#include "server/core/people/token_keys.h"

#define TOKEN_FRESH_MS 2000
#define TOKEN_INVALID_TEXT "user token is missing or invalid"

struct token_claims {
	const char *org_id, *identity_id, *token_id, *name, *kind;
	int64_t issued_ms, expires_ms;
};
/* Appends the token. */
HF_MUST hf_status token_issue(const struct jws_key *key, const struct token_claims *claims,
                              struct hf_buf *to);

struct tokens;

/* `keys` is borrowed. The caller owns *ret. */
HF_MUST hf_status tokens_new(struct token_keys *keys, struct tokens **ret);
void tokens_free(struct tokens *t);

/* From memory only: HF_NOTFOUND when it has to be loaded. *ret is a reference of the caller's. */
HF_MUST hf_status tokens_find(struct tokens *t, const char *token, int64_t now_ms,
                              struct caller **ret);
/* Whether it was good when it was last loaded, and is remembered. */
bool tokens_known(struct tokens *t, const char *token);
/* Checks the token, reads whose it is, and remembers. HF_UNAUTHENTIC, with words, when it is
 * forged, expired or withdrawn. */
HF_MUST hf_status tokens_load(struct tokens *t, struct db *db, const char *token, int64_t now_ms,
                              struct caller **ret, struct hf_err *err);
/* After the commit of what changes somebody's rights, credentials or tokens: here it counts from
 * now on, and not only after TOKEN_FRESH_MS. `identity_id` NULL: everybody. */
void tokens_forget_identity(struct tokens *t, const char *identity_id);

#endif
