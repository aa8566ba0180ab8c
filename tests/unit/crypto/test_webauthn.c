/* SPDX-License-Identifier: Apache-2.0 */
#include "authenticator.h"
#include "check.h"

#include "crypto/webauthn.h"

#include <string.h>

static const char client_data[] = "{\"type\":\"webauthn.create\",\"challenge\":\"x\"}";
static const struct webauthn_party party = { .rp_id = "bank.example" };
static const struct webauthn_party strict = { .rp_id = "bank.example", .verify_user = true };
static const int algorithms[] = { AUTHENTICATOR_ES256, AUTHENTICATOR_EDDSA, AUTHENTICATOR_RS256 };

static hf_status enroll(const struct authenticator *a, const struct webauthn_party *p,
                        const char *rp_id, const char *format, struct webauthn_credential *ret)
{
	HF_BUF_SCOPED struct hf_buf object = HF_BUF(8192);
	struct hf_err err;

	authenticator_attest(a, rp_id, format, hf_span_text(client_data), &object);
	return webauthn_register(p, hf_span_text(client_data), hf_buf_span(&object), ret, &err);
}

static hf_status assertion(const struct authenticator *a, const struct webauthn_party *p,
                           const char *rp_id, const char *pem, const char *said, uint32_t *counter)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(4096);
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(512);
	struct credential_key *key;
	struct hf_err err;
	hf_status s;

	authenticator_data(a, rp_id, false, &data);
	authenticator_sign(a, hf_buf_span(&data), hf_span_text(client_data), &sig);
	CHECK_OK(credential_key_parse(hf_span_text(pem), &key, &err));
	s = webauthn_verify(p, key, hf_span_text(said), hf_buf_span(&data), hf_buf_span(&sig),
	                    counter, &err);
	credential_key_free(key);
	return s;
}

static void each_algorithm_registers_and_signs(void **state)
{
	static const char *const formats[] = { "none", "packed", "tpm" };
	struct webauthn_credential c;
	struct authenticator a;
	uint32_t counter;

	for (size_t i = 0; i < HF_COUNT(algorithms); i++) {
		authenticator_make(&a, algorithms[i]);
		for (size_t f = 0; f < HF_COUNT(formats); f++) {
			CHECK_OK(enroll(&a, &strict, "bank.example", formats[f], &c));
			CHECK(c.id_len == a.id_len && memcmp(c.id, a.id, a.id_len) == 0);
			CHECK(c.counter == 1);
		}
		a.counter = 77;
		CHECK_OK(assertion(&a, &strict, "bank.example", c.pem, client_data, &counter));
		CHECK(counter == 77);
		authenticator_done(&a);
	}
}

static void another_relying_party_is_refused(void **state)
{
	struct webauthn_credential c;
	struct authenticator a;
	uint32_t counter;

	authenticator_make(&a, AUTHENTICATOR_ES256);
	CHECK_CODE(enroll(&a, &party, "evil.example", "none", &c), HF_UNAUTHENTIC);
	CHECK_OK(enroll(&a, &party, "bank.example", "none", &c));
	CHECK_CODE(assertion(&a, &party, "evil.example", c.pem, client_data, &counter),
	           HF_UNAUTHENTIC);
	authenticator_done(&a);
}

static void presence_is_always_asked_and_verification_when_wanted(void **state)
{
	struct webauthn_credential c;
	struct authenticator a;
	uint32_t counter;

	authenticator_make(&a, AUTHENTICATOR_ES256);
	a.flags = 1;
	CHECK_OK(enroll(&a, &party, "bank.example", "none", &c));
	CHECK_CODE(enroll(&a, &strict, "bank.example", "none", &c), HF_UNAUTHENTIC);
	CHECK_OK(assertion(&a, &party, "bank.example", c.pem, client_data, &counter));
	CHECK_CODE(assertion(&a, &strict, "bank.example", c.pem, client_data, &counter),
	           HF_UNAUTHENTIC);
	a.flags = 4;
	CHECK_CODE(enroll(&a, &party, "bank.example", "none", &c), HF_UNAUTHENTIC);
	CHECK_CODE(assertion(&a, &party, "bank.example", c.pem, client_data, &counter),
	           HF_UNAUTHENTIC);
	authenticator_done(&a);
}

static void a_signature_of_another_key_or_over_other_words_is_refused(void **state)
{
	struct webauthn_credential c, d;
	struct authenticator a, b;
	uint32_t counter;

	for (size_t i = 0; i < HF_COUNT(algorithms); i++) {
		authenticator_make(&a, algorithms[i]);
		authenticator_make(&b, algorithms[i]);
		CHECK_OK(enroll(&a, &party, "bank.example", "none", &c));
		CHECK_OK(enroll(&b, &party, "bank.example", "none", &d));
		CHECK_CODE(assertion(&a, &party, "bank.example", d.pem, client_data, &counter),
		           HF_UNAUTHENTIC);
		CHECK_CODE(assertion(&a, &party, "bank.example", c.pem, "{}", &counter),
		           HF_UNAUTHENTIC);
		authenticator_done(&a);
		authenticator_done(&b);
	}
}

static void a_self_attestation_has_to_verify(void **state)
{
	HF_BUF_SCOPED struct hf_buf object = HF_BUF(8192);
	struct webauthn_credential c;
	struct authenticator a;
	struct hf_err err;

	authenticator_make(&a, AUTHENTICATOR_ES256);
	authenticator_attest(&a, "bank.example", "packed", hf_span_text("other"), &object);
	CHECK_CODE(webauthn_register(&party, hf_span_text(client_data), hf_buf_span(&object), &c,
	                             &err),
	           HF_UNAUTHENTIC);
	authenticator_done(&a);
}

static void an_id_that_is_too_long_is_refused_with_words(void **state)
{
	struct webauthn_credential c;
	struct authenticator a;

	authenticator_make(&a, AUTHENTICATOR_ES256);
	a.id_len = WEBAUTHN_ID_MAX;
	CHECK_OK(enroll(&a, &party, "bank.example", "none", &c));
	a.id_len = WEBAUTHN_ID_MAX + 1;
	CHECK_CODE(enroll(&a, &party, "bank.example", "none", &c), HF_UNSUPPORTED);
	a.id_len = 0;
	CHECK(!hf_ok(enroll(&a, &party, "bank.example", "none", &c)));
	authenticator_done(&a);
}

/* Each byte missing or altered: never a crash, and never a registration of something else. */
static void a_damaged_object_is_refused_or_means_the_same(void **state)
{
	HF_BUF_SCOPED struct hf_buf object = HF_BUF(8192);
	struct webauthn_credential c;
	struct authenticator a;
	struct hf_err err;

	authenticator_make(&a, AUTHENTICATOR_EDDSA);
	authenticator_attest(&a, "bank.example", "packed", hf_span_text(client_data), &object);
	for (size_t n = 0; n < object.len; n++)
		CHECK(!hf_ok(webauthn_register(&party, hf_span_text(client_data),
		                               HF_SPAN(object.ptr, n), &c, &err)));
	for (size_t i = 0; i < object.len; i++) {
		object.ptr[i] ^= 1;
		hf_ignore(webauthn_register(&party, hf_span_text(client_data), hf_buf_span(&object),
		                            &c, &err));
		object.ptr[i] ^= 1;
	}
	authenticator_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_algorithm_registers_and_signs),
		cmocka_unit_test(another_relying_party_is_refused),
		cmocka_unit_test(presence_is_always_asked_and_verification_when_wanted),
		cmocka_unit_test(a_signature_of_another_key_or_over_other_words_is_refused),
		cmocka_unit_test(a_self_attestation_has_to_verify),
		cmocka_unit_test(an_id_that_is_too_long_is_refused_with_words),
		cmocka_unit_test(a_damaged_object_is_refused_or_means_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
