/* SPDX-License-Identifier: Apache-2.0
 * What decides who calls, without a server: API keys, networks, passwords, secrets, and which JWTs
 * and keys of theirs are read at all. */
#include "check.h"

#include "base/text.h"
#include "server/core/access/app_credentials.h"
#include "server/core/access/app_jwt.h"
#include "server/core/access/basic_auth.h"
#include "server/core/access/ip_ranges.h"
#include "server/core/access/passwords.h"

#include <semaphore.h>
#include <stdio.h>
#include <string.h>

static struct json_t *json(const char *text)
{
	struct json_t *doc;

	CHECK_OK(json_parse(hf_span_text(text), 65536, &doc, NULL));
	return doc;
}

static hf_status split(const char *base64, const char *want_user, const char *want_secret)
{
	HF_BUF_SCOPED struct hf_buf user = HF_BUF(BASIC_AUTH_MAX), secret = HF_BUF(BASIC_AUTH_MAX);

	HF_TRY(basic_auth_split(base64, &user, &secret));
	assert_string_equal((const char *)user.ptr, want_user);
	assert_string_equal((const char *)secret.ptr, want_secret);
	return HF_SUCCESS;
}

static void an_api_key_is_split_at_its_first_colon(void **state)
{
	CHECK_OK(split("YTpiOmM=", "a", "b:c"));
	CHECK_OK(split("YTo=", "a", ""));
	CHECK_OK(split("OmI=", "", "b"));
	CHECK_CODE(split("YWI=", "", ""), HF_INVALID);     /* no colon */
	CHECK_CODE(split("YTpiAGM=", "", ""), HF_INVALID); /* a NUL */
	CHECK_CODE(split("not base64!", "", ""), HF_INVALID);
	CHECK_CODE(split("", "", ""), HF_INVALID);
}

static bool from(const char *policy, const char *peer)
{
	JSON_SCOPED struct json_t *doc = json(policy);
	HF_FREE struct ip_ranges *r = NULL;

	CHECK_OK(ip_ranges_parse(doc, &r, NULL));
	return ip_ranges_have(r, peer);
}

static void addresses_are_within_their_networks_only(void **state)
{
	static const char v4[] = "{\"whitelist\":[\"192.0.2.64/26\",\"198.51.100.7\"]}";
	static const char v6[] = "{\"whitelist\":[\"2001:db8:2::/47\"]}";

	CHECK(from(v4, "192.0.2.64:1234") && from(v4, "192.0.2.127:1"));
	CHECK(!from(v4, "192.0.2.63:1234") && !from(v4, "192.0.2.128:1"));
	CHECK(from(v4, "198.51.100.7:443") && !from(v4, "198.51.100.6:443"));
	CHECK(from(v4, "[::ffff:192.0.2.65]:1"));
	CHECK(from(v6, "[2001:db8:3::1]:1") && !from(v6, "[2001:db8:1::1]:1"));
	CHECK(!from(v4, "nonsense") && !from(v4, ""));
	CHECK(!from("{\"whitelist\":[]}", "192.0.2.1:1"));
}

static void networks_with_slips_in_them_are_refused(void **state)
{
	static const char *const bad[] = {
		"{\"whitelist\":[\"192.0.2.1/24\"]}",
		"{\"whitelist\":[\"192.0.2.0/33\"]}",
		"{\"whitelist\":[\"192.0.2\"]}",
		"{\"whitelist\":[\"2001:db8::/129\"]}",
		"{\"whitelist\":[1]}",
		"{\"blacklist\":[]}",
		"{\"whitelist\":\"192.0.2.0/24\"}",
		"{\"whitelist\":[\"192.0.2.0/-1\"]}",
		"{\"whitelist\":[\"192.0.2.0/24 \"]}",
	};

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		JSON_SCOPED struct json_t *doc = json(bad[i]);
		struct ip_ranges *r = NULL;

		CHECK_CODE(ip_ranges_parse(doc, &r, NULL), HF_INVALID);
	}
}

struct waited {
	struct password_job job; /* first */
	sem_t done;
	hf_status s;
};

static void told(struct password_job *job, hf_status s)
{
	struct waited *w = (struct waited *)job;

	w->s = s;
	sem_post(&w->done);
}

static hf_status wait_for(struct passwords *p, struct waited *w)
{
	sem_init(&w->done, 0, 0);
	w->job.done = told;
	HF_TRY(passwords_submit(p, &w->job));
	sem_wait(&w->done);
	return w->s;
}

static void a_password_verifies_against_its_own_hash_only(void **state)
{
	struct waited make = { .job = { .password = hf_span_text("correct horse"), .make = true } };
	struct waited good = { .job = { .password = hf_span_text("correct horse") } };
	struct waited bad = { .job = { .password = hf_span_text("correct hors") } };
	struct waited nobody = { .job = { .password = hf_span_text("correct horse") } };
	struct passwords *p;

	CHECK_OK(passwords_new(&p, NULL));
	CHECK_OK(wait_for(p, &make));
	CHECK(strncmp(make.job.made, "$argon2id$", 10) == 0);
	good.job.hash = bad.job.hash = make.job.made;
	CHECK_OK(wait_for(p, &good));
	CHECK_CODE(wait_for(p, &bad), HF_UNAUTHENTIC);
	CHECK_CODE(wait_for(p, &nobody), HF_UNAUTHENTIC);
	passwords_stop(p);
	CHECK_CODE(passwords_submit(p, &good.job), HF_CLOSED);
	passwords_free(p);
}

static void easy_passwords_are_refused(void **state)
{
	CHECK_OK(password_check_new("twelve chars", "a@b.example", NULL));
	CHECK_CODE(password_check_new("eleven char", "a@b.example", NULL), HF_INVALID);
	CHECK_CODE(password_check_new("aaaaaaaaaaaaaaaa", "a@b.example", NULL), HF_INVALID);
	CHECK_CODE(password_check_new("Alice@Bank.Example", "alice@bank.example", NULL),
	           HF_INVALID);
	CHECK_OK(password_check_new("Zw\xc3\xb6lf Zeichen", "a@b.example", NULL));
}

#define OWN_SECRET "my own secret, which is long enough"

static void secrets_are_made_long_or_not_at_all(void **state)
{
	HF_BUF_SCOPED struct hf_buf made = HF_BUF(4096), again = HF_BUF(4096);
	JSON_SCOPED struct json_t *shorter = json("{\"secret\":\"too short\"}");
	JSON_SCOPED struct json_t *both = json("{\"secret\":{},\"certificate\":\"\"}");
	struct app_row a = { 0 }, b = { 0 };
	JSON_SCOPED struct json_t *doc = NULL;
	const char *secret;

	CHECK_OK(app_credential_make(NULL, 0, 1, &a, &made, NULL));
	CHECK_OK(app_credential_make(NULL, 0, 1, &b, &again, NULL));
	CHECK(memcmp(a.proof, b.proof, sizeof(a.proof)) != 0);
	CHECK_OK(json_parse(hf_buf_span(&made), 4096, &doc, NULL));
	secret = json_member_text(doc, "secret");
	assert_int_equal(strlen(secret), 86); /* 64 bytes */
	CHECK_OK(app_secret_check(&a, hf_span_text(secret)));
	CHECK_CODE(app_secret_check(&b, hf_span_text(secret)), HF_UNAUTHENTIC);
	CHECK_CODE(app_secret_check(&a, HF_SPAN("", 0)), HF_UNAUTHENTIC);
	CHECK_CODE(app_credential_make(NULL, 31, 1, &a, &made, NULL), HF_INVALID);
	CHECK_CODE(app_credential_make(shorter, 0, 1, &a, &made, NULL), HF_INVALID);
	CHECK_CODE(app_credential_make(both, 0, 1, &a, &made, NULL), HF_INVALID);
}

static void a_secret_is_followed_by_another_and_good_until_its_end(void **state)
{
	HF_BUF_SCOPED struct hf_buf made = HF_BUF(4096), next = HF_BUF(4096);
	JSON_SCOPED struct json_t *all = json("{\"all\":[{\"secret\":\"" OWN_SECRET "\"},"
	                                      "{\"certificate\":\"\"}]}");
	JSON_SCOPED struct json_t *own = json("{\"secret\":\"" OWN_SECRET "\"}");
	struct app_row a = { 0 };

	CHECK_CODE(app_credential_make(all, 0, 1, &a, &next, NULL), HF_INVALID);
	hf_buf_clear(&next);
	CHECK_OK(app_credential_make(own, 0, 1, &a, &made, NULL));
	memcpy(a.previous_proof, a.proof, sizeof(a.proof));
	a.previous_until_ms = 1000;
	CHECK_OK(app_secret_renew(hf_buf_span(&made), 32, 2, &a, &next, NULL));
	CHECK_CODE(app_secret_check(&a, hf_span_text(OWN_SECRET)), HF_UNAUTHENTIC);
	CHECK_OK(app_previous_check(&a, hf_span_text(OWN_SECRET), 999));
	CHECK_CODE(app_previous_check(&a, hf_span_text(OWN_SECRET), 1000), HF_UNAUTHENTIC);
	CHECK_CODE(app_previous_check(&a, HF_SPAN("", 0), 999), HF_UNAUTHENTIC);
	a.credential_kind = APP_SIGNED_JWT;
	CHECK_CODE(app_previous_check(&a, hf_span_text(OWN_SECRET), 999), HF_UNAUTHENTIC);
	CHECK_CODE(app_secret_renew(hf_buf_span(&made), 32, 2, &a, &next, NULL), HF_STATE);
}

static void a_credential_opens_for_its_own_app_only(void **state)
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(4096);
	HF_SECRET struct hf_secret key = { 0 }, opened = { 0 };

	CHECK_OK(hf_secret_copy("0123456789abcdef0123456789abcdef", 32, &key));
	CHECK_OK(app_credential_seal(&key, "app-1", HF_SPAN("{}", 2), &sealed));
	CHECK_CODE(app_credential_open(&key, "app-2", hf_buf_span(&sealed), &opened), HF_CORRUPT);
	CHECK_OK(app_credential_open(&key, "app-1", hf_buf_span(&sealed), &opened));
	CHECK(hf_secret_equal(&opened, "{}", 2));
}

static void jwts_are_spelt_in_one_way(void **state)
{
	static const char *const bad[] = {
		"",
		"a",
		"a.b",
		"e30.e30",
		"e30.e30.AA.AA",
		"e30=.e30.AA",
		"e30.e30.A+/A",
		"W10.e30.AA",
		"e30.W10.AA",
		"e30.e30.",
		"e30 .e30.AA",
	};
	char uuid[HF_UUID_MAX];

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		JWT_SCOPED j = { 0 };

		CHECK_CODE(jwt_parse(bad[i], &j), HF_INVALID);
	}
	JWT_SCOPED fine = { 0 };
	CHECK_OK(jwt_parse("e30.e30.AA", &fine));
	CHECK_CODE(app_jwt_subject("e30.e30.AA", uuid), HF_INVALID);
}

static hf_status key_of(const char *text)
{
	JSON_SCOPED struct json_t *doc = json(text);
	struct jwt_key key;

	return jwt_key_of_jwk(doc, &key);
}

#define P256_X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define P256_Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

static void only_public_keys_for_signatures_are_read(void **state)
{
	CHECK_OK(key_of("{\"kty\":\"EC\",\"crv\":\"P-256\"," P256_X "," P256_Y "}"));
	CHECK_OK(key_of("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
	                "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"));
	CHECK_CODE(
	        key_of("{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\"," P256_X "," P256_Y "}"),
	        HF_UNSUPPORTED);
	CHECK_CODE(key_of("{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"HS256\"," P256_X "," P256_Y
	                  "}"),
	           HF_UNSUPPORTED);
	CHECK_CODE(key_of("{\"kty\":\"EC\",\"crv\":\"P-256\"," P256_X
	                  ",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}"),
	           HF_INVALID);
	CHECK_CODE(key_of("{\"kty\":\"EC\",\"crv\":\"P-256\"," P256_X ",\"y\":\"AA\"}"),
	           HF_INVALID);
	CHECK_CODE(key_of("{\"kty\":\"EC\",\"crv\":\"P-521\"," P256_X "," P256_Y "}"),
	           HF_UNSUPPORTED);
	CHECK_CODE(key_of("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"), HF_UNSUPPORTED);
	CHECK_CODE(key_of("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"), HF_INVALID);
	CHECK_CODE(key_of("{}"), HF_INVALID);
}

/* RFC 7515, appendix A.3: ES256 with the key above. */
static void a_signature_of_the_rfc_verifies_and_no_other_does(void **state)
{
	static const char token[] =
	        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l"
	        "eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCg"
	        "fTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
	JSON_SCOPED struct json_t *jwk =
	        json("{\"kty\":\"EC\",\"crv\":\"P-256\"," P256_X "," P256_Y "}");
	JWT_SCOPED j = { 0 };
	struct jwt_key key;

	CHECK_OK(jwt_key_of_jwk(jwk, &key));
	CHECK_OK(jwt_parse(token, &j));
	CHECK_OK(jwt_verify(&j, &key, NULL));
	strcpy(key.alg, "ES384");
	CHECK_CODE(jwt_verify(&j, &key, NULL), HF_UNAUTHENTIC);
	key.alg[0] = '\0';
	j.signature[10] ^= 1;
	CHECK_CODE(jwt_verify(&j, &key, NULL), HF_UNAUTHENTIC);
	j.signature[10] ^= 1;
	j.signature_len--;
	CHECK_CODE(jwt_verify(&j, &key, NULL), HF_UNAUTHENTIC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_api_key_is_split_at_its_first_colon),
		cmocka_unit_test(addresses_are_within_their_networks_only),
		cmocka_unit_test(networks_with_slips_in_them_are_refused),
		cmocka_unit_test(a_password_verifies_against_its_own_hash_only),
		cmocka_unit_test(easy_passwords_are_refused),
		cmocka_unit_test(secrets_are_made_long_or_not_at_all),
		cmocka_unit_test(a_secret_is_followed_by_another_and_good_until_its_end),
		cmocka_unit_test(a_credential_opens_for_its_own_app_only),
		cmocka_unit_test(jwts_are_spelt_in_one_way),
		cmocka_unit_test(only_public_keys_for_signatures_are_read),
		cmocka_unit_test(a_signature_of_the_rfc_verifies_and_no_other_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
