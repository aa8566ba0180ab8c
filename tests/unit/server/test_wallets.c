/* SPDX-License-Identifier: Apache-2.0
 * Wallets through the API: made, found, changed, tagged, archived. */
#include "api_fixture.h"

#include "proof/wallet_id.h"
#include "server/core/rights/permissions.h"
#include "server/store/wallet_rows.h"

#define K1 "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\"}"

static void expect(int status, const char *message)
{
	if (got.status != status)
		fail_msg("%d instead of %d: %s", got.status, status, got.body);
	if (message && !strstr(member("error.message"), message))
		fail_msg("%s", got.body);
}

static void post(const char *path, const char *body)
{
	signed_request("POST", path, body);
}

/* Lives until the call after the next. */
static const char *new_wallet(const char *body)
{
	static char ids[2][HF_ID_MAX];
	static int turn;
	char *id = ids[turn++ % 2];

	post("/wallets", body);
	expect(200, NULL);
	snprintf(id, HF_ID_MAX, "%s", member("id"));
	return id;
}

static const char *on(const char *id, const char *rest)
{
	static char paths[4][256];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "/wallets/%s%s", id, rest);
	return path;
}

static void a_wallet_is_made_with_a_key_for_its_network(void **state)
{
	char key[HF_ID_MAX], path[128];
	const char *id = new_wallet("{\"network\":\"EthereumSepolia\",\"name\":\"hot\","
	                            "\"externalId\":\"e 1\",\"tags\":[\"b\",\"a:1\",\"b\"]}");

	snprintf(key, sizeof(key), "%s", member("signingKey.id"));
	CHECK_OK(wallet_id_check(id, key, "EthereumSepolia"));
	CHECK(strlen(member("address")) == 42 && strncmp(member("address"), "0x", 2) == 0);
	assert_string_equal(member("signingKey.scheme"), "ECDSA");
	assert_string_equal(member("signingKey.curve"), "secp256k1");
	CHECK(strlen(member("signingKey.publicKey")) == 66);
	assert_string_equal(member("status"), "Active");
	assert_string_equal(member("name"), "hot");
	assert_string_equal(member("externalId"), "e 1");
	CHECK(strstr(got.body, "\"tags\":[\"a:1\",\"b\"]"));
	CHECK(strstr(got.body, "\"custodial\":true"));
	CHECK(get(on(id, "")) == 200);
	assert_string_equal(member("signingKey.id"), key);
	snprintf(path, sizeof(path), "/keys/%s", key);
	CHECK(get(path) == 200);
	assert_string_equal(member("wallets.0.id"), id);
	assert_string_equal(member("wallets.0.network"), "EthereumSepolia");
	CHECK(get("/wallets") == 200);
	CHECK(items() == 1);
	assert_string_equal(member("items.0.id"), id);
	CHECK(get("/wallets?owner=us-1") == 200 && items() == 0);
}

/* One key of each type, on every network that takes it. */
static void every_network_gives_wallets(void **state)
{
	char keys[2][HF_ID_MAX], body[256];
	size_t made = 0;

	post("/keys", K1);
	snprintf(keys[0], HF_ID_MAX, "%s", member("id"));
	post("/keys", "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\"}");
	snprintf(keys[1], HF_ID_MAX, "%s", member("id"));
	for (size_t i = 0; i < chain_network_count; i += i % 4 == 0 ? 1 : 2) {
		const struct chain_network *n = &chain_networks[i];
		bool ed = chain_default_key(n->chain) == KEY_ED25519;
		HF_BUF_SCOPED struct hf_buf address = HF_BUF(WALLET_ADDRESS_MAX);
		const struct soft_key *k = soft_key(keys[ed]);

		snprintf(body, sizeof(body), "{\"network\":\"%s\",\"signingKey\":{\"id\":\"%s\"}}",
		         n->name, keys[ed]);
		post("/wallets", body);
		expect(200, NULL);
		assert_string_equal(member("network"), n->name);
		CHECK_OK(chain_address(n, k->type, HF_SPAN(k->public_key.bytes, k->public_key.len),
		                       &address));
		CHECK(hf_span_is(hf_buf_span(&address), member("address")));
		made++;
	}
	CHECK(get("/wallets?limit=200") == 200 && items() == made);
}

static void a_key_has_one_wallet_on_a_network(void **state)
{
	char body[256], key[HF_ID_MAX], address[64];

	new_wallet("{\"network\":\"Ethereum\"}");
	snprintf(key, sizeof(key), "%s", member("signingKey.id"));
	snprintf(address, sizeof(address), "%s", member("address"));
	snprintf(body, sizeof(body), "{\"network\":\"Polygon\",\"signingKey\":{\"id\":\"%s\"}}",
	         key);
	new_wallet(body);
	assert_string_equal(member("address"), address);
	post("/wallets", body);
	expect(409, "has a wallet on network Polygon already: wa-");
	CHECK(sql("SELECT count(*) FROM wallets") == 2);
}

static void a_key_of_another_kind_gets_no_wallet(void **state)
{
	char body[256], key[HF_ID_MAX];

	post("/keys", K1);
	snprintf(key, sizeof(key), "%s", member("id"));
	snprintf(body, sizeof(body), "{\"network\":\"Solana\",\"signingKey\":{\"id\":\"%s\"}}",
	         key);
	post("/wallets", body);
	expect(400, "network Solana does not go with ECDSA keys");
	post("/wallets", "{\"network\":\"Ethereum\",\"signingKey\":{\"scheme\":\"EdDSA\"}}");
	expect(400, "network Ethereum does not go with EdDSA keys");
	snprintf(body, sizeof(body),
	         "{\"network\":\"Ethereum\",\"signingKey\":{\"id\":\"%s\",\"curve\":\"ed25519\"}}",
	         key);
	post("/wallets", body);
	expect(400, "leave out what differs");
	post("/wallets", "{\"network\":\"Ethereum\",\"signingKey\":{\"id\":\"key-nonsense\"}}");
	expect(404, "key not found");
	post("/wallets", "{\"network\":\"Ethereum\",\"signingKey\":{\"storeId\":\"nowhere\"}}");
	expect(404, "key store not found");
	CHECK(sql("SELECT count(*) FROM wallets") == 0);
}

static void a_wallet_whose_key_cannot_be_made_is_not_there(void **state)
{
	fx.mood = HSM_REFUSES;
	post("/wallets", "{\"network\":\"Solana\"}");
	expect(501, "could not make this wallet's key: CKR_KEY_NOT_WRAPPABLE");
	CHECK(strncmp(member("error.details.walletId"), "wa-", 3) == 0);
	CHECK(get("/wallets") == 200 && items() == 0);
	fx.mood = HSM_SILENT;
	fx.api->create_wait_ms = 50;
	post("/wallets", "{\"network\":\"Solana\"}");
	expect(504, "no HSM has answered yet");
	CHECK(get(on(member("error.details.walletId"), "")) == 404);
	CHECK(get("/wallets") == 200 && items() == 0);
	fx.mood = HSM_WELL;
}

static void a_wallet_is_renamed_and_loses_its_label(void **state)
{
	const char *id = new_wallet("{\"network\":\"KeyEdDSA\",\"externalId\":\"e\"}");

	signed_request("PUT", on(id, ""), "{\"name\":\"cold\"}");
	expect(200, NULL);
	assert_string_equal(member("name"), "cold");
	assert_string_equal(member("externalId"), "e");
	signed_request("PUT", on(id, ""), "{\"externalId\":null}");
	expect(200, NULL);
	CHECK(get(on(id, "")) == 200);
	assert_string_equal(member("name"), "cold");
	CHECK(!strstr(got.body, "externalId"));
}

static void tags_are_added_and_removed(void **state)
{
	HF_BUF_SCOPED struct hf_buf many = HF_BUF(4096);
	const char *id = new_wallet("{\"network\":\"KeyECDSA\"}");

	CHECK(strstr(got.body, "\"tags\":[]"));
	signed_request("PUT", on(id, "/tags"), "{\"tags\":[\"x\",\"y\",\"x\"]}");
	expect(200, NULL);
	assert_string_equal(got.body, "{}");
	signed_request("DELETE", on(id, "/tags"), "{\"tags\":[\"x\",\"never\"]}");
	expect(200, NULL);
	CHECK(get(on(id, "")) == 200);
	CHECK(strstr(got.body, "\"tags\":[\"y\"]"));
	hf_buf_text(&many, "{\"tags\":[");
	for (int i = 0; i < WALLET_TAGS_MAX; i++)
		hf_buf_printf(&many, "%s\"t%d\"", i ? "," : "", i);
	hf_buf_text(&many, "]}");
	hf_buf_u8(&many, 0);
	signed_request("PUT", on(id, "/tags"), (const char *)many.ptr);
	expect(413, "a wallet has at most 50 tags, and this would be 51");
	CHECK(sql("SELECT count(*) FROM wallet_tags") == 1);
}

static void a_deleted_key_archives_its_wallets(void **state)
{
	char path[128];
	const char *id = new_wallet("{\"network\":\"EthereumSepolia\"}");

	snprintf(path, sizeof(path), "/keys/%s", member("signingKey.id"));
	signed_request("DELETE", path, "{}");
	expect(200, NULL);
	CHECK(get(on(id, "")) == 200);
	assert_string_equal(member("status"), "Archived");
	CHECK(strlen(member("dateDeleted")) == 24);
	post(on(id, "/signatures"),
	     "{\"kind\":\"Hash\",\"hash\":"
	     "\"1122334455667788990011223344556677889900112233445566778899001122\"}");
	expect(409, "is archived: it signs no more");
}

static void wallets_of_another_organisation_are_not_found(void **state)
{
	const char *id = new_wallet("{\"network\":\"KeyEdDSA\"}");

	sql("INSERT INTO orgs (id, name, created_at) VALUES ('or-other', 'Other', 1)");
	sql("UPDATE wallets SET org_id = 'or-other'");
	get(on(id, ""));
	expect(404, "wallet not found");
	get(on(id, "/signatures"));
	expect(404, "wallet not found");
	post(on(id, "/signatures"), "{\"kind\":\"Message\",\"message\":\"00\"}");
	expect(404, "wallet not found");
	signed_request("PUT", on(id, ""), "{\"name\":\"mine\"}");
	expect(404, "wallet not found");
	signed_request("PUT", on(id, "/tags"), "{\"tags\":[\"mine\"]}");
	expect(404, "wallet not found");
	CHECK(get("/wallets") == 200 && items() == 0);
}

/* Each thing that one request does needs its own permission. */
static void a_wallet_needs_the_permissions_of_what_it_does(void **state)
{
	struct caller *c = NULL;

	CHECK(get("/wallets") == 200);
	CHECK_OK(tokens_find(fx.api->tokens, fx.account.token, hf_wall_ms(), &c));
	c->granted = (struct permission_set){ 0 };
	permission_grant(&c->granted, PERMIT_WALLETS_CREATE);
	post("/wallets", "{\"network\":\"KeyEdDSA\"}");
	expect(403, "(Keys:Create)");
	post("/wallets", "{\"network\":\"KeyEdDSA\",\"signingKey\":{\"id\":\"key-1\"}}");
	expect(403, "(Keys:Reuse)");
	permission_grant(&c->granted, PERMIT_KEYS_CREATE);
	post("/wallets", "{\"network\":\"KeyEdDSA\",\"tags\":[\"t\"]}");
	expect(403, "(Wallets:Tags:Add)");
	post("/wallets", "{\"network\":\"KeyEdDSA\"}");
	expect(200, NULL);
	caller_unref(c);
}

/* Whatever the official client can call in its groups keys, wallets, signers and networks. */
static const struct call_row {
	const char *method, *path;
	int status;
	const char *words;
} calls[] = {
	{ "POST", "/keys/import", 400, "keys are not imported" },
	{ "POST", "/keys/key-1/export", 400, "keys are not exported" },
	{ "POST", "/keys/key-1/derive", 400, "derives nothing" },
	{ "POST", "/keys/key-1/delegate", 400, "cannot be delegated" },
	{ "POST", "/wallets/import", 400, "keys are not imported" },
	{ "POST", "/wallets/wa-1/export", 400, "keys are not exported" },
	{ "POST", "/wallets/wa-1/delegate", 400, "cannot be delegated" },
	{ "POST", "/wallets/wa-1/activate", 400, "nothing to activate" },
	{ "POST", "/wallets/wa-1/transactions", 501, "not broadcast here" },
	{ "GET", "/wallets/wa-1/transactions", 501, "not broadcast here" },
	{ "GET", "/wallets/wa-1/transactions/tx-1", 501, "not broadcast here" },
	{ "POST", "/wallets/wa-1/transactions/tx-1/cancel", 501, "not broadcast here" },
	{ "POST", "/wallets/wa-1/transfers", 501, "transfers are not made here" },
	{ "GET", "/wallets/wa-1/transfers", 501, "transfers are not made here" },
	{ "GET", "/wallets/wa-1/transfers/xfr-1", 501, "transfers are not made here" },
	{ "POST", "/wallets/wa-1/transfers/xfr-1/cancel", 501, "transfers are not made here" },
	{ "GET", "/wallets/wa-1/assets", 501, "balances and history" },
	{ "GET", "/wallets/wa-1/nfts", 501, "balances and history" },
	{ "GET", "/wallets/wa-1/history", 501, "balances and history" },
	{ "GET", "/wallets/all/history", 501, "balances and history" },
	{ "GET", "/wallets/wa-1/offers", 501, "Canton" },
	{ "GET", "/wallets/wa-1/offers/of-1", 501, "Canton" },
	{ "PUT", "/wallets/wa-1/offers/of-1/accept", 501, "Canton" },
	{ "PUT", "/wallets/wa-1/offers/of-1/reject", 501, "Canton" },
	{ "GET", "/networks/fees?network=Ethereum", 501, "connected to no chain" },
	{ "POST", "/networks/read-contract", 501, "connected to no chain" },
	{ "POST", "/networks/Canton/validators", 501, "connected to no chain" },
	{ "GET", "/networks/Canton/validators", 501, "connected to no chain" },
	{ "GET", "/networks/Canton/validators/cv-1", 501, "connected to no chain" },
	{ "PUT", "/networks/Canton/validators/cv-1", 501, "connected to no chain" },
	{ "DELETE", "/networks/Canton/validators/cv-1", 501, "connected to no chain" },
	{ "GET", "/signers", 200, "" },
	{ "GET", "/key-stores", 200, "" },
	{ "GET", "/keys", 200, "" },
	{ "GET", "/wallets", 200, "" },
	{ "GET", "/keys/key-1", 404, "key not found" },
	{ "GET", "/keys/key-1/signatures", 404, "key not found" },
	{ "GET", "/keys/key-1/signatures/sig-1", 404, "signature request not found" },
	{ "GET", "/wallets/wa-1", 404, "wallet not found" },
	{ "GET", "/wallets/wa-1/signatures", 404, "wallet not found" },
	{ "GET", "/wallets/wa-1/signatures/sig-1", 404, "signature request not found" },
	{ "POST", "/keys", 403, "user action signature" },
	{ "PUT", "/keys/key-1", 403, "user action signature" },
	{ "DELETE", "/keys/key-1", 403, "user action signature" },
	{ "POST", "/keys/key-1/signatures", 403, "user action signature" },
	{ "POST", "/wallets", 403, "user action signature" },
	{ "PUT", "/wallets/wa-1", 403, "user action signature" },
	{ "PUT", "/wallets/wa-1/tags", 403, "user action signature" },
	{ "DELETE", "/wallets/wa-1/tags", 403, "user action signature" },
	{ "POST", "/wallets/wa-1/signatures", 403, "user action signature" },
};

static void every_call_of_the_client_is_answered_on_purpose(void **state)
{
	for (size_t i = 0; i < HF_COUNT(calls); i++) {
		const struct call_row *c = &calls[i];
		bool has_body = strcmp(c->method, "GET") != 0;

		send_with(fx.account.token, c->method, c->path, has_body ? "{}" : NULL, NULL);
		if (got.status != c->status || !strstr(got.body, c->words))
			fail_msg("%s %s: %s", c->method, c->path, got.body);
		send_with(NULL, c->method, c->path, has_body ? "{}" : NULL, NULL);
		expect(401, NULL);
	}
}

int main(void)
{
#define API_TEST(fn) cmocka_unit_test_setup_teardown(fn, api_setup, api_teardown)
	const struct CMUnitTest tests[] = {
		API_TEST(a_wallet_is_made_with_a_key_for_its_network),
		API_TEST(every_network_gives_wallets),
		API_TEST(a_key_has_one_wallet_on_a_network),
		API_TEST(a_key_of_another_kind_gets_no_wallet),
		API_TEST(a_wallet_whose_key_cannot_be_made_is_not_there),
		API_TEST(a_wallet_is_renamed_and_loses_its_label),
		API_TEST(tags_are_added_and_removed),
		API_TEST(a_deleted_key_archives_its_wallets),
		API_TEST(wallets_of_another_organisation_are_not_found),
		API_TEST(a_wallet_needs_the_permissions_of_what_it_does),
		API_TEST(every_call_of_the_client_is_answered_on_purpose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
