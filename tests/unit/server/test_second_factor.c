/* SPDX-License-Identifier: Apache-2.0
 * Second factors of the Crypto API's users: challenges, devices, codes, and what browsers send. */
#include "../db/tempdb.h"

#include "server/core/access/second_factor.h"
#include "server/store/identity_rows.h"
#include "server/store/migrations.h"

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define ANN "us-00000-00000-0000000000000001"
#define BOB "us-00000-00000-0000000000000002"
#define NOW INT64_C(1795217284000)

static struct tempdb temp;
static struct db *db;
static struct hf_err err;

static void joins(const char *id, const char *name)
{
	struct identity_row row = { .kind = KIND_USER, .active = true, .created_ms = NOW };

	snprintf(row.id, sizeof(row.id), "%s", id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", ORG);
	snprintf(row.name, sizeof(row.name), "%s", name);
	CHECK_OK(identity_row_insert(db, &row));
}

static int setup(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(org_row_insert(db, ORG, "Bank", 1));
	joins(ANN, "ann");
	joins(BOB, "bob");
	return 0;
}

static int teardown(void **state)
{
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static enum hf_code take(const char *who, const char *purpose, const char *subject, int64_t at,
                         char to[MFA_CHALLENGE_MAX])
{
	return factor_challenge_take(db, who, purpose, subject, at, to).code;
}

static void a_challenge_is_for_one_person_purpose_and_subject_and_good_once(void **state)
{
	char first[MFA_CHALLENGE_MAX], second[MFA_CHALLENGE_MAX], got[MFA_CHALLENGE_MAX];

	CHECK_OK(factor_challenge(db, ANN, FACTOR_APPROVE, "r1", NOW, first));
	CHECK(take(BOB, FACTOR_APPROVE, "r1", NOW, got) == HF_NOTFOUND);
	CHECK(take(ANN, FACTOR_LOGIN, "r1", NOW, got) == HF_NOTFOUND);
	CHECK(take(ANN, FACTOR_APPROVE, "r2", NOW, got) == HF_NOTFOUND);
	CHECK(take(ANN, FACTOR_APPROVE, "r1", NOW + FACTOR_CHALLENGE_MS, got) == HF_NOTFOUND);
	CHECK_OK(factor_challenge(db, ANN, FACTOR_APPROVE, "r1", NOW, second));
	assert_string_not_equal(first, second);
	CHECK(take(ANN, FACTOR_APPROVE, "r1", NOW + FACTOR_CHALLENGE_MS - 1, got) == HF_OK);
	assert_string_equal(got, second);
	CHECK(take(ANN, FACTOR_APPROVE, "r1", NOW, got) == HF_NOTFOUND);
}

static void make_device(struct mfa_device_row *row, const char *name, const char *credential)
{
	*row = (struct mfa_device_row){ .counter = 0, .created_ms = NOW };
	hf_uuid_new(row->id);
	snprintf(row->identity_id, sizeof(row->identity_id), "%s", ANN);
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->credential_id, sizeof(row->credential_id), "%s", credential);
}

static void an_authenticator_counts_forward_only_unless_it_does_not_count(void **state)
{
	struct mfa_device_row row, other;

	make_device(&row, "key", "AA");
	CHECK_OK(mfa_device_row_insert(db, &row));
	make_device(&other, "key", "BB");
	CHECK_CODE(mfa_device_row_insert(db, &other), HF_EXISTS);
	make_device(&other, "another", "AA");
	CHECK_CODE(mfa_device_row_insert(db, &other), HF_EXISTS);
	CHECK_OK(factor_used(db, row.id, 0, NOW, &err));
	CHECK_OK(factor_used(db, row.id, 0, NOW, &err));
	CHECK_OK(factor_used(db, row.id, 5, NOW, &err));
	CHECK_CODE(factor_used(db, row.id, 5, NOW, &err), HF_DENIED);
	CHECK_CODE(factor_used(db, row.id, 0, NOW, &err), HF_DENIED);
	CHECK_CODE(mfa_device_row_find(db, BOB, "AA", &other), HF_NOTFOUND);
	CHECK_OK(mfa_device_row_find(db, ANN, "AA", &other));
	assert_int_equal(other.counter, 5);
	CHECK_OK(factor_clear(db, ANN));
	CHECK_CODE(mfa_device_row_find(db, ANN, "AA", &other), HF_NOTFOUND);
}

static void recovery_codes_are_good_once_for_their_owner_until_others_are_made(void **state)
{
	char codes[FACTOR_CODES][CODE_TEXT_MAX], others[FACTOR_CODES][CODE_TEXT_MAX];

	CHECK_OK(factor_codes_make(db, ORG, ANN, codes));
	CHECK_CODE(factor_code_use(db, BOB, codes[0], NOW, &err), HF_DENIED);
	CHECK_OK(factor_code_use(db, ANN, codes[0], NOW + INT64_C(86400000) * 36500, &err));
	CHECK_CODE(factor_code_use(db, ANN, codes[0], NOW, &err), HF_DENIED);
	CHECK_CODE(factor_code_use(db, ANN, "no code", NOW, &err), HF_DENIED);
	CHECK_OK(factor_codes_make(db, ORG, ANN, others));
	CHECK_CODE(factor_code_use(db, ANN, codes[1], NOW, &err), HF_DENIED);
	CHECK_OK(factor_code_use(db, ANN, others[9], NOW, &err));
}

static hf_status read_text(const char *json, bool new_device, struct factor_proof *to)
{
	JSON_SCOPED struct json_t *doc = NULL;

	CHECK_OK(json_parse(hf_span_text(json), 65536, &doc, &err));
	return factor_proof_read(doc, new_device, to, &err);
}

static void what_a_browser_sends_is_read_with_what_it_adds(void **state)
{
	HF_CLEANUP(factor_proof_done) struct factor_proof p = { 0 };

	CHECK_OK(read_text(
	        "{\"id\":\"AAE=\",\"rawId\":\"AAE\",\"type\":\"public-key\",\"response\":{"
	        "\"clientDataJSON\":\"e30\",\"authenticatorData\":\"AA\",\"signature\":"
	        "\"AQ\",\"userHandle\":null},\"clientExtensionResults\":{}}",
	        false, &p));
	assert_string_equal(p.credential_id, "AAE");
	CHECK(hf_span_is(hf_buf_span(&p.client_data), "{}") && p.data.len == 1);
}

static void what_lacks_something_or_is_no_base64_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"id\":\"AA\"}",
		"{\"id\":\"\",\"response\":{}}",
		"{\"id\":\"AA\",\"type\":\"password\",\"response\":{}}",
		"{\"id\":\"AA\",\"response\":{\"clientDataJSON\":\"e30\",\"authenticatorData\":"
		"\"AA\"}}",
		"{\"id\":\"AA\",\"response\":{\"clientDataJSON\":\"!\",\"authenticatorData\":"
		"\"AA\","
		"\"signature\":\"AA\"}}",
	};

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		struct factor_proof p;

		CHECK_CODE(read_text(bad[i], false, &p), HF_INVALID);
		factor_proof_done(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_is_for_one_person_purpose_and_subject_and_good_once),
		cmocka_unit_test(an_authenticator_counts_forward_only_unless_it_does_not_count),
		cmocka_unit_test(
		        recovery_codes_are_good_once_for_their_owner_until_others_are_made),
		cmocka_unit_test(what_a_browser_sends_is_read_with_what_it_adds),
		cmocka_unit_test(what_lacks_something_or_is_no_base64_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
