/* SPDX-License-Identifier: Apache-2.0
 * The operator's file of authorizers (proof/authorizers.h), read once when the driver starts: what
 * the signers are told, and how long used user actions have to be remembered. */
#ifndef HF_DRIVER_AUTHORIZING_H
#define HF_DRIVER_AUTHORIZING_H

#include "base/buf.h"

struct authorizing {
	struct hf_buf text;   /* empty: requests are not checked here */
	int64_t spent_age_ms; /* a proof older than this is refused in any case */
};

/* `path` NULL or "": none. Logs what the file amounts to. The caller owns *ret. HF_STOP with words:
 * the file cannot be used, and nothing may be signed without it. */
HF_MUST hf_status authorizing_read(const char *path, struct authorizing *ret, struct hf_err *err);
void authorizing_done(struct authorizing *a);

#endif
