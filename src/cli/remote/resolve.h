/* SPDX-License-Identifier: Apache-2.0
 * Options and arguments as what the Crypto API wants: names as ids, files as base64, lists, times.
 * For cli/remote only; the functions are declared in command.h. */
#ifndef HF_CLI_REMOTE_RESOLVE_H
#define HF_CLI_REMOTE_RESOLVE_H

#include "cli/remote/command.h"

/* What an option is called in error texts: the field's member. */
HF_MUST hf_status resolve_time(const char *text, char ret[17], struct hf_err *err);

#endif
