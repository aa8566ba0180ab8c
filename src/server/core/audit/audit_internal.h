/* SPDX-License-Identifier: Apache-2.0
 * What the files of the audit log share: audit.c (entries), audit_sequence.c (leaves),
 * audit_checkpoint.c (what the HSM signs). For these only. */
#ifndef HF_SERVER_CORE_AUDIT_AUDIT_INTERNAL_H
#define HF_SERVER_CORE_AUDIT_AUDIT_INTERNAL_H

#include "audit/tree.h"
#include "server/core/audit/audit.h"
#include "server/core/core.h"
#include "server/store/audit_rows.h"

#include <pthread.h>

#define STORES_MAX 256

/* The task that sequences and, when it is time, asks for checkpoints. One at a time. */
struct sequence {
	struct db_task task; /* first */
	const struct core *core;
	bool running, begun;
	int64_t next_ms, next_checkpoint_ms; /* monotonic */
	int64_t told_ms;                     /* that it fails; 0: it does not */
	/* what this run did; counts after its commit */
	bool checkpoints_due;
	size_t taken, jobs;
	struct audit_state state;
	struct tree *tree; /* of the organisation at hand */
	char org_id[HF_ID_MAX];
};

struct audit {
	struct audit_counts counts;
	pthread_mutex_t lock; /* all below */
	struct {              /* whose they are; that never changes */
		char store_id[HF_ID_MAX], org_id[HF_ID_MAX];
	} stores[STORES_MAX];
	size_t n_stores;
	struct sequence sequence;
	struct audit_state state; /* as of the last look */
};

/* The tree as it is stored, into s->tree. */
HF_MUST hf_status audit_tree_load(struct db *db, const char *org_id, struct tree *to);

/* For each organisation whose log has grown: a checkpoint and its job, or the key for it. Fills
 * s->state and s->jobs. With the lock of audit_rows_lock(). */
HF_MUST hf_status audit_checkpoints_ask(struct sequence *s, struct db *db);

#endif
