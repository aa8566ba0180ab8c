/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/routes.h"

#include "server/signing_api/handlers.h"
#include "server/signing_api/people/people_handlers.h"

#define SMALL (16u << 10)

// clang-format off
const struct route signing_api_table[] = {
	/* User actions */
	{ "POST",   "/auth/action/init", PERMIT_AUTHENTICATED, NO_ACTION, AUTH_BODY_MAX, &api_action_init },
	{ "POST",   "/auth/action",      PERMIT_AUTHENTICATED, NO_ACTION, 64u << 10,     &api_action },
	{ "GET",    "/auth/action/logs",     PERMIT_AUTH_LOGS_READ, AUDITED, 0, &api_list_audit_logs },
	{ "GET",    "/auth/action/logs/:id", PERMIT_AUTH_LOGS_READ, AUDITED, 0, &api_get_audit_log },

	/* Key stores, keys and their signatures */
	{ "GET",    "/key-stores",    PERMIT_KEY_STORES_READ, NO_ACTION,   0,     &api_list_key_stores },
	{ "GET",    "/signers",       PERMIT_SIGNERS_LIST_SIGNERS, NO_ACTION, 0,  &api_list_signers },
	{ "POST",   "/keys",          PERMIT_KEYS_CREATE,     USER_ACTION, SMALL, &api_create_key },
	{ "GET",    "/keys",          PERMIT_KEYS_READ,       NO_ACTION,   0,     &api_list_keys },
	{ "GET",    "/keys/:keyId",   PERMIT_KEYS_READ,       NO_ACTION,   0,     &api_get_key },
	{ "PUT",    "/keys/:keyId",   PERMIT_KEYS_UPDATE,     USER_ACTION, SMALL, &api_update_key },
	{ "DELETE", "/keys/:keyId",   PERMIT_KEYS_DELETE,     USER_ACTION, SMALL, &api_delete_key },
	{ "POST",   "/keys/:keyId/signatures", PERMIT_SIGNATURES_CREATE, USER_ACTION, PAYLOAD_MAX, &api_create_signature },
	{ "GET",    "/keys/:keyId/signatures", PERMIT_SIGNATURES_READ,   NO_ACTION,   0,           &api_list_signatures },
	{ "GET",    "/keys/:keyId/signatures/:signatureId", PERMIT_SIGNATURES_READ, NO_ACTION, 0,  &api_get_signature },
	{ "POST",   "/keys/import",          PERMIT_KEYS_IMPORT,   NO_ACTION, AUTH_BODY_MAX, &api_refuse_import.op },
	{ "POST",   "/keys/:keyId/delegate", PERMIT_KEYS_DELEGATE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_delegate.op },
	{ "POST",   "/keys/:keyId/derive",   PERMIT_KEYS_DERIVE,   NO_ACTION, AUTH_BODY_MAX, &api_refuse_derive.op },
	{ "POST",   "/keys/:keyId/export",   PERMIT_KEYS_EXPORT,   NO_ACTION, AUTH_BODY_MAX, &api_refuse_export.op },

	/* Wallets and their signatures. POST /wallets needs more: see wallets.c */
	{ "POST",   "/wallets",                PERMIT_WALLETS_CREATE,      USER_ACTION, SMALL, &api_create_wallet },
	{ "GET",    "/wallets",                PERMIT_WALLETS_READ,        NO_ACTION,   0,     &api_list_wallets },
	{ "GET",    "/wallets/:walletId",      PERMIT_WALLETS_READ,        NO_ACTION,   0,     &api_get_wallet },
	{ "PUT",    "/wallets/:walletId",      PERMIT_WALLETS_UPDATE,      USER_ACTION, SMALL, &api_update_wallet },
	{ "PUT",    "/wallets/:walletId/tags", PERMIT_WALLETS_TAGS_ADD,    USER_ACTION, SMALL, &api_tag_wallet },
	{ "DELETE", "/wallets/:walletId/tags", PERMIT_WALLETS_TAGS_DELETE, USER_ACTION, SMALL, &api_untag_wallet },
	{ "POST",   "/wallets/:walletId/signatures", PERMIT_SIGNATURES_CREATE, USER_ACTION, PAYLOAD_MAX, &api_create_signature },
	{ "GET",    "/wallets/:walletId/signatures", PERMIT_SIGNATURES_READ,   NO_ACTION,   0,           &api_list_signatures },
	{ "GET",    "/wallets/:walletId/signatures/:signatureId", PERMIT_SIGNATURES_READ, NO_ACTION, 0,  &api_get_signature },
	{ "POST",   "/wallets/import",             PERMIT_KEYS_IMPORT,    NO_ACTION, AUTH_BODY_MAX, &api_refuse_import.op },
	{ "POST",   "/wallets/:walletId/export",   PERMIT_KEYS_EXPORT,    NO_ACTION, AUTH_BODY_MAX, &api_refuse_export.op },
	{ "POST",   "/wallets/:walletId/delegate", PERMIT_KEYS_DELEGATE,  NO_ACTION, AUTH_BODY_MAX, &api_refuse_delegate.op },
	{ "POST",   "/wallets/:walletId/activate", PERMIT_WALLETS_CREATE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_activate.op },
	{ "POST",   "/wallets/:walletId/transactions", PERMIT_WALLETS_TRANSACTIONS_CREATE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_broadcast.op },
	{ "GET",    "/wallets/:walletId/transactions", PERMIT_WALLETS_TRANSACTIONS_READ,   NO_ACTION, 0,             &api_refuse_broadcast.op },
	{ "GET",    "/wallets/:walletId/transactions/:transactionId", PERMIT_WALLETS_TRANSACTIONS_READ, NO_ACTION, 0, &api_refuse_broadcast.op },
	{ "POST",   "/wallets/:walletId/transactions/:transactionId/cancel", PERMIT_WALLETS_TRANSACTIONS_CREATE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_broadcast.op },
	{ "POST",   "/wallets/:walletId/transfers", PERMIT_WALLETS_TRANSFERS_CREATE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_transfer.op },
	{ "GET",    "/wallets/:walletId/transfers", PERMIT_WALLETS_TRANSFERS_READ,   NO_ACTION, 0,             &api_refuse_transfer.op },
	{ "GET",    "/wallets/:walletId/transfers/:transferId", PERMIT_WALLETS_TRANSFERS_READ, NO_ACTION, 0,   &api_refuse_transfer.op },
	{ "POST",   "/wallets/:walletId/transfers/:transferId/cancel", PERMIT_WALLETS_TRANSFERS_CREATE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_transfer.op },
	{ "GET",    "/wallets/:walletId/assets",  PERMIT_WALLETS_READ, NO_ACTION, 0, &api_refuse_balance.op },
	{ "GET",    "/wallets/:walletId/nfts",    PERMIT_WALLETS_READ, NO_ACTION, 0, &api_refuse_balance.op },
	{ "GET",    "/wallets/:walletId/history", PERMIT_WALLETS_READ, NO_ACTION, 0, &api_refuse_balance.op },
	{ "GET",    "/wallets/all/history",       PERMIT_WALLETS_READ, NO_ACTION, 0, &api_refuse_balance.op },
	{ "GET",    "/wallets/:walletId/offers",          PERMIT_WALLETS_OFFERS_READ, NO_ACTION, 0, &api_refuse_offers.op },
	{ "GET",    "/wallets/:walletId/offers/:offerId", PERMIT_WALLETS_OFFERS_READ, NO_ACTION, 0, &api_refuse_offers.op },
	{ "PUT",    "/wallets/:walletId/offers/:offerId/accept", PERMIT_WALLETS_OFFERS_SETTLE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_offers.op },
	{ "PUT",    "/wallets/:walletId/offers/:offerId/reject", PERMIT_WALLETS_OFFERS_SETTLE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_offers.op },

	/* Networks */
	{ "GET",    "/networks/fees",                PERMIT_AUTHENTICATED, NO_ACTION, 0,             &api_refuse_network.op },
	{ "POST",   "/networks/read-contract",       PERMIT_AUTHENTICATED, NO_ACTION, AUTH_BODY_MAX, &api_refuse_network.op },
	{ "POST",   "/networks/:network/validators", PERMIT_NETWORKS_CANTON_VALIDATORS_CREATE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_network.op },
	{ "GET",    "/networks/:network/validators", PERMIT_NETWORKS_CANTON_VALIDATORS_READ,   NO_ACTION, 0,             &api_refuse_network.op },
	{ "GET",    "/networks/:network/validators/:validatorId", PERMIT_NETWORKS_CANTON_VALIDATORS_READ,   NO_ACTION, 0,             &api_refuse_network.op },
	{ "PUT",    "/networks/:network/validators/:validatorId", PERMIT_NETWORKS_CANTON_VALIDATORS_UPDATE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_network.op },
	{ "DELETE", "/networks/:network/validators/:validatorId", PERMIT_NETWORKS_CANTON_VALIDATORS_DELETE, NO_ACTION, AUTH_BODY_MAX, &api_refuse_network.op },

	/* Login, registration, credentials, recovery */
	{ "POST",   "/auth/login/init",      PERMIT_OPEN,                 NO_ACTION,   SMALL,     &api_login_init },
	{ "POST",   "/auth/login",           PERMIT_OPEN,                 NO_ACTION,   32u << 10, &api_login },
	{ "POST",   "/auth/login/delegated", PERMIT_AUTH_LOGIN_DELEGATED, USER_ACTION, SMALL,     &api_login_delegated },
	{ "PUT",    "/auth/logout",          PERMIT_AUTHENTICATED,        NO_ACTION,   SMALL,     &api_logout },
	{ "POST",   "/auth/login/code",      PERMIT_OPEN, NO_ACTION, SMALL, &api_refuse_code.op },
	{ "POST",   "/auth/login/social",    PERMIT_OPEN, NO_ACTION, SMALL, &api_refuse_login.op },
	{ "POST",   "/auth/login/sso",       PERMIT_OPEN, NO_ACTION, SMALL, &api_refuse_login.op },
	{ "POST",   "/auth/login/sso/init",  PERMIT_OPEN, NO_ACTION, SMALL, &api_refuse_login.op },
	{ "POST",   "/auth/registration/init",      PERMIT_OPEN, NO_ACTION, SMALL,      &api_registration_init },
	{ "POST",   "/auth/registration",           PERMIT_OPEN, NO_ACTION, 256u << 10, &api_register },
	{ "POST",   "/auth/registration/enduser",   PERMIT_OPEN, NO_ACTION, 256u << 10, &api_register_end_user },
	{ "POST",   "/auth/registration/delegated", PERMIT_AUTH_REGISTER_DELEGATED, USER_ACTION, SMALL, &api_registration_delegated },
	{ "PUT",    "/auth/registration/code",      PERMIT_OPEN, NO_ACTION, SMALL, &api_refuse_code.op },
	{ "POST",   "/auth/registration/social",    PERMIT_OPEN, NO_ACTION, SMALL, &api_refuse_login.op },
	{ "GET",    "/auth/credentials",             PERMIT_AUTHENTICATED, NO_ACTION,                 0,          &api_list_credentials },
	{ "POST",   "/auth/credentials",             PERMIT_AUTHENTICATED, USER_ACTION | PEOPLE_ONLY, 128u << 10, &api_create_credential },
	{ "POST",   "/auth/credentials/init",        PERMIT_AUTHENTICATED, PEOPLE_ONLY,               SMALL,      &api_credential_init },
	{ "POST",   "/auth/credentials/code",        PERMIT_AUTHENTICATED, USER_ACTION | PEOPLE_ONLY, SMALL,      &api_create_credential_code },
	{ "POST",   "/auth/credentials/code/init",   PERMIT_OPEN, NO_ACTION, SMALL,      &api_credential_code_init },
	{ "POST",   "/auth/credentials/code/verify", PERMIT_OPEN, NO_ACTION, 128u << 10, &api_credential_code_verify },
	{ "PUT",    "/auth/credentials/activate",    PERMIT_AUTHENTICATED, USER_ACTION | PEOPLE_ONLY, SMALL, &api_activate_credential },
	{ "PUT",    "/auth/credentials/deactivate",  PERMIT_AUTHENTICATED, USER_ACTION | PEOPLE_ONLY, SMALL, &api_deactivate_credential },
	{ "POST",   "/auth/recover/user/code",      PERMIT_OPEN, NO_ACTION, SMALL,      &api_refuse_code.op },
	{ "PUT",    "/auth/recover/user/code",      PERMIT_OPEN, NO_ACTION, SMALL,      &api_refuse_code.op },
	{ "POST",   "/auth/recover/user/init",      PERMIT_OPEN, NO_ACTION, SMALL,      &api_recovery_init },
	{ "POST",   "/auth/recover/user",           PERMIT_OPEN, NO_ACTION, 512u << 10, &api_recover },
	{ "POST",   "/auth/recover/user/delegated", PERMIT_AUTH_RECOVER_DELEGATED, USER_ACTION, SMALL, &api_recovery_delegated },
	{ "GET",    "/auth/apps",        PERMIT_AUTHENTICATED, NO_ACTION, 0, &api_list_apps },
	{ "GET",    "/auth/apps/:appId", PERMIT_AUTHENTICATED, NO_ACTION, 0, &api_get_app },
	{ "GET",    "/.well-known/jwks.json", PERMIT_OPEN,     NO_ACTION, 0, &api_jwks },

	/* Users */
	{ "POST",   "/auth/users",                    PERMIT_AUTH_USERS_CREATE,     USER_ACTION, SMALL, &api_create_user },
	{ "GET",    "/auth/users",                    PERMIT_AUTH_USERS_READ,       NO_ACTION,   0,     &api_list_users },
	{ "GET",    "/auth/users/:userId",            PERMIT_AUTH_USERS_READ,       NO_ACTION,   0,     &api_get_user },
	{ "PUT",    "/auth/users/:userId",            PERMIT_AUTH_USERS_UPDATE,     USER_ACTION, SMALL, &api_update_user },
	{ "PUT",    "/auth/users/:userId/activate",   PERMIT_AUTH_USERS_ACTIVATE,   USER_ACTION, SMALL, &api_activate_user },
	{ "PUT",    "/auth/users/:userId/deactivate", PERMIT_AUTH_USERS_DEACTIVATE, USER_ACTION, SMALL, &api_deactivate_user },
	{ "DELETE", "/auth/users/:userId",            PERMIT_AUTH_USERS_DELETE,     USER_ACTION, SMALL, &api_archive_user },

	/* Service accounts */
	{ "POST",   "/auth/service-accounts", PERMIT_AUTH_SERVICE_ACCOUNTS_CREATE, USER_ACTION | PEOPLE_ONLY, SMALL, &api_create_service_account },
	{ "GET",    "/auth/service-accounts", PERMIT_AUTH_SERVICE_ACCOUNTS_READ, NO_ACTION, 0, &api_list_service_accounts },
	{ "GET",    "/auth/service-accounts/:serviceAccountId", PERMIT_AUTH_SERVICE_ACCOUNTS_READ, NO_ACTION, 0, &api_get_service_account },
	{ "PUT",    "/auth/service-accounts/:serviceAccountId", PERMIT_AUTH_SERVICE_ACCOUNTS_UPDATE, USER_ACTION, SMALL, &api_update_service_account },
	{ "PUT",    "/auth/service-accounts/:serviceAccountId/activate", PERMIT_AUTH_SERVICE_ACCOUNTS_ACTIVATE, USER_ACTION, SMALL, &api_activate_service_account },
	{ "PUT",    "/auth/service-accounts/:serviceAccountId/deactivate", PERMIT_AUTH_SERVICE_ACCOUNTS_DEACTIVATE, USER_ACTION, SMALL, &api_deactivate_service_account },
	{ "DELETE", "/auth/service-accounts/:serviceAccountId", PERMIT_AUTH_SERVICE_ACCOUNTS_DELETE, USER_ACTION, SMALL, &api_archive_service_account },

	/* Personal access tokens: one's own */
	{ "POST",   "/auth/pats",                     PERMIT_AUTH_PATS_CREATE, USER_ACTION | PEOPLE_ONLY, SMALL, &api_create_pat },
	{ "GET",    "/auth/pats",                     PERMIT_AUTHENTICATED,    PEOPLE_ONLY,               0,     &api_list_pats },
	{ "GET",    "/auth/pats/:tokenId",            PERMIT_AUTHENTICATED,    PEOPLE_ONLY,               0,     &api_get_pat },
	{ "PUT",    "/auth/pats/:tokenId",            PERMIT_AUTHENTICATED,    USER_ACTION | PEOPLE_ONLY, SMALL, &api_update_pat },
	{ "PUT",    "/auth/pats/:tokenId/activate",   PERMIT_AUTHENTICATED,    USER_ACTION | PEOPLE_ONLY, SMALL, &api_activate_pat },
	{ "PUT",    "/auth/pats/:tokenId/deactivate", PERMIT_AUTHENTICATED,    USER_ACTION | PEOPLE_ONLY, SMALL, &api_deactivate_pat },
	{ "DELETE", "/auth/pats/:tokenId",            PERMIT_AUTHENTICATED,    USER_ACTION | PEOPLE_ONLY, SMALL, &api_archive_pat },

	/* Permissions and assignments */
	{ "POST",   "/permissions",                           PERMIT_PERMISSIONS_CREATE,           USER_ACTION, SMALL, &api_create_permission },
	{ "GET",    "/permissions",                           PERMIT_PERMISSIONS_READ,             NO_ACTION,   0,     &api_list_permissions },
	{ "GET",    "/permissions/:permissionId",             PERMIT_PERMISSIONS_READ,             NO_ACTION,   0,     &api_get_permission },
	{ "PUT",    "/permissions/:permissionId",             PERMIT_PERMISSIONS_UPDATE,           USER_ACTION, SMALL, &api_update_permission },
	{ "PUT",    "/permissions/:permissionId/archive",     PERMIT_PERMISSIONS_ARCHIVE,          USER_ACTION, SMALL, &api_archive_permission },
	{ "POST",   "/permissions/:permissionId/assignments", PERMIT_PERMISSIONS_ASSIGN,           USER_ACTION, SMALL, &api_create_assignment },
	{ "GET",    "/permissions/:permissionId/assignments", PERMIT_PERMISSIONS_ASSIGNMENTS_READ, NO_ACTION,   0,     &api_list_assignments },
	{ "DELETE", "/permissions/:permissionId/assignments/:assignmentId", PERMIT_PERMISSIONS_REVOKE, USER_ACTION, SMALL, &api_delete_assignment },

	/* Policies, approvals */
	{ "POST",   "/v2/policies",           PERMIT_POLICIES_CREATE,  USER_ACTION, PAYLOAD_MAX, &api_create_policy },
	{ "GET",    "/v2/policies",           PERMIT_POLICIES_READ,    NO_ACTION,   0,           &api_list_policies },
	{ "GET",    "/v2/policies/:policyId", PERMIT_POLICIES_READ,    NO_ACTION,   0,           &api_get_policy },
	{ "PUT",    "/v2/policies/:policyId", PERMIT_POLICIES_UPDATE,  USER_ACTION, PAYLOAD_MAX, &api_update_policy },
	{ "DELETE", "/v2/policies/:policyId", PERMIT_POLICIES_ARCHIVE, USER_ACTION, SMALL,       &api_archive_policy },
	{ "GET",    "/v2/policy-approvals",             PERMIT_POLICIES_APPROVALS_READ, NO_ACTION, 0, &api_list_approvals },
	{ "GET",    "/v2/policy-approvals/:approvalId", PERMIT_POLICIES_APPROVALS_READ, NO_ACTION, 0, &api_get_approval },
	{ "POST",   "/v2/policy-approvals/:approvalId/decisions", PERMIT_POLICIES_APPROVALS_APPROVE, USER_ACTION | PEOPLE_ONLY, SMALL, &api_decide_approval },

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
