/* SPDX-License-Identifier: Apache-2.0
 * What a process gives up for good, so that a fault in it, or in a vendor's library, is worth less.
 */
#ifndef HF_OS_HARDEN_H
#define HF_OS_HARDEN_H

#include "base/status.h"

/* For every program that holds secrets: no core dumps, no debugger of the same user, no new
 * privileges by exec. */
void os_harden(void);

/* For the process that hosts a vendor's library, before it is loaded: system calls that no PKCS#11
 * module has a use for answer EPERM from now on. A list of what is forbidden, not of what is
 * allowed, because vendor libraries talk to their devices by any means (TCP, USB, device files,
 * shared memory, threads) and change with every release. HF_UNSUPPORTED when the kernel has no
 * seccomp. */
HF_MUST hf_status os_sandbox_module(void);

#endif
