/* SPDX-License-Identifier: Apache-2.0
 *
 *   begin ──► LIST ──► LIST ──► LIST ──► LIST ──► (what was put off) ──► end
 *                └► store  └►── store ──┘
 *
 * Pages are stored while the next are listed, several in one transaction. Whatever calls back, from
 * whichever thread, says what came of it and decides what is next within one hold of the lock; what
 * it then has to do keeps the scan alive, and whoever has nothing to do does not touch it again. */
#include "server/core/objects/scan.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/core/backends/backend.h"
#include "server/core/objects/object.h"
#include "server/core/objects/scan_pages.h"
#include "server/store/group_rows.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define RESTARTS_MAX 2 /* of the listing */

struct scan {
	struct db_task task; /* first */
	const struct core *core;
	struct scan_ask ask;
	char creator[HF_ID_MAX];
	struct scan_row row;
	int64_t began_ms; /* hf_mono_ms() */
	struct known_keys known;
	struct scan_warnings warnings;
	struct crypto_op op;
	struct backend_call call;
	pthread_mutex_t lock;
	/* ---- under the lock */
	bool listing; /* a LIST is under way */
	struct scan_pages pages;
	struct scan_page *storing; /* and those behind it */
	uint64_t cursor;           /* of the next LIST; 0: none */
	bool listed;               /* to its end */
	unsigned restarts;
	hf_status failed;
	struct hf_err err;
	int64_t total, arrived, done; /* keys */
};

/* What is next. */
struct next {
	bool list, store, end;
};

static void scan_free(struct scan *s)
{
	scan_pages_forget(&s->pages);
	scan_chain_free(s->storing);
	known_keys_done(&s->known);
	scan_warnings_done(&s->warnings);
	group_unref(s->ask.group);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static struct next decide(struct scan *s);
static void act(struct scan *s, const struct next *next);

static void submit(struct scan *s, enum db_durability durability,
                   hf_status (*run)(struct db_task *, struct db *),
                   void (*done)(struct db_task *, hf_status))
{
	hf_status status;

	s->task = (struct db_task){ .run = run, .done = done, .durability = durability };
	status = db_work_submit(s->core->writer, &s->task);
	if (!hf_ok(status))
		done(&s->task, status);
}

/* The first failure counts. Under the lock, or before anything runs. */
static void fail_locked(struct scan *s, hf_status status, const char *words)
{
	if (!hf_ok(s->failed) || hf_ok(status))
		return;
	s->failed = hf_fail(&s->err, status.code, "%s", *words ? words : hf_code_name(status.code));
}

/* ---- the end */

static hf_status mark_missing(struct scan *s, struct db *db)
{
	for (struct known_key *k = s->known.all; k; k = k->next_of_all)
		if (!k->found && !k->created && !k->making && !k->destroyed && !k->missing)
			HF_TRY(object_row_missing(db, k->id, true));
	return HF_SUCCESS;
}

static void warn_of_missing(struct scan *s)
{
	for (struct known_key *k = s->known.all; k; k = k->next_of_all)
		if (!k->found && !k->created && !k->making && !k->destroyed)
			scan_warn(&s->warnings, k->id,
			          "the HSM does not have this key any more: the virtual key stays "
			          "and cannot be used until the HSM has it again");
}

static void warn_of_left_out(struct scan *s)
{
	if (s->total > s->done)
		scan_warn(&s->warnings, NULL,
		          "%" PRId64
		          " of the slot's keys are left out: of a type, a curve or a size "
		          "that is not known here, or the token cannot describe them",
		          s->total - s->done);
}

static hf_status run_end(struct db_task *task, struct db *db)
{
	struct scan *s = (struct scan *)task;

	if (!s->row.failed)
		HF_TRY(mark_missing(s, db));
	return scan_row_end(db, &s->row);
}

static void ended(struct db_task *task, hf_status status)
{
	struct scan *s = (struct scan *)task;

	if (!hf_ok(status) && hf_ok(s->failed))
		fail_locked(s, status,
		            status.code == HF_NOTFOUND
		                    ? "the scan was taken for dead by another server"
		                    : "");
	if (!hf_ok(s->failed))
		HF_WARN("the keys of a slot could not be synchronised",
		        HF_KS("group", s->ask.group->name), HF_KS("reason", s->err.text));
	s->ask.ended(s->ask.ctx, s->failed, &s->err);
	scan_free(s);
}

static void finish(struct scan *s)
{
	if (hf_ok(s->failed)) {
		warn_of_left_out(s);
		warn_of_missing(s);
	}
	s->row.total = s->total;
	s->row.done = s->done;
	s->row.failed = !hf_ok(s->failed);
	s->row.message = s->row.failed ? s->err.text : NULL;
	s->row.warnings = scan_warnings_text(&s->warnings);
	submit(s, core_durability(s->core), run_end, ended);
}

/* ---- storing */

static hf_status run_store(struct db_task *task, struct db *db)
{
	struct scan *s = (struct scan *)task;

	HF_TRY(scan_row_beat(db, s->row.id, s->row.total, s->row.done, s->row.created));
	for (struct scan_page *p = s->storing; p; p = p->next)
		HF_TRY(scan_page_store(p, db));
	return HF_SUCCESS;
}

/* Together with it, or right after. */
static bool is_disabled(const struct scan_page *chain, const char *id)
{
	for (const struct scan_page *p = chain; p; p = p->next)
		for (size_t i = 0; i < p->n_updates; i++)
			if (p->updates[i].disable && strcmp(p->updates[i].id, id) == 0)
				return true;
	return false;
}

static void tell_created(struct scan *s, struct scan_page *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!p->inserted[i])
			continue;
		if (is_disabled(s->storing, p->rows[i].id))
			p->rows[i].enabled = false;
		s->row.created++;
		if (s->ask.created)
			s->ask.created(s->ask.ctx, &p->rows[i]);
	}
	for (size_t i = 0; i < p->n_updates; i++)
		objects_forget(s->core->objects, p->updates[i].id);
}

static void stored(struct db_task *task, hf_status status)
{
	struct scan *s = (struct scan *)task;
	struct next next;

	for (struct scan_page *p = s->storing; p && hf_ok(status); p = p->next)
		tell_created(s, p);
	pthread_mutex_lock(&s->lock);
	fail_locked(s, status,
	            status.code == HF_NOTFOUND ? "the scan was taken for dead by another server"
	                                       : "");
	scan_chain_free(hf_take(s->storing));
	next = decide(s);
	pthread_mutex_unlock(&s->lock);
	act(s, &next);
}

/* ---- listing */

static hf_status took_page(struct scan *s, struct scan_page *page, const struct crypto_result *r)
{
	s->arrived += (int64_t)page->n_keys;
	if (s->arrived > (s->ask.keys_max ? s->ask.keys_max : SCAN_KEYS_MAX) ||
	    hf_mono_ms() - s->began_ms > SCAN_LONGEST_MS) {
		scan_page_free(page);
		return HF_FAILURE(HF_TOOBIG);
	}
	scan_pages_arrived(&s->pages, page);
	s->cursor = r->cursor;
	s->listed = r->cursor == 0;
	s->total = r->total;
	return HF_SUCCESS;
}

/* The slot has lost its place in the list, or whatever listed there has died. */
static bool may_restart(const struct scan *s, hf_status why)
{
	return (why.code == HF_STATE || why.code == HF_IO) && s->restarts < RESTARTS_MAX;
}

/* From the start, past what is known by now. */
static void restart(struct scan *s, const char *why)
{
	HF_INFO("the keys of a slot are listed from the start again",
	        HF_KS("group", s->ask.group->name), HF_KS("reason", why));
	s->restarts++;
	s->cursor = 0;
	s->arrived = s->done = 0;
	scan_pages_forget(&s->pages);
	known_keys_forget(&s->known);
}

static void listing_ended(struct backend_call *call, const struct crypto_result *r)
{
	struct scan *s = call->ctx;
	struct scan_page *page = NULL;
	const char *words = "what the gateway gave as a list of keys is none";
	hf_status status;
	struct next next;

	if (r->outcome != OP_DONE) {
		status = HF_FAILURE(r->code == HF_OK ? HF_IO : r->code);
		words = r->text;
	} else {
		status = scan_page_read(r->list, s->ask.group, s->creator, hf_wall_ms(), &page);
	}
	pthread_mutex_lock(&s->lock);
	s->listing = false;
	if (hf_ok(status)) {
		status = took_page(s, page, r);
		words = "the gateway lists keys without end";
	}
	if (may_restart(s, status))
		restart(s, words);
	else
		fail_locked(s, status, words); /* if it is one */
	next = decide(s);
	pthread_mutex_unlock(&s->lock);
	act(s, &next);
}

static void list(struct scan *s)
{
	s->op = (struct crypto_op){ .kind = CRYPTO_LIST,
		                    .count = CRYPTO_LIST_MAX,
		                    .cursor = s->cursor };
	s->call = (struct backend_call){ .group = s->ask.group,
		                         .org_id = s->row.org_id,
		                         .ops = &s->op,
		                         .n_ops = 1,
		                         .done = listing_ended,
		                         .ctx = s };
	backend_submit(s->core, &s->call);
}

/* ---- what is next */

/* Into s->storing: what is to be stored next, if anything. */
static hf_status take_pages(struct scan *s)
{
	const struct page_sort how = { .known = &s->known,
		                       .warnings = &s->warnings,
		                       .segregation = s->ask.group->segregation };

	HF_TRY(scan_pages_take(&s->pages, s->listed, &how, &s->storing));
	for (const struct scan_page *p = s->storing; p; p = p->next)
		s->done += (int64_t)p->n_keys;
	return HF_SUCCESS;
}

static struct next decide(struct scan *s)
{
	struct next next = { 0 };

	if (!s->storing && hf_ok(s->failed)) {
		fail_locked(s, take_pages(s), "");
		next.store = s->storing != NULL;
	}
	if (!s->listing && !scan_pages_full(&s->pages) && !s->listed && hf_ok(s->failed))
		next.list = s->listing = true;
	next.end = !s->storing && !s->listing && (!hf_ok(s->failed) || s->listed);
	if (next.store) { /* for the row, which nobody changes while it is being written */
		s->row.total = s->total;
		s->row.done = s->done;
	}
	return next;
}

static void act(struct scan *s, const struct next *next)
{
	if (next->list)
		list(s);
	if (next->store) /* durable with the end, or with whatever is durable sooner */
		submit(s, DB_RELAXED, run_store, stored);
	if (next->end)
		finish(s);
}

/* ---- the beginning */

static hf_status run_begin(struct db_task *task, struct db *db)
{
	struct scan *s = (struct scan *)task;
	char other[HF_UUID_MAX];
	hf_status status;

	HF_TRY(group_row_lock(db, s->row.org_id, s->row.group_id));
	HF_TRY(scans_bury(db));
	status = scan_row_begin(db, &s->row, other);
	if (status.code == HF_EXISTS)
		return hf_fail(&s->err, HF_EXISTS,
		               "the keys of this group are being synchronised already: see scan %s",
		               other);
	HF_TRY(status);
	return known_keys_load(&s->known, db, s->row.group_id);
}

static void begun(struct db_task *task, hf_status status)
{
	struct scan *s = (struct scan *)task;
	struct next next;

	if (!hf_ok(status)) {
		if (s->err.code != status.code)
			s->err = (struct hf_err){ .code = status.code };
		s->ask.ended(s->ask.ctx, status, &s->err);
		scan_free(s);
		return;
	}
	if (s->ask.begun)
		s->ask.begun(s->ask.ctx, &s->row);
	pthread_mutex_lock(&s->lock);
	next = decide(s);
	pthread_mutex_unlock(&s->lock);
	act(s, &next);
}

void scan_start(const struct core *core, const struct scan_ask *ask)
{
	const struct hf_err short_of_memory = { .code = HF_NOMEM };
	struct scan *s = calloc(1, sizeof(*s));

	if (!s) {
		ask->ended(ask->ctx, HF_FAILURE(HF_NOMEM), &short_of_memory);
		return;
	}
	s->core = core;
	s->ask = *ask;
	s->ask.group = group_ref(ask->group);
	snprintf(s->creator, sizeof(s->creator), "%s", ask->creator ? ask->creator : "");
	s->began_ms = s->pages.taken_ms = hf_mono_ms();
	pthread_mutex_init(&s->lock, NULL);
	scan_warnings_begin(&s->warnings);
	s->row.is_async = ask->is_async;
	hf_uuid_new(s->row.id);
	snprintf(s->row.group_id, sizeof(s->row.group_id), "%s", ask->group->id);
	snprintf(s->row.org_id, sizeof(s->row.org_id), "%s", ask->group->org_id);
	snprintf(s->row.server, sizeof(s->row.server), "%s", core->id);
	submit(s, core_durability(s->core), run_begin, begun);
}

hf_status scans_bury(struct db *db)
{
	return scan_rows_bury(db, SCAN_SILENT_MS,
	                      "the server that did this scan ended, or has had no word from the "
	                      "HSM for minutes: synchronise again");
}
