/* SPDX-License-Identifier: Apache-2.0
 * What the files of the dispatch share: dispatch.c has the way that all jobs go; what is special to
 * a kind is in dispatch_generate.c and dispatch_sign.c (wallets' keys) and in dispatch_crypto.c
 * (keys of any kind). */
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
/* May another HSM do what this one could not? Then it is tried there before it has failed. */
bool dispatch_others_may_differ(const struct task *t, const struct op_result *r);

/* dispatch_generate.c. The key is there already: a generation that comes again is answered with
 * it. */
void dispatch_generate_again(struct dispatch *d, struct task *t, struct hf_span record);
/* The HSM has made a key: its record is stored if it all fits together. */
void dispatch_generate_answered(struct dispatch *d, struct task *t, const struct hsmhost_answer *a);
void dispatch_generate_stored(struct dispatch *d, struct task *t, const struct keydb_answer *a);

/* dispatch_sign.c. The record is there, and becomes the task's: to the HSM, if it is what the
 * server expects. */
void dispatch_sign_found(struct dispatch *d, struct task *t, const struct keydb_answer *a);
/* The signer has found the evidence good, and has signed. */
void dispatch_sign_spend(struct dispatch *d, struct task *t, const struct signature *signature);
void dispatch_sign_spent(struct dispatch *d, struct task *t, const struct keydb_answer *a);

/* dispatch_crypto.c. An OP_CRYPTO:
 *
 *   taken ──► is the key that it makes there?
 *               ├── yes: that is the answer ──► ended
 *               └── no, or it makes none: its key ──► what it wraps ──► in the HSM
 *                                ├── a key was made: stored ──► ended
 *                                ├── a key was destroyed: its record goes ──► ended
 *                                └── ended
 */
void dispatch_crypto_take(struct dispatch *d, struct task *t);
void dispatch_crypto_found(struct dispatch *d, struct task *t, const struct keydb_answer *a);
/* The operation with its records. */
void dispatch_crypto_job(struct task *t, struct hsmhost_job *job);
void dispatch_crypto_answered(struct dispatch *d, struct task *t, const struct hsmhost_answer *a);
void dispatch_crypto_stored(struct dispatch *d, struct task *t, const struct keydb_answer *a);
void dispatch_crypto_dropped(struct dispatch *d, struct task *t, const struct keydb_answer *a);
void dispatch_crypto_free(struct crypto_task *c);

#endif
