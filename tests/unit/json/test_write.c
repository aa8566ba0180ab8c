/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "json/write.h"

static void everything_is_written_with_its_commas(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1000);
	struct json_writer w = JSON_WRITER(&b);

	json_open_object(&w, NULL);
	json_text(&w, "t", "a\"b\n");
	json_text_if(&w, "none", NULL);
	json_text_if(&w, "empty", "");
	json_int(&w, "i", -5);
	json_bool(&w, "b", true);
	json_hex(&w, "h", "0x", HF_SPAN("\x01\xff", 2));
	json_open_array(&w, "list");
	json_int(&w, NULL, 1);
	json_open_object(&w, NULL);
	json_close_object(&w);
	json_close_array(&w);
	json_raw(&w, "raw", HF_SPAN("{\"x\":1}", 7));
	json_close_object(&w);
	CHECK_OK(hf_buf_status(&b));
	CHECK(hf_span_is(hf_buf_span(&b),
	                 "{\"t\":\"a\\\"b\\u000a\",\"i\":-5,\"b\":true,\"h\":\"0x01ff\","
	                 "\"list\":[1,{}],\"raw\":{\"x\":1}}"));
}

static void invalid_text_becomes_valid(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(100);
	struct json_writer w = JSON_WRITER(&b);

	json_span(&w, NULL, HF_SPAN("a\xff", 2));
	CHECK(hf_span_is(hf_buf_span(&b), "\"a\xef\xbf\xbd\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_written_with_its_commas),
		cmocka_unit_test(invalid_text_becomes_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
