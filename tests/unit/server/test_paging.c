/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "server/core/paging.h"

#include <string.h>

static struct hf_secret key;
static const struct seal pages = { "page", &key };

static int setup(void **state)
{
	CHECK_OK(hf_secret_copy("0123456789abcdef0123456789abcdef", 32, &key));
	return 0;
}

static int teardown(void **state)
{
	hf_secret_done(&key);
	return 0;
}

static void token_after(const char *list, const char *last, char to[PAGE_TOKEN_MAX + 1])
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(PAGE_TOKEN_MAX);

	CHECK_OK(page_next(&pages, list, last, &b));
	CHECK_OK(hf_span_to_text(hf_buf_span(&b), to, PAGE_TOKEN_MAX + 1));
}

static void without_anything_it_is_the_first_page_of_fifty(void **state)
{
	struct page page;

	CHECK_OK(page_read(&pages, "keys", NULL, NULL, &page, NULL));
	CHECK(page.limit == PAGE_LIMIT_DEFAULT && page.after[0] == 0);
}

static void limits_out_of_range_are_refused(void **state)
{
	static const char *const bad[] = {
		"0", "201", "-1", "x", "", "1.5", "99999999999999999999"
	};
	struct page page;
	struct hf_err err;

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		CHECK_CODE(page_read(&pages, "keys", bad[i], NULL, &page, &err), HF_INVALID);
		assert_string_equal(err.text,
		                    "query parameter \"limit\": expected a number from 1 to 200");
	}
	CHECK_OK(page_read(&pages, "keys", "200", NULL, &page, NULL));
	CHECK(page.limit == 200);
}

static void a_token_leads_to_what_follows(void **state)
{
	char token[PAGE_TOKEN_MAX + 1];
	struct page page;

	token_after("keys", "key-1", token);
	CHECK_OK(page_read(&pages, "keys", "5", token, &page, NULL));
	assert_string_equal(page.after, "key-1");
}

static void the_longest_list_and_id_fit(void **state)
{
	char list[2 * HF_ID_MAX + 16], id[HF_ID_MAX], token[PAGE_TOKEN_MAX + 1];
	struct page page;

	memset(list, 'l', sizeof(list));
	list[sizeof(list) - 1] = 0;
	memset(id, 'i', sizeof(id));
	id[sizeof(id) - 1] = 0;
	token_after(list, id, token);
	CHECK_OK(page_read(&pages, list, NULL, token, &page, NULL));
	assert_string_equal(page.after, id);
}

static void a_token_of_another_list_is_refused(void **state)
{
	char token[PAGE_TOKEN_MAX + 1];
	struct page page;

	token_after("signatures/or-1/key-1", "sig-1", token);
	CHECK_CODE(page_read(&pages, "signatures/or-1/key-2", NULL, token, &page, NULL),
	           HF_INVALID);
}

static void an_altered_token_is_refused(void **state)
{
	char token[PAGE_TOKEN_MAX + 1];
	struct page page;

	token_after("keys", "key-1", token);
	for (size_t i = 0; i < strlen(token); i++) {
		token[i] ^= 1;
		CHECK_CODE(page_read(&pages, "keys", NULL, token, &page, NULL), HF_INVALID);
		token[i] ^= 1;
	}
	CHECK_CODE(page_read(&pages, "keys", NULL, "", &page, NULL), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_anything_it_is_the_first_page_of_fifty),
		cmocka_unit_test(limits_out_of_range_are_refused),
		cmocka_unit_test(a_token_leads_to_what_follows),
		cmocka_unit_test(the_longest_list_and_id_fit),
		cmocka_unit_test(a_token_of_another_list_is_refused),
		cmocka_unit_test(an_altered_token_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
