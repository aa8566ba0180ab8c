/* SPDX-License-Identifier: Apache-2.0
 * What the files of approval requests share: ask.c makes one, review.c shows, denies and withdraws
 * them, approve.c approves, carry_out.c does what was approved, print.c prints. For this folder
 * only. */
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

/* The request of the path, shown to the caller. HF_NOTFOUND with words. */
HF_MUST hf_status approval_print_one(struct crypto_call *c, struct db *db, const char *id);
HF_MUST hf_status approval_run_get(struct crypto_call *c, struct db *db);
const char *approval_id_in_path(const struct crypto_call *c);
/* For its entry in the audit log. */
void approval_about(struct crypto_call *c, const char *outcome);

/* A step of a call in the database, after which it goes on in `then`. Its entry stays made. */
struct approval_step {
	struct db_task task; /* first */
	struct crypto_call *c;
	hf_status (*run)(struct crypto_call *c, struct db *db);
	void (*then)(struct crypto_call *c);
};
void approval_take_step(struct approval_step *s, struct crypto_call *c, bool writes,
                        hf_status (*run)(struct crypto_call *c, struct db *db),
                        void (*then)(struct crypto_call *c));

#endif
