/* SPDX-License-Identifier: Apache-2.0 */
#include "base/scope.h"
#include "server/errors.h"
#include "server/signing_api/handlers.h"

/* What the official client can ask for and this server does not do: said clearly, whatever the
 * method. */
static void not_here(struct http_request *req, void *api)
{
	api_error_reply(
	        req, 501,
	        "this part of the API is not available here: this server does keys, signatures "
	        "and key stores");
}

#define NOT_HERE(method, pattern)                                                                  \
	{                                                                                          \
		method, pattern, not_here, AUTH_BODY_MAX                                           \
	}

const struct http_route signing_api_routes[] = {
	{ "POST", "/auth/action/init", handle_action_init, AUTH_BODY_MAX },
	{ "POST", "/auth/action", handle_action, 64u << 10 },
	{ "GET", "/key-stores", handle_list_key_stores, 0 },
	{ "POST", "/keys", handle_create_key, 16u << 10 },
	{ "GET", "/keys", handle_list_keys, 0 },
	{ "GET", "/keys/:keyId", handle_get_key, 0 },
	{ "PUT", "/keys/:keyId", handle_update_key, 16u << 10 },
	{ "DELETE", "/keys/:keyId", handle_delete_key, 16u << 10 },
	{ "POST", "/keys/:keyId/signatures", handle_create_signature, PAYLOAD_MAX },
	{ "GET", "/keys/:keyId/signatures", handle_list_signatures, 0 },
	{ "GET", "/keys/:keyId/signatures/:signatureId", handle_get_signature, 0 },
	NOT_HERE("POST", "/keys/import"),
	NOT_HERE("POST", "/keys/:keyId/delegate"),
	NOT_HERE("POST", "/keys/:keyId/derive"),
	NOT_HERE("POST", "/keys/:keyId/export"),
	NOT_HERE("GET", "/signers"),
	NOT_HERE("POST", "/wallets"),
	NOT_HERE("GET", "/wallets"),
	NOT_HERE("GET", "/wallets/:walletId"),
	NOT_HERE("POST", "/wallets/:walletId/signatures"),
	NOT_HERE("POST", "/wallets/:walletId/transactions"),
	NOT_HERE("POST", "/wallets/:walletId/transfers"),
	NOT_HERE("POST", "/auth/login/init"),
	NOT_HERE("POST", "/auth/login"),
	NOT_HERE("POST", "/auth/service-accounts"),
	NOT_HERE("POST", "/auth/pats"),
	NOT_HERE("GET", "/permissions"),
	NOT_HERE("GET", "/v2/policies"),
	NOT_HERE("GET", "/webhooks"),
};
const size_t signing_api_route_count = HF_COUNT(signing_api_routes);
