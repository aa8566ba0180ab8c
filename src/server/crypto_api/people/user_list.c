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
#include "server/crypto_api/listing.h"

#include <string.h>

#define LIMIT_MAX 1000

static void print_account_roles(struct json_writer *w, const char *key,
                                const struct member_row *user)
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

/* WithGroups: which of `groups`, his roles in them, and `explicit_groups`, those that he was put
 * into, are shown. Here nobody is in one in another way. */
enum with_groups { GROUPS_ALL, GROUPS_EXPLICIT, GROUPS_NONE };

static hf_status print_groups(struct db *db, const struct member_row *user, enum with_groups which,
                              struct json_writer *w)
{
	if (which == GROUPS_ALL) {
		json_open_object(w, "groups");
		HF_TRY(group_member_rows_list(db, user->id, print_group, w));
		json_close_object(w);
	}
	if (which != GROUPS_NONE) {
		json_open_object(w, "explicit_groups");
		HF_TRY(group_member_rows_list(db, user->id, print_group, w));
		json_close_object(w);
	}
	return HF_SUCCESS;
}

static hf_status print_user(struct db *db, const struct member_row *user, const char *code,
                            enum with_groups which, struct json_writer *w)
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
	HF_TRY(print_groups(db, user, which, w));
	json_text_if(w, "invite_code", code);
	json_close_object(w);
	return HF_SUCCESS;
}

hf_status user_print(struct db *db, const struct member_row *user, const char *code,
                     struct json_writer *w)
{
	return print_user(db, user, code, GROUPS_ALL, w);
}

struct user_list {
	struct crypto_call call; /* first */
	char start[HF_ID_MAX], after[HF_ID_MAX];
	const char *group_id; /* those who are in it; NULL: all */
	enum with_groups with;
	int64_t limit, offset, shown, skipped, seen;
	struct db *db;
	struct json_writer w;
};

static hf_status read_with(struct user_list *l, struct hf_err *err)
{
	static const char *const names[] = {
		[GROUPS_ALL] = "all", [GROUPS_EXPLICIT] = "explicit_only", [GROUPS_NONE] = "none"
	};
	const char *text = crypto_call_query(&l->call, "with_groups");

	for (size_t i = 0; text && i < HF_COUNT(names); i++)
		if (strcmp(names[i], text) == 0) {
			l->with = (enum with_groups)i;
			return HF_SUCCESS;
		}
	if (text)
		return hf_fail(err, HF_INVALID, "with_groups: expected all, explicit_only or none");
	return HF_SUCCESS;
}

static hf_status read_which(struct user_list *l, struct hf_err *err)
{
	const char *account = crypto_call_query(&l->call, "acct_id");
	char id[HF_ID_MAX];

	l->group_id = crypto_call_query(&l->call, "group_id");
	if (l->group_id && !hf_uuid_valid(l->group_id))
		return hf_fail(err, HF_INVALID, "group_id: expected a group's id");
	if (account &&
	    (!hf_ok(hf_id_of_uuid("or", account, id)) || strcmp(id, l->call.who->org_id) != 0))
		return hf_fail(err, HF_NOTFOUND, "there is no such account");
	return read_with(l, err);
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const char *const known[] = { "group_id",    "acct_id", "limit", "offset",
		                             "with_groups", "sort",    "start" };
	struct user_list *l = (struct user_list *)c;
	const char *start = crypto_call_query(c, "start"), *sort = crypto_call_query(c, "sort"),
	           *limit = crypto_call_query(c, "limit"), *offset = crypto_call_query(c, "offset");
	bool descending;

	HF_TRY(crypto_call_query_known(c, known, HF_COUNT(known), err));
	l->limit = LIMIT_MAX;
	if ((limit && !hf_ok(hf_parse_i64(limit, 0, INT32_MAX, &l->limit))) ||
	    (offset && !hf_ok(hf_parse_i64(offset, 0, INT32_MAX, &l->offset))))
		return hf_fail(err, HF_INVALID, "limit and offset are numbers");
	if (sort && (!crypto_sorts_by(sort, "user_id", &descending) || descending))
		return hf_fail(err, HF_UNSUPPORTED, "sort: users come by user_id:asc");
	if (start && !hf_ok(hf_id_of_uuid("us", start, l->start)))
		return hf_fail(err, HF_INVALID, "start: expected a user's id");
	return read_which(l, err);
}

struct membership {
	const char *group_id;
	bool found;
};

static hf_status look(void *ctx, const char *group_id, int64_t roles)
{
	struct membership *m = ctx;

	m->found = m->found || strcmp(m->group_id, group_id) == 0;
	return HF_SUCCESS;
}

static hf_status print_one(void *ctx, const struct member_row *user)
{
	struct user_list *l = ctx;
	struct membership m = { .group_id = l->group_id };

	l->seen++;
	memcpy(l->after, user->id, sizeof(user->id));
	if (l->group_id)
		HF_TRY(group_member_rows_list(l->db, user->id, look, &m));
	if ((l->group_id && !m.found) || l->shown == l->limit)
		return HF_SUCCESS;
	if (l->skipped < l->offset) {
		l->skipped++;
		return HF_SUCCESS;
	}
	l->shown++;
	return print_user(l->db, user, NULL, l->with, &l->w);
}

static hf_status print_all(struct user_list *l)
{
	char from[HF_ID_MAX];

	memcpy(l->after, l->start, sizeof(l->after));
	do {
		l->seen = 0;
		memcpy(from, l->after, sizeof(from));
		HF_TRY(member_rows_list(l->db, l->call.who->org_id, from, LIMIT_MAX, print_one, l));
	} while (l->seen == LIMIT_MAX && l->shown < l->limit);
	return HF_SUCCESS;
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	struct user_list *l = (struct user_list *)c;
	struct member_row self;

	if (l->limit > LIMIT_MAX)
		l->limit = LIMIT_MAX;
	l->skipped = l->shown = 0;
	l->db = db;
	l->w = JSON_WRITER(&c->out);
	json_open_array(&l->w, NULL);
	if (sees_account(c->who)) {
		HF_TRY(print_all(l));
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
