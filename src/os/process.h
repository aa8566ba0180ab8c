/* SPDX-License-Identifier: Apache-2.0
 * A child process with pipes on its standard input and output, for a program that is not to be
 * trusted with more than those two.
 *
 * The child inherits standard error and nothing else: every other descriptor is closed, and the
 * environment is passed on without what may hold or lead to a secret (USER_PIN,
 * CREDENTIALS_DIRECTORY); vendor libraries need the rest (SOFTHSM2_CONF,
 * ChrystokiConfigurationPath, …). The kernel kills the child when the *thread* that spawned it
 * ends: spawn from one that lives as long as the child. */
#ifndef HF_OS_PROCESS_H
#define HF_OS_PROCESS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct os_process {
	pid_t pid; /* 0: none */
	int pidfd; /* readable once it has ended */
	int to;    /* its standard input; -1 after os_process_hang_up() */
	int from;  /* its standard output */
};

struct os_exit {
	bool by_signal;
	int value; /* exit status, or the signal */
};

/* Runs `path` with argv (NULL at the end). `more`: "NAME=value", NULL at the end, or NULL: what its
 * environment has besides, secrets too, as the caller sees fit. Both pipes are non-blocking at our
 * end. On success the caller owns *ret: os_process_done(). HF_NOTFOUND or HF_IO, with words naming
 * the path. */
HF_MUST hf_status os_spawn(const char *path, char *const argv[], const char *const *more,
                           struct os_process *ret, struct hf_err *err);

/* Closes the child's standard input: how it is asked to end. */
void os_process_hang_up(struct os_process *p);
/* SIGKILL, unless it was reaped already. */
void os_process_kill(const struct os_process *p);
/* Waits up to timeout_ms (-1: for ever) and reaps. HF_TIMEOUT: it still runs. HF_NOTFOUND: reaped
 * before. */
HF_MUST hf_status os_process_wait(struct os_process *p, int timeout_ms, struct os_exit *ret);
/* Closes the pipes; kills and reaps what still runs. *p is empty afterwards. */
void os_process_done(struct os_process *p);

/* Resident memory in bytes; 0 when it cannot be told. */
uint64_t os_process_rss(pid_t pid);
/* Processor time so far, user and system, in microseconds; 0 when it cannot be told. */
int64_t os_process_cpu_us(pid_t pid);
/* The same of all its children that live. */
int64_t os_process_children_cpu_us(pid_t pid);

/* In a child: the kernel kills us when `parent` ends (os_spawn() has seen to it); if it has ended
 * already, so do we. The other one takes that back: a signer outlives its parent while it logs in,
 * because a SIGKILL inside C_Login can cost the token. */
void os_die_with(pid_t parent);
void os_outlive_parent(void);

#endif
