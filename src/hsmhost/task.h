/* SPDX-License-Identifier: Apache-2.0
 * One administrative task (enum signer_task) on fresh signers that end with it: for commands, and
 * for a driver that makes sure of its HSM before it starts. */
#ifndef HF_HSMHOST_TASK_H
#define HF_HSMHOST_TASK_H

#include "hsmhost/host.h"

/* One line of progress, for a person; may be NULL. */
typedef void (*hsmhost_news)(void *ctx, const char *line);

/* Starts config->processes signers (0: one), one after another, gives the task to all of them at
 * the same time, waits for all, and appends the report, JSON: the signer's object, or, with several
 * processes, an array of theirs. `json_args` is an object as text, or "" for none. A wrong PIN is
 * tried once. Blocks; not for a thread that has a host running. Words and codes are the signer's;
 * HF_IO when it crashed. */
HF_MUST hf_status hsmhost_task(const struct hsmhost_config *config, enum signer_task task,
                               const char *json_args, hsmhost_news news, void *ctx,
                               struct hf_buf *report, struct hf_err *err);

#endif
