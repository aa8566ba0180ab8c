/* SPDX-License-Identifier: Apache-2.0
 * Keys of those who sign apps' JWTs (RFC 7517): a set of them, stored with the app, or fetched by
 * the program that has the connections (server/jwks_fetch.h), since the core has no HTTP in it. */
#ifndef HF_SERVER_CORE_ACCESS_JWKS_H
#define HF_SERVER_CORE_ACCESS_JWKS_H

#include "server/core/access/jwt.h"

#define JWKS_CACHE_MAX_S 86400
#define JWKS_URL_MAX 1000

/* Never changed once read; shared by reference. */
struct jwks_set;
/* A JWK set, or keys as {kid: base64 of DER} with `stored`. Keys of kinds that are not for
 * signatures are passed over in the former. HF_INVALID with words. The caller owns *ret. */
HF_MUST hf_status jwks_set_read(const struct json_t *doc, bool stored, struct jwks_set **ret,
                                struct hf_err *err);
struct jwks_set *jwks_set_ref(struct jwks_set *set);
void jwks_set_free(struct jwks_set *set);
HF_DEFINE_CLEANUP(jwks_set_free, struct jwks_set *)
/* The one with this `kid`; or, without one, the only key that there is. NULL. */
const struct jwt_key *jwks_set_key(const struct jwks_set *set, const char *kid);

struct jwks_wait {
	const char *url; /* NULL: none are wanted */
	const char *kid; /* the key that is looked for: one that is not there has them fetched
	                    anew, at most every minute */
	int64_t cache_s;
	/* Once, on any thread, perhaps before get() returns; the set is valid during the call.
	 * HF_TIMEOUT: it cannot be had; HF_DENIED: not from there. */
	void (*done)(struct jwks_wait *wait, hf_status s, const struct jwks_set *set);
	struct jwks_wait *next;
};

/* Where they are had from. */
struct jwks;
struct jwks_source {
	struct jwks *jwks;
	void (*get)(struct jwks *jwks, struct jwks_wait *wait);
};

#endif
