/* SPDX-License-Identifier: Apache-2.0
 * User actions are spent once, by the database's clock: no server's own can change that. */
#include "../db/tempdb.h"

#include "base/clock.h"
#include "server/store/action_rows.h"
#include "server/store/migrations.h"

static struct tempdb temp;
static struct db *db;

static int setup(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(server_migrate(db, NULL));
	return 0;
}

static int teardown(void **state)
{
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static enum hf_code spend(const char *id, int64_t forget_in_ms, int64_t from)
{
	hf_status s;

	CHECK_OK(db_begin(db));
	s = action_row_spend(db, id, from + forget_in_ms);
	CHECK_OK(db_commit(db, DB_DURABLE));
	return s.code;
}

static void an_action_is_spent_once(void **state)
{
	int64_t now = hf_wall_ms();

	CHECK(spend("ua-1", 60000, now) == HF_OK);
	CHECK(spend("ua-1", 60000, now) == HF_EXISTS);
	CHECK(spend("ua-2", 60000, now) == HF_OK);
}

static void one_whose_use_may_be_forgotten_already_is_refused(void **state)
{
	CHECK(spend("ua-1", -1000, hf_wall_ms()) == HF_TIMEOUT);
}

static void what_can_still_be_presented_is_never_forgotten(void **state)
{
	enum hf_code spent;
	int64_t now;

	do { /* once more when we were too slow to be in time */
		now = hf_wall_ms();
		spent = spend("ua-short", 900, now);
	} while (spent == HF_TIMEOUT && hf_wall_ms() - now >= 900);
	CHECK(spent == HF_OK);
	CHECK(spend("ua-long", 60000, now) == HF_OK);
	usleep(910 * 1000);
	CHECK_OK(db_begin(db));
	CHECK_OK(action_rows_forget(db, 100));
	CHECK_OK(db_commit(db, DB_DURABLE));
	CHECK(spend("ua-long", 60000, now) == HF_EXISTS);
	CHECK(spend("ua-short", 900, now) == HF_TIMEOUT); /* forgotten, and refused all the same */
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_action_is_spent_once),
		CASE(one_whose_use_may_be_forgotten_already_is_refused),
		CASE(what_can_still_be_presented_is_never_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
