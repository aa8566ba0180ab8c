/* SPDX-License-Identifier: Apache-2.0
 * What comes back: results are checked for shape, handed to their subject and take their job away,
 * all in one transaction. In tests/model/queue.pml: hand_in, give_back, complete, settle, expire.
 */
#include "server/core/queue/jobs_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/pubkey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_BASE_MS 250
#define CLOCK_SLACK_MS 60000 /* the database's clock may be set back by this */
#define EXHAUSTED_AT_ONCE 64 /* failed for good by one sweep */
#define SETTLED_MAX (POLL_BATCH_MAX * 192)

_Static_assert(POLL_BATCH_MAX <= JOB_ROWS_TAKE_MAX, "a hand-in is taken at once");

static void tally_clear(struct jobs_tally *t)
{
	struct hf_buf settled = t->settled;

	hf_buf_clear(&settled);
	settled.max = SETTLED_MAX;
	*t = (struct jobs_tally){ .settled = settled };
}

/* One record of tally.settled: when the job was added, whose it was, and by whom. */
static void tally_settled(struct jobs_tally *t, const struct job_row *row)
{
	hf_buf_u64(&t->settled, (uint64_t)row->created_at);
	hf_buf_u8(&t->settled, (uint8_t)row->subject);
	hf_buf_field(&t->settled, hf_span_text(row->subject_id));
	hf_buf_field(&t->settled, hf_span_text(row->origin));
}

/* Whoever waits for it may wait at the server that added it. */
static void say_settled(struct jobs *j, const char *origin, const char *subject_id)
{
	char word[sizeof("settled  ") + 2 * HF_ID_MAX];

	if (!j->config.say || !*origin || strcmp(origin, j->origin) == 0)
		return;
	snprintf(word, sizeof(word), "settled %s %s", origin, subject_id);
	j->config.say(j->config.ctx, word);
}

void jobs_tally_publish(struct jobs *j, struct jobs_tally *t)
{
	struct hf_reader r = hf_reader(hf_buf_span(&t->settled));
	int64_t now = hf_wall_ms();
	char subject_id[HF_ID_MAX], origin[HF_ID_MAX];

	pthread_mutex_lock(&j->lock);
	j->stats.added += t->added;
	j->stats.done += t->done;
	j->stats.failed += t->failed;
	j->stats.late += t->late;
	j->stats.retried += t->retried;
	pthread_mutex_unlock(&j->lock);
	while (r.left && !r.failed) {
		int64_t created_at = (int64_t)hf_read_u64(&r);
		enum job_subject subject = hf_read_u8(&r);

		hf_read_text(&r, subject_id, sizeof(subject_id));
		hf_read_text(&r, origin, sizeof(origin));
		hf_histogram_add(&j->latency, now > created_at ? (now - created_at) * 1000 : 0);
		HF_DEBUG("job settled", HF_KS("subject", subject_id),
		         HF_KI("ms", now - created_at));
		j->config.announce(j->config.ctx, subject, subject_id);
		say_settled(j, origin, subject_id);
	}
	hf_buf_done(&t->settled); /* the poll may be parked for long now */
}

/* Is it an answer to what was asked? What a signature is worth is the subject's to check. */
static hf_status check_shape(const struct job_row *row, const struct op_result *result)
{
	struct op op;

	HF_TRY(op_decode(hf_buf_span(&row->op), &op, NULL));
	if (result->outcome != OP_DONE)
		return HF_SUCCESS;
	switch (op.kind) {
	case OP_GENERATE:
		HF_ENSURE(result->signature.len == 0, HF_INVALID);
		return public_key_check(op.key_type, result->public_key);
	case OP_SIGN:
		HF_ENSURE(result->public_key.len == 0 && result->signature.len > 0, HF_INVALID);
		return HF_SUCCESS;
	case OP_CRYPTO:
		HF_ENSURE(result->crypto.len > 0, HF_INVALID);
		return HF_SUCCESS;
	}
	return HF_FAILURE(HF_INVALID);
}

/* The row has been taken. */
static hf_status settle(struct jobs *j, struct db *db, const struct job_row *row,
                        const struct op_result *result, const char *driver,
                        struct jobs_tally *tally)
{
	bool more = false;
	const struct job_settled settled = {
		.job = row->id,
		.store_id = row->store_id,
		.subject = (enum job_subject)row->subject,
		.subject_id = row->subject_id,
		.op = hf_buf_span(&row->op),
		.result = result,
		.driver = driver,
		.more = &more,
	};
	hf_status s;

	s = j->config.settle(j->config.ctx, db, &settled);
	if (s.code == HF_NOTFOUND) { /* nobody is interested any more */
		tally->late++;
		return HF_SUCCESS;
	}
	HF_TRY(s);
	if (result->outcome == OP_DONE)
		tally->done++;
	else
		tally->failed++;
	if (more)
		tally->added++;
	else
		tally_settled(tally, row);
	return HF_SUCCESS;
}

/* The row has been taken, and nobody will try again. */
static hf_status settle_failed(struct jobs *j, struct db *db, const struct job_row *row,
                               const char *why, const char *driver, struct jobs_tally *tally)
{
	struct op_result failed = { .outcome = OP_FAILED, .code = HF_TIMEOUT };

	snprintf(failed.text, sizeof(failed.text), "given up after %d attempts; the last one: %s",
	         row->attempts, why);
	return settle(j, db, row, &failed, driver, tally);
}

/* In how many ms a job that was given back may be tried again: at once after its first attempt,
 * then later and later, so that one that makes a signer crash does not use up all its attempts
 * before others could take it. 0: now. */
static int64_t retry_in(int attempts)
{
	return attempts <= 1 ? 0 : (int64_t)RETRY_BASE_MS << (attempts - 2);
}

/* OP_RETRY. Only who holds the lease can give a job back. */
static hf_status give_back(struct jobs *j, struct db *db, struct jobs_poll *p, uint64_t id,
                           const char *why)
{
	JOB_ROW row = { 0 };
	int attempts;
	hf_status s = job_row_attempts(db, id, p->store_id, p->request.instance, &attempts);

	if (s.code == HF_NOTFOUND) {
		p->tally.late++;
		return HF_SUCCESS;
	}
	HF_TRY(s);
	if (attempts >= JOB_ATTEMPTS_MAX) {
		HF_TRY(job_row_take(db, id, p->store_id, &row));
		return settle_failed(j, db, &row, why, p->driver, &p->tally);
	}
	HF_TRY(job_row_give_back(db, id, p->request.instance, retry_in(attempts)));
	p->tally.retried++;
	pthread_mutex_lock(&j->lock);
	if (!retry_in(attempts))
		jobs_leave(p->store);
	pthread_mutex_unlock(&j->lock);
	return HF_SUCCESS;
}

/* A result that is no answer, or whose signature does not verify: never released; the job goes on
 * as if it had been given back by the one who holds it. */
static hf_status refuse(struct jobs *j, struct db *db, struct jobs_poll *p, struct job_row *row,
                        enum hf_code code)
{
	HF_WARN("a result was refused", HF_KS("driver", p->driver),
	        HF_KS("subject", row->subject_id), HF_KI("attempt", row->attempts),
	        HF_KS("reason", hf_code_name(code)));
	HF_TRY(job_row_insert(db, row));
	return give_back(j, db, p, row->id, "its result was refused: it does not verify");
}

static bool is_refusal(hf_status s)
{
	return s.code == HF_UNAUTHENTIC || s.code == HF_INVALID;
}

static hf_status complete(struct jobs *j, struct db *db, struct jobs_poll *p,
                          const struct op_result *result, struct job_row *row)
{
	hf_status s;

	if (!row->id) { /* settled by another, or another store's: no word about which */
		p->tally.late++;
		return HF_SUCCESS;
	}
	s = check_shape(row, result);
	if (hf_ok(s))
		s = settle(j, db, row, result, p->driver, &p->tally);
	return is_refusal(s) ? refuse(j, db, p, row, s.code) : s;
}

/* The results of one poll. The rows of all that are answers are taken at once, in one round trip,
 * before the first of them is settled. */
struct hand_in {
	size_t n;
	uint64_t ids[POLL_BATCH_MAX];
	size_t of[POLL_BATCH_MAX]; /* which result it is */
	struct job_row rows[POLL_BATCH_MAX];
};

static void hand_in_free(struct hand_in *h)
{
	for (size_t i = 0; h && i < h->n; i++)
		job_row_done(&h->rows[i]);
	free(h);
}
HF_DEFINE_CLEANUP(hand_in_free, struct hand_in *)

static hf_status give_back_or_note(struct jobs *j, struct db *db, struct jobs_poll *p, size_t i,
                                   struct hand_in *h)
{
	const struct poll_result *r = &p->request.results[i];
	struct op_result result = { 0 };

	if (!hf_ok(op_result_decode(r->result, &result)))
		return give_back(j, db, p, r->job, "its result was malformed");
	if (result.outcome == OP_RETRY)
		return give_back(j, db, p, r->job, result.text);
	h->ids[h->n] = r->job;
	h->of[h->n++] = i;
	return HF_SUCCESS;
}

static hf_status hand_in_all(struct jobs *j, struct db *db, struct jobs_poll *p)
{
	HF_CLEANUP(hand_in_free_at) struct hand_in *h = calloc(1, sizeof(*h));

	HF_ENSURE(h, HF_NOMEM);
	for (size_t i = 0; i < p->request.n_results; i++)
		HF_TRY(give_back_or_note(j, db, p, i, h));
	HF_TRY(job_rows_take(db, p->store_id, h->ids, h->n, h->rows));
	for (size_t i = 0; i < h->n; i++) {
		struct op_result result = { 0 };

		HF_TRY(op_result_decode(p->request.results[h->of[i]].result, &result));
		HF_TRY(complete(j, db, p, &result, &h->rows[i]));
	}
	return HF_SUCCESS;
}

hf_status jobs_hand_in(struct jobs *j, struct db *db, struct jobs_poll *p)
{
	int64_t lease = j->config.lease_ms;

	tally_clear(&p->tally);
	if (p->request.n_results)
		HF_TRY(hand_in_all(j, db, p));
	/* Only leases past their half are written again. */
	for (size_t i = 0; i < p->request.n_working; i++)
		HF_TRY(job_row_renew(db, p->request.working[i], p->store_id, p->request.instance,
		                     lease, lease / 2));
	return hf_buf_status(&p->tally.settled);
}

/* Another server's sweep may have been first: then the job is settled, and that is all right. */
static hf_status settle_exhausted(struct jobs *j, struct db *db, uint64_t id, const char *store_id,
                                  struct jobs_tally *tally)
{
	JOB_ROW row = { 0 };
	hf_status s = job_row_take(db, id, store_id, &row);

	if (s.code == HF_NOTFOUND)
		return HF_SUCCESS;
	HF_TRY(s);
	return settle_failed(j, db, &row, "its driver did not answer in time", "", tally);
}

hf_status jobs_sweep(struct jobs *j, struct db *db, struct jobs_tally *tally, int64_t *ret_expired)
{
	const int64_t horizon = 2 * j->config.lease_ms + CLOCK_SLACK_MS;
	char store_id[HF_ID_MAX];
	uint64_t id;
	hf_status s = HF_SUCCESS;

	tally_clear(tally);
	for (int i = 0; i < EXHAUSTED_AT_ONCE; i++) {
		s = job_row_exhausted(db, horizon, JOB_ATTEMPTS_MAX, &id, store_id);
		if (!hf_ok(s))
			break;
		HF_TRY(settle_exhausted(j, db, id, store_id, tally));
	}
	HF_ENSURE(hf_ok(s) || s.code == HF_NOTFOUND, s.code);
	return job_rows_expire(db, horizon, JOB_ATTEMPTS_MAX, ret_expired);
}
