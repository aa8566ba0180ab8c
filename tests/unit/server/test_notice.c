/* SPDX-License-Identifier: Apache-2.0
 * What people are told before a key's date comes: once, in time, and again when the date is
 * another. Both engines. */
#include "../check.h"

#include "objects_fixture.h"

#include "server/core/objects/object_notice.h"
#include "server/store/audit_rows.h"

#define NOW INT64_C(1700000000000)
#define DAY (INT64_C(24) * 60 * 60 * 1000)

static struct object_notices notices;

static void tell(int64_t now_ms, size_t want)
{
	CHECK_OK(db_begin(db));
	CHECK_OK(object_notices_tell(db, now_ms, &notices));
	CHECK_OK(db_commit(db, DB_RELAXED));
	assert_int_equal(notices.n, want);
}

static struct object_row insert(int n, int64_t deactivation_ms, int64_t rotate_at_ms)
{
	char name[16];
	struct object_row row;

	snprintf(name, sizeof(name), "key %d", n);
	row = an_object(n, GROUP, name);
	row.deactivation_ms = deactivation_ms;
	row.rotate_at_ms = rotate_at_ms;
	CHECK_OK(object_row_insert(db, &row, 0));
	return row;
}

static int64_t count(const char *sql)
{
	DB_STMT st = NULL;
	bool row;

	CHECK_OK(db_query(db, sql, &st));
	CHECK_OK(db_step(st, &row));
	CHECK(row);
	return db_col_int(st, 0);
}

static void a_date_is_told_of_once_and_not_too_early(void **state)
{
	insert(1, NOW + 8 * DAY, 0);
	tell(NOW, 0);
	tell(NOW + DAY, 1);
	assert_string_equal(notices.told[0].name, "key 1");
	assert_int_equal(notices.told[0].of, NOTICE_DEACTIVATION);
	assert_int_equal(notices.told[0].at_ms, NOW + 8 * DAY);
	tell(NOW + DAY + 1, 0);
	tell(NOW + 7 * DAY, 0);
	assert_int_equal(count("SELECT count(*) FROM audit_log"
	                       " WHERE entry LIKE '%Crypto:DeactivationAhead%'"),
	                 1);
}

static void rotations_are_told_of_a_day_before(void **state)
{
	insert(1, 0, NOW + 2 * DAY);
	tell(NOW, 0);
	tell(NOW + DAY, 1);
	assert_int_equal(notices.told[0].of, NOTICE_ROTATION);
	tell(NOW + DAY, 0);
}

static void a_date_that_is_moved_is_told_of_anew(void **state)
{
	struct object_row row = insert(1, NOW + DAY, 0);

	tell(NOW, 1);
	row.deactivation_ms = NOW + 2 * DAY;
	CHECK_OK(object_row_update(db, &row));
	tell(NOW, 1);
	assert_int_equal(notices.told[0].at_ms, NOW + 2 * DAY);
}

static void what_has_passed_or_is_not_in_use_is_not_announced(void **state)
{
	struct object_row row = insert(1, NOW - 1, NOW - 1);

	row = insert(2, NOW + DAY, NOW + DAY / 2);
	row.state = OBJECT_DEACTIVATED;
	CHECK_OK(object_row_update(db, &row));
	tell(NOW, 0);
}

static void a_rotation_that_is_tried_again_is_not_told_of_again(void **state)
{
	bool mine;

	insert(1, 0, NOW + DAY / 2);
	tell(NOW, 1);
	CHECK_OK(object_row_claim_rotation(db, object_id(1), NOW + DAY / 2, NOW + DAY, &mine));
	CHECK(mine);
	tell(NOW + DAY / 2, 0);
}

static void many_are_told_of_bit_by_bit(void **state)
{
	for (int i = 0; i < NOTICES_AT_ONCE + 3; i++)
		insert(i, NOW + DAY + i, 0);
	tell(NOW, NOTICES_AT_ONCE);
	assert_string_equal(notices.told[0].name, "key 0");
	tell(NOW, 3);
	tell(NOW, 0);
}

#define CLAIM(claim) cmocka_unit_test_setup_teardown(claim, make_database, remove_database)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(a_date_is_told_of_once_and_not_too_early),
		CLAIM(rotations_are_told_of_a_day_before),
		CLAIM(a_date_that_is_moved_is_told_of_anew),
		CLAIM(what_has_passed_or_is_not_in_use_is_not_announced),
		CLAIM(a_rotation_that_is_tried_again_is_not_told_of_again),
		CLAIM(many_are_told_of_bit_by_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
