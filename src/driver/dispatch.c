/* SPDX-License-Identifier: Apache-2.0
 * The way of a job, and of what the database and the HSM answer; what an answer means to it is in a
 * file for each kind. In tests/model/queue.pml: proctype driver, from taken to ready. */
#include "driver/dispatch_inside.h"

#include "base/clock.h"
#include "base/log.h"

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

static void looked_up(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	bool found = hf_ok(a->status);

	d->looked_up--;
	if (t->op.kind == OP_CRYPTO)
		dispatch_crypto_found(d, t, a);
	else if (found && t->op.kind == OP_GENERATE)
		dispatch_generate_again(d, t, hf_buf_span(a->record));
	else if (found)
		dispatch_sign_found(d, t, a);
	else if (a->status.code == HF_NOTFOUND && t->op.kind == OP_GENERATE)
		append(&d->waiting, t);
	else /* another driver's database may have it; damaged rows are the same for all */
		dispatch_refuse(d, t, a->status.code == HF_CORRUPT ? OP_FAILED : OP_RETRY,
		                a->status.code, a->why);
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
	/* The canary's key signs without being asked who asked. */
	if (strcmp(t->op.key_id, CANARY_KEY_ID) == 0) {
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
		dispatch_generate_answered(d, t, answer);
	else if (d->config.checks && answer->result.outcome == OP_DONE)
		dispatch_sign_spend(d, t, &answer->result.signature);
	else if (dispatch_others_may_differ(t, &answer->result))
		dispatch_refuse(d, t, OP_RETRY, answer->result.code, answer->result.text);
	else
		dispatch_finish(d, t, &answer->result);
}

static void stored(struct dispatch *d, struct task *t, const struct keydb_answer *a)
{
	if (t->op.kind == OP_CRYPTO)
		dispatch_crypto_stored(d, t, a);
	else
		dispatch_generate_stored(d, t, a);
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
		dispatch_sign_spent(ctx, answer->tag, answer);
		break;
	}
}

void dispatch_give_back(struct dispatch *d, const char *why)
{
	struct task *t;

	while ((t = pop(&d->waiting)) != NULL)
		dispatch_refuse(d, t, OP_RETRY, HF_BUSY, why);
}
