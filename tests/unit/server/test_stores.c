/* SPDX-License-Identifier: Apache-2.0
 * Several key stores: added and chosen from the command line, named by callers. */
#include "api_fixture.h"

#define KEY_IN "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\",\"storeId\":\"%s\"}"

static char second[64];
static struct hf_err err;

static hf_status add(const struct server_store *store)
{
	err = (struct hf_err){ 0 };
	return server_store_add(&fx.db, store, second, &err);
}

static void a_second_store_is_added_and_listed(void **state)
{
	const struct server_store store = { .name = "second", .by_name = true };
	char path[64];
	size_t at;

	CHECK_OK(add(&store));
	CHECK(hf_id_valid("store", second));
	CHECK(get("/key-stores") == 200 && items() == 2);
	at = strcmp(member("items.0.id"), second) == 0 ? 0 : 1;
	snprintf(path, sizeof(path), "items.%zu.name", at);
	assert_string_equal(member(path), "second");
	assert_string_equal(member("items.0.kind"), "Hsm");
	CHECK(strstr(got.body, "\"primary\":true") && strstr(got.body, "\"primary\":false"));
}

static void drivers_must_not_find_that_they_have_to_choose(void **state)
{
	const struct server_store same = { .name = "HSM", .by_name = true };
	const struct server_store open = { .name = "second" };
	const struct server_store nameless = { .name = "" };

	CHECK_CODE(add(&same), HF_EXISTS);
	CHECK(strstr(err.text, "there is a key store named \"HSM\" already"));
	CHECK_CODE(add(&open), HF_EXISTS);
	CHECK(strstr(err.text, "--by-name"));
	CHECK_CODE(add(&nameless), HF_INVALID);
	CHECK(get("/key-stores") == 200 && items() == 1);
}

static void a_key_is_made_in_the_store_that_is_named(void **state)
{
	const struct server_store store = { .name = "second", .by_name = true };
	char body[256];

	CHECK_OK(add(&store));
	fx.api->create_wait_ms = 50; /* nobody drives it */
	snprintf(body, sizeof(body), KEY_IN, second);
	CHECK(signed_request("POST", "/keys", body) == 504);
	snprintf(body, sizeof(body),
	         "{\"network\":\"KeyECDSA\",\"signingKey\":{\"storeId\":\"%s\"}}", second);
	CHECK(signed_request("POST", "/wallets", body) == 504);
	fx.api->create_wait_ms = 5000;
	CHECK(sql("SELECT count(*) FROM jobs j JOIN key_stores s ON s.id = j.store_id"
	          " WHERE s.name = 'second'") == 2);
	snprintf(body, sizeof(body), KEY_IN, fx.account.store_id);
	CHECK(signed_request("POST", "/keys", body) == 200);
}

static void keys_without_a_store_go_to_the_primary_one(void **state)
{
	const struct server_store store = { .name = "second", .by_name = true, .primary = true };

	CHECK_OK(add(&store));
	fx.api->create_wait_ms = 50;
	CHECK(signed_request("POST", "/wallets", "{\"network\":\"KeyECDSA\"}") == 504);
	CHECK_OK(server_store_set_primary(&fx.db, fx.account.store_id, NULL));
	fx.api->create_wait_ms = 5000;
	CHECK(signed_request("POST", "/wallets", "{\"network\":\"KeyECDSA\"}") == 200);
	CHECK(sql("SELECT count(*) FROM key_stores WHERE is_primary = 1") == 1);
	CHECK_CODE(server_store_set_primary(&fx.db, "store-nowhere", &err), HF_NOTFOUND);
	CHECK(sql("SELECT count(*) FROM key_stores WHERE is_primary = 1") == 1);
}

int main(void)
{
#define API_TEST(fn) cmocka_unit_test_setup_teardown(fn, api_setup, api_teardown)
	const struct CMUnitTest tests[] = {
		API_TEST(a_second_store_is_added_and_listed),
		API_TEST(drivers_must_not_find_that_they_have_to_choose),
		API_TEST(a_key_is_made_in_the_store_that_is_named),
		API_TEST(keys_without_a_store_go_to_the_primary_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
