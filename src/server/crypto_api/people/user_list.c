/* SPDX-License-Identifier: Apache-2.0
 * The users of an account, printed. */
#include "server/crypto_api/people/users.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/uuid.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"
#include "server/crypto_api/people/factor.h"
#include "server/crypto_api/people/rights.h"
#include "server/crypto_api/sort.h"

#include <string.h>

#define LIMIT_MAX 1000

void print_account_roles(struct json_writer *w, const char *key, const struct member_row *user)
{
	json_open_array(w, key);
	if (user->roles & ACCOUNT_ADMINISTRATOR)
		json_text(w, NULL, "ACCOUNTADMINISTRATOR");
	if (user->roles & ACCOUNT_MEMBER)
		json_text(w, NULL, "ACCOUNTMEMBER");
	if (user->roles & ACCOUNT_AUDITOR)
		json_text(w, NULL, "ACCOUNTAUDITOR");
	if (user->enabled && user->active)
		json_text(w, NULL, "STATEENABLED");
	if (!user->has_password)
		json_text(w, NULL, "PENDINGINVITE");
	json_close_array(w);
}

static hf_status print_group(void *ctx, const char *group_id, int64_t roles)
{
	struct json_writer *w = ctx;

	json_open_array(w, group_id);
	if (roles & GROUP_ADMINISTRATOR)
		json_text(w, NULL, "GROUPADMINISTRATOR");
	if (roles & GROUP_AUDITOR)
		json_text(w, NULL, "GROUPAUDITOR");
	json_close_array(w);
	return HF_SUCCESS;
}

static void print_time(struct json_writer *w, const char *key, int64_t ms)
{
	char text[HF_BASIC_LEN];

	if (!ms)
		return;
	hf_basic_time(ms, text);
	json_text(w, key, text);
}

hf_status user_print(struct db *db, const struct member_row *user, const char *code,
                     struct json_writer *w)
{
	bool has_factor;

	json_open_object(w, NULL);
	print_uuid(w, "user_id", user->id);
	json_text(w, "user_email", user->email);
	json_text_if(w, "first_name", user->first_name);
	json_text_if(w, "last_name", user->last_name);
	json_text_if(w, "description", user->description);
	print_account_roles(w, "account_role", user);
	json_bool(w, "has_account", true);
	json_bool(w, "has_password", user->has_password);
	json_bool(w, "email_verified", user->has_password);
	print_time(w, "created_at", user->created_ms);
	print_time(w, "last_logged_in_at", user->last_login_ms);
	HF_TRY(factor_print_devices(w, "mfa_devices", db, user->id, &has_factor));
	json_bool(w, "has_second_factor", has_factor);
	json_raw(w, "u2f_devices", hf_span_text("[]"));
	json_open_object(w, "groups");
	HF_TRY(group_member_rows_list(db, user->id, print_group, w));
	json_close_object(w);
	json_open_object(w, "explicit_groups");
	HF_TRY(group_member_rows_list(db, user->id, print_group, w));
	json_close_object(w);
	json_text_if(w, "invite_code", code);
	json_close_object(w);
	return HF_SUCCESS;
}

struct user_list {
	struct crypto_call call; /* first */
	char after[HF_ID_MAX];
	int64_t limit, offset, skipped;
	struct db *db;
	struct json_writer w;
};

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct user_list *l = (struct user_list *)c;
	const char *start = crypto_call_query(c, "start"), *sort = crypto_call_query(c, "sort"),
	           *limit = crypto_call_query(c, "limit"), *offset = crypto_call_query(c, "offset");
	bool descending;

	l->limit = LIMIT_MAX;
	if ((limit && !hf_ok(hf_parse_i64(limit, 0, INT32_MAX, &l->limit))) ||
	    (offset && !hf_ok(hf_parse_i64(offset, 0, INT32_MAX, &l->offset))))
		return hf_fail(err, HF_INVALID, "limit and offset are numbers");
	if (sort && (!crypto_sorts_by(sort, "user_id", &descending) || descending))
		return hf_fail(err, HF_UNSUPPORTED, "sort: users come by user_id:asc");
	if (start && !hf_ok(hf_id_of_uuid("us", start, l->after)))
		return hf_fail(err, HF_INVALID, "start: expected a user's id");
	return HF_SUCCESS;
}

static hf_status print_one(void *ctx, const struct member_row *user)
{
	struct user_list *l = ctx;

	if (l->skipped++ < l->offset)
		return HF_SUCCESS;
	return user_print(l->db, user, NULL, &l->w);
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	struct user_list *l = (struct user_list *)c;
	struct member_row self;
	int64_t most;

	if (l->limit > LIMIT_MAX)
		l->limit = LIMIT_MAX;
	most = l->limit + l->offset > INT32_MAX ? INT32_MAX : l->limit + l->offset;
	l->skipped = 0;
	l->db = db;
	l->w = JSON_WRITER(&c->out);
	json_open_array(&l->w, NULL);
	if (sees_account(c->who)) {
		HF_TRY(member_rows_list(db, c->who->org_id, l->after, (int)most, print_one, l));
	} else if (c->who->kind == PRINCIPAL_USER) {
		HF_TRY(member_row_get(db, c->who->org_id, c->who->identity_id, &self));
		HF_TRY(print_one(l, &self));
	}
	json_close_array(&l->w);
	return HF_SUCCESS;
}

/* GET /sys/v1/users/accounts: where the caller is, and as what. */
static hf_status print_accounts(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	char account[HF_UUID_MAX];
	struct member_row self;

	HF_TRY(member_row_get(db, c->who->org_id, c->who->identity_id, &self));
	HF_TRY(hf_uuid_of_id(c->who->org_id, account));
	json_open_object(&w, NULL);
	print_account_roles(&w, account, &self);
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct crypto_operation crypto_user_list = {
	.size = sizeof(struct user_list),
	.prepare = prepare,
	.run = run,
};
const struct crypto_operation crypto_user_accounts = {
	.size = sizeof(struct crypto_call),
	.run = print_accounts,
};
