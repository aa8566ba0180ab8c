/* SPDX-License-Identifier: Apache-2.0
 * Asking the person at the terminal for a secret. */
#ifndef HF_OS_PROMPT_H
#define HF_OS_PROMPT_H

#include "base/secret.h"

/* Writes `prompt` to the controlling terminal and reads one line from it without echo. The caller
 * owns *ret. HF_STATE: there is no terminal; HF_DENIED: cancelled by ^C or ^D; HF_TOOBIG. */
HF_MUST hf_status os_prompt_secret(const char *prompt, struct hf_secret *ret, struct hf_err *err);

#endif
