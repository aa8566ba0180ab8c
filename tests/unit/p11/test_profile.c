/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "p11/profile.h"

#include <string.h>

static struct p11_profile sample(void)
{
	struct p11_profile p = { .mac_mechanism = 0x251, .mac_key_type = 0x10 };

	p.types[KEY_SECP256K1] =
	        (struct p11_type_profile){ ABILITY_WRAPPED, WRAP_RFC5649, 0x210a,       0x1040,
		                           0x1041,          PARAMS_OID,   QUIRK_RATCHET };
	p.types[KEY_ED25519] =
	        (struct p11_type_profile){ ABILITY_RESIDENT, WRAP_RESIDENT,     0, 0x1055, 0x1057,
		                           PARAMS_NAME,      QUIRK_EDDSA_PARAMS };
	p.wrap_mechanisms[WRAP_RFC5649] = 0x210a;
	return p;
}

static void what_was_encoded_is_decoded(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1024), again = HF_BUF(1024);
	struct p11_profile p = sample(), q;

	p11_profile_encode(&b, &p);
	CHECK_OK(hf_buf_status(&b));
	CHECK_OK(p11_profile_decode(hf_buf_span(&b), &q));
	p11_profile_encode(&again, &q);
	CHECK(hf_span_equal(hf_buf_span(&b), hf_buf_span(&again)));
	assert_int_equal(q.types[KEY_ED25519].ability, ABILITY_RESIDENT);
	assert_int_equal(q.types[KEY_SECP256K1].wrap_mechanism, 0x210a);
	assert_int_equal(q.mac_mechanism, 0x251);
}

static void a_shorter_or_longer_one_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1024);
	struct p11_profile p = sample(), q;

	p11_profile_encode(&b, &p);
	CHECK_CODE(p11_profile_decode(HF_SPAN(b.ptr, b.len - 1), &q), HF_INVALID);
	hf_buf_u8(&b, 0);
	CHECK_CODE(p11_profile_decode(hf_buf_span(&b), &q), HF_INVALID);
}

static void expect_refused(const struct p11_profile *p)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1024);
	struct p11_profile q;

	p11_profile_encode(&b, p);
	CHECK_CODE(p11_profile_decode(hf_buf_span(&b), &q), HF_INVALID);
}

static void contradictions_are_refused(void **state)
{
	struct p11_profile p = sample();

	p.types[KEY_SECP256K1].format = WRAP_RESIDENT;
	expect_refused(&p);
	p = sample();
	p.types[KEY_SECP256K1].format = 9;
	expect_refused(&p);
	p = sample();
	p.types[KEY_ED25519].format = WRAP_RFC5649;
	expect_refused(&p);
	p = sample();
	p.types[KEY_P256].ability = 3;
	expect_refused(&p);
	p = sample();
	p.types[KEY_P256].quirks = 1u << 30;
	expect_refused(&p);
}

static void every_format_has_a_name_and_no_other_number_has(void **state)
{
	assert_string_equal(wrap_format_name(WRAP_RFC5649), "rfc5649");
	assert_string_equal(wrap_format_name(WRAP_RFC3394), "rfc3394");
	assert_string_equal(wrap_format_name(WRAP_CBC_PAD), "cbc-pad");
	assert_string_equal(wrap_format_name(WRAP_RFC3394_PKCS7), "rfc3394-pkcs7");
	assert_string_equal(wrap_format_name(WRAP_RESIDENT), "resident");
	assert_null(wrap_format_name(0));
	assert_null(wrap_format_name(-1));
	assert_null(wrap_format_name(WRAP_FORMAT_MAX + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_encoded_is_decoded),
		cmocka_unit_test(a_shorter_or_longer_one_is_refused),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(every_format_has_a_name_and_no_other_number_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
