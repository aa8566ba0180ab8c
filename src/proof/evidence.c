/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/evidence.h"

enum { VERSION = 1 };

static bool fits(const struct evidence *e)
{
	bool fit = e->body.len <= PAYLOAD_MAX && e->proof.len <= ACTION_PROOF_MAX &&
	           e->n_approvals <= EVIDENCE_APPROVALS_MAX;

	for (size_t i = 0; fit && i < e->n_approvals; i++)
		fit = e->approvals[i].proof.len <= ACTION_PROOF_MAX &&
		      e->approvals[i].body.len <= EVIDENCE_DECISION_MAX;
	return fit;
}

hf_status evidence_encode(struct hf_buf *to, const struct evidence *e)
{
	HF_ENSURE(fits(e), HF_TOOBIG);
	hf_buf_u8(to, VERSION);
	hf_buf_field(to, e->body);
	hf_buf_field(to, hf_span_text(e->wallet_id));
	hf_buf_field(to, hf_span_text(e->network));
	hf_buf_field(to, e->proof);
	hf_buf_u8(to, (uint8_t)e->n_approvals);
	for (size_t i = 0; i < e->n_approvals; i++) {
		hf_buf_field(to, e->approvals[i].proof);
		hf_buf_field(to, e->approvals[i].body);
	}
	return hf_buf_status(to);
}

hf_status evidence_decode(struct hf_span from, struct evidence *ret)
{
	struct hf_reader r = hf_reader(from);

	*ret = (struct evidence){ 0 };
	HF_ENSURE(from.len <= EVIDENCE_MAX && hf_read_u8(&r) == VERSION, HF_INVALID);
	ret->body = hf_read_field(&r, PAYLOAD_MAX);
	hf_read_text(&r, ret->wallet_id, sizeof(ret->wallet_id));
	hf_read_text(&r, ret->network, sizeof(ret->network));
	ret->proof = hf_read_field(&r, ACTION_PROOF_MAX);
	ret->n_approvals = hf_read_u8(&r);
	HF_ENSURE(ret->n_approvals <= EVIDENCE_APPROVALS_MAX, HF_INVALID);
	for (size_t i = 0; i < ret->n_approvals; i++) {
		ret->approvals[i].proof = hf_read_field(&r, ACTION_PROOF_MAX);
		ret->approvals[i].body = hf_read_field(&r, EVIDENCE_DECISION_MAX);
	}
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(!ret->wallet_id[0] == !ret->network[0], HF_INVALID);
	return HF_SUCCESS;
}
