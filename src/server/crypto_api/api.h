/* SPDX-License-Identifier: Apache-2.0
 * The Crypto API: compatible with the REST API of Fortanix DSM. A thin face: it parses, calls the
 * core, and prints. On a listener of its own, which asks for client certificates and judges them
 * itself, since apps may prove themselves by certificates of any authority. */
#ifndef HF_SERVER_CRYPTO_API_API_H
#define HF_SERVER_CRYPTO_API_API_H

#include "http/server.h"
#include "server/core/access/principal.h"
#include "server/core/core.h"
#include "server/core/objects/object.h"
#include "server/core/people/party.h"
#include "server/core/rates.h"

struct crypto_sessions; /* core/access/sessions.h */

/* What all its requests share; the routes' ctx. */
struct crypto_api {
	const struct core *core;
	struct groups *groups;            /* core's */
	struct objects *objects;          /* core's */
	struct crypto_sessions *sessions; /* core's */
	struct http_route *routes;
	size_t n_routes;
	struct http_routes *inner; /* the same, for calls that do not come over HTTP */
	struct rates rates;
	struct party party;      /* whose authenticators are second factors */
	struct entries *entries; /* call_audit.h */
};

HF_MUST hf_status crypto_api_new(const struct core *core, struct crypto_api **ret,
                                 struct hf_err *err);
void crypto_api_free(struct crypto_api *api);

#endif
