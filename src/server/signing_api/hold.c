/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/hold.h"

#include "base/clock.h"

#include <stdio.h>

/* News is looked for this often in any case: a word of another server that was lost is only late.
 */
#define LOOK_EVERY_MS 1000

static void woken(struct waiter *w, enum waiter_reason reason);

static void wait_again(struct hold *h)
{
	int64_t next = hf_mono_ms() + LOOK_EVERY_MS;

	h->waiter.fn = woken;
	h->waiter.told = false;
	h->waiter.deadline_ms = next < h->until_ms ? next : h->until_ms;
	waiters_add(h->call.api->core->waiters, &h->waiter);
}

static hf_status run_look(struct db_task *task, struct db *db)
{
	struct hold *h = (struct hold *)task;

	hf_buf_clear(&h->call.out);
	return h->look(h, db);
}

static void looked(struct db_task *task, hf_status s)
{
	struct hold *h = (struct hold *)task;

	if (s.code == HF_BUSY && !h->last)
		wait_again(h); /* what was accepted stays accepted while the database is away */
	else if (s.code == HF_BUSY)
		call_fail_with(&h->call, 503,
		               "the request was accepted, but the database cannot be read at the "
		               "moment: look for it before you repeat it",
		               HF_SPAN(NULL, 0));
	else if (!hf_ok(s))
		call_fail(&h->call, s);
	else if (h->settled || h->last)
		h->answer(h);
	else
		wait_again(h);
}

static void woken(struct waiter *w, enum waiter_reason reason)
{
	struct hold *h = (struct hold *)((char *)w - offsetof(struct hold, waiter));

	if (reason == WAITER_WOKEN && w->told && h->hear) {
		hf_buf_clear(&h->call.out);
		h->hear(h);
		h->answer(h);
		return;
	}
	h->last = reason == WAITER_RELEASED || hf_mono_ms() >= h->until_ms;
	call_read(&h->call, run_look, looked);
}

static void begin(struct hold *h, const char *subject_id, int wait_ms)
{
	snprintf(h->waiter.subject_id, sizeof(h->waiter.subject_id), "%s", subject_id);
	h->until_ms = hf_mono_ms() + wait_ms;
}

void hold_for(struct hold *h, const char *subject_id, int wait_ms)
{
	begin(h, subject_id, wait_ms);
	wait_again(h);
}

void hold_for_existing(struct hold *h, const char *subject_id, int wait_ms)
{
	begin(h, subject_id, wait_ms);
	call_read(&h->call, run_look, looked);
}
