/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "published.h"

static const struct request_case published = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x04c4b1966777a5d83f3f61e17bf64aa6090ddd3413ede4e24316d3334a7836486c0060f4b0700cb1b73bff"
	"168a6221c6a033de12953ebc029d82d50a8d02000100008017ed86b1bbb1c6a9399fc47b83fb8a919e013400\""
	"}",
};

static const struct request_case published_k1 = {
	"TezosGhostnet",
	KEY_SECP256K1,
	"02e732719dc5263fbf7f07400926a2e648cd10a73481423d5a587eabdb34e41586",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x04c4b1966777a5d83f3f61e17bf64aa6090ddd3413ede4e24316d3334a7836486c0060f4b0700cb1b73bff"
	"168a6221c6a033de12953ebc029d82d50a8d02000100008017ed86b1bbb1c6a9399fc47b83fb8a919e013400\""
	"}",
};

static const char *const published_inputs[] = {
	"f0d713bb68274cbe95dee99027d67a4befb31ce0d9af1f5eb1eb87bb2ef51818",
};

static const char *const published_signature[] = {
	"487430064a2449da0fde2e89009f4a0d8270f252bfffbe5ed3ae7239953330bc1d98659c776dcfc1e0c12b93a3"
	"09f23932de021572c41dfdd0b44e10b273830f",
};

static const struct request_case several = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996b0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac78f40307e8079502004798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730"
	"761ed830de0f6c0002298c03ed7d454a101eb7022bc95f7e5f41ac78f40307e807950205000011111111111111"
	"11111111111111111111111111006c0002298c03ed7d454a101eb7022bc95f7e5f41ac78f40307e80795020600"
	"011111111111111111111111111111111111111111006c0002298c03ed7d454a101eb7022bc95f7e5f41ac78f4"
	"0307e80795020700021111111111111111111111111111111111111111006c0002298c03ed7d454a101eb7022b"
	"c95f7e5f41ac78f40307e80795020800031111111111111111111111111111111111111111006c0002298c03ed"
	"7d454a101eb7022bc95f7e5f41ac78f40307e80795020901111111111111111111111111111111111111111100"
	"006c0002298c03ed7d454a101eb7022bc95f7e5f41ac78f40307e80795020a000002298c03ed7d454a101eb702"
	"2bc95f7e5f41ac78006c0002298c03ed7d454a101eb7022bc95f7e5f41ac78f40307e807950283808080808080"
	"80400000111111111111111111111111111111111111111100\"}",
};

static const struct request_case proof = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996b0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac78f40307e8079502004798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730"
	"761ed830de0f006c0002298c03ed7d454a101eb7022bc95f7e5f41ac78f40307e8079502050000111111111111"
	"111111111111111111111111111100\"}",
};

static const struct request_case k1_pays = {
	"TezosGhostnet",
	KEY_SECP256K1,
	"02e732719dc5263fbf7f07400926a2e648cd10a73481423d5a587eabdb34e41586",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996c012031d34105bb1243b9"
	"73e06139193221110a0ca1f40307e8079502050000111111111111111111111111111111111111111100\"}",
};

static const struct request_case delegation = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996e0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac78f40307e8079502ff0002298c03ed7d454a101eb7022bc95f7e5f41ac78\"}",
};

static const struct request_case call = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996c0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac78f40307e80795020001111111111111111111111111111111111111111100ff000000"
	"0002030b\"}",
};

static const struct request_case dear = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996c0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac7880a61d07e80795020500001111111111111111111111111111111111111111006c00"
	"02298c03ed7d454a101eb7022bc95f7e5f41ac7880a61d07e80795020500001111111111111111111111111111"
	"11111111111100\"}",
};

static const struct request_case burns = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996c0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac78f40307e807a11f050111111111111111111111111111111111111111110000\"}",
};

static const struct request_case other_source = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996c00111111111111111111"
	"1111111111111111111111f40307e8079502050000111111111111111111111111111111111111111100\"}",
};

static const struct request_case long_form = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996c0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac78f40307e807950285000000111111111111111111111111111111111111111100\"}",
};

static const struct request_case cut = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996c0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac78f40307e80795020500001111111111111111111111111111111111111111\"}",
};

static const struct request_case too_much = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996c0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac78f40307e8079502808080808080808080010000111111111111111111111111111111"
	"111111111100\"}",
};

static const struct request_case other_kind = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x99999999999999999999999999999999999999999999999999999999999999996c0002298c03ed7d454a10"
	"1eb7022bc95f7e5f41ac78f40307e8079502050004111111111111111111111111111111111111111100\"}",
};

static const struct request_case empty = {
	"TezosGhostnet",
	KEY_ED25519,
	"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0x9999999999999999999999999999999999999999999999999999999999999999\"}",
};

static void addresses_are_those_that_are_published(void **state)
{
	case_address("Tezos", KEY_ED25519,
	             "4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
	             "tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx");
	case_address("TezosGhostnet", KEY_SECP256K1,
	             "02e732719dc5263fbf7f07400926a2e648cd10a73481423d5a587eabdb34e41586",
	             "tz2BFTyPeYRzxd5aiBchbXN3WCZhx7BqbMBq");
}

static void the_published_operation_is_hashed_with_its_watermark_and_signed(void **state)
{
	case_signs(&published, published_inputs, 1);
	case_signs(&published_k1, published_inputs, 1);
	case_assembles(
	        &published, published_signature, 1,
	        "04c4b1966777a5d83f3f61e17bf64aa6090ddd3413ede4e24316d3334a7836486c0060f4b0700cb1b7"
	        "3bff168a6221c6a033de12953ebc029d82d50a8d02000100008017ed86b1bbb1c6a9399fc47b83fb8a"
	        "919e013400487430064a2449da0fde2e89009f4a0d8270f252bfffbe5ed3ae7239953330bc1d98659c"
	        "776dcfc1e0c12b93a309f23932de021572c41dfdd0b44e10b273830f");
	case_assembles(
	        &published_k1, published_signature, 1,
	        "04c4b1966777a5d83f3f61e17bf64aa6090ddd3413ede4e24316d3334a7836486c0060f4b0700cb1b7"
	        "3bff168a6221c6a033de12953ebc029d82d50a8d02000100008017ed86b1bbb1c6a9399fc47b83fb8a"
	        "919e013400487430064a2449da0fde2e89009f4a0d8270f252bfffbe5ed3ae7239953330bc1d98659c"
	        "776dcfc1e0c12b93a309f23932de021572c41dfdd0b44e10b273830f");
}

static void reveals_and_transfers_are_read(void **state)
{
	case_pays(&several, "tz1MCGdC9qYbSjtWEbup9i17WkohvzwCm2HV 5\n"
	                    "tz29sUbQkQxxNVXNWmxepLyN4L4iStKf9x8Y 6\n"
	                    "tz3MtHYjeH6Vm7yfw32upJRjsgxEDiVdgA85 7\n"
	                    "tz4AZVWxErWrgscYDD5kUwPzRGDEjbwhTeLz 8\n"
	                    "KT1A91VqdhR8Xg6bRWDaC4h8MK9KfYo9o4Vi 9\n"
	                    "tz1MCGdC9qYbSjtWEbup9i17WkohvzwCm2HV 4611686018427387907");
	case_pays(&proof, "tz1MCGdC9qYbSjtWEbup9i17WkohvzwCm2HV 5");
	case_pays(&k1_pays, "tz1MCGdC9qYbSjtWEbup9i17WkohvzwCm2HV 5");
}

static void what_is_not_fully_understood_is_not_readable(void **state)
{
	case_pays(&published, NULL);
	case_pays(&delegation, NULL);
	case_pays(&call, NULL);
	case_pays(&dear, NULL);
	case_pays(&burns, NULL);
	case_pays(&other_source, NULL);
	case_pays(&long_form, NULL);
	case_pays(&cut, NULL);
	case_pays(&too_much, NULL);
	case_pays(&other_kind, NULL);
}

static void an_operation_has_a_branch_and_contents(void **state)
{
	case_refused(&empty, HF_INVALID, "branch");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_those_that_are_published),
		cmocka_unit_test(the_published_operation_is_hashed_with_its_watermark_and_signed),
		cmocka_unit_test(reveals_and_transfers_are_read),
		cmocka_unit_test(what_is_not_fully_understood_is_not_readable),
		cmocka_unit_test(an_operation_has_a_branch_and_contents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
