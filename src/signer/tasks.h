/* SPDX-License-Identifier: Apache-2.0
 * Administrative tasks (enum signer_task): each ends with a REPORT or a FAILED frame. */
#ifndef HF_SIGNER_TASKS_H
#define HF_SIGNER_TASKS_H

#include "json/read.h"
#include "json/write.h"
#include "signer/job.h"

void task_run(struct desk *d, enum signer_task task, struct hf_span json);

/* The tasks with a file of their own. `args` is the object of arguments; the report is appended. */
HF_MUST hf_status task_bench(struct desk *d, const struct json_t *args, struct hf_buf *report,
                             struct hf_err *err);
HF_MUST hf_status task_canary_make(struct desk *d, const struct json_t *args, struct hf_buf *report,
                                   struct hf_err *err);
HF_MUST hf_status task_canary_check(struct desk *d, const struct json_t *args,
                                    struct hf_buf *report, struct hf_err *err);

/* Fails with words when there is no usable master key. */
HF_MUST hf_status task_needs_master(struct desk *d, struct hf_err *err);

#endif
