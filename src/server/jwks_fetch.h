/* SPDX-License-Identifier: Apache-2.0
 * Fetching the keys of those who sign apps' JWTs (core/access/jwks.h), over HTTPS, and keeping them
 * for a while. One thread fetches; requests that need the same keys wait for the same answer.
 * Targets follow the rules of webhooks (http/outbound.h): https, and nothing in private networks
 * unless the server's configuration allows it. What was fetched stays in use while its successor
 * cannot be had, but for no longer than JWKS_STALE_MS. Any thread. */
#ifndef HF_SERVER_JWKS_FETCH_H
#define HF_SERVER_JWKS_FETCH_H

#include "server/core/access/jwks.h"

#define JWKS_MAX_BYTES (64u << 10)
#define JWKS_TIMEOUT_MS 5000
#define JWKS_STALE_MS (60 * 60 * 1000)

HF_MUST hf_status jwks_new(bool private_too, const char *ca_file, struct jwks **ret,
                           struct hf_err *err);
const struct jwks_source *jwks_source(const struct jwks *j);
/* Who waits, and who comes from now on, is told HF_CLOSED. */
void jwks_stop(struct jwks *j);
void jwks_free(struct jwks *j);

#endif
