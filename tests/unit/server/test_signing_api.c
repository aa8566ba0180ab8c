/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"

#include "server/core/rights/permissions.h"

#define DIGEST "1122334455667788990011223344556677889900112233445566778899001122"
#define K1 "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\"}"
#define ED "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\"}"
#define HASH "{\"kind\":\"Hash\",\"hash\":\"0x" DIGEST "\"}"

static void expect(int status, const char *message)
{
	if (got.status != status)
		fail_msg("%d instead of %d: %s", got.status, status, got.body);
	if (message)
		assert_string_equal(member("error.message"), message);
}

/* The id lives until the call after the next. */
static const char *new_key(const char *body)
{
	static char ids[2][HF_ID_MAX];
	static int turn;
	char *id = ids[turn++ % 2];

	signed_request("POST", "/keys", body);
	expect(200, NULL);
	snprintf(id, HF_ID_MAX, "%s", member("id"));
	return id;
}

static const char *path_of(const char *key, const char *rest)
{
	static char paths[4][256];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "/keys/%s%s", key, rest);
	return path;
}

static void check_signature(const char *key, enum key_type type, int scheme, struct hf_span input)
{
	const struct soft_key *k = soft_key(key);
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(64);

	CHECK(strncmp(member("signature.r"), "0x", 2) == 0 && strlen(member("signature.r")) == 66);
	CHECK_OK(hf_unhex(hf_span_text(member("signature.r") + 2), &sig));
	CHECK_OK(hf_unhex(hf_span_text(member("signature.s") + 2), &sig));
	CHECK_OK(signature_verify(type, HF_SPAN(k->public_key.bytes, k->public_key.len), scheme,
	                          HASH_NONE, input, hf_buf_span(&sig)));
}

static void key_stores_are_listed(void **state)
{
	CHECK(get("/key-stores") == 200);
	CHECK(items() == 1);
	assert_string_equal(member("items.0.id"), fx.account.store_id);
	assert_string_equal(member("items.0.kind"), "Hsm");
	CHECK(strstr(got.body, "\"primary\":true"));
}

static void a_key_is_made_by_the_hsm_and_shown(void **state)
{
	const char *id =
	        new_key("{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\",\"name\":\"h\xc3\xa9\"}");
	char hex[67];

	CHECK(hf_id_valid("key", id));
	hf_hex(soft_key(id)->public_key.bytes, 33, hex);
	assert_string_equal(member("publicKey"), hex);
	assert_string_equal(member("name"), "h\xc3\xa9");
	assert_string_equal(member("status"), "Active");
	assert_string_equal(member("storage"), "Wrapped");
	CHECK(strstr(got.body, "\"custodial\":true"));
	CHECK(strlen(member("dateCreated")) == 24);
	CHECK(get(path_of(id, "")) == 200);
	assert_string_equal(member("store.id"), fx.account.store_id);
	assert_string_equal(member("store.keyId"), id);
	CHECK(strstr(got.body, "\"wallets\":[]"));
	CHECK(get("/keys") == 200);
	assert_string_equal(member("items.0.id"), id);
}

static void a_resident_key_says_so(void **state)
{
	fx.resident = true;
	new_key(ED);
	fx.resident = false;
	assert_string_equal(member("storage"), "Resident");
}

static void a_secp256k1_key_signs_a_digest(void **state)
{
	HF_BUF_SCOPED struct hf_buf digest = HF_BUF(32);
	const char *id = new_key(K1);

	signed_request("POST", path_of(id, "/signatures"), HASH);
	expect(200, NULL);
	assert_string_equal(member("status"), "Signed");
	assert_string_equal(member("requestBody.kind"), "Hash");
	assert_string_equal(member("requester.userId"), fx.account.identity_id);
	CHECK(strstr(got.body, "\"recid\":0") || strstr(got.body, "\"recid\":1"));
	CHECK_OK(hf_unhex(hf_span_text(DIGEST), &digest));
	check_signature(id, KEY_SECP256K1, SIGN_ECDSA, hf_buf_span(&digest));
	CHECK(get(path_of(id, "/signatures")) == 200);
	CHECK(items() == 1);
	assert_string_equal(member("keyId"), id);
}

static void an_ed25519_key_signs_messages_and_hashes(void **state)
{
	const char *id = new_key(ED);

	signed_request("POST", path_of(id, "/signatures"),
	               "{\"kind\":\"Message\",\"message\":\"0x616263\"}");
	expect(200, NULL);
	check_signature(id, KEY_ED25519, SIGN_ED25519, HF_SPAN("abc", 3));
	CHECK(!strstr(got.body, "recid"));
	signed_request("POST", path_of(id, "/signatures"), HASH);
	expect(200, NULL);
}

static void the_largest_message_is_signed(void **state)
{
	static char body[2 * SIGN_INPUT_MAX + 64];
	const char *id = new_key(ED);
	int n = sprintf(body, "{\"kind\":\"Message\",\"message\":\"");

	memset(body + n, 'a', 2 * SIGN_INPUT_MAX);
	strcpy(body + n + 2 * SIGN_INPUT_MAX, "\"}");
	signed_request("POST", path_of(id, "/signatures"), body);
	expect(200, NULL);
	assert_string_equal(member("status"), "Signed");
}

static void a_message_for_an_ecdsa_key_is_refused_with_advice(void **state)
{
	const char *id = new_key(K1);

	signed_request("POST", path_of(id, "/signatures"),
	               "{\"kind\":\"Message\",\"message\":\"00\"}");
	expect(400, "kind \"Message\" is for EdDSA keys: with ECDSA keys hash the message yourself "
	            "and use kind \"Hash\", or name the chain whose form of messages it has in "
	            "\"blockchainKind\"");
}

static void one_external_id_is_one_signature(void **state)
{
	static const char body[] =
	        "{\"kind\":\"Hash\",\"hash\":\"" DIGEST "\",\"externalId\":\"order 1\"}";
	static const char respelt[] =
	        "{ \"externalId\":\"order\\u00201\", \"kind\":\"Hash\",\"hash\":\"" DIGEST "\"}";
	static const char other[] =
	        "{\"kind\":\"Hash\",\"hash\":\"00" DIGEST "\",\"externalId\":\"order 1\"}";
	char first[HF_ID_MAX], changed[sizeof(other)];
	const char *id = new_key(K1), *second;
	int before = fx.signed_count;

	signed_request("POST", path_of(id, "/signatures"), body);
	expect(200, NULL);
	snprintf(first, sizeof(first), "%s", member("id"));
	signed_request("POST", path_of(id, "/signatures"), respelt);
	expect(200, NULL);
	assert_string_equal(member("id"), first);
	assert_string_equal(member("status"), "Signed");
	CHECK(fx.signed_count == before + 1);
	snprintf(changed, sizeof(changed), "%.*s%s", 24, other, other + 26);
	memcpy(strstr(changed, "1122"), "9999", 4);
	signed_request("POST", path_of(id, "/signatures"), changed);
	expect(409, "Conflicting signature request with same externalId");
	assert_string_equal(member("error.details.duplicate.id"), first);
	assert_string_equal(member("error.details.duplicate.externalId"), "order 1");
	second = new_key(K1);
	signed_request("POST", path_of(second, "/signatures"), body);
	expect(409, "Conflicting signature request with same externalId");
}

static void a_duplicate_waits_for_the_original(void **state)
{
	static const char body[] =
	        "{\"kind\":\"Hash\",\"hash\":\"" DIGEST "\",\"externalId\":\"slow\"}";
	const char *id = new_key(K1);
	char first[HF_ID_MAX];
	int before = fx.signed_count;

	fx.mood = HSM_SILENT;
	fx.api->sign_wait_ms = 300;
	signed_request("POST", path_of(id, "/signatures"), body);
	expect(200, NULL);
	assert_string_equal(member("status"), "Executing");
	CHECK(!strstr(got.body, "\"signature\""));
	snprintf(first, sizeof(first), "%s", member("id"));
	signed_request("POST", path_of(id, "/signatures"), body);
	expect(200, NULL);
	assert_string_equal(member("status"), "Executing");
	assert_string_equal(member("id"), first);
	CHECK(fx.signed_count == before);
	fx.mood = HSM_WELL;
}

static void a_key_that_takes_too_long_is_promised_for_later(void **state)
{
	fx.mood = HSM_SILENT;
	fx.api->create_wait_ms = 200;
	signed_request("POST", "/keys", K1);
	expect(504, "no HSM has answered yet. The key will appear in the list of keys once it is "
	            "made; check "
	            "that a driver of its key store is running");
	CHECK(get(path_of(member("error.details.keyId"), "")) == 404);
	CHECK(get("/keys") == 200);
	CHECK(items() == 0);
}

static void a_signature_that_does_not_verify_is_never_released(void **state)
{
	HF_BUF_SCOPED struct hf_buf digest = HF_BUF(32);
	const char *id = new_key(K1);
	int before = fx.signed_count;

	fx.mood = HSM_LYING;
	signed_request("POST", path_of(id, "/signatures"), HASH);
	expect(200, NULL);
	assert_string_equal(member("status"), "Signed");
	CHECK_OK(hf_unhex(hf_span_text(DIGEST), &digest));
	check_signature(id, KEY_SECP256K1, SIGN_ECDSA, hf_buf_span(&digest));
	CHECK(fx.signed_count == before + 2);
}

static void what_an_hsm_cannot_do_is_told(void **state)
{
	const char *id = new_key(K1);

	fx.mood = HSM_REFUSES;
	signed_request("POST", "/keys", ED);
	expect(501,
	       "the key store could not make this key: CKR_KEY_NOT_WRAPPABLE: allow resident keys");
	signed_request("POST", path_of(id, "/signatures"), HASH);
	expect(200, NULL);
	assert_string_equal(member("status"), "Failed");
	assert_string_equal(member("reason"), "CKR_KEY_NOT_WRAPPABLE: allow resident keys");
	fx.mood = HSM_WELL;
	CHECK(get("/keys") == 200);
	CHECK(items() == 1);
}

static void what_an_hsm_says_in_another_encoding_is_told_all_the_same(void **state)
{
	const char *id = new_key(K1);

	fx.mood = HSM_GARBLES;
	signed_request("POST", path_of(id, "/signatures"), HASH);
	expect(200, NULL);
	assert_string_equal(member("reason"), "Schl?ssel");
	signed_request("POST", "/keys", ED);
	expect(501, "the key store could not make this key: Schl?ssel");
}

static void a_key_is_renamed_and_its_name_cleared(void **state)
{
	const char *id = new_key(K1);

	CHECK(signed_request("PUT", path_of(id, ""), "{\"name\":\"treasury\"}") == 200);
	assert_string_equal(member("name"), "treasury");
	CHECK(signed_request("PUT", path_of(id, ""), "{\"name\":null}") == 200);
	CHECK(!strstr(got.body, "\"name\""));
	CHECK(get(path_of(id, "")) == 200);
	CHECK(!strstr(got.body, "\"name\""));
	signed_request("PUT", path_of(id, ""), "{}");
	expect(400, "field \"name\" is missing: expected text of 0 to 100 characters or null");
}

static void an_archived_key_signs_no_more(void **state)
{
	const char *id = new_key(K1);

	CHECK(signed_request("DELETE", path_of(id, ""), "{}") == 200);
	assert_string_equal(member("status"), "Archived");
	CHECK(strlen(member("dateDeleted")) == 24);
	CHECK(signed_request("DELETE", path_of(id, ""), "{}") == 200);
	CHECK(signed_request("POST", path_of(id, "/signatures"), HASH) == 409);
	CHECK(strstr(member("error.message"), "is archived: it signs no more"));
	CHECK(get("/keys") == 200);
	assert_string_equal(member("items.0.status"), "Archived");
}

static void what_does_not_exist_is_not_found(void **state)
{
	static const char other[] = "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j";
	const char *id = new_key(K1);

	get(path_of(other, ""));
	expect(404, "key not found");
	get("/keys/nonsense");
	expect(404, "key not found");
	get(path_of(other, "/signatures"));
	expect(404, "key not found");
	get(path_of(id, "/signatures/sig-01k9h-x3v7q-8m2c4d6e8f0g1h2j"));
	expect(404, "signature request not found");
	signed_request("POST", path_of(other, "/signatures"), HASH);
	expect(404, "key not found");
	signed_request("POST", "/keys",
	               "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\",\"storeId\":\"x\"}");
	expect(404, "key store not found");
	get("/nothing/here");
	expect(404, NULL);
	get("/wallets/wa-01k9h-x3v7q-8m2c4d6e8f0g1h2j");
	expect(404, "wallet not found");
	get("/wallets/nonsense/signatures");
	expect(404, "wallet not found");
	get("/wallets/wa-01k9h-x3v7q-8m2c4d6e8f0g1h2j/assets");
	expect(501, NULL);
}

static void lists_come_in_pages(void **state)
{
	char path[512], seen[5][HF_ID_MAX];
	const char *ids[5];
	int n = 0;

	for (int i = 0; i < 5; i++)
		ids[i] = strdup(new_key(K1));
	CHECK(get("/keys?limit=2") == 200);
	for (;;) {
		for (size_t i = 0; i < items(); i++) {
			snprintf(path, sizeof(path), "items.%zu.id", i);
			snprintf(seen[n++], HF_ID_MAX, "%s", member(path));
		}
		if (!*member("nextPageToken"))
			break;
		CHECK(items() == 2);
		snprintf(path, sizeof(path), "/keys?limit=2&paginationToken=%s",
		         member("nextPageToken"));
		CHECK(get(path) == 200);
	}
	CHECK(n == 5);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(seen[i], ids[4 - i]); /* newest first */
		free((void *)ids[4 - i]);
	}
	get("/keys?limit=0");
	expect(400, "query parameter \"limit\": expected a number from 1 to 200");
	get("/keys?paginationToken=abc");
	expect(400, "query parameter \"paginationToken\": not one that this list gave; start again "
	            "without it");
}

static void without_a_valid_token_nothing_is_answered(void **state)
{
	char bad[2048];

	send_with(NULL, "GET", "/keys", NULL, NULL);
	expect(401, "user token is missing or invalid");
	send_with("nonsense", "GET", "/keys", NULL, NULL);
	expect(401, "user token is missing or invalid");
	snprintf(bad, sizeof(bad), "%s", fx.account.token);
	bad[strlen(bad) - 5] ^= 1;
	send_with(bad, "POST", "/auth/action/init", "{}", NULL);
	expect(401, "user token is missing or invalid");
}

static void a_user_action_works_once_and_only_for_its_request(void **state)
{
	static const char denied[] = "user action signature is missing or invalid";
	const char *token = fx.account.token, *action, *id = new_key(K1);
	char path[128];

	snprintf(path, sizeof(path), "%s", path_of(id, ""));
	send_with(token, "POST", "/keys", K1, NULL);
	expect(403, denied);
	send_with(token, "POST", "/keys", K1, "a.b.c");
	expect(403, denied);
	action = user_action("PUT", path, "{\"name\":\"a\"}");
	send_with(token, "PUT", path, "{\"name\":\"b\"}", action);
	expect(403, denied);
	send_with(token, "DELETE", path, "{\"name\":\"a\"}", action);
	expect(403, denied);
	send_with(token, "PUT", "/keys/key-01k9h-x3v7q-8m2c4d6e8f0g1h2j", "{\"name\":\"a\"}",
	          action);
	expect(403, denied);
	send_with(token, "PUT", path, "{ \"name\" : \"\\u0061\" }", action);
	expect(200, NULL);
	send_with(token, "PUT", path, "{\"name\":\"a\"}", action);
	expect(400, "user action has already been used");
	action = user_action("DELETE", path, "");
	send_with(token, "DELETE", path, NULL, action);
	expect(200, NULL);
}

static void malformed_bodies_are_named(void **state)
{
	send_with(fx.account.token, "POST", "/auth/action/init", "{", NULL);
	CHECK(got.status == 400);
	CHECK(strstr(member("error.message"), "not valid JSON"));
	send_with(fx.account.token, "POST", "/auth/action/init", "{\"a\":1,\"a\":2}", NULL);
	CHECK(got.status == 400);
	send_with(fx.account.token, "POST", "/auth/action/init",
	          "{\"userActionPayload\":\"{\",\"userActionHttpMethod\":\"POST\","
	          "\"userActionHttpPath\":\"/keys\"}",
	          NULL);
	CHECK(got.status == 400);
	CHECK(strstr(member("error.message"), "field \"userActionPayload\": not valid JSON"));
	signed_request("POST", "/keys",
	               "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\",\"extra\":1}");
	CHECK(got.status == 400);
	CHECK(strstr(member("error.message"), "unknown field \"extra\""));
}

static void what_belongs_to_another_organisation_is_not_found(void **state)
{
	const char *id = new_key(K1);

	signed_request("POST", path_of(id, "/signatures"), HASH);
	expect(200, NULL);
	sql("INSERT INTO orgs (id, name, created_at) VALUES ('or-other', 'Other', 1)");
	sql("UPDATE keys SET org_id = 'or-other'");
	sql("UPDATE signatures SET org_id = 'or-other'");
	get(path_of(id, ""));
	expect(404, "key not found");
	get(path_of(id, "/signatures"));
	expect(404, "key not found");
	signed_request("POST", path_of(id, "/signatures"), HASH);
	expect(404, "key not found");
	signed_request("PUT", path_of(id, ""), "{\"name\":\"mine\"}");
	expect(404, "key not found");
	signed_request("DELETE", path_of(id, ""), "{}");
	expect(404, "key not found");
	CHECK(get("/keys") == 200);
	CHECK(items() == 0);
}

static void used_actions_are_forgotten_once_they_cannot_return(void **state)
{
	sql("INSERT INTO used_actions (id, expires_at) VALUES ('ua-old', 1)");
	new_key(K1);
	CHECK(sql("SELECT count(*) FROM used_actions WHERE id = 'ua-old'") == 0);
	CHECK(sql("SELECT count(*) FROM used_actions") == 1);
}

static void the_proof_is_kept_with_what_it_allowed(void **state)
{
	const char *id = new_key(K1);

	signed_request("POST", path_of(id, "/signatures"), HASH);
	expect(200, NULL);
	CHECK(sql("SELECT length(proof) FROM keys") > 300);
	CHECK(sql("SELECT length(proof) FROM signatures") > 300);
}

static void what_is_not_granted_is_refused(void **state)
{
	struct caller *c = NULL;

	CHECK(get("/keys") == 200);
	CHECK_OK(tokens_find(fx.api->tokens, fx.account.token, hf_wall_ms(), &c));
	c->granted = (struct permission_set){ 0 };
	permission_grant(&c->granted, PERMIT_KEYS_READ);
	CHECK(get("/keys") == 200);
	CHECK(get("/key-stores") == 403);
	CHECK(strstr(member("error.message"),
	             "is not authorized to perform operation (KeyStores:Read)"));
	signed_request("POST", "/keys", K1);
	CHECK(got.status == 403);
	CHECK(strstr(member("error.message"), "(Keys:Create)"));
	caller_unref(c);
}

int main(void)
{
#define API_TEST(fn) cmocka_unit_test_setup_teardown(fn, api_setup, api_teardown)
	const struct CMUnitTest tests[] = {
		API_TEST(key_stores_are_listed),
		API_TEST(a_key_is_made_by_the_hsm_and_shown),
		API_TEST(a_resident_key_says_so),
		API_TEST(a_secp256k1_key_signs_a_digest),
		API_TEST(an_ed25519_key_signs_messages_and_hashes),
		API_TEST(the_largest_message_is_signed),
		API_TEST(a_message_for_an_ecdsa_key_is_refused_with_advice),
		API_TEST(one_external_id_is_one_signature),
		API_TEST(a_duplicate_waits_for_the_original),
		API_TEST(a_key_that_takes_too_long_is_promised_for_later),
		API_TEST(a_signature_that_does_not_verify_is_never_released),
		API_TEST(what_an_hsm_cannot_do_is_told),
		API_TEST(what_an_hsm_says_in_another_encoding_is_told_all_the_same),
		API_TEST(a_key_is_renamed_and_its_name_cleared),
		API_TEST(an_archived_key_signs_no_more),
		API_TEST(what_does_not_exist_is_not_found),
		API_TEST(lists_come_in_pages),
		API_TEST(without_a_valid_token_nothing_is_answered),
		API_TEST(a_user_action_works_once_and_only_for_its_request),
		API_TEST(malformed_bodies_are_named),
		API_TEST(what_belongs_to_another_organisation_is_not_found),
		API_TEST(used_actions_are_forgotten_once_they_cannot_return),
		API_TEST(the_proof_is_kept_with_what_it_allowed),
		API_TEST(what_is_not_granted_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
