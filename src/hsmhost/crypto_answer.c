/* SPDX-License-Identifier: Apache-2.0
 * The same gate for operations on keys of any kind: a signature leaves only when it verifies for
 * the public key that was named, a new key only when it is what was asked for. */
#include "hsmhost/inside.h"

#include "base/log.h"
#include "p11/rv.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_AGAIN_MS = 60000 }; /* others may ask for what has never been there */

hf_status crypto_flight(struct flight *f)
{
	HF_TRY(crypto_op_decode(f->job.crypto, &f->crypto, NULL));
	if (f->crypto.kind == CRYPTO_SIGN)
		HF_ENSURE(crypto_signature_checkable(&f->crypto), HF_INVALID);
	return HF_SUCCESS;
}

static bool is_wrapped(const struct crypto_op *op, const struct crypto_result *said)
{
	struct key_record r;
	const char *id = op->key_id;
	char made_id[HF_ID_MAX];

	if (op->made.id.len && hf_ok(hf_span_to_text(op->made.id, made_id, sizeof(made_id))))
		id = made_id;
	return hf_ok(record_decode(said->record, &r)) && strcmp(r.key_id, id) == 0 &&
	       r.type == said->made.type && r.curve == said->made.curve &&
	       hf_span_equal(r.public_key, said->made.public_key);
}

/* A new key is of the kind that was asked for, and, when it was to be wrapped, its record is its
 * own. */
static bool made_holds(const struct crypto_op *op, const struct crypto_result *said)
{
	const struct key_shape *made = &said->made, *asked = &op->made;

	if (made->type != asked->type || made->curve != asked->curve ||
	    (asked->bits && made->bits != asked->bits))
		return false;
	if (asked->persistent)
		return !said->record.len && hf_span_equal(made->id, asked->id);
	return is_wrapped(op, said);
}

static bool is_to_be_checked(struct hsmhost *h)
{
	if (h->unchecked && h->unchecked < h->config.spot_checks) {
		h->unchecked++;
		return false;
	}
	h->unchecked = 1;
	return true;
}

/* NULL, or what an answer is that cannot be handed on. */
static const char *fault_of(struct hsmhost *h, const struct crypto_op *op,
                            const struct crypto_result *said)
{
	if (op->kind == CRYPTO_SIGN && is_to_be_checked(h) &&
	    !hf_ok(crypto_signature_check(op, said->data)))
		return "the HSM's signature does not verify for the key that was named";
	if (crypto_op_makes(op->kind) && !made_holds(op, said))
		return "the HSM's new key is not what was asked for";
	return NULL;
}

static void fail(struct crypto_result *r, enum op_outcome outcome, enum hf_code code,
                 const char *text, bool unhealthy)
{
	*r = (struct crypto_result){ .outcome = outcome, .code = code, .unhealthy = unhealthy };
	snprintf(r->text, sizeof(r->text), "%.*s", (int)sizeof(r->text) - 1, text);
}

static void hand_over(struct hsmhost *h, struct flight *f, const struct crypto_result *r,
                      int64_t hsm_us)
{
	struct hsmhost_answer a = { .crypto = r, .hsm_us = hsm_us };

	a.result.outcome = r->outcome;
	a.result.code = r->code;
	memcpy(a.result.text, r->text, sizeof(a.result.text));
	answer_hand_over(h, f, &a);
}

void crypto_give_back(struct hsmhost *h, struct flight *f, enum hf_code code, const char *why)
{
	struct crypto_result r;

	if (h->stopped)
		fail(&r, OP_RETRY, HF_STOP, h->last_failure.text, false);
	else if (h->closing)
		fail(&r, OP_RETRY, HF_CLOSED, why, false);
	else if (code == HF_CLOSED) /* the signer died, or none works */
		fail(&r, OP_RETRY, HF_IO, why, true);
	else
		fail(&r, OP_RETRY, code, why, p11_is_unhealthy(CKR_OK, code));
	hand_over(h, f, &r, 0);
}

static void judge(struct hsmhost *h, struct seat *s, const struct flight *f,
                  struct crypto_result *said)
{
	const char *fault = fault_of(h, &f->crypto, said);

	if (!fault) {
		said->verified = said->verified || f->crypto.kind == CRYPTO_SIGN;
		return;
	}
	HF_ERROR("the HSM's answer does not hold and was not released; its signer is replaced",
	         HF_KS("key", f->crypto.key_id), HF_KS("operation", crypto_op_name(f->crypto.kind)),
	         HF_KS("what", fault), HF_KS("token", h->stats.token));
	fail(said, OP_RETRY, HF_UNAUTHENTIC, fault, false);
	if (answer_may_replace(h, LOOK_AGAIN_MS))
		answer_distrust(s);
}

static bool missed_a_key(const struct crypto_op *op, const struct crypto_result *said)
{
	return said->outcome == OP_FAILED && said->code == HF_NOTFOUND && !op->key.record.len &&
	       crypto_op_uses_key(op->kind);
}

/* Those that only ask whether it is there expect to hear that it is not. */
static bool expected_a_key(const struct crypto_op *op)
{
	return op->kind != CRYPTO_DESCRIBE && op->kind != CRYPTO_DESTROY;
}

bool crypto_answer_take(struct hsmhost *h, struct seat *s, const struct wire_frame *frame)
{
	struct crypto_result said;
	struct flight *f;
	int64_t hsm_us;
	bool missed;

	if (!hf_ok(wire_get_crypto_answer(frame->body, &said, &hsm_us)))
		return false;
	f = seat_answered(s, frame->tag, h->config.setup.threads);
	if (!f)
		return false;
	if (!f->crypto.kind) {
		answer_give_back(h, f, HF_IO, "the signer answered another question");
		return false;
	}
	s->ops++;
	s->op_us += (hsm_us - s->op_us) / (s->op_us ? 8 : 1);
	if (said.outcome == OP_DONE)
		judge(h, s, f, &said);
	if (f->crypto.kind == CRYPTO_LIST && said.outcome == OP_DONE)
		seat_note_walk(s, f->crypto.cursor, said.cursor);
	missed = missed_a_key(&f->crypto, &said);
	if (missed && place_again(h, s, f))
		return true;
	if (missed ? expected_a_key(&f->crypto) : said.outcome == OP_DONE)
		answer_look_again(h, missed ? s : f->missed_by, LOOK_AGAIN_MS);
	hand_over(h, f, &said, hsm_us);
	return true;
}
