/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/worker.h"

#include "base/clock.h"
#include "p11/rv.h"
#include "signer/crypto_job.h"
#include "signer/crypto_keys.h"
#include "signer/output.h"

#include <stdio.h>

enum {
	SESSION_OPS = 20000, /* then a new session: modules leak in old ones */
	RESIDENT_HANDLES = 4096,
	BUSY_MS = 20,
	COOL_EVERY_MS = 1000,
	NAME_MAX = CKA_ID_MAX + CKA_LABEL_MAX + SPKI_MAX + 32,
};

static void free_memories(struct desk *d)
{
	keycache_free(d->warm);
	keycache_free(d->resident);
	keycache_free(d->found);
	hf_buf_done(&d->name);
	checked_free(d->checked);
}

hf_status worker_adopt(struct token *t, const struct p11_session *session,
                       const struct masters *masters, struct worker *ret)
{
	struct worker w = { .desk = { .token = t, .session = *session, .masters = *masters } };
	hf_status s = keycache_new(RESIDENT_HANDLES, 0, &w.desk.resident);

	w.desk.name = HF_BUF(NAME_MAX);
	if (hf_ok(s))
		s = keycache_new(FOUND_KEYS_MAX, FOUND_TRUST_MS, &w.desk.found);
	if (hf_ok(s))
		s = checked_new(CHECKED_MAX, &w.desk.checked);
	if (hf_ok(s) && t->setup.warm_keys)
		s = keycache_new(t->setup.warm_keys, (int64_t)t->setup.warm_ttl_s * 1000,
		                 &w.desk.warm);
	if (!hf_ok(s)) {
		free_memories(&w.desk);
		return s;
	}
	*ret = w;
	return HF_SUCCESS;
}

/* Handles are the whole process's, so that the other sessions need no search of their own. */
hf_status worker_open(const struct worker *first, struct worker *ret, struct hf_err *err)
{
	struct token *t = first->desk.token;
	struct p11_session session;
	hf_status s;

	HF_TRY(p11_session_open(&t->module, &t->id, t->setup.allow_resident, &session, err));
	s = worker_adopt(t, &session, &first->desk.masters, ret);
	if (!hf_ok(s))
		p11_session_close(&session);
	return s;
}

void worker_close(struct worker *w)
{
	free_memories(&w->desk);
	p11_session_close(&w->desk.session);
	*w = (struct worker){ 0 };
}

static void forget_keys(struct desk *d)
{
	if (d->warm)
		keycache_forget(d->warm);
	keycache_forget(d->resident);
	keycache_forget(d->found);
}

/* A new session and fresh handles. Opened before the old one closes, so that the login outlives the
 * exchange. There is no PIN here any more: when the login is lost, only a new process helps. */
static hf_status refresh(struct worker *w, struct hf_err *err)
{
	struct desk *d = &w->desk;
	struct p11_session fresh;
	struct masters masters;
	hf_status s;

	HF_TRY(p11_session_open(&d->token->module, &d->token->id, d->session.rw, &fresh, err));
	s = token_masters(d->token, &fresh, &masters, err);
	if (!hf_ok(s)) {
		p11_session_close(&fresh);
		return s;
	}
	forget_keys(d);
	p11_session_close(&d->session);
	d->session = fresh;
	d->masters = masters;
	w->ops = 0;
	return HF_SUCCESS;
}

static hf_status attempt(struct worker *w, const struct wire_work *work, struct job_output *output,
                         struct hf_err *err)
{
	if (work->is_crypto)
		return crypto_job(&w->desk, &work->crypto, &output->crypto, err);
	hf_buf_clear(&output->record);
	if (work->rewrap)
		return job_rewrap(&w->desk, work->job.record, work->to_master, &output->record,
		                  err);
	switch (work->job.op.kind) {
	case OP_GENERATE:
		return job_generate(&w->desk, work->job.op.key_type, work->job.op.key_id, output,
		                    err);
	case OP_SIGN:
		return job_sign(&w->desk, &work->job, &output->signature, err);
	case OP_CRYPTO: /* has a frame of its own */
		break;
	}
	return hf_fail(err, HF_INVALID, "unknown kind of operation");
}

/* The module is short of something: give back what we hold, and let it breathe. */
static void ease(struct desk *d)
{
	CK_OBJECT_HANDLE key;

	while (d->warm && (key = keycache_pop(d->warm)) != P11_NO_OBJECT)
		p11_object_destroy(&d->session, key);
	hf_pause_ms(hf_backoff_ms(0, BUSY_MS, BUSY_MS));
}

static void answer_done(const struct wire_work *work, const struct job_output *output,
                        struct wire_answer *ret)
{
	ret->outcome = OP_DONE;
	if (work->is_crypto)
		return;
	if (work->rewrap) {
		ret->record = hf_buf_span(&output->record);
		return;
	}
	if (work->job.op.kind == OP_SIGN) {
		ret->signature = HF_SPAN(output->signature.bytes, output->signature.len);
		return;
	}
	ret->resident = output->resident;
	ret->public_key = HF_SPAN(output->public_key.bytes, output->public_key.len);
	ret->record = hf_buf_span(&output->record);
}

static enum worker_fate answer_failed(struct worker *w, const struct hf_err *err,
                                      struct wire_answer *ret)
{
	enum rv_class class = p11_class_of(err->code);

	ret->outcome = class == RV_REQUEST ? OP_FAILED : OP_RETRY;
	ret->code = err->code;
	snprintf(ret->text, sizeof(ret->text), "%.*s", (int)sizeof(ret->text) - 1, err->text);
	switch (class) {
	case RV_OK:
	case RV_REQUEST:
		return WORKER_GOES_ON;
	case RV_BUSY:
		ease(&w->desk);
		return WORKER_GOES_ON;
	case RV_RETRY_SESSION: /* it was retried already */
	case RV_REINIT:
		return WORKER_REINIT;
	case RV_STOP:
		return WORKER_STOPS;
	}
	return WORKER_REINIT;
}

static void crypto_failed(const struct worker *w, const struct hf_err *err,
                          struct crypto_output *output)
{
	struct crypto_result *r = &output->result;

	crypto_output_wipe(output);
	r->outcome = p11_class_of(err->code) == RV_REQUEST ? OP_FAILED : OP_RETRY;
	r->code = err->code;
	r->unhealthy = p11_is_unhealthy(w->desk.session.rv, err->code);
	snprintf(r->text, sizeof(r->text), "%.*s", (int)sizeof(r->text) - 1, err->text);
}

/* Session objects that nobody knows of any more: a C_DestroyObject has failed. */
static bool has_lost_objects(const struct desk *d)
{
	return d->session.live > (d->warm ? keycache_count(d->warm) : 0);
}

/* Whatever the refresh said: with the login gone the master key is out of sight, and words about a
 * missing master key would mislead. */
static hf_status renew(struct worker *w, struct hf_err *err)
{
	if (hf_ok(refresh(w, NULL)))
		return HF_SUCCESS;
	return hf_fail(err, HF_IO, "the session with the HSM is lost and a new one does not work");
}

static hf_status do_job(struct worker *w, const struct wire_work *work, struct job_output *output,
                        struct hf_err *err)
{
	hf_status s;

	if (w->ops++ >= SESSION_OPS || has_lost_objects(&w->desk))
		HF_TRY(renew(w, err));
	s = attempt(w, work, output, err);
	if (p11_class_of(s.code) != RV_RETRY_SESSION)
		return s;
	HF_TRY(renew(w, err));
	return attempt(w, work, output, err);
}

static int cool_warm(struct worker *w)
{
	struct desk *d = &w->desk;
	int64_t now = hf_mono_ms();
	CK_OBJECT_HANDLE key;

	if (!d->warm)
		return -1;
	w->cooled_ms = now;
	while ((key = keycache_expired(d->warm, now)) != P11_NO_OBJECT)
		p11_object_destroy(&d->session, key);
	return keycache_count(d->warm) ? COOL_EVERY_MS : -1;
}

enum worker_fate worker_run(struct worker *w, const struct wire_work *work,
                            struct job_output *output, struct wire_answer *ret)
{
	struct hf_err err = { 0 };
	int64_t start = hf_mono_us();
	hf_status s = do_job(w, work, output, &err);

	*ret = (struct wire_answer){ .hsm_us = hf_mono_us() - start };
	if (w->desk.warm && start / 1000 - w->cooled_ms >= COOL_EVERY_MS)
		cool_warm(w); /* no idle moment may come */
	if (hf_ok(s)) {
		answer_done(work, output, ret);
		return WORKER_GOES_ON;
	}
	if (err.code != s.code) /* no words of its own */
		hf_ignore(hf_fail(&err, s.code, "%s", hf_code_name(s.code)));
	if (work->is_crypto)
		crypto_failed(w, &err, &output->crypto);
	return answer_failed(w, &err, ret);
}

void worker_answer(uint64_t tag, const struct wire_work *work, struct job_output *output,
                   const struct wire_answer *answer)
{
	if (!work->is_crypto) {
		output_answer(tag, answer);
		return;
	}
	output_crypto_answer(tag, &output->crypto.result, answer->hsm_us);
	crypto_output_wipe(&output->crypto);
}

int worker_cool(struct worker *w)
{
	struct object_readers *readers = w->desk.token->readers;
	int warm = cool_warm(w), reading = readers ? object_readers_cool(readers) : -1;

	return warm < 0 || (reading >= 0 && reading < warm) ? reading : warm;
}
