/* SPDX-License-Identifier: Apache-2.0
 * The signer's main loop: frames in, work, frames out, until the host hangs up. */
#ifndef HF_SIGNER_SERVE_H
#define HF_SIGNER_SERVE_H

#include "signer/input.h"
#include "signer/token.h"

/* Exit statuses, for whoever reads the service's log; the host only tells apart whether there was a
 * FAILED frame. */
enum {
	SIGNER_ENDED = 0,
	SIGNER_FAILED = 1,
	SIGNER_PROTOCOL = 70,
	SIGNER_WORN = 75, /* the module needs a new process */
};

/* Opens all sessions that jobs will want, so that READY means ready; takes over the one that is
 * open. `t` lives on. */
HF_MUST hf_status serve_open(struct token *t, const struct p11_session *session,
                             const struct masters *masters, struct hf_err *err);
/* Takes jobs and tasks until the input ends or the token is worn. Returns the process's exit
 * status.
 */
int serve(struct input *in);

#endif
