/* SPDX-License-Identifier: Apache-2.0
 * GET /crypto/v1/keys: the security objects that the caller may see. */
#include "server/crypto_api/objects/list.h"

#include "base/text.h"
#include "json/write.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/filter.h"
#include "server/crypto_api/objects/print.h"
#include "server/crypto_api/listing.h"

#include <string.h>

#define CUSTOM "custom_metadata."

struct list_call {
	struct crypto_call call; /* first */
	struct list_query q;
	struct json_t *filter;
	struct hf_buf cka_id;
	bool with_metadata;
	struct sobject_more more;
	struct json_writer w;
};

static hf_status read_number(const struct crypto_call *c, const char *name, int64_t max,
                             int64_t *ret, struct hf_err *err)
{
	const char *text = crypto_call_query(c, name);

	if (text && !hf_ok(hf_parse_i64(text, 0, max, ret)))
		return hf_fail(err, HF_INVALID, "query \"%s\": a number from 0 to %lld", name,
		               (long long)max);
	return HF_SUCCESS;
}

static hf_status read_order(struct list_call *x, struct hf_err *err)
{
	const char *sort = crypto_call_query(&x->call, "sort");
	struct list_query *q = &x->q;

	q->start = crypto_call_query(&x->call, "start");
	if (sort) {
		q->by_name = crypto_sorts_by(sort, "name", &q->descending);
		if (!q->by_name && !crypto_sorts_by(sort, "kid", &q->descending))
			return hf_fail(err, HF_INVALID,
			               "query \"sort\": kid:asc, kid:desc, name:asc or name:desc");
	}
	if (q->start && !q->by_name && !hf_uuid_valid(q->start))
		return hf_fail(err, HF_INVALID, "query \"start\": the last kid of the page before");
	if (q->by_name && q->deleted)
		return hf_fail(err, HF_INVALID,
		               "deleted objects have no names of their own any more: sort by kid");
	return HF_SUCCESS;
}

static hf_status read_shown(struct list_call *x, struct hf_err *err)
{
	struct crypto_call *c = &x->call;
	bool pub_key = true, kcv = true, compliant = false, value = false;

	HF_TRY(crypto_call_query_flag(c, "with_metadata", &x->with_metadata, err));
	HF_TRY(crypto_call_query_flag(c, "show_destroyed", &x->q.destroyed, err));
	HF_TRY(crypto_call_query_flag(c, "show_deleted", &x->q.deleted, err));
	HF_TRY(crypto_call_query_flag(c, "show_value", &value, err));
	HF_TRY(crypto_call_query_flag(c, "show_pub_key", &pub_key, err));
	HF_TRY(crypto_call_query_flag(c, "show_kcv", &kcv, err));
	HF_TRY(crypto_call_query_flag(c, "compliant_with_policies", &compliant, err));
	if (compliant)
		return hf_fail(err, HF_UNSUPPORTED,
		               "query \"compliant_with_policies\" is not supported");
	x->more.without_pub_key = !pub_key;
	x->more.without_kcv = !kcv;
	x->more.now_ms = c->now_ms;
	return HF_SUCCESS;
}

/* Creators are apps and users alike. */
static hf_status read_creator(struct list_call *x, struct hf_err *err)
{
	const char *uuid = crypto_call_query(&x->call, "creator");

	if (!uuid)
		return HF_SUCCESS;
	if (!hf_uuid_valid(uuid))
		return hf_fail(err, HF_INVALID, "query \"creator\": a UUID");
	x->q.creator = uuid;
	return HF_SUCCESS;
}

static hf_status read_which(struct list_call *x, struct hf_err *err)
{
	struct crypto_call *c = &x->call;
	const char *type = crypto_call_query(c, "obj_type");
	const char *cka_id = crypto_call_query(c, "pkcs11_id");
	const char *label = crypto_call_query(c, "pkcs11_label");
	struct list_query *q = &x->q;

	q->name = crypto_call_query(c, "name");
	q->group_id = crypto_call_query(c, "group_id");
	if (q->group_id && !hf_uuid_valid(q->group_id))
		return hf_fail(err, HF_INVALID, "query \"group_id\": a UUID");
	if (type && !hf_ok(object_type_parse(type, &q->type)))
		return hf_fail(err, HF_INVALID,
		               "query \"obj_type\": \"%.40s\" is no type that is kept", type);
	x->cka_id = HF_BUF(CKA_ID_MAX);
	if (cka_id && !hf_ok(hf_unbase64(hf_span_text(cka_id), &x->cka_id)))
		return hf_fail(err, HF_INVALID, "query \"pkcs11_id\": base64 of a CKA_ID");
	q->have_cka_id = cka_id;
	q->cka_id = hf_buf_span(&x->cka_id);
	q->have_label = label;
	q->label = hf_span_text(label);
	return read_creator(x, err);
}

/* `filter`, and the pairs custom_metadata.<name>=<value>: as one filter. */
static hf_status read_filter(struct list_call *x, struct hf_err *err)
{
	const char *filter = crypto_call_query(&x->call, "filter"), *name, *value;
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(FILTER_TEXT_MAX);
	struct json_writer w = JSON_WRITER(&text);
	bool any = filter;

	json_open_object(&w, NULL);
	json_open_array(&w, "$and");
	if (filter) {
		/* By itself first, so that it cannot close what is opened here. */
		HF_TRY(filter_parse(&filter_of_objects, hf_span_text(filter), &x->filter, err));
		json_raw(&w, NULL, hf_span_text(filter));
		json_done(hf_take(x->filter));
	}
	for (size_t i = 0; crypto_call_query_at(&x->call, i, &name, &value); i++) {
		if (strncmp(name, CUSTOM, strlen(CUSTOM)) != 0)
			continue;
		any = true;
		json_open_object(&w, NULL);
		json_text(&w, name, value);
		json_close_object(&w);
	}
	json_close_array(&w);
	json_close_object(&w);
	HF_TRY(hf_buf_status(&text));
	if (any)
		HF_TRY(filter_parse(&filter_of_objects, hf_buf_span(&text), &x->filter, err));
	x->q.filter = x->filter;
	if (!x->q.name)
		x->q.name = filter_must_equal(x->filter, "name");
	return HF_SUCCESS;
}

/* What is not known would not be filtered. */
static hf_status check_names(const struct crypto_call *c, struct hf_err *err)
{
	static const char *const known[] = {
		"group_id",     "creator",        "name",
		"pkcs11_label", "pkcs11_id",      "obj_type",
		"limit",        "offset",         "sort",
		"start",        "filter",         "with_metadata",
		"show_value",   "show_destroyed", "show_deleted",
		"show_pub_key", "show_kcv",       "compliant_with_policies",
	};
	const char *name, *value;

	for (size_t i = 0; crypto_call_query_at(c, i, &name, &value); i++) {
		size_t k = 0;

		while (k < HF_COUNT(known) && strcmp(known[k], name) != 0)
			k++;
		if (k == HF_COUNT(known) && strncmp(name, CUSTOM, strlen(CUSTOM)) != 0)
			return hf_fail(err, HF_INVALID, "query \"%.64s\" is not known here", name);
	}
	return HF_SUCCESS;
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct list_call *x = (struct list_call *)c;

	x->q = (struct list_query){
		.org_id = c->who->org_id,
		.who = c->who,
		.limit = LIST_LIMIT_DEFAULT,
		.now_ms = c->now_ms,
	};
	HF_TRY(check_names(c, err));
	HF_TRY(read_number(c, "limit", INT32_MAX, &x->q.limit, err));
	if (x->q.limit > LIST_LIMIT_MAX)
		x->q.limit = LIST_LIMIT_MAX;
	HF_TRY(read_number(c, "offset", LIST_EXAMINED_MAX, &x->q.offset, err));
	HF_TRY(read_shown(x, err));
	HF_TRY(read_order(x, err));
	HF_TRY(read_which(x, err));
	return read_filter(x, err);
}

static hf_status print_one(void *ctx, const struct object_row *row)
{
	struct list_call *x = ctx;

	sobject_print_more(&x->w, row, &x->more);
	return hf_buf_status(&x->call.out);
}

static bool is_narrowed(const struct list_query *q)
{
	return q->group_id || q->name || q->creator || q->have_cka_id || q->have_label || q->type ||
	       q->filter;
}

static hf_status print_metadata(struct list_call *x, struct db *db, int64_t matched)
{
	int64_t total;

	HF_TRY(list_count(&x->q, db, &total));
	json_open_object(&x->w, "metadata");
	json_int(&x->w, "total_count", total);
	json_int(&x->w, "filtered_count", is_narrowed(&x->q) ? matched : total);
	json_close_object(&x->w);
	json_close_object(&x->w);
	return HF_SUCCESS;
}

/* A group that the caller is not in is not there. */
static hf_status check_group(const struct list_query *q, struct hf_err *err)
{
	if (!q->group_id || list_sees_all(q->who) || principal_in(q->who, q->group_id))
		return HF_SUCCESS;
	return hf_fail(err, HF_NOTFOUND, "there is no such group");
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	struct list_call *x = (struct list_call *)c;
	int64_t matched;

	HF_TRY(check_group(&x->q, &c->err));
	x->w = JSON_WRITER(&c->out);
	if (x->with_metadata)
		json_open_object(&x->w, NULL);
	json_open_array(&x->w, x->with_metadata ? "items" : NULL);
	HF_TRY(list_walk(&x->q, c->api->groups, db, x->with_metadata && is_narrowed(&x->q),
	                 print_one, x, &matched, &c->err));
	json_close_array(&x->w);
	return x->with_metadata ? print_metadata(x, db, matched) : HF_SUCCESS;
}

static void release(struct crypto_call *c)
{
	struct list_call *x = (struct list_call *)c;

	json_done(x->filter);
	hf_buf_done(&x->cka_id);
}

const struct crypto_operation crypto_key_list = {
	.size = sizeof(struct list_call),
	.prepare = prepare,
	.run = run,
	.release = release,
};
