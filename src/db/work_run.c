/* SPDX-License-Identifier: Apache-2.0
 * Running tasks: a group in one transaction, again when that failed through no fault of theirs. */
#include "db/work_internal.h"

#include "base/clock.h"
#include "base/log.h"

enum {
	CONFLICTS_MAX = 10, /* times that a group is run for a conflict's sake */
	PAUSE_LEAST_MS = 10,
	PAUSE_MOST_MS = 250, /* work flows again this soon after the engine is back */
};

/* Whoever asked hears only that it failed: what the engine said is for the operator, and lost if it
 * is not said here. */
static hf_status run_task(struct db_task *task, struct db *db)
{
	hf_status s = task->run(task, db);

	if (s.code == HF_INTERNAL || s.code == HF_CORRUPT || s.code == HF_IO)
		HF_WARN("a request of the database failed", HF_KS("code", hf_code_name(s.code)),
		        HF_KS("engine", db_error(db)));
	return s;
}

/* What the whole group has to end for; HF_OK when a failure is the task's own. */
static enum hf_code groups_failure(const struct db *db)
{
	if (db->lost != HF_OK)
		return db->lost;
	return db->broken == HF_BUSY ? HF_BUSY : HF_OK; /* a conflict */
}

static hf_status run_saved(struct db_task *task, struct db *db, hf_status *result)
{
	enum hf_code all;

	HF_TRY(db_save(db));
	*result = run_task(task, db);
	if (hf_ok(*result))
		*result = db_keep(db);
	all = groups_failure(db);
	if (!hf_ok(*result))
		db_unsave(db);
	return HF_FAILURE(all != HF_OK ? all : db->lost);
}

/* *redo: the task's failure cannot be undone alone. */
static hf_status run_bare(struct db_task *task, struct db *db, hf_status *result, bool *redo)
{
	uint64_t writes = db->writes;
	enum hf_code all;

	*result = run_task(task, db);
	all = groups_failure(db);
	if (all == HF_OK && db->broken != HF_OK)
		all = db->broken;
	if (all == HF_OK && !hf_ok(*result) && db->writes != writes)
		all = result->code;
	*redo = all != HF_OK && groups_failure(db) == HF_OK;
	return HF_FAILURE(all);
}

/* One transaction. A failure here is everybody's; a task's own is in results[]. */
static hf_status run_group(struct worker *me, struct db_task *head, size_t n, bool saves,
                           bool *ret_redo)
{
	const struct db_work_config *config = &me->work->config;
	enum db_durability how = DB_RELAXED;
	struct db_task *task = head;

	for (; task; task = task->next)
		if (task->durability == DB_DURABLE)
			how = DB_DURABLE;
	db_expect(me->db, how);
	HF_TRY(db_begin(me->db));
	task = head;
	for (size_t i = 0; i < n; i++, task = task->next) {
		if (saves)
			HF_TRY(run_saved(task, me->db, &me->results[i]));
		else
			HF_TRY(run_bare(task, me->db, &me->results[i], ret_redo));
	}
	if (config->before_commit)
		HF_TRY(config->before_commit(config->ctx, me->db));
	return db_commit(me->db, how);
}

/* Keeps the books on the connection; true when `before` losses have become more. */
static bool lost_since(struct worker *me, uint64_t before)
{
	struct db_work *w = me->work;
	bool lost = me->db->losses != before;

	if (lost == me->down)
		return lost;
	me->down = lost;
	me->down_since = hf_mono_ms();
	pthread_mutex_lock(&w->lock);
	w->down += lost ? 1 : -1;
	pthread_mutex_unlock(&w->lock);
	if (lost)
		HF_WARN("no connection to the database; tasks wait for it",
		        HF_KS("engine", db_error(me->db)));
	else
		HF_INFO("connected to the database again");
	return lost;
}

/* After a failure that asks for another attempt: waits a moment, or says that it is enough. */
static bool worth_another(struct worker *me, bool lost, unsigned attempt)
{
	int64_t pause = hf_backoff_ms(attempt, PAUSE_LEAST_MS, PAUSE_MOST_MS);

	if (lost ? hf_mono_ms() - me->down_since >= me->work->config.patience_ms
	         : attempt + 1 >= CONFLICTS_MAX)
		return false;
	if (attempt > 0 || !lost) /* a connection that was only closed is made anew at once */
		hf_pause_ms(pause);
	pthread_mutex_lock(&me->work->lock);
	me->work->stats.reruns++;
	pthread_mutex_unlock(&me->work->lock);
	return true;
}

/* Until the group is through, or nothing more can be done for it. Savepoints cost an engine beyond
 * a socket more than running a group again now and then. */
static hf_status run_attempts(struct worker *me, struct db_task *head, size_t n)
{
	const struct db_work_config *config = &me->work->config;
	bool reruns = me->db->backend->reruns, saves = !reruns;

	for (unsigned attempt = 0;; attempt++) {
		uint64_t losses = me->db->losses;
		bool redo = false, lost;
		hf_status s = run_group(me, head, n, saves, &redo);

		db_rollback(me->db); /* nothing to do after a commit */
		if (config->after_commit)
			config->after_commit(config->ctx, s);
		lost = lost_since(me, losses);
		if (hf_ok(s) || !reruns || me->db->unknown)
			return s;
		if (!saves && (redo || s.code != HF_BUSY))
			saves = true;
		else if (s.code != HF_BUSY)
			return s;
		if (!worth_another(me, lost, attempt))
			return s;
	}
}

void work_write_group(struct worker *me, struct db_task *head, size_t n)
{
	struct db_work *w = me->work;
	hf_status group = run_attempts(me, head, n);
	uint64_t failures = 0;

	for (size_t i = 0; i < n; i++) {
		if (!hf_ok(group))
			me->results[i] = group;
		failures += !hf_ok(me->results[i]);
	}
	pthread_mutex_lock(&w->lock);
	w->stats.groups++;
	w->stats.tasks += n;
	w->stats.failures += failures;
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < n; i++) {
		struct db_task *task = head;

		head = task->next; /* the task may be gone after done() */
		task->done(task, me->results[i]);
	}
}

void work_read_one(struct worker *me, struct db_task *task)
{
	struct db_work *w = me->work;
	hf_status s;
	bool lost;
	unsigned attempt = 0;

	do {
		uint64_t losses = me->db->losses;

		s = run_task(task, me->db);
		db_rollback(me->db);
		lost = lost_since(me, losses);
	} while (lost && s.code == HF_BUSY && worth_another(me, lost, attempt++));
	pthread_mutex_lock(&w->lock);
	w->stats.tasks++;
	w->stats.failures += !hf_ok(s);
	pthread_mutex_unlock(&w->lock);
	task->done(task, s);
}

void work_look(struct worker *me)
{
	uint64_t losses = me->db->losses;
	hf_status s = db_begin_snapshot(me->db);

	db_rollback(me->db);
	if (hf_ok(s) || me->db->losses != losses)
		lost_since(me, losses);
}
