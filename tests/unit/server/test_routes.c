/* SPDX-License-Identifier: Apache-2.0
 * What each route of the Signing API needs, against a snapshot that people read: a change of one
 * has to be made in both. With --print: the table as it is now. */
#include "check.h"

#include "server/signing_api/call.h"

#include <stdio.h>
#include <string.h>

static const char *snapshot_path, *page_path;

static void print_table(struct hf_buf *to)
{
	hf_buf_text(to, "| Method | Path | Permission | User action | Only people |\n"
	                "|---|---|---|---|---|\n");
	for (size_t i = 0; i < signing_api_table_len; i++) {
		const struct route *r = &signing_api_table[i];

		hf_buf_printf(to, "| %s | `%s` | %s | %s | %s |\n", r->method, r->pattern,
		              permission_name(r->permission), r->needs & USER_ACTION ? "yes" : "",
		              r->needs & PEOPLE_ONLY ? "yes" : "");
	}
	hf_buf_u8(to, 0);
}

static void read_file(const char *path, struct hf_buf *to)
{
	FILE *f = fopen(path, "r");
	uint8_t part[4096];
	size_t n;

	if (!f)
		fail_msg("cannot read %s", path);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		hf_buf_put(to, part, n);
	fclose(f);
	hf_buf_u8(to, 0);
	CHECK_OK(hf_buf_status(to));
}

static void the_table_is_that_of_the_snapshot(void **state)
{
	HF_BUF_SCOPED struct hf_buf now = HF_BUF(1u << 20), kept = HF_BUF(1u << 20);

	print_table(&now);
	read_file(snapshot_path, &kept);
	if (strcmp((const char *)now.ptr, (const char *)kept.ptr) != 0)
		fail_msg("what the routes need has changed. If that is meant: "
		         "test_server_routes --print > %s, and the same table in %s",
		         snapshot_path, page_path);
}

static void the_page_has_the_same_table(void **state)
{
	HF_BUF_SCOPED struct hf_buf now = HF_BUF(1u << 20), page = HF_BUF(1u << 20);

	print_table(&now);
	read_file(page_path, &page);
	if (!strstr((const char *)page.ptr, (const char *)now.ptr))
		fail_msg("the table in %s is not that of the routes", page_path);
}

static void every_route_says_what_it_needs(void **state)
{
	for (size_t i = 0; i < signing_api_table_len; i++) {
		const struct route *r = &signing_api_table[i];

		if (r->permission == PERMIT_NOBODY_ || !r->op || r->op->size < sizeof(struct call))
			fail_msg("%s %s", r->method, r->pattern);
		if (r->permission == PERMIT_OPEN && r->needs)
			fail_msg("%s %s: nobody is known there who could sign", r->method,
			         r->pattern);
		CHECK(strcmp(r->method, "GET") != 0 || !(r->needs & USER_ACTION));
	}
}

static void what_names_no_permission_is_refused_to_everybody(void **state)
{
	struct caller c = { .name = "root", .identity_id = "us-1" };

	permission_grant_all(&c.granted);
	CHECK_OK(permission_check(&c, PERMIT_KEYS_READ, NULL));
	CHECK_CODE(permission_check(&c, PERMIT_NOBODY_, NULL), HF_DENIED);
	CHECK_CODE(permission_check(&c, PERMIT_OPEN, NULL), HF_DENIED);
}

static void permissions_are_kept_as_text_and_read_again(void **state)
{
	struct permission_set set = { 0 }, all = { 0 }, read = { 0 };
	char text[4096];

	permission_grant_text(&set, "Webhooks:Update,Keys:Read,No:Such:Thing,Keys:Create");
	CHECK_OK(permission_set_text(&set, text, sizeof(text)));
	assert_string_equal(text, "Keys:Create,Keys:Read,Webhooks:Update");
	CHECK_CODE(permission_set_text(&set, text, 12), HF_TOOBIG);
	permission_grant_text(&all, "*");
	CHECK_OK(permission_set_text(&all, text, sizeof(text)));
	permission_grant_text(&read, text);
	CHECK(memcmp(&read, &all, sizeof(all)) == 0);
	permission_restrict(&all, &set);
	CHECK(memcmp(&all, &set, sizeof(all)) == 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_that_of_the_snapshot),
		cmocka_unit_test(the_page_has_the_same_table),
		cmocka_unit_test(every_route_says_what_it_needs),
		cmocka_unit_test(what_names_no_permission_is_refused_to_everybody),
		cmocka_unit_test(permissions_are_kept_as_text_and_read_again),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		HF_BUF_SCOPED struct hf_buf now = HF_BUF(1u << 20);

		print_table(&now);
		return fputs((const char *)now.ptr, stdout) < 0;
	}
	if (argc != 3)
		return 2;
	snapshot_path = argv[1];
	page_path = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
