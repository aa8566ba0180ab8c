/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/call_audit.h"

#include "server/core/audit/audit.h"
#include "server/crypto_api/call_inside.h"
#include "server/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define WRITTEN_AT_ONCE 256
#define WAITING_MAX 16384

struct entries {
	struct db_task task; /* first; one at a time */
	const struct core *core;
	pthread_mutex_t lock; /* all below */
	bool writing;
	size_t n_waiting;
	struct crypto_call *waiting, **end;
	struct crypto_call *written[WRITTEN_AT_ONCE]; /* of the task */
	size_t n_written;
};

hf_status entries_new(const struct core *core, struct entries **ret)
{
	struct entries *e = calloc(1, sizeof(*e));

	HF_ENSURE(e, HF_NOMEM);
	pthread_mutex_init(&e->lock, NULL);
	e->core = core;
	e->end = &e->waiting;
	*ret = e;
	return HF_SUCCESS;
}

void entries_free(struct entries *e)
{
	if (!e)
		return;
	pthread_mutex_destroy(&e->lock);
	free(e);
}

static const char *outcome_of(const struct crypto_call *c)
{
	if (c->reason)
		return c->status == 401 || c->status == 403 ? "Denied" : "Failed";
	return c->outcome ? c->outcome : "Accepted";
}

static hf_status add(const struct crypto_call *c, struct db *db)
{
	const struct principal *who = c->who;
	char address[64];
	const struct audit_entry e = {
		.org_id = who->org_id,
		.identity_id = who->identity_id,
		.name = who->name,
		.token_id = who->session_id,
		.operation = c->route->name,
		.method = crypto_call_method(c),
		.path = c->path,
		.subject_id = c->subject_id,
		.group_id = c->group_id,
		.count = c->count,
		.outcome = outcome_of(c),
		.status = c->status,
		.reason = c->reason,
		.address = address,
		.now_ms = c->now_ms,
	};

	crypto_call_address(c, address, sizeof(address));
	return audit_add(db, &e);
}

hf_status crypto_call_audit(struct crypto_call *c, struct db *db)
{
	if (!c->who)
		return HF_SUCCESS;
	HF_TRY(add(c, db));
	c->entered = true;
	return HF_SUCCESS;
}

/* Too many requests, what is not here, and a database that is away say nothing about what was done.
 */
static bool is_entered(const struct crypto_call *c, const char *reason)
{
	if (!reason)
		return c->route->flags & ROUTE_AUDITED;
	if (c->status == 429 || c->status == 501 || c->status == 503)
		return false;
	return c->route->flags & ROUTE_AUDITED || c->status == 401 || c->status == 403;
}

static hf_status run(struct db_task *task, struct db *db)
{
	struct entries *e = (struct entries *)task;

	for (size_t i = 0; i < e->n_written; i++)
		HF_TRY(add(e->written[i], db));
	return HF_SUCCESS;
}

static void withhold(struct crypto_call *c)
{
	hf_buf_clear(&c->out);
	c->entered = true;
	crypto_call_fail_with(c, 503,
	                      "the audit log cannot be written, and nothing is given out without "
	                      "its entry: try again");
}

static void finish(struct crypto_call *c, hf_status s)
{
	struct audit_counts *counts = audit_counts(c->api->core->audit);

	hf_count(hf_ok(s) ? &counts->entries : &counts->dropped, 1);
	if (hf_ok(s) || c->reason)
		c->then(c);
	else
		withhold(c);
}

static void begin(struct entries *e);

static void done(struct db_task *task, hf_status s)
{
	struct entries *e = (struct entries *)task;
	struct crypto_call *written[WRITTEN_AT_ONCE];
	size_t n = e->n_written;

	for (size_t i = 0; i < n; i++)
		written[i] = e->written[i];
	begin(e); /* the next ones first: `e` is another's from here on */
	for (size_t i = 0; i < n; i++)
		finish(written[i], s);
}

/* Takes what waits; nobody writes when that is nothing. */
static bool take(struct entries *e)
{
	bool any;

	pthread_mutex_lock(&e->lock);
	for (e->n_written = 0; e->waiting && e->n_written < WRITTEN_AT_ONCE; e->n_waiting--) {
		e->written[e->n_written++] = e->waiting;
		e->waiting = e->waiting->next_entry;
	}
	if (!e->waiting)
		e->end = &e->waiting;
	any = e->writing = e->n_written > 0;
	pthread_mutex_unlock(&e->lock);
	return any; /* if not, it may be somebody else's task already */
}

static void begin(struct entries *e)
{
	while (take(e)) {
		struct crypto_call *refused[WRITTEN_AT_ONCE];
		size_t n = e->n_written;
		hf_status s;

		for (size_t i = 0; i < n; i++)
			refused[i] = e->written[i];
		e->task = (struct db_task){
			.run = run,
			.done = done,
			.durability = core_use_durability(e->core),
		};
		s = db_work_submit(e->core->writer, &e->task);
		if (hf_ok(s))
			return;
		for (size_t i = 0; i < n; i++)
			finish(refused[i], s);
	}
}

static bool append(struct entries *e, struct crypto_call *c, bool *ret_first)
{
	bool fits;

	pthread_mutex_lock(&e->lock);
	fits = e->n_waiting < WAITING_MAX;
	if (fits) {
		c->next_entry = NULL;
		*e->end = c;
		e->end = &c->next_entry;
		e->n_waiting++;
		*ret_first = !e->writing;
		e->writing = true;
	}
	pthread_mutex_unlock(&e->lock);
	return fits;
}

bool crypto_call_enter(struct crypto_call *c, const char *reason,
                       void (*then)(struct crypto_call *c))
{
	struct entries *e = c->api->entries;
	bool first;

	if (c->entered || !is_entered(c, reason))
		return false;
	c->entered = true;
	if (!reason && (c->unlogged || (c->inner && c->inner->quiet)))
		return false;
	if (!c->who) {
		hf_count(&audit_counts(e->core->audit)->unknown_callers, 1);
		return false;
	}
	c->reason = reason;
	c->then = then;
	if (!append(e, c, &first)) {
		finish(c, HF_FAILURE(HF_BUSY));
		return true;
	}
	if (first)
		begin(e);
	return true;
}
