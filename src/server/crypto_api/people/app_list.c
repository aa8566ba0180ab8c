/* SPDX-License-Identifier: Apache-2.0
 * The apps of an account that the caller may see. */
#include "server/crypto_api/people/apps.h"

#include "base/text.h"
#include "base/uuid.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/filter_kind.h"
#include "server/crypto_api/people/rights.h"
#include "server/crypto_api/listing.h"

#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 1000
#define LOOK_AT_ONCE 1000

struct app_list {
	struct crypto_call call; /* first */
	char start[HF_ID_MAX], after[HF_ID_MAX];
	const char *group_id;
	const char *role; /* "admin", "crypto"; NULL: any */
	struct json_t *filter;
	int64_t limit, offset;
	bool with_metadata, with_token;
	/* while it is printed */
	struct db *db;
	struct json_writer w;
	char last[HF_ID_MAX]; /* that was shown */
	int64_t shown, skipped, seen, visible, matched;
	bool more;
};

static struct app_list *self(struct crypto_call *c)
{
	return (struct app_list *)c;
}

/* ---- what apps are filtered by */

static void name(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	filter_set_text(v, ((const struct app_row *)row)->name);
}

static void app_type(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	filter_set_text(v, ((const struct app_row *)row)->app_type);
}

static void auth_type(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	filter_set_text(v, app_auth_type(row));
}

static void description(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	v->long_text = ((const struct app_row *)row)->description;
	v->there = *v->long_text != '\0';
}

static void interface(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	filter_set_text(v, ((const struct app_row *)row)->interface);
}

static void enabled(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	v->number = ((const struct app_row *)row)->active;
	v->there = true;
}

static void created_at(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	filter_set_number(v, ((const struct app_row *)row)->created_ms / 1000);
}

static const struct filter_field fields[] = {
	{ "name", FIELD_TEXT, name },
	{ "app_type", FIELD_TEXT, app_type },
	{ "auth_type", FIELD_TEXT, auth_type },
	{ "description", FIELD_TEXT, description },
	{ "interface", FIELD_TEXT, interface },
	{ "enabled", FIELD_BOOL, enabled },
	{ "created_at", FIELD_TIME, created_at },
};

static const struct filter_kind filter_of_apps = {
	.what = "apps",
	.fields = fields,
	.n_fields = HF_COUNT(fields),
};

/* ---- which ones */

static hf_status read_number(const char *text, int64_t max, const char *name, int64_t *to,
                             struct hf_err *err)
{
	if (text && !hf_ok(hf_parse_i64(text, 0, max, to)))
		return hf_fail(err, HF_INVALID, "%s: expected a number up to %lld", name,
		               (long long)max);
	return HF_SUCCESS;
}

static hf_status read_which(struct app_list *l, struct hf_err *err)
{
	struct crypto_call *c = &l->call;
	const char *filter = crypto_call_query(c, "filter");

	l->group_id = crypto_call_query(c, "group_id");
	if (l->group_id && !hf_uuid_valid(l->group_id))
		return hf_fail(err, HF_INVALID, "group_id: expected a group's id");
	l->role = crypto_call_query(c, "role");
	if (l->role && strcmp(l->role, "admin") != 0 && strcmp(l->role, "crypto") != 0)
		return hf_fail(err, HF_INVALID, "role: expected admin or crypto");
	return filter ? filter_parse(&filter_of_apps, hf_span_text(filter), &l->filter, err)
	              : HF_SUCCESS;
}

/* From `start`, or where the page before ended. */
static hf_status read_order(struct app_list *l, struct hf_err *err)
{
	struct crypto_call *c = &l->call;
	const char *start = crypto_call_query(c, "start"), *sort = crypto_call_query(c, "sort");
	const char *token = crypto_call_query(c, "continuation_token");
	bool descending;

	if (sort && (!crypto_sorts_by(sort, "app_id", &descending) || descending))
		return hf_fail(err, HF_UNSUPPORTED, "sort: apps come by app_id:asc");
	if (start && !hf_ok(hf_id_of_uuid("app", start, l->start)))
		return hf_fail(err, HF_INVALID, "start: expected an app's id");
	l->with_token = token != NULL;
	if (token && *token && !hf_ok(hf_id_of_uuid("app", token, l->start)))
		return hf_fail(err, HF_INVALID,
		               "continuation_token: expected the one of the page before");
	return HF_SUCCESS;
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const char *const known[] = { "group_id",     "limit",  "offset",
		                             "role",         "filter", "group_permissions",
		                             "sort",         "start",  "continuation_token",
		                             "with_metadata" };
	struct app_list *l = self(c);
	bool permissions = true; /* they always come along */

	l->limit = LIMIT_DEFAULT;
	HF_TRY(crypto_call_query_known(c, known, HF_COUNT(known), err));
	HF_TRY(crypto_call_query_flag(c, "with_metadata", &l->with_metadata, err));
	HF_TRY(crypto_call_query_flag(c, "group_permissions", &permissions, err));
	HF_TRY(read_number(crypto_call_query(c, "limit"), INT32_MAX, "limit", &l->limit, err));
	HF_TRY(read_number(crypto_call_query(c, "offset"), INT32_MAX, "offset", &l->offset, err));
	HF_TRY(read_which(l, err));
	return read_order(l, err);
}

struct sight {
	const struct principal *who;
	bool sees;
};

static hf_status look(void *ctx, const char *group_id, int64_t permissions)
{
	struct sight *s = ctx;

	s->sees |= principal_in(s->who, group_id) != NULL;
	return HF_SUCCESS;
}

static hf_status is_visible(const struct app_list *l, const struct app_row *app, bool *ret)
{
	const struct principal *who = l->call.who;
	struct sight s = { .who = who };

	s.sees = sees_account(who) || strcmp(app->id, who->identity_id) == 0;
	if (!s.sees && who->kind == PRINCIPAL_USER)
		HF_TRY(app_group_rows_list(l->db, app->id, look, &s));
	*ret = s.sees;
	return HF_SUCCESS;
}

static bool is_wanted(const struct app_list *l, const struct app_row *app)
{
	const struct filter_facts facts = { .now_ms = l->call.now_ms };

	if (l->role && app->admin != (*l->role == 'a'))
		return false;
	return !l->filter || filter_matches(&filter_of_apps, l->filter, app, &facts);
}

static hf_status print(void *ctx, const struct app_row *app)
{
	struct app_list *l = ctx;
	bool visible;

	l->seen++;
	memcpy(l->after, app->id, sizeof(app->id));
	HF_TRY(is_visible(l, app, &visible));
	l->visible += visible;
	if (!visible || !is_wanted(l, app))
		return HF_SUCCESS;
	l->matched++;
	if (strcmp(app->id, l->start) <= 0)
		return HF_SUCCESS;
	if (l->skipped < l->offset) {
		l->skipped++;
		return HF_SUCCESS;
	}
	if (l->shown == l->limit) {
		l->more = true;
		return HF_SUCCESS;
	}
	l->shown++;
	memcpy(l->last, app->id, sizeof(app->id));
	return app_print(l->db, app, NULL, &l->w);
}

/* All that there are, where they are counted; otherwise as many as are shown. */
static hf_status print_all(struct app_list *l, struct db *db)
{
	bool count = l->with_metadata || l->with_token;
	char from[HF_ID_MAX];

	snprintf(l->after, sizeof(l->after), "%s", count ? "" : l->start);
	do {
		l->seen = 0;
		memcpy(from, l->after, sizeof(from));
		HF_TRY(app_rows_list(db, l->call.who->org_id, l->group_id, from, LOOK_AT_ONCE,
		                     print, l));
	} while (l->seen == LOOK_AT_ONCE && (count || l->shown < l->limit));
	return HF_SUCCESS;
}

static hf_status print_metadata(struct app_list *l)
{
	char token[HF_UUID_MAX];

	json_open_object(&l->w, "metadata");
	crypto_list_counts(&l->w, l->visible, l->matched);
	if (l->with_token && l->more && *l->last) {
		HF_TRY(hf_uuid_of_id(l->last, token));
		json_text(&l->w, "continuation_token", token);
	}
	json_close_object(&l->w);
	return HF_SUCCESS;
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	struct app_list *l = self(c);
	bool metadata = l->with_metadata || l->with_token;

	l->w = JSON_WRITER(&c->out);
	l->db = db;
	l->shown = l->skipped = l->visible = l->matched = 0;
	l->more = false;
	l->last[0] = '\0';
	if (l->limit > LIMIT_MAX)
		l->limit = LIMIT_MAX;
	if (metadata)
		json_open_object(&l->w, NULL);
	json_open_array(&l->w, metadata ? "items" : NULL);
	HF_TRY(print_all(l, db));
	json_close_array(&l->w);
	if (!metadata)
		return HF_SUCCESS;
	HF_TRY(print_metadata(l));
	json_close_object(&l->w);
	return HF_SUCCESS;
}

static void release(struct crypto_call *c)
{
	json_done(self(c)->filter);
}

const struct crypto_operation crypto_app_list = {
	.size = sizeof(struct app_list),
	.prepare = prepare,
	.run = run,
	.release = release,
};
