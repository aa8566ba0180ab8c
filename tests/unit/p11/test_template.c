/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "p11/template.h"

#include <string.h>

static void values_are_kept_in_the_template(void **state)
{
	struct template t = { 0 };

	template_number(&t, CKA_CLASS, CKO_PRIVATE_KEY);
	template_bool(&t, CKA_SENSITIVE, true);
	template_bool(&t, CKA_EXTRACTABLE, false);
	template_text(&t, CKA_LABEL, "name");
	assert_int_equal(t.n, 4);
	assert_int_equal(*(CK_ULONG *)t.attr[0].pValue, CKO_PRIVATE_KEY);
	assert_int_equal(t.attr[0].ulValueLen, sizeof(CK_ULONG));
	assert_int_equal(*(CK_BBOOL *)t.attr[1].pValue, CK_TRUE);
	assert_int_equal(*(CK_BBOOL *)t.attr[2].pValue, CK_FALSE);
	assert_memory_equal(t.attr[3].pValue, "name", 4);
	assert_int_equal(t.attr[3].ulValueLen, 4);
}

/* A module that writes as the test says, whatever size it was given. */
static CK_RV answer;
static CK_ULONG answer_len;

static CK_RV get_attribute_value(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *a,
                                 CK_ULONG n)
{
	if (answer == CKR_OK && answer_len <= a->ulValueLen)
		memset(a->pValue, 1, answer_len);
	a->ulValueLen = answer_len;
	return answer;
}

static hf_status read_with(CK_RV rv, CK_ULONG len, size_t *got)
{
	CK_FUNCTION_LIST fn = { .C_GetAttributeValue = get_attribute_value };
	struct p11_session s = { .fn = &fn, .open = true };
	uint8_t to[8];

	answer = rv;
	answer_len = len;
	return attribute_read(&s, 1, CKA_ID, to, sizeof(to), got, NULL);
}

static void an_attribute_is_read(void **state)
{
	size_t got = 0;

	CHECK_OK(read_with(CKR_OK, 8, &got));
	assert_int_equal(got, 8);
}

static void a_missing_attribute_is_told_from_a_failure(void **state)
{
	size_t got;

	CHECK_CODE(read_with(CKR_ATTRIBUTE_TYPE_INVALID, CK_UNAVAILABLE_INFORMATION, &got),
	           HF_NOTFOUND);
	CHECK_CODE(read_with(CKR_OK, CK_UNAVAILABLE_INFORMATION, &got), HF_NOTFOUND);
	CHECK_CODE(read_with(CKR_DEVICE_ERROR, 0, &got), HF_IO);
}

static void a_length_beyond_the_buffer_is_not_believed(void **state)
{
	size_t got;

	CHECK_CODE(read_with(CKR_OK, 9, &got), HF_CORRUPT);
	CHECK_CODE(read_with(CKR_BUFFER_TOO_SMALL, 4000, &got), HF_CORRUPT);
}

static void a_missing_flag_counts_as_false(void **state)
{
	CK_FUNCTION_LIST fn = { .C_GetAttributeValue = get_attribute_value };
	struct p11_session s = { .fn = &fn, .open = true };
	bool is = true;

	answer = CKR_ATTRIBUTE_TYPE_INVALID;
	CHECK_OK(attribute_bool(&s, 1, CKA_DERIVE, &is, NULL));
	CHECK(!is);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_kept_in_the_template),
		cmocka_unit_test(an_attribute_is_read),
		cmocka_unit_test(a_missing_attribute_is_told_from_a_failure),
		cmocka_unit_test(a_length_beyond_the_buffer_is_not_believed),
		cmocka_unit_test(a_missing_flag_counts_as_false),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
