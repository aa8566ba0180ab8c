/* SPDX-License-Identifier: Apache-2.0
 * What a call leaves in the audit log. What it does is entered in the transaction that does it;
 * what is refused, in a write of its own, before the answer. For call.c. */
#ifndef HF_SERVER_SIGNING_API_CALL_AUDIT_H
#define HF_SERVER_SIGNING_API_CALL_AUDIT_H

#include "server/signing_api/call.h"

/* Inside the transaction of a run() that went well. */
HF_MUST hf_status call_audit_done(struct call *c, struct db *db);

/* An answer that needs an entry first: writes it and then calls `then`, on any thread; or returns
 * false, and `then` is never called: answer now. `reason` is NULL for what went well; it is read
 * until `then` is called. */
bool call_audit_answer(struct call *c, int status, const char *reason,
                       void (*then)(struct call *c));

#endif
