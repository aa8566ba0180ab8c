/* SPDX-License-Identifier: Apache-2.0
 * One side of the front: what was asked waits, goes to the worker in batches, and comes back to be
 * answered. On the owner's thread. */
#include "keydb/front_inside.h"

#include "base/clock.h"

#include <stdio.h>

enum {
	TRY_MS = 200, /* between two looks whether the database is back */
	CACHE_KIB = 1024,
};

void side_ask(struct side *s, struct ask *a)
{
	a->next = NULL;
	*s->waiting.last = a;
	s->waiting.last = &a->next;
	s->waiting.n++;
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

void side_when_next(const struct side *s, int64_t now, int *timeout_ms)
{
	if (s->waiting.first)
		lower(timeout_ms, s->waiting.first->until_ms - now);
	if (s->away && s->kind != KEYDB_PUT && s->n > 0 && !s->list[s->n - 1]->dropped)
		lower(timeout_ms, s->list[0]->dropped ? TRY_MS : s->list[0]->until_ms - now);
	if (s->away && now < s->since_ms + SIDE_LATE_MS)
		lower(timeout_ms, s->since_ms + SIDE_LATE_MS - now);
	if (s->away && atomic_load(&s->back))
		lower(timeout_ms, 0);
	if (!s->away && !s->well)
		lower(timeout_ms, s->try_at_ms - now);
}

void side_step(struct side *s, int64_t now)
{
	collect(s, now);
	expire(s, now);
	hand_over(s, now);
}

void side_init(struct keydb_front *f, struct side *s, enum keydb_ask kind)
{
	s->front = f;
	s->kind = kind;
	s->well = true;
	s->waiting.last = &s->waiting.first;
}

hf_status side_start(struct keydb_front *f, struct side *s, struct hf_err *err)
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

void side_end(struct side *s)
{
	int64_t now = hf_mono_ms();

	collect(s, now);
	expire(s, now);
}
