/* SPDX-License-Identifier: Apache-2.0
 * The Signing API: compatible with the Dfns API, so that its official client (@dfns/sdk) works
 * unmodified. A thin face: it parses, calls the core, and prints. */
#ifndef HF_SERVER_SIGNING_API_API_H
#define HF_SERVER_SIGNING_API_API_H

#include "http/server.h"
#include "proof/client_data.h"
#include "server/core/people/attempts.h"
#include "server/core/people/party.h"
#include "server/core/core.h"
#include "server/core/rates.h"
#include "server/core/sealed.h"
#include "server/core/people/tokens.h"

#include <stdatomic.h>

struct webhook_sender;

/* What all its requests share; the routes' ctx. Not changed once made, but for what locks itself.
 */
struct signing_api {
	const struct core *core;
	struct token_keys *token_keys;
	struct tokens *tokens;
	struct rates rates;
	struct webhook_sender *webhooks; /* borrowed; set before the first request */
	struct seal challenges, actions, pages;
	struct attempts *attempts;
	struct party pages_of;
	struct relying_party party; /* its own, by hand */
	int64_t login_ms;           /* how long a session lasts */
	atomic_uint spent;          /* user actions: now and then old ones are forgotten */
	atomic_uint entering;       /* answers that wait for their entry in the audit log */
	struct http_route *routes;  /* of routes.c's table; for struct http_server_config */
	size_t n_routes;
	int create_wait_ms, sign_wait_ms; /* how long a request is held for its HSM */
};

/* `core` is borrowed, and stays until signing_api_free(). The caller owns *ret. */
HF_MUST hf_status signing_api_new(const struct core *core, struct signing_api **ret,
                                  struct hf_err *err);
/* After the last request was answered. */
void signing_api_free(struct signing_api *api);

#endif
