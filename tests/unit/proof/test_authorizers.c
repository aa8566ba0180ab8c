/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_fixture.h"

#include "proof/authorizers.h"

static EVP_PKEY *key;

static int setup(void **state)
{
	key = new_key();
	return 0;
}

static int teardown(void **state)
{
	EVP_PKEY_free(key);
	return 0;
}

/* A file with two credentials and these rules. */
static hf_status parse(const char *rules, struct authorizers **ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(16384);

	hf_buf_printf(
	        &text,
	        "{\"version\":1,\"organization\":\"or-1\",\"credentials\":["
	        "{\"id\":\"b\",\"identity\":\"us-bob\",\"kind\":\"Key\",\"publicKey\":\"%s\"},"
	        "{\"id\":\"a\",\"identity\":\"us-alice\",\"kind\":\"Key\",\"publicKey\":\"%s\","
	        "\"name\":\"Alice\"}],\"rules\":%s}",
	        pem_json(key), pem_json(key), rules);
	return authorizers_parse(hf_buf_span(&text), ret, err);
}

static void refused(const char *rules, const char *words)
{
	struct authorizers *a;
	struct hf_err err = { 0 };

	CHECK_CODE(parse(rules, &a, &err), HF_INVALID);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" has no \"%s\"", err.text, words);
}

static void a_file_is_read(void **state)
{
	AUTHORIZERS_SCOPED struct authorizers *a = NULL;
	struct hf_err err;

	CHECK_OK(parse("[{\"name\":\"r\",\"keys\":[\"key-1\"],\"initiators\":[\"us-alice\"],"
	               "\"approvals\":[{\"approvers\":[\"us-bob\",\"us-alice\"],\"quorum\":2}],"
	               "\"maxAge\":60}]",
	               &a, &err));
	assert_string_equal(a->organization, "or-1");
	CHECK(a->n_credentials == 2 && a->n_rules == 1 && a->rules[0].n_groups == 1);
	assert_string_equal(authorizers_find(a, "a")->name, "Alice");
	assert_string_equal(authorizers_find(a, "b")->identity, "us-bob");
	CHECK(!authorizers_find(a, "c"));
	CHECK(authorizers_lists(&a->rules[0].keys, "key-1"));
	CHECK(!authorizers_lists(&a->rules[0].keys, "key-2"));
	CHECK(a->rules[0].groups[0].quorum == 2);
}

static void ages_are_the_smallest_that_matching_rules_name_or_the_files(void **state)
{
	AUTHORIZERS_SCOPED struct authorizers *a = NULL;
	struct hf_err err;

	CHECK_OK(parse("[{\"keys\":[\"plain\",\"both\"],\"initiators\":\"*\"},"
	               "{\"keys\":[\"both\",\"two\"],\"initiators\":\"*\",\"maxAge\":3600},"
	               "{\"keys\":[\"two\"],\"initiators\":\"*\",\"maxAge\":60},"
	               "{\"keys\":[\"approved\"],\"initiators\":\"*\","
	               "\"approvals\":[{\"approvers\":[\"us-bob\"],\"quorum\":1}]}]",
	               &a, &err));
	CHECK(authorizers_age_s(a, "plain") == AUTHORIZERS_AGE_S);
	CHECK(authorizers_age_s(a, "both") == 3600);
	CHECK(authorizers_age_s(a, "two") == 60);
	CHECK(authorizers_age_s(a, "approved") == AUTHORIZERS_AGE_APPROVED_S);
	CHECK(authorizers_age_s(a, "unnamed") == 0);
}

static void what_cannot_be_meant_is_refused_with_its_place(void **state)
{
	refused("[{\"keys\":\"*\",\"initiators\":[\"us-eve\"]}]",
	        "rule 1: field \"initiators\": us-eve has no credential");
	refused("[{\"keys\":\"*\",\"initiators\":\"*\",\"approvals\":[{\"approvers\":[\"us-bob\"],"
	        "\"quorum\":2}]}]",
	        "rule 1: approvals, group 1: a quorum of 2 among 1");
	refused("[{\"keys\":\"*\",\"initiators\":\"*\",\"approvals\":[{\"approvers\":[\"us-eve\"],"
	        "\"quorum\":1}]}]",
	        "us-eve has no credential");
	refused("[{\"keys\":\"key-1\",\"initiators\":\"*\"}]", "expected a list of ids");
	refused("[{\"keys\":[\"k\",\"k\"],\"initiators\":\"*\"}]", "k is there twice");
	refused("[{\"keys\":[],\"initiators\":\"*\"}]", "expected a list of 1 to");
	refused("[{\"keys\":[1],\"initiators\":\"*\"}]", "expected texts");
	refused("[{\"initiators\":\"*\"}]", "keys");
	refused("[{\"keys\":\"*\",\"initiators\":\"*\",\"quorum\":1}]", "quorum");
	refused("[{\"keys\":\"*\",\"initiators\":\"*\",\"maxAge\":0}]", "maxAge");
	refused("[{\"keys\":\"*\",\"initiators\":\"*\",\"maxAge\":99999999}]", "maxAge");
}

static void a_credential_stands_there_once_and_its_key_is_one(void **state)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(16384);
	struct authorizers *a;
	struct hf_err err = { 0 };

	for (int i = 0; i < 2; i++)
		hf_buf_printf(
		        &text,
		        "%s{\"id\":\"a\",\"identity\":\"us-1\",\"kind\":\"Key\",\"publicKey\":\"%"
		        "s\"}",
		        i ? ","
		          : "{\"version\":1,\"organization\":\"o\",\"rules\":[],\"credentials\":[",
		        pem_json(key));
	hf_buf_text(&text, "]}");
	CHECK_CODE(authorizers_parse(hf_buf_span(&text), &a, &err), HF_INVALID);
	CHECK(strstr(err.text, "credential a is there twice"));
	CHECK_CODE(authorizers_parse(
	                   hf_span_text("{\"version\":1,\"organization\":\"o\",\"rules\":[],"
	                                "\"credentials\":[{\"id\":\"a\",\"identity\":\"us-1\","
	                                "\"kind\":\"Key\",\"publicKey\":\"x\"}]}"),
	                   &a, &err),
	           HF_INVALID);
	CHECK(strstr(err.text, "credential 1: field \"publicKey\""));
	CHECK_CODE(authorizers_parse(hf_span_text("{\"version\":2,\"organization\":\"o\","
	                                          "\"rules\":[],\"credentials\":[]}"),
	                             &a, &err),
	           HF_INVALID);
}

static hf_status parse_credential(const char *more, struct authorizers **ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(16384);

	hf_buf_printf(&text,
	              "{\"version\":1,\"organization\":\"o\",\"rules\":[],\"credentials\":[{"
	              "\"id\":\"a\",\"identity\":\"us-1\",\"publicKey\":\"%s\",%s}]}",
	              pem_json(key), more);
	return authorizers_parse(hf_buf_span(&text), ret, err);
}

static void an_authenticator_names_its_relying_party_and_others_none(void **state)
{
	AUTHORIZERS_SCOPED struct authorizers *a = NULL;
	const struct relying_party *party;
	struct authorizers *none;
	struct hf_err err = { 0 };

	CHECK_OK(parse_credential("\"kind\":\"Fido2\",\"rpId\":\"bank.example\",\"origins\":["
	                          "\"https://app.bank.example\"],\"verifyUser\":true",
	                          &a, &err));
	party = authorizers_find(a, "a")->verifier.party;
	assert_string_equal(party->id, "bank.example");
	assert_string_equal(party->origins[0], "https://app.bank.example");
	CHECK(party->n_origins == 1 && party->verify_user);
	CHECK_CODE(parse_credential("\"kind\":\"Fido2\"", &none, &err), HF_INVALID);
	CHECK(strstr(err.text, "needs \"rpId\""));
	CHECK_CODE(parse_credential("\"kind\":\"Key\",\"rpId\":\"x\"", &none, &err), HF_INVALID);
	CHECK(strstr(err.text, "are for kind Fido2"));
	CHECK_CODE(parse_credential("\"kind\":\"Smoke\"", &none, &err), HF_INVALID);
}

static void an_empty_file_allows_nothing(void **state)
{
	AUTHORIZERS_SCOPED struct authorizers *a = NULL;

	CHECK_OK(authorizers_parse(hf_span_text("{\"version\":1,\"organization\":\"o\","
	                                        "\"rules\":[],\"credentials\":[]}"),
	                           &a, NULL));
	CHECK(authorizers_age_s(a, "key-1") == 0);
	CHECK(!authorizers_find(a, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read),
		cmocka_unit_test(ages_are_the_smallest_that_matching_rules_name_or_the_files),
		cmocka_unit_test(what_cannot_be_meant_is_refused_with_its_place),
		cmocka_unit_test(a_credential_stands_there_once_and_its_key_is_one),
		cmocka_unit_test(an_authenticator_names_its_relying_party_and_others_none),
		cmocka_unit_test(an_empty_file_allows_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
