/* SPDX-License-Identifier: Apache-2.0
 * Signatures with wallets' keys: the record is checked before the HSM sees it, and what the user
 * action allowed is spent before the signature leaves. */
#include "driver/dispatch_inside.h"

#include "crypto/digest.h"
#include "proof/request.h"

#include <string.h>

/* Does the record fit what the server asks for? */
static hf_status check_record(const struct dispatch *d, const struct op *op, struct hf_span record,
                              struct hf_err *err)
{
	struct key_record r;

	if (!hf_ok(record_decode(record, &r)))
		return hf_fail(err, HF_CORRUPT, "the stored record of this key is damaged");
	if (r.key_type != op->key_type)
		return hf_fail(err, HF_CORRUPT,
		               "the stored key is of another type than the server expects");
	if (!hf_span_equal(r.public_key, op->public_key))
		return hf_fail(
		        err, HF_CORRUPT,
		        "the stored key's public key is not the one that the server expects");
	if (r.format == WRAP_RESIDENT && !d->config.allow_resident)
		return hf_fail(err, HF_DENIED,
		               "this key lives in the HSM itself, and this driver runs without "
		               "--allow-resident");
	return HF_SUCCESS;
}

void dispatch_sign_found(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	struct hf_err err = { 0 };
	hf_status s;

	t->record = *a->record;
	*a->record = HF_BUF(RECORD_ENCODED_MAX);
	s = check_record(d, &t->op, hf_buf_span(&t->record), &err);
	if (hf_ok(s))
		dispatch_ready(d, t);
	else
		dispatch_refuse(d, t, OP_FAILED, s.code, err.text);
}

void dispatch_sign_spend(struct dispatch *d, struct task *t, const struct signature *signature)
{
	const struct op_result whole = { .outcome = OP_DONE, .signature = *signature };
	struct keydb_spend spend = { .job = t->job->number };
	struct request_spends spends;
	hf_status s = request_spends(hf_buf_span(&t->job->evidence), &spends);

	if (s.code == HF_NOTFOUND) { /* a checkpoint: nobody asked */
		dispatch_finish(d, t, &whole);
		return;
	}
	if (hf_ok(s)) {
		memcpy(spend.action_id, spends.action_id, sizeof(spend.action_id));
		spend.issued_ms = spends.issued_ms;
		s = sha256(t->op.input, spend.input_hash);
	}
	t->signature = *signature;
	if (hf_ok(s))
		s = keydb_front_spend(d->front, &spend, t);
	if (!hf_ok(s))
		dispatch_refuse(d, t, OP_RETRY, s.code,
		                "the user action of this signature is not known");
}

void dispatch_sign_spent(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	struct op_result r = { .outcome = OP_DONE, .signature = t->signature };

	if (hf_ok(a->status))
		dispatch_finish(d, t, &r);
	else if (a->status.code == HF_BUSY)
		dispatch_refuse(d, t, OP_RETRY, a->status.code, a->why);
	else
		dispatch_refuse(d, t, OP_FAILED, HF_UNAUTHENTIC, a->why);
}
