/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/approval_id.h"

#include "crypto/digest.h"
#include "proof/action.h"

hf_status approval_id_of(struct hf_span commitment, char ret[HF_ID_MAX])
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(ACTION_COMMITMENT_MAX + 64);
	char digits[HF_ID_DIGITS + 1];
	uint8_t hash[SHA256_LEN];

	hf_buf_field(&text, hf_span_text(APPROVAL_ID_LABEL));
	hf_buf_put(&text, commitment.ptr, commitment.len);
	HF_TRY(hf_buf_status(&text));
	HF_TRY(sha256(hf_buf_span(&text), hash));
	hf_id_digits(hash, HF_ID_DIGITS, digits);
	hf_id_of(APPROVAL_ID_PREFIX, digits, ret);
	return HF_SUCCESS;
}
