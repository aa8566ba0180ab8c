/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/uuid.h"

#include <string.h>

static void a_new_one_is_of_version_7_and_sorts_after_the_one_before(void **state)
{
	char a[HF_UUID_MAX], b[HF_UUID_MAX];

	hf_uuid_new(a);
	for (int i = 0; i < 1000; i++) {
		hf_uuid_new(b);
		CHECK(hf_uuid_valid(b) && b[14] == '7' && strchr("89ab", b[19]));
		CHECK(strcmp(a, b) < 0);
		memcpy(a, b, sizeof(a));
	}
}

static void an_id_and_its_uuid_are_the_same_bits(void **state)
{
	char id[HF_ID_MAX], uuid[HF_UUID_MAX], back[HF_ID_MAX];

	for (int i = 0; i < 1000; i++) {
		hf_id_new("us", id);
		CHECK(hf_ok(hf_uuid_of_id(id, uuid)));
		CHECK(hf_uuid_valid(uuid));
		CHECK(hf_ok(hf_id_of_uuid("us", uuid, back)));
		assert_string_equal(back, id);
	}
	CHECK(hf_ok(hf_id_of_uuid("us", "00000000-0000-0000-0000-000000000001", back)));
	assert_string_equal(back, "us-00000-00000-0000000000000001");
	CHECK(hf_ok(hf_id_of_uuid("us", "ffffffff-ffff-ffff-ffff-ffffffffffff", back)));
	CHECK(hf_ok(hf_uuid_of_id(back, uuid)));
	assert_string_equal(uuid, "ffffffff-ffff-ffff-ffff-ffffffffffff");
}

static void anything_else_is_refused(void **state)
{
	static const char *const no[] = { "",
		                          "0190f7f6-4a7e-7000-8000-00000000000",
		                          "0190F7F6-4A7E-7000-8000-000000000000",
		                          "0190f7f64a7e70008000000000000000----",
		                          "0190f7f6-4a7e-7000-8000-0000000000000",
		                          "0190f7f6_4a7e-7000-8000-000000000000" };
	char to[HF_ID_MAX];

	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		CHECK(!hf_uuid_valid(no[i]) && !hf_ok(hf_id_of_uuid("us", no[i], to)));
	CHECK(!hf_ok(hf_uuid_of_id("us-u0000-00000-0000000000000001", to)));
	CHECK(!hf_ok(
	        hf_uuid_of_id("us-z0000-00000-0000000000000001", to))); /* more than 128 bits */
	CHECK(!hf_ok(hf_uuid_of_id("us-00000-00000-000000000000001", to)));
	CHECK(!hf_ok(hf_uuid_of_id("us", to)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_is_of_version_7_and_sorts_after_the_one_before),
		cmocka_unit_test(an_id_and_its_uuid_are_the_same_bits),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
