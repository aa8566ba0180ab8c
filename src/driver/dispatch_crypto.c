/* SPDX-License-Identifier: Apache-2.0
 * Operations on keys of any kind whose records are in this driver's database. */
#include "driver/dispatch_inside.h"

#include "base/log.h"
#include "op/crypto_op.h"

#include <stdio.h>
#include <string.h>

enum stage {
	STAGE_MADE, /* is the key that it makes there already? */
	STAGE_KEY,
	STAGE_SUBJECT, /* what it wraps */
	STAGE_HSM,
};

struct crypto_task {
	struct crypto_op op; /* spans point into the job */
	enum stage stage;
	char made_id[HF_ID_MAX], subject_id[HF_ID_MAX];
	struct hf_buf subject; /* its record */
	struct hf_buf asked;   /* the operation with its records */
	struct hf_buf told;    /* the result, until the new key is stored */
};

void dispatch_crypto_free(struct crypto_task *c)
{
	if (!c)
		return;
	hf_buf_done(&c->subject);
	hf_buf_done(&c->asked);
	hf_buf_done(&c->told);
	free(c);
}

/* What no driver does: it has no slot to look into, and its records are not changed by a queue. */
static bool is_for_a_pool(const struct crypto_op *op)
{
	switch (op->kind) {
	case CRYPTO_LIST:
	case CRYPTO_UPDATE:
		return false;
	case CRYPTO_DESCRIBE:
	case CRYPTO_GENERATE:
	case CRYPTO_IMPORT:
	case CRYPTO_DESTROY:
	case CRYPTO_EXPORT:
	case CRYPTO_ENCRYPT:
	case CRYPTO_DECRYPT:
	case CRYPTO_SIGN:
	case CRYPTO_MAC:
	case CRYPTO_MAC_VERIFY:
	case CRYPTO_WRAP:
	case CRYPTO_UNWRAP:
	case CRYPTO_DERIVE:
	case CRYPTO_AGREE:
	case CRYPTO_RANDOM:
	case CRYPTO_PING:
	case CRYPTO_PERSIST:
		break;
	}
	return true;
}

/* The ids of the keys beside the first: CKA_ID of a wrapped key is its record's id, as text. */
static hf_status read_ids(struct crypto_task *c, struct hf_err *err)
{
	const struct crypto_op *op = &c->op;

	if ((crypto_op_makes(op->kind) && op->made.id.len &&
	     !hf_ok(hf_span_to_text(op->made.id, c->made_id, sizeof(c->made_id)))) ||
	    (op->kind == CRYPTO_WRAP &&
	     (!op->subject.name.id.len ||
	      !hf_ok(hf_span_to_text(op->subject.name.id, c->subject_id, sizeof(c->subject_id))))))
		return hf_fail(err, HF_INVALID, "the id of a key of a pool is text");
	if (crypto_op_makes(op->kind) && !c->made_id[0])
		snprintf(c->made_id, sizeof(c->made_id), "%s", op->key_id);
	return HF_SUCCESS;
}

static bool is_transient_id(const char *id)
{
	return hf_id_valid(TRANSIENT_ID, id);
}

static hf_status read_task(const struct task *t, struct crypto_task *c, struct hf_err *err)
{
	struct crypto_op *op = &c->op;
	bool names_a_key;

	HF_TRY(crypto_op_decode(t->op.input, op, err));
	names_a_key = crypto_op_uses_key(op->kind) || crypto_op_makes(op->kind);
	if (!is_for_a_pool(op))
		return hf_fail(err, HF_UNSUPPORTED, "a pool of drivers does not %s",
		               crypto_op_name(op->kind));
	if (crypto_op_makes(op->kind) && op->made.persistent)
		return hf_fail(err, HF_DENIED, "keys of a pool do not stay in the HSM");
	HF_TRY(crypto_op_check_records(op, err));
	if (names_a_key && strcmp(op->key_id, t->op.key_id) != 0)
		return hf_fail(err, HF_INVALID, "the operation is about another key than its job");
	return read_ids(c, err);
}

/* On to the next thing that has to be looked up, or to the HSM. */
static void go_on(struct dispatch *d, struct task *t)
{
	struct crypto_task *c = t->crypto;

	if (c->stage == STAGE_MADE && c->made_id[0] && !is_transient_id(c->made_id)) {
		dispatch_look_up(d, t, c->made_id);
		return;
	}
	if (c->stage == STAGE_MADE)
		c->stage = STAGE_KEY;
	if (c->stage == STAGE_KEY && crypto_op_uses_key(c->op.kind) && !c->op.key.record.len) {
		dispatch_look_up(d, t, c->op.key_id);
		return;
	}
	if (c->stage == STAGE_KEY)
		c->stage = STAGE_SUBJECT;
	if (c->stage == STAGE_SUBJECT && c->subject_id[0] && !c->op.subject.record.len) {
		dispatch_look_up(d, t, c->subject_id);
		return;
	}
	c->stage = STAGE_HSM;
	dispatch_ready(d, t);
}

/* A record of a canary, whose id no job may name, is a wallet's kind, which is refused anyway. */
void dispatch_crypto_take(struct dispatch *d, struct task *t)
{
	struct hf_err err = { 0 };
	hf_status s;

	if (d->config.checks) {
		dispatch_refuse(
		        d, t, OP_FAILED, HF_DENIED,
		        "this driver signs only what its authorizers allow (--authorizers): "
		        "no user action stands behind this operation");
		return;
	}
	t->crypto = calloc(1, sizeof(*t->crypto));
	if (!t->crypto) {
		dispatch_refuse(d, t, OP_RETRY, HF_NOMEM, "the driver is out of memory");
		return;
	}
	t->crypto->subject = HF_BUF(RECORD_ENCODED_MAX);
	t->crypto->asked = HF_BUF_SECRET(CRYPTO_OP_ENCODED_MAX);
	t->crypto->told = HF_BUF_SECRET(OP_CRYPTO_RESULT_MAX);
	s = read_task(t, t->crypto, &err);
	if (!hf_ok(s)) {
		dispatch_refuse(d, t, OP_FAILED, s.code,
		                err.text[0] ? err.text : "the operation is not understood");
		return;
	}
	if (t->crypto->op.kind != CRYPTO_DESTROY)
		go_on(d, t);
	else if (!hf_ok(keydb_front_drop(d->front, t->op.key_id, t)))
		dispatch_refuse(d, t, OP_RETRY, HF_NOMEM, "the driver is out of memory");
}

static void finish_with(struct dispatch *d, struct task *t, const struct crypto_result *result)
{
	struct crypto_task *c = t->crypto;
	struct op_result r = { .outcome = OP_DONE };
	struct crypto_result shown = *result;

	if (!is_transient_id(c->made_id))
		shown.record = HF_SPAN(NULL, 0); /* stays here */
	r.signature.recid = -1;
	hf_buf_clear(&c->told);
	crypto_result_encode(&c->told, &shown);
	if (!hf_ok(hf_buf_status(&c->told))) {
		dispatch_refuse(d, t, OP_FAILED, HF_TOOBIG,
		                "the result is longer than a pool of drivers hands on");
		return;
	}
	r.crypto = hf_buf_span(&c->told);
	dispatch_finish(d, t, &r);
}

/* The key is there already: this is what a repeated making of it is answered with. */
static void answer_stored(struct dispatch *d, struct task *t, struct hf_span record)
{
	const struct key_shape *asked = &t->crypto->op.made;
	struct crypto_result r = { .outcome = OP_DONE };
	struct key_record stored;

	if (!hf_ok(record_decode(record, &stored))) {
		dispatch_refuse(d, t, OP_FAILED, HF_CORRUPT,
		                "the stored record of this key is damaged");
		return;
	}
	if (stored.key_type || stored.type != asked->type || stored.curve != asked->curve ||
	    (asked->bits && stored.bits != asked->bits)) {
		dispatch_refuse(d, t, OP_FAILED, HF_EXISTS,
		                "there is a key of this id and of another kind");
		return;
	}
	hf_count(&d->config.metrics->repeated, 1);
	r.made = record_shape(&stored);
	finish_with(d, t, &r);
}

/* Another driver's database may have it; damaged rows are the same for all. */
static void not_found(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	const struct op_result here = { .outcome = OP_FAILED, .code = a->status.code };
	bool final = a->status.code == HF_CORRUPT ||
	             (a->status.code == HF_NOTFOUND && !dispatch_others_may_differ(t, &here));

	dispatch_refuse(d, t, final ? OP_FAILED : OP_RETRY, a->status.code, a->why);
}

void dispatch_crypto_found(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	struct crypto_task *c = t->crypto;
	struct hf_buf *to = c->stage == STAGE_SUBJECT ? &c->subject : &t->record;
	bool found = hf_ok(a->status);

	if (c->stage == STAGE_MADE && found) {
		answer_stored(d, t, hf_buf_span(a->record));
		return;
	}
	if (!found && (c->stage != STAGE_MADE || a->status.code != HF_NOTFOUND)) {
		not_found(d, t, a);
		return;
	}
	if (found) {
		hf_buf_clear(to);
		hf_buf_put(to, a->record->ptr, a->record->len);
		if (!hf_ok(hf_buf_status(to))) {
			dispatch_refuse(d, t, OP_RETRY, HF_NOMEM, "the driver is out of memory");
			return;
		}
	}
	c->stage++;
	go_on(d, t);
}

void dispatch_crypto_job(struct task *t, struct hsmhost_job *job)
{
	struct crypto_task *c = t->crypto;

	if (t->record.len)
		c->op.key.record = hf_buf_span(&t->record);
	if (c->subject.len)
		c->op.subject.record = hf_buf_span(&c->subject);
	hf_buf_clear(&c->asked);
	crypto_op_encode(&c->asked, &c->op);
	job->crypto = hf_buf_span(&c->asked); /* one that failed to grow is no operation */
}

/* The host has seen that the record is the new key's. */
static void store(struct dispatch *d, struct task *t, const struct crypto_result *r)
{
	struct crypto_task *c = t->crypto;
	struct crypto_result shown = *r;

	shown.record = HF_SPAN(NULL, 0);
	crypto_result_encode(&c->told, &shown);
	hf_buf_clear(&t->record);
	hf_buf_put(&t->record, r->record.ptr, r->record.len);
	if (!hf_ok(hf_buf_status(&c->told)) || !hf_ok(hf_buf_status(&t->record)) ||
	    !hf_ok(keydb_front_put(d->front, &t->record, t)))
		dispatch_refuse(d, t, OP_RETRY, HF_NOMEM, "the driver is out of memory");
}

void dispatch_crypto_answered(struct dispatch *d, struct task *t, const struct hsmhost_answer *a)
{
	const struct crypto_result *r = a->crypto;
	const struct crypto_task *c = t->crypto;

	if (r->outcome != OP_DONE && dispatch_others_may_differ(t, &a->result))
		dispatch_refuse(d, t, OP_RETRY, r->code, r->text);
	else if (r->outcome != OP_DONE)
		dispatch_refuse(d, t, r->outcome, r->code, r->text);
	else if (r->record.len && !is_transient_id(c->made_id))
		store(d, t, r);
	else
		finish_with(d, t, r);
}

void dispatch_crypto_stored(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	struct op_result r = { .outcome = OP_DONE, .crypto = hf_buf_span(&t->crypto->told) };
	char text[256];

	r.signature.recid = -1;
	if (a->status.code == HF_EXISTS) { /* another driver made it first */
		answer_stored(d, t, a->stored);
		return;
	}
	if (!hf_ok(a->status)) {
		snprintf(text, sizeof(text), "the new key could not be stored: %.200s", a->why);
		dispatch_refuse(d, t, OP_RETRY, a->status.code, text);
		return;
	}
	hf_count(&d->config.metrics->stored, 1);
	dispatch_finish(d, t, &r);
}

void dispatch_crypto_dropped(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	const struct crypto_result gone = { .outcome = OP_DONE };

	if (hf_ok(a->status))
		finish_with(d, t, &gone);
	else
		not_found(d, t, a);
}
