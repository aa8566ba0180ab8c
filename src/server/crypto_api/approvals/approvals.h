/* SPDX-License-Identifier: Apache-2.0
 * What the files of approval requests share: ask.c makes one, review.c shows and decides them,
 * carry_out.c does what was approved, print.c prints. For this folder only. */
#ifndef HF_SERVER_CRYPTO_API_APPROVALS_APPROVALS_H
#define HF_SERVER_CRYPTO_API_APPROVALS_APPROVALS_H

#include "server/core/access/approvals.h"
#include "server/crypto_api/handlers.h"

/* Appends an ApprovalRequest. Its body is shown to who asked, and to who may approve. */
HF_MUST hf_status approval_print(struct crypto_call *c, struct db *db, const struct quorum_row *row,
                                 struct json_writer *w);

/* Does what was approved, unless somebody did or does; `then` when there is an answer, or nothing
 * (more) to do. `ctx` stays the caller's. Any thread. */
void approval_carry_out(struct crypto_api *api, const char *org_id, const char *id,
                        void (*then)(void *ctx), void *ctx);

/* The answer that is kept, as the member "body": JSON as it came, and words as text. */
HF_MUST hf_status approval_result_print(const struct crypto_call *c, const struct quorum_row *row,
                                        struct json_writer *w);

/* Is this the caller's password? HF_UNAUTHENTIC; HF_STATE: too many attempts failed. Any thread. */
void approval_check_password(struct crypto_call *c, const char *password,
                             void (*then)(void *ctx, hf_status s), void *ctx);

#endif
