/* SPDX-License-Identifier: Apache-2.0 */
#include "../check.h"

#include "http/route.h"

#include <string.h>

static void handle(struct http_request *req, void *ctx)
{
}

static const struct http_route table[] = {
	{ "GET", "/keys/:keyId", handle, 0 },
	{ "GET", "/keys", handle, 0 },
	{ "POST", "/keys", handle, 100 },
	{ "POST", "/keys/import", handle, 100 },
	{ "DELETE", "/keys/:id", handle, 0 },
	{ "GET", "/keys/:keyId/signatures/:sigId", handle, 0 },
	{ "PUT", "/:a/fixed", handle, 0 },
	{ "PUT", "/keys/:b", handle, 0 },
	{ "GET", "/", handle, 0 },
};

HF_DEFINE_CLEANUP(http_routes_free, struct http_routes *)

static struct http_match found;
static char allow[HTTP_ALLOW_MAX];

static int match(const char *method, const char *path)
{
	HF_CLEANUP(http_routes_free_at) struct http_routes *r = NULL;
	int status;

	CHECK_OK(http_routes_new(table, HF_COUNT(table), &r, NULL));
	found = (struct http_match){ 0 };
	status = http_routes_match(r, hf_span_text(method), hf_span_text(path), &found, allow);
	/* The table is gone with r; its strings are those of the table above. */
	found.route = NULL;
	return status;
}

static void paths_find_their_routes_and_parameters(void **state)
{
	assert_int_equal(match("GET", "/"), 0);
	assert_int_equal(match("GET", "/keys"), 0);
	assert_int_equal(found.n_params, 0);
	assert_int_equal(match("GET", "/keys/k%2F1/signatures/s"), 0);
	assert_int_equal(found.n_params, 2);
	CHECK(hf_span_is(found.params[0].raw, "k%2F1"));
	CHECK(hf_span_is(found.params[1].raw, "s"));
	assert_memory_equal(found.params[1].name.ptr, "sigId", 5);
}

static void a_literal_goes_before_a_parameter(void **state)
{
	assert_int_equal(match("POST", "/keys/import"), 0);
	assert_int_equal(found.n_params, 0);
	assert_int_equal(match("GET", "/keys/import"), 0);
	assert_int_equal(found.n_params, 1);
	assert_int_equal(match("PUT", "/keys/fixed"), 0);
	CHECK(hf_span_is(found.params[0].name, "b"));
}

static void what_is_not_there_is_404_405_or_501(void **state)
{
	assert_int_equal(match("GET", "/none"), 404);
	assert_int_equal(match("GET", "/keys/"), 404);
	assert_int_equal(match("GET", "//keys"), 404);
	assert_int_equal(match("GET", "/keys/a/signatures"), 404);
	assert_int_equal(match("GET", "/%6Beys"), 404);
	assert_int_equal(match("GET", "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h"), 404);
	assert_int_equal(match("DELETE", "/keys"), 405);
	assert_string_equal(allow, "GET, POST");
	assert_int_equal(match("HEAD", "/keys"), 405); /* where no route of its own is */
	assert_int_equal(match("TRACE", "/keys"), 501);
	assert_int_equal(match("get", "/keys"), 501);
}

static void tables_that_contradict_themselves_are_refused(void **state)
{
	static const struct http_route twice[] = { { "GET", "/a/:b", handle, 0 },
		                                   { "GET", "/a/:c", handle, 0 } };
	static const struct http_route method[] = { { "TRACE", "/a", handle, 0 } };
	static const struct http_route pattern[] = { { "GET", "a", handle, 0 } };
	struct http_routes *r = NULL;
	struct hf_err err;

	CHECK_CODE(http_routes_new(twice, 2, &r, &err), HF_INVALID);
	CHECK_CODE(http_routes_new(method, 1, &r, &err), HF_INVALID);
	CHECK_CODE(http_routes_new(pattern, 1, &r, &err), HF_INVALID);
	CHECK(!r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_find_their_routes_and_parameters),
		cmocka_unit_test(a_literal_goes_before_a_parameter),
		cmocka_unit_test(what_is_not_there_is_404_405_or_501),
		cmocka_unit_test(tables_that_contradict_themselves_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
