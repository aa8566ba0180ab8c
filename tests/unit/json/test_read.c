/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "json/read.h"

#include <string.h>

struct sample {
	const char *name;
	int64_t count;
	bool on;
	struct json_t *inner, *list, *any;
};

static const struct json_field fields[] = {
	{ "name", JSON_READ_TEXT, offsetof(struct sample, name), true, false, 1, 5 },
	{ "count", JSON_READ_INT, offsetof(struct sample, count), false, false, 1, 10 },
	{ "on", JSON_READ_BOOL, offsetof(struct sample, on) },
	{ "inner", JSON_READ_OBJECT, offsetof(struct sample, inner) },
	{ "list", JSON_READ_ARRAY, offsetof(struct sample, list), false, true, 0, 2 },
	{ "any", JSON_READ_ANY, offsetof(struct sample, any) },
};

static hf_status parse(const char *text, struct json_t **ret, struct hf_err *err)
{
	return json_parse(hf_span_text(text), 1000, ret, err);
}

static hf_status read_sample(const char *text, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct sample s = { .count = 7 };

	CHECK_OK(parse(text, &doc, NULL));
	return json_read(doc, fields, HF_COUNT(fields), &s, err);
}

static void a_whole_object_is_read(void **state)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct sample s = { 0 };

	CHECK_OK(parse("{\"name\":\"h\\u00e9llo\",\"count\":3,\"on\":true,\"inner\":{},"
	               "\"list\":[\"a\",2],\"any\":null}",
	               &doc, NULL));
	CHECK_OK(json_read(doc, fields, HF_COUNT(fields), &s, NULL));
	assert_string_equal(s.name, "h\xc3\xa9llo");
	CHECK(s.count == 3 && s.on && s.inner && s.any);
	CHECK(json_count(s.list) == 2);
	assert_string_equal(json_value_text(json_element(s.list, 0)), "a");
	CHECK(json_value_text(json_element(s.list, 1)) == NULL);
	assert_string_equal(json_member_text(doc, "name"), "h\xc3\xa9llo");
	CHECK(json_member_text(doc, "count") == NULL);
}

static void absent_fields_keep_their_value(void **state)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct sample s = { .count = 7 };

	CHECK_OK(parse("{\"name\":\"x\",\"list\":null}", &doc, NULL));
	CHECK_OK(json_read(doc, fields, HF_COUNT(fields), &s, NULL));
	CHECK(s.count == 7 && !s.list);
}

static void each_wrong_field_is_named_with_what_was_expected(void **state)
{
	static const struct {
		const char *json, *words;
	} rows[] = {
		{ "{}", "field \"name\" is missing: expected text of 1 to 5 characters" },
		{ "{\"name\":1}", "field \"name\": expected text of 1 to 5 characters" },
		{ "{\"name\":\"\"}", "field \"name\": expected text of 1 to 5 characters" },
		{ "{\"name\":\"toolong\"}", "field \"name\": expected text of 1 to 5 characters" },
		{ "{\"name\":null}", "field \"name\": expected text of 1 to 5 characters" },
		{ "{\"name\":\"a\",\"count\":11}",
		  "field \"count\": expected a whole number from 1 to 10" },
		{ "{\"name\":\"a\",\"count\":1.5}",
		  "field \"count\": expected a whole number from 1 to 10" },
		{ "{\"name\":\"a\",\"on\":1}", "field \"on\": expected true or false" },
		{ "{\"name\":\"a\",\"inner\":[]}", "field \"inner\": expected an object" },
		{ "{\"name\":\"a\",\"list\":[1,2,3]}",
		  "field \"list\": expected an array of 0 to 2 elements or null" },
		{ "{\"name\":\"a\",\"nmae\":1}",
		  "unknown field \"nmae\"; known are: name, count, on, inner, list, any" },
		{ "[]", "expected a JSON object" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		struct hf_err err = { 0 };

		CHECK_CODE(read_sample(rows[i].json, &err), HF_INVALID);
		assert_string_equal(err.text, rows[i].words);
	}
}

static void unknown_fields_pass_only_where_asked(void **state)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct sample s = { 0 };

	CHECK_OK(parse("{\"name\":\"x\",\"later\":1}", &doc, NULL));
	CHECK_OK(json_read_some(doc, fields, HF_COUNT(fields), &s, NULL));
	CHECK_CODE(json_read(doc, fields, HF_COUNT(fields), &s, NULL), HF_INVALID);
}

static void malformed_documents_are_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"1",
		"\"a\"",
		"{\"a\":1}x",
		"{\"a\":1,\"a\":2}",
		"{\"a\":01}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":NaN}",
		"{'a':1}",
		"[1,]",
		"{\"a\":\"\xff\"}",
		"\xef\xbb\xbf{}",
		"{\"a\":\"\\ud800\"}",
		"[1e999]",
		"{",
	};
	struct json_t *doc = NULL;

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		CHECK_CODE(parse(rows[i], &doc, NULL), HF_INVALID);
		CHECK(!doc);
	}
}

static void depth_is_limited_before_parsing(void **state)
{
	char text[2 * (JSON_DEPTH_MAX + 1) + 1];
	struct json_t *doc = NULL;
	struct hf_err err;

	for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		text[2 * depth] = 0;
		if (depth == JSON_DEPTH_MAX) {
			CHECK_OK(parse(text, &doc, NULL));
			json_done(hf_take(doc));
		} else {
			CHECK_CODE(parse(text, &doc, &err), HF_INVALID);
			assert_string_equal(err.text, "JSON is nested deeper than 32 levels");
		}
	}
}

static void brackets_inside_text_are_not_depth(void **state)
{
	JSON_SCOPED struct json_t *doc = NULL;

	CHECK_OK(parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"]", &doc, NULL));
}

static void size_is_limited(void **state)
{
	struct json_t *doc = NULL;

	CHECK_CODE(json_parse(HF_SPAN("[1,2]", 5), 4, &doc, NULL), HF_TOOBIG);
}

static void canonical(const char *text, const char *want)
{
	JSON_SCOPED struct json_t *doc = NULL;
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1000);

	CHECK_OK(parse(text, &doc, NULL));
	CHECK_OK(json_canonical(doc, &b));
	CHECK(hf_span_is(hf_buf_span(&b), want));
}

static void canonical_form_forgets_order_spacing_and_escapes(void **state)
{
	canonical("{ \"b\" : 1 , \"a\" : [ true , null ] }", "{\"a\":[true,null],\"b\":1}");
	canonical("{\"a\":\"\\u00e9\\/\"}", "{\"a\":\"\xc3\xa9/\"}");
	canonical("{\"z\":{\"y\":1,\"x\":2},\"a\":{}}", "{\"a\":{},\"z\":{\"x\":2,\"y\":1}}");
}

static void canonical_form_keeps_its_limit(void **state)
{
	JSON_SCOPED struct json_t *doc = NULL;
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(4);

	CHECK_OK(parse("[1,2,3]", &doc, NULL));
	CHECK_CODE(json_canonical(doc, &b), HF_TOOBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_object_is_read),
		cmocka_unit_test(absent_fields_keep_their_value),
		cmocka_unit_test(each_wrong_field_is_named_with_what_was_expected),
		cmocka_unit_test(unknown_fields_pass_only_where_asked),
		cmocka_unit_test(malformed_documents_are_refused),
		cmocka_unit_test(depth_is_limited_before_parsing),
		cmocka_unit_test(brackets_inside_text_are_not_depth),
		cmocka_unit_test(size_is_limited),
		cmocka_unit_test(canonical_form_forgets_order_spacing_and_escapes),
		cmocka_unit_test(canonical_form_keeps_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
