/* SPDX-License-Identifier: Apache-2.0
 * One operation on a key of any kind (op/crypto_op.h) in one session. Errors are classed by
 * p11/rv.h; only a stale handle is looked for once more here.
 *
 * A signer that signs only what its authorizers allow does none of these: nobody's request stands
 * behind them. HF_DENIED. */
#ifndef HF_SIGNER_CRYPTO_JOB_H
#define HF_SIGNER_CRYPTO_JOB_H

#include "op/crypto_op.h"
#include "signer/job.h"

/* Fills out->result, whose spans live in `out` and in what the operation was decoded from, until
 * crypto_output_wipe(). */
HF_MUST hf_status crypto_job(struct desk *d, const struct crypto_op *op, struct crypto_output *out,
                             struct hf_err *err);

/* crypto_make.c: those that make a key. */
HF_MUST hf_status crypto_make(struct desk *d, const struct crypto_op *op, CK_OBJECT_HANDLE key,
                              struct crypto_output *out, struct hf_err *err);
/* crypto_list.c */
HF_MUST hf_status crypto_list(struct desk *d, const struct crypto_op *op, struct crypto_output *out,
                              struct hf_err *err);

#endif
