/* SPDX-License-Identifier: Apache-2.0
 * Keys of those who sign apps' JWTs (RFC 7517), fetched over HTTPS and kept for a while. One thread
 * fetches; requests that need the same keys wait for the same answer. Targets follow the rules of
 * webhooks (http/outbound.h): https, and nothing in private networks unless the server's
 * configuration allows it. What was fetched stays in use while its successor cannot be had, but
 * for no longer than JWKS_STALE_MS. Any thread. */
#ifndef HF_SERVER_CORE_ACCESS_JWKS_H
#define HF_SERVER_CORE_ACCESS_JWKS_H

#include "server/core/access/jwt.h"

#define JWKS_MAX_BYTES (64u << 10)
#define JWKS_TIMEOUT_MS 5000
#define JWKS_STALE_MS (60 * 60 * 1000)
#define JWKS_CACHE_MAX_S 86400

struct jwks;
HF_MUST hf_status jwks_new(bool private_too, const char *ca_file, struct jwks **ret,
                           struct hf_err *err);
/* Who waits, and who comes from now on, is told HF_CLOSED. */
void jwks_stop(struct jwks *j);
void jwks_free(struct jwks *j);

/* Keys that were read. */
struct jwks_set;
/* A JWK set, or keys as {kid: base64 of DER} with `stored`. Keys of kinds that are not for
 * signatures are passed over. HF_INVALID with words. */
HF_MUST hf_status jwks_set_read(const struct json_t *doc, bool stored, struct jwks_set **ret,
                                struct hf_err *err);
void jwks_set_free(struct jwks_set *set);
HF_DEFINE_CLEANUP(jwks_set_free, struct jwks_set *)
/* The one with this `kid`; or, without one, the only key that there is. NULL. */
const struct jwt_key *jwks_set_key(const struct jwks_set *set, const char *kid);

struct jwks_wait {
	const char *url; /* NULL: none are wanted, and done() is told so at once, with set NULL */
	const char *kid; /* the key that is looked for: one that is not there has them fetched
	                    anew, at most every minute */
	int64_t cache_s;
	/* Once, on any thread, perhaps before jwks_get() returns; the set is valid during the call.
	 */
	void (*done)(struct jwks_wait *wait, hf_status s, const struct jwks_set *set);
	struct jwks_wait *next;
};
void jwks_get(struct jwks *j, struct jwks_wait *wait);
/* May it be fetched from at all? HF_INVALID with words. */
HF_MUST hf_status jwks_check_url(struct jwks *j, const char *url, struct hf_err *err);

#endif
