/* SPDX-License-Identifier: Apache-2.0
 * Signature requests of every kind through the API: several inputs, what policies hold, external
 * ids over keys and wallets, restarts in between, and lists that are long. */
#include "api_fixture.h"

#include "crypto/digest.h"
#include "server/core/events/events.h"
#include "server/store/fill_rows.h"

#define HASH_OF "1122334455667788990011223344556677889900112233445566778899001122"
#define HASH "{\"kind\":\"Hash\",\"hash\":\"" HASH_OF "\"}"

/* EIP-155's own example, and what is signed of it. */
#define EIP155_UNSIGNED                                                                            \
	"ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080"     \
	"018080"
#define EIP155_DIGEST "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"

static void expect(int status, const char *message)
{
	if (got.status != status)
		fail_msg("%d instead of %d: %s", got.status, status, got.body);
	if (message && !strstr(member("error.message"), message))
		fail_msg("%s", got.body);
}

static struct wallet {
	char id[HF_ID_MAX], key[HF_ID_MAX], path[128];
} wallet;

static void new_wallet(const char *network)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"network\":\"%s\"}", network);
	signed_request("POST", "/wallets", body);
	expect(200, NULL);
	snprintf(wallet.id, sizeof(wallet.id), "%s", member("id"));
	snprintf(wallet.key, sizeof(wallet.key), "%s", member("signingKey.id"));
	snprintf(wallet.path, sizeof(wallet.path), "/wallets/%s/signatures", wallet.id);
}

static void sign(const char *body)
{
	signed_request("POST", wallet.path, body);
}

static const char *one(const char *id)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", wallet.path, id);
	return path;
}

/* `at`: "signature" or "signatures.1". */
static void check_signature(const char *at, int scheme, struct hf_span input)
{
	const struct soft_key *k = soft_key(wallet.key);
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(64);
	char path[64];

	snprintf(path, sizeof(path), "%s.r", at);
	CHECK_OK(hf_unhex(hf_span_text(member(path) + 2), &sig));
	snprintf(path, sizeof(path), "%s.s", at);
	CHECK_OK(hf_unhex(hf_span_text(member(path) + 2), &sig));
	CHECK_OK(signature_verify(k->type, HF_SPAN(k->public_key.bytes, k->public_key.len), scheme,
	                          HASH_NONE, input, hf_buf_span(&sig)));
}

static void a_transaction_comes_back_signed(void **state)
{
	HF_BUF_SCOPED struct hf_buf digest = HF_BUF(32);
	char id[HF_ID_MAX];

	new_wallet("Ethereum");
	sign("{\"kind\":\"Transaction\",\"transaction\":\"0x" EIP155_UNSIGNED "\"}");
	expect(200, NULL);
	assert_string_equal(member("status"), "Signed");
	assert_string_equal(member("walletId"), wallet.id);
	assert_string_equal(member("keyId"), wallet.key);
	assert_string_equal(member("network"), "Ethereum");
	CHECK_OK(hf_unhex(hf_span_text(EIP155_DIGEST), &digest));
	check_signature("signature", SIGN_ECDSA, hf_buf_span(&digest));
	CHECK(strlen(member("signature.encoded")) == 2 + 2 * 65);
	CHECK(strncmp(member("signature.encoded"), member("signature.r"), 66) == 0);
	/* the same fields, then v of EIP-155 (37 or 38), r and s (which RLP writes without leading
	 * zeros) */
	CHECK(strstr(member("signedData"), "880de0b6b3a76400008025") ||
	      strstr(member("signedData"), "880de0b6b3a76400008026"));
	snprintf(id, sizeof(id), "%s", member("id"));
	CHECK(get(one(id)) == 200);
	assert_string_equal(member("status"), "Signed");
	CHECK(strlen(member("signedData")) > 200);
	CHECK(get(wallet.path) == 200 && items() == 1);
	assert_string_equal(member("items.0.id"), id);
	assert_string_equal(member("keyId"), wallet.key);
}

static void a_key_signs_for_the_chain_that_the_body_names(void **state)
{
	static const char hello_world[] =
	        "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2";
	HF_BUF_SCOPED struct hf_buf digest = HF_BUF(32);
	char path[128];

	new_wallet("Ethereum");
	snprintf(path, sizeof(path), "/keys/%s/signatures", wallet.key);
	signed_request("POST", path,
	               "{\"kind\":\"Message\",\"blockchainKind\":\"Evm\",\"message\":"
	               "\"48656c6c6f20576f726c64\"}");
	expect(200, NULL);
	CHECK_OK(hf_unhex(hf_span_text(hello_world), &digest));
	check_signature("signature", SIGN_ECDSA, hf_buf_span(&digest));
	CHECK(!strstr(got.body, "walletId") && !strstr(got.body, "\"network\""));
	signed_request("POST", path,
	               "{\"kind\":\"Eip191\",\"network\":\"Polygon\",\"message\":"
	               "\"0x48656c6c6f20576f726c64\"}");
	expect(200, NULL);
	check_signature("signature", SIGN_ECDSA, hf_buf_span(&digest));
	assert_string_equal(member("network"), "Polygon");
	CHECK(get(path) == 200 && items() == 2); /* those of its wallets too */
}

static void a_wallet_signs_for_its_own_network_only(void **state)
{
	new_wallet("Ethereum");
	sign("{\"kind\":\"Message\",\"network\":\"Polygon\",\"message\":\"00\"}");
	expect(400, "the wallet is on network Ethereum");
	sign("{\"kind\":\"Message\",\"blockchainKind\":\"Solana\",\"message\":\"00\"}");
	expect(400, "the wallet's network Ethereum is of kind Evm");
	sign("{\"kind\":\"Psbt\",\"psbt\":\"00\"}");
	expect(400, "kind \"Psbt\" is not supported for chain Evm");
	sign("{\"kind\":\"Transaction\",\"transaction\":\"00\"}");
	expect(400, NULL);
	CHECK(sql("SELECT count(*) FROM signatures") == 0);
	CHECK(sql("SELECT count(*) FROM jobs") == 0);
}

/* A transaction with `n` inputs of the wallet's key, as a PSBT (BIP 174) in hex. */
static void put_psbt(unsigned n, struct hf_buf *to)
{
	static const uint8_t magic[] = { 'p', 's', 'b', 't', 0xff, 1, 0 };
	HF_BUF_SCOPED struct hf_buf tx = HF_BUF(4096), psbt = HF_BUF(8192);
	const struct soft_key *k = soft_key(wallet.key);
	uint8_t script[23] = { 22, 0, 20 }, zeros[32] = { 0 };

	CHECK_OK(hash160(HF_SPAN(k->public_key.bytes, k->public_key.len), script + 3));
	hf_buf_put(&tx, "\2\0\0\0", 4);
	hf_buf_u8(&tx, (uint8_t)n);
	for (unsigned i = 0; i < n; i++) {
		zeros[0] = (uint8_t)(i + 1);
		hf_buf_put(&tx, zeros, 32);
		hf_buf_put(&tx, "\0\0\0\0\0\xff\xff\xff\xff", 9);
	}
	hf_buf_put(&tx, "\1\x10\x27\0\0\0\0\0\0", 9);
	hf_buf_put(&tx, script, sizeof(script));
	hf_buf_put(&tx, "\0\0\0\0", 4);
	hf_buf_put(&psbt, magic, sizeof(magic));
	CHECK(tx.len < 253);
	hf_buf_u8(&psbt, (uint8_t)tx.len);
	hf_buf_put(&psbt, tx.ptr, tx.len);
	hf_buf_u8(&psbt, 0);
	for (unsigned i = 0; i < n; i++) {
		hf_buf_put(&psbt, "\1\1\x1f\x88\x13\0\0\0\0\0\0", 11);
		hf_buf_put(&psbt, script, sizeof(script));
		hf_buf_u8(&psbt, 0);
	}
	hf_buf_u8(&psbt, 0); /* of the output */
	hf_buf_hex(to, hf_buf_span(&psbt));
}

static const char *psbt_body(unsigned n)
{
	static char body[16384];
	HF_BUF_SCOPED struct hf_buf hex = HF_BUF(16000);

	put_psbt(n, &hex);
	snprintf(body, sizeof(body), "{\"kind\":\"Psbt\",\"psbt\":\"%.*s\"}", (int)hex.len,
	         (const char *)hex.ptr);
	return body;
}

static void check_several(unsigned n)
{
	JSON_SCOPED struct json_t *doc = NULL;
	const struct soft_key *k = soft_key(wallet.key);
	const struct chain_network *network;
	struct chain_request request;
	struct chain_plan plan = { 0 };
	char at[32], next[32];

	CHECK_OK(json_parse(hf_span_text(psbt_body(n)), 65536, &doc, NULL));
	CHECK_OK(chain_network_find("BitcoinTestnet3", &network, NULL));
	CHECK_OK(chain_request_read(doc, network, k->type,
	                            HF_SPAN(k->public_key.bytes, k->public_key.len), &request,
	                            NULL));
	CHECK_OK(chain_prepare(&request, &plan, NULL));
	CHECK(plan.n_inputs == n);
	for (unsigned i = 0; i < n; i++) {
		snprintf(at, sizeof(at), "signatures.%u", i);
		check_signature(at, SIGN_ECDSA, chain_plan_input(&plan, i));
		snprintf(at, sizeof(at), "signatures.%u.encoded", i);
		CHECK(strncmp(member(at), "0x30", 4) == 0);
	}
	snprintf(next, sizeof(next), "signatures.%u.r", n);
	CHECK(!*member(next) && !*member("signature.r"));
	CHECK(strncmp(member("signedData"), "0x70736274ff", 12) == 0);
	chain_plan_done(&plan);
}

static void each_input_of_a_psbt_is_signed(void **state)
{
	struct jobs_stats stats;

	new_wallet("BitcoinTestnet3");
	sign(psbt_body(3));
	expect(200, NULL);
	assert_string_equal(member("status"), "Signed");
	check_several(3);
	CHECK(fx.signed_count == 3);
	CHECK(sql("SELECT count(*) FROM jobs") == 0);
	sign(psbt_body(1));
	expect(200, NULL);
	check_several(1);
	jobs_stats(fx.core.jobs, &stats);
	CHECK(stats.added == 1 + 3 + 1 && stats.done == stats.added);
}

static void wait_until_signed(const char *id)
{
	for (int i = 0; i < 2000; i++) {
		CHECK(get(one(id)) == 200);
		if (strcmp(member("status"), "Executing") != 0)
			return;
		usleep(10 * 1000);
	}
}

static void a_restart_between_two_inputs_signs_each_once(void **state)
{
	char id[HF_ID_MAX];

	new_wallet("BitcoinTestnet3");
	fx.api->sign_wait_ms = 200;
	fx.mood = HSM_LEAVES;
	sign(psbt_body(2));
	expect(200, NULL);
	assert_string_equal(member("status"), "Executing");
	snprintf(id, sizeof(id), "%s", member("id"));
	for (int i = 0; i < 2000 && sql("SELECT count(*) FROM jobs") > 1; i++)
		usleep(10 * 1000);
	CHECK(sql("SELECT count(*) FROM jobs") == 1);
	CHECK(sql("SELECT length(parts) FROM signatures") > 64);
	api_stop();
	fx.mood = HSM_WELL;
	api_start();
	wait_until_signed(id);
	assert_string_equal(member("status"), "Signed");
	check_several(2);
	CHECK(fx.signed_count == 2);
}

static void a_lie_about_one_input_is_not_released(void **state)
{
	new_wallet("BitcoinTestnet3");
	fx.mood = HSM_LYING;
	sign(psbt_body(2));
	expect(200, NULL);
	assert_string_equal(member("status"), "Signed");
	check_several(2);
	CHECK(fx.signed_count == 3);
}

static void an_external_id_is_for_one_wallet_or_key(void **state)
{
	static const char body[] =
	        "{\"kind\":\"Hash\",\"hash\":\"" HASH_OF "\",\"externalId\":\"x\"}";
	char id[HF_ID_MAX], path[128];

	new_wallet("Ethereum");
	sign(body);
	expect(200, NULL);
	snprintf(id, sizeof(id), "%s", member("id"));
	sign(body);
	expect(200, NULL);
	assert_string_equal(member("id"), id);
	CHECK(*member("signature.encoded"));
	snprintf(path, sizeof(path), "/keys/%s/signatures", wallet.key);
	signed_request("POST", path, body);
	expect(409, "Conflicting signature request with same externalId");
	assert_string_equal(member("error.details.duplicate.id"), id);
	CHECK(fx.signed_count == 1);
}

/* What policies do, behind the server's back: the request waits for people. */
static void hold(char id[HF_ID_MAX], const char *body)
{
	fx.api->sign_wait_ms = 50;
	fx.mood = HSM_SILENT;
	sign(body);
	expect(200, NULL);
	snprintf(id, HF_ID_MAX, "%s", member("id"));
	sql("DELETE FROM jobs");
	sql("UPDATE signatures SET status = 'Pending', approval_id = 'ap-1'");
	fx.mood = HSM_WELL;
	fx.api->sign_wait_ms = 5000;
}

struct decision {
	struct db_task task; /* first */
	const char *id, *reject;
	hf_status s;
	sem_t done;
};

static hf_status decide_run(struct db_task *task, struct db *db)
{
	struct decision *d = (struct decision *)task;

	if (d->reject)
		return signature_reject(db, d->id, d->reject, 5000);
	return signature_release(fx.core.jobs, db, d->id, 5000);
}

static void decided(struct db_task *task, hf_status s)
{
	struct decision *d = (struct decision *)task;

	d->s = s;
	sem_post(&d->done);
}

static hf_status decide(const char *id, const char *reject)
{
	struct decision d = { .task = { .run = decide_run, .done = decided },
		              .id = id,
		              .reject = reject };

	sem_init(&d.done, 0, 0);
	CHECK_OK(db_work_submit(fx.core.writer, &d.task));
	sem_wait(&d.done);
	sem_destroy(&d.done);
	return d.s;
}

static void what_is_released_is_signed_once(void **state)
{
	char id[HF_ID_MAX];

	new_wallet("Ethereum");
	hold(id, "{\"kind\":\"Transaction\",\"transaction\":\"" EIP155_UNSIGNED
	         "\",\"externalId\":\"x\"}");
	CHECK(get(one(id)) == 200);
	assert_string_equal(member("status"), "Pending");
	assert_string_equal(member("approvalId"), "ap-1");
	sign("{\"kind\":\"Transaction\",\"transaction\":\"" EIP155_UNSIGNED
	     "\",\"externalId\":\"x\"}");
	expect(200, NULL); /* answered at once */
	assert_string_equal(member("status"), "Pending");
	CHECK_OK(decide(id, NULL));
	CHECK_CODE(decide(id, NULL), HF_STATE);
	CHECK_CODE(decide(id, "too late"), HF_STATE);
	wait_until_signed(id);
	assert_string_equal(member("status"), "Signed");
	CHECK(*member("signedData"));
	assert_string_equal(member("datePolicyResolved"), "1970-01-01T00:00:05.000Z");
	CHECK(fx.signed_count == 1);
}

static void what_is_rejected_stays_so(void **state)
{
	char id[HF_ID_MAX];

	new_wallet("Ethereum");
	hold(id, HASH);
	CHECK_OK(decide(id, "denied by us-1"));
	CHECK_CODE(decide(id, NULL), HF_STATE);
	CHECK(get(one(id)) == 200);
	assert_string_equal(member("status"), "Rejected");
	assert_string_equal(member("reason"), "denied by us-1");
	assert_string_equal(member("datePolicyResolved"), "1970-01-01T00:00:05.000Z");
	CHECK(fx.signed_count == 0);
	CHECK(sql("SELECT count(*) FROM jobs") == 0);
}

static void what_is_released_too_late_fails(void **state)
{
	char id[HF_ID_MAX], key[128];

	new_wallet("Ethereum");
	hold(id, HASH);
	snprintf(key, sizeof(key), "/keys/%s", wallet.key);
	signed_request("DELETE", key, "{}");
	expect(200, NULL);
	CHECK_OK(decide(id, NULL));
	CHECK(get(one(id)) == 200);
	assert_string_equal(member("status"), "Failed");
	CHECK(strstr(member("reason"), "is archived"));
}

/* A row that was moved to another key by hand. */
static void a_wallet_that_was_given_another_key_does_not_sign(void **state)
{
	char change[256];
	struct wallet first;

	new_wallet("Ethereum");
	first = wallet;
	new_wallet("Ethereum");
	sql("DELETE FROM wallets WHERE id <> (SELECT min(id) FROM wallets)");
	snprintf(change, sizeof(change), "UPDATE wallets SET key_id = '%s'", wallet.key);
	{
		DB_SCOPED struct db *db = tempdb_open(&fx.temp);

		CHECK_OK(db_exec(db, change));
	}
	wallet = first;
	sign(HASH);
	expect(500, "does not belong to its key");
	CHECK(fx.signed_count == 0);
}

static void events_tell_of_each_step(void **state)
{
	struct events_watch *watch;

	CHECK_OK(events_watch_new(&watch)); /* knows of nobody yet, so somebody may want to know */
	sql("INSERT INTO webhooks (id, org_id, url, events, status, secret, created_at, updated_at)"
	    " SELECT 'wh-1', id, 'https://example.com/', ',*,', 'Enabled', 'x', 1, 1 FROM orgs");
	new_wallet("Ethereum");
	sign("{\"kind\":\"Transaction\",\"transaction\":\"" EIP155_UNSIGNED "\"}");
	expect(200, NULL);
	sign(HASH);
	expect(200, NULL);
	fx.mood = HSM_REFUSES;
	sign(HASH);
	expect(200, NULL);
	fx.mood = HSM_WELL;
	CHECK(sql("SELECT count(*) FROM webhook_events WHERE kind = 'key.created'") == 1);
	CHECK(sql("SELECT count(*) FROM webhook_events WHERE kind = 'wallet.created'") == 1);
	CHECK(sql("SELECT count(*) FROM webhook_events"
	          " WHERE kind = 'wallet.signature.requested'") == 3);
	CHECK(sql("SELECT count(*) FROM webhook_events"
	          " WHERE kind = 'wallet.signature.signed'") == 2);
	CHECK(sql("SELECT count(*) FROM webhook_events"
	          " WHERE kind = 'wallet.signature.failed'") == 1);
	events_watch_free(watch);
}

/* The words of each line of a plan, one after another. */
static void explain(const char *sqlite, const char *postgres, struct hf_buf *to)
{
	DB_SCOPED struct db *db = tempdb_open(&fx.temp);
	DB_STMT st = NULL;
	bool row;

	CHECK_OK(db_query(db, db_dialect(db, sqlite, postgres), &st));
	for (;;) {
		CHECK_OK(db_step(st, &row));
		if (!row)
			break;
		hf_buf_text(to, db_col_text(st, fx.db.postgres_url ? 0 : 3));
		hf_buf_text(to, "\n");
	}
	hf_buf_u8(to, 0);
	CHECK_OK(hf_buf_status(to));
}

#define PAGE_OF(column)                                                                            \
	"SELECT * FROM signatures WHERE " column " = 'of' AND id < 'sig-00000-00000-1'"            \
	" ORDER BY id DESC LIMIT 51"
#define PAGE_OF_WALLETS                                                                            \
	"SELECT * FROM wallets w JOIN keys k ON k.id = w.key_id"                                   \
	" WHERE w.org_id = (SELECT min(id) FROM orgs)"                                             \
	" AND w.id < 'wa-00000-00000-1' AND w.status IN ('Active', 'Archived')"                    \
	" ORDER BY w.id DESC LIMIT 51"

/* A page is read off an index in its order, wherever in a list it stands: nothing is sorted. */
static void pages_are_read_in_the_order_of_an_index(void **state)
{
	static const char *const plans[][3] = {
		{ "EXPLAIN QUERY PLAN " PAGE_OF("key_id"), "EXPLAIN " PAGE_OF("key_id"),
		  "signatures_key" },
		{ "EXPLAIN QUERY PLAN " PAGE_OF("wallet_id"), "EXPLAIN " PAGE_OF("wallet_id"),
		  "signatures_wallet" },
		{ "EXPLAIN QUERY PLAN " PAGE_OF_WALLETS, "EXPLAIN " PAGE_OF_WALLETS,
		  "wallets_" /* …org, or, of one organisation only, …pkey */ },
	};
	const struct fill fill = {
		.org_id = fx.account.org_id,
		.store_id = fx.account.store_id,
		.hash = HF_SPAN(HASH_OF, 32),
	};
	DB_SCOPED struct db *db = tempdb_open(&fx.temp);

	CHECK_OK(fill_key_rows(db, &fill, 0, 5000));
	CHECK_OK(fill_signature_rows(db, &fill, 0, 20000));
	CHECK_OK(db_exec(db, "INSERT INTO wallets (id, org_id, key_id, network, status,"
	                     " created_by, date_created, proof)"
	                     " SELECT 'wa' || substr(id, 4), org_id, id, 'Ethereum', 'Active', '',"
	                     " 1, proof FROM keys"));
	CHECK_OK(db_exec(db, "ANALYZE"));
	for (size_t i = 0; i < HF_COUNT(plans); i++) {
		HF_BUF_SCOPED struct hf_buf plan = HF_BUF(8192);

		explain(plans[i][0], plans[i][1], &plan);
		if (!strstr((const char *)plan.ptr, plans[i][2]) ||
		    strstr((const char *)plan.ptr, "TEMP B-TREE") ||
		    strstr((const char *)plan.ptr, "Sort"))
			fail_msg("%s: %s", plans[i][2], (const char *)plan.ptr);
	}
}

/* Fifty times the largest request would be more than anybody wants in one reply. */
static void a_page_of_large_requests_ends_early(void **state)
{
	static const char sqlite[] =
	        "UPDATE signatures SET body = x'7b7d', signed_data = zeroblob(1000000)";
	static const char postgres[] = "UPDATE signatures SET body = decode('7b7d', 'hex'),"
	                               " signed_data = decode(repeat('00', 1000000), 'hex')";
	const struct fill fill = {
		.org_id = fx.account.org_id,
		.store_id = fx.account.store_id,
		.hash = HF_SPAN(HASH_OF, 32),
	};
	DB_SCOPED struct db *db = tempdb_open(&fx.temp);
	char key[HF_ID_MAX], path[600];
	size_t n;

	CHECK_OK(fill_key_rows(db, &fill, 0, 1));
	CHECK_OK(fill_signature_rows(db, &fill, 0, 12));
	CHECK_OK(db_exec(db, db_dialect(db, sqlite, postgres)));
	fill_id("key", 0, key);
	snprintf(path, sizeof(path), "/keys/%s/signatures", key);
	CHECK(get(path) == 200);
	n = items();
	CHECK(n > 1 && n < 12);
	snprintf(path, sizeof(path), "/keys/%s/signatures?paginationToken=%s", key,
	         member("nextPageToken"));
	CHECK(get(path) == 200);
	CHECK(n + items() == 12 && !*member("nextPageToken"));
}

int main(void)
{
#define API_TEST(fn) cmocka_unit_test_setup_teardown(fn, api_setup, api_teardown)
	const struct CMUnitTest tests[] = {
		API_TEST(a_transaction_comes_back_signed),
		API_TEST(a_key_signs_for_the_chain_that_the_body_names),
		API_TEST(a_wallet_signs_for_its_own_network_only),
		API_TEST(each_input_of_a_psbt_is_signed),
		API_TEST(a_restart_between_two_inputs_signs_each_once),
		API_TEST(a_lie_about_one_input_is_not_released),
		API_TEST(an_external_id_is_for_one_wallet_or_key),
		API_TEST(what_is_released_is_signed_once),
		API_TEST(what_is_rejected_stays_so),
		API_TEST(what_is_released_too_late_fails),
		API_TEST(a_wallet_that_was_given_another_key_does_not_sign),
		API_TEST(events_tell_of_each_step),
		API_TEST(pages_are_read_in_the_order_of_an_index),
		API_TEST(a_page_of_large_requests_ends_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
