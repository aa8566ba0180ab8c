/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "op/slot_link.h"

#include <string.h>

static const uint8_t session[SLOT_SESSION_LEN] = "0123456789abcde";
static struct slot_ops ops, ops_read;
static struct slot_results results, results_read;

static hf_status pass_open(uint64_t slot, const char *serial, const char *pin,
                           struct slot_open *ret)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(SLOT_LINK_BODY_MAX);
	struct slot_open o = { .slot = slot };

	strcpy(o.serial, serial);
	if (pin[0])
		CHECK_OK(hf_secret_copy(pin, strlen(pin), &o.pin));
	slot_open_encode(&b, &o);
	hf_secret_done(&o.pin);
	CHECK_OK(hf_buf_status(&b));
	return slot_open_decode(hf_buf_span(&b), ret);
}

static void a_request_to_open_is_read_back(void **state)
{
	struct slot_open got = { 0 };

	CHECK_OK(pass_open(UINT64_MAX, "0123456789abcdef", "1234", &got));
	CHECK(got.slot == UINT64_MAX && hf_secret_equal(&got.pin, "1234", 4));
	assert_string_equal(got.serial, "0123456789abcdef");
	hf_secret_done(&got.pin);
	CHECK_OK(pass_open(0, "", "x", &got));
	CHECK(got.slot == 0 && got.serial[0] == 0);
	hf_secret_done(&got.pin);
}

static void a_pin_is_neither_empty_nor_beyond_its_limit(void **state)
{
	char pin[SLOT_PIN_MAX + 2] = "";
	struct slot_open got = { 0 };

	CHECK_CODE(pass_open(1, "", pin, &got), HF_INVALID);
	memset(pin, '7', SLOT_PIN_MAX + 1);
	CHECK_CODE(pass_open(1, "", pin, &got), HF_INVALID);
	pin[SLOT_PIN_MAX] = 0;
	CHECK_OK(pass_open(1, "", pin, &got));
	hf_secret_done(&got.pin);
}

static void a_serial_with_control_characters_is_refused(void **state)
{
	struct slot_open got = { 0 };

	CHECK_CODE(pass_open(1, "a\nb", "1234", &got), HF_INVALID);
	CHECK_CODE(pass_open(1, "\x7f", "1234", &got), HF_INVALID);
	CHECK_CODE(pass_open(1, "\xc3", "1234", &got), HF_INVALID);
}

static struct slot_opened opened(void)
{
	struct slot_opened o = {
		.slot = 7,
		.label = "T\xc3\xb6ken",
		.manufacturer = "SoftHSM project",
		.model = "SoftHSM v2",
		.serial = "0123456789abcdef",
		.library = "SoftHSM 2.6 (PKCS#11 2.40)",
		.moved = true,
	};

	memcpy(o.session, session, sizeof(session));
	return o;
}

static void what_was_opened_is_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(SLOT_LINK_BODY_MAX);
	struct slot_opened o = opened(), got;

	slot_opened_encode(&b, &o);
	CHECK_OK(slot_opened_decode(hf_buf_span(&b), &got));
	assert_memory_equal(got.session, session, sizeof(session));
	CHECK(got.slot == 7 && got.moved);
	assert_string_equal(got.label, o.label);
	assert_string_equal(got.manufacturer, o.manufacturer);
	assert_string_equal(got.model, o.model);
	assert_string_equal(got.serial, o.serial);
	assert_string_equal(got.library, o.library);
	b.ptr[b.len - 1] = 2;
	CHECK_CODE(slot_opened_decode(hf_buf_span(&b), &got), HF_INVALID);
}

static void fill(uint32_t n)
{
	memcpy(ops.session, session, sizeof(session));
	ops.deadline_ms = 5000;
	ops.n = results.n = n;
	for (size_t i = 0; i < SLOT_OPS_MAX; i++) {
		ops.ops[i] = HF_SPAN("operation", 1 + i % 9);
		results.results[i] = HF_SPAN("a result", 1 + i % 8);
	}
}

static hf_status pass_ops(struct hf_buf *b)
{
	hf_buf_clear(b);
	slot_ops_encode(b, &ops);
	return slot_ops_decode(hf_buf_span(b), &ops_read);
}

static hf_status pass_results(struct hf_buf *b)
{
	hf_buf_clear(b);
	slot_results_encode(b, &results);
	return slot_results_decode(hf_buf_span(b), &results_read);
}

static void operations_are_read_back_in_order(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(SLOT_LINK_BODY_MAX);

	fill(SLOT_OPS_MAX);
	CHECK_OK(pass_ops(&b));
	CHECK(ops_read.n == SLOT_OPS_MAX && ops_read.deadline_ms == 5000);
	assert_memory_equal(ops_read.session, session, sizeof(session));
	for (size_t i = 0; i < SLOT_OPS_MAX; i++)
		CHECK(hf_span_equal(ops_read.ops[i], ops.ops[i]));
}

static void results_are_read_back_in_order(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(SLOT_LINK_BODY_MAX);

	fill(SLOT_OPS_MAX);
	CHECK_OK(pass_results(&b));
	CHECK(results_read.n == SLOT_OPS_MAX);
	for (size_t i = 0; i < SLOT_OPS_MAX; i++)
		CHECK(hf_span_equal(results_read.results[i], results.results[i]));
}

static void operations_beyond_their_limits_are_refused(void **state)
{
	static const uint32_t deadlines[] = { 0, SLOT_DEADLINE_MAX_MS + 1, UINT32_MAX };
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(SLOT_LINK_BODY_MAX);

	for (size_t i = 0; i < HF_COUNT(deadlines); i++) {
		fill(1);
		ops.deadline_ms = deadlines[i];
		CHECK_CODE(pass_ops(&b), HF_INVALID);
	}
	fill(0);
	CHECK_CODE(pass_ops(&b), HF_INVALID);
	CHECK_CODE(pass_results(&b), HF_INVALID);
	fill(SLOT_OPS_MAX + 1);
	CHECK_CODE(pass_ops(&b), HF_INVALID);
	CHECK_CODE(pass_results(&b), HF_INVALID);
	fill(2);
	ops.ops[1].len = results.results[1].len = 0;
	CHECK_CODE(pass_ops(&b), HF_INVALID);
	CHECK_CODE(pass_results(&b), HF_INVALID);
	CHECK(ops_read.n == 0 && results_read.n == 0);
}

static void bodies_cut_short_anywhere_or_of_another_version_are_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(SLOT_LINK_BODY_MAX);

	fill(3);
	CHECK_OK(pass_ops(&b));
	for (size_t len = 0; len < b.len; len++)
		CHECK_CODE(slot_ops_decode(HF_SPAN(b.ptr, len), &ops_read), HF_INVALID);
	b.ptr[0]++;
	CHECK_CODE(slot_ops_decode(hf_buf_span(&b), &ops_read), HF_INVALID);
	CHECK_OK(pass_results(&b));
	for (size_t len = 0; len < b.len; len++)
		CHECK_CODE(slot_results_decode(HF_SPAN(b.ptr, len), &results_read), HF_INVALID);
	hf_buf_u8(&b, 0);
	CHECK_CODE(slot_results_decode(hf_buf_span(&b), &results_read), HF_INVALID);
}

static void a_session_to_close_is_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(SLOT_LINK_BODY_MAX);
	uint8_t got[SLOT_SESSION_LEN];

	slot_close_encode(&b, session);
	CHECK_OK(slot_close_decode(hf_buf_span(&b), got));
	assert_memory_equal(got, session, sizeof(session));
	CHECK_CODE(slot_close_decode(HF_SPAN(b.ptr, b.len - 1), got), HF_INVALID);
	hf_buf_u8(&b, 0);
	CHECK_CODE(slot_close_decode(hf_buf_span(&b), got), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_to_open_is_read_back),
		cmocka_unit_test(a_pin_is_neither_empty_nor_beyond_its_limit),
		cmocka_unit_test(a_serial_with_control_characters_is_refused),
		cmocka_unit_test(what_was_opened_is_read_back),
		cmocka_unit_test(operations_are_read_back_in_order),
		cmocka_unit_test(results_are_read_back_in_order),
		cmocka_unit_test(operations_beyond_their_limits_are_refused),
		cmocka_unit_test(bodies_cut_short_anywhere_or_of_another_version_are_refused),
		cmocka_unit_test(a_session_to_close_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
