/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/routes.h"

#include "server/errors.h"
#include "server/signing_api/handlers.h"

/* What the official client can ask for and this server does not do: said clearly. */
static hf_status prepare_not_here(struct call *c, struct hf_err *err)
{
	c->status = 501;
	api_error_body(&c->out, c->status,
	               "this part of the API is not available here: this server does keys, "
	               "signatures and key stores");
	return HF_SUCCESS;
}

static const struct operation not_here = {
	.size = sizeof(struct call),
	.prepare = prepare_not_here,
};

#define NOT_HERE(method, pattern)                                                                  \
	{                                                                                          \
		method, pattern, PERMIT_AUTHENTICATED, NO_ACTION, AUTH_BODY_MAX, &not_here         \
	}

#define SMALL (16u << 10)

// clang-format off
const struct route signing_api_table[] = {
	/* User actions */
	{ "POST",   "/auth/action/init", PERMIT_AUTHENTICATED, NO_ACTION, AUTH_BODY_MAX, &api_action_init },
	{ "POST",   "/auth/action",      PERMIT_AUTHENTICATED, NO_ACTION, 64u << 10,     &api_action },

	/* Keys and their signatures */
	{ "GET",    "/key-stores",    PERMIT_KEY_STORES_READ, NO_ACTION,   0,     &api_list_key_stores },
	{ "POST",   "/keys",          PERMIT_KEYS_CREATE,     USER_ACTION, SMALL, &api_create_key },
	{ "GET",    "/keys",          PERMIT_KEYS_READ,       NO_ACTION,   0,     &api_list_keys },
	{ "GET",    "/keys/:keyId",   PERMIT_KEYS_READ,       NO_ACTION,   0,     &api_get_key },
	{ "PUT",    "/keys/:keyId",   PERMIT_KEYS_UPDATE,     USER_ACTION, SMALL, &api_update_key },
	{ "DELETE", "/keys/:keyId",   PERMIT_KEYS_DELETE,     USER_ACTION, SMALL, &api_delete_key },
	{ "POST",   "/keys/:keyId/signatures", PERMIT_SIGNATURES_CREATE, USER_ACTION, PAYLOAD_MAX, &api_create_signature },
	{ "GET",    "/keys/:keyId/signatures", PERMIT_SIGNATURES_READ,   NO_ACTION,   0,           &api_list_signatures },
	{ "GET",    "/keys/:keyId/signatures/:signatureId", PERMIT_SIGNATURES_READ, NO_ACTION, 0,  &api_get_signature },
	NOT_HERE("POST", "/keys/import"),
	NOT_HERE("POST", "/keys/:keyId/delegate"),
	NOT_HERE("POST", "/keys/:keyId/derive"),
	NOT_HERE("POST", "/keys/:keyId/export"),
	NOT_HERE("GET",  "/signers"),

	/* Wallets */
	NOT_HERE("POST", "/wallets"),
	NOT_HERE("GET",  "/wallets"),
	NOT_HERE("GET",  "/wallets/:walletId"),
	NOT_HERE("POST", "/wallets/:walletId/signatures"),
	NOT_HERE("POST", "/wallets/:walletId/transactions"),
	NOT_HERE("POST", "/wallets/:walletId/transfers"),

	/* Login, registration, credentials, recovery */
	NOT_HERE("POST", "/auth/login/init"),
	NOT_HERE("POST", "/auth/login"),

	/* Users, service accounts, personal access tokens */
	NOT_HERE("POST", "/auth/service-accounts"),
	NOT_HERE("POST", "/auth/pats"),

	/* Permissions and assignments */
	NOT_HERE("GET",  "/permissions"),

	/* Policies, approvals */
	NOT_HERE("GET",  "/v2/policies"),

	/* Webhooks */
	{ "POST",   "/webhooks",                 PERMIT_WEBHOOKS_CREATE, USER_ACTION, SMALL, &api_create_webhook },
	{ "GET",    "/webhooks",                 PERMIT_WEBHOOKS_READ,   NO_ACTION,   0,     &api_list_webhooks },
	{ "GET",    "/webhooks/:webhookId",      PERMIT_WEBHOOKS_READ,   NO_ACTION,   0,     &api_get_webhook },
	{ "PUT",    "/webhooks/:webhookId",      PERMIT_WEBHOOKS_UPDATE, USER_ACTION, SMALL, &api_update_webhook },
	{ "DELETE", "/webhooks/:webhookId",      PERMIT_WEBHOOKS_DELETE, USER_ACTION, SMALL, &api_delete_webhook },
	{ "POST",   "/webhooks/:webhookId/ping", PERMIT_WEBHOOKS_PING,   USER_ACTION, SMALL, &api_ping_webhook },
	{ "GET",    "/webhooks/:webhookId/events", PERMIT_WEBHOOKS_EVENTS_READ, NO_ACTION, 0, &api_list_webhook_events },
	{ "GET",    "/webhooks/:webhookId/events/:webhookEventId", PERMIT_WEBHOOKS_EVENTS_READ, NO_ACTION, 0, &api_get_webhook_event },
};
// clang-format on
const size_t signing_api_table_len = HF_COUNT(signing_api_table);
