/* SPDX-License-Identifier: Apache-2.0
 * The operations of the routes (routes.c), by resource. */
#ifndef HF_SERVER_SIGNING_API_HANDLERS_H
#define HF_SERVER_SIGNING_API_HANDLERS_H

#include "server/signing_api/call.h"

/* audit_logs.c */
extern const struct operation api_list_audit_logs;
extern const struct operation api_get_audit_log;
/* auth.c */
extern const struct operation api_action_init;
extern const struct operation api_action;
/* elsewhere.c: what is not done here, and why; `.op` is the operation */
struct refusal {
	struct operation op; /* first */
	int status;
	const char *words;
};
extern const struct refusal api_refuse_activate, api_refuse_balance, api_refuse_broadcast,
        api_refuse_delegate, api_refuse_derive, api_refuse_export, api_refuse_import,
        api_refuse_code, api_refuse_login, api_refuse_network, api_refuse_offers,
        api_refuse_transfer;
/* key_stores.c */
extern const struct operation api_list_key_stores;
extern const struct operation api_list_signers;
/* keys.c */
extern const struct operation api_create_key;
extern const struct operation api_list_keys;
extern const struct operation api_get_key;
extern const struct operation api_update_key;
extern const struct operation api_delete_key;
/* signatures.c: on keys and on wallets */
extern const struct operation api_create_signature;
extern const struct operation api_list_signatures;
extern const struct operation api_get_signature;
/* webhooks.c */
extern const struct operation api_create_webhook;
extern const struct operation api_list_webhooks;
extern const struct operation api_get_webhook;
extern const struct operation api_update_webhook;
extern const struct operation api_delete_webhook;
extern const struct operation api_ping_webhook;
/* webhook_events.c */
extern const struct operation api_list_webhook_events;
extern const struct operation api_get_webhook_event;
/* wallets.c */
extern const struct operation api_create_wallet;
extern const struct operation api_list_wallets;
extern const struct operation api_get_wallet;
extern const struct operation api_update_wallet;
extern const struct operation api_tag_wallet;
extern const struct operation api_untag_wallet;
/* policies.c */
extern const struct operation api_create_policy;
extern const struct operation api_list_policies;
extern const struct operation api_get_policy;
extern const struct operation api_update_policy;
extern const struct operation api_archive_policy;
/* approvals.c */
extern const struct operation api_list_approvals;
extern const struct operation api_get_approval;
extern const struct operation api_decide_approval;
/* users.c */
extern const struct operation api_create_user;
extern const struct operation api_list_users;
extern const struct operation api_get_user;
extern const struct operation api_update_user;
extern const struct operation api_activate_user;
extern const struct operation api_deactivate_user;
extern const struct operation api_archive_user;
/* service_accounts.c */
extern const struct operation api_create_service_account;
extern const struct operation api_list_service_accounts;
extern const struct operation api_get_service_account;
extern const struct operation api_update_service_account;
extern const struct operation api_activate_service_account;
extern const struct operation api_deactivate_service_account;
extern const struct operation api_archive_service_account;
/* pats.c */
extern const struct operation api_create_pat;
extern const struct operation api_list_pats;
extern const struct operation api_get_pat;
extern const struct operation api_update_pat;
extern const struct operation api_activate_pat;
extern const struct operation api_deactivate_pat;
extern const struct operation api_archive_pat;
/* permissions.c */
extern const struct operation api_create_permission;
extern const struct operation api_list_permissions;
extern const struct operation api_get_permission;
extern const struct operation api_update_permission;
extern const struct operation api_archive_permission;
/* assignments.c */
extern const struct operation api_create_assignment;
extern const struct operation api_list_assignments;
extern const struct operation api_delete_assignment;

#endif
