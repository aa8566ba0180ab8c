/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/tokens.h"

#include "base/log.h"
#include "crypto/digest.h"
#include "json/read.h"
#include "json/write.h"
#include "server/core/rights/grants.h"
#include "server/core/rights/permissions.h"
#include "server/store/credential_rows.h"
#include "server/store/token_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CLAIMS_MAX 4096
#define ISSUER "holdfast"
#define AUDIENCE "holdfast:signing-api"
#define APP_METADATA "https://custom/app_metadata"

hf_status token_issue(const struct jws_key *key, const struct token_claims *c, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CLAIMS_MAX);
	struct json_writer w = JSON_WRITER(&text);

	json_open_object(&w, NULL);
	json_text(&w, "iss", ISSUER);
	json_text(&w, "aud", AUDIENCE);
	json_text(&w, "sub", c->org_id);
	json_text(&w, "jti", c->token_id);
	json_int(&w, "iat", c->issued_ms / 1000);
	json_int(&w, "exp", c->expires_ms / 1000);
	json_text(&w, "https://custom/username", c->name);
	json_open_object(&w, APP_METADATA);
	json_text(&w, "userId", c->identity_id);
	json_text(&w, "orgId", c->org_id);
	json_text(&w, "tokenId", c->token_id);
	json_text(&w, "tokenKind", c->kind);
	json_close_object(&w);
	json_close_object(&w);
	HF_TRY(hf_buf_status(&text));
	return jws_sign(key, hf_buf_span(&text), to);
}

/* Which token it is, if it is one of ours. Everything else about it is the row's to say. */
static hf_status read_token(struct token_keys *keys, const char *token, char id[HF_ID_MAX],
                            int64_t *ret_generation)
{
	struct {
		const char *audience, *id;
	} claims = { 0 };
	static const struct json_field fields[] = {
		{ "aud", JSON_READ_TEXT, 0, true },
		{ "jti", JSON_READ_TEXT, sizeof(char *), true, false, 1, HF_ID_MAX - 1 },
	};
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(CLAIMS_MAX);
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(token_keys_verify(keys, hf_span_text(token), &payload, ret_generation));
	HF_TRY(json_parse(hf_buf_span(&payload), CLAIMS_MAX, &doc, NULL));
	HF_TRY(json_read_some(doc, fields, HF_COUNT(fields), &claims, NULL));
	HF_ENSURE(strcmp(claims.audience, AUDIENCE) == 0, HF_UNAUTHENTIC);
	return hf_span_to_text(hf_span_text(claims.id), id, HF_ID_MAX);
}

/* Sets of a few ways; a new entry takes the place of the one that was checked longest ago. */
enum { SETS = 1024, WAYS = 4 };

struct entry {
	uint8_t hash[SHA256_LEN];
	struct caller *caller; /* NULL: free */
	int64_t generation;    /* of the key that signed it */
	int64_t checked_ms;
};

struct tokens {
	struct token_keys *keys;
	pthread_mutex_t lock;
	uint64_t forgotten; /* times: what was read before the last may be out of date */
	struct entry entries[SETS][WAYS];
};

hf_status tokens_new(struct token_keys *keys, struct tokens **ret)
{
	struct tokens *t = calloc(1, sizeof(*t));

	HF_ENSURE(t, HF_NOMEM);
	t->keys = keys;
	pthread_mutex_init(&t->lock, NULL);
	*ret = t;
	return HF_SUCCESS;
}

void tokens_free(struct tokens *t)
{
	if (!t)
		return;
	for (int s = 0; s < SETS; s++)
		for (int w = 0; w < WAYS; w++)
			caller_unref(t->entries[s][w].caller);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static struct entry *set_of(struct tokens *t, const uint8_t hash[SHA256_LEN])
{
	return t->entries[(hash[0] | hash[1] << 8) % SETS];
}

static struct entry *entry_of(struct tokens *t, const uint8_t hash[SHA256_LEN])
{
	struct entry *set = set_of(t, hash);

	for (int w = 0; w < WAYS; w++)
		if (set[w].caller && memcmp(set[w].hash, hash, SHA256_LEN) == 0)
			return &set[w];
	return NULL;
}

hf_status tokens_find(struct tokens *t, const char *token, int64_t now_ms, struct caller **ret)
{
	struct caller *found = NULL;
	uint8_t hash[SHA256_LEN];
	struct entry *e;

	HF_TRY(sha256(hf_span_text(token), hash));
	pthread_mutex_lock(&t->lock);
	e = entry_of(t, hash);
	if (e && now_ms >= e->checked_ms && now_ms < e->checked_ms + TOKEN_FRESH_MS &&
	    now_ms < e->caller->expires_ms)
		found = caller_ref(e->caller);
	pthread_mutex_unlock(&t->lock);
	HF_ENSURE(found, HF_NOTFOUND);
	*ret = found;
	return HF_SUCCESS;
}

bool tokens_known(struct tokens *t, const char *token)
{
	uint8_t hash[SHA256_LEN];
	bool known;

	if (!hf_ok(sha256(hf_span_text(token), hash)))
		return false;
	pthread_mutex_lock(&t->lock);
	known = entry_of(t, hash) != NULL;
	pthread_mutex_unlock(&t->lock);
	return known;
}

/* The id of a token whose signature was checked before. */
static bool remembered_id(struct tokens *t, const uint8_t hash[SHA256_LEN], char id[HF_ID_MAX],
                          int64_t *ret_generation, uint64_t *ret_forgotten)
{
	struct entry *e;

	pthread_mutex_lock(&t->lock);
	*ret_forgotten = t->forgotten;
	e = entry_of(t, hash);
	if (e) {
		memcpy(id, e->caller->token_id, HF_ID_MAX);
		*ret_generation = e->generation;
	}
	pthread_mutex_unlock(&t->lock);
	return e != NULL;
}

static void forget(struct tokens *t, const uint8_t hash[SHA256_LEN])
{
	struct entry *e;

	pthread_mutex_lock(&t->lock);
	e = entry_of(t, hash);
	if (e)
		caller_unref(hf_take(e->caller));
	pthread_mutex_unlock(&t->lock);
}

void tokens_forget_identity(struct tokens *t, const char *identity_id)
{
	pthread_mutex_lock(&t->lock);
	t->forgotten++;
	for (int s = 0; s < SETS; s++) {
		for (int w = 0; w < WAYS; w++) {
			struct entry *e = &t->entries[s][w];

			if (e->caller &&
			    (!identity_id || strcmp(e->caller->identity_id, identity_id) == 0))
				caller_unref(hf_take(e->caller));
		}
	}
	pthread_mutex_unlock(&t->lock);
}

/* `forgotten` is that of before the caller was read. */
static void remember(struct tokens *t, const uint8_t hash[SHA256_LEN], struct caller *caller,
                     int64_t generation, uint64_t forgotten, int64_t now_ms)
{
	struct entry *set = set_of(t, hash), *e;

	pthread_mutex_lock(&t->lock);
	if (t->forgotten != forgotten) {
		pthread_mutex_unlock(&t->lock);
		return;
	}
	e = entry_of(t, hash);
	for (int w = 0; !e && w < WAYS; w++)
		if (!set[w].caller)
			e = &set[w];
	if (!e) {
		e = &set[0];
		for (int w = 1; w < WAYS; w++)
			if (set[w].checked_ms < e->checked_ms)
				e = &set[w];
	}
	caller_unref(e->caller);
	memcpy(e->hash, hash, SHA256_LEN);
	e->caller = caller_ref(caller);
	e->generation = generation;
	e->checked_ms = now_ms;
	pthread_mutex_unlock(&t->lock);
}

/* HF_UNAUTHENTIC: a token of this kind is for something else (registration, recovery). */
static hf_status read_kind(const struct token_row *token, const struct identity_row *identity,
                           enum caller_kind *ret)
{
	bool service = strcmp(identity->kind, KIND_SERVICE_ACCOUNT) == 0;

	if (strcmp(token->kind, TOKEN_SERVICE_ACCOUNT) == 0 && service)
		*ret = CALLER_SERVICE_ACCOUNT;
	else if (strcmp(token->kind, TOKEN_PAT) == 0 && !service)
		*ret = CALLER_PAT;
	else if (strcmp(token->kind, TOKEN_LOGIN) == 0 && !service)
		*ret = CALLER_USER;
	else
		return HF_FAILURE(HF_UNAUTHENTIC);
	return HF_SUCCESS;
}

/* A personal access token stands for its user, within what it was given itself. */
static hf_status load_rights(struct db *db, struct caller *c)
{
	struct permission_set own = { 0 };

	HF_TRY(grants_load(db, c->identity_id, &c->granted));
	if (c->kind != CALLER_PAT)
		return credential_rows_active(db, c->identity_id, caller_add_credential, c);
	HF_TRY(grants_load(db, c->token_id, &own));
	permission_restrict(&c->granted, &own);
	return credential_rows_of_token(db, c->token_id, caller_add_credential, c);
}

static hf_status load_caller(struct db *db, const char *token_id, int64_t now_ms,
                             struct caller **ret)
{
	CALLER_SCOPED struct caller *c = caller_new();
	struct identity_row identity;
	struct token_row token;

	HF_ENSURE(c, HF_NOMEM);
	HF_TRY(token_row_get(db, token_id, &token, &identity));
	HF_ENSURE(token.active && !token.archived && now_ms < token.expires_ms, HF_UNAUTHENTIC);
	HF_ENSURE(identity.active && !identity.archived, HF_UNAUTHENTIC);
	HF_TRY(read_kind(&token, &identity, &c->kind));
	memcpy(c->org_id, token.org_id, sizeof(c->org_id));
	memcpy(c->identity_id, token.identity_id, sizeof(c->identity_id));
	memcpy(c->token_id, token.id, sizeof(c->token_id));
	memcpy(c->name, identity.name, sizeof(c->name));
	c->expires_ms = token.expires_ms;
	HF_TRY(load_rights(db, c));
	*ret = hf_take(c);
	return HF_SUCCESS;
}

/* Which token it is, if a key that counts has signed it. One that another server has just made is
 * known after a second look. */
static hf_status check_token(struct tokens *t, struct db *db, const char *token, int64_t now_ms,
                             char id[HF_ID_MAX], int64_t *ret_generation)
{
	HF_TRY(token_keys_look(t->keys, db, now_ms, TOKEN_KEYS_FRESH_MS));
	if (hf_ok(read_token(t->keys, token, id, ret_generation)))
		return HF_SUCCESS;
	HF_TRY(token_keys_look(t->keys, db, now_ms, TOKEN_KEYS_FRESH_UNKNOWN_MS));
	return hf_ok(read_token(t->keys, token, id, ret_generation)) ? HF_SUCCESS
	                                                             : HF_FAILURE(HF_UNAUTHENTIC);
}

/* The same for a token whose signature was checked before. */
static hf_status check_again(struct tokens *t, struct db *db, int64_t generation, int64_t now_ms)
{
	HF_TRY(token_keys_look(t->keys, db, now_ms, TOKEN_KEYS_FRESH_MS));
	HF_ENSURE(token_keys_count(t->keys, generation), HF_UNAUTHENTIC);
	return HF_SUCCESS;
}

hf_status tokens_load(struct tokens *t, struct db *db, const char *token, int64_t now_ms,
                      struct caller **ret, struct hf_err *err)
{
	uint8_t hash[SHA256_LEN];
	uint64_t forgotten;
	int64_t generation = 0;
	char id[HF_ID_MAX];
	hf_status s;

	HF_TRY(sha256(hf_span_text(token), hash));
	if (remembered_id(t, hash, id, &generation, &forgotten))
		s = check_again(t, db, generation, now_ms);
	else
		s = check_token(t, db, token, now_ms, id, &generation);
	if (hf_ok(s))
		s = load_caller(db, id, now_ms, ret);
	if (s.code == HF_NOTFOUND || s.code == HF_UNAUTHENTIC) {
		forget(t, hash);
		return hf_fail(err, HF_UNAUTHENTIC, TOKEN_INVALID_TEXT);
	}
	HF_TRY(s);
	remember(t, hash, *ret, generation, forgotten, now_ms);
	return HF_SUCCESS;
}
