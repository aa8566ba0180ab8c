/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "chain/rules.h"

#include <string.h>

static void inputs_are_copied_one_behind_the_other(void **state)
{
	HF_CLEANUP(chain_plan_done) struct chain_plan plan = { 0 };
	char text[] = "first";

	CHECK_OK(plan_add_input(&plan, hf_span_text(text)));
	CHECK_OK(plan_add_input(&plan, hf_span_text("")));
	CHECK_OK(plan_add_input(&plan, hf_span_text("third")));
	memset(text, 0, sizeof(text));
	CHECK(hf_span_is(chain_plan_input(&plan, 0), "first"));
	CHECK(hf_span_is(chain_plan_input(&plan, 1), ""));
	CHECK(hf_span_is(chain_plan_input(&plan, 2), "third"));
	CHECK(chain_plan_input(&plan, 3).len == 0);
}

static void a_plan_has_limits(void **state)
{
	static const uint8_t big[SIGN_INPUT_MAX + 1];
	HF_CLEANUP(chain_plan_done) struct chain_plan plan = { 0 }, large = { 0 };
	const struct chain_transfer t = { .to = "somebody", .native = true };

	for (int i = 0; i < CHAIN_INPUTS_MAX; i++)
		CHECK_OK(plan_add_input(&plan, HF_SPAN(big, 32)));
	CHECK_CODE(plan_add_input(&plan, HF_SPAN(big, 32)), HF_TOOBIG);
	for (int i = 0; i < CHAIN_TRANSFERS_MAX; i++)
		CHECK_OK(plan_add_transfer(&plan, &t));
	CHECK_CODE(plan_add_transfer(&plan, &t), HF_TOOBIG);
	assert_int_equal(plan.n_transfers, CHAIN_TRANSFERS_MAX);
	assert_string_equal(plan.transfers[CHAIN_TRANSFERS_MAX - 1].to, "somebody");
	CHECK_CODE(plan_add_input(&large, HF_SPAN(big, sizeof(big))), HF_TOOBIG);
	CHECK_OK(plan_add_input(&large, HF_SPAN(big, SIGN_INPUT_MAX)));
}

static void der_has_numbers_in_their_shortest_form(void **state)
{
	static const struct {
		uint8_t r_top, s_top;
		size_t len;
	} rows[] = {
		{ 0x7f, 0x7f, 70 }, { 0x80, 0x7f, 71 }, { 0xff, 0xff, 72 }, { 0x00, 0x01, 69 }
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		HF_BUF_SCOPED struct hf_buf der = HF_BUF(CHAIN_ENCODED_MAX);
		struct signature sig = { .len = 64 };

		memset(sig.bytes, 0x11, 64);
		sig.bytes[0] = rows[i].r_top;
		sig.bytes[32] = rows[i].s_top;
		CHECK_OK(encode_der(NULL, &sig, &der));
		assert_int_equal(der.len, rows[i].len);
		CHECK(der.ptr[0] == 0x30 && der.ptr[1] == der.len - 2 && der.ptr[2] == 2);
		CHECK(!(der.ptr[4] & 0x80));
	}
}

static void a_form_with_a_recovery_id_needs_one(void **state)
{
	HF_BUF_SCOPED struct hf_buf to = HF_BUF(CHAIN_ENCODED_MAX);
	struct signature sig = { .len = 64, .recid = -1 };

	CHECK_CODE(encode_recoverable(NULL, &sig, &to), HF_INVALID);
	sig.recid = 2;
	CHECK_CODE(encode_recoverable(NULL, &sig, &to), HF_INVALID);
	sig.recid = 1;
	sig.len = 63;
	CHECK_CODE(encode_recoverable(NULL, &sig, &to), HF_INVALID);
	CHECK_CODE(encode_der(NULL, &sig, &to), HF_INVALID);
	CHECK_CODE(encode_plain(NULL, &sig, &to), HF_INVALID);
	assert_int_equal(to.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inputs_are_copied_one_behind_the_other),
		cmocka_unit_test(a_plan_has_limits),
		cmocka_unit_test(der_has_numbers_in_their_shortest_form),
		cmocka_unit_test(a_form_with_a_recovery_id_needs_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
