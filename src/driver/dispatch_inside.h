/* SPDX-License-Identifier: Apache-2.0
 * What the files of the dispatch share: dispatch.c has wallets' keys, dispatch_crypto.c those of
 * any kind. */
#ifndef HF_DRIVER_DISPATCH_INSIDE_H
#define HF_DRIVER_DISPATCH_INSIDE_H

#include "driver/dispatch.h"

struct crypto_task;

/* One job on its way. */
struct task {
	struct queue_job *job;
	struct op op;               /* spans point into job->op */
	struct hf_buf record;       /* to sign with, or the one that was generated */
	struct signature signature; /* made, and not yet handed on */
	bool resident;
	struct crypto_task *crypto; /* of an OP_CRYPTO */
	struct task *next;
};

struct list {
	struct task *first, **last;
	size_t n;
};

struct dispatch {
	struct dispatch_config config;
	struct keydb_front *front;
	struct list waiting; /* for the HSM */
	size_t looked_up;    /* by the database, now */
	size_t in_hsm;
};

/* dispatch.c. These end the job and the task. */
void dispatch_finish(struct dispatch *d, struct task *t, const struct op_result *result);
void dispatch_refuse(struct dispatch *d, struct task *t, enum op_outcome outcome, enum hf_code code,
                     const char *text);
/* For the HSM. */
void dispatch_ready(struct dispatch *d, struct task *t);
/* Asks the database of a key; its answer comes to dispatch_crypto_found(). */
void dispatch_look_up(struct dispatch *d, struct task *t, const char *key_id);
bool dispatch_others_may_differ(const struct task *t, const struct op_result *r);

/* dispatch_crypto.c. An OP_CRYPTO:
 *
 *   taken ──► is the key that it makes there? ──► its key ──► what it wraps ──► in the HSM ──►
 * ended └── yes: the answer                             made: stored ──► ended ──┘ └── destroying:
 * the record goes ──► ended */
void dispatch_crypto_take(struct dispatch *d, struct task *t);
void dispatch_crypto_found(struct dispatch *d, struct task *t, const struct keydb_answer *a);
/* The operation with its records. */
void dispatch_crypto_job(struct task *t, struct hsmhost_job *job);
void dispatch_crypto_answered(struct dispatch *d, struct task *t, const struct hsmhost_answer *a);
void dispatch_crypto_stored(struct dispatch *d, struct task *t, const struct keydb_answer *a);
void dispatch_crypto_dropped(struct dispatch *d, struct task *t, const struct keydb_answer *a);
void dispatch_crypto_free(struct crypto_task *c);

#endif
