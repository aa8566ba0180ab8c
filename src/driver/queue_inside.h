/* SPDX-License-Identifier: Apache-2.0
 * What the files of the queue's client share: queue_client.c decides what to ask and when,
 * queue_exchange.c asks. */
#ifndef HF_DRIVER_QUEUE_INSIDE_H
#define HF_DRIVER_QUEUE_INSIDE_H

#include "driver/queue_client.h"
#include "http/client.h"

enum {
	REQUESTS = 3,       /* 0: the poll, which may park; the others hand in */
	FLOWING_US = 20000, /* a poll that is out no longer is probably not parked */
};

struct request {
	struct queue_client *queue;
	unsigned index;
	bool under_way;
	bool recalled; /* a parked poll: its server was told that nothing is wanted */
	bool recalls;  /* the telling */
	uint32_t asked;
	uint32_t wait_ms;
	int64_t sent_us;
};

struct queue_client {
	struct queue_client_config config;
	struct queue_servers servers;
	struct http_client *http; /* of the server that is spoken to */
	size_t speaks_to;
	bool move; /* to another, once no call of ours is inside http */
	bool recall;
	int64_t recalled_ms; /* when a recall was last answered */
	char instance[INSTANCE_ID_MAX];
	char name[65];
	struct queue_jobs jobs;
	struct request requests[REQUESTS];
	bool quiet;
	int64_t lease_ms;
	int64_t sent_us; /* the last request: what we hold was told then */
	unsigned failed_in_a_row;
	int64_t retry_at_ms; /* 0: now */
	int64_t poll_at_ms;  /* not before */
	int64_t look_at_ms;  /* the next look at the certificate files */
	char problem[512];
	unsigned told; /* problems that were logged since the last success */
	int64_t told_ms;
	struct queue_client_stats stats;
	struct poll_result results[POLL_BATCH_MAX];
	struct poll_job incoming[POLL_BATCH_MAX];
	uint64_t working[POLL_WORKING_MAX];
};

/* Sends a request with all results that are ready; its reply comes out of queue_client_wait(). */
void queue_exchange_send(struct queue_client *q, struct request *r, size_t capacity,
                         uint32_t wait_ms, bool recall);
/* Speaks to the server that was chosen, by new connections; what was under way counts as failed.
 * Never out of a reply. */
void queue_exchange_move(struct queue_client *q);

#endif
