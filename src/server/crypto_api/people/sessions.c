/* SPDX-License-Identifier: Apache-2.0
 * Sessions: begun with whatever proves an app or a user, then kept up, and ended. */
#include "server/core/access/access_request.h"
#include "server/crypto_api/call_inside.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"
#include "server/crypto_api/people/factor.h"
#include "server/store/app_rows.h"

#include "base/secret.h"
#include "base/text.h"
#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

#define CREDENTIALS_MAX 2048

struct session_call {
	struct crypto_call call; /* first */
	struct access_request *ask;
	char authorization[CREDENTIALS_MAX]; /* that a body with a password stands for */
	char org_id[HF_ID_MAX];
	struct session_opened opened;
	struct session_new begin;
};

static struct session_call *self(struct crypto_call *c)
{
	return (struct session_call *)c;
}

static void release(struct crypto_call *c)
{
	struct session_call *s = self(c);

	free(s->ask); /* when it was not asked */
	hf_wipe(s->authorization, sizeof(s->authorization));
	hf_wipe(&s->opened, sizeof(s->opened));
}

/* What the body may say; which of it is needed is the method's to say. */
struct auth_body {
	const char *method, *token_type, *email, *account, *name, *password;
	struct json_t *bind_to;
};

static const struct json_field auth_fields[] = {
	{ "method", JSON_READ_TEXT, offsetof(struct auth_body, method), false, true },
	{ "token_type", JSON_READ_TEXT, offsetof(struct auth_body, token_type), false, true },
	{ "email", JSON_READ_TEXT, offsetof(struct auth_body, email), false, true },
	{ "acct_id", JSON_READ_TEXT, offsetof(struct auth_body, account), false, true },
	{ "name", JSON_READ_TEXT, offsetof(struct auth_body, name), false, true },
	{ "password", JSON_READ_TEXT, offsetof(struct auth_body, password), false, true },
	{ "bind_to", JSON_READ_ANY, offsetof(struct auth_body, bind_to), false, true },
};

/* {"method": "password"} */
static hf_status read_password(struct session_call *s, const struct auth_body *b,
                               struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf both = HF_BUF(CREDENTIALS_MAX / 2),
	                            text = HF_BUF(CREDENTIALS_MAX - 1);
	hf_status status;

	if (!b->email || !b->password || strchr(b->email, ':'))
		return hf_fail(err, HF_INVALID, "this way in needs \"email\" and \"password\"");
	hf_buf_text(&both, b->email);
	hf_buf_u8(&both, ':');
	hf_buf_text(&both, b->password);
	hf_buf_text(&text, "Basic ");
	hf_buf_base64(&text, hf_buf_span(&both));
	status = hf_buf_status(&both);
	if (hf_ok(status))
		status = hf_buf_status(&text);
	if (hf_ok(status))
		status = hf_span_to_text(hf_buf_span(&text), s->authorization,
		                         sizeof(s->authorization));
	hf_wipe(both.ptr, both.len);
	hf_wipe(text.ptr, text.len);
	s->ask->shown.authorization = s->authorization;
	return status;
}

/* {"method": "auth-by-app-name"} */
static hf_status read_app_name(struct session_call *s, const struct auth_body *b,
                               struct hf_err *err)
{
	s->ask->app_name = b->name;
	s->ask->app_secret = b->password;
	s->ask->org_id = s->org_id;
	if (!b->account || !b->name || !b->password ||
	    !hf_ok(hf_id_of_uuid("or", b->account, s->org_id)))
		return hf_fail(err, HF_INVALID,
		               "this way in needs \"acct_id\", \"name\" and \"password\"");
	return HF_SUCCESS;
}

static bool is_method(const struct auth_body *b, const char *name)
{
	return b->method && strcmp(b->method, name) == 0;
}

static hf_status check_method(const struct auth_body *b, struct hf_err *err)
{
	if (b->method && !is_method(b, "password") && !is_method(b, "auth-by-app-name"))
		return hf_fail(err, HF_UNSUPPORTED,
		               "method: password and auth-by-app-name are supported; others of the "
		               "reference (LDAP, SAML, OAuth, AWS IAM) are not");
	return HF_SUCCESS;
}

static hf_status read_method(struct session_call *s, const struct json_t *body, struct hf_err *err)
{
	struct auth_body b = { .method = json_member_text(body, "method") };

	HF_TRY(check_method(&b, err)); /* whose members we do not know */
	HF_TRY(json_read(body, auth_fields, HF_COUNT(auth_fields), &b, err));
	if (b.token_type && strcmp(b.token_type, "Bearer") != 0)
		return hf_fail(err, HF_UNSUPPORTED, "token_type: only Bearer is supported");
	if (!json_value_null(b.bind_to))
		return hf_fail(err, HF_UNSUPPORTED, "bind_to is not supported");
	if (is_method(&b, "auth-by-app-name"))
		return read_app_name(s, &b, err);
	if (is_method(&b, "password") && b.email)
		return read_password(s, &b, err);
	if (b.email || b.account || b.name || b.password)
		return hf_fail(err, HF_INVALID,
		               "\"method\" says for which way in the other members are: password "
		               "or auth-by-app-name");
	return HF_SUCCESS; /* as the header says */
}

static hf_status prepare_auth(struct crypto_call *c, struct hf_err *err)
{
	struct session_call *s = self(c);

	s->ask = calloc(1, sizeof(*s->ask));
	HF_ENSURE(s->ask, HF_NOMEM);
	crypto_call_shown(c, &s->ask->shown);
	return c->body ? read_method(s, c->body, err) : HF_SUCCESS;
}

static hf_status print_session(struct crypto_call *c, struct db *db, const char *challenge)
{
	struct session_call *s = self(c);
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	json_text(&w, "token_type", "Bearer");
	json_int(&w, "expires_in", s->opened.lasts_ms / 1000);
	json_text(&w, "access_token", s->opened.token);
	print_uuid(&w, "entity_id", c->who->identity_id);
	if (challenge)
		HF_TRY(factor_print_due(&w, c, db, challenge));
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status note_use(struct crypto_call *c, struct db *db)
{
	if (c->who->kind == PRINCIPAL_USER)
		return member_row_logged_in(db, c->who->identity_id, c->now_ms);
	return app_row_used(db, c->who->identity_id, c->now_ms);
}

static hf_status open_session(struct crypto_call *c, struct db *db)
{
	bool due = c->who->factor_due;
	struct session_call *s = self(c);
	char challenge[MFA_CHALLENGE_MAX];
	hf_status status;

	HF_TRY(app_previous_forget(db, c->now_ms));
	status = crypto_session_open(c->api->sessions, db, &s->begin, &s->opened);
	if (status.code == HF_UNAUTHENTIC)
		return hf_fail(&c->err, HF_BUSY, "the credential was changed just now: try again");
	HF_TRY(status);
	if (due)
		HF_TRY(factor_challenge(db, c->who->identity_id, FACTOR_LOGIN, s->opened.id,
		                        c->now_ms, challenge));
	else
		HF_TRY(note_use(c, db));
	hf_ignore(hf_uuid_of_id(c->who->identity_id, c->subject_id));
	c->outcome = due ? "SecondFactorDue" : NULL;
	HF_TRY(crypto_call_audit(c, db));
	return print_session(c, db, due ? challenge : NULL);
}

/* A session is no proof of itself: another one of it would never end. */
static bool is_session(const struct crypto_call *c)
{
	return c->who->session_id[0];
}

static void proved(struct crypto_call *c)
{
	static const struct crypto_step open = { true, open_session, NULL };
	struct session_call *s = self(c);

	if (is_session(c)) {
		crypto_call_fail_with(c, 400,
		                      "a session begins with a credential, not with "
		                      "another session's token");
		return;
	}
	s->begin = (struct session_new){ .who = c->who,
		                         .ends_ms = c->access->ends_ms,
		                         .by_previous = c->access->by_previous,
		                         .stamp = c->access->stamp,
		                         .now_ms = c->now_ms };
	if (c->access->by_certificate)
		s->begin.certificates = c->access->shown.certificates;
	crypto_call_step(c, &open);
}

static void auth(struct crypto_call *c)
{
	struct session_call *s = self(c);

	crypto_call_ask(c, hf_take(s->ask), proved);
}

/* Which ways in there are says nothing of who is there. */
static hf_status discover(struct crypto_call *c, struct hf_err *err)
{
	const struct json_field fields[] = { { "user_email", JSON_READ_TEXT, 0, false, true } };
	const char *email = NULL;

	if (c->body)
		HF_TRY(json_read(c->body, fields, HF_COUNT(fields), &email, err));
	hf_buf_text(&c->out, "[{\"method\":\"password\"}]");
	return HF_SUCCESS;
}

static hf_status select_account(struct crypto_call *c, struct hf_err *err)
{
	const struct json_field fields[] = { { "acct_id", JSON_READ_TEXT, 0, true, false } };
	const char *account = NULL;
	char org_id[HF_ID_MAX];

	if (!c->body)
		return hf_fail(err, HF_INVALID, "expected {\"acct_id\"}");
	HF_TRY(json_read(c->body, fields, HF_COUNT(fields), &account, err));
	if (!hf_ok(hf_id_of_uuid("or", account, org_id)) || strcmp(org_id, c->who->org_id) != 0)
		return hf_fail(err, HF_NOTFOUND, "there is no such account");
	hf_buf_text(&c->out, "{}");
	return HF_SUCCESS;
}

/* Those that need no more than the token. */
static hf_status no_members(struct crypto_call *c, struct hf_err *err)
{
	return c->body ? json_read(c->body, NULL, 0, NULL, err) : HF_SUCCESS;
}

static hf_status refresh(struct crypto_call *c, struct db *db)
{
	struct shown shown;
	int64_t lasts_ms;

	crypto_call_shown(c, &shown);
	return crypto_session_refresh(c->api->sessions, db, &shown, &lasts_ms, &c->err);
}

static hf_status terminate(struct crypto_call *c, struct db *db)
{
	struct shown shown;

	crypto_call_shown(c, &shown);
	HF_TRY(crypto_session_close(db, &shown, &c->err));
	return crypto_call_audit(c, db);
}

/* Here at once. Others of the same owner are looked up again. */
static void forget(struct crypto_call *c)
{
	crypto_sessions_forget(c->api->sessions, c->who->identity_id);
	crypto_call_reply(c);
}

/* Another session for the one that asks. An app's goes on, as the reference has it; a user's does
 * not: whoever ended it would not end all that was made of it. */
static hf_status run_reauth(struct crypto_call *c, struct db *db)
{
	struct session_call *s = self(c);
	struct shown shown;

	crypto_call_shown(c, &shown);
	HF_TRY(crypto_session_another(c->api->sessions, db, &shown, c->who, &s->opened, &c->err));
	if (c->who->kind == PRINCIPAL_USER)
		HF_TRY(crypto_session_close(db, &shown, &c->err));
	HF_TRY(crypto_call_audit(c, db));
	return print_session(c, db, NULL);
}

const struct crypto_operation crypto_session_auth = {
	.size = sizeof(struct session_call),
	.prepare = prepare_auth,
	.after = auth,
	.release = release,
};
const struct crypto_operation crypto_session_discover = {
	.size = sizeof(struct crypto_call),
	.prepare = discover,
};
const struct crypto_operation crypto_session_select = {
	.size = sizeof(struct crypto_call),
	.prepare = select_account,
};
const struct crypto_operation crypto_session_refresh_op = {
	.size = sizeof(struct crypto_call),
	.writes = true,
	.prepare = no_members,
	.run = refresh,
	.after = forget,
};
const struct crypto_operation crypto_session_terminate = {
	.size = sizeof(struct crypto_call),
	.writes = true,
	.prepare = no_members,
	.run = terminate,
	.after = forget,
};
const struct crypto_operation crypto_session_reauth = {
	.size = sizeof(struct session_call),
	.writes = true,
	.prepare = no_members,
	.run = run_reauth,
	.after = forget,
	.release = release,
};
