/* SPDX-License-Identifier: Apache-2.0
 * What stands in the audit log after a request. */
#include "api_fixture.h"

#include "proof/action.h"

#define K1 "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\"}"
#define HASH                                                                                       \
	"{\"kind\":\"Hash\",\"hash\":"                                                             \
	"\"0x1122334455667788990011223344556677889900112233445566778899001122\"}"

static struct db *db;
static struct json_t *entry; /* the one looked at last */

static int setup(void **state)
{
	int failed = api_setup(state);

	db = tempdb_open(&fx.temp);
	return failed;
}

static int teardown(void **state)
{
	json_done(hf_take(entry));
	db_close(db);
	return api_teardown(state);
}

static int64_t count(const char *what)
{
	static const char entries[] = "SELECT COUNT(*) FROM audit_log",
	                  waiting[] = "SELECT COUNT(*) FROM audit_waiting";
	DB_STMT st = NULL;
	bool row = false;

	CHECK_OK(db_query(db, strcmp(what, "entries") == 0 ? entries : waiting, &st));
	CHECK_OK(db_step(st, &row));
	return db_col_int(st, 0);
}

/* The nth entry, from 0. */
static void look(int n)
{
	DB_STMT st = NULL;
	bool row = false;

	CHECK_OK(db_query(db, "SELECT entry FROM audit_log ORDER BY id LIMIT 1 OFFSET $1", &st));
	db_bind_int(st, 1, n);
	CHECK_OK(db_step(st, &row));
	if (!row)
		fail_msg("there is no entry %d", n);
	json_done(hf_take(entry));
	CHECK_OK(json_parse(hf_span_text(db_col_text(st, 0)), AUDIT_ENTRY_MAX, &entry, NULL));
}

static void has(const char *name, const char *value)
{
	const char *is = json_member_text(entry, name);

	if (!is || strcmp(is, value) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", name, is ? is : "(none)", value);
}

static void what_was_done_is_entered_with_its_proof(void **state)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(8192);
	char key[HF_ID_MAX];
	struct action_proof proof;

	signed_request("POST", "/keys", K1);
	CHECK(got.status == 200);
	snprintf(key, sizeof(key), "%s", member("id"));
	look(0);
	has("operation", "Keys:Create");
	has("outcome", "Accepted");
	has("subjectId", key);
	has("identityId", fx.account.identity_id);
	has("orgId", fx.account.org_id);
	has("credentialId", fx.account.credential_id);
	has("method", "POST");
	has("path", "/keys");
	has("address", "127.0.0.1");
	CHECK(strlen(json_member_text(entry, "bodyHash")) == 43);
	CHECK_OK(hf_unbase64(hf_span_text(json_member_text(entry, "proof")), &bytes));
	CHECK_OK(action_proof_decode(hf_buf_span(&bytes), &proof));
	assert_string_equal(proof.credential_id, fx.account.credential_id);
	look(1);
	has("operation", "Hsm:Generate");
	has("outcome", "Made");
	has("name", "soft driver");
	has("subjectId", key);
	CHECK(count("entries") == 2);
	CHECK(count("waiting") == 2);
}

/* The path names nothing. */
static void what_was_made_is_named(void **state)
{
	char id[HF_ID_MAX];

	signed_request("POST", "/v2/policies",
	               "{\"name\":\"p\",\"activityKind\":\"Wallets:Sign\",\"rule\":{\"kind\":"
	               "\"AlwaysTrigger\"},\"action\":{\"kind\":\"NoAction\"}}");
	CHECK(got.status == 200);
	snprintf(id, sizeof(id), "%s", member("id"));
	look(0);
	has("operation", "Policies:Create");
	has("subjectId", id);
}

static void an_entry_is_canonical_json(void **state)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(AUDIT_ENTRY_MAX);
	DB_STMT st = NULL;
	bool row = false;

	signed_request("POST", "/keys", K1);
	look(0);
	CHECK_OK(json_canonical(entry, &again));
	CHECK_OK(db_query(db, "SELECT entry FROM audit_log ORDER BY id LIMIT 1", &st));
	CHECK_OK(db_step(st, &row));
	CHECK(hf_span_is(hf_buf_span(&again), db_col_text(st, 0)));
}

static void a_signature_has_two_entries(void **state)
{
	char path[128], id[HF_ID_MAX];

	signed_request("POST", "/keys", K1);
	snprintf(path, sizeof(path), "/keys/%s/signatures", member("id"));
	signed_request("POST", path, HASH);
	CHECK(got.status == 200);
	snprintf(id, sizeof(id), "%s", member("id"));
	look(2);
	has("operation", "Keys:Signatures:Create");
	has("subjectId", id);
	look(3);
	has("operation", "Hsm:Sign");
	has("outcome", "Signed");
	has("subjectId", id);
}

static void what_an_hsm_refused_is_entered_with_its_reason(void **state)
{
	fx.mood = HSM_REFUSES;
	signed_request("POST", "/keys", K1);
	look(1);
	has("outcome", "Failed");
	has("reason", "CKR_KEY_NOT_WRAPPABLE: allow resident keys");
}

static void a_refusal_is_entered_before_its_answer(void **state)
{
	send_with(fx.account.token, "POST", "/keys", K1, NULL);
	CHECK(got.status == 403);
	look(0);
	has("outcome", "Denied");
	has("operation", "Keys:Create");
	has("identityId", fx.account.identity_id);
	has("reason", member("error.message"));
	CHECK(json_value_int(json_member(entry, "status")) == 403);
	CHECK(!json_member(entry, "proof"));
}

static void a_request_that_is_malformed_is_entered_with_the_proof_that_it_had(void **state)
{
	signed_request("POST", "/keys", "{\"scheme\":\"Rhubarb\"}");
	CHECK(got.status == 400);
	look(0);
	has("outcome", "Failed");
	CHECK(json_member_text(entry, "proof"));
	CHECK(count("entries") == 1);
}

static void what_is_only_read_is_not_entered(void **state)
{
	CHECK(get("/keys") == 200 && items() == 0);
	CHECK(get("/keys/key-01k9h-x3v7q-8m2c4d6e8f0g1h2j") == 404);
	CHECK(count("entries") == 0);
}

/* A JSON string that holds CSV. */
static void the_official_calls_are_served_from_it(void **state)
{
	char id[HF_ID_MAX], target[160], *at;

	signed_request("POST", "/keys", K1);
	send_with(fx.account.token, "GET", "/auth/action/logs?startTime=2026-01-01T00:00:00.000Z",
	          NULL, NULL);
	CHECK(got.status == 400);
	CHECK(get("/auth/action/"
	          "logs?startTime=2026-01-01T00:00:00Z&endTime=2026-01-09T00:00:00Z") == 400);
	look(0);
	snprintf(id, sizeof(id), "%s", json_member_text(entry, "id"));
	snprintf(target, sizeof(target), "/auth/action/logs/%s", id);
	CHECK(get(target) == 200);
	assert_string_equal(member("action"), "Keys:Create");
	assert_string_equal(member("userId"), fx.account.identity_id);
	assert_string_equal(member("firstFactorCredential.id"), fx.account.credential_id);
	assert_string_equal(member("firstFactorCredential.kind"), "Key");
	CHECK(strstr(member("firstFactorCredential.publicKey"), "BEGIN PUBLIC KEY"));
	CHECK(strlen(member("firstFactorCredential.assertion.signature")) == 86);
	CHECK(get("/auth/action/logs/uj-01k9h-x3v7q-8m2c4d6e8f0g1h2j") == 404);
	at = strstr(got.body, "audit log not found");
	CHECK(at != NULL);
}

static void who_reads_the_log_is_entered_too(void **state)
{
	char target[160];

	signed_request("POST", "/keys", K1);
	look(0);
	snprintf(target, sizeof(target), "/auth/action/logs/%s", json_member_text(entry, "id"));
	CHECK(get(target) == 200);
	look(2);
	has("operation", "Auth:Logs:Read");
	has("outcome", "Accepted");
}

static void callers_that_nobody_knows_are_counted(void **state)
{
	send_with(NULL, "POST", "/keys", K1, NULL);
	CHECK(got.status == 401);
	send_with("no token", "POST", "/keys", K1, NULL);
	CHECK(got.status == 401);
	CHECK(count("entries") == 0);
	CHECK(hf_counted(&audit_counts(fx.core.audit)->unknown_callers) == 2);
}

static void the_database_itself_refuses_to_change_or_remove_an_entry(void **state)
{
	static const char *const attempts[] = {
		"UPDATE audit_log SET entry = '{}'",
		"UPDATE audit_log SET happened_at = 0",
		"DELETE FROM audit_log",
	};

	signed_request("POST", "/keys", K1);
	for (size_t i = 0; i < HF_COUNT(attempts); i++) {
		CHECK_OK(db_begin(db));
		CHECK(!hf_ok(db_exec(db, attempts[i])));
		db_rollback(db);
	}
	CHECK(count("entries") == 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(what_was_done_is_entered_with_its_proof),
		T(what_was_made_is_named),
		T(an_entry_is_canonical_json),
		T(a_signature_has_two_entries),
		T(what_an_hsm_refused_is_entered_with_its_reason),
		T(a_refusal_is_entered_before_its_answer),
		T(a_request_that_is_malformed_is_entered_with_the_proof_that_it_had),
		T(what_is_only_read_is_not_entered),
		T(the_official_calls_are_served_from_it),
		T(who_reads_the_log_is_entered_too),
		T(callers_that_nobody_knows_are_counted),
		T(the_database_itself_refuses_to_change_or_remove_an_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
