/* SPDX-License-Identifier: Apache-2.0
 * jws_verify() with a key whose seed is 32 bytes of 1. A token that is taken is the one that
 * signing its payload gives: Ed25519 is deterministic. */
#include "fuzz.h"

#include "crypto/jws.h"

#include <string.h>

static const struct jws_key *fixed_key(void)
{
	static struct jws_key *key;
	HF_SECRET struct hf_secret seed = { 0 };

	if (key)
		return key;
	FUZZ_CHECK(hf_ok(hf_secret_new(JWS_SEED_LEN, &seed)));
	memset(seed.ptr, 1, seed.len);
	FUZZ_CHECK(hf_ok(jws_key_new(&seed, "main", &key)));
	return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(JWS_TOKEN_MAX);
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(JWS_TOKEN_MAX);
	struct hf_span in = HF_SPAN(data, size);

	if (!hf_ok(jws_verify(fixed_key(), in, &payload))) {
		FUZZ_CHECK(payload.len == 0);
		return 0;
	}
	FUZZ_CHECK(hf_ok(jws_sign(fixed_key(), hf_buf_span(&payload), &again)));
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	return 0;
}
