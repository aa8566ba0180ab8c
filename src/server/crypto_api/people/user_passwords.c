/* SPDX-License-Identifier: Apache-2.0
 * A user sets his password: with the one that he has, or with a one-time code. All his sessions end
 * with it. */
#include "server/crypto_api/people/users.h"

#include "base/secret.h"
#include "base/uuid.h"
#include "server/core/access/sessions.h"
#include "server/core/audit/audit.h"
#include "server/core/people/attempts.h"
#include "server/core/people/codes.h"
#include "server/crypto_api/handlers.h"
#include "server/store/session_rows.h"

#include <stdio.h>
#include <string.h>

struct password_call {
	struct user_call user; /* first */
	const char *current, *next, *token;
	uint8_t code_hash[CODE_HASH_LEN];
	char org_id[HF_ID_MAX], email[IDENTITY_NAME_MAX];
};

static struct password_call *self(struct crypto_call *c)
{
	return (struct password_call *)c;
}

static struct password_call *of_job(struct password_job *job)
{
	return (struct password_call *)((char *)job - offsetof(struct user_call, password));
}

static void release(struct crypto_call *c)
{
	hf_wipe(self(c)->user.hash, sizeof(self(c)->user.hash));
	hf_wipe(self(c)->user.password.made, sizeof(self(c)->user.password.made));
}

static void submit(struct crypto_call *c, const struct password_job *job)
{
	struct user_call *u = &self(c)->user;
	hf_status s;

	u->password = *job;
	s = passwords_submit(crypto_sessions_passwords(c->api->sessions), &u->password);
	if (!hf_ok(s))
		crypto_call_fail(c, s);
}

static void hash_next(struct crypto_call *c, void (*done)(struct password_job *job, hf_status s))
{
	const struct password_job job = {
		.password = hf_span_text(self(c)->next),
		.make = true,
		.done = done,
	};

	submit(c, &job);
}

static hf_status store(struct crypto_call *c, struct db *db, const char *id)
{
	struct password_row row = { .changed_ms = c->now_ms };

	memcpy(row.hash, self(c)->user.password.made, sizeof(row.hash));
	HF_TRY(password_row_put(db, id, &row));
	HF_TRY(session_rows_delete_of(db, id));
	hf_ignore(hf_uuid_of_id(id, c->subject_id));
	return HF_SUCCESS;
}

/* ---- POST /sys/v1/users/change_password */

static hf_status read_change(struct crypto_call *c, struct hf_err *err)
{
	struct password_call *p = self(c);

	p->current = json_member_text(c->body, "current_password");
	p->next = json_member_text(c->body, "new_password");
	if (!p->current || !p->next)
		return hf_fail(err, HF_INVALID, "expected current_password and new_password");
	if (c->who->kind != PRINCIPAL_USER)
		return hf_fail(err, HF_DENIED, "apps have no passwords");
	if (strcmp(p->current, p->next) == 0)
		return hf_fail(err, HF_INVALID, "the new password is the old one");
	memcpy(p->user.id, c->who->identity_id, sizeof(p->user.id));
	return password_check_new(p->next, c->who->name, err);
}

static hf_status load_current(struct crypto_call *c, struct db *db)
{
	struct password_row row;

	HF_TRY(password_row_get(db, c->who->identity_id, &row));
	memcpy(self(c)->user.hash, row.hash, sizeof(row.hash));
	self(c)->user.changed_ms = row.changed_ms;
	return HF_SUCCESS;
}

/* Not when another change came between. */
static hf_status store_change(struct crypto_call *c, struct db *db)
{
	struct password_row row;

	HF_TRY(password_row_get(db, c->who->identity_id, &row));
	if (row.changed_ms != self(c)->user.changed_ms)
		return hf_fail(&c->err, HF_STATE, "the password was changed meanwhile");
	HF_TRY(store(c, db, c->who->identity_id));
	return crypto_call_audit(c, db);
}

static void change_hashed(struct password_job *job, hf_status s)
{
	static const struct crypto_step step = { true, store_change, user_changed };
	struct crypto_call *c = &of_job(job)->user.call;

	if (hf_ok(s))
		crypto_call_step(c, &step);
	else
		crypto_call_fail(c, s);
}

static void attempt_key(const struct crypto_call *c, char to[320])
{
	snprintf(to, 320, "crypto-password/%s", c->who->name);
}

static void current_checked(struct password_job *job, hf_status s)
{
	struct crypto_call *c = &of_job(job)->user.call;
	char key[320];

	attempt_key(c, key);
	if (s.code == HF_UNAUTHENTIC) {
		attempts_failed(crypto_sessions_attempts(c->api->sessions), key, c->now_ms);
		crypto_call_fail_with(c, 403, "the current password is another one");
	} else if (!hf_ok(s)) {
		crypto_call_fail(c, s);
	} else {
		hash_next(c, change_hashed);
	}
}

static void check_current(struct crypto_call *c)
{
	const struct password_job job = {
		.password = hf_span_text(self(c)->current),
		.hash = self(c)->user.hash,
		.done = current_checked,
	};
	char key[320];

	attempt_key(c, key);
	if (attempts_allowed(crypto_sessions_attempts(c->api->sessions), key, c->now_ms))
		submit(c, &job);
	else
		crypto_call_fail_with(c, 429, ATTEMPTS_TEXT);
}

/* ---- with a code: nobody is logged in */

#define CODE_REFUSED_TEXT "this code is not good, or no longer: ask an administrator for another"

static void code_key(const struct crypto_call *c, char to[320])
{
	snprintf(to, 320, "crypto-code/%s", crypto_call_param(c, "user_id"));
}

static hf_status read_code(struct crypto_call *c, struct hf_err *err)
{
	struct password_call *p = self(c);
	char key[320];

	code_key(c, key);
	if (!attempts_allowed(crypto_sessions_attempts(c->api->sessions), key, c->now_ms))
		return hf_fail(err, HF_BUSY, ATTEMPTS_TEXT);
	p->token = json_member_text(c->body, "reset_token");
	if (!p->token)
		return hf_fail(err, HF_INVALID, "expected reset_token: the code");
	HF_TRY(user_of_path(c, p->user.id, err));
	if (!hf_ok(code_hash(p->token, p->code_hash)))
		return hf_fail(err, HF_DENIED, CODE_REFUSED_TEXT);
	return HF_SUCCESS;
}

static hf_status find_code(struct crypto_call *c, struct db *db, struct code_row *row,
                           struct member_row *user)
{
	struct password_call *p = self(c);
	hf_status s;

	*row = (struct code_row){ .kind = CODE_PASSWORD,
		                  .hash = HF_SPAN(p->code_hash, sizeof(p->code_hash)) };
	s = code_row_find(db, c->now_ms, row);
	if (hf_ok(s) && strcmp(row->identity_id, p->user.id) != 0)
		s = HF_FAILURE(HF_NOTFOUND);
	if (hf_ok(s))
		s = member_row_get(db, row->org_id, row->identity_id, user);
	if (hf_ok(s) && !(user->enabled && user->active))
		s = HF_FAILURE(HF_NOTFOUND);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_DENIED, CODE_REFUSED_TEXT);
	return s;
}

static hf_status validate(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct member_row user;
	struct code_row row;
	char key[320];
	hf_status s = find_code(c, db, &row, &user);

	if (s.code == HF_DENIED) {
		code_key(c, key);
		attempts_failed(crypto_sessions_attempts(c->api->sessions), key, c->now_ms);
	}
	HF_TRY(s);
	json_open_object(&w, NULL);
	json_text(&w, "user_email", user.email);
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status read_reset(struct crypto_call *c, struct hf_err *err)
{
	struct password_call *p = self(c);

	HF_TRY(read_code(c, err));
	p->next = json_member_text(c->body, "new_password");
	if (!p->next)
		return hf_fail(err, HF_INVALID, "expected new_password");
	return password_check_new(p->next, "", err);
}

static hf_status enter_reset(struct crypto_call *c, struct db *db, const struct member_row *user)
{
	const struct audit_entry e = {
		.org_id = user->org_id,
		.identity_id = user->id,
		.name = user->email,
		.operation = c->route->name,
		.method = c->route->method,
		.path = c->path,
		.subject_id = c->subject_id,
		.outcome = "Accepted",
		.status = 204,
		.now_ms = c->now_ms,
	};

	return audit_add(db, &e);
}

static hf_status store_reset(struct crypto_call *c, struct db *db)
{
	struct member_row user;
	struct code_row row;
	hf_status s;

	HF_TRY(find_code(c, db, &row, &user));
	HF_TRY(password_check_new(self(c)->next, user.email, &c->err));
	s = code_row_use(db, &row, c->now_ms);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_DENIED, CODE_REFUSED_TEXT);
	HF_TRY(s);
	HF_TRY(store(c, db, user.id));
	return enter_reset(c, db, &user);
}

static void reset_hashed(struct password_job *job, hf_status s)
{
	static const struct crypto_step step = { true, store_reset, user_changed };
	struct crypto_call *c = &of_job(job)->user.call;

	if (hf_ok(s))
		crypto_call_step(c, &step);
	else
		crypto_call_fail(c, s);
}

/* Only for a code that is good is anything hashed: nobody keeps that thread busy for nothing. */
static void hash_reset(struct crypto_call *c)
{
	hf_buf_clear(&c->out);
	hash_next(c, reset_hashed);
}

/* ---- not here */

static hf_status refuse_mail(struct crypto_call *c, struct hf_err *err)
{
	return hf_fail(err, HF_UNSUPPORTED,
	               "Holdfast sends no e-mail: ask an administrator for a one-time code "
	               "(POST /sys/v1/users/{user_id}/resend_invite)");
}

/* A user is in his account from the moment at which he has a password. */
static hf_status process_invite(struct crypto_call *c, struct hf_err *err)
{
	char account[HF_UUID_MAX];
	const struct json_t *accepts = json_member(c->body, "accepts");

	if (json_count(json_member(c->body, "rejects")))
		return hf_fail(err, HF_UNSUPPORTED,
		               "an invitation is declined by not using its code; an administrator "
		               "removes the user");
	HF_TRY(hf_uuid_of_id(c->who->org_id, account));
	for (size_t i = 0; i < json_count(accepts); i++) {
		const char *one = json_value_text(json_element(accepts, i));

		if (!one || strcmp(one, account) != 0)
			return hf_fail(err, HF_NOTFOUND, "there is no such invitation");
	}
	return HF_SUCCESS;
}

const struct crypto_operation crypto_password_change = {
	.size = sizeof(struct password_call),
	.prepare = read_change,
	.run = load_current,
	.after = check_current,
	.release = release,
};
const struct crypto_operation crypto_code_validate = {
	.size = sizeof(struct password_call),
	.prepare = read_code,
	.run = validate,
};
const struct crypto_operation crypto_password_reset = {
	.size = sizeof(struct password_call),
	.prepare = read_reset,
	.run = validate,
	.after = hash_reset,
	.release = release,
};
const struct crypto_operation crypto_password_forgot = {
	.size = sizeof(struct crypto_call),
	.prepare = refuse_mail,
};
const struct crypto_operation crypto_process_invite = {
	.size = sizeof(struct crypto_call),
	.prepare = process_invite,
};
