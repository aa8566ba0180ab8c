/* SPDX-License-Identifier: Apache-2.0
 * Signals as readable bytes: no handler runs in the middle of anything. */
#ifndef HF_OS_SIGNALS_H
#define HF_OS_SIGNALS_H

#include "base/status.h"

/* Call before any thread is made. SIGTERM and SIGINT no longer interrupt but become readable on
 * *ret (non-blocking, to be polled); SIGPIPE is ignored. HF_IO. */
HF_MUST hf_status os_signals_open(int *ret);
/* SIGHUP the same, on a descriptor of its own: read the files again. HF_IO. */
HF_MUST hf_status os_signals_open_hup(int *ret);
/* The next signal, or 0. */
int os_signals_read(int fd);

/* For a child that ends when its input does: whatever the terminal or the service manager sends to
 * the whole group is the parent's to answer. SIGPIPE is ignored too. */
void os_signals_ignore(void);

#endif
