/* SPDX-License-Identifier: Apache-2.0
 * Opening a file on whose contents much hangs: regular, ours or root's, not a link, and out of
 * others' reach. */
#ifndef HF_OS_OWNFILE_H
#define HF_OS_OWNFILE_H

#include "base/status.h"

#include <stdbool.h>

/* `secret`: others may not even read it; otherwise they may not write it. The caller closes *ret.
 * HF_NOTFOUND, HF_DENIED, HF_IO with words that name the file and what to do. */
HF_MUST hf_status os_own_file_open(const char *path, bool secret, int *ret, struct hf_err *err);
/* Without looking at its rights: for a place that somebody else keeps safe, such as the service
 * manager's credentials. */
HF_MUST hf_status os_kept_file_open(const char *path, int *ret, struct hf_err *err);

#endif
