/* SPDX-License-Identifier: Apache-2.0
 * People and machines that call the API of api_fixture.h. */
#ifndef HF_TESTS_ACCOUNTS_FIXTURE_H
#define HF_TESTS_ACCOUNTS_FIXTURE_H

#include "api_fixture.h"

#include "server/core/people/access_tokens.h"
#include "server/core/people/identities.h"
#include "server/core/rights/permissions.h"

#define ASSIGN "{\"identityId\":\"%s\"}"

static inline void expect(int status, const char *message)
{
	if (got.status != status)
		fail_msg("%d instead of %d: %s", got.status, status, got.body);
	if (message)
		assert_string_equal(member("error.message"), message);
}

/* A text with an id in it. Lives until the fourth call after. */
static inline const char *at(const char *fmt, const char *id)
{
	static char texts[4][256];
	static int turn;
	char *to = texts[turn++ % 4];
	const char *mark = strstr(fmt, "%s");

	snprintf(to, sizeof(texts[0]), "%.*s%s%s", (int)(mark - fmt), fmt, id, mark + 2);
	return to;
}

static inline EVP_PKEY *new_key_pair(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

/* The public key as a JSON string. */
static inline void public_key_json(EVP_PKEY *key, struct hf_buf *to)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	CHECK(PEM_write_bio_PUBKEY(bio, key) == 1);
	len = BIO_get_mem_data(bio, &pem);
	hf_buf_json_string(to, HF_SPAN((const uint8_t *)pem, (size_t)len));
	BIO_free(bio);
}

static inline int get_as(const struct actor *who, const char *target)
{
	const struct actor *before = fx.as;
	int status;

	fx.as = who;
	status = get(target);
	fx.as = before;
	return status;
}

/* The path is what is signed, the target what is asked for. */
static inline int signed_delete_at(const char *path, const char *target)
{
	const char *action = user_action("DELETE", path, "{}");

	send_with(fx.as->token, "DELETE", target, "{}", action);
	return got.status;
}

static inline int signed_delete(const char *path)
{
	return signed_delete_at(path, path);
}

/* Made by the first service account. Its credential's id is read from the database. */
static inline void make_user(struct actor *who, const char *email)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(8192), text = HF_BUF(CREDENTIAL_ID_MAX);
	char id[HF_ID_MAX];

	fx.as = &fx.first;
	hf_buf_printf(&body,
	              "{\"email\":\"%s\",\"kind\":\"CustomerEmployee\",\"publicKey\":", email);
	public_key_json(who->key, &body);
	hf_buf_text(&body, "}");
	hf_buf_u8(&body, 0);
	signed_request("POST", "/auth/users", (const char *)body.ptr);
	expect(200, NULL);
	snprintf(who->id, sizeof(who->id), "%s", member("userId"));
	snprintf(id, sizeof(id), "ci%s", member("credentialUuid") + 2);
	hf_buf_base64url(&text, hf_span_text(id));
	CHECK_OK(hf_span_to_text(hf_buf_span(&text), who->credential_id,
	                         sizeof(who->credential_id)));
}

/* A login's token, as a login would make it. */
static inline void log_in(struct actor *who)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(JWS_TOKEN_MAX);
	DB_SCOPED struct db *db = NULL;
	const struct access_token_new from = {
		.org_id = fx.account.org_id,
		.identity_id = who->id,
		.kind = TOKEN_LOGIN,
		.name = "",
		.external_id = "",
		.credential_id = who->credential_id,
		.seconds_valid = 600,
		.now_ms = hf_wall_ms(),
	};
	struct token_row row;

	CHECK_OK(db_open(&fx.db, &db, NULL));
	CHECK_OK(db_begin(db));
	CHECK_OK(access_token_create(db, &from, &row, NULL));
	CHECK_OK(access_token_text(fx.api->token_keys, db, &row, "someone", &text));
	CHECK_OK(db_commit(db, DB_DURABLE));
	CHECK_OK(hf_span_to_text(hf_buf_span(&text), who->token, sizeof(who->token)));
}

/* By the first service account; the id lives until the call after the next. */
static inline const char *new_permission(const char *name, const char *operations)
{
	static char ids[2][HF_ID_MAX];
	static int turn;
	char *id = ids[turn++ % 2], body[2048];

	fx.as = &fx.first;
	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"operations\":[%s]}", name, operations);
	signed_request("POST", "/permissions", body);
	expect(200, NULL);
	snprintf(id, HF_ID_MAX, "%s", member("id"));
	return id;
}

static inline const char *assign(const char *permission, const char *identity)
{
	fx.as = &fx.first;
	signed_request("POST", at("/permissions/%s/assignments", permission), at(ASSIGN, identity));
	expect(200, NULL);
	return member("id");
}

static inline void make_administrator(struct actor *who)
{
	char admin[HF_ID_MAX];

	make_user(who, "administrator@example.com");
	log_in(who);
	CHECK(get("/permissions?limit=200") == 200);
	for (size_t i = 0; i < items(); i++) {
		char path[64];

		snprintf(path, sizeof(path), "items.%zu.name", i);
		if (strcmp(member(path), "DfnsFullAdminAccess") != 0)
			continue;
		snprintf(path, sizeof(path), "items.%zu.id", i);
		snprintf(admin, sizeof(admin), "%s", member(path));
	}
	assign(admin, who->id);
}

static inline int make_machine(const struct actor *by, struct actor *ret, const char *path,
                               const char *name, const char *permission)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(8192);

	hf_buf_printf(&body, "{\"name\":\"%s\",\"publicKey\":", name);
	public_key_json(ret->key, &body);
	if (permission)
		hf_buf_printf(&body, ",\"permissionId\":\"%s\"", permission);
	hf_buf_text(&body, ",\"daysValid\":1}");
	hf_buf_u8(&body, 0);
	fx.as = by;
	signed_request("POST", path, (const char *)body.ptr);
	fx.as = &fx.first;
	return got.status;
}

static inline void keep_token(struct actor *to, const char *token, const char *credential,
                              const char *id)
{
	snprintf(to->token, sizeof(to->token), "%s", member(token));
	snprintf(to->credential_id, sizeof(to->credential_id), "%s", member(credential));
	snprintf(to->id, sizeof(to->id), "%s", member(id));
}

static inline int make_bot(const struct actor *by, struct actor *ret, const char *name,
                           const char *permission)
{
	if (make_machine(by, ret, "/auth/service-accounts", name, permission) == 200)
		keep_token(ret, "accessTokens.0.accessToken", "accessTokens.0.credId",
		           "userInfo.userId");
	return got.status;
}

static inline int make_pat(const struct actor *by, struct actor *ret, const char *name,
                           const char *permission)
{
	if (make_machine(by, ret, "/auth/pats", name, permission) == 200)
		keep_token(ret, "accessToken", "credId", "tokenId");
	return got.status;
}

#endif
