/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/objects/filter_kind.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { METADATA_MAX = 65536 };

#define CUSTOM_1 "custom_metadata."
#define CUSTOM_2 "custom_attributes."

/* "a" of "custom_metadata.a"; NULL: it is none of these. */
static const char *custom_name(const struct filter_kind *of, const char *field)
{
	if (of->custom && strncmp(field, CUSTOM_1, strlen(CUSTOM_1)) == 0)
		return field + strlen(CUSTOM_1);
	if (of->custom && strncmp(field, CUSTOM_2, strlen(CUSTOM_2)) == 0)
		return field + strlen(CUSTOM_2);
	return NULL;
}

/* NULL: no such field. */
static const struct filter_field *find_field(const struct filter_kind *of, const char *name)
{
	for (size_t i = 0; i < of->n_fields; i++)
		if (strcmp(of->fields[i].name, name) == 0)
			return &of->fields[i];
	return NULL;
}

void filter_set_text(struct field_value *v, const char *text)
{
	v->there = text && *text;
	snprintf(v->text, sizeof(v->text), "%s", text ? text : "");
}

void filter_set_number(struct field_value *v, int64_t number)
{
	v->number = number;
	v->there = number != 0;
}

/* ---- checking */

struct checking {
	const struct filter_kind *of;
	size_t nodes;
	struct hf_err *err;
};

static hf_status check_filter(struct checking *k, const struct json_t *filter, unsigned depth);

static hf_status too_much(struct checking *k)
{
	return hf_fail(k->err, HF_INVALID, "filter: at most %d conditions, nested at most %d deep",
	               FILTER_NODES_MAX, FILTER_DEPTH_MAX);
}

static bool is_value(const struct json_t *v)
{
	return json_value_is(v, JSON_READ_TEXT) || json_value_is(v, JSON_READ_INT) ||
	       json_value_is(v, JSON_READ_BOOL);
}

static hf_status check_values(struct checking *k, const struct json_t *list, size_t exactly)
{
	size_t n = json_count(list);

	if (!json_value_is(list, JSON_READ_ARRAY) || (exactly && n != exactly))
		return hf_fail(k->err, HF_INVALID, "filter: a list of %s is expected",
		               exactly ? "two values" : "values");
	if ((k->nodes += n) > FILTER_NODES_MAX)
		return too_much(k);
	for (size_t i = 0; i < n; i++)
		if (!is_value(json_element(list, i)))
			return hf_fail(k->err, HF_INVALID, "filter: values are texts and numbers");
	return HF_SUCCESS;
}

static hf_status check_test(struct checking *k, const struct json_t *test, bool of_list,
                            unsigned depth);

static hf_status check_tests(struct checking *k, const struct json_t *list, unsigned depth)
{
	if (!json_value_is(list, JSON_READ_ARRAY))
		return hf_fail(k->err, HF_INVALID, "filter: a list of tests is expected");
	for (size_t i = 0; i < json_count(list); i++)
		HF_TRY(check_test(k, json_element(list, i), false, depth + 1));
	return HF_SUCCESS;
}

static hf_status check_operator(struct checking *k, const char *op, const struct json_t *v,
                                unsigned depth)
{
	static const char *const of_one[] = { "$eq", "$ne", "$lt", "$lte", "$gt", "$gte" };

	for (size_t i = 0; i < HF_COUNT(of_one); i++)
		if (strcmp(of_one[i], op) == 0)
			return is_value(v) ? HF_SUCCESS
			                   : hf_fail(k->err, HF_INVALID,
			                             "filter: %s takes a text or a number", op);
	if (strcmp(op, "$in") == 0 || strcmp(op, "$nin") == 0)
		return check_values(k, v, 0);
	if (strcmp(op, "$range") == 0)
		return check_values(k, v, 2);
	if (strcmp(op, "$exists") == 0)
		return is_value(v) ? HF_SUCCESS
		                   : hf_fail(k->err, HF_INVALID, "filter: $exists takes a bool");
	if (strcmp(op, "$text") == 0)
		return json_member_text(v, "$search")
		               ? HF_SUCCESS
		               : hf_fail(k->err, HF_INVALID,
		                         "filter: $text takes {\"$search\": words}");
	if (strcmp(op, "$not") == 0)
		return check_test(k, v, false, depth + 1);
	if (strcmp(op, "$or") == 0 || strcmp(op, "$and") == 0)
		return check_tests(k, v, depth);
	return hf_fail(k->err, HF_INVALID, "filter: \"%.64s\" is not supported", op);
}

/* Of a field that is a list, such as key_ops. */
static hf_status check_list_operator(struct checking *k, const char *op, const struct json_t *v,
                                     unsigned depth)
{
	if (strcmp(op, "$any") == 0 || strcmp(op, "$all") == 0)
		return check_test(k, v, false, depth + 1);
	if (strcmp(op, "$eq") == 0 || strcmp(op, "$exists") == 0)
		return check_operator(k, op, v, depth);
	return hf_fail(k->err, HF_INVALID,
	               "filter: a list is looked at by $any, $all, $eq and $exists, not by %s", op);
}

/* Of one field: a value, or operators. */
static hf_status check_test(struct checking *k, const struct json_t *test, bool of_list,
                            unsigned depth)
{
	struct json_t *value;
	const char *op;
	void *at = NULL;

	if (++k->nodes > FILTER_NODES_MAX || depth > FILTER_DEPTH_MAX)
		return too_much(k);
	if (is_value(test))
		return HF_SUCCESS;
	if (!json_value_is(test, JSON_READ_OBJECT))
		return hf_fail(k->err, HF_INVALID,
		               "filter: a field is compared with a value or by operators");
	while ((op = json_member_next(test, &at, &value)))
		HF_TRY(of_list ? check_list_operator(k, op, value, depth)
		               : check_operator(k, op, value, depth));
	return HF_SUCCESS;
}

static hf_status check_list(struct checking *k, const struct json_t *list, unsigned depth)
{
	if (!json_value_is(list, JSON_READ_ARRAY))
		return hf_fail(k->err, HF_INVALID, "filter: $and and $or take lists");
	for (size_t i = 0; i < json_count(list); i++)
		HF_TRY(check_filter(k, json_element(list, i), depth + 1));
	return HF_SUCCESS;
}

static hf_status check_filter(struct checking *k, const struct json_t *filter, unsigned depth)
{
	const struct filter_field *field;
	struct json_t *value;
	const char *key;
	void *at = NULL;

	if (++k->nodes > FILTER_NODES_MAX || depth > FILTER_DEPTH_MAX)
		return too_much(k);
	if (!json_value_is(filter, JSON_READ_OBJECT))
		return hf_fail(k->err, HF_INVALID, "filter: an object is expected");
	while ((key = json_member_next(filter, &at, &value))) {
		if (strcmp(key, "$and") == 0 || strcmp(key, "$or") == 0)
			HF_TRY(check_list(k, value, depth));
		else if (strcmp(key, "$not") == 0)
			HF_TRY(check_filter(k, value, depth + 1));
		else if ((field = find_field(k->of, key)))
			HF_TRY(check_test(k, value, field->kind == FIELD_USES, depth + 1));
		else if (custom_name(k->of, key))
			HF_TRY(check_test(k, value, false, depth + 1));
		else
			return hf_fail(k->err, HF_INVALID,
			               "filter: \"%.64s\" is no field that %s are filtered by", key,
			               k->of->what);
	}
	return HF_SUCCESS;
}

hf_status filter_parse(const struct filter_kind *of, struct hf_span text, struct json_t **ret,
                       struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct checking k = { .of = of, .err = err };

	HF_TRY(hf_context(err, json_parse(text, FILTER_TEXT_MAX, &doc, err), "filter"));
	HF_TRY(check_filter(&k, doc, 0));
	*ret = hf_take(doc);
	return HF_SUCCESS;
}

/* ---- matching */

static const char *text_of(const struct field_value *v)
{
	return v->long_text ? v->long_text : v->text;
}

/* Numbers may come as texts, and bools too: {"enabled": {"$eq": "false"}}. */
static int64_t as_number(const struct field_value *v, const struct json_t *with)
{
	const char *text = json_value_text(with);
	int64_t n = 0;

	if (json_value_is(with, JSON_READ_BOOL))
		return json_value_true(with);
	if (!text)
		return json_value_int(with);
	if (v->kind == FIELD_BOOL)
		return strcasecmp(text, "true") == 0;
	hf_ignore(hf_parse_i64(text, INT64_MIN, INT64_MAX, &n));
	return n;
}

/* < 0, 0, > 0 as strcmp(). */
static int compare(const struct field_value *v, const struct json_t *with)
{
	int64_t n;

	if (v->kind == FIELD_TEXT) {
		const char *text = json_value_text(with);

		return text ? strcmp(text_of(v), text) : 1;
	}
	n = as_number(v, with);
	return v->number < n ? -1 : v->number > n;
}

static bool is_in(const struct field_value *v, const struct json_t *list)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (compare(v, json_element(list, i)) == 0)
			return true;
	return false;
}

static bool passes(const struct field_value *v, const struct json_t *test);

static bool one_use_passes(unsigned uses, const struct json_t *test, bool all)
{
	for (unsigned bit = 0; bit < USE_COUNT; bit++) {
		struct field_value one = { .kind = FIELD_TEXT, .there = true };

		if (!(uses & 1u << bit))
			continue;
		filter_set_text(&one, key_use_name(1u << bit));
		if (passes(&one, test) != all)
			return !all;
	}
	return all;
}

static bool some_pass(const struct field_value *v, const struct json_t *list, bool all)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (passes(v, json_element(list, i)) != all)
			return !all;
	return all;
}

static bool passes_operator(const struct field_value *v, const char *op, const struct json_t *with)
{
	if (strcmp(op, "$not") == 0)
		return !passes(v, with);
	if (strcmp(op, "$and") == 0 || strcmp(op, "$or") == 0)
		return some_pass(v, with, op[1] == 'a');
	if (strcmp(op, "$exists") == 0) {
		const struct field_value as_bool = { .kind = FIELD_BOOL };

		return v->there == (as_number(&as_bool, with) != 0);
	}
	if (v->kind == FIELD_USES)
		return one_use_passes(v->uses, with, strcmp(op, "$all") == 0);
	if (strcmp(op, "$ne") == 0)
		return !v->there || compare(v, with) != 0;
	if (strcmp(op, "$nin") == 0)
		return !v->there || !is_in(v, with);
	if (!v->there)
		return false;
	if (strcmp(op, "$text") == 0)
		return strcasestr(text_of(v), json_member_text(with, "$search")) != NULL;
	if (strcmp(op, "$in") == 0)
		return is_in(v, with);
	if (strcmp(op, "$range") == 0)
		return compare(v, json_element(with, 0)) >= 0 &&
		       compare(v, json_element(with, 1)) <= 0;
	if (op[1] == 'l')
		return compare(v, with) < (op[3] == 'e');
	if (op[1] == 'g')
		return compare(v, with) > -(op[3] == 'e');
	return strcmp(op, "$eq") == 0 && compare(v, with) == 0;
}

static bool passes(const struct field_value *v, const struct json_t *test)
{
	struct json_t *with;
	const char *op;
	void *at = NULL;

	if (!json_value_is(test, JSON_READ_OBJECT)) {
		if (v->kind == FIELD_USES)
			return one_use_passes(v->uses, test, false);
		return v->there && compare(v, test) == 0;
	}
	while ((op = json_member_next(test, &at, &with)))
		if (!passes_operator(v, op, with))
			return false;
	return true;
}

static bool field_passes(const struct filter_kind *of, const char *key, const struct json_t *test,
                         const void *row, const struct filter_facts *facts)
{
	const struct filter_field *field = find_field(of, key);
	const char *metadata = field || !of->custom ? NULL : of->custom(row);
	JSON_SCOPED struct json_t *custom = NULL;
	struct field_value v = { .kind = field ? field->kind : FIELD_TEXT };

	if (field)
		field->get(row, facts, &v);
	if (metadata && hf_ok(json_parse(hf_span_text(metadata), METADATA_MAX, &custom, NULL))) {
		v.long_text = json_member_text(custom, custom_name(of, key));
		v.there = v.long_text != NULL;
	}
	return passes(&v, test);
}

bool filter_matches(const struct filter_kind *of, const struct json_t *filter, const void *row,
                    const struct filter_facts *facts)
{
	struct json_t *value;
	const char *key;
	void *at = NULL;

	while ((key = json_member_next(filter, &at, &value))) {
		bool match;

		if (strcmp(key, "$and") == 0 || strcmp(key, "$or") == 0) {
			bool all = key[1] == 'a';

			match = all;
			for (size_t i = 0; i < json_count(value) && match == all; i++)
				match = filter_matches(of, json_element(value, i), row, facts);
		} else if (strcmp(key, "$not") == 0) {
			match = !filter_matches(of, value, row, facts);
		} else {
			match = field_passes(of, key, value, row, facts);
		}
		if (!match)
			return false;
	}
	return true;
}

const char *filter_must_equal(const struct json_t *filter, const char *field)
{
	const struct json_t *test = json_member(filter, field), *all = json_member(filter, "$and");
	const char *text = json_value_text(test);

	if (!text)
		text = json_member_text(test, "$eq");
	for (size_t i = 0; !text && i < json_count(all); i++)
		text = filter_must_equal(json_element(all, i), field);
	return text;
}

bool filter_names(const struct json_t *filter, const char *field)
{
	struct json_t *value;
	const char *key;
	void *at = NULL;

	while ((key = json_member_next(filter, &at, &value))) {
		if (strcmp(key, field) == 0 ||
		    (strcmp(key, "$not") == 0 && filter_names(value, field)))
			return true;
		for (size_t i = 0; *key == '$' && i < json_count(value); i++)
			if (filter_names(json_element(value, i), field))
				return true;
	}
	return false;
}
