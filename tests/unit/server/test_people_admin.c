/* SPDX-License-Identifier: Apache-2.0
 * What is done beside the server stands in the audit log like what is done by it. */
#include "../db/tempdb.h"
#include "check.h"

#include "server/server.h"
#include "server/store/identity_rows.h"
#include "server/store/migrations.h"
#include "server/store/token_key_rows.h"

#define NOW INT64_C(1790000000000)

static struct tempdb temp;
static struct db_config config;
static struct db *db;

static int setup(void **state)
{
	const struct identity_row alice = { .id = "us-1",
		                            .org_id = "or-1",
		                            .kind = KIND_USER,
		                            .name = "alice",
		                            .active = true,
		                            .registered = true };

	tempdb_make(&temp);
	config = tempdb_config(&temp);
	CHECK_OK(db_open(&config, &db, NULL));
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(db_begin(db));
	CHECK_OK(org_row_insert(db, "or-1", "Bank", NOW));
	CHECK_OK(org_row_insert(db, "or-2", "Other", NOW));
	CHECK_OK(identity_row_insert(db, &alice));
	CHECK_OK(token_key_row_insert(db, 1, NOW));
	CHECK_OK(db_commit(db, DB_DURABLE));
	return 0;
}

static int teardown(void **state)
{
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

/* Entries of the organisation with these words. */
static int64_t entries(const char *org_id, const char *words)
{
	DB_STMT st = NULL;
	bool row;

	CHECK_OK(db_query(db,
	                  "SELECT count(*) FROM audit_log WHERE org_id = $1"
	                  " AND entry LIKE '%' || $2 || '%'",
	                  &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, words);
	CHECK_OK(db_step(st, &row));
	return db_col_int(st, 0);
}

static void a_code_is_entered_and_never_shown(void **state)
{
	struct server_user_code from = {
		.db = config, .username = "alice", .kind = "recovery", .lifetime_s = 60
	};
	int64_t expires_ms;
	char code[24];

	CHECK_OK(server_make_user_code(&from, code, &expires_ms, NULL));
	CHECK(entries("or-1", "\"operation\":\"Server:UserCode:recovery\"") == 1);
	CHECK(entries("or-1", "\"subjectId\":\"us-1\"") == 1);
	CHECK(entries("or-1", code) == 0 && entries("or-2", "") == 0);
	from.kind = "registration"; /* refused: he has registered */
	CHECK_CODE(server_make_user_code(&from, code, &expires_ms, NULL), HF_STATE);
	CHECK(entries("or-1", "") == 1);
	from.replace = true;
	CHECK_OK(server_make_user_code(&from, code, &expires_ms, NULL));
	CHECK(entries("or-1", "Server:UserCode:registration") == 1);
}

static void another_token_key_is_entered_for_all_whose_tokens_it_signs(void **state)
{
	int64_t generation;

	CHECK_OK(server_rotate_token_key(&config, false, &generation, NULL));
	CHECK(entries("or-1", "Server:TokenKey:Rotate") == 1);
	CHECK(entries("or-2", "Server:TokenKey:Rotate") == 1);
	CHECK_OK(server_rotate_token_key(&config, true, &generation, NULL));
	CHECK(entries("or-2", "Server:TokenKey:Retire") == 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_code_is_entered_and_never_shown),
		TEST(another_token_key_is_entered_for_all_whose_tokens_it_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
