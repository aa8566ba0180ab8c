/* SPDX-License-Identifier: Apache-2.0
 * States of encryption in pieces, which clients carry. As they are, none opens but those that were
 * sealed; what is sealed with random content in it is either a state or refused. */
#include "fuzz.h"

#include "server/crypto_api/crypto/stream.h"

#include <string.h>

#define ORG "or-1"

static const struct hf_secret *secret(void)
{
	static struct hf_secret s;

	if (!s.ptr)
		FUZZ_CHECK(hf_ok(hf_secret_new(32, &s)));
	return &s;
}

/* Any state that could be, and any pieces after it, keep within their bounds. */
static void run(const uint8_t *data, size_t size)
{
	static const enum crypto_mode modes[] = { MODE_CBC, MODE_CBC_NOPAD, MODE_ECB, MODE_CTR };
	bool gcm = data[0] & 16;
	struct stream s = { .kind = data[0] & 1 ? CRYPTO_ENCRYPT : CRYPTO_DECRYPT,
		            .mode = gcm ? MODE_GCM : modes[data[0] >> 1 & 3],
		            .block = data[0] & 8 && !gcm ? 8 : 16,
		            .expires_ms = 1 },
	              back;
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(STREAM_SEALED_MAX), out = HF_BUF(1u << 20);
	uint8_t tag[GHASH_LEN], tag_back[GHASH_LEN];
	struct stream_step step;

	memcpy(s.kid, "k", 2);
	if (gcm)
		FUZZ_CHECK(hf_ok(stream_gcm_begin(&s, hf_span_text("sixteen bytes of"),
		                                  hf_span_text("key, or a mask.."),
		                                  HF_SPAN(data, size), NULL)));
	for (size_t at = 1; at < size;) {
		size_t n = data[at++];

		n = n < size - at ? n : size - at;
		FUZZ_CHECK(hf_ok(stream_take(&s, HF_SPAN(data + at, n), &step, NULL)));
		FUZZ_CHECK(hf_ok(stream_got(&s, &step, hf_buf_span(&step.send), &out, NULL)));
		stream_step_done(&step);
		FUZZ_CHECK(s.n_waiting <= s.block);
		at += n;
	}
	FUZZ_CHECK(hf_ok(stream_seal(secret(), ORG, &s, &sealed)));
	FUZZ_CHECK(hf_ok(stream_open(secret(), ORG, s.kind, hf_buf_span(&sealed), 0, &back, NULL)));
	FUZZ_CHECK(back.n_waiting == s.n_waiting && back.mode == s.mode);
	stream_gcm_tag(&s, tag);
	stream_gcm_tag(&back, tag_back);
	FUZZ_CHECK(memcmp(tag, tag_back, sizeof(tag)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream s;
	struct hf_err err;

	FUZZ_CHECK(!hf_ok(
	        stream_open(secret(), ORG, CRYPTO_ENCRYPT, HF_SPAN(data, size), 0, &s, &err)));
	if (size)
		run(data, size);
	return 0;
}
