/* SPDX-License-Identifier: Apache-2.0 */
#include "../db/tempdb.h"

#include "server/queue_api/choice.h"
#include "server/store/migrations.h"

#define OURS "1111111111111111111111111111111111111111111111111111111111111111"
#define THEIRS "2222222222222222222222222222222222222222222222222222222222222222"

static struct tempdb temp;
static struct db *db;

static void run(const char *sql)
{
	DB_STMT st = NULL;

	CHECK_OK(db_query(db, sql, &st));
	CHECK_OK(db_run(st, NULL));
}

static int setup(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(server_migrate(db, NULL));
	run("INSERT INTO orgs (id, name, created_at) VALUES ('or-1', 'Acme', 1)");
	return 0;
}

static int teardown(void **state)
{
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

#define STORE_SQL(id, name, issuer)                                                                \
	"INSERT INTO key_stores (id, org_id, name, kind, is_primary, issuer_key_id, created_at)"   \
	" VALUES ('" id "', 'or-1', '" name "', 'Hsm', 1, " issuer ", 1)"

static struct choice choose(const char *issuer, const char *name)
{
	struct choice c = { 0 };

	CHECK_OK(choice_make(db, issuer, name, &c));
	return c;
}

static void a_store_bound_to_an_intermediate_is_closed_to_leaves_of_another(void **state)
{
	struct choice c;

	run(STORE_SQL("ks-1", "main", "'" OURS "'"));
	assert_string_equal(choose(OURS, "").store_id, "ks-1");
	c = choose(THEIRS, "main");
	CHECK(c.code == HF_DENIED && !*c.store_id);
	CHECK(strstr(c.why, "--driver-ca") != NULL);
}

static void an_unbound_store_is_open_to_every_accepted_driver(void **state)
{
	run(STORE_SQL("ks-1", "main", "NULL"));
	assert_string_equal(choose(OURS, "whatever").store_id, "ks-1");
	assert_string_equal(choose(THEIRS, "").store_id, "ks-1");
}

static void a_bound_store_goes_before_an_unbound_one_of_any_name(void **state)
{
	run(STORE_SQL("ks-1", "open", "NULL"));
	run(STORE_SQL("ks-2", "ours", "'" OURS "'"));
	assert_string_equal(choose(OURS, "open").store_id, "ks-2");
	assert_string_equal(choose(THEIRS, "ours").store_id, "ks-1");
}

static void among_several_the_name_picks_and_a_wrong_name_is_refused(void **state)
{
	struct choice c;

	run(STORE_SQL("ks-1", "one", "'" OURS "'"));
	run(STORE_SQL("ks-2", "two", "'" OURS "'"));
	assert_string_equal(choose(OURS, "two").store_id, "ks-2");
	c = choose(OURS, "three");
	CHECK(c.code == HF_DENIED);
	CHECK(strstr(c.why, "three") != NULL);
}

static void a_choice_is_kept_for_its_issuer_and_name_only(void **state)
{
	const struct choice c = { .code = HF_OK, .store_id = "ks-1" };
	struct choices *kept;
	struct choice got;

	CHECK_OK(choices_new(&kept));
	CHECK(!choices_get(kept, OURS, "", &got));
	choices_put(kept, OURS, "", &c);
	CHECK(choices_get(kept, OURS, "", &got));
	assert_string_equal(got.store_id, "ks-1");
	CHECK(!choices_get(kept, THEIRS, "", &got));
	CHECK(!choices_get(kept, OURS, "main", &got));
	choices_free(kept);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_store_bound_to_an_intermediate_is_closed_to_leaves_of_another),
		CASE(an_unbound_store_is_open_to_every_accepted_driver),
		CASE(a_bound_store_goes_before_an_unbound_one_of_any_name),
		CASE(among_several_the_name_picks_and_a_wrong_name_is_refused),
		CASE(a_choice_is_kept_for_its_issuer_and_name_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
