/* SPDX-License-Identifier: Apache-2.0 */
#include "../db/tempdb.h"
#include "check.h"

#include "base/log.h"
#include "proof/evidence.h"
#include "server/core/queue/evidence.h"
#include "server/store/migrations.h"

#include <string.h>

static struct tempdb temp;
static struct db *db;
static struct hf_buf bytes;
static struct evidence told;

/* With two blobs, $1 and $2. */
static void put(const char *sql, struct hf_span one, struct hf_span two)
{
	DB_STMT st = NULL;

	CHECK_OK(db_query(db, sql, &st));
	db_bind_blob(st, 1, one);
	db_bind_blob(st, 2, two);
	CHECK_OK(db_run(st, NULL));
}

static void put_text(const char *sql, const char *body, const char *proof)
{
	put(sql, hf_span_text(body), hf_span_text(proof));
}

#define SIGNATURE(id, more, values)                                                                \
	"INSERT INTO signatures (id, org_id, key_id, requester_id, kind, body, body_hash, proof,"  \
	" status, date_requested" more ") VALUES ('" id "', 'or-1', 'key-1', 'us-1', 'Hash', $1,"  \
	" $2, $2, 'Executing', 0" values ")"
#define JOB(id, subject, subject_id)                                                               \
	"INSERT INTO jobs (id, store_id, state, attempts, created_at, subject, subject_id, op)"    \
	" VALUES (" id ", 'st-1', 0, 0, 0, " subject ", '" subject_id "', $1)"
#define DECISION(who, value, at)                                                                   \
	"INSERT INTO approval_decisions (approval_id, identity_id, value, decided_at, body, "      \
	"proof)"                                                                                   \
	" VALUES ('ap-1', '" who "', '" value "', " at ", $1, $2)"

static void job(const char *sql)
{
	DB_STMT st = NULL;

	CHECK_OK(db_query(db, sql, &st));
	db_bind_blob(st, 1, hf_span_text("op"));
	CHECK_OK(db_run(st, NULL));
}

static int set_up(void **state)
{
	struct db_config config;

	hf_log_setup("test", HF_LOG_ERROR, HF_LOG_TEXT);
	tempdb_make(&temp);
	config = tempdb_config(&temp);
	CHECK_OK(db_open(&config, &db, NULL));
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(db_exec(db,
	                 "INSERT INTO orgs (id, name, created_at) VALUES ('or-1', 'o', 0);"
	                 "INSERT INTO key_stores (id, org_id, name, kind, is_primary, created_at)"
	                 " VALUES ('st-1', 'or-1', 's', 'Hsm', 1, 0);"
	                 "INSERT INTO approvals (id, seq, org_id, activity_kind, subject_id,"
	                 " initiator_id, status, evaluations, approval_groups, created_at,"
	                 " updated_at) VALUES ('ap-1', '1', 'or-1', 'Wallets:Sign', 's', 'us-1',"
	                 " 'Approved', '', '', 0, 0)"));
	put_text("INSERT INTO keys (id, org_id, store_id, scheme, curve, key_type, public_key,"
	         " status, created_by, date_created, proof) VALUES ('key-1', 'or-1', 'st-1',"
	         " 'ECDSA', 'secp256k1', 1, $1, 'Active', 'us-1', 0, $2)",
	         "public", "proof");
	bytes = HF_BUF(2 * EVIDENCE_MAX);
	return 0;
}

static int tear_down(void **state)
{
	hf_buf_done(&bytes);
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static void load(uint64_t number)
{
	CHECK_OK(job_evidence_load(NULL, db, number, &bytes));
	CHECK_OK(evidence_decode(hf_buf_span(&bytes), &told));
}

static void a_request_on_a_key_is_told_with_its_body_and_proof(void **state)
{
	put_text(SIGNATURE("sig-1", ", network", ", 'Ethereum'"), "the body", "the proof");
	job(JOB("1", "2", "sig-1"));
	load(1);
	CHECK(hf_span_is(told.body, "the body") && hf_span_is(told.proof, "the proof"));
	CHECK(!told.wallet_id[0] && !told.network[0] && told.n_approvals == 0);
}

static void a_request_on_a_wallet_is_told_with_wallet_network_and_those_who_approved(void **state)
{
	put_text(SIGNATURE("sig-1", ", wallet_id, network, approval_id",
	                   ", 'wa-1', 'Ethereum', 'ap-1'"),
	         "body", "proof");
	put_text(DECISION("us-3", "Approved", "20"), "second", "proof 2");
	put_text(DECISION("us-2", "Approved", "10"), "first", "proof 1");
	put_text(DECISION("us-4", "Denied", "5"), "no", "proof 0");
	job(JOB("1", "3", "sig-1"));
	load(1);
	assert_string_equal(told.wallet_id, "wa-1");
	assert_string_equal(told.network, "Ethereum");
	CHECK(told.n_approvals == 2);
	CHECK(hf_span_is(told.approvals[0].body, "first"));
	CHECK(hf_span_is(told.approvals[0].proof, "proof 1"));
	CHECK(hf_span_is(told.approvals[1].body, "second"));
}

static void a_checkpoint_is_told_as_its_text_without_a_proof(void **state)
{
	put_text("INSERT INTO audit_checkpoints (org_id, size, id, root, created_at, note, key_id,"
	         " signature) VALUES ('or-1', 1, 'ck-1', $1, 0, 'the note', 'key-2', $2)",
	         "root", "");
	job(JOB("1", "5", "ck-1"));
	load(1);
	CHECK(hf_span_is(told.body, "the note") && told.proof.len == 0);
}

static void of_a_key_to_be_made_there_is_nothing_to_tell(void **state)
{
	job(JOB("1", "1", "key-1"));
	CHECK_OK(job_evidence_load(NULL, db, 1, &bytes));
	CHECK(bytes.len == 0);
}

/* The job is dealt all the same; the driver refuses it. */
static void what_is_too_much_to_tell_is_left_out(void **state)
{
	HF_FREE uint8_t *big = calloc(1, PAYLOAD_MAX + 1);

	put(SIGNATURE("sig-1", "", ""), HF_SPAN(big, PAYLOAD_MAX + 1), hf_span_text("proof"));
	job(JOB("1", "2", "sig-1"));
	CHECK_OK(job_evidence_load(NULL, db, 1, &bytes));
	CHECK(bytes.len == 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_request_on_a_key_is_told_with_its_body_and_proof),
		TEST(a_request_on_a_wallet_is_told_with_wallet_network_and_those_who_approved),
		TEST(a_checkpoint_is_told_as_its_text_without_a_proof),
		TEST(of_a_key_to_be_made_there_is_nothing_to_tell),
		TEST(what_is_too_much_to_tell_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
