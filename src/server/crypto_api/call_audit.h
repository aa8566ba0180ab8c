/* SPDX-License-Identifier: Apache-2.0
 * A call's entry in the audit log. For call.c.
 *
 * What changes something enters it in its own transaction (crypto_call_audit()). Uses of keys are
 * entered before their answer leaves, all that wait at a time in one write; when that fails the
 * answer is withheld: no entry, no result. Refusals are entered where that is possible. */
#ifndef HF_SERVER_CRYPTO_API_CALL_AUDIT_H
#define HF_SERVER_CRYPTO_API_CALL_AUDIT_H

#include "server/crypto_api/call.h"

/* The uses and refusals that wait to be written. */
struct entries;
HF_MUST hf_status entries_new(const struct core *core, struct entries **ret);
void entries_free(struct entries *e);

/* Enters what c->status and `reason` (NULL: success) say, when that is to be entered: then `then`
 * is called once it is written, on any thread, and this returns true. False: there is nothing to
 * wait for. When a success cannot be entered, the call fails instead. */
bool crypto_call_enter(struct crypto_call *c, const char *reason,
                       void (*then)(struct crypto_call *c));

#endif
