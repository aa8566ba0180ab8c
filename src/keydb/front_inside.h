/* SPDX-License-Identifier: Apache-2.0
 * What the files of the front share: front.c and front_side.c are the owner's thread,
 * front_worker.c the others'. Of each side at most one batch is away; what the worker touches is
 * the batch's until it is back. */
#ifndef HF_KEYDB_FRONT_INSIDE_H
#define HF_KEYDB_FRONT_INSIDE_H

#include "db/work.h"
#include "keydb/front.h"

#include <stdatomic.h>

enum {
	BATCH_MAX = 256,
	SIDE_LATE_MS = 500, /* a batch that is away for longer: nothing more should be begun */
};

struct ask {
	struct ask *next;
	void *tag;
	char key_id[HF_ID_MAX]; /* lookup; drop */
	bool drop;              /* among the puts */
	struct hf_buf record;   /* lookup: what was found; put: what is to be stored */
	struct hf_buf stored;   /* put: what is there instead */
	struct keydb_spend spend;
	hf_status status;
	int64_t until_ms;
	bool dropped; /* answered already, while it was away */
};

struct asks {
	struct ask *first, **last;
	size_t n;
};

struct side {
	struct db_task task;
	struct keydb_front *front;
	struct db_work *work;
	enum keydb_ask kind;
	struct asks waiting;
	/* The batch. */
	struct ask *list[BATCH_MAX];
	size_t n;
	bool away;
	int64_t since_ms;
	atomic_bool back;
	hf_status status;
	char engine[200]; /* what the engine said */
	/* How it goes. */
	bool well;
	char problem[256];
	int64_t try_at_ms;
	uint64_t answered, batches;
};

struct keydb_front {
	struct keydb_front_config config;
	struct side get, put, spend; /* the last two share a worker: one commit for both */
	int event;
	bool stopping;
};

/* front_side.c */
void side_init(struct keydb_front *f, struct side *s, enum keydb_ask kind);
/* Starts a worker for it. */
HF_MUST hf_status side_start(struct keydb_front *f, struct side *s, struct hf_err *err);
/* Takes it over, to be answered. */
void side_ask(struct side *s, struct ask *a);
/* Answers what came back and what has waited too long; hands the next batch over. */
void side_step(struct side *s, int64_t now);
/* Lowers *timeout_ms to when side_step() is due. */
void side_when_next(const struct side *s, int64_t now, int *timeout_ms);
/* Its worker has ended: all is answered. */
void side_end(struct side *s);

/* front_worker.c: of a side's task. */
hf_status front_run(struct db_task *task, struct db *db);
void front_done(struct db_task *task, hf_status status);

#endif
