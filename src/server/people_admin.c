/* SPDX-License-Identifier: Apache-2.0
 * What an administrator does for people beside the running server, in its database. */
#include "base/clock.h"
#include "server/core/people/access_tokens.h"
#include "server/core/audit/audit.h"
#include "server/core/people/codes.h"
#include "server/core/people/people.h"
#include "server/server.h"
#include "server/store/credential_rows.h"
#include "server/store/migrations.h"
#include "server/store/token_key_rows.h"

#include <stdio.h>
#include <string.h>

_Static_assert(CODE_TEXT_MAX == 24, "as in server.h");

/* Whoever may write to the database could do without, but not what he did with our help. */
static hf_status enter(struct db *db, const char *org_id, const char *operation,
                       const char *subject_id, int64_t now_ms)
{
	const struct audit_entry e = {
		.org_id = org_id,
		.name = "command line",
		.operation = operation,
		.subject_id = subject_id,
		.outcome = "Accepted",
		.now_ms = now_ms,
	};

	return audit_add(db, &e);
}

static hf_status cannot_read(struct db *db, hf_status s, struct hf_err *err)
{
	return hf_fail(err, s.code, "cannot read the database: %s", db_error(db));
}

/* Several organisations of one database may have a user of this name. */
static hf_status find_user(struct db *db, const char *username, struct identity_row *ret,
                           struct hf_err *err)
{
	struct identity_row other;
	char org_id[HF_ID_MAX], after[HF_ID_MAX] = "";
	bool found = false;
	hf_status s;

	while (hf_ok(s = org_row_next(db, after, org_id))) {
		memcpy(after, org_id, sizeof(after));
		s = person_find(db, org_id, username, &other);
		if (s.code == HF_NOTFOUND)
			continue;
		if (!hf_ok(s))
			return cannot_read(db, s, err);
		if (found)
			return hf_fail(err, HF_STATE,
			               "several organisations have a user \"%.200s\"", username);
		found = true;
		*ret = other;
	}
	if (s.code != HF_NOTFOUND)
		return cannot_read(db, s, err);
	if (!found)
		return hf_fail(err, HF_NOTFOUND,
		               "there is no active user \"%.200s\": users are made by POST "
		               "/auth/users (createUser in the client)",
		               username);
	return HF_SUCCESS;
}

static hf_status check_kind(const struct server_user_code *from, const struct identity_row *user,
                            struct hf_err *err)
{
	bool registration = strcmp(from->kind, CODE_REGISTRATION) == 0;

	if (!registration && strcmp(from->kind, CODE_RECOVERY) != 0 &&
	    strcmp(from->kind, CODE_LOGIN) != 0)
		return hf_fail(err, HF_INVALID,
		               "--kind: \"%s\": expected registration, recovery or login",
		               from->kind);
	if (registration && user->registered && !from->replace)
		return hf_fail(
		        err, HF_STATE,
		        "%s has registered already. With --kind recovery he gets new "
		        "credentials by his recovery key; if he has none, --replace lets him "
		        "register anew, and ends all that he has now",
		        user->name);
	if (!registration && !user->registered)
		return hf_fail(err, HF_STATE, "%s has not registered yet: --kind registration",
		               user->name);
	return HF_SUCCESS;
}

static hf_status make_code(struct db *db, const struct server_user_code *from, int64_t now_ms,
                           char *ret, struct hf_err *err)
{
	char operation[64];
	struct identity_row user;

	HF_TRY(find_user(db, from->username, &user, err));
	HF_TRY(check_kind(from, &user, err));
	snprintf(operation, sizeof(operation), "Server:UserCode:%s", from->kind);
	HF_TRY(enter(db, user.org_id, operation, user.id, now_ms));
	return code_make(db, user.org_id, user.id, from->kind, now_ms,
	                 now_ms + from->lifetime_s * 1000, ret);
}

hf_status server_make_user_code(const struct server_user_code *from, char ret[24],
                                int64_t *ret_expires_ms, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	int64_t now_ms = hf_wall_ms();
	struct hf_err why = { 0 };
	hf_status s;

	HF_TRY(db_open(&from->db, &db, err));
	HF_TRY(server_migrate(db, err));
	HF_TRY(db_begin(db));
	s = make_code(db, from, now_ms, ret, &why);
	if (hf_ok(s))
		s = db_commit(db, DB_DURABLE);
	if (!hf_ok(s)) {
		db_rollback(db);
		return hf_fail(err, s.code, "%s", why.text[0] ? why.text : db_error(db));
	}
	*ret_expires_ms = now_ms + from->lifetime_s * 1000;
	return HF_SUCCESS;
}

static hf_status find_account(struct db *db, const char *name, struct identity_row *ret,
                              struct hf_err *err)
{
	char org_id[HF_ID_MAX];
	hf_status s = orgs_only(db, org_id);

	if (s.code == HF_STATE)
		return hf_fail(err, s.code, "the database has several organisations");
	if (hf_ok(s))
		s = identity_row_find(db, org_id, KIND_SERVICE_ACCOUNT, name, ret);
	if (s.code == HF_NOTFOUND || (hf_ok(s) && !ret->active))
		return hf_fail(err, HF_NOTFOUND, "there is no active service account \"%.200s\"",
		               name);
	return s;
}

static hf_status keep_id(void *ctx, const struct credential_row *row)
{
	snprintf(ctx, CREDENTIAL_ID_MAX, "%s", row->id);
	return HF_SUCCESS;
}

static hf_status make_token(struct db *db, const struct server_account_token *from,
                            struct token_keys *keys, struct hf_buf *to, struct hf_err *err)
{
	char credential_id[CREDENTIAL_ID_MAX] = "";
	struct access_token_new token = {
		.kind = TOKEN_SERVICE_ACCOUNT,
		.name = "",
		.external_id = "",
		.credential_id = credential_id,
		.seconds_valid = from->days * DAY_SECONDS,
		.now_ms = hf_wall_ms(),
	};
	struct identity_row account;
	struct token_row row;

	HF_TRY(find_account(db, from->name, &account, err));
	HF_TRY(credential_rows_active(db, account.id, keep_id, credential_id));
	token.org_id = account.org_id;
	token.identity_id = account.id;
	HF_TRY(access_token_create(db, &token, &row, err));
	HF_TRY(enter(db, account.org_id, "Server:AccountToken", account.id, token.now_ms));
	return access_token_text(keys, db, &row, account.name, to);
}

static hf_status make_token_with(struct db *db, const struct server_account_token *from,
                                 const struct core_secrets *secrets, char ret[2048],
                                 struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(2047);
	struct token_keys *keys;
	hf_status s;

	HF_TRY(token_keys_new(secrets, 0, &keys));
	s = db_begin(db);
	if (hf_ok(s))
		s = core_secrets_check(secrets, db, err);
	if (hf_ok(s))
		s = make_token(db, from, keys, &token, err);
	if (hf_ok(s))
		s = db_commit(db, DB_DURABLE);
	else
		db_rollback(db);
	token_keys_free(keys);
	HF_TRY(s);
	s = hf_span_to_text(hf_buf_span(&token), ret, 2048);
	hf_wipe(token.ptr, token.len);
	return s;
}

hf_status server_make_account_token(const struct server_account_token *from, char ret[2048],
                                    struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	struct core_secrets secrets = { 0 };
	struct hf_err why = { 0 };
	hf_status s;

	HF_TRY(db_open(&from->db, &db, err));
	HF_TRY(server_migrate(db, err));
	HF_TRY(core_secrets_load(from->secret_file, &secrets, err));
	s = make_token_with(db, from, &secrets, ret, &why);
	core_secrets_done(&secrets);
	if (!hf_ok(s))
		return hf_fail(err, s.code, "%s", why.text[0] ? why.text : db_error(db));
	return s;
}

static hf_status enter_rotation(struct db *db, bool retire, int64_t now_ms)
{
	const char *operation = retire ? "Server:TokenKey:Retire" : "Server:TokenKey:Rotate";
	char org_id[HF_ID_MAX], after[HF_ID_MAX] = "";
	hf_status s;

	while (hf_ok(s = org_row_next(db, after, org_id))) {
		memcpy(after, org_id, sizeof(after));
		HF_TRY(enter(db, org_id, operation, NULL, now_ms));
	}
	return s.code == HF_NOTFOUND ? HF_SUCCESS : s;
}

static hf_status rotate(struct db *db, bool retire, int64_t *ret)
{
	const int64_t now_ms = hf_wall_ms();
	struct token_key_row newest;
	size_t n;

	HF_TRY(token_key_rows_read(db, &newest, 1, &n));
	HF_ENSURE(n == 1, HF_STATE);
	HF_TRY(token_key_row_insert(db, newest.generation + 1, now_ms));
	if (retire)
		HF_TRY(token_key_rows_retire(db, newest.generation + 1, now_ms));
	HF_TRY(enter_rotation(db, retire, now_ms));
	*ret = newest.generation + 1;
	return HF_SUCCESS;
}

hf_status server_rotate_token_key(const struct db_config *config, bool retire,
                                  int64_t *ret_generation, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	hf_status s;

	HF_TRY(db_open(config, &db, err));
	HF_TRY(server_migrate(db, err));
	HF_TRY(db_begin(db));
	s = rotate(db, retire, ret_generation);
	if (hf_ok(s))
		s = db_commit(db, DB_DURABLE);
	if (hf_ok(s))
		return s;
	db_rollback(db);
	if (s.code == HF_STATE)
		return hf_fail(err, s.code,
		               "the database has no organisation yet: holdfast server init");
	return hf_fail(err, s.code, "cannot change the database: %s", db_error(db));
}
