/* SPDX-License-Identifier: Apache-2.0
 * "Basic BASE64(USER:SECRET)" (RFC 7617), and an app's API key, which is the same. */
#ifndef HF_SERVER_CORE_ACCESS_BASIC_AUTH_H
#define HF_SERVER_CORE_ACCESS_BASIC_AUTH_H

#include "base/buf.h"

#define BASIC_AUTH_MAX 16384

/* What stands behind "Basic ". The user ends at the first colon. Each is appended with a NUL behind
 * it that is not counted; the caller wipes both. HF_INVALID: no base64, no colon, or a NUL inside.
 */
HF_MUST hf_status basic_auth_split(const char *base64, struct hf_buf *user, struct hf_buf *secret);

#endif
