/* SPDX-License-Identifier: Apache-2.0
 * Three sides: lookups with a worker of their own, so that none waits for a commit, and puts and
 * spent actions, which share one.
 * Of each at most one batch is away; what the worker touches is the batch's until it is back. */
#include "keydb/front_inside.h"

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
	PATIENCE_MS = 2000,
	TRY_MS = 200,  /* between two looks whether the database is back */
	LATE_MS = 500, /* a batch that is away for longer: nothing more should be begun */
	CACHE_KIB = 1024,
};

static void append(struct asks *l, struct ask *a)
{
	a->next = NULL;
	*l->last = a;
	l->last = &a->next;
	l->n++;
}

static struct ask *pop(struct asks *l)
{
	struct ask *a = l->first;

	if (!a)
		return NULL;
	l->first = a->next;
	if (!l->first)
		l->last = &l->first;
	l->n--;
	return a;
}

static void prepend(struct asks *l, struct ask *a)
{
	a->next = l->first;
	if (!l->first)
		l->last = &a->next;
	l->first = a;
	l->n++;
}

static void ask_free(struct ask *a)
{
	hf_buf_done(&a->record);
	hf_buf_done(&a->stored);
	free(a);
}

static void lower(int *timeout_ms, int64_t to)
{
	if (to < 0)
		to = 0;
	if (*timeout_ms < 0 || to < *timeout_ms)
		*timeout_ms = to < 1000000 ? (int)to : 1000000;
}

static void answer(struct side *s, struct ask *a, hf_status status, const char *why)
{
	struct keydb_answer answer = {
		.tag = a->tag,
		.to = a->drop ? KEYDB_DROP : s->kind,
		.status = status,
		.why = why,
		.record = &a->record,
		.stored = hf_buf_span(&a->stored),
	};

	s->answered++;
	s->front->config.answered(s->front->config.ctx, &answer);
}

/* The database has spoken of this one. */
static void answer_known(struct side *s, struct ask *a)
{
	struct keydb_get get = { .key_id = a->key_id, .status = a->status };
	struct hf_err err = { 0 };

	if (s->kind == KEYDB_GET && !hf_ok(a->status))
		keydb_get_explain(&get, &err);
	else if (s->kind == KEYDB_SPEND && a->status.code == HF_EXISTS)
		snprintf(err.text, sizeof(err.text), "this user action has been used");
	else if (s->kind == KEYDB_SPEND && a->status.code == HF_TIMEOUT)
		snprintf(err.text, sizeof(err.text),
		         "this user action is older than what is remembered of used ones");
	else if (a->drop && a->status.code == HF_NOTFOUND)
		snprintf(err.text, sizeof(err.text), "there is no record of this key (any more)");
	else if (!hf_ok(a->status) && a->status.code != HF_EXISTS)
		snprintf(err.text, sizeof(err.text), "the record cannot be stored: %s",
		         hf_code_name(a->status.code));
	answer(s, a, a->status, err.text);
}

static const char *cannot(enum keydb_ask kind)
{
	switch (kind) {
	case KEYDB_GET:
		return "keys cannot be looked up";
	case KEYDB_PUT:
	case KEYDB_DROP:
		return "new keys cannot be stored";
	case KEYDB_SPEND:
		break;
	}
	return "used user actions cannot be stored";
}

static void note_well(struct side *s, int64_t now)
{
	s->well = hf_ok(s->status);
	if (s->well) {
		s->problem[0] = 0;
		return;
	}
	s->try_at_ms = now + TRY_MS;
	if (s->status.code == HF_BUSY && !s->engine[0])
		snprintf(s->engine, sizeof(s->engine), "no connection to the database");
	snprintf(s->problem, sizeof(s->problem), "%s: %s", cannot(s->kind),
	         s->engine[0] ? s->engine : hf_code_name(s->status.code));
}

/* What comes back from a database that cannot be used, waits again, at its old place. */
static void collect(struct side *s, int64_t now)
{
	struct ask *list[BATCH_MAX];
	size_t n = s->n;

	if (!s->away || !atomic_load(&s->back))
		return;
	for (size_t i = 0; i < n; i++)
		list[i] = s->list[i];
	s->n = 0;
	s->away = false;
	s->batches += n > 0;
	note_well(s, now);
	for (size_t i = n; i-- > 0;)
		if (list[i]->dropped)
			ask_free(list[i]);
		else if (!s->well)
			prepend(&s->waiting, list[i]);
	for (size_t i = 0; i < n && s->well; i++) {
		if (list[i]->dropped)
			continue;
		answer_known(s, list[i]);
		ask_free(list[i]);
	}
}

static void expire(struct side *s, int64_t now)
{
	struct ask *a;
	char why[300];

	snprintf(why, sizeof(why), "%s",
	         s->problem[0] ? s->problem : "the database of wrapped keys does not answer");
	while ((a = s->waiting.first) != NULL && (a->until_ms <= now || s->front->stopping)) {
		pop(&s->waiting);
		answer(s, a, HF_FAILURE(HF_BUSY), why);
		ask_free(a);
	}
	/* Whoever looks for a key need not hear of it any more, nor does a job that may ask again
	 * to spend its action; what became of a new key must be known. */
	for (size_t i = 0; i < s->n && s->away && s->kind != KEYDB_PUT; i++) {
		a = s->list[i];
		if (a->dropped || a->until_ms > now)
			continue;
		a->dropped = true;
		answer(s, a, HF_FAILURE(HF_BUSY), why);
	}
}

static void hand_over(struct side *s, int64_t now)
{
	bool look = !s->well && now >= s->try_at_ms;
	hf_status status;

	if (s->away || s->front->stopping || (s->well ? !s->waiting.first : !look))
		return;
	while (s->n < BATCH_MAX && s->waiting.first)
		s->list[s->n++] = pop(&s->waiting);
	s->engine[0] = 0;
	s->since_ms = now;
	s->away = true;
	atomic_store(&s->back, false);
	s->task =
	        (struct db_task){ .run = front_run, .done = front_done, .durability = DB_DURABLE };
	status = db_work_submit(s->work, &s->task);
	if (hf_ok(status))
		return; /* it may be back already */
	s->status = status;
	atomic_store(&s->back, true);
}

static void when_next(const struct side *s, int64_t now, int *timeout_ms)
{
	if (s->waiting.first)
		lower(timeout_ms, s->waiting.first->until_ms - now);
	if (s->away && s->kind != KEYDB_PUT && s->n > 0 && !s->list[s->n - 1]->dropped)
		lower(timeout_ms, s->list[0]->dropped ? TRY_MS : s->list[0]->until_ms - now);
	if (s->away && now < s->since_ms + LATE_MS)
		lower(timeout_ms, s->since_ms + LATE_MS - now);
	if (s->away && atomic_load(&s->back))
		lower(timeout_ms, 0);
	if (!s->away && !s->well)
		lower(timeout_ms, s->try_at_ms - now);
}

static void step_side(struct side *s, int64_t now)
{
	collect(s, now);
	expire(s, now);
	hand_over(s, now);
}

void keydb_front_step(struct keydb_front *f, int *timeout_ms)
{
	int64_t now = hf_mono_ms();
	eventfd_t ignored;

	if (atomic_load(&f->get.back) || atomic_load(&f->put.back) || atomic_load(&f->spend.back))
		if (eventfd_read(f->event, &ignored) < 0)
			ignored = 0; /* somebody's wake-up is still to come: nothing is lost */
	step_side(&f->get, now);
	step_side(&f->put, now);
	step_side(&f->spend, now);
	when_next(&f->get, now, timeout_ms);
	when_next(&f->put, now, timeout_ms);
	when_next(&f->spend, now, timeout_ms);
}

static hf_status ask_new(struct keydb_front *f, void *tag, struct ask **ret)
{
	struct ask *a = calloc(1, sizeof(*a));

	HF_ENSURE(a, HF_NOMEM);
	a->tag = tag;
	a->record = a->stored = HF_BUF(RECORD_ENCODED_MAX);
	a->until_ms = hf_mono_ms() + f->config.patience_ms;
	*ret = a;
	return HF_SUCCESS;
}

hf_status keydb_front_get(struct keydb_front *f, const char *key_id, void *tag)
{
	struct ask *a;

	HF_ENSURE(strlen(key_id) < HF_ID_MAX, HF_TOOBIG);
	HF_TRY(ask_new(f, tag, &a));
	snprintf(a->key_id, sizeof(a->key_id), "%s", key_id);
	append(&f->get.waiting, a);
	return HF_SUCCESS;
}

hf_status keydb_front_put(struct keydb_front *f, struct hf_buf *record, void *tag)
{
	struct ask *a;
	hf_status s = ask_new(f, tag, &a);

	if (hf_ok(s)) {
		a->record = *record;
		append(&f->put.waiting, a);
		*record = HF_BUF(RECORD_ENCODED_MAX);
	}
	hf_buf_done(record);
	return s;
}

hf_status keydb_front_drop(struct keydb_front *f, const char *key_id, void *tag)
{
	struct ask *a;

	HF_ENSURE(strlen(key_id) < HF_ID_MAX, HF_TOOBIG);
	HF_TRY(ask_new(f, tag, &a));
	snprintf(a->key_id, sizeof(a->key_id), "%s", key_id);
	a->drop = true;
	append(&f->put.waiting, a);
	return HF_SUCCESS;
}

hf_status keydb_front_spend(struct keydb_front *f, const struct keydb_spend *spend, void *tag)
{
	struct ask *a;

	HF_TRY(ask_new(f, tag, &a));
	a->spend = *spend;
	append(&f->spend.waiting, a);
	return HF_SUCCESS;
}

int keydb_front_fd(const struct keydb_front *f)
{
	return f->event;
}

static void side_init(struct keydb_front *f, struct side *s, enum keydb_ask kind)
{
	s->front = f;
	s->kind = kind;
	s->well = true;
	s->waiting.last = &s->waiting.first;
}

static hf_status side_start(struct keydb_front *f, struct side *s, struct hf_err *err)
{
	struct db_work_config work = {
		.db = f->config.db,
		.write = s->kind != KEYDB_GET,
		.threads = 1,
		.patience_ms = f->config.patience_ms,
	};

	work.db.cache_kib = CACHE_KIB;
	return db_work_start(&work, &s->work, err);
}

hf_status keydb_front_start(const struct keydb_front_config *config, struct keydb_front **ret,
                            struct hf_err *err)
{
	struct keydb_front *f = calloc(1, sizeof(*f));
	hf_status s;

	HF_ENSURE(f, HF_NOMEM);
	f->config = *config;
	if (!f->config.patience_ms)
		f->config.patience_ms = PATIENCE_MS;
	side_init(f, &f->get, KEYDB_GET);
	side_init(f, &f->put, KEYDB_PUT);
	side_init(f, &f->spend, KEYDB_SPEND);
	f->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s = f->event >= 0 ? HF_SUCCESS : HF_FAILURE(HF_IO);
	if (hf_ok(s))
		s = side_start(f, &f->get, err);
	if (hf_ok(s))
		s = side_start(f, &f->put, err);
	f->spend.work = f->put.work;
	if (!hf_ok(s)) {
		keydb_front_stop(f);
		return s;
	}
	*ret = f;
	return HF_SUCCESS;
}

static void side_end(struct side *s)
{
	int64_t now = hf_mono_ms();

	collect(s, now);
	expire(s, now);
}

/* Keys that were made are kept. */
static void store_last(struct keydb_front *f)
{
	struct pollfd fd = { .fd = f->event, .events = POLLIN };
	int64_t until_ms = hf_mono_ms() + f->config.patience_ms;

	while ((f->put.waiting.first || f->put.away || f->spend.waiting.first || f->spend.away) &&
	       hf_mono_ms() < until_ms) {
		int timeout_ms = (int)(until_ms - hf_mono_ms());

		keydb_front_step(f, &timeout_ms);
		(void)poll(&fd, 1, timeout_ms);
	}
}

void keydb_front_stop(struct keydb_front *f)
{
	if (!f)
		return;
	if (f->get.work && f->put.work)
		store_last(f);
	f->stopping = true;
	if (f->get.work)
		db_work_stop(f->get.work); /* takes what it has to its end */
	if (f->put.work)
		db_work_stop(f->put.work);
	side_end(&f->get);
	side_end(&f->put);
	side_end(&f->spend);
	if (f->event >= 0)
		close(f->event);
	free(f);
}

void keydb_front_stats(const struct keydb_front *f, struct keydb_front_stats *ret)
{
	const int64_t now = hf_mono_ms();
	const struct side *get = &f->get, *put = &f->put, *spend = &f->spend;
	bool late = get->away && now - get->since_ms > LATE_MS;
	const char *problem = get->problem[0]   ? get->problem
	                      : late            ? "lookups of keys are not answered"
	                      : put->problem[0] ? put->problem
	                                        : spend->problem;

	*ret = (struct keydb_front_stats){
		.asked = get->waiting.n + get->n + put->waiting.n + put->n + spend->waiting.n +
		         spend->n,
		.readable = get->well && !late,
		.writable = put->well && spend->well &&
		            !(put->away && now - put->since_ms > 4 * LATE_MS),
		.lookups = get->answered,
		.puts = put->answered,
		.spends = spend->answered,
		.lookup_batches = get->batches,
		.put_batches = put->batches,
	};
	if (!problem[0] && !ret->writable)
		problem = "new keys are not stored: the commit takes long";
	snprintf(ret->problem, sizeof(ret->problem), "%s", problem);
}
