/* SPDX-License-Identifier: Apache-2.0
 * seal_open(), and the page tokens on top of it. A text that opens gives, sealed again, the same
 * claims. */
#include "fuzz.h"

#include "server/core/paging.h"

static struct hf_secret key;
static const struct seal pages = { "page", &key };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(4096), again = HF_BUF(16384),
	                            text = HF_BUF(4096);
	HF_BUF_SCOPED struct hf_buf reopened = HF_BUF(4096);
	struct page page;
	struct hf_err err;

	if (!key.len)
		FUZZ_CHECK(hf_ok(hf_secret_copy("0123456789abcdef0123456789abcdef", 32, &key)));
	if (hf_ok(seal_open(&pages, HF_SPAN(data, size), &payload))) {
		FUZZ_CHECK(hf_ok(seal_put(&pages, hf_buf_span(&payload), &again)));
		FUZZ_CHECK(hf_ok(seal_open(&pages, hf_buf_span(&again), &reopened)));
		FUZZ_CHECK(hf_span_equal(hf_buf_span(&payload), hf_buf_span(&reopened)));
	}
	hf_buf_put(&text, data, size);
	hf_buf_u8(&text, 0);
	if (hf_ok(hf_buf_status(&text)))
		hf_ignore(page_read(&pages, "keys", (const char *)text.ptr, NULL, &page, &err));
	if (hf_ok(hf_buf_status(&text)))
		hf_ignore(page_read(&pages, "keys", NULL, (const char *)text.ptr, &page, &err));
	return 0;
}
