/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "p11/rv.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const char *const expected[] = {
	"0x0 CKR_OK ok ok client",
	"0x1 CKR_CANCEL retry-session closed server",
	"0x2 CKR_HOST_MEMORY busy busy server",
	"0x3 CKR_SLOT_ID_INVALID reinit io config",
	"0x5 CKR_GENERAL_ERROR retry-session closed server",
	"0x6 CKR_FUNCTION_FAILED retry-session closed server",
	"0x7 CKR_ARGUMENTS_BAD request invalid client",
	"0x8 CKR_NO_EVENT request wrong-state client",
	"0x9 CKR_NEED_TO_CREATE_THREADS request unsupported client",
	"0xa CKR_CANT_LOCK request unsupported server",
	"0x10 CKR_ATTRIBUTE_READ_ONLY request denied client",
	"0x11 CKR_ATTRIBUTE_SENSITIVE request denied client",
	"0x12 CKR_ATTRIBUTE_TYPE_INVALID request unsupported client",
	"0x13 CKR_ATTRIBUTE_VALUE_INVALID request unsupported client",
	"0x1a CKR_COPY_PROHIBITED request denied client",
	"0x1b CKR_ACTION_PROHIBITED request denied client",
	"0x20 CKR_DATA_INVALID request invalid client",
	"0x21 CKR_DATA_LEN_RANGE request invalid client",
	"0x30 CKR_DEVICE_ERROR reinit io server",
	"0x31 CKR_DEVICE_MEMORY busy busy server",
	"0x32 CKR_DEVICE_REMOVED reinit io server",
	"0x40 CKR_ENCRYPTED_DATA_INVALID request corrupt client",
	"0x41 CKR_ENCRYPTED_DATA_LEN_RANGE request corrupt client",
	"0x42 CKR_AEAD_DECRYPT_FAILED request corrupt client",
	"0x50 CKR_FUNCTION_CANCELED retry-session closed server",
	"0x51 CKR_FUNCTION_NOT_PARALLEL request unsupported client",
	"0x54 CKR_FUNCTION_NOT_SUPPORTED request unsupported client",
	"0x60 CKR_KEY_HANDLE_INVALID retry-session closed server",
	"0x62 CKR_KEY_SIZE_RANGE request unsupported client",
	"0x63 CKR_KEY_TYPE_INCONSISTENT request unsupported client",
	"0x64 CKR_KEY_NOT_NEEDED request invalid client",
	"0x65 CKR_KEY_CHANGED request wrong-state client",
	"0x66 CKR_KEY_NEEDED request wrong-state client",
	"0x67 CKR_KEY_INDIGESTIBLE request unsupported client",
	"0x68 CKR_KEY_FUNCTION_NOT_PERMITTED request denied client",
	"0x69 CKR_KEY_NOT_WRAPPABLE request unsupported client",
	"0x6a CKR_KEY_UNEXTRACTABLE request denied client",
	"0x70 CKR_MECHANISM_INVALID request unsupported client",
	"0x71 CKR_MECHANISM_PARAM_INVALID request unsupported client",
	"0x82 CKR_OBJECT_HANDLE_INVALID retry-session closed server",
	"0x90 CKR_OPERATION_ACTIVE retry-session closed server",
	"0x91 CKR_OPERATION_NOT_INITIALIZED retry-session closed server",
	"0xa0 CKR_PIN_INCORRECT stop stop config",
	"0xa1 CKR_PIN_INVALID stop stop config",
	"0xa2 CKR_PIN_LEN_RANGE stop stop config",
	"0xa3 CKR_PIN_EXPIRED stop stop config",
	"0xa4 CKR_PIN_LOCKED stop stop config",
	"0xb0 CKR_SESSION_CLOSED retry-session closed server",
	"0xb1 CKR_SESSION_COUNT busy busy server",
	"0xb3 CKR_SESSION_HANDLE_INVALID retry-session closed server",
	"0xb4 CKR_SESSION_PARALLEL_NOT_SUPPORTED request unsupported client",
	"0xb5 CKR_SESSION_READ_ONLY request wrong-state client",
	"0xb6 CKR_SESSION_EXISTS request wrong-state client",
	"0xb7 CKR_SESSION_READ_ONLY_EXISTS stop stop config",
	"0xb8 CKR_SESSION_READ_WRITE_SO_EXISTS stop stop config",
	"0xc0 CKR_SIGNATURE_INVALID request unauthentic client",
	"0xc1 CKR_SIGNATURE_LEN_RANGE request unauthentic client",
	"0xd0 CKR_TEMPLATE_INCOMPLETE request unsupported client",
	"0xd1 CKR_TEMPLATE_INCONSISTENT request unsupported client",
	"0xe0 CKR_TOKEN_NOT_PRESENT reinit io server",
	"0xe1 CKR_TOKEN_NOT_RECOGNIZED reinit io server",
	"0xe2 CKR_TOKEN_WRITE_PROTECTED request denied client",
	"0xf0 CKR_UNWRAPPING_KEY_HANDLE_INVALID retry-session closed server",
	"0xf1 CKR_UNWRAPPING_KEY_SIZE_RANGE request unsupported client",
	"0xf2 CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT request unsupported client",
	"0x100 CKR_USER_ALREADY_LOGGED_IN request wrong-state client",
	"0x101 CKR_USER_NOT_LOGGED_IN retry-session closed server",
	"0x102 CKR_USER_PIN_NOT_INITIALIZED stop stop config",
	"0x103 CKR_USER_TYPE_INVALID stop stop config",
	"0x104 CKR_USER_ANOTHER_ALREADY_LOGGED_IN stop stop config",
	"0x105 CKR_USER_TOO_MANY_TYPES stop stop config",
	"0x110 CKR_WRAPPED_KEY_INVALID request corrupt client",
	"0x112 CKR_WRAPPED_KEY_LEN_RANGE request corrupt client",
	"0x113 CKR_WRAPPING_KEY_HANDLE_INVALID retry-session closed server",
	"0x114 CKR_WRAPPING_KEY_SIZE_RANGE request unsupported client",
	"0x115 CKR_WRAPPING_KEY_TYPE_INCONSISTENT request unsupported client",
	"0x120 CKR_RANDOM_SEED_NOT_SUPPORTED request unsupported client",
	"0x121 CKR_RANDOM_NO_RNG request unsupported client",
	"0x130 CKR_DOMAIN_PARAMS_INVALID request unsupported client",
	"0x140 CKR_CURVE_NOT_SUPPORTED request unsupported client",
	"0x150 CKR_BUFFER_TOO_SMALL request corrupt client",
	"0x160 CKR_SAVED_STATE_INVALID request invalid client",
	"0x170 CKR_INFORMATION_SENSITIVE request denied client",
	"0x180 CKR_STATE_UNSAVEABLE request unsupported client",
	"0x190 CKR_CRYPTOKI_NOT_INITIALIZED reinit io server",
	"0x191 CKR_CRYPTOKI_ALREADY_INITIALIZED request wrong-state client",
	"0x1a0 CKR_MUTEX_BAD reinit io server",
	"0x1a1 CKR_MUTEX_NOT_LOCKED reinit io server",
	"0x1b0 CKR_NEW_PIN_MODE stop stop config",
	"0x1b1 CKR_NEXT_OTP stop stop config",
	"0x1b5 CKR_EXCEEDED_MAX_ITERATIONS retry-session closed server",
	"0x1b6 CKR_FIPS_SELF_TEST_FAILED stop stop server",
	"0x1b7 CKR_LIBRARY_LOAD_FAILED reinit io server",
	"0x1b8 CKR_PIN_TOO_WEAK stop stop config",
	"0x1b9 CKR_PUBLIC_KEY_INVALID request invalid client",
	"0x200 CKR_FUNCTION_REJECTED request denied client",
	"0x201 CKR_TOKEN_RESOURCE_EXCEEDED busy busy server",
	"0x202 CKR_OPERATION_CANCEL_FAILED retry-session closed server",
	"0x203 CKR_KEY_EXHAUSTED request denied client",
	"0x80000004 CKR_RC_ERROR (Luna) reinit io server",
	"0x80000007 CKR_USER_LOCKED_OUT (Luna) stop stop config",
	"0x8000000d CKR_WRAPPING_ERROR (Luna) request unsupported client",
	"0x8000000e CKR_UNWRAPPING_ERROR (Luna) request corrupt client",
	"0x8000001a CKR_USER_NOT_AUTHORIZED (Luna) request denied client",
	"0x8000001b CKR_MAX_OBJECT_COUNT_EXCEEDED (Luna) busy busy client",
	"0x8000001f CKR_UNABLE_TO_CONNECT (Luna) reinit io server",
	"0x80000020 CKR_PARTITION_DISABLED (Luna) stop stop server",
	"0x80000024 CKR_TIMEOUT (Luna) retry-session closed server",
	"0x80000025 CKR_ECC_UNKNOWN_CURVE (Luna) request unsupported client",
	"0x8000002a CKR_HSM_STORAGE_FULL (Luna) busy busy client",
	"0x8000002b CKR_DEVICE_TIMEOUT (Luna) reinit io server",
	"0x8000002c CKR_CONTAINER_OBJECT_STORAGE_FULL (Luna) busy busy client",
	"0x8000002f CKR_ECC_POINT_INVALID (Luna) request invalid client",
	"0x80000030 CKR_OPERATION_NOT_ALLOWED (Luna) request denied client",
	"0x80000041 CKR_AGAIN (Luna) busy busy server",
	"0x80000076 CKR_HSM_TAMPERED (Luna) stop stop server",
	"0x8000008d CKR_HSM_RESTART_REQUIRED (Luna) stop stop server",
	"0xce534351 CKR_NSS_CERTDB_FAILED reinit io server",
	"0xce534352 CKR_NSS_KEYDB_FAILED reinit io server",
};
/* clang-format on */

#define ROWS (sizeof(expected) / sizeof(expected[0]))

static const char *const sides[] = { "client", "server", "config" };

static void every_row_is_as_decided(void **state)
{
	size_t n;
	const struct p11_rv_info *table = p11_rv_table(&n);

	assert_int_equal(n, ROWS);
	for (size_t i = 0; i < n; i++) {
		char row[160];

		snprintf(row, sizeof(row), "0x%lx %s %s %s %s", table[i].rv, table[i].name,
		         p11_class_name(table[i].class), hf_code_name(table[i].code),
		         sides[table[i].side]);
		assert_string_equal(row, expected[i]);
	}
}

static void every_code_is_found(void **state)
{
	size_t n;
	const struct p11_rv_info *table = p11_rv_table(&n);

	for (size_t i = 0; i < n; i++)
		assert_ptr_equal(p11_rv_info(table[i].rv), &table[i]);
}

static void the_code_alone_tells_the_class(void **state)
{
	size_t n;
	const struct p11_rv_info *table = p11_rv_table(&n);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(p11_class_of(table[i].code), table[i].class);
}

static void every_row_says_what_to_do(void **state)
{
	size_t n;
	const struct p11_rv_info *table = p11_rv_table(&n);

	for (size_t i = 0; i < n; i++)
		CHECK(strlen(table[i].next) >= 4);
}

static void an_unknown_code_means_re_initialise(void **state)
{
	assert_int_equal(p11_rv_info(0x80001234)->class, RV_REINIT);
	assert_int_equal(p11_rv_info(0x80001234)->code, HF_IO);
}

static void an_error_text_names_call_code_and_next_step(void **state)
{
	struct hf_err err;

	CHECK_CODE(p11_fail(&err, CKR_DEVICE_ERROR, "C_Sign"), HF_IO);
	assert_string_equal(err.text,
	                    "C_Sign: CKR_DEVICE_ERROR (0x30): the HSM or the link to it failed: "
	                    "see that it is reachable and in service");
	CHECK_OK(p11_fail(&err, CKR_OK, "C_Sign"));
}

static void an_unknown_code_is_printed_with_its_number(void **state)
{
	struct hf_err err;

	CHECK_CODE(p11_fail(&err, 0x80001234, "C_Sign"), HF_IO);
	CHECK(strstr(err.text, "C_Sign: unknown return code (0x80001234)") == err.text);
}

static void only_what_is_the_servers_makes_a_slot_unhealthy(void **state)
{
	size_t n;
	const struct p11_rv_info *table = p11_rv_table(&n);

	for (size_t i = 0; i < n; i++)
		CHECK(p11_is_unhealthy(table[i].rv, table[i].code) ==
		      (table[i].side == SIDE_SERVER));
	CHECK(!p11_is_unhealthy(CKR_DEVICE_ERROR, HF_INVALID)); /* of an earlier call */
	CHECK(!p11_is_unhealthy(CKR_OK, HF_STOP));
	CHECK(p11_is_unhealthy(CKR_OK, HF_TIMEOUT));
	CHECK(p11_is_unhealthy(0x80001234, HF_IO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_as_decided),
		cmocka_unit_test(every_code_is_found),
		cmocka_unit_test(only_what_is_the_servers_makes_a_slot_unhealthy),
		cmocka_unit_test(the_code_alone_tells_the_class),
		cmocka_unit_test(every_row_says_what_to_do),
		cmocka_unit_test(an_unknown_code_means_re_initialise),
		cmocka_unit_test(an_error_text_names_call_code_and_next_step),
		cmocka_unit_test(an_unknown_code_is_printed_with_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
