/* SPDX-License-Identifier: Apache-2.0
 * Secrets that wait on disk: a PIN file, a systemd credential. One newline at the end is not part
 * of the secret. The caller owns *ret. */
#ifndef HF_OS_SECRETFILE_H
#define HF_OS_SECRETFILE_H

#include "base/secret.h"

#define SECRET_FILE_MAX 4096

/* A regular file (no symbolic link) of ours or root's that neither group nor others may read.
 * HF_NOTFOUND, HF_DENIED (mode, owner, link), HF_TOOBIG, HF_INVALID (empty), HF_IO; words say what
 * to do. */
HF_MUST hf_status os_secret_file(const char *path, struct hf_secret *ret, struct hf_err *err);

/* $CREDENTIALS_DIRECTORY/<name> (systemd.exec(5), LoadCredential=), protected by its directory.
 * HF_NOTFOUND also when there is no such directory. */
HF_MUST hf_status os_secret_credential(const char *name, struct hf_secret *ret, struct hf_err *err);

#endif
