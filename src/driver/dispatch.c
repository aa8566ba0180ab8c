/* SPDX-License-Identifier: Apache-2.0
 * In tests/model/queue.pml: proctype driver, from taken to ready. */
#include "driver/dispatch_inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "proof/request.h"

#include <stdio.h>
#include <string.h>

static void append(struct list *l, struct task *t)
{
	t->next = NULL;
	*l->last = t;
	l->last = &t->next;
	l->n++;
}

static struct task *pop(struct list *l)
{
	struct task *t = l->first;

	if (!t)
		return NULL;
	l->first = t->next;
	if (!l->first)
		l->last = &l->first;
	l->n--;
	return t;
}

static void task_free(struct task *t)
{
	dispatch_crypto_free(t->crypto);
	hf_buf_done(&t->record);
	free(t);
}

static void front_answered(void *ctx, const struct keydb_answer *answer);

hf_status dispatch_new(const struct dispatch_config *config, struct dispatch **ret,
                       struct hf_err *err)
{
	struct dispatch *d = calloc(1, sizeof(*d));
	struct keydb_front_config front = {
		.db = config->db,
		.patience_ms = config->patience_ms,
		.spent_age_ms = config->spent_age_ms,
		.answered = front_answered,
		.ctx = d,
	};
	hf_status s;

	HF_ENSURE(d, HF_NOMEM);
	d->config = *config;
	d->waiting.last = &d->waiting.first;
	s = keydb_front_start(&front, &d->front, err);
	if (!hf_ok(s)) {
		free(d);
		return s;
	}
	*ret = d;
	return HF_SUCCESS;
}

void dispatch_free(struct dispatch *d)
{
	struct task *t;

	if (!d)
		return;
	keydb_front_stop(d->front);
	while ((t = pop(&d->waiting)) != NULL)
		task_free(t);
	free(d);
}

size_t dispatch_waiting(const struct dispatch *d)
{
	return d->looked_up + d->waiting.n;
}

size_t dispatch_in_hsm(const struct dispatch *d)
{
	return d->in_hsm;
}

void dispatch_database(const struct dispatch *d, struct keydb_front_stats *ret)
{
	keydb_front_stats(d->front, ret);
}

int dispatch_fd(const struct dispatch *d)
{
	return keydb_front_fd(d->front);
}

void dispatch_step(struct dispatch *d, int *timeout_ms)
{
	keydb_front_step(d->front, timeout_ms);
}

void dispatch_finish(struct dispatch *d, struct task *t, const struct op_result *result)
{
	driver_metrics_count(d->config.metrics, t->op.kind, result->outcome);
	if ((unsigned)t->op.kind < DRIVER_KINDS)
		hf_histogram_add(&d->config.metrics->held[t->op.kind],
		                 hf_mono_us() - t->job->taken_us);
	if (result->outcome != OP_DONE)
		HF_WARN(result->outcome == OP_FAILED ? "job failed" : "job given back",
		        HF_KI("job", t->job->number), HF_KI("attempt", t->job->attempt),
		        HF_KS("key", t->op.key_id), HF_KS("code", hf_code_name(result->code)),
		        HF_KS("reason", result->text));
	d->config.finish(d->config.ctx, t->job, result);
	task_free(t);
}

void dispatch_refuse(struct dispatch *d, struct task *t, enum op_outcome outcome, enum hf_code code,
                     const char *text)
{
	struct op_result r = { .outcome = outcome, .code = code };

	r.signature.recid = -1;
	snprintf(r.text, sizeof(r.text), "%.255s", text);
	dispatch_finish(d, t, &r);
}

/* The key is there already: this is what a repeated generation is answered with. */
static void answer_stored(struct dispatch *d, struct task *t, struct hf_span record)
{
	struct op_result r = { .outcome = OP_DONE };
	struct key_record stored;

	r.signature.recid = -1;
	if (!hf_ok(record_decode(record, &stored))) {
		dispatch_refuse(d, t, OP_FAILED, HF_CORRUPT,
		                "the stored record of this key is damaged");
		return;
	}
	if (stored.key_type != t->op.key_type) {
		dispatch_refuse(d, t, OP_FAILED, HF_EXISTS,
		                "there is a key of this id and of another type");
		return;
	}
	hf_count(&d->config.metrics->repeated, 1);
	r.public_key = stored.public_key;
	r.resident = stored.format == WRAP_RESIDENT;
	dispatch_finish(d, t, &r);
}

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

static void found_to_sign(struct dispatch *d, struct task *t)
{
	struct hf_err err = { 0 };
	hf_status s = check_record(d, &t->op, hf_buf_span(&t->record), &err);

	if (hf_ok(s))
		append(&d->waiting, t);
	else
		dispatch_refuse(d, t, OP_FAILED, s.code, err.text);
}

static void looked_up(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	bool found = hf_ok(a->status);

	d->looked_up--;
	if (t->op.kind == OP_CRYPTO) {
		dispatch_crypto_found(d, t, a);
		return;
	}
	if (found && t->op.kind == OP_GENERATE) {
		answer_stored(d, t, hf_buf_span(a->record));
	} else if (found) {
		t->record = *a->record;
		*a->record = HF_BUF(RECORD_ENCODED_MAX);
		found_to_sign(d, t);
	} else if (a->status.code == HF_NOTFOUND && t->op.kind == OP_GENERATE) {
		append(&d->waiting, t);
	} else {
		/* Not here, though another driver's database may have it; damaged rows are the same
		 * for all. */
		dispatch_refuse(d, t, a->status.code == HF_CORRUPT ? OP_FAILED : OP_RETRY,
		                a->status.code, a->why);
	}
}

void dispatch_look_up(struct dispatch *d, struct task *t, const char *key_id)
{
	hf_status s = keydb_front_get(d->front, key_id, t);

	if (hf_ok(s))
		d->looked_up++;
	else
		dispatch_refuse(d, t, OP_RETRY, s.code, "the driver is out of memory");
}

void dispatch_ready(struct dispatch *d, struct task *t)
{
	append(&d->waiting, t);
}

void dispatch_take(struct dispatch *d, struct queue_job *job)
{
	struct task *t = calloc(1, sizeof(*t));
	struct hf_err err = { 0 };
	hf_status s;

	if (!t) {
		struct op_result r = { .outcome = OP_RETRY,
			               .code = HF_NOMEM,
			               .text = "the driver is out of memory" };

		d->config.finish(d->config.ctx, job, &r);
		return;
	}
	t->job = job;
	t->record = HF_BUF(RECORD_ENCODED_MAX);
	s = op_decode(hf_buf_span(&job->op), &t->op, &err);
	if (!hf_ok(s)) {
		dispatch_refuse(d, t, OP_FAILED, s.code,
		                err.text[0] ? err.text : "the job is not understood");
		return;
	}
	if (strcmp(t->op.key_id, CANARY_KEY_ID) ==
	    0) { /* which signs without being asked who asked */
		dispatch_refuse(d, t, OP_FAILED, HF_DENIED, "no job may be about the canary's key");
		return;
	}
	if (t->op.kind == OP_CRYPTO)
		dispatch_crypto_take(d, t);
	else
		dispatch_look_up(d, t, t->op.key_id);
}

void dispatch_feed(struct dispatch *d, struct hsmhost *hsm)
{
	while (d->waiting.first && hsmhost_capacity(hsm) > 0) {
		struct task *t = pop(&d->waiting);
		struct hsmhost_job job = { .op = t->op, .tag = t };
		hf_status s;

		if (t->op.kind == OP_SIGN) {
			job.record = hf_buf_span(&t->record);
			job.evidence = hf_buf_span(&t->job->evidence);
		} else if (t->op.kind == OP_CRYPTO) {
			dispatch_crypto_job(t, &job);
		}
		d->in_hsm++;
		s = hsmhost_submit(hsm, &job);
		if (hf_ok(s))
			continue;
		d->in_hsm--;
		if (s.code == HF_INVALID)
			dispatch_refuse(d, t, OP_FAILED, s.code, "the operation is malformed");
		else
			dispatch_refuse(d, t, OP_RETRY, s.code,
			                "the HSM's signers did not take the job");
	}
}

/* What a generation brought is stored only if it all fits together. */
static const char *generated_fault(const struct op *op, const struct hsmhost_answer *a)
{
	struct key_record r;

	if (!hf_ok(record_decode(a->record, &r)))
		return "the signer's record of a new key is malformed";
	if (strcmp(r.key_id, op->key_id) != 0 || r.key_type != op->key_type ||
	    !hf_span_equal(r.public_key, a->result.public_key) ||
	    (r.format == WRAP_RESIDENT) != a->result.resident)
		return "the signer's record of a new key contradicts its answer";
	if (!hf_ok(public_key_check(op->key_type, r.public_key)))
		return "the HSM's public key is not one of this type";
	return NULL;
}

static void take_generated(struct dispatch *d, struct task *t, const struct hsmhost_answer *a)
{
	const char *fault = generated_fault(&t->op, a);

	if (!fault) {
		hf_buf_clear(&t->record);
		hf_buf_put(&t->record, a->record.ptr, a->record.len);
		if (!hf_ok(hf_buf_status(&t->record)) ||
		    !hf_ok(keydb_front_put(d->front, &t->record, t)))
			fault = "the driver is out of memory";
	}
	t->resident = a->result.resident;
	if (fault)
		dispatch_refuse(d, t, OP_RETRY, HF_CORRUPT, fault);
}

/* The signer has found the evidence good. What it says is spent before the signature leaves. */
static void spend(struct dispatch *d, struct task *t, const struct signature *signature)
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

static void spent(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	struct op_result r = { .outcome = OP_DONE, .signature = t->signature };

	if (hf_ok(a->status))
		dispatch_finish(d, t, &r);
	else if (a->status.code == HF_BUSY)
		dispatch_refuse(d, t, OP_RETRY, a->status.code, a->why);
	else
		dispatch_refuse(d, t, OP_FAILED, HF_UNAUTHENTIC, a->why);
}

enum { OTHERS_TRY_MAX = 2 };

/* What this HSM says of a record may be this HSM's own fault: it lacks the master key, or the key
 * that lives in another one, or computes wrongly. So before it is final, the queue may give the job
 * to others; a record that is really bad costs two more attempts. */
bool dispatch_others_may_differ(const struct task *t, const struct op_result *r)
{
	return r->outcome == OP_FAILED &&
	       (r->code == HF_UNAUTHENTIC || r->code == HF_STATE || r->code == HF_NOTFOUND) &&
	       t->job->attempt <= OTHERS_TRY_MAX;
}

void dispatch_answered(void *ctx, const struct hsmhost_answer *answer)
{
	struct dispatch *d = ctx;
	struct task *t = answer->tag;

	d->in_hsm--;
	if (answer->hsm_us > 0)
		hf_histogram_add(&d->config.metrics->hsm[t->op.kind], answer->hsm_us);
	if (t->op.kind == OP_CRYPTO)
		dispatch_crypto_answered(d, t, answer);
	else if (t->op.kind == OP_GENERATE && answer->result.outcome == OP_DONE)
		take_generated(d, t, answer);
	else if (d->config.checks && answer->result.outcome == OP_DONE)
		spend(d, t, &answer->result.signature);
	else if (dispatch_others_may_differ(t, &answer->result))
		dispatch_refuse(d, t, OP_RETRY, answer->result.code, answer->result.text);
	else
		dispatch_finish(d, t, &answer->result);
}

/* A resident key was made and will not be used: nobody else will find it by itself. */
static void tell_orphan(struct dispatch *d, const struct task *t, struct hf_span record,
                        const char *what, const char *why)
{
	struct key_record r;
	char id[2 * 64 + 1] = "";

	if (!t->resident || !hf_ok(record_decode(record, &r)))
		return;
	for (size_t i = 0; i < r.blob.len && i < 64; i++)
		snprintf(id + 2 * i, 3, "%02x", r.blob.ptr[i]);
	hf_count(&d->config.metrics->orphans, 1);
	HF_ERROR(what, HF_KS("cka_id", id), HF_KS("key", t->op.key_id), HF_KS("reason", why));
}

static void stored(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	struct op_result r = { .outcome = OP_DONE, .resident = t->resident };
	struct hf_span ours = hf_buf_span(a->record);
	struct key_record record;
	char text[256];

	if (t->op.kind == OP_CRYPTO) {
		dispatch_crypto_stored(d, t, a);
		return;
	}
	if (a->status.code == HF_EXISTS) {
		tell_orphan(d, t, ours,
		            "a key in the HSM belongs to no record: destroy the token object",
		            "another driver generated the same key first");
		answer_stored(d, t, a->stored);
		return;
	}
	if (!hf_ok(a->status) || !hf_ok(record_decode(ours, &record))) {
		tell_orphan(d, t, ours,
		            "a key in the HSM may belong to no record: destroy the token object "
		            "unless the database has one",
		            "its record could not be stored for certain");
		snprintf(text, sizeof(text), "the new key could not be stored: %.200s", a->why);
		dispatch_refuse(d, t, OP_RETRY, a->status.code, text);
		return;
	}
	hf_count(&d->config.metrics->stored, 1);
	r.signature.recid = -1;
	r.public_key = record.public_key;
	dispatch_finish(d, t, &r);
}

static void front_answered(void *ctx, const struct keydb_answer *answer)
{
	switch (answer->to) {
	case KEYDB_GET:
		looked_up(ctx, answer->tag, answer);
		break;
	case KEYDB_PUT:
		stored(ctx, answer->tag, answer);
		break;
	case KEYDB_DROP:
		dispatch_crypto_dropped(ctx, answer->tag, answer);
		break;
	case KEYDB_SPEND:
		spent(ctx, answer->tag, answer);
		break;
	}
}

void dispatch_give_back(struct dispatch *d, const char *why)
{
	struct task *t;

	while ((t = pop(&d->waiting)) != NULL)
		dispatch_refuse(d, t, OP_RETRY, HF_BUSY, why);
}
