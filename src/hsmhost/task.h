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

struct hsmhost_token {
	uint64_t slot;
	char label[33], manufacturer[33], model[17], serial[17]; /* UTF-8 */
};
#define HSMHOST_TOKENS_MAX 256
struct hsmhost_tokens {
	char library[128]; /* "SoftHSM 2.6 (PKCS#11 2.40)" */
	size_t n;
	struct hsmhost_token list[HSMHOST_TOKENS_MAX];
};
/* Which tokens the module of config->setup shows. Nobody logs in: its slot and PIN do not matter.
 * On one fresh signer, as hsmhost_task(). */
HF_MUST hf_status hsmhost_list_tokens(const struct hsmhost_config *config,
                                      struct hsmhost_tokens *ret, struct hf_err *err);

#endif
