/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "published.h"

static const struct request_case published = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":"
	"\"0xb5ee9c7241010201004400011c29a9a317671ba91000000004000301006242000b3fa8f8f4c8abf5f1086d"
	"9d8ca76c23ac7186a03cd4142b77428237abb8bfb7880800000000000000000000000000bc0d3854\"}",
};

static const char *const published_inputs[] = {
	"b12bce9403ece5dfd039b453c0ef531600e6f704e3c0e9b2403661303274dea0",
};

static const char *const some_signature[] = {
	"ababababababababababababababababababababababababababababababababababababababababababababab"
	"ababababababababababababababababababab",
};

static const struct request_case nothing = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c7201020101000002000000\"}",
};

static const char *const nothing_inputs[] = {
	"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
};

static const struct request_case tree = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":"
	"\"0xb5ee9c720102030100000e00020461620102010363c002000264\"}",
};

static const char *const tree_inputs[] = {
	"8c27cb68ed1ac5ff56e42d8bc0aadd1943b4804bac61ad3b14619e8a3fbf1b23",
};

static const struct request_case indexed = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":"
	"\"0xb5ee9c72c102030100000e000006000b000e020461620102010363c002000264b2771ea4\"}",
};

static const char *const indexed_inputs[] = {
	"8c27cb68ed1ac5ff56e42d8bc0aadd1943b4804bac61ad3b14619e8a3fbf1b23",
};

static const struct request_case wide = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":"
	"\"0xb5ee9c720202000300010000001100000204616200010002010363c00002000264\"}",
};

static const char *const wide_inputs[] = {
	"8c27cb68ed1ac5ff56e42d8bc0aadd1943b4804bac61ad3b14619e8a3fbf1b23",
};

static const struct request_case cut = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":"
	"\"0xb5ee9c7241010201004400011c29a9a317671ba91000000004000301006242000b3fa8f8f4c8abf5f1086d"
	"9d8ca76c23ac7186a03cd4142b77428237abb8bfb7880800000000000000000000000000bc0d38\"}",
};

static const struct request_case more = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":"
	"\"0xb5ee9c7241010201004400011c29a9a317671ba91000000004000301006242000b3fa8f8f4c8abf5f1086d"
	"9d8ca76c23ac7186a03cd4142b77428237abb8bfb7880800000000000000000000000000bc0d385400\"}",
};

static const struct request_case crc = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":"
	"\"0xb5ee9c7241010201004400011c29a9a317671ba91000000004000301006242000b3fa8f8f4c8abf5f1086d"
	"9d8ca76c23ac7186a03cd4142b77428237abb8bfb7880800000000000000000000000000bc0d3855\"}",
};

static const struct request_case magic = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":"
	"\"0x00ee9c7241010201004400011c29a9a317671ba91000000004000301006242000b3fa8f8f4c8abf5f1086d"
	"9d8ca76c23ac7186a03cd4142b77428237abb8bfb7880800000000000000000000000000bc0d3854\"}",
};

static const struct request_case backwards = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c72010201010000040001026100\"}",
};

static const struct request_case outside = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c72010201010000040001026107\"}",
};

static const struct request_case no_root = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c7201020101000002030000\"}",
};

static const struct request_case zero_tail = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c72010201010000040000036100\"}",
};

static const struct request_case five = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c720102020100000a0005026101010101010000\"}",
};

static const struct request_case header_only = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c7241010201004400011c29a9a317671ba9\"}",
};

static const struct request_case cache = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c7221020101000002000000\"}",
};

static const struct request_case two_roots = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c720102020200000500010000000261\"}",
};

static const struct request_case exotic = {
	"TonTestnet",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Message\",\"message\":\"0xb5ee9c720102010100000300080261\"}",
};

static const struct request_case transaction = {
	"Ton",
	KEY_ED25519,
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	"{\"kind\":\"Transaction\",\"transaction\":"
	"\"0xb5ee9c7241010201004400011c29a9a317671ba91000000004000301006242000b3fa8f8f4c8abf5f1086d"
	"9d8ca76c23ac7186a03cd4142b77428237abb8bfb7880800000000000000000000000000bc0d3854\"}",
};

static void the_representation_hash_of_the_root_is_signed(void **state)
{
	case_signs(&published, published_inputs, 1);
	case_assembles(&published, some_signature, 1, NULL);
}

static void what_a_contract_does_is_not_known(void **state)
{
	case_pays(&published, NULL);
}

static void there_is_no_address(void **state)
{
	case_address("Ton", KEY_ED25519,
	             "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "");
}

static void every_form_of_a_bag_gives_the_same_hash(void **state)
{
	case_signs(&nothing, nothing_inputs, 1);
	case_signs(&tree, tree_inputs, 1);
	case_signs(&indexed, indexed_inputs, 1);
	case_signs(&wide, wide_inputs, 1);
}

static void malformed_bags_are_refused(void **state)
{
	case_refused(&cut, HF_INVALID, "bag of cells");
	case_refused(&more, HF_INVALID, "bag of cells");
	case_refused(&crc, HF_INVALID, "bag of cells");
	case_refused(&magic, HF_INVALID, "bag of cells");
	case_refused(&backwards, HF_INVALID, "bag of cells");
	case_refused(&outside, HF_INVALID, "bag of cells");
	case_refused(&no_root, HF_INVALID, "bag of cells");
	case_refused(&zero_tail, HF_INVALID, "bag of cells");
	case_refused(&five, HF_INVALID, "bag of cells");
	case_refused(&header_only, HF_INVALID, "bag of cells");
	case_refused(&cache, HF_INVALID, "bag of cells");
	case_refused(&two_roots, HF_UNSUPPORTED, "ordinary");
	case_refused(&exotic, HF_UNSUPPORTED, "ordinary");
	case_refused(&transaction, HF_UNSUPPORTED, "Message");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_representation_hash_of_the_root_is_signed),
		cmocka_unit_test(what_a_contract_does_is_not_known),
		cmocka_unit_test(there_is_no_address),
		cmocka_unit_test(every_form_of_a_bag_gives_the_same_hash),
		cmocka_unit_test(malformed_bags_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
