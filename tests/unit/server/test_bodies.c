/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "server/signing_api/bodies.h"
#include "server/signing_api/people/credential_bodies.h"
#include "server/signing_api/keys/wallet_bodies.h"

#include <string.h>

#define D64 "1122334455667788990011223344556677889900112233445566778899001122"

static struct json_t *parse(const char *text)
{
	struct json_t *doc = NULL;

	CHECK_OK(json_parse(hf_span_text(text), 1u << 20, &doc, NULL));
	return doc;
}

struct row {
	const char *json;
	enum hf_code code;
	const char *words; /* the beginning; "" for any */
};

static void check_row(const struct row *row, hf_status got, const struct hf_err *err)
{
	if (got.code != row->code)
		fail_msg("%s: %s (%s)", row->json, hf_code_name(got.code), err->text);
	if (row->code != HF_OK && strncmp(err->text, row->words, strlen(row->words)) != 0)
		fail_msg("%s: %s", row->json, err->text);
}

static void create_key_row_by_row(void **state)
{
	static const char long_name[] =
	        "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\",\"name\":"
	        "\"0123456789012345678901234567890123456789"
	        "01234567890123456789012345678901234567890123456789012345678901\"}";
	static const struct row rows[] = {
		{ "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\"}", HF_OK, "" },
		{ "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\",\"name\":\"n\",\"storeId\":\"s\","
		  "\"masterKey\":false,"
		  "\"delayDelegation\":false}",
		  HF_OK, "" },
		{ "{\"scheme\":\"ECDSA\",\"curve\":\"stark\"}", HF_UNSUPPORTED,
		  "scheme ECDSA with curve stark is not supported: PKCS#11 HSMs do not know the "
		  "stark curve" },
		{ "{\"scheme\":\"Schnorr\",\"curve\":\"secp256k1\"}", HF_UNSUPPORTED,
		  "scheme Schnorr with curve secp256k1 is not supported" },
		{ "{\"scheme\":\"DH\",\"curve\":\"secp256k1\"}", HF_UNSUPPORTED, "scheme DH" },
		{ "{\"scheme\":\"EdDSA\",\"curve\":\"secp256k1\"}", HF_INVALID,
		  "scheme \"EdDSA\" does not go with curve \"secp256k1\"" },
		{ "{\"scheme\":\"RSA\",\"curve\":\"x\"}", HF_INVALID,
		  "scheme \"RSA\" does not go" },
		{ "{\"scheme\":\"ECDSA\"}", HF_INVALID, "field \"curve\" is missing" },
		{ "{\"curve\":\"ed25519\"}", HF_INVALID, "field \"scheme\" is missing" },
		{ "{\"scheme\":1,\"curve\":\"ed25519\"}", HF_INVALID,
		  "field \"scheme\": expected text" },
		{ long_name, HF_INVALID, "field \"name\": expected text of 0 to 100 characters" },
		{ "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\",\"storeId\":\"\"}", HF_INVALID,
		  "field \"storeId\"" },
		{ "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\",\"masterKey\":true}", HF_UNSUPPORTED,
		  "field \"masterKey\": keys in an HSM key store" },
		{ "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\",\"deriveFrom\":{\"keyId\":\"k\"}}",
		  HF_UNSUPPORTED, "field \"deriveFrom\": keys in an HSM key store" },
		{ "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\",\"delegateTo\":\"us-1\"}",
		  HF_UNSUPPORTED, "field \"delegateTo\": keys in an HSM key store" },
		{ "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\",\"delayDelegation\":true}",
		  HF_UNSUPPORTED, "field \"delayDelegation\"" },
		{ "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\",\"color\":\"red\"}", HF_INVALID,
		  "unknown field \"color\"; known are: scheme, curve, name" },
		{ "[]", HF_INVALID, "expected a JSON object" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		JSON_SCOPED struct json_t *doc = parse(rows[i].json);
		struct create_key_body body;
		struct hf_err err = { 0 };

		check_row(&rows[i], read_create_key(doc, &body, &err), &err);
	}
}

static void signature_row_by_row(void **state)
{
	static const struct row rows[] = {
		{ "{\"kind\":\"Hash\",\"hash\":\"" D64 "\"}", HF_OK, "" },
		{ "{\"kind\":\"Hash\",\"externalId\":\"e\"}", HF_OK, "" },
		{ "{\"externalId\":\"\"}", HF_INVALID,
		  "field \"externalId\": expected text of 1 to 50 characters" },
		{ "{\"externalId\":\"012345678901234567890123456789012345678901234567890\"}",
		  HF_INVALID, "field \"externalId\": expected text of 1 to 50 characters" },
		{ "{\"externalId\":7}", HF_INVALID, "field \"externalId\"" },
		{ "[\"Hash\"]", HF_INVALID, "" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		JSON_SCOPED struct json_t *doc = parse(rows[i].json);
		struct signature_body body;
		struct hf_err err = { 0 };

		check_row(&rows[i], read_signature(doc, &body, &err), &err);
	}
}

static void create_wallet_row_by_row(void **state)
{
	static const struct row rows[] = {
		{ "{\"network\":\"EthereumSepolia\"}", HF_OK, "" },
		{ "{\"network\":\"KeyEdDSA\",\"name\":\"n\",\"externalId\":\"e\",\"tags\":[\"a:b\"]"
		  ","
		  "\"signingKey\":{\"scheme\":\"EdDSA\",\"storeId\":\"s\"}}",
		  HF_OK, "" },
		{ "{}", HF_INVALID, "field \"network\" is missing" },
		{ "{\"network\":\"Atlantis\"}", HF_INVALID, "field \"network\": " },
		{ "{\"network\":\"KeyECDSAStark\"}", HF_UNSUPPORTED, "field \"network\": " },
		{ "{\"network\":\"Ethereum\",\"signingKey\":{\"scheme\":\"Schnorr\"}}",
		  HF_UNSUPPORTED, "signingKey: scheme Schnorr with curve secp256k1" },
		{ "{\"network\":\"Ethereum\",\"signingKey\":{\"curve\":\"stark\"}}", HF_UNSUPPORTED,
		  "signingKey: scheme ECDSA with curve stark" },
		{ "{\"network\":\"Ethereum\",\"signingKey\":{\"deriveFrom\":{\"keyId\":\"k\"}}}",
		  HF_UNSUPPORTED, "signingKey: field \"deriveFrom\"" },
		{ "{\"network\":\"Ethereum\",\"signingKey\":\"key\"}", HF_INVALID,
		  "field \"signingKey\"" },
		{ "{\"network\":\"Ethereum\",\"delegateTo\":\"us-1\"}", HF_UNSUPPORTED,
		  "field \"delegateTo\"" },
		{ "{\"network\":\"Ethereum\",\"delayDelegation\":true}", HF_UNSUPPORTED,
		  "field \"delayDelegation\"" },
		{ "{\"network\":\"Ethereum\",\"validatorId\":\"v\"}", HF_UNSUPPORTED,
		  "field \"validatorId\"" },
		{ "{\"network\":\"Ethereum\",\"tags\":[\"a b\"]}", HF_INVALID, "field \"tags\"" },
		{ "{\"network\":\"Ethereum\",\"tags\":[\"\"]}", HF_INVALID, "field \"tags\"" },
		{ "{\"network\":\"Ethereum\",\"tags\":[7]}", HF_INVALID, "field \"tags\"" },
		{ "{\"network\":\"Ethereum\",\"more\":1}", HF_INVALID, "unknown field \"more\"" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		JSON_SCOPED struct json_t *doc = parse(rows[i].json);
		struct create_wallet_body body;
		struct hf_err err = { 0 };

		check_row(&rows[i], read_create_wallet(doc, &body, &err), &err);
	}
}

static void a_wallet_loses_only_what_is_null(void **state)
{
	JSON_SCOPED struct json_t *some = parse("{\"name\":null}");
	JSON_SCOPED struct json_t *other = parse("{\"externalId\":\"e\"}");
	struct update_wallet_body body;

	CHECK_OK(read_update_wallet(some, &body, NULL));
	CHECK(body.set_name && !body.name && !body.set_external_id);
	CHECK_OK(read_update_wallet(other, &body, NULL));
	CHECK(!body.set_name && body.set_external_id);
	assert_string_equal(body.external_id, "e");
}

static void update_key_row_by_row(void **state)
{
	static const struct row rows[] = {
		{ "{\"name\":\"x\"}", HF_OK, "" },
		{ "{\"name\":null}", HF_OK, "" },
		{ "{}", HF_INVALID, "field \"name\" is missing" },
		{ "{\"name\":1}", HF_INVALID,
		  "field \"name\": expected text of 0 to 100 characters or null" },
		{ "{\"name\":\"x\",\"status\":\"Active\"}", HF_INVALID,
		  "unknown field \"status\"" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		JSON_SCOPED struct json_t *doc = parse(rows[i].json);
		struct update_key_body body;
		struct hf_err err = { 0 };

		check_row(&rows[i], read_update_key(doc, &body, &err), &err);
	}
}

static void action_init_row_by_row(void **state)
{
	static const struct row rows[] = {
		{ "{\"userActionPayload\":\"\",\"userActionHttpMethod\":\"POST\","
		  "\"userActionHttpPath\":\"/keys\"}",
		  HF_OK, "" },
		{ "{\"userActionPayload\":\"\",\"userActionHttpMethod\":\"POST\","
		  "\"userActionHttpPath\":\"/keys\","
		  "\"userActionServerKind\":\"Api\"}",
		  HF_OK, "" },
		{ "{\"userActionPayload\":\"\",\"userActionHttpMethod\":\"POST\","
		  "\"userActionHttpPath\":\"/keys\","
		  "\"userActionServerKind\":\"Staff\"}",
		  HF_INVALID, "field \"userActionServerKind\": expected \"Api\"" },
		{ "{\"userActionPayload\":{},\"userActionHttpMethod\":\"POST\","
		  "\"userActionHttpPath\":\"/keys\"}",
		  HF_INVALID, "field \"userActionPayload\": expected text" },
		{ "{\"userActionHttpMethod\":\"POST\",\"userActionHttpPath\":\"/keys\"}",
		  HF_INVALID, "field \"userActionPayload\" is missing" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		JSON_SCOPED struct json_t *doc = parse(rows[i].json);
		struct action_init_body body;
		struct hf_err err = { 0 };

		check_row(&rows[i], read_action_init(doc, &body, &err), &err);
	}
}

#define ASSERTION                                                                                  \
	"\"credentialAssertion\":{\"credId\":\"c\",\"clientData\":\"e30\",\"signature\":\"AA\"}"

static void action_row_by_row(void **state)
{
	static const struct row rows[] = {
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{\"kind\":\"Key\"," ASSERTION
		  "}}",
		  HF_OK, "" },
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{\"kind\":\"Key\","
		  "\"credentialAssertion\":{\"credId\":\"c\","
		  "\"clientData\":\"e30\",\"signature\":\"AA\",\"algorithm\":\"SHA256\"}}}",
		  HF_OK, "" },
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{\"kind\":"
		  "\"Fido2\"," ASSERTION "}}",
		  HF_OK, "" },
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{\"kind\":"
		  "\"Password\",\"password\":\"x\"}}",
		  HF_UNSUPPORTED, "firstFactor: field \"kind\": passwords and one-time passwords" },
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{" ASSERTION "}}", HF_INVALID,
		  "firstFactor: field \"kind\" is missing" },
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{\"kind\":\"Key\"," ASSERTION
		  "},\"secondFactor\":{}}",
		  HF_INVALID, "secondFactor: field \"kind\" is missing" },
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{\"kind\":\"Key\","
		  "\"credentialAssertion\":{\"credId\":\"c\"}}}",
		  HF_INVALID, "firstFactor: credentialAssertion: field \"clientData\" is missing" },
		{ "{\"challengeIdentifier\":\"a.b.c\"}", HF_INVALID,
		  "field \"firstFactor\" is missing" },
		{ "{\"firstFactor\":{}}", HF_INVALID, "field \"challengeIdentifier\" is missing" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		JSON_SCOPED struct json_t *doc = parse(rows[i].json);
		struct login_body body;
		struct hf_err err = { 0 };

		check_row(&rows[i], read_login(doc, &body, &err), &err);
	}
}

static void an_empty_body_has_no_fields(void **state)
{
	JSON_SCOPED struct json_t *empty = parse("{}"), *full = parse("{\"a\":1}");
	struct hf_err err = { 0 };

	CHECK_OK(read_empty(empty, NULL));
	CHECK_CODE(read_empty(full, &err), HF_INVALID);
	assert_string_equal(err.text, "unknown field \"a\": none is expected");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_key_row_by_row),
		cmocka_unit_test(signature_row_by_row),
		cmocka_unit_test(create_wallet_row_by_row),
		cmocka_unit_test(a_wallet_loses_only_what_is_null),
		cmocka_unit_test(update_key_row_by_row),
		cmocka_unit_test(action_init_row_by_row),
		cmocka_unit_test(action_row_by_row),
		cmocka_unit_test(an_empty_body_has_no_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
