/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "p11/wrap.h"

static void one_number_is_told_apart_by_length(void **state)
{
	assert_int_equal(wrap_format_detect(CKM_AES_KEY_WRAP_PAD, 40), WRAP_RFC5649);
	assert_int_equal(wrap_format_detect(CKM_AES_KEY_WRAP_PAD, 48), WRAP_RFC3394_PKCS7);
	assert_int_equal(wrap_format_detect(CKM_AES_KEY_WRAP_PAD, 56), WRAP_RFC3394_PKCS7);
	assert_int_equal(wrap_format_detect(CKM_AES_KEY_WRAP_KWP, 40), WRAP_RFC5649);
	assert_int_equal(wrap_format_detect(CKM_LUNA_AES_KWP, 40), WRAP_RFC5649);
	assert_int_equal(wrap_format_detect(CKM_AES_KEY_WRAP, 40), WRAP_RFC3394);
	assert_int_equal(wrap_format_detect(CKM_AES_CBC_PAD, 48), WRAP_CBC_PAD);
}

static void a_length_of_no_known_format_is_none(void **state)
{
	assert_int_equal(wrap_format_detect(CKM_AES_KEY_WRAP_PAD, 32), 0);
	assert_int_equal(wrap_format_detect(CKM_AES_KEY_WRAP, 48), 0);
	assert_int_equal(wrap_format_detect(CKM_AES_CBC_PAD, 40), 0);
	assert_int_equal(wrap_format_detect(CKM_AES_GCM, 40), 0);
}

static bool has(const struct template *t, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < t->n; i++)
		if (t->attr[i].type == type)
			return true;
	return false;
}

static void the_plain_template_has_no_curve_and_no_name(void **state)
{
	struct p11_type_profile profile = { .params = PARAMS_OID };
	struct unwrap_plan plan;

	unwrap_plan_build(&plan, CKM_AES_KEY_WRAP_PAD, WRAP_RFC5649, KEY_P256, &profile);
	assert_int_equal(plan.template.n, 7);
	CHECK(!has(&plan.template, CKA_EC_PARAMS));
	CHECK(!has(&plan.template, CKA_ID));
	CHECK(!has(&plan.template, CKA_LABEL));
	CHECK(has(&plan.template, CKA_SENSITIVE));
	CHECK(has(&plan.template, CKA_EXTRACTABLE));
	assert_int_equal(plan.iv_len, 0);
}

static void quirks_add_to_the_template(void **state)
{
	struct p11_type_profile profile = { .params = PARAMS_OID,
		                            .quirks = QUIRK_NSS_DB | QUIRK_EC_PARAMS };
	struct unwrap_plan plan;

	unwrap_plan_build(&plan, CKM_AES_CBC_PAD, WRAP_CBC_PAD, KEY_P256, &profile);
	CHECK(has(&plan.template, CKA_NSS_DB));
	CHECK(has(&plan.template, CKA_EC_PARAMS));
	assert_int_equal(plan.iv_len, 16);
}

static void a_blob_of_no_possible_length_never_reaches_the_module(void **state)
{
	struct p11_session s = { 0 }; /* no functions: a call would crash */
	struct p11_type_profile profile = { 0 };
	uint8_t blob[WRAP_BLOB_MAX + 8] = { 0 };
	CK_OBJECT_HANDLE key;

	CHECK_CODE(p11_unwrap(&s, 1, CKM_AES_KEY_WRAP_PAD, WRAP_RFC5649, KEY_P256, &profile,
	                      HF_SPAN(blob, 79), &key, NULL),
	           HF_CORRUPT);
	CHECK_CODE(p11_unwrap(&s, 1, CKM_AES_KEY_WRAP_PAD, WRAP_RFC5649, KEY_P256, &profile,
	                      HF_SPAN(blob, 0), &key, NULL),
	           HF_CORRUPT);
	CHECK_CODE(p11_unwrap(&s, 1, CKM_AES_CBC_PAD, WRAP_CBC_PAD, KEY_P256, &profile,
	                      HF_SPAN(blob, 16), &key, NULL),
	           HF_CORRUPT);
	CHECK_CODE(p11_unwrap(&s, 1, CKM_AES_KEY_WRAP_PAD, WRAP_RFC5649, KEY_P256, &profile,
	                      HF_SPAN(blob, sizeof(blob)), &key, NULL),
	           HF_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_number_is_told_apart_by_length),
		cmocka_unit_test(a_length_of_no_known_format_is_none),
		cmocka_unit_test(the_plain_template_has_no_curve_and_no_name),
		cmocka_unit_test(quirks_add_to_the_template),
		cmocka_unit_test(a_blob_of_no_possible_length_never_reaches_the_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
