/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "crypto/aead.h"

#include <string.h>

static struct hf_secret key_of(uint8_t first)
{
	struct hf_secret key;

	CHECK_OK(hf_secret_new(AEAD_KEY_LEN, &key));
	key.ptr[0] = first;
	return key;
}

static void what_was_sealed_is_opened_by_the_same_key_for_the_same_thing(void **state)
{
	HF_SECRET struct hf_secret key = key_of(1), opened = { 0 };
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(256);

	CHECK_OK(aead_seal(&key, hf_span_text("wh-1"), hf_span_text("a secret"), &sealed));
	CHECK(sealed.len == strlen("a secret") + AEAD_OVERHEAD);
	CHECK_OK(aead_open(&key, hf_span_text("wh-1"), hf_buf_span(&sealed), &opened));
	CHECK(hf_secret_equal(&opened, "a secret", 8));
}

static void every_changed_bit_another_key_and_another_thing_are_refused(void **state)
{
	HF_SECRET struct hf_secret key = key_of(1), other = key_of(2), opened = { 0 };
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(256);

	CHECK_OK(aead_seal(&key, hf_span_text("wh-1"), hf_span_text("a secret"), &sealed));
	CHECK_CODE(aead_open(&other, hf_span_text("wh-1"), hf_buf_span(&sealed), &opened),
	           HF_UNAUTHENTIC);
	CHECK_CODE(aead_open(&key, hf_span_text("wh-2"), hf_buf_span(&sealed), &opened),
	           HF_UNAUTHENTIC);
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.ptr[i] ^= 0x10;
		CHECK_CODE(aead_open(&key, hf_span_text("wh-1"), hf_buf_span(&sealed), &opened),
		           HF_UNAUTHENTIC);
		sealed.ptr[i] ^= 0x10;
	}
	for (size_t n = 0; n < sealed.len; n++)
		CHECK_CODE(aead_open(&key, hf_span_text("wh-1"), HF_SPAN(sealed.ptr, n), &opened),
		           HF_UNAUTHENTIC);
}

static void the_same_text_is_never_sealed_the_same_way(void **state)
{
	HF_SECRET struct hf_secret key = key_of(1);
	HF_BUF_SCOPED struct hf_buf a = HF_BUF(256), b = HF_BUF(256);

	CHECK_OK(aead_seal(&key, hf_span_text("x"), hf_span_text("y"), &a));
	CHECK_OK(aead_seal(&key, hf_span_text("x"), hf_span_text("y"), &b));
	CHECK(!hf_span_equal(hf_buf_span(&a), hf_buf_span(&b)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_is_opened_by_the_same_key_for_the_same_thing),
		cmocka_unit_test(every_changed_bit_another_key_and_another_thing_are_refused),
		cmocka_unit_test(the_same_text_is_never_sealed_the_same_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
