/* SPDX-License-Identifier: Apache-2.0
 * A session that does jobs one after another, and what happens when one fails: the steps of
 * p11/rv.h from a new session up to a new process. One thread at a time. */
#ifndef HF_SIGNER_WORKER_H
#define HF_SIGNER_WORKER_H

#include "signer/job.h"

struct worker {
	struct desk desk;
	uint64_t ops; /* in this session */
	int64_t cooled_ms;
};

enum worker_fate {
	WORKER_GOES_ON,
	WORKER_REINIT, /* the module needs a new process; the job was answered OP_RETRY */
	WORKER_STOPS,  /* an operator has to act: `text` of the answer says what */
};

/* Takes over an open session and its master keys. HF_NOMEM. */
HF_MUST hf_status worker_adopt(struct token *t, const struct p11_session *session,
                               const struct masters *masters, struct worker *ret);
/* With a session of its own, beside the first, which keeps the login and is not at work. */
HF_MUST hf_status worker_open(const struct worker *first, struct worker *ret, struct hf_err *err);
void worker_close(struct worker *w);

/* Does a job and fills *ret, whose spans live until the next one. A crypto job's answer is
 * output->crypto.result; of *ret it has outcome, code, text and time. */
enum worker_fate worker_run(struct worker *w, const struct wire_work *work,
                            struct job_output *output, struct wire_answer *ret);

/* Sends the answer of a job that worker_run() did, and wipes what is left of it. */
void worker_answer(uint64_t tag, const struct wire_work *work, struct job_output *output,
                   const struct wire_answer *answer);

/* Destroys warm keys whose time is over, and closes sessions that no list wants any more. Returns
 * in how many milliseconds to come again, -1: need not. */
int worker_cool(struct worker *w);

#endif
