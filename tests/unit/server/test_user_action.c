/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/log.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "server/core/people/user_action.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#define NOW INT64_C(1790000000000)
#define BODY "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\"}"
#define DENIED "user action signature is missing or invalid"

static struct hf_secret challenge_key, action_key;
static const struct seal challenges = { "challenge", &challenge_key };
static const struct seal actions = { "useraction", &action_key };
static struct caller *alice, *bob;
static EVP_PKEY *ed_key, *ec_key;

static void add_credential(struct caller *c, const char *id, EVP_PKEY *key)
{
	struct caller_credential *to = &c->credentials[c->n_credentials++];
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	CHECK(PEM_write_bio_PUBKEY(bio, key) == 1);
	len = BIO_get_mem_data(bio, &pem);
	strcpy(to->id, id);
	to->kind = CREDENTIAL_KEY;
	CHECK_OK(credential_key_parse(HF_SPAN(pem, (size_t)len), &to->key, NULL));
	BIO_free(bio);
}

static int setup(void **state)
{
	CHECK_OK(hf_secret_copy("0123456789abcdef0123456789abcdef", 32, &challenge_key));
	CHECK_OK(hf_secret_copy("fedcba9876543210fedcba9876543210", 32, &action_key));
	ed_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	ec_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
	alice = caller_new();
	bob = caller_new();
	strcpy(alice->org_id, "or-1");
	strcpy(alice->identity_id, "us-alice");
	strcpy(bob->org_id, "or-1");
	strcpy(bob->identity_id, "us-bob");
	add_credential(alice, "ed", ed_key);
	add_credential(alice, "ec", ec_key);
	add_credential(bob, "ed", ed_key);
	return 0;
}

static int teardown(void **state)
{
	caller_unref(alice);
	caller_unref(bob);
	EVP_PKEY_free(ed_key);
	EVP_PKEY_free(ec_key);
	hf_secret_done(&challenge_key);
	hf_secret_done(&action_key);
	return 0;
}

struct begun {
	char challenge[256], identifier[USER_ACTION_IDENTIFIER_MAX];
};

static struct user_action action_for(const char *method, const char *path, const char *payload)
{
	struct user_action a = { .method = method, .path = path };

	CHECK_OK(payload_hash_text(hf_span_text(payload), &a.payload, NULL));
	return a;
}

static struct begun begin(const char *method, const char *path, const char *payload)
{
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(255);
	HF_BUF_SCOPED struct hf_buf identifier = HF_BUF(USER_ACTION_IDENTIFIER_MAX - 1);
	HF_BUF_SCOPED struct hf_buf commitment = HF_BUF(ACTION_COMMITMENT_MAX);
	struct user_action a = action_for(method, path, payload);
	struct begun b;

	CHECK_OK(user_action_begin(&challenges, alice, &a, NOW, &commitment, &challenge,
	                           &identifier, NULL));
	CHECK_OK(hf_span_to_text(hf_buf_span(&challenge), b.challenge, sizeof(b.challenge)));
	CHECK_OK(hf_span_to_text(hf_buf_span(&identifier), b.identifier, sizeof(b.identifier)));
	return b;
}

static size_t sign(EVP_PKEY *key, const char *text, uint8_t sig[256])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = key == ec_key ? EVP_sha256() : NULL;
	size_t len = 256;

	CHECK(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1);
	CHECK(EVP_DigestSign(ctx, sig, &len, (const uint8_t *)text, strlen(text)) == 1);
	EVP_MD_CTX_free(ctx);
	return len;
}

struct answer {
	const struct caller *caller; /* NULL: alice */
	const char *credential;      /* NULL: "ed" */
	EVP_PKEY *key;               /* NULL: the one of "ed" */
	const char *client_data;     /* NULL: the right one */
	int64_t now;                 /* 0: NOW */
};

static hf_status finish(const struct begun *b, struct answer a, char token[USER_ACTION_TOKEN_MAX],
                        struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(USER_ACTION_TOKEN_MAX - 1);
	char right[512];
	uint8_t sig[256];
	static const struct relying_party party = { .id = "bank.example" };
	struct user_action_proof proof = {
		.credential_id = a.credential ? a.credential : "ed",
		.kind = "Key",
		.party = &party,
	};
	uint32_t counter;

	snprintf(right, sizeof(right), "{\"type\":\"key.get\",\"challenge\":\"%s\"}", b->challenge);
	proof.client_data = hf_span_text(a.client_data ? a.client_data : right);
	proof.signature = HF_SPAN(
	        sig, sign(a.key ? a.key : ed_key, (const char *)proof.client_data.ptr, sig));
	HF_TRY(user_action_finish(&challenges, &actions, a.caller ? a.caller : alice, b->identifier,
	                          &proof, a.now ? a.now : NOW, &out, &counter, err));
	return hf_span_to_text(hf_buf_span(&out), token, USER_ACTION_TOKEN_MAX);
}

static void refused(const struct begun *b, struct answer a, enum hf_code code, const char *words)
{
	struct hf_err err = { 0 };
	char token[USER_ACTION_TOKEN_MAX];

	CHECK_CODE(finish(b, a, token, &err), code);
	assert_string_equal(err.text, words);
}

static const char *token_for(const char *method, const char *path, const char *payload)
{
	static char token[USER_ACTION_TOKEN_MAX];
	struct begun b = begin(method, path, payload);

	CHECK_OK(finish(&b, (struct answer){ 0 }, token, NULL));
	return token;
}

struct shown {
	const struct caller *caller;               /* NULL: alice */
	const char *method, *path, *target, *body; /* NULL: POST /keys BODY */
	int64_t now;                               /* 0: NOW */
};

static hf_status check(const char *token, struct shown s, struct user_action_spent *spent,
                       struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf proof = HF_BUF(ACTION_PROOF_MAX);
	const char *path = s.path ? s.path : "/keys";
	struct user_action a =
	        action_for(s.method ? s.method : "POST", path, s.body ? s.body : BODY);

	return user_action_check(&actions, s.caller ? s.caller : alice, token, &a,
	                         s.target ? s.target : path, s.now ? s.now : NOW, &proof, spent,
	                         err);
}

static void denied(const char *token, struct shown s)
{
	struct user_action_spent spent;
	struct hf_err err = { 0 };

	CHECK_CODE(check(token, s, &spent, &err), HF_DENIED);
	assert_string_equal(err.text, DENIED);
}

static void allowed(const char *token, struct shown s)
{
	struct user_action_spent spent;

	CHECK_OK(check(token, s, &spent, NULL));
	CHECK(hf_id_valid("ua", spent.id));
	CHECK(spent.forget_ms == NOW + USER_ACTION_MEMORY_MS);
}

static void a_challenge_is_64_hex_digits_in_base64url(void **state)
{
	struct begun b = begin("POST", "/keys", BODY);
	HF_BUF_SCOPED struct hf_buf hex = HF_BUF(64), raw = HF_BUF(32);

	CHECK_OK(hf_unbase64(hf_span_text(b.challenge), &hex));
	CHECK(hex.len == 64);
	CHECK_OK(hf_unhex(hf_buf_span(&hex), &raw));
}

static void identifier_and_token_have_the_shape_of_a_jwt(void **state)
{
	struct begun b = begin("POST", "/keys", BODY);
	const char *token = token_for("POST", "/keys", BODY);

	CHECK(strncmp(b.identifier, "eyJ", 3) == 0 && strchr(strchr(b.identifier, '.') + 1, '.'));
	CHECK(strncmp(token, "eyJ", 3) == 0 && strchr(strchr(token, '.') + 1, '.'));
	CHECK(strlen(token) < 2048);
}

static void each_challenge_is_another(void **state)
{
	struct begun a = begin("POST", "/keys", BODY), b = begin("POST", "/keys", BODY);

	CHECK(strcmp(a.challenge, b.challenge) != 0);
}

static void the_same_request_is_allowed_however_it_is_spelt(void **state)
{
	allowed(token_for("POST", "/keys", BODY), (struct shown){ 0 });
	allowed(token_for("POST", "/keys", BODY),
	        (struct shown){
	                .body = " {\"curve\" : \"secp256\\u006b1\", \"scheme\":\"ECDSA\"}" });
	allowed(token_for("DELETE", "/keys/k", "{}"),
	        (struct shown){ .method = "DELETE", .path = "/keys/k", .body = "" });
	allowed(token_for("DELETE", "/keys/k", ""),
	        (struct shown){ .method = "DELETE", .path = "/keys/k", .body = "{ }" });
}

static void the_path_may_be_signed_with_or_without_its_query(void **state)
{
	struct shown s = {
		.method = "DELETE", .path = "/a/b", .target = "/a/b?force=true", .body = "{}"
	};

	allowed(token_for("DELETE", "/a/b", "{}"), s);
	allowed(token_for("DELETE", "/a/b?force=true", "{}"), s);
	denied(token_for("DELETE", "/a/b?force=false", "{}"), s);
}

static void another_request_is_denied(void **state)
{
	const char *token = token_for("POST", "/keys", BODY);

	denied(token, (struct shown){ .method = "PUT" });
	denied(token, (struct shown){ .path = "/keys/x" });
	denied(token,
	       (struct shown){ .path = "/keys", .target = "/keys?x=1", .body = "{\"a\":1}" });
	denied(token,
	       (struct shown){
	               .body = "{\"scheme\":\"ECDSA\",\"curve\":\"secp256k1\",\"name\":\"x\"}" });
	denied(token, (struct shown){ .body = "{}" });
	denied(token, (struct shown){ .caller = bob });
}

static void an_expired_token_is_denied(void **state)
{
	const char *token = token_for("POST", "/keys", BODY);

	allowed(token, (struct shown){ .now = NOW + USER_ACTION_LIFETIME_MS });
	denied(token, (struct shown){ .now = NOW + USER_ACTION_LIFETIME_MS + 1 });
}

static void what_is_no_token_of_ours_is_denied(void **state)
{
	struct begun b = begin("POST", "/keys", BODY);
	char altered[USER_ACTION_TOKEN_MAX];

	denied(NULL, (struct shown){ 0 });
	denied("", (struct shown){ 0 });
	denied("a.b.c", (struct shown){ 0 });
	denied(b.identifier, (struct shown){ 0 }); /* sealed for another purpose */
	strcpy(altered, token_for("POST", "/keys", BODY));
	for (size_t i = 0; i < strlen(altered); i += 7) {
		altered[i] ^= 1;
		denied(altered, (struct shown){ 0 });
		altered[i] ^= 1;
	}
	allowed(altered, (struct shown){ 0 });
}

static void a_credential_that_was_withdrawn_is_denied(void **state)
{
	const char *token = token_for("POST", "/keys", BODY);

	strcpy(alice->credentials[0].id, "gone");
	denied(token, (struct shown){ 0 });
	strcpy(alice->credentials[0].id, "ed");
	allowed(token, (struct shown){ 0 });
}

static void one_signature_is_one_request_however_often_it_is_finished(void **state)
{
	struct begun b = begin("POST", "/keys", BODY);
	char one[USER_ACTION_TOKEN_MAX], two[USER_ACTION_TOKEN_MAX];
	struct user_action_spent first, second;

	CHECK_OK(finish(&b, (struct answer){ 0 }, one, NULL));
	CHECK_OK(finish(&b, (struct answer){ .now = NOW + 1000 }, two, NULL));
	CHECK(strcmp(one, two) != 0);
	CHECK_OK(check(one, (struct shown){ 0 }, &first, NULL));
	CHECK_OK(check(two, (struct shown){ 0 }, &second, NULL));
	assert_string_equal(first.id, second.id);
}

static void client_data_is_taken_in_any_order_with_more_in_it(void **state)
{
	struct begun b = begin("POST", "/keys", BODY);
	char data[512], token[USER_ACTION_TOKEN_MAX];

	snprintf(data, sizeof(data),
	         "{\"challenge\":\"%s\",\"crossOrigin\":false, "
	         "\"origin\":\"https://x\",\"type\":\"key.get\"}",
	         b.challenge);
	CHECK_OK(finish(&b, (struct answer){ .client_data = data }, token, NULL));
}

static void an_ecdsa_credential_signs_too(void **state)
{
	struct begun b = begin("POST", "/keys", BODY);
	char token[USER_ACTION_TOKEN_MAX];

	CHECK_OK(finish(&b, (struct answer){ .credential = "ec", .key = ec_key }, token, NULL));
	allowed(token, (struct shown){ 0 });
}

static void each_wrong_answer_is_refused_with_its_reason(void **state)
{
	static const char no_credential[] =
	        "User does not have a credential that can be used for the application.";
	struct begun b = begin("POST", "/keys", BODY), other = begin("POST", "/keys", BODY),
	             bad = b;
	char data[512];

	refused(&b, (struct answer){ .now = NOW + CHALLENGE_LIFETIME_MS + 1 }, HF_INVALID,
	        "Challenge token is not valid. It has expired: begin the user action again.");
	refused(&b, (struct answer){ .caller = bob }, HF_INVALID, "Challenge token is not valid.");
	bad.identifier[strlen(bad.identifier) / 2] ^= 1;
	refused(&bad, (struct answer){ 0 }, HF_INVALID, "Challenge token is not valid.");
	refused(&b, (struct answer){ .credential = "nobody" }, HF_UNAUTHENTIC, no_credential);
	refused(&b, (struct answer){ .credential = "ec" }, HF_UNAUTHENTIC,
	        "the signature of credential ec over clientData does not verify");
	refused(&b, (struct answer){ .key = ec_key }, HF_UNAUTHENTIC,
	        "the signature of credential ed over clientData does not verify");
	snprintf(data, sizeof(data), "{\"type\":\"key.create\",\"challenge\":\"%s\"}", b.challenge);
	refused(&b, (struct answer){ .client_data = data }, HF_INVALID,
	        "clientData: expected \"type\" to be \"key.get\"");
	snprintf(data, sizeof(data), "{\"type\":\"key.get\",\"challenge\":\"%s\"}",
	         other.challenge);
	refused(&b, (struct answer){ .client_data = data }, HF_INVALID,
	        "clientData: \"challenge\" is not the one of this challengeIdentifier");
	refused(&b, (struct answer){ .client_data = "{\"type\":\"key.get\"}" }, HF_INVALID,
	        "clientData: field \"challenge\" is missing: expected text");
}

static void the_commitment_is_checked_before_it_is_made(void **state)
{
	HF_BUF_SCOPED struct hf_buf a = HF_BUF(256), b = HF_BUF(USER_ACTION_IDENTIFIER_MAX),
	                            c = HF_BUF(ACTION_COMMITMENT_MAX);
	struct user_action bad_method = action_for("BREW", "/keys", "");
	struct user_action bad_path = action_for("POST", "keys", "");
	struct caller *nobody = caller_new();
	struct user_action good = action_for("POST", "/keys", "");

	CHECK_CODE(user_action_begin(&challenges, alice, &bad_method, NOW, &c, &a, &b, NULL),
	           HF_INVALID);
	CHECK_CODE(user_action_begin(&challenges, alice, &bad_path, NOW, &c, &a, &b, NULL),
	           HF_INVALID);
	CHECK_CODE(user_action_begin(&challenges, nobody, &good, NOW, &c, &a, &b, NULL),
	           HF_UNAUTHENTIC);
	caller_unref(nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_is_64_hex_digits_in_base64url),
		cmocka_unit_test(identifier_and_token_have_the_shape_of_a_jwt),
		cmocka_unit_test(each_challenge_is_another),
		cmocka_unit_test(the_same_request_is_allowed_however_it_is_spelt),
		cmocka_unit_test(the_path_may_be_signed_with_or_without_its_query),
		cmocka_unit_test(another_request_is_denied),
		cmocka_unit_test(an_expired_token_is_denied),
		cmocka_unit_test(what_is_no_token_of_ours_is_denied),
		cmocka_unit_test(a_credential_that_was_withdrawn_is_denied),
		cmocka_unit_test(one_signature_is_one_request_however_often_it_is_finished),
		cmocka_unit_test(client_data_is_taken_in_any_order_with_more_in_it),
		cmocka_unit_test(an_ecdsa_credential_signs_too),
		cmocka_unit_test(each_wrong_answer_is_refused_with_its_reason),
		cmocka_unit_test(the_commitment_is_checked_before_it_is_made),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
