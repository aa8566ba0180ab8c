/* SPDX-License-Identifier: Apache-2.0
 * Where our own programs lie. */
#ifndef HF_OS_SELF_H
#define HF_OS_SELF_H

#include "base/status.h"

/* Path of the helper program `name`: beside our own executable, in ../libexec/holdfast (as
 * installed), or in ../signer (as built). HF_NOTFOUND, with the places that were looked at. */
HF_MUST hf_status os_helper_path(const char *name, char *to, size_t cap, struct hf_err *err);

#endif
