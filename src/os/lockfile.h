/* SPDX-License-Identifier: Apache-2.0
 * A lock between processes of one user on one machine (flock). The kernel drops it when its holder
 * ends, however that happens; the file stays behind, empty. */
#ifndef HF_OS_LOCKFILE_H
#define HF_OS_LOCKFILE_H

#include "base/status.h"

/* Takes the lock called `name` (letters, digits, dashes) in the first of /run/lock,
 * $XDG_RUNTIME_DIR and /tmp that has room for it, waiting up to timeout_ms. Close *ret to release
 * it: HF_FD. HF_TIMEOUT; HF_DENIED when the file is not ours; HF_IO. */
HF_MUST hf_status os_lock_take(const char *name, int timeout_ms, int *ret, struct hf_err *err);

#endif
