/* SPDX-License-Identifier: Apache-2.0 */
#include "../check.h"

#include "http/target.h"

#include <string.h>

static void a_target_is_split_at_the_first_question_mark(void **state)
{
	struct hf_span path, query;

	http_target_split(hf_span_text("/a/b?x=1?y"), &path, &query);
	CHECK(hf_span_is(path, "/a/b"));
	CHECK(hf_span_is(query, "x=1?y"));
	http_target_split(hf_span_text("/a"), &path, &query);
	CHECK(hf_span_is(path, "/a"));
	CHECK(query.len == 0);
}

static void segments_keep_their_encoding(void **state)
{
	struct hf_span s[HTTP_SEGMENTS_MAX];
	size_t n;

	CHECK_OK(http_path_segments(hf_span_text("/keys/a%2Fb//"), s, &n));
	assert_int_equal(n, 4);
	CHECK(hf_span_is(s[0], "keys"));
	CHECK(hf_span_is(s[1], "a%2Fb"));
	CHECK(hf_span_is(s[3], ""));
	CHECK_OK(http_path_segments(hf_span_text("/"), s, &n));
	assert_int_equal(n, 0);
	CHECK_CODE(http_path_segments(hf_span_text("a"), s, &n), HF_INVALID);
	CHECK_CODE(http_path_segments(hf_span_text("/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h"), s, &n),
	           HF_TOOBIG);
}

static void escapes_are_decoded_once(void **state)
{
	char to[32];
	size_t len;

	CHECK_OK(http_percent_decode(hf_span_text("a%2fb%2Bc+%2525"), false, to, &len));
	assert_string_equal(to, "a/b+c+%25");
	assert_int_equal(len, 9);
	CHECK_OK(http_percent_decode(hf_span_text("a+b%20c"), true, to, &len));
	assert_string_equal(to, "a b c");
}

static void escapes_that_are_none_and_nuls_are_refused(void **state)
{
	static const char *const bad[] = { "%", "%1", "a%g1", "%1g", "%00", "a%00b", "%-1" };
	char to[32];
	size_t len;

	for (size_t i = 0; i < HF_COUNT(bad); i++)
		CHECK_CODE(http_percent_decode(hf_span_text(bad[i]), false, to, &len), HF_INVALID);
}

static void a_query_gives_its_pairs(void **state)
{
	static const char text[] = "a=1&&b=x%26y+z&flag&empty=&=v";
	struct http_pair pairs[HTTP_QUERY_MAX];
	char room[sizeof(text) + 2];
	size_t n;

	CHECK_OK(http_query_parse(hf_span_text(text), room, pairs, &n));
	assert_int_equal(n, 5);
	assert_string_equal(pairs[0].name, "a");
	assert_string_equal(pairs[0].value, "1");
	assert_string_equal(pairs[1].value, "x&y z");
	assert_string_equal(pairs[2].name, "flag");
	assert_string_equal(pairs[2].value, "");
	assert_string_equal(pairs[3].value, "");
	assert_string_equal(pairs[4].name, "");
	assert_string_equal(pairs[4].value, "v");
}

static void a_query_has_so_many_pairs_and_no_more(void **state)
{
	struct http_pair pairs[HTTP_QUERY_MAX];
	char text[2 * HTTP_QUERY_MAX + 2] = "", room[sizeof(text) + 2];
	size_t n;

	for (int i = 0; i < HTTP_QUERY_MAX; i++)
		memcpy(text + 2 * i, "a&", 2);
	CHECK_OK(http_query_parse(hf_span_text(text), room, pairs, &n));
	assert_int_equal(n, HTTP_QUERY_MAX);
	text[2 * HTTP_QUERY_MAX] = 'a';
	CHECK_CODE(http_query_parse(hf_span_text(text), room, pairs, &n), HF_TOOBIG);
	CHECK_CODE(http_query_parse(hf_span_text("a=%zz"), room, pairs, &n), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_is_split_at_the_first_question_mark),
		cmocka_unit_test(segments_keep_their_encoding),
		cmocka_unit_test(escapes_are_decoded_once),
		cmocka_unit_test(escapes_that_are_none_and_nuls_are_refused),
		cmocka_unit_test(a_query_gives_its_pairs),
		cmocka_unit_test(a_query_has_so_many_pairs_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
