/* SPDX-License-Identifier: Apache-2.0
 * Files that are believed, and are no secret: whoever could write them could have anything done. */
#ifndef HF_OS_TRUSTEDFILE_H
#define HF_OS_TRUSTEDFILE_H

#include "base/buf.h"

/* Appends the content of a regular file (no symbolic link) of ours or root's that nobody else may
 * write. HF_NOTFOUND, HF_DENIED (mode, owner, link), HF_TOOBIG beyond the buffer's limit, HF_IO;
 * words say what to do. */
HF_MUST hf_status os_trusted_file(const char *path, struct hf_buf *to, struct hf_err *err);

#endif
