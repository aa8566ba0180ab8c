/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "proof/client_data.h"

#include <stdio.h>
#include <string.h>

#define CHALLENGE "Y2hhbGxlbmdl"
#define ENCODED "WTJoaGJHeGxibWRs" /* base64url of the text above */
#define ORIGIN "https://app.bank.example"

static const char *const origins[] = { ORIGIN, "https://ops.bank.example:8443" };
static const struct relying_party party = { "bank.example", origins, HF_COUNT(origins), true };

static hf_status page(const char *json)
{
	struct hf_err err = { 0 };
	hf_status s = client_data_check_page(hf_span_text(json), "webauthn.get",
	                                     hf_span_text(CHALLENGE), &party, &err);

	CHECK(hf_ok(s) == !err.text[0]);
	return s;
}

#define PAGE(challenge, more) "{\"type\":\"webauthn.get\",\"challenge\":\"" challenge "\"" more "}"

static void a_page_of_ours_is_taken_with_the_challenge_in_either_form(void **state)
{
	CHECK_OK(page(PAGE(ENCODED, ",\"origin\":\"" ORIGIN "\",\"crossOrigin\":false")));
	CHECK_OK(page(PAGE(CHALLENGE, ",\"origin\":\"https://ops.bank.example:8443\"")));
	CHECK_OK(page("{\"more\":{\"a\":[1]},\"origin\":\"" ORIGIN "\",\"challenge\":\"" ENCODED
	              "\",\"type\":\"webauthn.get\"}"));
}

static void other_pages_and_frames_are_refused(void **state)
{
	CHECK_CODE(page(PAGE(ENCODED, "")), HF_UNAUTHENTIC);
	CHECK_CODE(page(PAGE(ENCODED, ",\"origin\":\"https://bank.example\"")), HF_UNAUTHENTIC);
	CHECK_CODE(page(PAGE(ENCODED, ",\"origin\":\"" ORIGIN ".evil.example\"")), HF_UNAUTHENTIC);
	CHECK_CODE(page(PAGE(ENCODED, ",\"origin\":\"" ORIGIN "/\"")), HF_UNAUTHENTIC);
	CHECK_CODE(page(PAGE(ENCODED, ",\"origin\":\"" ORIGIN "\",\"crossOrigin\":true")),
	           HF_UNAUTHENTIC);
}

static void another_type_or_challenge_is_refused(void **state)
{
	CHECK_CODE(page(PAGE("AAAA", ",\"origin\":\"" ORIGIN "\"")), HF_INVALID);
	CHECK_CODE(page("{\"type\":\"webauthn.create\",\"challenge\":\"" ENCODED
	                "\",\"origin\":\"" ORIGIN "\"}"),
	           HF_INVALID);
	CHECK_CODE(page("{}"), HF_INVALID);
	CHECK_CODE(page("[]"), HF_INVALID);
	CHECK_CODE(page(PAGE(ENCODED, ",\"type\":\"webauthn.get\"")), HF_INVALID);
}

static void a_key_pair_says_nothing_of_pages(void **state)
{
	struct hf_span challenge = hf_span_text(CHALLENGE);
	struct hf_err err;

	CHECK_OK(client_data_check(
	        hf_span_text("{\"type\":\"key.get\",\"challenge\":\"" CHALLENGE "\"}"), "key.get",
	        challenge, &err));
	CHECK_CODE(client_data_check(
	                   hf_span_text("{\"type\":\"key.get\",\"challenge\":\"" ENCODED "\"}"),
	                   "key.get", challenge, &err),
	           HF_INVALID);
	CHECK_CODE(client_data_check(
	                   hf_span_text("{\"type\":\"key.get\",\"challenge\":\"" CHALLENGE "\"}"),
	                   "key.create", challenge, &err),
	           HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_of_ours_is_taken_with_the_challenge_in_either_form),
		cmocka_unit_test(other_pages_and_frames_are_refused),
		cmocka_unit_test(another_type_or_challenge_is_refused),
		cmocka_unit_test(a_key_pair_says_nothing_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
