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

/* Consumes session and masters. Returns the exit status. */
int serve(struct token *t, const struct p11_session *session, const struct masters *masters,
          struct input *in);

#endif
