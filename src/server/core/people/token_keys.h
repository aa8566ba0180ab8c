/* SPDX-License-Identifier: Apache-2.0
 * The key that signs access tokens, in generations: the newest signs; those before verify until the
 * last token that they signed has expired, unless they were retired. Each is derived from the
 * secret file by its number, which the token names ("kid": "token-3"); which there are stands in
 * the database, so that all servers change over together. Thread-safe. */
#ifndef HF_SERVER_CORE_PEOPLE_TOKEN_KEYS_H
#define HF_SERVER_CORE_PEOPLE_TOKEN_KEYS_H

#include "crypto/jws.h"
#include "db/db.h"
#include "server/core/core.h"

#define TOKEN_LIFETIME_MAX_MS (INT64_C(730) * 24 * 3600 * 1000)
#define TOKEN_KEYS_MAX 64               /* generations that are looked at, from the newest */
#define TOKEN_KEYS_FRESH_MS 2000        /* what has been retired counts for so long */
#define TOKEN_KEYS_FRESH_UNKNOWN_MS 100 /* how often a token of an unknown key makes us look */

struct token_keys;

/* `secrets` is borrowed. A key that is older than `max_age_ms` signs no more: the next generation
 * is made; 0: only when an administrator makes it. The caller owns *ret. */
HF_MUST hf_status token_keys_new(const struct core_secrets *secrets, int64_t max_age_ms,
                                 struct token_keys **ret);
void token_keys_free(struct token_keys *k);

/* Reads which generations there are, unless that was done less than `fresh_ms` ago. */
HF_MUST hf_status token_keys_look(struct token_keys *k, struct db *db, int64_t now_ms,
                                  int64_t fresh_ms);

/* As of the last look. Appends the payload; HF_UNAUTHENTIC when none of the keys that count has
 * signed the token. */
HF_MUST hf_status token_keys_verify(struct token_keys *k, struct hf_span token,
                                    struct hf_buf *payload, int64_t *ret_generation);
/* Whether tokens of this generation count, as of the last look. */
bool token_keys_count(struct token_keys *k, int64_t generation);

/* The key to sign with, which lives as long as `k`; makes the next generation when its time has
 * come. Inside a write task. */
HF_MUST hf_status token_keys_current(struct token_keys *k, struct db *db, int64_t now_ms,
                                     const struct jws_key **ret);

/* JSON Web Key Set (RFC 7517, 8037) of the generations that count, for whoever checks tokens
 * elsewhere. */
HF_MUST hf_status token_keys_print(struct token_keys *k, struct hf_buf *to);

#endif
