/* SPDX-License-Identifier: Apache-2.0
 * What the files of the front share: front.c is the owner's thread, front_worker.c the others'. */
#ifndef HF_KEYDB_FRONT_INSIDE_H
#define HF_KEYDB_FRONT_INSIDE_H

#include "db/work.h"
#include "keydb/front.h"

#include <stdatomic.h>

enum { BATCH_MAX = 256 };

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

/* Of a side's task. */
hf_status front_run(struct db_task *task, struct db *db);
void front_done(struct db_task *task, hf_status status);

#endif
