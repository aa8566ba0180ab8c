/* SPDX-License-Identifier: Apache-2.0
 * Requests that a group's quorum has to approve: who may, when it is enough, and that it is carried
 * out once. */
#include "../db/tempdb.h"

#include "crypto/aead.h"
#include "server/core/access/approvals.h"
#include "server/core/access/quorum_factors.h"
#include "server/store/group_rows.h"
#include "server/store/identity_rows.h"
#include "server/store/member_rows.h"
#include "server/store/mfa_rows.h"
#include "server/store/migrations.h"

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define GROUP "0199a1de-0000-7000-8000-000000000001"
#define ID(n) "us-00000-00000-000000000000000" #n
#define UUID(n) "00000000-0000-0000-0000-00000000000" #n
#define NOW INT64_C(1795217284000)

/* Two of: Ann (1), Bob (2), or both of Cec (3) and Dan (4), who show their passwords. */
static const char policy[] =
        "{\"quorum\":{\"n\":2,\"members\":[{\"user\":\"" UUID(1) "\"},{\"user\":\"" UUID(
                2) "\"},{\"quorum\":{\"n\":2,\"require_password\":true,\"members\":[{\"user\":"
                   "\"" UUID(3) "\"},{\"user\":\"" UUID(4) "\"}]}}]}}";

static struct tempdb temp;
static struct db *db;
static struct core core;
static struct hf_err err;

static struct principal ann, bob, cec, dan, eve;

static void is_user(struct principal *p, const char *id)
{
	*p = (struct principal){ .kind = PRINCIPAL_USER };
	snprintf(p->org_id, sizeof(p->org_id), "%s", ORG);
	snprintf(p->identity_id, sizeof(p->identity_id), "%s", id);
}

static void is_member(const struct principal *p, bool enabled)
{
	struct member_row row = { .enabled = enabled, .roles = ACCOUNT_MEMBER, .created_ms = NOW };

	snprintf(row.id, sizeof(row.id), "%s", p->identity_id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", ORG);
	if (member_row_insert(db, &row).code == HF_EXISTS)
		CHECK_OK(member_row_update(db, &row));
}

static void joins(const struct principal *p, const char *name)
{
	struct identity_row row = { .kind = KIND_USER, .active = true, .created_ms = NOW };

	snprintf(row.id, sizeof(row.id), "%s", p->identity_id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", ORG);
	snprintf(row.name, sizeof(row.name), "%s", name);
	CHECK_OK(identity_row_insert(db, &row));
	is_member(p, true);
}

static void put_group(const char *approval_policy, bool first)
{
	struct group_row row = { .approval_policy = approval_policy, .created_ms = NOW };

	snprintf(row.id, sizeof(row.id), "%s", GROUP);
	snprintf(row.org_id, sizeof(row.org_id), "%s", ORG);
	snprintf(row.name, sizeof(row.name), "cards");
	snprintf(row.created_by, sizeof(row.created_by), "us-1");
	if (first)
		CHECK_OK(group_row_insert(db, &row));
	else
		CHECK_OK(group_row_update(db, &row));
	groups_forget(core.groups, GROUP);
}

static int setup(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(org_row_insert(db, ORG, "Bank", 1));
	core = (struct core){ 0 };
	CHECK_OK(groups_new(&core.groups));
	CHECK_OK(hf_secret_new(AEAD_KEY_LEN, &core.secrets.storage_key));
	put_group(policy, true);
	is_user(&ann, ID(1));
	is_user(&bob, ID(2));
	is_user(&cec, ID(3));
	is_user(&dan, ID(4));
	is_user(&eve, ID(5));
	joins(&ann, "ann");
	joins(&bob, "bob");
	joins(&cec, "cec");
	joins(&dan, "dan");
	joins(&eve, "eve");
	return 0;
}

static int teardown(void **state)
{
	groups_free(core.groups);
	hf_secret_done(&core.secrets.storage_key);
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static void ask(const struct principal *who, char id[HF_UUID_MAX])
{
	GROUP_SCOPED struct group *group = NULL;
	struct approval_new new = {
		.who = who,
		.object_id = "",
		.method = "POST",
		.operation = "/crypto/v1/sign",
		.body = hf_span_text("{\"data\":\"AA==\"}"),
		.now_ms = NOW,
	};

	CHECK_OK(groups_load(core.groups, db, ORG, GROUP, &group, &err));
	new.group = group;
	CHECK_OK(approval_create(&core, db, &new, id, &err));
}

static enum hf_code approve(const struct principal *who, const char *id, bool password, bool *done)
{
	const struct approval_proofs shown = { .password = password };
	hf_status s;

	CHECK_OK(db_begin(db));
	s = approval_approve(&core, db, who, id, &shown, NOW, done, &err);
	if (hf_ok(s))
		CHECK_OK(db_commit(db, DB_RELAXED));
	else
		db_rollback(db);
	return s.code;
}

static void enough_different_people_have_to_approve(void **state)
{
	char id[HF_UUID_MAX];
	bool done = true;

	ask(&eve, id);
	CHECK(approve(&ann, id, false, &done) == HF_OK && !done);
	CHECK(approve(&ann, id, false, &done) == HF_OK && !done); /* twice is once */
	CHECK(approve(&bob, id, false, &done) == HF_OK && done);
	CHECK(approve(&cec, id, true, &done) == HF_STATE);
}

static void a_nested_quorum_counts_as_one_member(void **state)
{
	char id[HF_UUID_MAX];
	bool done = true;

	ask(&eve, id);
	CHECK(approve(&cec, id, true, &done) == HF_OK && !done);
	CHECK(approve(&ann, id, false, &done) == HF_OK && !done);
	CHECK(approve(&dan, id, true, &done) == HF_OK && done);
}

static void whom_the_policy_does_not_name_sees_nothing(void **state)
{
	struct principal other;
	char id[HF_UUID_MAX];
	bool done;

	is_user(&other, ID(9));
	ask(&eve, id);
	CHECK(approve(&other, id, false, &done) == HF_NOTFOUND);
	snprintf(ann.org_id, sizeof(ann.org_id), "or-00000-00000-0000000000000000");
	CHECK(approve(&ann, id, false, &done) == HF_NOTFOUND);
	is_user(&ann, ID(1));
}

static void nobody_approves_what_he_has_asked_for(void **state)
{
	char id[HF_UUID_MAX];
	bool done;

	ask(&ann, id);
	CHECK(approve(&ann, id, false, &done) == HF_DENIED);
}

static void a_password_is_wanted_where_the_policy_says_so(void **state)
{
	char id[HF_UUID_MAX];
	bool done;

	ask(&eve, id);
	CHECK(approve(&cec, id, false, &done) == HF_DENIED);
	assert_non_null(strstr(err.text, "password"));
	CHECK(approve(&cec, id, true, &done) == HF_OK);
}

static void a_second_factor_is_wanted_where_the_policy_says_so(void **state)
{
	const struct approval_proofs none = { 0 }, both = { .password = true, .factor = true };
	char id[HF_UUID_MAX];
	bool done;

	put_group("{\"quorum\":{\"n\":1,\"require_2fa\":true,\"members\":[{\"quorum\":{\"n\":1,"
	          "\"members\":[{\"user\":\"" UUID(1) "\"}]}}]}}",
	          false);
	ask(&eve, id);
	CHECK(approve(&ann, id, true, &done) == HF_DENIED);
	CHECK(strstr(err.text, "second factor"));
	CHECK_CODE(approval_approve(&core, db, &ann, id, &none, NOW, &done, &err), HF_DENIED);
	CHECK_OK(approval_approve(&core, db, &ann, id, &both, NOW, &done, &err));
	CHECK(done);
	put_group(policy, false);
}

static void who_has_no_second_factor_is_named(void **state)
{
	const char wants[] =
	        "{\"quorum\":{\"n\":1,\"require_2fa\":true,\"members\":[{\"user\":\"" UUID(
	                1) "\"},{\"user\":\"" UUID(2) "\"}]}}";
	struct mfa_device_row device = { .name = "key", .credential_id = "AA", .created_ms = NOW };
	HF_CLEANUP(quorum_policy_free_at) struct quorum_policy *p = NULL;

	hf_uuid_new(device.id);
	memcpy(device.identity_id, ann.identity_id, sizeof(ann.identity_id));
	CHECK_OK(mfa_device_row_insert(db, &device));
	CHECK_OK(quorum_policy_parse(hf_span_text(wants), &p, &err));
	CHECK_CODE(quorum_factors_check(db, ORG, p, &err), HF_STATE);
	CHECK(strstr(err.text, ": bob") && !strstr(err.text, "ann"));
	CHECK_OK(quorum_factors_unused(db, ORG, ann.identity_id, &err));
	put_group(wants, false);
	CHECK_CODE(quorum_factors_unused(db, ORG, ann.identity_id, &err), HF_STATE);
	CHECK_OK(quorum_factors_unused(db, ORG, cec.identity_id, &err));
	put_group(policy, false);
	CHECK_OK(mfa_rows_delete_of(db, ann.identity_id));
}

static void one_denial_ends_it(void **state)
{
	char id[HF_UUID_MAX];
	bool done;

	ask(&eve, id);
	CHECK(approve(&ann, id, false, &done) == HF_OK);
	CHECK_CODE(approval_deny(&core, db, &eve, id, "no", NOW, &err), HF_DENIED);
	CHECK_OK(approval_deny(&core, db, &bob, id, "no", NOW, &err));
	CHECK(approve(&dan, id, true, &done) == HF_STATE);
}

static void another_policy_wants_another_request(void **state)
{
	char id[HF_UUID_MAX];
	bool done;

	ask(&eve, id);
	put_group("{\"user\":\"" UUID(1) "\"}", false);
	CHECK(approve(&ann, id, false, &done) == HF_STATE);
	put_group(policy, false);
	CHECK(approve(&ann, id, false, &done) == HF_OK);
}

static void an_expired_request_is_not_there(void **state)
{
	char id[HF_UUID_MAX];
	bool done;

	ask(&eve, id);
	CHECK_CODE(approval_approve(&core, db, &ann, id, &(struct approval_proofs){ 0 },
	                            NOW + (APPROVAL_DAYS + 1) * INT64_C(86400000), &done, &err),
	           HF_NOTFOUND);
}

static void what_was_approved_is_carried_out_once(void **state)
{
	struct approval_run run = { 0 }, again = { 0 };
	char id[HF_UUID_MAX];
	bool done;

	ask(&eve, id);
	CHECK_CODE(approval_begin(&core, db, ORG, id, NOW, &run, &err), HF_STATE);
	CHECK(approve(&ann, id, false, &done) == HF_OK);
	CHECK(approve(&bob, id, false, &done) == HF_OK && done);
	CHECK_OK(approval_begin(&core, db, ORG, id, NOW, &run, &err));
	CHECK(hf_secret_equal(&run.body, "{\"data\":\"AA==\"}", 15));
	assert_string_equal(run.operation, "/crypto/v1/sign");
	assert_string_equal(run.requester, ID(5));
	CHECK_CODE(approval_begin(&core, db, ORG, id, NOW, &again, &err), HF_STATE);
	CHECK_OK(approval_finish(&core, db, id, 200, hf_span_text("{}")));
	CHECK_CODE(approval_finish(&core, db, id, 200, hf_span_text("{}")), HF_STATE);
	approval_run_done(&run);
}

static void what_was_approved_under_another_policy_is_not_begun(void **state)
{
	struct approval_run run = { 0 };
	char id[HF_UUID_MAX];
	bool done;

	ask(&eve, id);
	CHECK(approve(&ann, id, false, &done) == HF_OK);
	CHECK(approve(&bob, id, false, &done) == HF_OK && done);
	put_group("{\"user\":\"" UUID(3) "\"}", false);
	CHECK_OK(db_begin(db));
	CHECK_CODE(approval_begin(&core, db, ORG, id, NOW, &run, &err), HF_STATE);
	db_rollback(db);
	put_group(policy, false);
	CHECK_OK(approval_begin(&core, db, ORG, id, NOW, &run, &err));
	approval_run_done(&run);
}

static void who_has_left_or_is_disabled_does_not_count(void **state)
{
	char id[HF_UUID_MAX];
	bool done;

	ask(&eve, id);
	CHECK(approve(&ann, id, false, &done) == HF_OK);
	CHECK_OK(member_row_delete(db, ann.identity_id));
	CHECK(approve(&bob, id, false, &done) == HF_OK && !done);
	is_member(&ann, false);
	CHECK(approve(&bob, id, false, &done) == HF_OK && !done);
	is_member(&ann, true);
	CHECK_OK(quorum_decisions_forget(db, ann.identity_id));
	CHECK(approve(&bob, id, false, &done) == HF_OK && !done);
	CHECK(approve(&ann, id, false, &done) == HF_OK && done);
}

static void who_leaves_before_it_is_begun_does_not_count(void **state)
{
	struct approval_run run = { 0 };
	char id[HF_UUID_MAX];
	bool done;

	ask(&eve, id);
	CHECK(approve(&ann, id, false, &done) == HF_OK);
	CHECK(approve(&bob, id, false, &done) == HF_OK && done);
	is_member(&bob, false);
	CHECK_OK(db_begin(db));
	CHECK_CODE(approval_begin(&core, db, ORG, id, NOW, &run, &err), HF_STATE);
	CHECK(strstr(err.text, "has left"));
	db_rollback(db);
	is_member(&bob, true);
	CHECK_OK(approval_begin(&core, db, ORG, id, NOW, &run, &err));
	approval_run_done(&run);
}

static void a_body_is_no_clear_text_in_the_table(void **state)
{
	char id[HF_UUID_MAX];
	bool clear;
	DB_STMT st = NULL;

	ask(&eve, id);
	CHECK_OK(db_query(db, "SELECT body FROM quorum_requests WHERE id = $1", &st));
	db_bind_text(st, 1, id);
	CHECK_OK(db_step(st, &clear));
	struct hf_span body = db_col_blob(st, 0);

	CHECK(body.len > 0 && !memmem(body.ptr, body.len, "data", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enough_different_people_have_to_approve),
		cmocka_unit_test(a_nested_quorum_counts_as_one_member),
		cmocka_unit_test(whom_the_policy_does_not_name_sees_nothing),
		cmocka_unit_test(nobody_approves_what_he_has_asked_for),
		cmocka_unit_test(a_password_is_wanted_where_the_policy_says_so),
		cmocka_unit_test(a_second_factor_is_wanted_where_the_policy_says_so),
		cmocka_unit_test(who_has_no_second_factor_is_named),
		cmocka_unit_test(one_denial_ends_it),
		cmocka_unit_test(another_policy_wants_another_request),
		cmocka_unit_test(an_expired_request_is_not_there),
		cmocka_unit_test(what_was_approved_is_carried_out_once),
		cmocka_unit_test(what_was_approved_under_another_policy_is_not_begun),
		cmocka_unit_test(who_has_left_or_is_disabled_does_not_count),
		cmocka_unit_test(who_leaves_before_it_is_begun_does_not_count),
		cmocka_unit_test(a_body_is_no_clear_text_in_the_table),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
