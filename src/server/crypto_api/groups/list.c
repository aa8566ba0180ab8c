/* SPDX-License-Identifier: Apache-2.0
 * The groups that whoever calls may see. */
#include "base/text.h"
#include "server/crypto_api/groups/groups.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/filter_kind.h"
#include "server/crypto_api/listing.h"
#include "server/store/group_rows.h"

#include <stdio.h>
#include <string.h>

#define PAGE_MAX 1000

struct list_call {
	struct crypto_call call; /* first */
	enum group_order order;
	bool descending;
	const char *previous; /* id or name; NULL */
	const char *token;    /* continuation_token; NULL: not asked for */
	bool with_metadata;
	struct json_t *filter;
	int64_t limit, offset;
	struct group *one; /* as much of a group as the guard needs to know */
	int64_t total, matched, seen;
	size_t n;
	char ids[PAGE_MAX][HF_UUID_MAX];
	struct group *groups[PAGE_MAX];
	size_t n_groups;
	bool more;
};

static struct list_call *of(struct crypto_call *c)
{
	return (struct list_call *)c;
}

static hf_status read_number(struct crypto_call *c, const char *name, int64_t max, int64_t *ret,
                             struct hf_err *err)
{
	const char *text = crypto_call_query(c, name);

	if (text && !hf_ok(hf_parse_i64(text, 0, max, ret)))
		return hf_fail(err, HF_INVALID, "%s is to be a number from 0 to %lld", name,
		               (long long)max);
	return HF_SUCCESS;
}

static hf_status read_order(struct crypto_call *c, struct hf_err *err)
{
	static const struct {
		const char *field;
		enum group_order order;
	} orders[] = {
		{ "group_id", GROUPS_BY_ID },
		{ "group_name", GROUPS_BY_NAME },
		{ "name", GROUPS_BY_NAME },
	};
	const char *text = crypto_call_query(c, "sort_by");

	if (!text)
		text = crypto_call_query(c, "sort");
	if (!text)
		return HF_SUCCESS;
	for (size_t i = 0; i < HF_COUNT(orders); i++)
		if (crypto_sorts_by(text, orders[i].field, &of(c)->descending)) {
			of(c)->order = orders[i].order;
			return HF_SUCCESS;
		}
	return hf_fail(err, HF_INVALID,
	               "sort_by is to be group_id:asc, group_id:desc, group_name:asc or "
	               "group_name:desc");
}

static void name(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	filter_set_text(v, ((const struct group_row *)row)->name);
}

static void description(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	v->long_text = ((const struct group_row *)row)->description;
	v->there = v->long_text && *v->long_text;
}

static void created_at(const void *row, const struct filter_facts *facts, struct field_value *v)
{
	filter_set_number(v, ((const struct group_row *)row)->created_ms / 1000);
}

static const struct filter_field fields[] = {
	{ "name", FIELD_TEXT, name },
	{ "description", FIELD_TEXT, description },
	{ "created_at", FIELD_TIME, created_at },
};

static const struct filter_kind filter_of_groups = {
	.what = "groups",
	.fields = fields,
	.n_fields = HF_COUNT(fields),
};

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const char *const known[] = { "limit",        "offset",
		                             "filter",       "continuation_token",
		                             "sort",         "sort_by",
		                             "previous_id",  "previous_sort_value",
		                             "with_metadata" };
	struct list_call *l = of(c);
	const char *filter = crypto_call_query(c, "filter");
	bool metadata = false;

	l->limit = PAGE_MAX;
	HF_TRY(crypto_call_query_known(c, known, HF_COUNT(known), err));
	HF_TRY(crypto_call_query_flag(c, "with_metadata", &metadata, err));
	HF_TRY(read_number(c, "limit", PAGE_MAX, &l->limit, err));
	HF_TRY(read_number(c, "offset", GROUPS_MAX, &l->offset, err));
	HF_TRY(read_order(c, err));
	if (filter)
		HF_TRY(filter_parse(&filter_of_groups, hf_span_text(filter), &l->filter, err));
	l->previous = crypto_call_query(c, l->order == GROUPS_BY_NAME ? "previous_sort_value"
	                                                              : "previous_id");
	l->token = crypto_call_query(c, "continuation_token");
	if (l->token && *l->token)
		l->previous = l->token;
	l->with_metadata = l->token || metadata;
	l->one = calloc(1, sizeof(*l->one));
	HF_ENSURE(l->one, HF_NOMEM);
	atomic_init(&l->one->references, 1);
	snprintf(l->one->org_id, sizeof(l->one->org_id), "%s", c->who->org_id);
	return HF_SUCCESS;
}

static bool is_behind(const struct list_call *l, const struct group_row *row)
{
	const char *is = l->order == GROUPS_BY_NAME ? row->name : row->id;
	int compared = l->previous ? strcmp(is, l->previous) : 1;

	return l->previous && l->descending ? compared < 0 : compared > 0;
}

static hf_status take(void *ctx, const struct group_row *row)
{
	struct crypto_call *c = ctx;
	struct list_call *l = of(c);
	const struct filter_facts facts = { .now_ms = c->now_ms };
	hf_status s;

	snprintf(l->one->id, sizeof(l->one->id), "%s", row->id);
	s = group_may(c, ACT_GROUP_READ, l->one);
	if (s.code == HF_NOTFOUND || s.code == HF_DENIED) {
		c->err = (struct hf_err){ 0 };
		return HF_SUCCESS;
	}
	HF_TRY(s);
	l->total++;
	if (l->filter && !filter_matches(&filter_of_groups, l->filter, row, &facts))
		return HF_SUCCESS;
	l->matched++;
	if (!is_behind(l, row) || l->seen++ < l->offset)
		return HF_SUCCESS;
	if ((int64_t)l->n >= l->limit) {
		l->more = true;
		return HF_SUCCESS;
	}
	memcpy(l->ids[l->n++], row->id, HF_UUID_MAX);
	return HF_SUCCESS;
}

static void drop(struct list_call *l)
{
	while (l->n_groups)
		group_unref(l->groups[--l->n_groups]);
	l->n = 0;
	l->total = l->matched = l->seen = 0;
	l->more = false;
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	struct list_call *l = of(c);

	drop(l);
	HF_TRY(group_rows_list(db, c->who->org_id, l->order, l->descending, take, c));
	for (size_t i = 0; i < l->n; i++) {
		hf_status s =
		        group_read(db, c->who->org_id, l->ids[i], &l->groups[l->n_groups], &c->err);

		if (s.code == HF_NOTFOUND) /* it went meanwhile */
			continue;
		HF_TRY(s);
		l->n_groups++;
	}
	c->err = (struct hf_err){ 0 };
	return HF_SUCCESS;
}

static void print_metadata(struct json_writer *w, const struct list_call *l)
{
	const struct group *last = l->n_groups ? l->groups[l->n_groups - 1] : NULL;

	json_open_object(w, "metadata");
	crypto_list_counts(w, l->total, l->matched);
	if (l->token && last && l->more)
		json_text(w, "continuation_token",
		          l->order == GROUPS_BY_NAME ? last->name : last->id);
	json_close_object(w);
}

static void listed(struct crypto_call *c)
{
	struct list_call *l = of(c);
	struct json_writer w = JSON_WRITER(&c->out);

	if (l->with_metadata)
		json_open_object(&w, NULL);
	json_open_array(&w, l->with_metadata ? "items" : NULL);
	for (size_t i = 0; i < l->n_groups; i++)
		group_print(&w, c->api->core, l->groups[i]);
	json_close_array(&w);
	if (l->with_metadata) {
		print_metadata(&w, l);
		json_close_object(&w);
	}
	crypto_call_reply(c);
}

static void release(struct crypto_call *c)
{
	drop(of(c));
	json_done(of(c)->filter);
	group_unref(of(c)->one);
}

const struct crypto_operation crypto_group_list = {
	.size = sizeof(struct list_call),
	.prepare = prepare,
	.run = run,
	.after = listed,
	.release = release,
};
