/* SPDX-License-Identifier: Apache-2.0
 * RFC 8949, appendix A: its examples. */
#include "check.h"

#include "base/text.h"
#include "chain/cbor.h"

static struct hf_span bytes_of(const char *hex, struct hf_buf *b)
{
	*b = HF_BUF(256);
	CHECK_OK(hf_unhex(hf_span_text(hex), b));
	return hf_buf_span(b);
}

static hf_status whole(const char *hex)
{
	HF_BUF_SCOPED struct hf_buf b;
	struct hf_reader r = hf_reader(bytes_of(hex, &b));
	struct hf_span item;

	HF_TRY(cbor_item(&r, &item));
	return hf_reader_end(&r);
}

static void the_examples_of_rfc_8949_are_passed_over(void **state)
{
	static const char *const examples[] = {
		"00",
		"17",
		"1818",
		"1903e8",
		"1b000000e8d4a51000",
		"1bffffffffffffffff",
		"20",
		"3bffffffffffffffff",
		"f97e00",
		"fb3ff199999999999a",
		"f4",
		"f6",
		"f7",
		"f0",
		"c11a514b67b0",
		"d74401020304",
		"40",
		"4401020304",
		"60",
		"6449455446",
		"80",
		"83010203",
		"8301820203820405",
		"a0",
		"a201020304",
		"826161a161626163",
		"5f42010243030405ff",
		"7f657374726561646d696e67ff",
		"9fff",
		"9f018202039f0405ffff",
		"83018202039f0405ff",
		"bf61610161629f0203ffff",
		"826161bf61626163ff",
		"bf6346756ef563416d7421ff",
	};

	for (size_t i = 0; i < HF_COUNT(examples); i++)
		if (!hf_ok(whole(examples[i])))
			fail_msg("%s", examples[i]);
}

static void what_is_not_well_formed_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"18",
		"1901",
		"1c",
		"1f",
		"3f",
		"41",
		"5c",
		"5f00ff",
		"5f6161ff",
		"5f5f4101ffff",
		"5f",
		"81",
		"9f",
		"9b0fffffffffffffff",
		"bb7fffffffffffffff",
		"a1",
		"a101",
		"bf01ff",
		"c0",
		"df",
		"ff",
		"81ff",
		"a1ff00",
		"a100ff",
	};

	for (size_t i = 0; i < HF_COUNT(bad); i++)
		if (whole(bad[i]).code != HF_INVALID)
			fail_msg("%s", bad[i]);
}

static void depth_is_limited(void **state)
{
	char text[2 * (CBOR_DEPTH_MAX + 1) + 1];

	for (size_t i = 0; i < sizeof(text) - 1; i += 2) {
		text[i] = '8';
		text[i + 1] = '1';
	}
	text[sizeof(text) - 3] = '0';
	text[sizeof(text) - 2] = '0';
	text[sizeof(text) - 1] = 0;
	CHECK_CODE(whole(text), HF_TOOBIG);
	CHECK_OK(whole(text + 2));
}

static void heads_are_written_in_their_shortest_form(void **state)
{
	static const struct {
		uint64_t value;
		const char *hex;
	} heads[] = {
		{ 23, "17" },      { 24, "1818" },          { 255, "18ff" },
		{ 256, "190100" }, { 65536, "1a00010000" }, { 1ull << 32, "1b0000000100000000" },
	};

	for (size_t i = 0; i < HF_COUNT(heads); i++) {
		HF_BUF_SCOPED struct hf_buf got = HF_BUF(16), want;
		struct hf_reader r;
		uint64_t value;

		cbor_put_head(&got, CBOR_UINT, heads[i].value);
		CHECK(hf_span_equal(hf_buf_span(&got), bytes_of(heads[i].hex, &want)));
		r = hf_reader(hf_buf_span(&got));
		CHECK_OK(cbor_uint(&r, &value));
		CHECK(value == heads[i].value);
		hf_buf_done(&want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_rfc_8949_are_passed_over),
		cmocka_unit_test(what_is_not_well_formed_is_refused),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(heads_are_written_in_their_shortest_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
