/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "crypto/object_type.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <string.h>

static void every_curve_is_found_by_name_and_by_its_parameters(void **state)
{
	for (int i = 1; i <= CURVE_MAX; i++) {
		const struct curve_info *info = curve_info(i);
		enum curve curve;

		CHECK(info && (int)info->curve == i);
		CHECK_OK(curve_parse(info->name, &curve));
		CHECK((int)curve == i);
		CHECK_OK(curve_of_params(info->oid, &curve));
		CHECK((int)curve == i);
		CHECK(info->signs == !info->montgomery);
	}
	CHECK(!curve_info(0) && !curve_info(-1) && !curve_info(CURVE_MAX + 1));
}

/* OpenSSL's table of object identifiers is another pair of eyes. */
static void identifiers_are_those_of_the_registries(void **state)
{
	static const struct {
		enum curve curve;
		const char *name;
	} rows[] = {
		{ CURVE_P192, "prime192v1" },     { CURVE_P224, "secp224r1" },
		{ CURVE_P256, "prime256v1" },     { CURVE_P384, "secp384r1" },
		{ CURVE_P521, "secp521r1" },      { CURVE_SECP192K1, "secp192k1" },
		{ CURVE_SECP224K1, "secp224k1" }, { CURVE_SECP256K1, "secp256k1" },
		{ CURVE_ED25519, "ED25519" },     { CURVE_ED448, "ED448" },
		{ CURVE_X25519, "X25519" },       { CURVE_X448, "X448" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		uint8_t der[32], *at = der;
		ASN1_OBJECT *object = OBJ_txt2obj(rows[i].name, 0);
		int len = i2d_ASN1_OBJECT(object, NULL);

		CHECK(len > 0 && len <= (int)sizeof(der));
		CHECK(i2d_ASN1_OBJECT(object, &at) == len);
		CHECK(hf_span_equal(HF_SPAN(der, len), curve_info((int)rows[i].curve)->oid));
		ASN1_OBJECT_free(object);
	}
}

static void names_of_curves_are_taken_in_any_case_and_whole_only(void **state)
{
	enum curve curve;

	CHECK_OK(curve_parse("nistp256", &curve));
	CHECK(curve == CURVE_P256);
	CHECK_CODE(curve_parse("NistP25", &curve), HF_NOTFOUND);
	CHECK_CODE(curve_parse("", &curve), HF_NOTFOUND);
}

static void parameters_may_be_printable_strings_or_older_identifiers(void **state)
{
	enum curve curve;

	CHECK_OK(curve_of_params(hf_span_text("\x13\x0c"
	                                      "edwards25519"),
	                         &curve));
	CHECK(curve == CURVE_ED25519);
	CHECK_OK(curve_of_params(hf_span_text("\x13\x0a"
	                                      "curve25519"),
	                         &curve));
	CHECK(curve == CURVE_X25519);
	CHECK_OK(curve_of_params(hf_span_text("\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01"),
	                         &curve));
	CHECK(curve == CURVE_ED25519);
	CHECK_CODE(curve_of_params(hf_span_text("\x13\x0b"
	                                        "edwards2551"),
	                           &curve),
	           HF_NOTFOUND);
	CHECK_CODE(curve_of_params(HF_SPAN(NULL, 0), &curve), HF_NOTFOUND);
}

static void every_type_is_found_by_name(void **state)
{
	for (int i = 1; i <= OBJECT_TYPE_MAX; i++) {
		enum object_type type;

		CHECK_OK(object_type_parse(object_type_name(i), &type));
		CHECK((int)type == i);
	}
	CHECK(!object_type_name(0) && !object_type_name(OBJECT_TYPE_MAX + 1));
	CHECK_CODE(object_type_parse("DSA", &(enum object_type){ 0 }), HF_NOTFOUND);
}

static void sizes_are_those_that_there_are(void **state)
{
	static const struct {
		int type;
		enum curve curve;
		unsigned bits;
		bool existing, want;
	} rows[] = {
		{ OBJECT_AES, CURVE_NONE, 256, false, true },
		{ OBJECT_AES, CURVE_NONE, 512, true, false },
		{ OBJECT_DES3, CURVE_NONE, 168, false, true },
		{ OBJECT_DES3, CURVE_NONE, 192, false, false },
		{ OBJECT_HMAC, CURVE_NONE, 112, false, true },
		{ OBJECT_HMAC, CURVE_NONE, 104, false, false },
		{ OBJECT_HMAC, CURVE_NONE, 8200, false, false },
		{ OBJECT_HMAC, CURVE_NONE, 129, false, false },
		{ OBJECT_RSA, CURVE_NONE, 2048, false, true },
		{ OBJECT_RSA, CURVE_NONE, 2049, false, false },
		{ OBJECT_RSA, CURVE_NONE, 1024, false, false },
		{ OBJECT_RSA, CURVE_NONE, 1024, true, true },
		{ OBJECT_RSA, CURVE_NONE, 16384, true, false },
		{ OBJECT_EC, CURVE_P521, 521, false, true },
		{ OBJECT_EC, CURVE_P521, 256, false, false },
		{ OBJECT_EC, CURVE_NONE, 256, false, false },
		{ OBJECT_EC, 99, 256, false, false },
		{ OBJECT_SECRET, CURVE_NONE, 8, false, true },
		{ OBJECT_OPAQUE, CURVE_NONE, 0, false, false },
		{ OBJECT_CERTIFICATE, CURVE_NONE, OBJECT_BITS_MAX + 8, false, false },
		{ 99, CURVE_NONE, 128, false, false },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++)
		assert_int_equal(object_type_has_bits(rows[i].type, rows[i].curve, rows[i].bits,
		                                      rows[i].existing),
		                 rows[i].want);
}

static void every_use_is_found_by_its_exact_name(void **state)
{
	for (unsigned i = 0; i < USE_COUNT; i++) {
		unsigned use;

		CHECK_OK(key_use_parse(key_use_name(1u << i), &use));
		CHECK(use == 1u << i);
	}
	CHECK(!key_use_name(0) && !key_use_name(3) && !key_use_name(1u << USE_COUNT));
	CHECK_CODE(key_use_parse("sign", &(unsigned){ 0 }), HF_NOTFOUND);
	CHECK(strcmp(key_use_name(USE_AGREEKEY), "AGREEKEY") == 0);
	CHECK(strcmp(key_use_name(USE_HIGHVOLUME), "HIGHVOLUME") == 0);
}

static void no_type_has_export_or_the_servers_uses_by_itself(void **state)
{
	for (int type = 0; type <= OBJECT_TYPE_MAX + 1; type++)
		for (int curve = 0; curve <= CURVE_MAX; curve++)
			CHECK(!(object_type_uses(type, (enum curve)curve) &
			        (USE_EXPORT | ~USE_IN_HSM)));
	CHECK(object_type_uses(OBJECT_EC, CURVE_X25519) == USE_AGREEKEY);
	CHECK(object_type_uses(OBJECT_EC, CURVE_ED25519) == (USE_SIGN | USE_VERIFY));
	CHECK(object_type_uses(OBJECT_EC, CURVE_NONE) == 0);
	CHECK(object_type_uses(OBJECT_OPAQUE, CURVE_NONE) == 0);
	CHECK(object_type_is_asymmetric(OBJECT_RSA) && !object_type_is_asymmetric(OBJECT_AES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_curve_is_found_by_name_and_by_its_parameters),
		cmocka_unit_test(identifiers_are_those_of_the_registries),
		cmocka_unit_test(names_of_curves_are_taken_in_any_case_and_whole_only),
		cmocka_unit_test(parameters_may_be_printable_strings_or_older_identifiers),
		cmocka_unit_test(every_type_is_found_by_name),
		cmocka_unit_test(sizes_are_those_that_there_are),
		cmocka_unit_test(every_use_is_found_by_its_exact_name),
		cmocka_unit_test(no_type_has_export_or_the_servers_uses_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
