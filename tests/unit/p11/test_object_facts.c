/* SPDX-License-Identifier: Apache-2.0
 * Reading an object in one call, from modules that keep to PKCS#11 and from some that do not; and
 * what becomes of keys that are not as they should be. */
#include "check.h"

#include "p11/object_half.h"

#include <string.h>

/* A module of one object, which answers as it is told to. */
static struct {
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	CK_ULONG value_len;
	size_t id_len;
	bool stops;       /* at the first attribute that it does not know */
	CK_RV rv;         /* of everything, unless CKR_OK */
	CK_STATE state;   /* of the session */
	CK_RV session_rv; /* of asking for it */
	unsigned calls;
} object;

static bool answer(CK_ATTRIBUTE *a)
{
	static const uint8_t id[CKA_ID_MAX + 10] = { 1, 2, 3 };
	static const CK_BBOOL yes = CK_TRUE;
	struct hf_span value = HF_SPAN(NULL, 0);

	if (a->type == CKA_CLASS)
		value = HF_SPAN(&object.class, sizeof(object.class));
	else if (a->type == CKA_KEY_TYPE)
		value = HF_SPAN(&object.type, sizeof(object.type));
	else if (a->type == CKA_VALUE_LEN)
		value = HF_SPAN(&object.value_len, sizeof(object.value_len));
	else if (a->type == CKA_ID)
		value = HF_SPAN(id, object.id_len);
	else if (a->type == CKA_SENSITIVE || a->type == CKA_ENCRYPT)
		value = HF_SPAN(&yes, sizeof(yes));
	if (value.ptr && !a->pValue) {
		a->ulValueLen = value.len;
		return true;
	}
	if (!value.ptr || value.len > a->ulValueLen) {
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return false;
	}
	memcpy(a->pValue, value.ptr, value.len);
	a->ulValueLen = value.len;
	return true;
}

static CK_RV get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *a,
                            CK_ULONG n)
{
	CK_RV rv = CKR_OK;

	object.calls++;
	if (object.rv != CKR_OK)
		return object.rv;
	for (CK_ULONG i = 0; i < n; i++) {
		if (answer(&a[i]))
			continue;
		rv = CKR_ATTRIBUTE_TYPE_INVALID;
		if (object.stops)
			break;
	}
	return rv;
}

static CK_RV session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	info->state = object.state;
	return object.session_rv;
}

static CK_FUNCTION_LIST functions = { .C_GetAttributeValue = get_attributes,
	                              .C_GetSessionInfo = session_info };
static struct p11_session session = { .fn = &functions, .token.flags = CKF_LOGIN_REQUIRED };

static int fresh(void **state)
{
	memset(&object, 0, sizeof(object));
	object.class = CKO_SECRET_KEY;
	object.type = CKK_AES;
	object.value_len = 32;
	object.id_len = 3;
	object.state = CKS_RW_USER_FUNCTIONS;
	return 0;
}

static void check_aes(void)
{
	struct object_facts facts;
	struct half half;

	CHECK_OK(facts_read(&session, 1, &facts, NULL));
	CHECK_OK(half_of(&facts, &half));
	CHECK(half.shape.type == OBJECT_AES && half.shape.bits == 256 && half.shape.sensitive);
	CHECK(half.shape.uses == USE_ENCRYPT && half.shape.id.len == 3 && !half.shape.label.len);
}

static void one_call_is_enough(void **state)
{
	check_aes();
	assert_int_equal(object.calls,
	                 2); /* the second: whether there is no label, or a long one */
}

static void a_module_that_stops_early_is_asked_for_the_rest_one_by_one(void **state)
{
	object.stops = true;
	check_aes();
	CHECK(object.calls > 1);
}

static void an_id_that_is_too_long_is_of_no_key_of_ours(void **state)
{
	struct object_facts facts;
	struct half half;

	object.id_len = CKA_ID_MAX + 1;
	CHECK_OK(facts_read(&session, 1, &facts, NULL));
	CHECK_CODE(half_of(&facts, &half), HF_UNSUPPORTED);
	object.id_len = CKA_ID_MAX;
	CHECK_OK(facts_read(&session, 1, &facts, NULL));
	CHECK_OK(half_of(&facts, &half));
	CHECK(half.shape.id.len == CKA_ID_MAX);
}

static void an_object_that_is_gone_is_not_a_session_that_is(void **state)
{
	struct object_facts facts;

	object.rv = CKR_OBJECT_HANDLE_INVALID;
	CHECK_CODE(facts_read(&session, 1, &facts, NULL), HF_NOTFOUND);
	object.state = CKS_RW_PUBLIC_SESSION; /* logged out: no private object is seen */
	CHECK_CODE(facts_read(&session, 1, &facts, NULL), HF_CLOSED);
	object.session_rv = CKR_SESSION_HANDLE_INVALID;
	CHECK_CODE(facts_read(&session, 1, &facts, NULL), HF_CLOSED);
	object.rv = CKR_DEVICE_ERROR;
	CHECK_CODE(facts_read(&session, 1, &facts, NULL), HF_IO);
}

static void what_is_no_key_of_ours_is_said_so(void **state)
{
	static const struct {
		CK_OBJECT_CLASS class;
		CK_KEY_TYPE type;
		CK_ULONG len;
		enum hf_code want;
	} rows[] = {
		{ CKO_CERTIFICATE, 0, 0, HF_NOTFOUND },
		{ CKO_DATA, 0, 0, HF_NOTFOUND },
		{ CKO_SECRET_KEY, CKK_AES, 33, HF_UNSUPPORTED },
		{ CKO_SECRET_KEY, CKK_AES, ~0ul, HF_UNSUPPORTED },
		{ CKO_SECRET_KEY, CKK_DES3, 0, HF_OK },
		{ CKO_SECRET_KEY, CKK_GENERIC_SECRET, 64, HF_OK },
		{ CKO_SECRET_KEY, CKK_BLOWFISH, 16, HF_UNSUPPORTED },
		{ CKO_PRIVATE_KEY, CKK_DSA, 0, HF_UNSUPPORTED },
		{ CKO_PRIVATE_KEY, CKK_RSA, 0, HF_UNSUPPORTED }, /* without a modulus */
		{ CKO_PUBLIC_KEY, CKK_EC, 0, HF_UNSUPPORTED },   /* without a point */
		{ CKO_PRIVATE_KEY, CKK_EC, 0, HF_OK },           /* its public half may tell */
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		struct object_facts facts;
		struct half half;

		object.class = rows[i].class;
		object.type = rows[i].type;
		object.value_len = rows[i].len;
		CHECK_OK(facts_read(&session, 1, &facts, NULL));
		CHECK_CODE(half_of(&facts, &half), rows[i].want);
	}
}

static void keys_of_ours_are_known_by_label_or_as_a_pair(void **state)
{
	uint8_t id[19] = { 7 };
	struct key_shape master = { .type = OBJECT_AES,
		                    .bits = 256,
		                    .uses = USE_WRAPKEY | USE_UNWRAPKEY,
		                    .id = HF_SPAN(id, 16) };
	struct key_shape mac = { .type = OBJECT_HMAC, .bits = 256, .id = HF_SPAN(id, 19) };

	memcpy(id + 16, "mac", 3);
	CHECK(may_be_master(&master) && may_be_master_mac(&mac) && is_mac_of(mac.id, master.id));
	CHECK(!may_be_master(&mac) && !may_be_master_mac(&master) && !is_ours(&master));
	master.label = hf_span_text("holdfast-resident");
	CHECK(is_ours(&master));
	master.uses |= USE_DECRYPT;
	CHECK(!may_be_master(&master));
	id[18] = 'd';
	CHECK(!may_be_master_mac(&mac) && !is_mac_of(mac.id, master.id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_call_is_enough, fresh),
		cmocka_unit_test_setup(a_module_that_stops_early_is_asked_for_the_rest_one_by_one,
		                       fresh),
		cmocka_unit_test_setup(an_id_that_is_too_long_is_of_no_key_of_ours, fresh),
		cmocka_unit_test_setup(an_object_that_is_gone_is_not_a_session_that_is, fresh),
		cmocka_unit_test_setup(what_is_no_key_of_ours_is_said_so, fresh),
		cmocka_unit_test_setup(keys_of_ours_are_known_by_label_or_as_a_pair, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
