/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "chain_case.h"

#include <stdio.h>

#define KEY "024bc2a31265153f07e70e0bab08724e6b85e217f8cd628ceb62974247bb493382"

#define MAIL_TYPES                                                                                 \
	"'types':{'Person':[{'name':'name','type':'string'},{'name':'wallet','type':'address'}],"  \
	"'Mail':[{'name':'from','type':'Person'},{'name':'to','type':'Person'},"                   \
	"{'name':'contents','type':'string'}]}"
#define MAIL_DOMAIN                                                                                \
	"'name':'Ether Mail','version':'1',"                                                       \
	"'verifyingContract':'0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC'"
#define MAIL_MESSAGE                                                                               \
	"'message':{'from':{'name':'Cow','wallet':'0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826'},"  \
	"'to':{'name':'Bob','wallet':'0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB'},"               \
	"'contents':'Hello, Bob!'}"
#define MAIL(id)                                                                                   \
	"{'kind':'Eip712'," MAIL_TYPES ",'domain':{" MAIL_DOMAIN ",'chainId':" id                  \
	"}," MAIL_MESSAGE "}"

static void input_of(const char *network, const char *body, const char *digest)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, network, KEY_SECP256K1, KEY, body));
	check_input(&c, 0, digest);
	check_intent(&c, false, 0);
}

static void the_mail_of_eip_712_has_its_digest(void **state)
{
	static const char digest[] =
	        "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";

	input_of("Ethereum", MAIL("1"), digest);
	input_of("Ethereum", MAIL("'1'"), digest);
	input_of("Ethereum", MAIL("'0x01'"), digest);
}

/* By ethers 6: nested arrays, every kind of number at its bounds, empty bytes, a part of a domain
 * whose members stand in another order. */
static void every_type_is_encoded_as_ethers_does(void **state)
{
	input_of("EthereumSepolia",
	         "{'kind':'Eip712','types':{'Leaf':[{'name':'flag','type':'bool'},"
	         "{'name':'small','type':'int8'},{'name':'tag','type':'bytes4'}],"
	         "'All':[{'name':'leaves','type':'Leaf[]'},{'name':'grid','type':'uint16[2][]'},"
	         "{'name':'raw','type':'bytes'},{'name':'big','type':'uint256'},"
	         "{'name':'low','type':'int256'},{'name':'who','type':'address[2]'},"
	         "{'name':'words','type':'string[]'},{'name':'one','type':'Leaf'}]},"
	         "'domain':{'salt':"
	         "'0xabababababababababababababababababababababababababababababababab',"
	         "'name':'x','chainId':'11155111'},"
	         "'message':{'leaves':[{'flag':true,'small':-128,'tag':'0x01020304'},"
	         "{'flag':false,'small':127,'tag':'0xffffffff'}],'grid':[[1,2],[3,65535]],"
	         "'raw':'0x',"
	         "'big':'0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',"
	         "'low':'-57896044618658097711785492504343953926634992332820282019728792003956564"
	         "819968',"
	         "'who':['0x3535353535353535353535353535353535353535',"
	         "'0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F'],"
	         "'words':['','\xc3\xa4'],'one':{'flag':true,'small':0,'tag':'0x00000000'}}}",
	         "34956f72695668c59d530d3f2600c1e8818b7d3a9a65781eed0073c5d6359c39");
}

static void an_empty_domain_and_an_empty_message_have_a_digest(void **state)
{
	input_of(NULL,
	         "{'kind':'Eip712','blockchainKind':'Evm','types':{'M':[{'name':'a','type':'uint8'}"
	         "]}"
	         ",'domain':{},'message':{'a':1}}",
	         "131fe4d65d719ebc05decf6d7fdfd1418dcf5b62f933453f22f78b56c1aee352");
	input_of(NULL,
	         "{'kind':'Eip712','blockchainKind':'Evm','types':{'M':[]},'domain':{'name':'n'},"
	         "'message':{}}",
	         "93936bdaeac4407103e9f3a6ecd87d812de8a4c057426aa328bc11eec799a9d6");
}

static void a_domain_of_another_chain_is_refused(void **state)
{
	check_refused("Base", KEY_SECP256K1, KEY, MAIL("1"), HF_INVALID,
	              "field \"domain\": it is for the chain with id 1, and network Base is 8453");
	check_refused("Ethereum", KEY_SECP256K1, KEY, MAIL("'0x10000000000000001'"), HF_INVALID,
	              "field \"domain\": it is for the chain");
	check_refused("Ethereum", KEY_SECP256K1, KEY, MAIL("0"), HF_INVALID,
	              "field \"domain\": chainId: expected a number above 0");
	check_refused("Ethereum", KEY_SECP256K1, KEY, MAIL("1.5"), HF_INVALID,
	              "field \"domain\": chainId: expected a number above 0");
}

static void refuse(const char *types, const char *domain, const char *message, const char *words,
                   enum hf_code code)
{
	char body[4096];

	CHECK(snprintf(body, sizeof(body), "{'kind':'Eip712','types':%s,'domain':%s,'message':%s}",
	               types, domain, message) < (int)sizeof(body));
	check_refused("Base", KEY_SECP256K1, KEY, body, code, words);
}

static void types_that_are_refused(void **state)
{
	static const struct {
		const char *types, *words;
	} rows[] = {
		{ "{}", "there is no type to which no other refers" },
		{ "[]", "field \"types\": expected an object" },
		{ "{'A':{}}", "A: expected an array of fields" },
		{ "{'A':[],'B':[]}", "which is the message's type? No type refers to A, nor to B" },
		{ "{'A':[{'name':'a','type':'A'}]}", "A contains itself" },
		{ "{'A':[{'name':'b','type':'B'}],'B':[{'name':'a','type':'A[]'}]}",
		  "contains itself" },
		{ "{'A':[{'name':'x','type':'B'}]}", "\"B\" of field \"x\" is no type" },
		{ "{'A':[{'name':'x','type':'uint'}]}", "\"uint\" of field \"x\" is no type" },
		{ "{'A':[{'name':'x','type':'uint7'}]}", "is no type" },
		{ "{'A':[{'name':'x','type':'uint264'}]}", "is no type" },
		{ "{'A':[{'name':'x','type':'uint08'}]}", "is no type" },
		{ "{'A':[{'name':'x','type':'bytes33'}]}", "is no type" },
		{ "{'A':[{'name':'x','type':'bytes0'}]}", "is no type" },
		{ "{'A':[{'name':'x','type':'uint8['}]}", "is no type" },
		{ "{'A':[{'name':'x','type':'uint8[]x'}]}", "is no type" },
		{ "{'A':[{'name':'x','type':'uint8[02]'}]}", "is no type" },
		{ "{'A':[{'name':'x','type':'[]'}]}", "is no type" },
		{ "{'A':[{'name':'x','type':'uint8[0]'}]}", "is no type" },
		{ "{'A':[{'name':'x'}]}", "A: field \"type\" is missing" },
		{ "{'A':[{'name':'x','type':'bool','indexed':true}]}", "unknown field" },
		{ "{'A':[{'name':'a b','type':'bool'}]}", "is no name for a field" },
		{ "{'A':[{'name':'','type':'bool'}]}", "is no name for a field" },
		{ "{'A':[{'name':'x','type':'bool'},{'name':'x','type':'bool'}]}",
		  "A has two fields \"x\"" },
		{ "{'A(B b)':[]}", "is no name for a type" },
		{ "{'uint8':[]}", "is no name for a type" },
		{ "{'EIP712Domain':[]}", "leave EIP712Domain out" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++)
		refuse(rows[i].types, "{}", "{}", rows[i].words, HF_INVALID);
}

static void values_that_are_refused(void **state)
{
	static const struct {
		const char *type, *value, *words;
	} rows[] = {
		{ "uint8", "256", "A.x: expected a whole number within the type's bounds" },
		{ "uint8", "-1", "A.x: expected a whole number" },
		{ "uint8", "1.0", "expected a whole number" },
		{ "uint8", "'0x'", "expected a whole number" },
		{ "uint8", "''", "expected a whole number" },
		{ "uint8", "' 1'", "expected a whole number" },
		{ "uint8", "true", "expected a whole number" },
		{ "uint8", "null", "expected a whole number" },
		{ "int8", "128", "expected a whole number" },
		{ "int8", "-129", "expected a whole number" },
		{ "int8", "'--1'", "expected a whole number" },
		{ "uint256",
		  "'0x10000000000000000000000000000000000000000000000000000000000000000'",
		  "expected a whole number" },
		{ "bool", "'true'", "expected true or false" },
		{ "bool", "1", "expected true or false" },
		{ "string", "1", "expected text" },
		{ "bytes", "'00'", "expected 0x and an even number" },
		{ "bytes", "'0x0'", "expected 0x and an even number" },
		{ "bytes4", "'0x010203'", "expected 0x and exactly the type's bytes" },
		{ "address", "'0x35'", "expected 0x and 40 hex digits" },
		{ "address", "'0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD827'",
		  "with the right checksum" },
		{ "uint8[]", "1", "expected an array for uint8[]" },
		{ "uint8[]", "{}", "expected an array for uint8[]" },
		{ "uint8[2]", "[1]", "expected an array for uint8[2]" },
		{ "uint8[][2]", "[1,2]", "expected an array for uint8[]" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		char types[200], message[200];

		snprintf(types, sizeof(types), "{'A':[{'name':'x','type':'%s'}]}", rows[i].type);
		snprintf(message, sizeof(message), "{'x':%s}", rows[i].value);
		refuse(types, "{}", message, rows[i].words, HF_INVALID);
	}
}

static void a_message_has_the_fields_of_its_type_and_no_other(void **state)
{
	static const char types[] =
	        "{'A':[{'name':'x','type':'B'}],'B':[{'name':'y','type':'bool'}]}";

	refuse(types, "{}", "{}", "A has to have a \"x\"", HF_INVALID);
	refuse(types, "{}", "{'x':{}}", "A.x: B has to have a \"y\"", HF_INVALID);
	refuse(types, "{}", "{'x':{'y':true,'z':1}}",
	       "B: expected an object with the type's fields only", HF_INVALID);
	refuse(types, "{}", "{'x':[]}", "B has to have a \"y\"", HF_INVALID);
	refuse(types, "{}", "[]", "field \"message\": expected an object", HF_INVALID);
	refuse("{'A':[]}", "{}", "{'x':1}", "A: expected an object with the type's fields only",
	       HF_INVALID);
	refuse("{'A':[{'name':'b','type':'B'}],'B':[]}", "{}", "{'b':7}",
	       "B: expected an object with the type's fields only", HF_INVALID);
}

static void domains_that_are_refused(void **state)
{
	refuse("{'A':[]}", "{'other':1}", "{}", "field \"domain\": unknown field \"other\"",
	       HF_INVALID);
	refuse("{'A':[]}", "{'name':null}", "{}", "field \"domain\": name: expected text",
	       HF_INVALID);
	refuse("{'A':[]}", "{'salt':'0x00'}", "{}", "field \"domain\": salt: expected 0x",
	       HF_INVALID);
	refuse("{'A':[]}", "[]", "{}", "field \"domain\": expected an object", HF_INVALID);
}

static void too_many_fields_are_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(1 << 16);

	hf_buf_text(&body, "{'kind':'Eip712','domain':{},'message':{},'types':{'A':[");
	for (int i = 0; i < 257; i++)
		hf_buf_printf(&body, "%s{'name':'f%d','type':'bool'}", i ? "," : "", i);
	hf_buf_text(&body, "]}}");
	hf_buf_u8(&body, 0);
	check_refused("Base", KEY_SECP256K1, KEY, (char *)body.ptr, HF_TOOBIG,
	              "field \"types\": more than 256 fields");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mail_of_eip_712_has_its_digest),
		cmocka_unit_test(every_type_is_encoded_as_ethers_does),
		cmocka_unit_test(an_empty_domain_and_an_empty_message_have_a_digest),
		cmocka_unit_test(a_domain_of_another_chain_is_refused),
		cmocka_unit_test(types_that_are_refused),
		cmocka_unit_test(values_that_are_refused),
		cmocka_unit_test(a_message_has_the_fields_of_its_type_and_no_other),
		cmocka_unit_test(domains_that_are_refused),
		cmocka_unit_test(too_many_fields_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
