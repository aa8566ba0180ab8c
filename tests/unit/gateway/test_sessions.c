/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "gateway/sessions.h"

#include <string.h>

static const struct session_owner bank = { "certificate aa" }, other = { "certificate bb" };
static const struct session_slot place = { 3, 77 };

static void a_session_leads_its_owner_to_its_slot(void **state)
{
	uint8_t id[SLOT_SESSION_LEN], again[SLOT_SESSION_LEN];
	struct sessions *s = NULL;
	struct session_slot got;

	CHECK_OK(sessions_new(10, &s));
	CHECK_OK(sessions_open(s, &bank, place, id));
	CHECK_OK(sessions_open(s, &bank, place, again));
	CHECK(memcmp(id, again, sizeof(id)) != 0);
	CHECK_OK(sessions_find(s, id, &bank, &got));
	CHECK(got.index == 3 && got.generation == 77);
	CHECK_CODE(sessions_find(s, id, &other, &got), HF_NOTFOUND);
	id[0] ^= 1;
	CHECK_CODE(sessions_find(s, id, &bank, &got), HF_NOTFOUND);
	sessions_free(s);
}

static void only_its_owner_closes_a_session(void **state)
{
	uint8_t id[SLOT_SESSION_LEN];
	struct sessions *s = NULL;
	struct session_slot got;

	CHECK_OK(sessions_new(10, &s));
	CHECK_OK(sessions_open(s, &bank, place, id));
	sessions_close(s, id, &other);
	CHECK_OK(sessions_find(s, id, &bank, &got));
	sessions_close(s, id, &bank);
	CHECK_CODE(sessions_find(s, id, &bank, &got), HF_NOTFOUND);
	sessions_close(s, id, &bank); /* once more does no harm */
	assert_int_equal(sessions_count(s), 0);
	sessions_free(s);
}

static void beyond_the_limit_the_one_used_longest_ago_ends(void **state)
{
	uint8_t ids[4][SLOT_SESSION_LEN];
	struct sessions *s = NULL;
	struct session_slot got;

	CHECK_OK(sessions_new(3, &s));
	for (int i = 0; i < 3; i++)
		CHECK_OK(sessions_open(s, &bank, place, ids[i]));
	CHECK_OK(sessions_find(s, ids[0], &bank, &got));
	CHECK_OK(sessions_open(s, &bank, place, ids[3]));
	assert_int_equal(sessions_count(s), 3);
	CHECK_OK(sessions_find(s, ids[0], &bank, &got));
	CHECK_CODE(sessions_find(s, ids[1], &bank, &got), HF_NOTFOUND);
	CHECK_OK(sessions_find(s, ids[2], &bank, &got));
	CHECK_OK(sessions_find(s, ids[3], &bank, &got));
	sessions_free(s);
}

static void a_session_that_nobody_uses_ends(void **state)
{
	const struct session_slot elsewhere = { 4, 77 };
	uint8_t id[SLOT_SESSION_LEN];
	struct sessions *s = NULL;

	CHECK_OK(sessions_new(3, &s));
	CHECK(!sessions_have(s, place));
	CHECK_OK(sessions_open(s, &bank, place, id));
	CHECK(sessions_have(s, place) && !sessions_have(s, elsewhere));
	sessions_expire(s, 60000);
	assert_int_equal(sessions_count(s), 1);
	sessions_expire(s, 0);
	assert_int_equal(sessions_count(s), 0);
	CHECK(!sessions_have(s, place));
	sessions_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_leads_its_owner_to_its_slot),
		cmocka_unit_test(only_its_owner_closes_a_session),
		cmocka_unit_test(beyond_the_limit_the_one_used_longest_ago_ends),
		cmocka_unit_test(a_session_that_nobody_uses_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
