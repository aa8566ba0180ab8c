/* SPDX-License-Identifier: Apache-2.0
 * A batch, on a worker's thread. */
#include "keydb/front_inside.h"

#include "base/clock.h"

#include <stdio.h>
#include <sys/eventfd.h>

/* On the worker's thread. */
static hf_status look_up(struct side *s, struct db *db)
{
	struct keydb_get gets[BATCH_MAX];
	hf_status all;

	if (s->n == 0)
		return keydb_try_read(db);
	for (size_t i = 0; i < s->n; i++) {
		hf_buf_clear(&s->list[i]->record); /* of a first run */
		gets[i] = (struct keydb_get){ .key_id = s->list[i]->key_id,
			                      .record = s->list[i]->record };
	}
	all = keydb_get_all(db, gets, s->n);
	for (size_t i = 0; i < s->n; i++) {
		s->list[i]->record = gets[i].record;
		s->list[i]->status = gets[i].status;
	}
	return all;
}

static hf_status drop(struct side *s, struct db *db)
{
	for (size_t i = 0; i < s->n; i++) {
		struct ask *a = s->list[i];

		if (!a->drop)
			continue;
		a->status = keydb_drop(db, a->key_id);
		HF_ENSURE(hf_ok(a->status) || a->status.code == HF_NOTFOUND, a->status.code);
	}
	return HF_SUCCESS;
}

/* On the worker's thread, inside the transaction. The records stay what they are until the commit
 * is known: another run may follow. */
static hf_status store(struct side *s, struct db *db)
{
	struct keydb_put puts[BATCH_MAX];
	struct ask *of[BATCH_MAX];
	hf_status all;
	size_t n = 0;

	if (s->n == 0)
		return keydb_try_write(db);
	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i]->drop)
			continue;
		puts[n] = (struct keydb_put){ .record = hf_buf_span(&s->list[i]->record) };
		of[n++] = s->list[i];
	}
	all = n ? keydb_put_all(db, puts, n) : HF_SUCCESS;
	for (size_t i = 0; i < n; i++) {
		of[i]->status = puts[i].status;
		hf_buf_done(&of[i]->stored);
		of[i]->stored = puts[i].stored;
	}
	return hf_ok(all) ? drop(s, db) : all;
}

/* On the worker's thread, inside the transaction. Old ones go as new ones come, twice as fast. */
static hf_status spend(struct side *s, struct db *db)
{
	const int64_t age = s->front->config.spent_age_ms;
	struct keydb_spend spends[BATCH_MAX];

	if (s->n == 0)
		return keydb_try_write(db);
	for (size_t i = 0; i < s->n; i++)
		spends[i] = s->list[i]->spend;
	HF_TRY(keydb_spend_all(db, spends, s->n));
	for (size_t i = 0; i < s->n; i++)
		s->list[i]->status = spends[i].status;
	return age ? keydb_spent_forget(db, hf_wall_ms() - age, 2 * s->n + 1) : HF_SUCCESS;
}

static hf_status run_batch(struct side *s, struct db *db)
{
	switch (s->kind) {
	case KEYDB_GET:
		return look_up(s, db);
	case KEYDB_PUT:
		return store(s, db);
	case KEYDB_SPEND:
		return spend(s, db);
	case KEYDB_DROP: /* among the puts */
		break;
	}
	return HF_FAILURE(HF_INTERNAL);
}

hf_status front_run(struct db_task *task, struct db *db)
{
	struct side *s = (struct side *)task; /* its first member */
	hf_status all = run_batch(s, db);

	if (!hf_ok(all))
		snprintf(s->engine, sizeof(s->engine), "%s", db_error(db));
	return all;
}

void front_done(struct db_task *task, hf_status status)
{
	struct side *s = (struct side *)task;
	int event = s->front->event;

	s->status = status;
	atomic_store(&s->back, true); /* the side is the owner's from here on */
	if (eventfd_write(event, 1) < 0)
		return; /* full of wake-ups: as good */
}
