/* SPDX-License-Identifier: Apache-2.0
 * Three sides: lookups with a worker of their own, so that none waits for a commit, and puts and
 * spent actions, which share one. */
#include "keydb/front_inside.h"

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

enum { PATIENCE_MS = 2000 };

void keydb_front_step(struct keydb_front *f, int *timeout_ms)
{
	int64_t now = hf_mono_ms();
	eventfd_t ignored;

	if (atomic_load(&f->get.back) || atomic_load(&f->put.back) || atomic_load(&f->spend.back))
		if (eventfd_read(f->event, &ignored) < 0)
			ignored = 0; /* somebody's wake-up is still to come: nothing is lost */
	side_step(&f->get, now);
	side_step(&f->put, now);
	side_step(&f->spend, now);
	side_when_next(&f->get, now, timeout_ms);
	side_when_next(&f->put, now, timeout_ms);
	side_when_next(&f->spend, now, timeout_ms);
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
	side_ask(&f->get, a);
	return HF_SUCCESS;
}

hf_status keydb_front_put(struct keydb_front *f, struct hf_buf *record, void *tag)
{
	struct ask *a;
	hf_status s = ask_new(f, tag, &a);

	if (hf_ok(s)) {
		a->record = *record;
		side_ask(&f->put, a);
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
	side_ask(&f->put, a);
	return HF_SUCCESS;
}

hf_status keydb_front_spend(struct keydb_front *f, const struct keydb_spend *spend, void *tag)
{
	struct ask *a;

	HF_TRY(ask_new(f, tag, &a));
	a->spend = *spend;
	side_ask(&f->spend, a);
	return HF_SUCCESS;
}

int keydb_front_fd(const struct keydb_front *f)
{
	return f->event;
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
	bool late = get->away && now - get->since_ms > SIDE_LATE_MS;
	const char *problem = get->problem[0]   ? get->problem
	                      : late            ? "lookups of keys are not answered"
	                      : put->problem[0] ? put->problem
	                                        : spend->problem;

	*ret = (struct keydb_front_stats){
		.asked = get->waiting.n + get->n + put->waiting.n + put->n + spend->waiting.n +
		         spend->n,
		.readable = get->well && !late,
		.writable = put->well && spend->well &&
		            !(put->away && now - put->since_ms > 4 * SIDE_LATE_MS),
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
