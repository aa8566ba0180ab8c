/* SPDX-License-Identifier: Apache-2.0 */
#include "upkeep/sweep.h"

#include "base/clock.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

enum {
	TRIES = 4,           /* of one record, when signers end under it */
	PATIENCE_MS = 60000, /* without any answer */
	TURN_MS = 1000,
	FDS_MAX = 1024,
};

struct work {
	struct work *next;
	char key_id[HF_ID_MAX];
	struct hf_buf record, fresh;
	struct hf_buf probe;              /* of a key of any kind: crypto_op_encode() */
	struct key_record decoded, again; /* point into record, fresh */
	bool damaged;
	bool rewrapped; /* `fresh` is there: now it is used */
	unsigned tries;
	uint8_t random[64];
	char why[HF_ERR_TEXT_MAX];
};

struct sweep {
	struct hsmhost *hsm;
	char rewrap_to[MASTER_ID_MAX];
	sweep_done done;
	void *ctx;
	struct work *ready, **ready_last; /* to be given to the HSM */
	size_t inside;                    /* given, not answered */
	int64_t heard_ms;
	bool stopping;
	struct pollfd fds[FDS_MAX];
};

static void work_free(struct work *w)
{
	hf_buf_done(&w->record);
	hf_buf_done(&w->fresh);
	hf_buf_done(&w->probe);
	free(w);
}

static void put_ready(struct sweep *s, struct work *w)
{
	w->next = NULL;
	*s->ready_last = w;
	s->ready_last = &w->next;
}

static void finish(struct sweep *s, struct work *w, enum sweep_outcome outcome)
{
	struct sweep_item item = {
		.outcome = outcome,
		.key_id = w->key_id,
		.record = hf_buf_span(&w->record),
		.decoded = w->damaged ? NULL : &w->decoded,
		.why = w->why,
	};

	if (outcome == SWEEP_GOOD && w->rewrapped)
		item.fresh = hf_buf_span(&w->fresh);
	s->done(s->ctx, &item);
	work_free(w);
}

/* Signing something random, the way that every module has for the type. */
static void make_probe(struct work *w, const struct key_record *r, struct op *op)
{
	const struct key_type_info *info = key_type_info((int)r->key_type);

	hf_random(w->random, sizeof(w->random));
	op->kind = OP_SIGN;
	op->input = HF_SPAN(w->random, 32);
	switch (info->family) {
	case FAMILY_EC:
		op->scheme = SIGN_ECDSA;
		op->input = HF_SPAN(w->random, info->bits / 8);
		break;
	case FAMILY_ED:
		op->scheme = SIGN_ED25519;
		break;
	case FAMILY_RSA:
		op->scheme = SIGN_RSA_PKCS1;
		op->hash = HASH_SHA256;
		break;
	}
}

/* A key of any kind need not sign: its MAC is checked, and it is unwrapped. */
static hf_status probe_any(struct work *w, const struct key_record *r, struct hf_span record,
                           struct hsmhost_job *job)
{
	struct crypto_op op = { .kind = CRYPTO_DESCRIBE,
		                .key = { .record = record, .name = { .type = r->type } } };

	memcpy(op.key_id, w->key_id, sizeof(op.key_id));
	w->probe.max = CRYPTO_OP_ENCODED_MAX;
	hf_buf_clear(&w->probe);
	crypto_op_encode(&w->probe, &op);
	job->crypto = hf_buf_span(&w->probe);
	return hf_buf_status(&w->probe);
}

static hf_status give(struct sweep *s, struct work *w)
{
	const struct key_record *r = w->rewrapped ? &w->again : &w->decoded;
	struct hsmhost_job job = { .tag = w };

	memcpy(job.op.key_id, w->key_id, sizeof(job.op.key_id));
	job.op.key_type = r->key_type;
	job.op.public_key = r->public_key;
	job.record = hf_buf_span(w->rewrapped ? &w->fresh : &w->record);
	if (s->rewrap_to[0] && !w->rewrapped)
		job.rewrap_to = s->rewrap_to;
	else if (!r->key_type)
		HF_TRY(probe_any(w, r, job.record, &job));
	else
		make_probe(w, r, &job.op);
	w->tries++;
	return hsmhost_submit(s->hsm, &job);
}

static void answered_rewrap(struct sweep *s, struct work *w, const struct hsmhost_answer *a)
{
	w->fresh = HF_BUF(RECORD_ENCODED_MAX);
	hf_buf_put(&w->fresh, a->record.ptr, a->record.len);
	if (!hf_ok(hf_buf_status(&w->fresh)) ||
	    !hf_ok(record_decode(hf_buf_span(&w->fresh), &w->again))) {
		snprintf(w->why, sizeof(w->why), "the new record is damaged");
		finish(s, w, SWEEP_BAD);
		return;
	}
	w->rewrapped = true;
	w->tries = 0;
	put_ready(s, w);
}

static bool is_elsewhere(const struct work *w, const struct op_result *result)
{
	return w->decoded.format == WRAP_RESIDENT && result->code == HF_NOTFOUND;
}

static void answered(void *ctx, const struct hsmhost_answer *a)
{
	struct sweep *s = ctx;
	struct work *w = a->tag;

	s->inside--;
	s->heard_ms = hf_mono_ms();
	snprintf(w->why, sizeof(w->why), "%s", a->result.text);
	switch (a->result.outcome) {
	case OP_DONE:
		if (s->rewrap_to[0] && !w->rewrapped)
			answered_rewrap(s, w, a);
		else
			finish(s, w, SWEEP_GOOD);
		return;
	case OP_FAILED:
		finish(s, w, is_elsewhere(w, &a->result) ? SWEEP_ELSEWHERE : SWEEP_BAD);
		return;
	case OP_RETRY:
		if (s->stopping)
			work_free(w);
		else if (w->tries < TRIES)
			put_ready(s, w);
		else
			finish(s, w, SWEEP_BAD);
		return;
	}
}

static void give_ready(struct sweep *s)
{
	while (s->ready && hsmhost_capacity(s->hsm) > 0) {
		struct work *w = s->ready;

		s->ready = w->next;
		if (!s->ready)
			s->ready_last = &s->ready;
		if (!hf_ok(give(s, w))) {
			snprintf(w->why, sizeof(w->why), "out of memory");
			finish(s, w, SWEEP_BAD);
		} else {
			s->inside++;
		}
	}
}

static hf_status turn(struct sweep *s, struct hf_err *err)
{
	struct hsmhost_stats stats;
	int timeout = TURN_MS;
	size_t n;

	give_ready(s);
	n = hsmhost_pollfds(s->hsm, s->fds, FDS_MAX, &timeout);
	(void)poll(s->fds, (nfds_t)n, timeout);
	hsmhost_step(s->hsm);
	hsmhost_stats(s->hsm, &stats);
	if (stats.health == HSMHOST_STOPPED)
		return hf_fail(err, HF_STOP, "the HSM is given up: %s", stats.reason);
	if (hf_mono_ms() - s->heard_ms > PATIENCE_MS)
		return hf_fail(err, HF_IO, "the HSM does not answer: %s", stats.reason);
	return HF_SUCCESS;
}

hf_status sweep_start(const struct hsmhost_config *hsm, const char *rewrap_to, sweep_done done,
                      void *ctx, struct sweep **ret, struct hf_err *err)
{
	struct sweep *s = calloc(1, sizeof(*s));
	hf_status status;

	HF_ENSURE(s, HF_NOMEM);
	s->done = done;
	s->ctx = ctx;
	s->ready_last = &s->ready;
	snprintf(s->rewrap_to, sizeof(s->rewrap_to), "%s", rewrap_to ? rewrap_to : "");
	status = hsmhost_start(hsm, answered, s, &s->hsm, err);
	if (!hf_ok(status)) {
		free(s);
		return status;
	}
	*ret = s;
	return HF_SUCCESS;
}

/* What a row says has to be what its record says. */
static bool look_at(struct work *w)
{
	if (!hf_ok(record_decode(hf_buf_span(&w->record), &w->decoded))) {
		snprintf(w->why, sizeof(w->why), "the record is damaged");
		w->damaged = true;
	} else if (strcmp(w->decoded.key_id, w->key_id) != 0) {
		snprintf(w->why, sizeof(w->why), "the record is another key's: %s",
		         w->decoded.key_id);
	} else {
		return true;
	}
	return false;
}

hf_status sweep_add(struct sweep *s, const char *key_id, struct hf_span record, struct hf_err *err)
{
	struct work *w = calloc(1, sizeof(*w));

	HF_ENSURE(w, HF_NOMEM);
	snprintf(w->key_id, sizeof(w->key_id), "%s", key_id);
	w->record = HF_BUF(RECORD_ENCODED_MAX);
	hf_buf_put(&w->record, record.ptr, record.len);
	if (!look_at(w)) {
		finish(s, w, SWEEP_BAD);
		return HF_SUCCESS;
	}
	if (!s->inside)
		s->heard_ms = hf_mono_ms();
	put_ready(s, w);
	give_ready(s);
	while (s->ready)
		HF_TRY(turn(s, err));
	return HF_SUCCESS;
}

hf_status sweep_drain(struct sweep *s, struct hf_err *err)
{
	while (s->ready || s->inside)
		HF_TRY(turn(s, err));
	return HF_SUCCESS;
}

void sweep_stop(struct sweep *s)
{
	if (!s)
		return;
	s->stopping = true;
	hsmhost_stop(s->hsm, 0);
	while (s->ready) {
		struct work *w = s->ready;

		s->ready = w->next;
		work_free(w);
	}
	free(s);
}
