/* SPDX-License-Identifier: Apache-2.0
 * The last gate before a signature or a key leaves: what the signer says is checked here, in a
 * process without a vendor's library. */
#include "hsmhost/inside.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

void answer_hand_over(struct hsmhost *h, struct flight *f, struct hsmhost_answer *answer)
{
	switch (answer->result.outcome) {
	case OP_DONE:
		h->stats.done++;
		h->strikes = 0;
		break;
	case OP_FAILED:
		h->stats.failed++;
		break;
	case OP_RETRY:
		h->stats.retried++;
		break;
	}
	answer->tag = f->job.tag;
	h->answered(h->ctx, answer);
	free(f);
}

static void fail(struct hsmhost_answer *a, enum op_outcome outcome, enum hf_code code,
                 const char *text)
{
	a->result = (struct op_result){ .outcome = outcome, .code = code };
	snprintf(a->result.text, sizeof(a->result.text), "%.*s", (int)sizeof(a->result.text) - 1,
	         text);
	a->record = HF_SPAN(NULL, 0);
}

void answer_give_back(struct hsmhost *h, struct flight *f, enum hf_code code, const char *why)
{
	struct hsmhost_answer a = { 0 };

	if (f->crypto.kind) {
		crypto_give_back(h, f, code, why);
		return;
	}
	fail(&a, OP_RETRY, code, why);
	answer_hand_over(h, f, &a);
}

static bool signature_holds(const struct op *op, struct hf_span raw, struct signature *ret)
{
	struct signature sig = { .recid = -1 };

	if (raw.len > sizeof(sig.bytes))
		return false;
	memcpy(sig.bytes, raw.ptr, raw.len);
	sig.len = raw.len;
	if (!hf_ok(signature_accept(op->key_type, op->public_key, (int)op->scheme, (int)op->hash,
	                            op->input, &sig)))
		return false;
	*ret = sig;
	return true;
}

/* The record is the one thing of a new key that nobody can make again. */
static bool key_holds(const struct op *op, const struct wire_answer *said)
{
	struct key_record r;

	return hf_ok(public_key_check(op->key_type, said->public_key)) &&
	       hf_ok(record_decode(said->record, &r)) && strcmp(r.key_id, op->key_id) == 0 &&
	       r.key_type == op->key_type && hf_span_equal(r.public_key, said->public_key) &&
	       (r.format == WRAP_RESIDENT) == said->resident;
}

/* The same key under the master key that was asked for. That it gives the private key back is seen
 * by whoever asked, with a signature that passes this gate. */
static bool rewrap_holds(const struct hsmhost_job *job, const struct wire_answer *said)
{
	struct key_record r;

	return hf_ok(record_decode(said->record, &r)) && strcmp(r.key_id, job->op.key_id) == 0 &&
	       r.key_type == job->op.key_type && hf_span_equal(r.public_key, job->op.public_key) &&
	       strcmp(r.master_id, job->rewrap_to) == 0;
}

static bool answers(const struct hsmhost_job *job, const struct wire_answer *said)
{
	if (job->rewrap_to)
		return said->record.len > 0 && !said->public_key.len;
	return (job->op.kind == OP_SIGN) == (said->signature.len > 0);
}

static const char *name_of(const struct hsmhost_job *job)
{
	return job->rewrap_to ? "rewrap" : job->op.kind == OP_SIGN ? "sign" : "generate";
}

static void judge_done(struct hsmhost *h, struct seat *s, const struct hsmhost_job *job,
                       const struct wire_answer *said, struct hsmhost_answer *a)
{
	const struct op *op = &job->op;
	bool holds;

	a->result.outcome = OP_DONE;
	if (job->rewrap_to) {
		holds = rewrap_holds(job, said);
		a->record = said->record;
	} else if (op->kind == OP_SIGN) {
		holds = signature_holds(op, said->signature, &a->result.signature);
	} else {
		holds = key_holds(op, said);
		a->result.public_key = said->public_key;
		a->result.resident = said->resident;
		a->record = said->record;
	}
	if (holds)
		return;
	HF_ERROR("the HSM's answer does not verify and was not released; its signer is replaced",
	         HF_KS("key", op->key_id), HF_KS("operation", name_of(job)),
	         HF_KS("token", h->stats.token));
	fail(a, OP_RETRY, HF_UNAUTHENTIC, "the HSM's answer does not verify against the key");
	answer_distrust(s);
}

void answer_distrust(struct seat *s)
{
	s->worn = true;
	if (s->state == SEAT_READY)
		seat_enter(s, SEAT_DRAINING);
}

#define LOOK_AGAIN_MS 5000

bool answer_may_replace(struct hsmhost *h, int64_t pause_ms)
{
	int64_t now = hf_mono_ms();

	if (h->replaced_ms && now - h->replaced_ms < pause_ms)
		return false;
	h->replaced_ms = now;
	return true;
}

void answer_look_again(struct hsmhost *h, struct seat *s, int64_t pause_ms)
{
	if (s && s->state == SEAT_READY && answer_may_replace(h, pause_ms))
		s->worn = true;
}

bool answer_take(struct hsmhost *h, struct seat *s, const struct wire_frame *frame)
{
	struct hsmhost_answer a = { 0 };
	struct wire_answer said;
	struct flight *f;
	bool missed;

	if (!hf_ok(wire_get_answer(frame->body, &said)))
		return false;
	f = seat_answered(s, frame->tag, h->config.setup.threads);
	if (!f)
		return false;
	if (f->crypto.kind) {
		answer_give_back(h, f, HF_IO, "the signer answered another question");
		return false;
	}
	s->ops++;
	s->op_us += (said.hsm_us - s->op_us) / (s->op_us ? 8 : 1);
	missed = f->job.op.kind == OP_SIGN && said.outcome == OP_FAILED && said.code == HF_NOTFOUND;
	if (missed && place_again(h, s, f))
		return true;
	a.hsm_us = said.hsm_us;
	if (said.outcome != OP_DONE)
		fail(&a, said.outcome, said.code, said.text);
	else if (!answers(&f->job, &said))
		fail(&a, OP_RETRY, HF_INTERNAL, "the signer answered another question");
	else
		judge_done(h, s, &f->job, &said, &a);
	if (missed || said.outcome == OP_DONE)
		answer_look_again(h, missed ? s : f->missed_by, LOOK_AGAIN_MS);
	answer_hand_over(h, f, &a);
	return true;
}
