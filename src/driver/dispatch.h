/* SPDX-License-Identifier: Apache-2.0
 * From job to result: looks up the wrapped key, gives the job to the HSM, stores what was
 * generated, and ends the job.
 *
 *   taken ──► looked up ──► waiting ──► in the HSM ──► ended
 *                                            ├── generated ──► stored ──► ended
 *                                            └── signed, and requests are checked here
 *                                                      ──► user action spent ──► ended
 *
 * Nothing is announced before it is on disk. A generation whose key id has a record is answered
 * with the stored key and never makes a second. Where requests are checked here, a signature leaves
 * once it is on disk that its user action is spent for it, so that no second job has it again. The
 * database is asked by another thread (keydb/front.h): a job whose key cannot be looked up or
 * stored for a while is given back. One thread. */
#ifndef HF_DRIVER_DISPATCH_H
#define HF_DRIVER_DISPATCH_H

#include "driver/metrics.h"
#include "driver/queue_jobs.h"
#include "hsmhost/host.h"
#include "keydb/front.h"

struct dispatch;

struct dispatch_config {
	struct db_config db;            /* with its schema up to date; its texts are borrowed */
	int patience_ms;                /* see keydb/front.h */
	struct driver_metrics *metrics; /* borrowed */
	bool allow_resident;
	bool checks;          /* each user action is good for one job: spent ones are remembered */
	int64_t spent_age_ms; /* for so long */
	/* Ends a job. */
	void (*finish)(void *ctx, struct queue_job *job, const struct op_result *result);
	void *ctx;
};

HF_MUST hf_status dispatch_new(const struct dispatch_config *config, struct dispatch **ret,
                               struct hf_err *err);
/* Stores what was generated, while the database answers; ends the jobs that wait for it. */
void dispatch_free(struct dispatch *d);
HF_DEFINE_CLEANUP(dispatch_free, struct dispatch *)

/* A job from the queue. Ends later, or out of this call. */
void dispatch_take(struct dispatch *d, struct queue_job *job);
/* Gives the HSM as many of the waiting jobs as it takes now. */
void dispatch_feed(struct dispatch *d, struct hsmhost *hsm);
/* hsmhost_answered: ctx is the dispatch. */
void dispatch_answered(void *ctx, const struct hsmhost_answer *answer);
/* Asks the database and takes its answers. Due when dispatch_fd() is readable, after jobs were
 * taken or answered, and after *timeout_ms, which is lowered. */
void dispatch_step(struct dispatch *d, int *timeout_ms);
int dispatch_fd(const struct dispatch *d);
/* Ends all jobs that wait for the HSM with OP_RETRY, so that another driver may have them. */
void dispatch_give_back(struct dispatch *d, const char *why);

/* Jobs that wait for their key or for the HSM, and those inside it. */
size_t dispatch_waiting(const struct dispatch *d);
size_t dispatch_in_hsm(const struct dispatch *d);
/* How the database does. */
void dispatch_database(const struct dispatch *d, struct keydb_front_stats *ret);

#endif
