/* SPDX-License-Identifier: Apache-2.0
 * Requests that wait for something to happen to a subject: a key to be made, a signature to be
 * there. In memory only.
 *
 * Who waits is added after the commit that queued the job, and by then another writer, or another
 * server, may have settled it. No wake-up of this process is lost all the same: the table remembers
 * the last subjects that were woken while nobody waited, and a waiter for one of these is called at
 * once. Either the wake-up comes first, and is remembered, or the waiter does, and is found. The
 * memory is small (RECENT of waiters.c); a wake-up that it has forgotten, and a word of another
 * server that was lost, only cost the time until the holder looks by itself (hold.c, every second).
 */
#ifndef HF_SERVER_CORE_QUEUE_WAITERS_H
#define HF_SERVER_CORE_QUEUE_WAITERS_H

#include "base/id.h"

#include <stdbool.h>
#include <stdint.h>

enum waiter_reason {
	WAITER_WOKEN,    /* it happened: read the subject again */
	WAITER_TIMEOUT,  /* the deadline passed */
	WAITER_RELEASED, /* the server is stopping: answer as it stands */
};

/* Embedded by the caller, who fills the first four and keeps it until fn() is called: once, from
 * the thread of waiters_wake(), waiters_tick() or waiters_release_all(), without any lock held. A
 * peer that leaves needs nothing: its waiter ends like any other and the answer is dropped. */
struct waiter {
	char subject_id[HF_ID_MAX];
	int64_t deadline_ms; /* hf_mono_ms() */
	void (*fn)(struct waiter *w, enum waiter_reason reason);
	/* Room for what waiters_tell() tells of this kind of subject; NULL: not wanted. */
	void *news;
	bool told;           /* there is news; it counts with WAITER_WOKEN only */
	struct waiter *next; /* the table's */
};

struct waiters;

HF_MUST hf_status waiters_new(struct waiters **ret);
void waiters_free(struct waiters *ws); /* after waiters_release_all() */

/* From any thread. After waiters_release_all() fn() is called at once. */
void waiters_add(struct waiters *ws, struct waiter *w);
void waiters_wake(struct waiters *ws, const char *subject_id);
/* The same when another server says so, or (NULL) when there may be something for everybody: what
 * was told here before never came true, and is forgotten. */
void waiters_look(struct waiters *ws, const char *subject_id);
/* Before the commit that waiters_wake() will follow: what is going to be so, copied for whoever
 * waits already and has room, so that he need not read the subject again. */
void waiters_tell(struct waiters *ws, const char *subject_id, const void *news, size_t len);
void waiters_tick(struct waiters *ws); /* about every 100 ms */
void waiters_release_all(struct waiters *ws);
size_t waiters_count(struct waiters *ws);

#endif
