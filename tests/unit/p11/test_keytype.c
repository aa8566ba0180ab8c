/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "p11/keytype.h"

static const uint8_t input[64] = { 1, 2, 3 };

static void ecdsa_signs_the_digest_as_it_is(void **state)
{
	struct p11_type_profile profile = { .sign_mechanism = CKM_ECDSA };
	struct p11_sign_plan plan;

	CHECK_OK(p11_sign_plan(KEY_P256, &profile, SIGN_ECDSA, HASH_NONE, HF_SPAN(input, 32), &plan,
	                       NULL));
	assert_int_equal(plan.mechanism.mechanism, CKM_ECDSA);
	assert_null(plan.mechanism.pParameter);
	assert_ptr_equal(plan.data.ptr, input);
}

static void pkcs1_wraps_the_digest_in_digest_info(void **state)
{
	struct p11_type_profile profile = { .sign_mechanism = CKM_RSA_PKCS };
	struct p11_sign_plan plan;

	CHECK_OK(p11_sign_plan(KEY_RSA_2048, &profile, SIGN_RSA_PKCS1, HASH_SHA512,
	                       HF_SPAN(input, 64), &plan, NULL));
	assert_int_equal(plan.data.len, 19 + 64);
	assert_int_equal(plan.data.ptr[0], 0x30);
	assert_int_equal(plan.data.ptr[14], 3); /* …2.3: SHA-512 */
	assert_int_equal(plan.data.ptr[18], 64);
	assert_memory_equal(plan.data.ptr + 19, input, 64);
}

static void pss_has_hash_mask_and_salt_of_one_kind(void **state)
{
	struct p11_type_profile profile = { .sign_mechanism = CKM_RSA_PKCS };
	struct p11_sign_plan plan;

	CHECK_OK(p11_sign_plan(KEY_RSA_3072, &profile, SIGN_RSA_PSS, HASH_SHA384,
	                       HF_SPAN(input, 48), &plan, NULL));
	assert_int_equal(plan.mechanism.mechanism, CKM_RSA_PKCS_PSS);
	assert_int_equal(plan.params.pss.hashAlg, CKM_SHA384);
	assert_int_equal(plan.params.pss.mgf, CKG_MGF1_SHA384);
	assert_int_equal(plan.params.pss.sLen, 48);
}

static void an_hsm_without_pss_is_said_so(void **state)
{
	struct p11_type_profile profile = { .sign_mechanism = CKM_RSA_PKCS,
		                            .quirks = QUIRK_NO_PSS };
	struct p11_sign_plan plan;
	struct hf_err err;

	CHECK_CODE(p11_sign_plan(KEY_RSA_2048, &profile, SIGN_RSA_PSS, HASH_SHA256,
	                         HF_SPAN(input, 32), &plan, &err),
	           HF_UNSUPPORTED);
}

static void a_scheme_of_another_type_is_refused(void **state)
{
	struct p11_type_profile profile = { .sign_mechanism = CKM_ECDSA };
	struct p11_sign_plan plan;

	CHECK_CODE(p11_sign_plan(KEY_P256, &profile, SIGN_ED25519, HASH_NONE, HF_SPAN(input, 32),
	                         &plan, NULL),
	           HF_INVALID);
	CHECK_CODE(p11_sign_plan(KEY_P384, &profile, SIGN_ECDSA, HASH_NONE, HF_SPAN(input, 32),
	                         &plan, NULL),
	           HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecdsa_signs_the_digest_as_it_is),
		cmocka_unit_test(pkcs1_wraps_the_digest_in_digest_info),
		cmocka_unit_test(pss_has_hash_mask_and_salt_of_one_kind),
		cmocka_unit_test(an_hsm_without_pss_is_said_so),
		cmocka_unit_test(a_scheme_of_another_type_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
