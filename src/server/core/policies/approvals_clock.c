/* SPDX-License-Identifier: Apache-2.0
 * Time ends approvals, too. */
#include "base/clock.h"
#include "base/log.h"
#include "db/work.h"
#include "server/core/policies/approval_end.h"
#include "server/core/audit/audit.h"

#include <stdio.h>

#define EVERY_MS 1000
#define AT_ONCE 100

struct approvals_clock {
	struct db_task task; /* first */
	atomic_bool running;
	int64_t next_ms; /* monotonic */
};

struct expiring {
	struct db *db;
	int64_t now_ms;
};

static hf_status expire_one(void *ctx, const struct approval_row *row)
{
	static const char reason[] = "nobody decided in time";
	const struct expiring *e = ctx;
	const struct audit_entry entry = {
		.org_id = row->org_id,
		.operation = "Policies:Approvals:Expire",
		.subject_id = row->id,
		.outcome = approval_status_name(APPROVAL_EXPIRED),
		.reason = reason,
		.now_ms = e->now_ms,
	};

	HF_TRY(approval_end(NULL, e->db, row, APPROVAL_EXPIRED, reason, e->now_ms));
	return audit_add(e->db, &entry);
}

hf_status approvals_expire(struct db *db, int64_t now_ms)
{
	struct expiring e = { db, now_ms };

	return approval_rows_overdue(db, AT_ONCE, expire_one, &e);
}

hf_status approvals_clock_new(struct approvals_clock **ret)
{
	struct approvals_clock *c = calloc(1, sizeof(*c));

	HF_ENSURE(c, HF_NOMEM);
	*ret = c;
	return HF_SUCCESS;
}

void approvals_clock_free(struct approvals_clock *c)
{
	free(c);
}

static hf_status run(struct db_task *task, struct db *db)
{
	return approvals_expire(db, hf_wall_ms());
}

static void done(struct db_task *task, hf_status s)
{
	struct approvals_clock *c = (struct approvals_clock *)task;

	if (!hf_ok(s) && s.code != HF_BUSY && s.code != HF_CLOSED)
		HF_ERROR("approvals whose time is over could not be ended",
		         HF_KS("reason", hf_code_name(s.code)));
	atomic_store(&c->running, false);
}

void approvals_clock_tick(struct approvals_clock *c, struct db_work *writer)
{
	int64_t now = hf_mono_ms();

	if (now < c->next_ms || atomic_exchange(&c->running, true))
		return;
	c->next_ms = now + EVERY_MS;
	/* What is lost in a power cut is over time again. */
	c->task = (struct db_task){ .run = run, .done = done, .durability = DB_RELAXED };
	if (!hf_ok(db_work_submit(writer, &c->task)))
		atomic_store(&c->running, false);
}
