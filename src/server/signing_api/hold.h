/* SPDX-License-Identifier: Apache-2.0
 * A call that is held until an HSM has answered for its subject (a key, a signature request), or
 * for so long. */
#ifndef HF_SERVER_SIGNING_API_HOLD_H
#define HF_SERVER_SIGNING_API_HOLD_H

#include "server/signing_api/call.h"

struct hold {
	struct call call; /* first */
	/* What the subject has become: sets `settled`, prepares the answer. On a reader. */
	hf_status (*look)(struct hold *h, struct db *db);
	/* The same from the news that came with the wake-up, in `waiter.news`; NULL: look. */
	void (*hear)(struct hold *h);
	/* Ends the call: settled, or not when the time is over. */
	void (*answer)(struct hold *h);
	bool settled;
	struct waiter waiter; /* `news` is the operation's to set */
	/* its own */
	int64_t until_ms; /* monotonic */
	bool last;        /* no more waiting after this look */
};

/* Waits for news of `subject_id`, from inside the after() of the write that queued its job. */
void hold_for(struct hold *h, const char *subject_id, int wait_ms);
/* The same for a subject that was there before: looks first. */
void hold_for_existing(struct hold *h, const char *subject_id, int wait_ms);

#endif
