/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "server/signing_api/bodies.h"

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
		{ "{\"kind\":\"Hash\",\"hash\":\"0x" D64
		  "\",\"network\":\"Ethereum\",\"externalId\":\"e\"}",
		  HF_OK, "" },
		{ "{\"kind\":\"Message\",\"message\":\"00ff\"}", HF_OK, "" },
		{ "{\"kind\":\"Message\",\"message\":\"0x00FF\"}", HF_OK, "" },
		{ "{\"kind\":\"Hash\",\"hash\":\"abcd\"}", HF_INVALID, "field \"hash\"" },
		{ "{\"kind\":\"Hash\",\"hash\":\"" D64 "00\"}", HF_INVALID,
		  "field \"hash\": expected 32 bytes" },
		{ "{\"kind\":\"Hash\",\"hash\":"
		  "\"zz22334455667788990011223344556677889900112233445566778899001122\"}",
		  HF_INVALID, "field \"hash\": expected 32 bytes as 64 hex digits" },
		{ "{\"kind\":\"Hash\"}", HF_INVALID, "field \"hash\" is missing" },
		{ "{\"kind\":\"Hash\",\"hash\":\"" D64 "\",\"message\":\"00\"}", HF_INVALID,
		  "unknown field \"message\"" },
		{ "{\"kind\":\"Hash\",\"hash\":\"" D64 "\",\"taprootMerkleRoot\":\"\"}",
		  HF_UNSUPPORTED, "field \"taprootMerkleRoot\": for Schnorr keys only" },
		{ "{\"kind\":\"Hash\",\"hash\":\"" D64 "\",\"externalId\":\"\"}", HF_INVALID,
		  "field \"externalId\": expected text of 1 to 50 characters" },
		{ "{\"kind\":\"Hash\",\"hash\":\"" D64
		  "\",\"externalId\":\"012345678901234567890123456789012345678901234567890\"}",
		  HF_INVALID, "field \"externalId\": expected text of 1 to 50 characters" },
		{ "{\"kind\":\"Message\",\"message\":\"0\"}", HF_INVALID,
		  "field \"message\": expected an even number of hex digits, at most 65536 bytes" },
		{ "{\"kind\":\"Message\",\"message\":\"00\",\"blockchainKind\":\"Evm\"}",
		  HF_UNSUPPORTED,
		  "field \"blockchainKind\": chains' own message formats are not supported yet" },
		{ "{\"kind\":\"Message\",\"message\":\"00\",\"network\":\"Ton\"}", HF_UNSUPPORTED,
		  "field \"network\"" },
		{ "{\"kind\":\"Transaction\",\"transaction\":\"00\"}", HF_UNSUPPORTED,
		  "field \"kind\": \"Transaction\" is not supported yet" },
		{ "{\"kind\":\"Eip712\"}", HF_UNSUPPORTED,
		  "field \"kind\": \"Eip712\" is not supported yet" },
		{ "{\"kind\":\"hash\"}", HF_INVALID,
		  "field \"kind\": expected \"Hash\" or \"Message\"" },
		{ "{\"kind\":1}", HF_INVALID, "field \"kind\" is missing" },
		{ "{}", HF_INVALID, "field \"kind\" is missing: expected \"Hash\" or \"Message\"" },
		{ "[\"Hash\"]", HF_INVALID, "field \"kind\" is missing" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		JSON_SCOPED struct json_t *doc = parse(rows[i].json);
		HF_BUF_SCOPED struct hf_buf input = HF_BUF(SIGN_INPUT_MAX);
		struct signature_body body;
		struct hf_err err = { 0 };

		check_row(&rows[i], read_signature(doc, &input, &body, &err), &err);
	}
}

static void a_signature_body_gives_its_input(void **state)
{
	JSON_SCOPED struct json_t *doc =
	        parse("{\"kind\":\"Message\",\"message\":\"0x616263\",\"externalId\":\"e\"}");
	HF_BUF_SCOPED struct hf_buf input = HF_BUF(SIGN_INPUT_MAX);
	struct signature_body body;

	CHECK_OK(read_signature(doc, &input, &body, NULL));
	CHECK(!body.is_digest && hf_span_is(hf_buf_span(&input), "abc"));
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
		  HF_UNSUPPORTED, "firstFactor: field \"kind\": expected \"Key\"" },
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{" ASSERTION "}}", HF_INVALID,
		  "firstFactor: field \"kind\" is missing" },
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{\"kind\":\"Key\"," ASSERTION
		  "},\"secondFactor\":{}}",
		  HF_UNSUPPORTED, "field \"secondFactor\"" },
		{ "{\"challengeIdentifier\":\"a.b.c\",\"firstFactor\":{\"kind\":\"Key\","
		  "\"credentialAssertion\":{\"credId\":\"c\"}}}",
		  HF_INVALID, "firstFactor.credentialAssertion: field \"clientData\" is missing" },
		{ "{\"challengeIdentifier\":\"a.b.c\"}", HF_INVALID,
		  "field \"firstFactor\" is missing" },
		{ "{\"firstFactor\":{}}", HF_INVALID, "field \"challengeIdentifier\" is missing" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		JSON_SCOPED struct json_t *doc = parse(rows[i].json);
		struct action_body body;
		struct hf_err err = { 0 };

		check_row(&rows[i], read_action(doc, &body, &err), &err);
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
		cmocka_unit_test(a_signature_body_gives_its_input),
		cmocka_unit_test(update_key_row_by_row),
		cmocka_unit_test(action_init_row_by_row),
		cmocka_unit_test(action_row_by_row),
		cmocka_unit_test(an_empty_body_has_no_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
