/* SPDX-License-Identifier: Apache-2.0
 * Groups and their connections: what is written is read back, a snapshot counts for as long as it
 * may, and what was changed is forgotten. */
#include "../db/tempdb.h"

#include "server/core/groups/group.h"
#include "server/store/group_rows.h"
#include "server/store/identity_rows.h"
#include "server/store/link_rows.h"
#include "server/store/migrations.h"
#include "server/store/store_rows.h"

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define GROUP "0199a1de-0000-7000-8000-000000000001"
#define LINK "0199a1de-0000-7000-8000-00000000000"

static struct tempdb temp;
static struct db *db;
static struct groups *groups;

static int setup(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(org_row_insert(db, ORG, "Bank", 1));
	CHECK_OK(groups_new(&groups));
	return 0;
}

static int teardown(void **state)
{
	groups_free(groups);
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static struct group_row a_row(const char *id, const char *name)
{
	struct group_row r = { .by_priority = true,
		               .description = "for cards",
		               .custom_metadata = "{\"a\":\"b\"}",
		               .created_ms = 17 };

	snprintf(r.id, sizeof(r.id), "%s", id);
	snprintf(r.org_id, sizeof(r.org_id), "%s", ORG);
	snprintf(r.name, sizeof(r.name), "%s", name);
	snprintf(r.created_by, sizeof(r.created_by), "us-1");
	return r;
}

static struct link_row a_link(char last, int order)
{
	struct link_row l = { .slot = UINT64_MAX,
		              .order = order,
		              .tls = "{\"mode\":\"required\"}",
		              .pin = HF_SPAN("sealed", 6),
		              .created_ms = 5,
		              .updated_ms = 5 };

	snprintf(l.id, sizeof(l.id), "%s%c", LINK, last);
	snprintf(l.group_id, sizeof(l.group_id), "%s", GROUP);
	snprintf(l.org_id, sizeof(l.org_id), "%s", ORG);
	snprintf(l.kind, sizeof(l.kind), "SAFENET");
	snprintf(l.url, sizeof(l.url), "gw:4442");
	return l;
}

static void a_group_is_read_as_it_was_written_its_links_in_their_order(void **state)
{
	const struct group_row r = a_row(GROUP, "cards");
	const struct link_row links[] = { a_link('1', 3), a_link('2', -4), a_link('3', 3) };
	GROUP_SCOPED struct group *g = NULL;

	CHECK_OK(group_row_insert(db, &r));
	for (size_t i = 0; i < HF_COUNT(links); i++)
		CHECK_OK(link_row_insert(db, &links[i]));
	CHECK_OK(groups_load(groups, db, ORG, GROUP, &g, NULL));
	assert_string_equal(g->name, "cards");
	assert_string_equal(g->description, "for cards");
	assert_string_equal(g->custom_metadata, "{\"a\":\"b\"}");
	assert_null(g->approval_policy);
	CHECK(g->by_priority && !g->segregation && !g->apply_to_hsm && g->created_ms == 17);
	assert_int_equal(g->n_links, 3);
	CHECK(g->links[0].id[35] == '2' && g->links[1].id[35] == '1' && g->links[2].id[35] == '3');
	CHECK(g->links[0].order == -4 && g->links[0].slot == UINT64_MAX);
	CHECK(g->links[0].has_pin && !g->links[0].pin_refused && !*g->links[0].serial);
	assert_string_equal(g->links[0].tls, "{\"mode\":\"required\"}");
}

static void a_name_is_there_once_in_an_organisation(void **state)
{
	const struct group_row first = a_row(GROUP, "cards"),
	                       second = a_row("0199a1de-0000-7000-8000-000000000002", "cards");
	bool there;

	CHECK_OK(group_row_insert(db, &first));
	CHECK_OK(group_row_named(db, ORG, "cards", "", &there));
	CHECK(there);
	CHECK_OK(group_row_named(db, ORG, "cards", GROUP, &there));
	CHECK(!there);
	CHECK_CODE(group_row_insert(db, &second), HF_EXISTS);
}

static void a_group_of_another_organisation_is_not_there(void **state)
{
	const struct group_row r = a_row(GROUP, "cards");
	GROUP_SCOPED struct group *g = NULL;
	struct hf_err err;

	CHECK_OK(group_row_insert(db, &r));
	CHECK_CODE(groups_load(groups, db, "or-2", GROUP, &g, &err), HF_NOTFOUND);
	assert_string_equal(err.text, "there is no such group");
	CHECK_OK(groups_load(groups, db, ORG, GROUP, &g, NULL));
	assert_null(groups_cached(groups, "or-2", GROUP));
}

static void a_snapshot_is_kept_until_it_is_forgotten(void **state)
{
	const struct group_row r = a_row(GROUP, "cards");
	GROUP_SCOPED struct group *g = NULL, *again = NULL;

	assert_null(groups_cached(groups, ORG, GROUP));
	CHECK_OK(group_row_insert(db, &r));
	CHECK_OK(groups_load(groups, db, ORG, GROUP, &g, NULL));
	again = groups_cached(groups, ORG, GROUP);
	assert_ptr_equal(again, g);
	groups_forget(groups, GROUP);
	assert_null(groups_cached(groups, ORG, GROUP));
	assert_string_equal(again->name, "cards"); /* whoever holds it keeps it */
}

static void what_is_found_out_about_a_link_is_not_written_to_a_changed_one(void **state)
{
	const struct group_row r = a_row(GROUP, "cards");
	struct link_row l = a_link('1', 0);
	GROUP_SCOPED struct group *g = NULL, *after = NULL;

	CHECK_OK(group_row_insert(db, &r));
	CHECK_OK(link_row_insert(db, &l));
	CHECK_OK(link_row_seen(db, l.id, 5, "0123", "token"));
	CHECK_OK(link_row_refused(db, l.id, 4, "wrong"));
	CHECK_OK(group_read(db, ORG, GROUP, &g, NULL));
	CHECK(!g->links[0].pin_refused);
	assert_string_equal(g->links[0].serial, "0123");
	assert_string_equal(g->links[0].label, "token");
	CHECK_OK(link_row_refused(db, l.id, 5, "wrong"));
	CHECK_OK(group_read(db, ORG, GROUP, &after, NULL));
	CHECK(after->links[0].pin_refused);
}

static void a_group_with_links_is_not_removed_before_they_are(void **state)
{
	const struct group_row r = a_row(GROUP, "cards");
	const struct link_row l = a_link('1', 0);

	CHECK_OK(group_row_insert(db, &r));
	CHECK_OK(link_row_insert(db, &l));
	CHECK_CODE(group_row_delete(db, ORG, GROUP), HF_EXISTS);
	CHECK_OK(link_rows_delete(db, GROUP));
	CHECK_CODE(group_row_delete(db, "or-2", GROUP), HF_NOTFOUND);
	CHECK_OK(group_row_delete(db, ORG, GROUP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        a_group_is_read_as_it_was_written_its_links_in_their_order, setup,
		        teardown),
		cmocka_unit_test_setup_teardown(a_name_is_there_once_in_an_organisation, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_group_of_another_organisation_is_not_there, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_snapshot_is_kept_until_it_is_forgotten, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(
		        what_is_found_out_about_a_link_is_not_written_to_a_changed_one, setup,
		        teardown),
		cmocka_unit_test_setup_teardown(a_group_with_links_is_not_removed_before_they_are,
		                                setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
