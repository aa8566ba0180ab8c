/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "crypto/pubkey.h"
#include "published_signatures.h"

#include <string.h>

static void decode(const char *hex, struct hf_buf *b)
{
	hf_buf_clear(b);
	CHECK_OK(hf_unhex(hf_span_text(hex), b));
}

static void published_signatures_verify_with_the_published_recovery_id(void **state)
{
	for (size_t i = 0; i < HF_COUNT(published_signatures); i++) {
		const struct published_signature *p = &published_signatures[i];
		enum key_type type = p->recid < 0 ? KEY_ED25519 : KEY_SECP256K1;
		int scheme = p->recid < 0 ? SIGN_ED25519 : SIGN_ECDSA;
		HF_BUF_SCOPED struct hf_buf input = HF_BUF(1000);
		HF_BUF_SCOPED struct hf_buf key = HF_BUF(100);
		HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(100);
		struct signature sig = { .len = 64, .recid = 7 };

		decode(p->input, &input);
		decode(p->public_key, &key);
		decode(p->signature, &bytes);
		memcpy(sig.bytes, bytes.ptr, 64);
		CHECK_OK(public_key_check(type, hf_buf_span(&key)));
		CHECK_OK(signature_verify(type, hf_buf_span(&key), scheme, HASH_NONE,
		                          hf_buf_span(&input), hf_buf_span(&bytes)));
		CHECK_OK(signature_finish(type, hf_buf_span(&key), scheme, HASH_NONE,
		                          hf_buf_span(&input), &sig));
		assert_memory_equal(sig.bytes, bytes.ptr, 64);
		assert_int_equal(sig.recid, p->recid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_signatures_verify_with_the_published_recovery_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
