/* SPDX-License-Identifier: Apache-2.0
 * The published sample of the Signing API, and what is built like it. */
#include "check.h"

#include "chain_case.h"

#define KEY "02128f7a8f229b11b5a965382b74259499f2f82e873a2334534ae1c8472a906b2f"
#define TX(hex) "{'kind':'Transaction','transaction':'" hex "'}"
#define SAMPLE                                                                                     \
	"0a0227f52208511ce7ed0476508040c8d9e1a9cf315a65080112610a2d747970652e676f6f67"             \
	"6c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e74726163741230"             \
	"0a15419d31b91d72b58d7c8c02a7124410e168989f372d12154102a69d5d85c05864dc6fd74f"             \
	"57db3fa37aff7b94180170e884dea9cf31"

static void an_address_is_ethereums_behind_41(void **state)
{
	/* the key of 1; its address on Ethereum is 0x7E5F4552… */
	check_address("Tron", KEY_SECP256K1,
	              "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
	              "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC");
	check_address("TronNile", KEY_SECP256K1, KEY, "TQJNezrbfJ3akrGgR7eM2fWyFpsKeM8wzN");
}

static void the_published_sample_is_hashed_encoded_and_assembled(void **state)
{
	static const char rs[] =
	        "a7c36732ea21596a533ad44e1d2f5eff72ae3d178225a0cdb9869ff3954a389837b7f22f1198"
	        "01ce5fe1723f3a397254ba8f968ba5ad63e66404caf750666968";
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, "TronNile", KEY_SECP256K1, KEY, TX(SAMPLE)));
	check_input(&c, 0, "22b046f221ad2ac4563730db011a3df35241412a4948d3163e6e4f9f8ca41bf6");
	check_encoded(&c, rs, 1,
	              "a7c36732ea21596a533ad44e1d2f5eff72ae3d178225a0cdb9869ff3954a389837b7f22f1198"
	              "01ce5fe1723f3a397254ba8f968ba5ad63e66404caf7506669681c");
	check_signed(&c, rs, 1,
	             "0a83010a0227f52208511ce7ed0476508040c8d9e1a9cf315a65080112610a2d747970652e67"
	             "6f6f676c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e74726163"
	             "7412300a15419d31b91d72b58d7c8c02a7124410e168989f372d12154102a69d5d85c05864dc"
	             "6fd74f57db3fa37aff7b94180170e884dea9cf311241a7c36732ea21596a533ad44e1d2f5eff"
	             "72ae3d178225a0cdb9869ff3954a389837b7f22f119801ce5fe1723f3a397254ba8f968ba5ad"
	             "63e66404caf7506669681c");
	check_pays(&c, "TADDx31pdCFfp3XrYxp6fQGbRxriYFLTrx", "1");
}

static void tokens_are_payments_of_something_else(void **state)
{
	static const char *const bodies[] = {
		TX("0a0227f5220801010101010101014080d095ffbc315aae01081f12a9010a31747970652e676f"
		   "6f676c65617069732e636f6d2f70726f746f636f6c2e54726967676572536d617274436f6e74"
		   "7261637412740a15419d31b91d72b58d7c8c02a7124410e168989f372d121541333333333333"
		   "33333333333333333333333333332244a9059cbb00000000000000000000000002a69d5d85c0"
		   "5864dc6fd74f57db3fa37aff7b94000000000000000000000000000000000000000000000000"
		   "00000000000000077080d095ffbc31900180c2d72f"), /* TRC-20, transfer */
		TX("0a0227f5220801010101010101014080d095ffbc315a730802126f0a32747970652e676f6f67"
		   "6c65617069732e636f6d2f70726f746f636f6c2e5472616e736665724173736574436f6e7472"
		   "61637412390a07313030303030311215419d31b91d72b58d7c8c02a7124410e168989f372d1a"
		   "154102a69d5d85c05864dc6fd74f57db3fa37aff7b9420077080d095ffbc31"), /* TRC-10 */
	};

	for (size_t i = 0; i < HF_COUNT(bodies); i++) {
		CASE_SCOPED struct chain_case c = { 0 };

		CHECK_OK(chain_case_prepare(&c, "Tron", KEY_SECP256K1, KEY, bodies[i]));
		check_pays(&c, "TADDx31pdCFfp3XrYxp6fQGbRxriYFLTrx", NULL);
	}
}

static void what_goes_to_the_own_address_is_no_payment(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(
	        &c, "Tron", KEY_SECP256K1, KEY,
	        TX("0a0227f5220801010101010101014080d095ffbc315a65080112610a2d747970652e676f6f67"
	           "6c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e74726163741230"
	           "0a15419d31b91d72b58d7c8c02a7124410e168989f372d1215419d31b91d72b58d7c8c02a712"
	           "4410e168989f372d18057080d095ffbc31")));
	check_intent(&c, true, 0);
}

static void what_is_not_readable(void **state)
{
	static const struct {
		const char *body;
		size_t transfers;
	} rows[] = {
		{ TX("0a0227f5220801010101010101014080d095ffbc315a4f0804124b0a30747970652e676f6f67"
		     "6c65617069732e636f6d2f70726f746f636f6c2e566f74655769746e657373436f6e74726163"
		     "7412170a15419d31b91d72b58d7c8c02a7124410e168989f372d7080d095ffbc31"),
		  0 }, /* another contract */
		{ TX("0a0227f5220801010101010101014080d095ffbc315a65080212610a2d747970652e676f6f67"
		     "6c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e74726163741230"
		     "0a15419d31b91d72b58d7c8c02a7124410e168989f372d12154102a69d5d85c05864dc6fd74f"
		     "57db3fa37aff7b9418057080d095ffbc31"),
		  0 }, /* a type that is not the parameter's */
		{ TX("0a0227f5220801010101010101014080d095ffbc315a6d081f12690a31747970652e676f6f67"
		     "6c65617069732e636f6d2f70726f746f636f6c2e54726967676572536d617274436f6e747261"
		     "637412340a15419d31b91d72b58d7c8c02a7124410e168989f372d1215413333333333333333"
		     "3333333333333333333333332204010203047080d095ffbc31"),
		  0 }, /* a call that is no token's */
		{ TX("0a0227f5220801010101010101014080d095ffbc315a6f081f126b0a31747970652e676f6f67"
		     "6c65617069732e636f6d2f70726f746f636f6c2e54726967676572536d617274436f6e747261"
		     "637412360a15419d31b91d72b58d7c8c02a7124410e168989f372d1215413333333333333333"
		     "33333333333333333333333318092204010203047080d095ffbc31"),
		  1 }, /* a call that pays as well */
		{ TX("0a0227f5220801010101010101014080d095ffbc315a65080112610a2d747970652e676f6f67"
		     "6c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e74726163741230"
		     "0a1541333333333333333333333333333333333333333312154102a69d5d85c05864dc6fd74f"
		     "57db3fa37aff7b9418057080d095ffbc31"),
		  1 }, /* in the name of another account */
		{ TX("0a0227f5220801010101010101014080d095ffbc315aae01081f12a9010a31747970652e676f"
		     "6f676c65617069732e636f6d2f70726f746f636f6c2e54726967676572536d617274436f6e74"
		     "7261637412740a15419d31b91d72b58d7c8c02a7124410e168989f372d121541333333333333"
		     "33333333333333333333333333332244a9059cbb00000000000000000000000002a69d5d85c0"
		     "5864dc6fd74f57db3fa37aff7b94000000000000000000000000000000000000000000000000"
		     "00000000000000077080d095ffbc3190018194ebdc03"),
		  1 }, /* a fee limit above 1000 TRX */
		{ TX("0a0227f5220801010101010101014080d095ffbc314a005a65080112610a2d747970652e676f"
		     "6f676c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e7472616374"
		     "12300a15419d31b91d72b58d7c8c02a7124410e168989f372d12154102a69d5d85c05864dc6f"
		     "d74f57db3fa37aff7b9418057080d095ffbc31"),
		  0 }, /* a field that is not known */
		{ TX("0a0227f5220801010101010101014080d095ffbc315a7c080112780a2d747970652e676f6f67"
		     "6c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e74726163741247"
		     "0a15419d31b91d72b58d7c8c02a7124410e168989f372d12154102a69d5d85c05864dc6fd74f"
		     "57db3fa37aff7b94180512154102a69d5d85c05864dc6fd74f57db3fa37aff7b947080d095ff"
		     "bc31"),
		  0 }, /* the recipient twice */
		{ TX("0a0227f5220801010101010101014080d095ffbc315a65080112610a2d747970652e676f6f67"
		     "6c65617069732e636f6d2f70726f746f636f6c2e5472616e73666572436f6e74726163741230"
		     "0a15419d31b91d72b58d7c8c02a7124410e168989f372d1215a0010101010101010101010101"
		     "010101010101010118057080d095ffbc31"),
		  0 }, /* a recipient of another kind */
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		CASE_SCOPED struct chain_case c = { 0 };

		CHECK_OK(chain_case_prepare(&c, "Tron", KEY_SECP256K1, KEY, rows[i].body));
		check_intent(&c, false, rows[i].transfers);
	}
}

static void malformed_transactions_are_refused(void **state)
{
	static const char *const bodies[] = {
		TX(""),
		TX("00"),
		TX("0a"),
		TX("0a05"),
		TX("0a0227f5"),
		TX("5a8000"),
		TX("5a00"
		   "5a00"),
		TX("5b"),
		TX("5a00"
		   "0affffffffffffffffff01"),
		TX("5a00"
		   "08ffffffffffffffffff02"),
	};

	for (size_t i = 0; i < HF_COUNT(bodies); i++)
		check_refused("Tron", KEY_SECP256K1, KEY, bodies[i], HF_INVALID,
		              "it is not the raw_data of a transaction");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_ethereums_behind_41),
		cmocka_unit_test(the_published_sample_is_hashed_encoded_and_assembled),
		cmocka_unit_test(tokens_are_payments_of_something_else),
		cmocka_unit_test(what_goes_to_the_own_address_is_no_payment),
		cmocka_unit_test(what_is_not_readable),
		cmocka_unit_test(malformed_transactions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
