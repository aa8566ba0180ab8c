/* SPDX-License-Identifier: Apache-2.0
 *
 *   submitted ──► jobs added ──► waiting ──► looked ──► done
 *                                   ▲          └── something is missing, and there is time left
 *                                   └──────────┘
 */
#include "server/core/backends/pool.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/aead.h"
#include "server/store/crypto_result_rows.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
	LOOK_MS = 1000, /* the word that a job is settled may be lost */
	FORGET_EVERY_MS = 10000,
};

struct part { /* one operation */
	struct waiter waiter;
	struct pool_call *of;
	char id[HF_ID_MAX]; /* of the job's subject, and of the result's row */
	uint64_t job;
	struct hf_buf op;     /* as it lies in the queue */
	struct hf_buf sealed; /* what came of it */
	struct hf_secret opened;
	bool added, settled, withdrawn;
	struct crypto_result result;
};

struct pool_call {
	struct db_task task;
	const struct core *core;
	struct backend_call *call;
	int64_t until_ms;
	atomic_bool releasing; /* the server stops */
	bool over; /* as the last look took it: what it did not take back is waited for */
	atomic_size_t waiting;
	size_t n;
	struct part parts[];
};

static void free_call(struct pool_call *p)
{
	for (size_t i = 0; i < p->n; i++) {
		hf_buf_done(&p->parts[i].op);
		hf_buf_done(&p->parts[i].sealed);
		hf_secret_done(&p->parts[i].opened);
	}
	free(p);
}

static void fail(struct part *part, enum op_outcome outcome, enum hf_code code, const char *words)
{
	part->result = (struct crypto_result){ .outcome = outcome, .code = code };
	snprintf(part->result.text, sizeof(part->result.text), "%s", words);
}

static void end(struct pool_call *p)
{
	struct crypto_result *results = calloc(p->n + 1, sizeof(*results));

	if (!results) /* no memory for an answer: there is none for the next step either */
		abort();
	for (size_t i = 0; i < p->n; i++)
		results[i] = p->parts[i].result;
	p->call->done(p->call, results);
	free(results);
	free_call(p);
}

/* ---- what lies in the queue */

static hf_status seal_op(const struct core *core, const struct crypto_op *op,
                         const char *subject_id, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf plain = HF_BUF_SECRET(SIGN_INPUT_MAX);
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(OP_CRYPTO_INPUT_MAX);
	struct op job = { .kind = OP_CRYPTO };

	snprintf(job.key_id, sizeof(job.key_id), "%s", op->key_id[0] ? op->key_id : subject_id);
	crypto_op_encode(&plain, op);
	HF_TRY(hf_buf_status(&plain));
	HF_TRY(aead_seal(&core->secrets.storage_key, hf_span_text(job.key_id), hf_buf_span(&plain),
	                 &sealed));
	job.input = hf_buf_span(&sealed);
	op_encode(to, &job);
	return hf_buf_status(to);
}

hf_status pool_reveal(void *ctx, struct hf_span encoded, struct hf_buf *to)
{
	const struct core *core = ctx;
	HF_SECRET struct hf_secret plain = { 0 };
	struct op op;

	HF_ENSURE(op_is_crypto(encoded), HF_UNSUPPORTED);
	HF_TRY(op_decode(encoded, &op, NULL));
	HF_TRY(aead_open(&core->secrets.storage_key, hf_span_text(op.key_id), op.input, &plain));
	op.input = HF_SPAN(plain.ptr, plain.len);
	op_encode(to, &op);
	return hf_buf_status(to);
}

/* ---- what a driver answered */

static hf_status read_result(const struct job_settled *settled, struct crypto_result *ret)
{
	const struct op_result *r = settled->result;

	if (r->outcome == OP_DONE)
		return crypto_result_decode(r->crypto, ret);
	*ret = (struct crypto_result){ .outcome = OP_FAILED, .code = r->code };
	memcpy(ret->text, r->text, sizeof(ret->text));
	return HF_SUCCESS;
}

hf_status pool_settle(const struct core *core, struct db *db, const char *org_id,
                      const struct job_settled *settled)
{
	HF_BUF_SCOPED struct hf_buf plain = HF_BUF_SECRET(OP_CRYPTO_RESULT_MAX);
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(OP_CRYPTO_RESULT_MAX + AEAD_OVERHEAD);
	struct crypto_result result;

	HF_TRY(read_result(settled, &result));
	crypto_result_encode(&plain, &result);
	HF_TRY(hf_buf_status(&plain));
	HF_TRY(aead_seal(&core->secrets.storage_key, hf_span_text(settled->subject_id),
	                 hf_buf_span(&plain), &sealed));
	return crypto_result_row_insert(db, settled->subject_id, org_id, hf_buf_span(&sealed),
	                                hf_wall_ms());
}

/* ---- looking */

static void wait_all(struct pool_call *p);

static void look_run_one(struct part *part, struct db *db, hf_status *s)
{
	hf_buf_clear(&part->sealed); /* of a first run */
	if (part->settled)
		return;
	*s = crypto_result_row_take(db, part->id, &part->sealed);
	if (s->code == HF_NOTFOUND)
		*s = HF_SUCCESS;
}

static bool is_over(const struct pool_call *p)
{
	return atomic_load(&p->releasing) || hf_mono_ms() >= p->until_ms;
}

/* Takes the results that are there. When the time is over, jobs that nobody has begun are taken
 * back. */
static hf_status look_run(struct db_task *task, struct db *db)
{
	struct pool_call *p = (struct pool_call *)task;
	hf_status s = HF_SUCCESS;

	p->over = is_over(p);
	for (size_t i = 0; i < p->n && hf_ok(s); i++) {
		struct part *part = &p->parts[i];

		if (!part->added)
			continue;
		look_run_one(part, db, &s);
		if (!hf_ok(s) || !p->over || part->settled || part->sealed.len)
			continue;
		s = jobs_cancel(db, p->call->group->store_id, part->job);
		part->withdrawn = hf_ok(s);
		if (s.code == HF_NOTFOUND)
			s = HF_SUCCESS;
	}
	return s;
}

/* No signature is handed on that does not verify, whoever says so. */
static void open_result(struct pool_call *p, struct part *part, const struct crypto_op *op)
{
	part->settled = true;
	if (!hf_ok(aead_open(&p->core->secrets.storage_key, hf_span_text(part->id),
	                     hf_buf_span(&part->sealed), &part->opened)) ||
	    !hf_ok(crypto_result_decode(HF_SPAN(part->opened.ptr, part->opened.len),
	                                &part->result)))
		fail(part, OP_FAILED, HF_CORRUPT, "the stored result does not open");
	else if (part->result.outcome == OP_DONE && op->kind == CRYPTO_SIGN &&
	         !hf_ok(crypto_signature_check(op, part->result.data)))
		fail(part, OP_FAILED, HF_UNAUTHENTIC,
		     "the driver's signature does not verify, and was thrown away");
}

static void late(struct part *part)
{
	fail(part, OP_RETRY, HF_TIMEOUT,
	     part->withdrawn ? "no driver of this pool took the operation in time: see that one "
	                       "runs (holdfast driver)"
	                     : "the pool's driver did not answer in time");
}

static void looked(struct db_task *task, hf_status s)
{
	struct pool_call *p = (struct pool_call *)task;
	/* Of a look that went well, by what it went by: what is over since then is taken back in
	 * the next one. */
	bool missing = false, over = hf_ok(s) ? p->over : is_over(p);

	for (size_t i = 0; i < p->n; i++) {
		struct part *part = &p->parts[i];

		if (!part->added || part->settled)
			continue;
		if (hf_ok(s) && part->sealed.len)
			open_result(p, part, &p->call->ops[i]);
		else if (over || part->withdrawn)
			late(part);
		else
			missing = true;
	}
	if (missing)
		wait_all(p);
	else
		end(p);
}

static void look(struct pool_call *p)
{
	p->task = (struct db_task){ .run = look_run, .done = looked, .durability = DB_RELAXED };
	if (!hf_ok(db_work_submit(p->core->writer, &p->task))) {
		p->until_ms = 0; /* the server stops, or is beyond its means */
		looked(&p->task, HF_FAILURE(HF_BUSY));
	}
}

/* ---- waiting */

static void leave(struct pool_call *p)
{
	if (atomic_fetch_sub(&p->waiting, 1) == 1)
		look(p);
}

static void woken(struct waiter *w, enum waiter_reason reason)
{
	struct part *part = (struct part *)w;

	if (reason == WAITER_RELEASED)
		atomic_store(&part->of->releasing, true);
	leave(part->of);
}

/* One more than there are waiters is waited for, so that the last of them does not look while
 * others are still being added. */
static void wait_all(struct pool_call *p)
{
	int64_t now = hf_mono_ms();
	int64_t until = p->until_ms < now + LOOK_MS ? p->until_ms : now + LOOK_MS;

	atomic_store(&p->waiting, 1);
	for (size_t i = 0; i < p->n; i++) {
		struct part *part = &p->parts[i];

		if (!part->added || part->settled)
			continue;
		part->waiter = (struct waiter){ .deadline_ms = until, .fn = woken };
		memcpy(part->waiter.subject_id, part->id, sizeof(part->id));
		atomic_fetch_add(&p->waiting, 1);
		waiters_add(p->core->waiters, &part->waiter);
	}
	leave(p);
}

/* ---- asking */

static hf_status add_run(struct db_task *task, struct db *db)
{
	struct pool_call *p = (struct pool_call *)task;

	for (size_t i = 0; i < p->n; i++) {
		struct part *part = &p->parts[i];
		const struct job_new job = { .store_id = p->call->group->store_id,
			                     .subject = JOB_FOR_CRYPTO,
			                     .subject_id = part->id,
			                     .op = hf_buf_span(&part->op) };

		if (part->op.len)
			HF_TRY(jobs_add(p->core->jobs, db, &job, &part->job));
	}
	return HF_SUCCESS;
}

static void added(struct db_task *task, hf_status s)
{
	struct pool_call *p = (struct pool_call *)task;
	bool any = false;

	for (size_t i = 0; i < p->n; i++) {
		struct part *part = &p->parts[i];

		if (!part->op.len)
			continue;
		part->added = any = hf_ok(s);
		if (part->added)
			jobs_added(p->core->jobs);
		else
			fail(part, OP_RETRY, HF_BUSY, "the queue does not take the operation now");
	}
	if (any)
		wait_all(p);
	else
		end(p);
}

static int patience(const struct backend_call *call)
{
	if (call->deadline_ms)
		return call->deadline_ms;
	for (size_t i = 0; i < call->n_ops; i++)
		if (call->ops[i].kind == CRYPTO_GENERATE && call->ops[i].made.type == OBJECT_RSA)
			return BACKEND_SLOW_DEADLINE_MS;
	return BACKEND_DEADLINE_MS;
}

static void prepare(struct pool_call *p, struct part *part, const struct crypto_op *op)
{
	hf_status s;

	part->of = p;
	part->op = HF_BUF(OP_ENCODED_MAX);
	part->sealed = HF_BUF(OP_CRYPTO_RESULT_MAX + AEAD_OVERHEAD);
	hf_id_new("cop", part->id);
	s = seal_op(p->core, op, part->id, &part->op);
	if (hf_ok(s))
		return;
	hf_buf_clear(&part->op);
	if (s.code == HF_TOOBIG)
		fail(part, OP_FAILED, s.code,
		     "keys of a pool of drivers take up to 60 KB of data at once: use several "
		     "pieces");
	else
		fail(part, OP_RETRY, s.code, "out of memory");
}

void pool_submit(const struct core *core, struct backend_call *call)
{
	struct pool_call *p = calloc(1, sizeof(*p) + call->n_ops * sizeof(p->parts[0]));

	if (!p)
		abort(); /* as in end() */
	p->core = core;
	p->call = call;
	p->until_ms = hf_mono_ms() + patience(call);
	p->n = call->n_ops;
	for (size_t i = 0; i < p->n; i++)
		prepare(p, &p->parts[i], &call->ops[i]);
	p->task = (struct db_task){ .run = add_run, .done = added, .durability = DB_RELAXED };
	if (!hf_ok(db_work_submit(core->writer, &p->task)))
		added(&p->task, HF_FAILURE(HF_BUSY));
}

/* ---- what nobody took */

static hf_status forget_run(struct db_task *task, struct db *db)
{
	return crypto_result_rows_forget(db, hf_wall_ms() - POOL_KEEP_MS);
}

static void forgotten(struct db_task *task, hf_status s)
{
	if (!hf_ok(s))
		HF_WARN("old results of operations stay for now",
		        HF_KS("code", hf_code_name(s.code)));
	free(task);
}

void pool_tick(const struct core *core)
{
	static _Atomic int64_t next_ms; /* one process, one server */
	int64_t now = hf_mono_ms(), due = atomic_load(&next_ms);
	struct db_task *f;

	if (now < due || !atomic_compare_exchange_strong(&next_ms, &due, now + FORGET_EVERY_MS))
		return;
	f = calloc(1, sizeof(*f));
	if (!f)
		return;
	*f = (struct db_task){ .run = forget_run, .done = forgotten, .durability = DB_RELAXED };
	if (!hf_ok(db_work_submit(core->writer, f)))
		free(f);
}
