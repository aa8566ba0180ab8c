/* SPDX-License-Identifier: Apache-2.0
 * Operations on keys of any kind through a host of signers. */
#ifndef HF_TESTS_HOST_CRYPTO_H
#define HF_TESTS_HOST_CRYPTO_H

#include "host_token.h"

/* One operation and what came of it; crypto_job_done() releases. */
struct crypto_run {
	struct hf_buf asked, told; /* encoded */
	bool answered;
	struct crypto_result r; /* points into `told` */
};
void crypto_run_done(struct crypto_run *run);
#define CRYPTO_RUN HF_CLEANUP(crypto_run_done) struct crypto_run

/* The host's hsmhost_answered. */
void crypto_answered(void *ctx, const struct hsmhost_answer *answer);
struct hsmhost *crypto_start(const struct hsmhost_config *c);

struct crypto_run crypto_ask(const struct crypto_op *op);
/* Submits as there is room, and steps until all are answered. */
void crypto_run_all(struct hsmhost *h, struct crypto_run *runs, size_t n);
struct crypto_run crypto_do(struct hsmhost *h, const struct crypto_op *op);
/* Which has to be done. */
struct crypto_run crypto_done(struct hsmhost *h, const struct crypto_op *op);
/* Which has to end so. */
struct crypto_run crypto_fails(struct hsmhost *h, const struct crypto_op *op,
                               enum op_outcome outcome, enum hf_code code);

#endif
