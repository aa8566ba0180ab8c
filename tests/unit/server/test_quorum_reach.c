/* SPDX-License-Identifier: Apache-2.0
 * How people are counted who stand in several quorums, and whether those whom a policy names can
 * meet it: when it is set, and when somebody is taken away. */
#include "../db/tempdb.h"

#include "base/uuid.h"
#include "server/core/access/principal.h"
#include "server/core/access/quorum_count.h"
#include "server/core/access/quorum_reach.h"
#include "server/store/account_rows.h"
#include "server/store/group_rows.h"
#include "server/store/member_rows.h"
#include "server/store/migrations.h"

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define ID(n) "us-00000-00000-000000000000000" #n
#define UUID(n) "00000000-0000-0000-0000-00000000000" #n
#define U(n) "{\"user\":\"" UUID(n) "\"}"
#define Q(n, members) "{\"quorum\":{\"n\":" #n ",\"members\":[" members "]}}"
#define CARDS "0199a1de-0000-7000-8000-000000000001"
#define SAFES "0199a1de-0000-7000-8000-000000000002"
#define NOW INT64_C(1795217284000)

static struct tempdb temp;
static struct db *db;
static struct hf_err err;

/* ---- counting */

/* Do these (digits, as in U) meet it? */
static bool meet(const char *json, const char *who)
{
	HF_CLEANUP(quorum_policy_free_at) struct quorum_policy *p = NULL;
	bool said[QUORUM_NODES_MAX] = { false };

	CHECK_OK(quorum_policy_parse(hf_span_text(json), &p, &err));
	for (size_t i = 0; i < p->n_nodes; i++)
		said[i] = p->nodes[i].kind == QUORUM_OF || strchr(who, p->nodes[i].id[35]) != NULL;
	return quorum_is_met(p, said);
}

static hf_status may_be_set(const char *json)
{
	HF_CLEANUP(quorum_policy_free_at) struct quorum_policy *p = NULL;

	CHECK_OK(quorum_policy_parse(hf_span_text(json), &p, &err));
	return quorum_count_check(p, &err);
}

static void who_stands_in_two_quorums_counts_in_one(void **state)
{
	/* One of the risk officers, and one of the traders: Ann (1) is both. */
	static const char both[] = Q(2, Q(1, U(1) "," U(2)) "," Q(1, U(1) "," U(3)));

	CHECK(!meet(both, "1"));
	CHECK(meet(both, "12"));
	CHECK(meet(both, "13"));
	CHECK(meet(both, "23"));
	CHECK(!meet(both, "2"));
	CHECK(!meet(both, ""));
}

static void whoever_can_be_counted_elsewhere_is(void **state)
{
	/* 1 has to count in the third, so 2 in the first and 3 in the second. */
	static const char chain[] =
	        Q(3, Q(1, U(1) "," U(2)) "," Q(1, U(2) "," U(3)) "," Q(1, U(1)));
	static const char deep[] = Q(2, U(1) "," Q(2, U(1) "," Q(1, U(1) "," U(2)) "," U(3)));

	CHECK(meet(chain, "123"));
	CHECK(!meet(chain, "12"));
	CHECK(!meet(chain, "23"));
	CHECK(meet(deep, "123"));
	CHECK(!meet(deep, "13"));
	CHECK(!meet(deep, "23"));
}

static void an_app_and_a_user_of_one_id_are_two(void **state)
{
	static const char two[] = Q(2, U(1) "," Q(1, "{\"app\":\"" UUID(1) "\"}"));

	CHECK(meet(two, "1"));
	CHECK_OK(may_be_set(two));
}

static void a_policy_that_wants_more_people_than_it_names_is_not_set(void **state)
{
	CHECK_OK(may_be_set(Q(2, Q(1, U(1) "," U(2)) "," Q(1, U(1) "," U(3)))));
	CHECK_CODE(may_be_set(Q(2, U(1) "," Q(1, U(1)))), HF_INVALID);
	CHECK(strstr(err.text, "more different people than it names"));
	CHECK_CODE(may_be_set(Q(2, Q(2, U(1) "," U(2)) "," Q(1, U(1) "," U(2)))), HF_INVALID);
	CHECK_OK(may_be_set(U(1)));
}

/* `n_people` of them, each in both halves: half of them have to approve in each. */
static void put_halves(struct hf_buf *to, int n_people)
{
	hf_buf_text(to, "{\"quorum\":{\"n\":2,\"members\":[");
	for (int half = 0; half < 2; half++) {
		hf_buf_printf(to, "%s{\"quorum\":{\"n\":%d,\"members\":[", half ? "," : "",
		              n_people / 2);
		for (int i = 0; i < n_people; i++)
			hf_buf_printf(to, "%s{\"user\":\"00000000-0000-0000-0000-0000000000%02d\"}",
			              i ? "," : "", i);
		hf_buf_text(to, "]}}");
	}
	hf_buf_text(to, "]}}");
	hf_buf_u8(to, 0);
}

static void the_ways_to_count_people_are_limited(void **state)
{
	HF_BUF_SCOPED struct hf_buf twelve = HF_BUF(16384), fourteen = HF_BUF(16384);

	put_halves(&twelve, 12);
	put_halves(&fourteen, 14);
	CHECK_OK(may_be_set((const char *)twelve.ptr));
	CHECK(meet((const char *)twelve.ptr, "0123456789"));
	CHECK(!meet((const char *)twelve.ptr, "012345678"));
	CHECK_CODE(may_be_set((const char *)fourteen.ptr), HF_INVALID);
	CHECK(strstr(err.text, "too many people"));
	/* Of one that is stored already, somebody more may be wanted, and nobody less. */
	CHECK(!meet((const char *)fourteen.ptr, "012345678"));
}

/* ---- those who are there */

static void join(const char *id, const char *name, unsigned roles)
{
	struct identity_row identity = { .kind = KIND_USER, .active = true, .created_ms = NOW };
	struct member_row row = { .roles = roles, .enabled = true, .created_ms = NOW };
	const struct password_row password = { .hash = "$argon2id$", .changed_ms = NOW };

	snprintf(identity.id, sizeof(identity.id), "%s", id);
	snprintf(identity.org_id, sizeof(identity.org_id), ORG);
	snprintf(identity.name, sizeof(identity.name), "%s", name);
	snprintf(row.id, sizeof(row.id), "%s", id);
	snprintf(row.org_id, sizeof(row.org_id), ORG);
	CHECK_OK(identity_row_insert(db, &identity));
	CHECK_OK(member_row_insert(db, &row));
	CHECK_OK(password_row_put(db, id, &password));
}

static void put_group(const char *id, const char *name, const char *policy)
{
	struct group_row row = { .approval_policy = policy, .created_ms = NOW };

	snprintf(row.id, sizeof(row.id), "%s", id);
	snprintf(row.org_id, sizeof(row.org_id), ORG);
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.created_by, sizeof(row.created_by), ID(1));
	CHECK_OK(group_row_insert(db, &row));
}

static void enable(const char *id, bool on, unsigned roles)
{
	struct member_row row;

	CHECK_OK(member_row_get(db, ORG, id, &row));
	row.enabled = on;
	row.roles = roles;
	CHECK_OK(member_row_update(db, &row));
}

/* Boss (1) administrates; 2, 3 and 4 are members. */
static int setup(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(db_begin(db));
	CHECK_OK(org_row_insert(db, ORG, "Bank", NOW));
	join(ID(1), "boss", ACCOUNT_ADMINISTRATOR);
	join(ID(2), "ann", ACCOUNT_MEMBER);
	join(ID(3), "bob", ACCOUNT_MEMBER);
	join(ID(4), "cid", ACCOUNT_MEMBER);
	return 0;
}

static int teardown(void **state)
{
	db_rollback(db);
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static hf_status without(const char *id, bool asked, bool rests)
{
	const struct quorum_leaver who = {
		.org_id = ORG, .identity_id = id, .asked = asked, .rests = rests
	};

	return quorum_reach_without(db, &who, &err);
}

static void a_groups_policy_needs_enough_who_can_approve(void **state)
{
	bool lost;

	put_group(CARDS, "cards", Q(2, U(1) "," U(2))); /* apps ask, or another administrator */
	CHECK_OK(quorum_reach_group(db, ORG, CARDS, &err));
	enable(ID(2), false, ACCOUNT_MEMBER);
	CHECK_CODE(quorum_reach_group(db, ORG, CARDS, &err), HF_STATE);
	CHECK_OK(quorum_reach_is_lost(db, ORG, CARDS, &lost));
	CHECK(lost);
	put_group(SAFES, "safes", Q(2, U(1) "," U(9)));
	CHECK_CODE(quorum_reach_group(db, ORG, SAFES, &err), HF_STATE);
}

static void who_lacks_a_factor_approves_nowhere_if_one_is_wanted_of_him_anywhere(void **state)
{
	bool lost;

	/* Ann has lost hers: what is left to her takes the factor, too (approvals.c). */
	put_group(CARDS, "cards",
	          Q(1, "{\"quorum\":{\"n\":1,\"require_2fa\":true,\"members\":[" U(2) "]}}," Q(
	                       2, U(2) "," U(3))));
	CHECK_OK(quorum_reach_is_lost(db, ORG, CARDS, &lost));
	CHECK(lost);
}

static void nobody_goes_whom_a_group_needs(void **state)
{
	put_group(CARDS, "cards", Q(2, U(2) "," U(3)));
	put_group(SAFES, "safes", Q(1, U(2) "," U(3)));
	CHECK_OK(member_row_delete(db, ID(2)));
	CHECK_CODE(without(ID(2), false, false), HF_STATE);
	CHECK(strstr(err.text, ": \"cards\".") && !strstr(err.text, "safes"));
	CHECK_OK(without(ID(2), false, true)); /* disabled only */
	CHECK_OK(without(ID(4), false, false));
	CHECK_OK(member_row_delete(db, ID(3)));
	CHECK_CODE(without(ID(3), false, false), HF_STATE); /* the safes' last */
	CHECK(strstr(err.text, ": \"safes\".")); /* the cards' is lost with or without him */
}

static void nobody_goes_while_the_others_rest(void **state)
{
	put_group(CARDS, "cards", Q(2, U(2) "," U(3)));
	enable(ID(2), false, ACCOUNT_MEMBER);
	CHECK_OK(without(ID(2), false, true));
	CHECK_OK(member_row_delete(db, ID(3)));
	CHECK_CODE(without(ID(3), false, false), HF_STATE);
}

static void the_last_who_could_ask_stays(void **state)
{
	const struct account_policy_row row = { .approval = "{\"policy\":" Q(1, U(1)) "}" };

	put_group(CARDS, "cards", Q(1, U(1)));
	CHECK_OK(account_policies_put(db, ORG, &row, NOW));
	CHECK_CODE(quorum_reach_account(db, ORG, &err), HF_STATE); /* he does not approve himself */
	enable(ID(2), true, ACCOUNT_ADMINISTRATOR);
	CHECK_OK(quorum_reach_account(db, ORG, &err));
	enable(ID(2), true, ACCOUNT_MEMBER);
	CHECK_CODE(without(ID(2), true, false), HF_STATE);
	CHECK(strstr(err.text, "the account's approval policy"));
}

static void what_is_lost_already_holds_nobody(void **state)
{
	put_group(CARDS, "cards", Q(2, U(2) "," U(9)));
	CHECK_OK(member_row_delete(db, ID(2)));
	CHECK_OK(without(ID(2), false, false));
}

static void nobody_goes_nor_is_disabled_whom_the_account_needs(void **state)
{
	const struct account_policy_row row = { .approval = "{\"policy\":" Q(1, U(2)) "}" };

	CHECK_OK(account_policies_put(db, ORG, &row, NOW));
	CHECK_OK(quorum_reach_account(db, ORG, &err));
	CHECK_OK(without(ID(3), false, true));
	enable(ID(2), false, ACCOUNT_MEMBER);
	CHECK_CODE(without(ID(2), false, true), HF_STATE);
	CHECK(strstr(err.text, "nobody could change the account's approval policy"));
	CHECK_OK(without(ID(3), false, true)); /* it is not his fault */
}

static void who_asks_administrates(void **state)
{
	bool asks = true;

	CHECK_OK(quorum_reach_asks(db, ORG, ID(2), &asks));
	CHECK(!asks);
	CHECK_OK(quorum_reach_asks(db, ORG, ID(9), &asks));
	CHECK(!asks);
	CHECK_OK(quorum_reach_asks(db, ORG, ID(1), &asks));
	CHECK(asks);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_stands_in_two_quorums_counts_in_one),
		cmocka_unit_test(whoever_can_be_counted_elsewhere_is),
		cmocka_unit_test(an_app_and_a_user_of_one_id_are_two),
		cmocka_unit_test(a_policy_that_wants_more_people_than_it_names_is_not_set),
		cmocka_unit_test(the_ways_to_count_people_are_limited),
		TEST(a_groups_policy_needs_enough_who_can_approve),
		TEST(who_lacks_a_factor_approves_nowhere_if_one_is_wanted_of_him_anywhere),
		TEST(nobody_goes_whom_a_group_needs),
		TEST(nobody_goes_while_the_others_rest),
		TEST(the_last_who_could_ask_stays),
		TEST(what_is_lost_already_holds_nobody),
		TEST(nobody_goes_nor_is_disabled_whom_the_account_needs),
		TEST(who_asks_administrates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
