/* SPDX-License-Identifier: Apache-2.0
 * One holdfast-signer process: spawned, told its SETUP, spoken to in frames. Non-blocking. */
#ifndef HF_HSMHOST_PROC_H
#define HF_HSMHOST_PROC_H

#include "os/process.h"
#include "signer/wire.h"

struct proc {
	struct os_process os;
	struct hf_buf in, out;
	size_t taken; /* of `in`, by proc_next() */
};

/* Spawns the program and writes its SETUP, of which no copy stays. */
HF_MUST hf_status proc_start(const char *path, const struct signer_setup *setup, struct proc *ret,
                             struct hf_err *err);
/* Writes as much of `out` as goes at once. HF_CLOSED: nobody reads. */
HF_MUST hf_status proc_send(struct proc *p);
/* Reads what is there. HF_CLOSED: it has ended, or closed its output. Frames taken before are
 * invalid afterwards. */
HF_MUST hf_status proc_receive(struct proc *p);
/* The next whole frame. HF_BUSY: none; HF_INVALID. */
HF_MUST hf_status proc_next(struct proc *p, struct wire_frame *ret);

/* Ends it, by force if it has not ended by itself, and says how it ended: "killed by signal 11
 * (Segmentation fault)". Returns its exit status, or -1. */
int proc_bury(struct proc *p, char *to, size_t cap);
void proc_done(struct proc *p);

#endif
