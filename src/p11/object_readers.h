/* SPDX-License-Identifier: Apache-2.0
 * Sessions that read objects beside the one that lists them: on a network HSM each object is a
 * round trip, and several of them take as long as one. An object's handle is valid in all sessions
 * of a process, and the library was told that threads call it (p11/module.h).
 *
 * They only ever help: where a session cannot be had, or fails, objects stay unread, and whoever
 * asked reads them in his own session, where errors are judged. One batch at a time is under way.
 * Thread-safe, but a batch is its maker's alone. */
#ifndef HF_P11_OBJECT_READERS_H
#define HF_P11_OBJECT_READERS_H

#include "p11/object_facts.h"

#define OBJECT_BATCH 64      /* objects */
#define READERS_IDLE_MS 5000 /* then their sessions are closed */
#define READERS_LOOK_MS 1000 /* how often object_readers_cool() wants to be called */

struct object_readers;

struct object_batch {
	const CK_OBJECT_HANDLE *handles; /* stay until the batch is finished or dropped */
	size_t n;
	bool read[OBJECT_BATCH]; /* once finished: facts[] has it */
	struct object_facts facts[OBJECT_BATCH];
	size_t next, at_work; /* the readers' own, under their lock */
};

/* `n` sessions at most, none of which is opened yet. The module outlives *ret. HF_NOMEM. */
HF_MUST hf_status object_readers_new(struct p11_module *m, const struct p11_token *token,
                                     unsigned n, struct object_readers **ret);
/* Waits for those that are at work. No batch may be under way. */
void object_readers_free(struct object_readers *r);

/* A list begins: opens their sessions, or those anew that failed. Does not wait for them. */
void object_readers_begin(struct object_readers *r);
/* Begins reading these handles, if they have nothing else to do, and does not wait. */
void object_readers_give(struct object_readers *r, struct object_batch *b,
                         const CK_OBJECT_HANDLE *handles, size_t n);
/* Waits until they are read, reading with them in session `s`. */
void object_readers_finish(struct object_readers *r, struct object_batch *b, struct p11_session *s);
/* Gives up a batch that was given: nobody touches it afterwards. Waits for those at work. */
void object_readers_drop(struct object_readers *r, struct object_batch *b);

/* Closes the sessions where nothing was to read for READERS_IDLE_MS. Returns in how many
 * milliseconds to come again; -1: need not. */
int object_readers_cool(struct object_readers *r);

#endif
