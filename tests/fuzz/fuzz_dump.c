/* SPDX-License-Identifier: Apache-2.0
 * dump_read(): a backup's file. The checksum is put right first, so that what is behind it is
 * reached; what is accepted is written again, byte for byte. */
#include "fuzz.h"

#include "crypto/digest.h"
#include "db/dump_file.h"

#include <string.h>

struct bytes {
	const uint8_t *ptr;
	size_t left;
};

static hf_status read_some(void *ctx, void *to, size_t n, size_t *ret_n)
{
	struct bytes *b = ctx;
	size_t take = b->left < n ? b->left : n;

	if (take)
		memcpy(to, b->ptr, take);
	b->ptr += take;
	b->left -= take;
	*ret_n = take;
	return HF_SUCCESS;
}

static hf_status keep(void *ctx, struct hf_span bytes)
{
	hf_buf_put(ctx, bytes.ptr, bytes.len);
	return hf_buf_status(ctx);
}

static bool read_all(struct hf_span file, struct hf_buf *again)
{
	HF_CLEANUP(dump_reader_close_at) struct dump_reader *r = NULL;
	HF_CLEANUP(dump_writer_close_at) struct dump_writer *w = NULL;
	HF_FREE struct dump_item *item = calloc(1, sizeof(*item));
	struct bytes b = { file.ptr, file.len };

	FUZZ_CHECK(item && hf_ok(dump_reader_open((struct dump_source){ read_some, &b }, &r)) &&
	           hf_ok(dump_writer_open((struct dump_sink){ keep, again }, &w)));
	do {
		if (!hf_ok(dump_read(r, item, NULL)))
			return false;
		FUZZ_CHECK(hf_ok(dump_write(w, item)));
	} while (item->kind != DUMP_END);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf file = HF_BUF((size_t)1 << 20), again = HF_BUF((size_t)2 << 20);
	uint8_t sum[SHA256_LEN];

	hf_buf_put(&file, data, size);
	if (!hf_ok(hf_buf_status(&file)) || !hf_ok(sha256(hf_buf_span(&file), sum)))
		return 0;
	hf_buf_put(&file, sum, sizeof(sum));
	if (read_all(hf_buf_span(&file), &again))
		FUZZ_CHECK(hf_span_equal(hf_buf_span(&file), hf_buf_span(&again)));
	hf_buf_done(&again);
	return 0;
}
