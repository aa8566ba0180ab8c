/* SPDX-License-Identifier: Apache-2.0
 * From job to result: looks up the wrapped key, gives the job to the HSM, stores what was
 * generated, and ends the job.
 *
 * Nothing is announced before it is on disk: keys that were generated wait for dispatch_store(),
 * which commits all of them at once. A generation whose key id has a record is answered with the
 * stored key and never makes a second. One thread. */
#ifndef HF_DRIVER_DISPATCH_H
#define HF_DRIVER_DISPATCH_H

#include "keydb/keydb.h"
#include "driver/metrics.h"
#include "driver/queue_jobs.h"
#include "hsmhost/host.h"

struct dispatch;

struct dispatch_config {
	struct keydb *keydb; /* borrowed, as metrics */
	struct driver_metrics *metrics;
	bool allow_resident;
	/* Ends a job. */
	void (*finish)(void *ctx, struct queue_job *job, const struct op_result *result);
	void *ctx;
};

HF_MUST hf_status dispatch_new(const struct dispatch_config *config, struct dispatch **ret);
void dispatch_free(struct dispatch *d);
HF_DEFINE_CLEANUP(dispatch_free, struct dispatch *)

/* A job from the queue: it ends at once, or waits for the HSM. */
void dispatch_take(struct dispatch *d, struct queue_job *job);
/* Gives the HSM as many of the waiting jobs as it takes now. */
void dispatch_feed(struct dispatch *d, struct hsmhost *hsm);
/* hsmhost_answered: ctx is the dispatch. */
void dispatch_answered(void *ctx, const struct hsmhost_answer *answer);
/* Commits the keys that were generated since, and ends their jobs. */
void dispatch_store(struct dispatch *d);
/* Ends all jobs that wait for the HSM with OP_RETRY, so that another driver may have them. */
void dispatch_give_back(struct dispatch *d, const char *why);

/* Jobs that wait for the HSM, and those inside it. */
size_t dispatch_waiting(const struct dispatch *d);
size_t dispatch_in_hsm(const struct dispatch *d);
/* What is wrong with the database: "" after the last use of it went well. */
const char *dispatch_database(const struct dispatch *d);

#endif
