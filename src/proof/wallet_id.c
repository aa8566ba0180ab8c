/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/wallet_id.h"

#include "base/buf.h"
#include "crypto/digest.h"

#include <string.h>

enum { TIME_DIGITS = 10, BOUND_DIGITS = HF_ID_DIGITS - TIME_DIGITS };

/* `id` gives the digits of time: the first five, a dash, five more. */
static hf_status derive(const char *id, const char *key_id, const char *network,
                        char ret[HF_ID_MAX])
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(512);
	const char *time = id + strlen(WALLET_ID_PREFIX) + 1;
	char digits[HF_ID_DIGITS + 1];
	uint8_t hash[SHA256_LEN];

	memcpy(digits, time, TIME_DIGITS / 2);
	memcpy(digits + TIME_DIGITS / 2, time + TIME_DIGITS / 2 + 1, TIME_DIGITS / 2);
	hf_buf_field(&text, hf_span_text(WALLET_ID_LABEL));
	hf_buf_field(&text, HF_SPAN(digits, TIME_DIGITS));
	hf_buf_field(&text, hf_span_text(key_id));
	hf_buf_field(&text, hf_span_text(network));
	HF_TRY(hf_buf_status(&text));
	HF_TRY(sha256(hf_buf_span(&text), hash));
	hf_id_digits(hash, BOUND_DIGITS, digits + TIME_DIGITS);
	hf_id_of(WALLET_ID_PREFIX, digits, ret);
	return HF_SUCCESS;
}

hf_status wallet_id_new(const char *key_id, const char *network, char ret[HF_ID_MAX])
{
	char fresh[HF_ID_MAX];

	hf_id_new(WALLET_ID_PREFIX, fresh);
	return derive(fresh, key_id, network, ret);
}

hf_status wallet_id_check(const char *id, const char *key_id, const char *network)
{
	char expected[HF_ID_MAX];

	HF_ENSURE(hf_id_valid(WALLET_ID_PREFIX, id), HF_INVALID);
	HF_TRY(derive(id, key_id, network, expected));
	HF_ENSURE(strcmp(id, expected) == 0, HF_UNAUTHENTIC);
	return HF_SUCCESS;
}
