/* SPDX-License-Identifier: Apache-2.0
 * Work against a database: threads, each with its own connection, take tasks from a queue.
 *
 * A *write* queue groups the tasks that are waiting into one transaction: each runs inside a
 * savepoint, so that a task that fails undoes only itself; then one commit makes all of them
 * durable, and only then is any of them told. That one commit for many requests is what makes
 * durable writes cheap. A *read* queue runs tasks one by one outside any transaction.
 *
 * PostgreSQL: a group runs first without savepoints, which cost it dear; only when one of its tasks
 * fails after it has written does the group run again with them. A group that lost its connection,
 * or a conflict with another's, runs again too. While no connection can be had tasks wait for
 * `patience_ms`, then they fail with HF_BUSY until one can; nothing has to be restarted. */
#ifndef HF_DB_WORK_H
#define HF_DB_WORK_H

#include "db/db.h"

struct db_work;

/* Embedded in the caller's own object, which stays valid until done() is called. */
struct db_task {
	/* On a worker thread, inside the transaction (write) or bare (read). May be run a second
	 * time when the engine asked for it, so it leaves no effects outside the database. */
	hf_status (*run)(struct db_task *task, struct db *db);
	/* On the same thread, after the commit, exactly once. `s` is run's result, or the commit's
	 * failure. */
	void (*done)(struct db_task *task, hf_status s);
	enum db_durability durability; /* a group is as durable as its most demanding member */
	struct db_task *next;          /* the queue's */
};

struct db_work_config {
	struct db_config db;
	bool write;
	unsigned threads;   /* SQLite: of a write queue only one is used */
	unsigned group_max; /* tasks in one transaction; 0: 256 */
	size_t queue_max;   /* waiting tasks before HF_BUSY; 0: 16384 */
	int patience_ms;    /* without a connection, before tasks fail; 0: 5 s */
	/* Called before each commit with the group still open, or NULL: a place to add what follows
	 * from it. */
	hf_status (*before_commit)(void *ctx, struct db *db);
	void (*after_commit)(void *ctx, hf_status s); /* before the tasks' done() */
	void *ctx;
};

HF_MUST hf_status db_work_start(const struct db_work_config *config, struct db_work **ret,
                                struct hf_err *err);
/* Takes what waits to its end, then joins. New tasks are refused with HF_CLOSED from the first
 * moment on, for as long as others may have `w`: db_work_stop() then releases it. */
void db_work_close(struct db_work *w);
/* The same, where that was not done, and releases it. */
void db_work_stop(struct db_work *w);

/* From any thread. HF_BUSY when too many wait, HF_CLOSED when stopping; done() is then not called.
 */
HF_MUST hf_status db_work_submit(struct db_work *w, struct db_task *task);

struct db_work_stats {
	uint64_t tasks, groups, failures, reruns;
	size_t waiting;
	bool connected; /* the last attempt of every thread went well */
};
void db_work_stats(struct db_work *w, struct db_work_stats *ret);

#endif
