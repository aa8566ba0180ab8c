/* SPDX-License-Identifier: Apache-2.0
 * The apps of an account that the caller may see. */
#include "server/crypto_api/people/apps.h"

#include "base/text.h"
#include "base/uuid.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/rights.h"
#include "server/crypto_api/sort.h"

#include <string.h>

#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 1000
#define LOOK_AT_ONCE 1000

struct app_list {
	struct crypto_call call; /* first */
	char after[HF_ID_MAX];
	const char *group_id;
	int64_t limit, offset;
	bool with_metadata;
	/* while it is printed */
	struct db *db;
	struct json_writer w;
	int64_t shown, skipped, seen;
};

static hf_status read_number(const char *text, int64_t max, const char *name, int64_t *to,
                             struct hf_err *err)
{
	if (text && !hf_ok(hf_parse_i64(text, 0, max, to)))
		return hf_fail(err, HF_INVALID, "%s: expected a number up to %lld", name,
		               (long long)max);
	return HF_SUCCESS;
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct app_list *l = (struct app_list *)c;
	const char *start = crypto_call_query(c, "start"), *sort = crypto_call_query(c, "sort");
	const char *metadata = crypto_call_query(c, "with_metadata");
	bool descending;

	l->limit = LIMIT_DEFAULT;
	l->group_id = crypto_call_query(c, "group_id");
	l->with_metadata = metadata && strcmp(metadata, "true") == 0;
	HF_TRY(read_number(crypto_call_query(c, "limit"), INT32_MAX, "limit", &l->limit, err));
	HF_TRY(read_number(crypto_call_query(c, "offset"), INT32_MAX, "offset", &l->offset, err));
	if (sort && (!crypto_sorts_by(sort, "app_id", &descending) || descending))
		return hf_fail(err, HF_UNSUPPORTED, "sort: apps come by app_id:asc");
	if (start && !hf_ok(hf_id_of_uuid("app", start, l->after)))
		return hf_fail(err, HF_INVALID, "start: expected an app's id");
	return HF_SUCCESS;
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

static hf_status print(void *ctx, const struct app_row *app)
{
	struct app_list *l = ctx;
	const struct principal *who = l->call.who;
	struct sight s = { .who = who };

	l->seen++;
	memcpy(l->after, app->id, sizeof(app->id));
	s.sees = sees_account(who) || strcmp(app->id, who->identity_id) == 0;
	if (!s.sees && who->kind == PRINCIPAL_USER)
		HF_TRY(app_group_rows_list(l->db, app->id, look, &s));
	if (!s.sees || l->shown == l->limit)
		return HF_SUCCESS;
	if (l->skipped < l->offset) {
		l->skipped++;
		return HF_SUCCESS;
	}
	l->shown++;
	return app_print(l->db, app, NULL, &l->w);
}

static hf_status print_all(struct app_list *l, struct db *db)
{
	char from[HF_ID_MAX];

	do {
		l->seen = 0;
		memcpy(from, l->after, sizeof(from));
		HF_TRY(app_rows_list(db, l->call.who->org_id, l->group_id, from, LOOK_AT_ONCE,
		                     print, l));
	} while (l->seen == LOOK_AT_ONCE && l->shown < l->limit);
	return HF_SUCCESS;
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	struct app_list *l = (struct app_list *)c;

	l->w = JSON_WRITER(&c->out);
	l->db = db;
	l->shown = l->skipped = 0;
	if (l->limit > LIMIT_MAX)
		l->limit = LIMIT_MAX;
	if (l->with_metadata)
		json_open_object(&l->w, NULL);
	json_open_array(&l->w, l->with_metadata ? "items" : NULL);
	HF_TRY(print_all(l, db));
	json_close_array(&l->w);
	if (!l->with_metadata)
		return HF_SUCCESS;
	json_open_object(&l->w, "metadata");
	json_int(&l->w, "total_count", l->skipped + l->shown);
	json_int(&l->w, "filtered_count", l->shown);
	json_close_object(&l->w);
	json_close_object(&l->w);
	return HF_SUCCESS;
}

const struct crypto_operation crypto_app_list = {
	.size = sizeof(struct app_list),
	.prepare = prepare,
	.run = run,
};
