/* SPDX-License-Identifier: Apache-2.0
 * Users are made by administrators: with a password that is handed over, or with a one-time code by
 * which they set one themselves. There is no e-mail here. */
#include "server/crypto_api/people/users.h"

#include "base/secret.h"
#include "base/uuid.h"
#include "server/core/access/sessions.h"
#include "server/core/people/codes.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/rights.h"

#include <stdio.h>
#include <string.h>

static struct user_call *self(struct crypto_call *c)
{
	return (struct user_call *)c;
}

static hf_status read_new(struct crypto_call *c, struct hf_err *err)
{
	if (!runs_account(c->who))
		return hf_fail(err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	HF_TRY(user_edit_read(c->body, &self(c)->edit, err));
	if (user_edit_devices(&self(c)->edit))
		return hf_fail(err, HF_INVALID,
		               "a user registers his devices himself, once he has logged in");
	if (!self(c)->edit.email)
		return hf_fail(err, HF_INVALID, "user_email: a user needs one");
	return HF_SUCCESS;
}

/* A user of the Signing API who has this address is the same person. */
static hf_status find_identity(struct crypto_call *c, struct db *db, const char *email)
{
	struct identity_row row;
	hf_status s = identity_row_find(db, c->who->org_id, KIND_USER, email, &row);

	if (s.code == HF_NOTFOUND) {
		row = (struct identity_row){ .kind = KIND_USER,
			                     .active = true,
			                     .created_ms = c->now_ms };
		hf_id_new("us", row.id);
		snprintf(row.org_id, sizeof(row.org_id), "%s", c->who->org_id);
		snprintf(row.name, sizeof(row.name), "%s", email);
		snprintf(row.created_by, sizeof(row.created_by), "%s", c->who->identity_id);
		s = identity_row_insert(db, &row);
	}
	HF_TRY(s);
	memcpy(self(c)->id, row.id, sizeof(row.id));
	return HF_SUCCESS;
}

static hf_status add(struct crypto_call *c, struct db *db, struct member_row *user)
{
	const struct user_edit *e = &self(c)->edit;
	hf_status s;

	HF_TRY(find_identity(c, db, e->email));
	*user = (struct member_row){
		.roles = ACCOUNT_MEMBER, .enabled = true, .active = true, .created_ms = c->now_ms
	};
	snprintf(user->id, sizeof(user->id), "%s", self(c)->id);
	snprintf(user->org_id, sizeof(user->org_id), "%s", c->who->org_id);
	snprintf(user->email, sizeof(user->email), "%s", e->email);
	HF_TRY(user_edit_apply(e, user, &c->err));
	s = member_row_insert(db, user);
	if (s.code == HF_EXISTS)
		return hf_fail(&c->err, HF_EXISTS, "%s is a user of this account already",
		               e->email);
	HF_TRY(s);
	HF_TRY(user_set_groups(c, db, e, user->id));
	hf_ignore(hf_uuid_of_id(user->id, c->subject_id));
	return HF_SUCCESS;
}

static hf_status make_code(struct crypto_call *c, struct db *db, const char *id)
{
	int64_t expires = c->now_ms + (int64_t)CODE_LIFETIME_DEFAULT_S * 1000;

	_Static_assert(sizeof(self(c)->code) >= CODE_TEXT_MAX, "the code fits");
	return code_make(db, c->who->org_id, id, CODE_PASSWORD, c->now_ms, expires, self(c)->code);
}

static hf_status invite(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct member_row user;

	HF_TRY(add(c, db, &user));
	HF_TRY(make_code(c, db, user.id));
	c->status = 201;
	HF_TRY(user_print(db, &user, self(c)->code, &w));
	return crypto_call_audit(c, db);
}

static void release(struct crypto_call *c)
{
	hf_wipe(self(c)->code, sizeof(self(c)->code));
	hf_wipe(self(c)->hash, sizeof(self(c)->hash));
	hf_wipe(self(c)->password.made, sizeof(self(c)->password.made));
}

/* ---- with a password */

static hf_status read_with_password(struct crypto_call *c, struct hf_err *err)
{
	HF_TRY(read_new(c, err));
	if (!self(c)->edit.password)
		return hf_fail(err, HF_INVALID,
		               "user_password: a user is made with one here; without, invite him");
	return password_check_new(self(c)->edit.password, self(c)->edit.email, err);
}

static hf_status create(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct password_row row = { .changed_ms = c->now_ms };
	struct member_row user;

	HF_TRY(add(c, db, &user));
	memcpy(row.hash, self(c)->password.made, sizeof(self(c)->password.made));
	HF_TRY(password_row_put(db, user.id, &row));
	user.has_password = true;
	c->status = 201;
	HF_TRY(user_print(db, &user, NULL, &w));
	return crypto_call_audit(c, db);
}

static void hashed(struct password_job *job, hf_status s)
{
	static const struct crypto_step step = { true, create, NULL };
	struct user_call *u =
	        (struct user_call *)((char *)job - offsetof(struct user_call, password));

	if (hf_ok(s))
		crypto_call_step(&u->call, &step);
	else
		crypto_call_fail(&u->call, s);
}

static void hash(struct crypto_call *c)
{
	struct user_call *u = self(c);
	hf_status s;

	u->password = (struct password_job){
		.password = hf_span_text(u->edit.password),
		.make = true,
		.done = hashed,
	};
	s = passwords_submit(crypto_sessions_passwords(c->api->sessions), &u->password);
	if (!hf_ok(s))
		crypto_call_fail(c, s);
}

/* ---- another code, for one who has lost his password too */

static hf_status read_path(struct crypto_call *c, struct hf_err *err)
{
	if (!runs_account(c->who))
		return hf_fail(err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	return user_of_path(c, self(c)->id, err);
}

static hf_status invite_again(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct member_row user;

	HF_TRY(user_to_see(c, db, self(c)->id, &user));
	HF_TRY(make_code(c, db, user.id));
	hf_ignore(hf_uuid_of_id(user.id, c->subject_id));
	HF_TRY(user_print(db, &user, self(c)->code, &w));
	return crypto_call_audit(c, db);
}

const struct crypto_operation crypto_user_invite = {
	.size = sizeof(struct user_call),
	.writes = true,
	.prepare = read_new,
	.run = invite,
	.after = user_changed,
	.release = release,
};
const struct crypto_operation crypto_user_create = {
	.size = sizeof(struct user_call),
	.prepare = read_with_password,
	.after = hash,
	.release = release,
};
const struct crypto_operation crypto_user_invite_again = {
	.size = sizeof(struct user_call),
	.writes = true,
	.prepare = read_path,
	.run = invite_again,
	.release = release,
};
