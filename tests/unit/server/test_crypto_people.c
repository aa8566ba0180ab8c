/* SPDX-License-Identifier: Apache-2.0
 * Apps, users and sessions of the Crypto API in the database, and the principals they make. */
#include "../db/tempdb.h"
#include "check.h"

#include "base/uuid.h"
#include "server/core/access/account.h"
#include "server/core/access/quorum_reach.h"
#include "server/core/access/app_credentials.h"
#include "server/core/access/principal.h"
#include "server/store/account_rows.h"
#include "server/store/app_rows.h"
#include "server/store/migrations.h"
#include "server/store/session_rows.h"

#include <string.h>

#define NOW INT64_C(1790000000000)
#define GROUP_A "01a1fd8f-bba3-7b5f-b052-5eba8099d11a"
#define GROUP_B "01a1fd8f-bba3-7b5f-b052-5eba8099d11b"

static struct tempdb temp;
static struct db *db;

static int setup(void **state)
{
	struct db_config config;

	tempdb_make(&temp);
	config = tempdb_config(&temp);
	CHECK_OK(db_open(&config, &db, NULL));
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(db_begin(db));
	CHECK_OK(org_row_insert(db, "or-1", "Bank", NOW));
	CHECK_OK(org_row_insert(db, "or-2", "Other", NOW));
	return 0;
}

static int teardown(void **state)
{
	db_rollback(db);
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static void make_identity(const char *id, const char *org, const char *kind, const char *name)
{
	struct identity_row row = { .active = true, .registered = true, .created_ms = NOW };

	snprintf(row.id, sizeof(row.id), "%s", id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", org);
	snprintf(row.kind, sizeof(row.kind), "%s", kind);
	snprintf(row.name, sizeof(row.name), "%s", name);
	CHECK_OK(identity_row_insert(db, &row));
}

static void make_user(const char *id, const char *org, const char *email, unsigned roles)
{
	struct member_row row = { .roles = roles, .enabled = true, .created_ms = NOW };
	struct password_row password = { .hash = "$argon2id$", .changed_ms = NOW };

	make_identity(id, org, KIND_USER, email);
	snprintf(row.id, sizeof(row.id), "%s", id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", org);
	CHECK_OK(member_row_insert(db, &row));
	CHECK_CODE(member_row_insert(db, &row), HF_EXISTS);
	CHECK_OK(password_row_put(db, id, &password));
}

static void make_app(const char *prefix, const char *name, struct app_row *ret)
{
	struct app_row row = { .active = true, .credential_kind = APP_SECRET, .has_proof = true };

	hf_id_new(prefix, row.id);
	snprintf(row.org_id, sizeof(row.org_id), "or-1");
	snprintf(row.name, sizeof(row.name), "%s", name);
	memset(row.proof, 7, sizeof(row.proof));
	make_identity(row.id, "or-1", KIND_APP, name);
	CHECK_OK(app_row_insert(db, &row, HF_SPAN("sealed", 6)));
	*ret = row;
}

static hf_status count_identity(void *ctx, const struct identity_row *row)
{
	++*(int *)ctx;
	assert_string_not_equal(row->kind, KIND_APP);
	return HF_SUCCESS;
}

static void apps_are_no_users_and_no_service_accounts(void **state)
{
	struct app_row app;
	int users = 0, machines = 0;

	make_app("app", "payments", &app);
	make_user("us-1", "or-1", "a@b.example", ACCOUNT_MEMBER);
	CHECK_OK(identity_rows_list(db, "or-1", NULL, "", 100, count_identity, &users));
	CHECK_OK(identity_rows_list(db, "or-1", KIND_SERVICE_ACCOUNT, "", 100, count_identity,
	                            &machines));
	assert_int_equal(users, 1);
	assert_int_equal(machines, 0);
}

static void an_apps_principal_has_its_groups_in_order_and_ends_with_it(void **state)
{
	struct principal *who;
	struct app_row app;

	make_app("app", "payments", &app);
	CHECK_OK(app_group_row_put(db, app.id, GROUP_B, APP_MAY(SIGN) | APP_MAY(DECAPSULATE)));
	CHECK_OK(app_group_row_put(db, app.id, GROUP_A, APP_MAY(VERIFY)));
	CHECK_OK(principal_load(db, "or-1", app.id, &who));
	assert_int_equal(who->kind, PRINCIPAL_APP);
	assert_int_equal(who->n_groups, 2);
	assert_string_equal(who->groups[0].id, GROUP_A);
	assert_int_equal(principal_in(who, GROUP_B)->permissions,
	                 APP_MAY(SIGN) | APP_MAY(DECAPSULATE));
	CHECK(principal_in(who, "01a1fd8f-bba3-7b5f-b052-5eba8099d11c") == NULL);
	principal_unref(who);
	CHECK_CODE(principal_load(db, "or-2", app.id, &who), HF_NOTFOUND);
	CHECK_OK(identity_row_set_active(db, app.id, false));
	CHECK_CODE(principal_load(db, "or-1", app.id, &who), HF_NOTFOUND);
	CHECK_OK(identity_row_set_active(db, app.id, true));
	CHECK_OK(app_row_delete(db, app.id));
	CHECK_CODE(principal_load(db, "or-1", app.id, &who), HF_NOTFOUND);
}

static void a_users_principal_has_his_roles_and_ends_when_he_is_disabled(void **state)
{
	struct principal *who;
	struct member_row user;

	make_user("us-1", "or-1", "a@b.example", ACCOUNT_AUDITOR);
	CHECK_OK(group_member_row_put(db, "us-1", GROUP_A, GROUP_ADMINISTRATOR));
	CHECK_OK(principal_load(db, "or-1", "us-1", &who));
	assert_int_equal(who->account_roles, ACCOUNT_AUDITOR);
	assert_int_equal(principal_in(who, GROUP_A)->roles, GROUP_ADMINISTRATOR);
	principal_unref(who);
	CHECK_OK(group_member_row_put(db, "us-1", GROUP_A, 0));
	CHECK_OK(member_row_get(db, "or-1", "us-1", &user));
	user.enabled = false;
	CHECK_OK(member_row_update(db, &user));
	CHECK_CODE(principal_load(db, "or-1", "us-1", &who), HF_NOTFOUND);
}

static void an_address_in_several_accounts_is_nobodys(void **state)
{
	struct member_row user;

	make_user("us-1", "or-1", "a@b.example", ACCOUNT_MEMBER);
	CHECK_OK(member_row_find(db, "a@b.example", &user));
	assert_string_equal(user.id, "us-1");
	make_user("us-2", "or-2", "a@b.example", ACCOUNT_MEMBER);
	CHECK_CODE(member_row_find(db, "a@b.example", &user), HF_STATE);
	CHECK_CODE(member_row_find(db, "b@b.example", &user), HF_NOTFOUND);
}

static void other_administrators_are_those_who_can_log_in(void **state)
{
	struct member_row user;
	int64_t others;

	make_user("us-1", "or-1", "a@b.example", ACCOUNT_ADMINISTRATOR);
	make_user("us-2", "or-1", "b@b.example", ACCOUNT_ADMINISTRATOR | ACCOUNT_MEMBER);
	make_user("us-3", "or-1", "c@b.example", ACCOUNT_AUDITOR);
	make_user("us-4", "or-2", "d@b.example", ACCOUNT_ADMINISTRATOR);
	CHECK_OK(org_row_lock(db, "or-1"));
	CHECK_OK(member_rows_others_with(db, "or-1", ACCOUNT_ADMINISTRATOR, "us-1", &others));
	assert_int_equal(others, 1);
	CHECK_OK(member_row_get(db, "or-1", "us-2", &user));
	user.enabled = false;
	CHECK_OK(member_row_update(db, &user));
	CHECK_OK(member_rows_others_with(db, "or-1", ACCOUNT_ADMINISTRATOR, "us-1", &others));
	assert_int_equal(others, 0);
}

static void a_group_that_goes_takes_memberships_along(void **state)
{
	struct app_row app;
	struct principal *who;

	make_app("app", "payments", &app);
	make_user("us-1", "or-1", "a@b.example", ACCOUNT_MEMBER);
	CHECK_OK(app_group_row_put(db, app.id, GROUP_A, APP_MAY(SIGN)));
	CHECK_OK(group_member_row_put(db, "us-1", GROUP_A, GROUP_AUDITOR));
	strcpy(app.default_group, GROUP_A);
	CHECK_OK(app_row_update(db, &app));
	CHECK_OK(memberships_forget_group(db, GROUP_A));
	CHECK_OK(principal_load(db, "or-1", app.id, &who));
	assert_int_equal(who->n_groups, 0);
	assert_string_equal(who->default_group, "");
	principal_unref(who);
	CHECK_OK(principal_load(db, "or-1", "us-1", &who));
	assert_int_equal(who->n_groups, 0);
	principal_unref(who);
}

static void a_pinned_certificate_of_two_apps_is_nobodys(void **state)
{
	struct app_row one, two, found;

	make_app("app", "one", &one);
	CHECK_OK(app_row_of_proof(db, HF_SPAN(one.proof, sizeof(one.proof)), &found));
	assert_string_equal(found.id, one.id);
	make_app("app", "two", &two);
	CHECK_CODE(app_row_of_proof(db, HF_SPAN(one.proof, sizeof(one.proof)), &found),
	           HF_NOTFOUND);
}

static void sessions_are_extended_forward_only_and_end_with_their_owner(void **state)
{
	struct session_row row = { .id = "se-1",
		                   .org_id = "or-1",
		                   .identity_id = "us-1",
		                   .created_ms = NOW,
		                   .expires_ms = NOW + 1000,
		                   .idle_ms = 1000,
		                   .is_bound = true,
		                   .hash = { 1 },
		                   .bound = { 2 } };
	struct hf_span hash = HF_SPAN(row.hash, sizeof(row.hash));
	struct session_row found;

	CHECK_OK(session_row_insert(db, &row));
	CHECK_OK(session_row_extend(db, hash, NOW + 3000));
	CHECK_OK(session_row_extend(db, hash, NOW + 2000));
	CHECK_OK(session_row_get(db, hash, &found));
	assert_int_equal(found.expires_ms, NOW + 3000);
	CHECK(found.is_bound && found.bound[0] == 2);
	CHECK_OK(session_rows_forget(db, NOW + 2999));
	CHECK_OK(session_row_get(db, hash, &found));
	CHECK_OK(session_rows_delete_of(db, "us-2"));
	CHECK_OK(session_row_get(db, hash, &found));
	CHECK_OK(session_rows_delete_of(db, "us-1"));
	CHECK_CODE(session_row_get(db, hash, &found), HF_NOTFOUND);
	CHECK_OK(session_row_insert(db, &row));
	CHECK_OK(session_rows_forget(db, NOW + 1001));
	CHECK_CODE(session_row_get(db, hash, &found), HF_NOTFOUND);
}

static void a_session_is_not_extended_beyond_its_end(void **state)
{
	struct session_row row = { .id = "se-2",
		                   .org_id = "or-1",
		                   .identity_id = "us-1",
		                   .created_ms = NOW,
		                   .expires_ms = NOW + 1000,
		                   .idle_ms = 1000,
		                   .hash = { 3 },
		                   .ends_ms = NOW + 2000 };
	struct hf_span hash = HF_SPAN(row.hash, sizeof(row.hash));
	struct session_row found;

	CHECK_OK(session_row_insert(db, &row));
	CHECK_OK(session_row_extend(db, hash, NOW + 2000));
	CHECK_OK(session_row_extend(db, hash, NOW + 2001));
	CHECK_OK(session_row_get(db, hash, &found));
	assert_int_equal(found.expires_ms, NOW + 2000);
	assert_int_equal(found.ends_ms, NOW + 2000);
	CHECK(!found.factor_ms && !found.unlocked_ms && !found.is_bound);
}

static void sessions_of_an_old_secret_end_with_it_however_they_are_used(void **state)
{
	struct session_row row = { .id = "se-1",
		                   .org_id = "or-1",
		                   .identity_id = "us-1",
		                   .expires_ms = NOW + 1000,
		                   .idle_ms = 600 };
	struct hf_span hash = HF_SPAN(row.hash, sizeof(row.hash));
	struct session_row found;

	memset(row.hash, 1, sizeof(row.hash));
	CHECK_OK(session_row_insert(db, &row));
	CHECK_OK(session_rows_delete_previous(db, "us-1"));
	CHECK_OK(session_rows_end(db, "us-1", NOW + 500));
	CHECK_OK(session_row_get(db, hash, &found));
	assert_int_equal(found.expires_ms, NOW + 500);
	CHECK_OK(session_row_extend(db, hash, NOW + 3000));
	CHECK_OK(session_row_get(db, hash, &found));
	assert_int_equal(found.expires_ms, NOW + 500);
	assert_int_equal(found.ends_ms, NOW + 500);
	CHECK_OK(session_rows_end(db, "us-1", NOW + 9000));
	CHECK_CODE(session_row_get(db, hash, &found), HF_NOTFOUND);
}

static hf_status no_policies(void *ctx, const struct account_policy_row *row)
{
	fail_msg("the account has policies");
	return HF_SUCCESS;
}

static void put_policy(const char *json)
{
	const struct account_policy_row row = { .approval = json };

	CHECK_OK(account_policies_put(db, "or-1", &row, NOW));
}

static void an_accounts_policies_stand_beside_its_settings(void **state)
{
	HF_BUF_SCOPED struct hf_buf settings = HF_BUF(64);

	CHECK_OK(account_policies_get(db, "or-1", no_policies, NULL));
	put_policy("{}");
	CHECK_OK(account_settings_put(db, "or-1", "{\"a\":1}", NOW));
	put_policy(NULL);
	CHECK_OK(account_settings_get(db, "or-1", &settings));
	CHECK(hf_span_is(hf_buf_span(&settings), "{\"a\":1}"));
	CHECK_OK(account_policies_get(db, "or-1", no_policies, NULL));
}

/* {"policy": so many of these} of the account, whose id is one as they are made. */
static hf_status meets(const char *org, unsigned n, const char *const *ids, size_t n_ids)
{
	HF_BUF_SCOPED struct hf_buf json = HF_BUF(4096);
	struct account_policy_row row;
	struct hf_err err;
	char uuid[HF_UUID_MAX];

	hf_buf_printf(&json, "{\"policy\":{\"quorum\":{\"n\":%u,\"members\":[", n);
	for (size_t i = 0; i < n_ids; i++) {
		CHECK_OK(hf_uuid_of_id(ids[i], uuid));
		hf_buf_printf(&json, "%s{\"user\":\"%s\"}", i ? "," : "", uuid);
	}
	hf_buf_printf(&json, "]}}}%c", 0);
	row = (struct account_policy_row){ .approval = (const char *)json.ptr };
	CHECK_OK(account_policies_put(db, org, &row, NOW));
	return quorum_reach_account(db, org, &err);
}

static void a_policy_can_be_met_by_members_who_can_log_in_besides_who_asks(void **state)
{
	char org[HF_ID_MAX], boss[HF_ID_MAX], ann[HF_ID_MAX], bob[HF_ID_MAX], gone[HF_ID_MAX];
	const char *const members[] = { boss, ann, bob }, *const others[] = { ann, gone };
	struct member_row user;

	hf_id_new("or", org);
	hf_id_new("us", boss);
	hf_id_new("us", ann);
	hf_id_new("us", bob);
	hf_id_new("us", gone);
	CHECK_OK(org_row_insert(db, org, "Third", NOW));
	make_user(boss, org, "boss@b.example", ACCOUNT_ADMINISTRATOR);
	make_user(ann, org, "ann@b.example", ACCOUNT_MEMBER);
	make_user(bob, org, "bob@b.example", ACCOUNT_MEMBER);
	CHECK_OK(quorum_reach_account(db, org, NULL));
	CHECK_CODE(meets(org, 1, members, 1), HF_STATE); /* he asks */
	CHECK_CODE(meets(org, 3, members, 3), HF_STATE);
	CHECK_CODE(meets(org, 2, others, 2), HF_STATE);
	CHECK_OK(meets(org, 1, others, 2));
	CHECK_OK(meets(org, 2, members, 3));
	CHECK_OK(member_row_get(db, org, bob, &user));
	user.roles = ACCOUNT_ADMINISTRATOR; /* may ask, in place of the other */
	CHECK_OK(member_row_update(db, &user));
	CHECK_OK(meets(org, 1, members, 1));
	user.enabled = false;
	CHECK_OK(member_row_update(db, &user));
	CHECK_CODE(meets(org, 1, members, 1), HF_STATE);
	CHECK_CODE(meets(org, 2, members, 3), HF_STATE);
}

static void an_old_secret_is_forgotten_after_its_time(void **state)
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(64);
	struct app_row app, found;

	make_app("app", "payments", &app);
	CHECK_CODE(app_previous_get(db, app.id, &sealed), HF_NOTFOUND);
	CHECK_OK(app_previous_put(db, app.id, NOW + 10));
	memset(app.proof, 8, sizeof(app.proof));
	CHECK_OK(app_credential_put(db, &app, HF_SPAN("another", 7)));
	CHECK_OK(app_previous_forget(db, NOW + 10));
	CHECK_OK(app_row_get(db, "or-1", app.id, &found));
	assert_int_equal(found.previous_until_ms, NOW + 10);
	CHECK(found.previous_proof[0] == 7 && found.proof[0] == 8);
	CHECK_OK(app_previous_get(db, app.id, &sealed));
	CHECK(hf_span_is(hf_buf_span(&sealed), "sealed"));
	CHECK_OK(app_previous_forget(db, NOW + 11));
	CHECK_CODE(app_previous_get(db, app.id, &sealed), HF_NOTFOUND);
}

static hf_status count(void *ctx, const struct app_row *row)
{
	++*(int *)ctx;
	return HF_SUCCESS;
}

static void apps_are_listed_by_account_group_and_page(void **state)
{
	struct app_row one, two;
	int n = 0;

	make_app("app", "one", &one);
	make_app("app", "two", &two);
	CHECK_OK(app_group_row_put(db, two.id, GROUP_A, 1));
	CHECK_OK(app_rows_list(db, "or-1", NULL, "", 10, count, &n));
	assert_int_equal(n, 2);
	CHECK_OK(app_rows_list(db, "or-1", NULL, one.id, 10, count, &n));
	assert_int_equal(n, 3);
	CHECK_OK(app_rows_list(db, "or-1", GROUP_A, "", 10, count, &n));
	assert_int_equal(n, 4);
	CHECK_OK(app_rows_list(db, "or-2", NULL, "", 10, count, &n));
	assert_int_equal(n, 4);
	CHECK_OK(app_row_find(db, "or-1", "two", &one));
	assert_string_equal(one.id, two.id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(apps_are_no_users_and_no_service_accounts),
		TEST(an_apps_principal_has_its_groups_in_order_and_ends_with_it),
		TEST(a_users_principal_has_his_roles_and_ends_when_he_is_disabled),
		TEST(an_address_in_several_accounts_is_nobodys),
		TEST(other_administrators_are_those_who_can_log_in),
		TEST(a_group_that_goes_takes_memberships_along),
		TEST(a_pinned_certificate_of_two_apps_is_nobodys),
		TEST(sessions_are_extended_forward_only_and_end_with_their_owner),
		TEST(a_session_is_not_extended_beyond_its_end),
		TEST(sessions_of_an_old_secret_end_with_it_however_they_are_used),
		TEST(an_old_secret_is_forgotten_after_its_time),
		TEST(an_accounts_policies_stand_beside_its_settings),
		TEST(a_policy_can_be_met_by_members_who_can_log_in_besides_who_asks),
		TEST(apps_are_listed_by_account_group_and_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
