/* SPDX-License-Identifier: Apache-2.0
 * The driver's end of the poll protocol (op/poll.h): asks for jobs, hands in results.
 *
 * One request may be parked at the server, waiting for jobs; up to two more hand in results the
 * moment they are there, so that nothing waits for the parked one. Whatever fails is tried again
 * with growing, jittered pauses, for as long as it takes; a result is kept until a server has
 * acknowledged it. Of several servers one is spoken to; when it cannot be reached, or answers with
 * errors for a while, the next is, at once, with everything that is held. What is wrong with the
 * connection is logged once, not each time. One thread. */
#ifndef HF_DRIVER_QUEUE_CLIENT_H
#define HF_DRIVER_QUEUE_CLIENT_H

#include "driver/queue_jobs.h"
#include "driver/queue_servers.h"
#include "http/cert_dates.h"

#include <poll.h>

struct queue_client;

/* Texts are copied. */
struct queue_client_config {
	const struct queue_servers *servers;            /* copied */
	const char *client_cert, *client_key, *ca_cert; /* PEM; NULL: plain HTTP, for tests */
	const char *name;                               /* for people */
	int park_ms;              /* how long the server may hold a poll; 0: 20 s */
	bool evidence;            /* jobs are to come with theirs */
	struct cert_dates *dates; /* kept up to date with our certificates; NULL: nobody asks */
	/* A job came. It is the callee's to end, by queue_client_result(), at once or later. */
	void (*took)(void *ctx, struct queue_job *job);
	void *ctx;
};

HF_MUST hf_status queue_client_new(const struct queue_client_config *config,
                                   struct queue_client **ret, struct hf_err *err);
/* Drops what is under way. */
void queue_client_free(struct queue_client *q);
HF_DEFINE_CLEANUP(queue_client_free, struct queue_client *)

/* Keeps the result until it is acknowledged. Sends nothing yet. */
void queue_client_result(struct queue_client *q, struct queue_job *job,
                         const struct op_result *result);

/* Starts the requests that are due. `room` is how many more jobs the driver could take; `gather_us`
 * 0: whatever is ready goes at once, otherwise it may wait so long for company. *timeout_ms is
 * lowered to the moment when this has to be called again. */
void queue_client_pump(struct queue_client *q, size_t room, int64_t gather_us, int *timeout_ms);
/* Waits for the network or the caller's descriptors (http_client_step), and handles replies. */
HF_MUST hf_status queue_client_wait(struct queue_client *q, struct pollfd *fds, unsigned n,
                                    int timeout_ms);
/* SIGHUP: reads the certificate files again now, rather than when they are seen to have changed,
 * which queue_client_pump() looks for once a second. */
void queue_client_look(struct queue_client *q);
/* Wants no jobs for now, not even those that were asked for: a parked poll is called back, so that
 * no job is dealt to it any more. Pump with `room` 0 for as long as that is meant. */
void queue_client_recall(struct queue_client *q);
/* Asks for no more jobs, ever, and recalls; results are still handed in. */
void queue_client_quiesce(struct queue_client *q);

struct queue_client_stats {
	bool connected;      /* the last request was answered well */
	const char *problem; /* "" or why not, for people */
	size_t working;      /* jobs without a result */
	size_t outbox;       /* results not acknowledged yet */
	size_t on_the_way;   /* jobs asked for that may still come */
	uint64_t round_trips, failures, taken, moves;
	int64_t round_trip_us; /* smoothed, of requests that did not park */
};
void queue_client_stats(const struct queue_client *q, struct queue_client_stats *ret);

#endif
