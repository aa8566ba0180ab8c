/* SPDX-License-Identifier: Apache-2.0
 * Permissions: the operations that the API knows, each with the Signing API's name for it. A route
 * that names none cannot be written, and what is not granted is refused. Some names belong to parts
 * of the official API that are not here; a permission may list them, and they allow nothing. */
#ifndef HF_SERVER_CORE_RIGHTS_PERMISSIONS_H
#define HF_SERVER_CORE_RIGHTS_PERMISSIONS_H

#include "server/core/people/caller.h"

// clang-format off
#define PERMISSION_LIST(X) \
	X(AGREEMENTS_ACCEPTANCE_CREATE, "Agreements:Acceptance:Create") \
	X(AGREEMENTS_ACCEPTANCE_READ, "Agreements:Acceptance:Read") \
	X(ALIAS_CREATE, "Alias:Create") \
	X(ALIAS_DELETE, "Alias:Delete") \
	X(ALIAS_READ, "Alias:Read") \
	X(ALIAS_UPDATE, "Alias:Update") \
	X(ALLOCATIONS_CREATE, "Allocations:Create") \
	X(ALLOCATIONS_READ, "Allocations:Read") \
	X(ALLOCATIONS_UPDATE, "Allocations:Update") \
	X(ANALYTICS_READ, "Analytics:Read") \
	X(AUTH_ACTION_SIGN, "Auth:Action:Sign") \
	X(AUTH_APPS_CREATE, "Auth:Apps:Create") \
	X(AUTH_APPS_READ, "Auth:Apps:Read") \
	X(AUTH_APPS_UPDATE, "Auth:Apps:Update") \
	X(AUTH_CREDS_CODE_CREATE, "Auth:Creds:Code:Create") \
	X(AUTH_CREDS_CREATE, "Auth:Creds:Create") \
	X(AUTH_CREDS_READ, "Auth:Creds:Read") \
	X(AUTH_CREDS_UPDATE, "Auth:Creds:Update") \
	X(AUTH_LOGIN_DELEGATED, "Auth:Login:Delegated") \
	X(AUTH_LOGS_READ, "Auth:Logs:Read") \
	X(AUTH_PATS_CREATE, "Auth:Pats:Create") \
	X(AUTH_RECOVER_DELEGATED, "Auth:Recover:Delegated") \
	X(AUTH_REGISTER_DELEGATED, "Auth:Register:Delegated") \
	X(AUTH_SERVICE_ACCOUNTS_ACTIVATE, "Auth:ServiceAccounts:Activate") \
	X(AUTH_SERVICE_ACCOUNTS_CREATE, "Auth:ServiceAccounts:Create") \
	X(AUTH_SERVICE_ACCOUNTS_DEACTIVATE, "Auth:ServiceAccounts:Deactivate") \
	X(AUTH_SERVICE_ACCOUNTS_DELETE, "Auth:ServiceAccounts:Delete") \
	X(AUTH_SERVICE_ACCOUNTS_READ, "Auth:ServiceAccounts:Read") \
	X(AUTH_SERVICE_ACCOUNTS_UPDATE, "Auth:ServiceAccounts:Update") \
	X(AUTH_TYPES_APPLICATION, "Auth:Types:Application") \
	X(AUTH_TYPES_EMPLOYEE, "Auth:Types:Employee") \
	X(AUTH_TYPES_END_USER, "Auth:Types:EndUser") \
	X(AUTH_TYPES_PAT, "Auth:Types:Pat") \
	X(AUTH_TYPES_SERVICE_ACCOUNT, "Auth:Types:ServiceAccount") \
	X(AUTH_USERS_ACTIVATE, "Auth:Users:Activate") \
	X(AUTH_USERS_CREATE, "Auth:Users:Create") \
	X(AUTH_USERS_DEACTIVATE, "Auth:Users:Deactivate") \
	X(AUTH_USERS_DELEGATE, "Auth:Users:Delegate") \
	X(AUTH_USERS_DELETE, "Auth:Users:Delete") \
	X(AUTH_USERS_READ, "Auth:Users:Read") \
	X(AUTH_USERS_UPDATE, "Auth:Users:Update") \
	X(BILLING_READ, "Billing:Read") \
	X(BILLING_WRITE, "Billing:Write") \
	X(EVENTS_READ, "Events:Read") \
	X(EXCHANGES_CREATE, "Exchanges:Create") \
	X(EXCHANGES_DELETE, "Exchanges:Delete") \
	X(EXCHANGES_DEPOSITS_CREATE, "Exchanges:Deposits:Create") \
	X(EXCHANGES_READ, "Exchanges:Read") \
	X(EXCHANGES_WITHDRAWALS_CREATE, "Exchanges:Withdrawals:Create") \
	X(FEE_SPONSORS_CREATE, "FeeSponsors:Create") \
	X(FEE_SPONSORS_DELETE, "FeeSponsors:Delete") \
	X(FEE_SPONSORS_READ, "FeeSponsors:Read") \
	X(FEE_SPONSORS_UPDATE, "FeeSponsors:Update") \
	X(FEE_SPONSORS_USE, "FeeSponsors:Use") \
	X(INTERNAL_AUTH_TYPES_STAFF, "Internal:Auth:Types:Staff") \
	X(KEY_STORES_READ, "KeyStores:Read") \
	X(KEYS_CHILD_KEYS_CREATE, "Keys:ChildKeys:Create") \
	X(KEYS_CREATE, "Keys:Create") \
	X(KEYS_DELEGATE, "Keys:Delegate") \
	X(KEYS_DELETE, "Keys:Delete") \
	X(KEYS_DERIVE, "Keys:Derive") \
	X(KEYS_EXPORT, "Keys:Export") \
	X(KEYS_IMPORT, "Keys:Import") \
	X(KEYS_READ, "Keys:Read") \
	X(KEYS_REUSE, "Keys:Reuse") \
	X(SIGNATURES_CREATE, "Keys:Signatures:Create") \
	X(SIGNATURES_READ, "Keys:Signatures:Read") \
	X(KEYS_UPDATE, "Keys:Update") \
	X(NETWORKS_CANTON_VALIDATORS_CREATE, "Networks:CantonValidators:Create") \
	X(NETWORKS_CANTON_VALIDATORS_DELETE, "Networks:CantonValidators:Delete") \
	X(NETWORKS_CANTON_VALIDATORS_READ, "Networks:CantonValidators:Read") \
	X(NETWORKS_CANTON_VALIDATORS_UPDATE, "Networks:CantonValidators:Update") \
	X(ORGS_READ, "Orgs:Read") \
	X(ORGS_SETTINGS_READ, "Orgs:Settings:Read") \
	X(ORGS_SETTINGS_UPDATE, "Orgs:Settings:Update") \
	X(ORGS_UPDATE, "Orgs:Update") \
	X(PERMISSION_ASSIGNMENTS_CREATE, "PermissionAssignments:Create") \
	X(PERMISSION_ASSIGNMENTS_READ, "PermissionAssignments:Read") \
	X(PERMISSION_ASSIGNMENTS_REVOKE, "PermissionAssignments:Revoke") \
	X(PERMISSIONS_ARCHIVE, "Permissions:Archive") \
	X(PERMISSIONS_ASSIGN, "Permissions:Assign") \
	X(PERMISSIONS_ASSIGNMENTS_READ, "Permissions:Assignments:Read") \
	X(PERMISSIONS_CREATE, "Permissions:Create") \
	X(PERMISSIONS_READ, "Permissions:Read") \
	X(PERMISSIONS_REVOKE, "Permissions:Revoke") \
	X(PERMISSIONS_UPDATE, "Permissions:Update") \
	X(POLICIES_APPROVALS_APPROVE, "Policies:Approvals:Approve") \
	X(POLICIES_APPROVALS_READ, "Policies:Approvals:Read") \
	X(POLICIES_ARCHIVE, "Policies:Archive") \
	X(POLICIES_CREATE, "Policies:Create") \
	X(POLICIES_READ, "Policies:Read") \
	X(POLICIES_UPDATE, "Policies:Update") \
	X(REGISTRY_ADDRESSES_CREATE, "Registry:Addresses:Create") \
	X(REGISTRY_ADDRESSES_DELETE, "Registry:Addresses:Delete") \
	X(REGISTRY_ADDRESSES_READ, "Registry:Addresses:Read") \
	X(REGISTRY_ADDRESSES_UPDATE, "Registry:Addresses:Update") \
	X(REGISTRY_CONTRACT_SCHEMAS_CREATE, "Registry:ContractSchemas:Create") \
	X(SIGNERS_LIST_SIGNERS, "Signers:ListSigners") \
	X(STAKES_CREATE, "Stakes:Create") \
	X(STAKES_READ, "Stakes:Read") \
	X(STAKES_UPDATE, "Stakes:Update") \
	X(SWAPS_CREATE, "Swaps:Create") \
	X(SWAPS_READ, "Swaps:Read") \
	X(WALLETS_BROADCAST_TRANSACTION, "Wallets:BroadcastTransaction") \
	X(WALLETS_CREATE, "Wallets:Create") \
	X(WALLETS_GENERATE_SIGNATURE, "Wallets:GenerateSignature") \
	X(WALLETS_OFFERS_READ, "Wallets:Offers:Read") \
	X(WALLETS_OFFERS_SETTLE, "Wallets:Offers:Settle") \
	X(WALLETS_READ, "Wallets:Read") \
	X(WALLETS_TAGS_ADD, "Wallets:Tags:Add") \
	X(WALLETS_TAGS_DELETE, "Wallets:Tags:Delete") \
	X(WALLETS_TRANSACTIONS_CREATE, "Wallets:Transactions:Create") \
	X(WALLETS_TRANSACTIONS_READ, "Wallets:Transactions:Read") \
	X(WALLETS_TRANSFERS_CREATE, "Wallets:Transfers:Create") \
	X(WALLETS_TRANSFERS_READ, "Wallets:Transfers:Read") \
	X(WALLETS_UPDATE, "Wallets:Update") \
	X(WEBHOOKS_CREATE, "Webhooks:Create") \
	X(WEBHOOKS_DELETE, "Webhooks:Delete") \
	X(WEBHOOKS_EVENTS_READ, "Webhooks:Events:Read") \
	X(WEBHOOKS_PING, "Webhooks:Ping") \
	X(WEBHOOKS_READ, "Webhooks:Read") \
	X(WEBHOOKS_UPDATE, "Webhooks:Update")
// clang-format on

enum permission {
	PERMIT_NOBODY_,       /* a row that names no permission: refused */
	PERMIT_OPEN,          /* no token is needed: login, registration, recovery */
	PERMIT_AUTHENTICATED, /* any caller with a valid token: what a caller does about himself */
#define X(id, name) PERMIT_##id,
	PERMISSION_LIST(X)
#undef X
	        PERMISSION_COUNT_,
};

_Static_assert(PERMISSION_COUNT_ <= 64 * PERMISSION_WORDS, "permission sets are too small");

const char *permission_name(enum permission p); /* "Keys:Create" */
/* By name. HF_NOTFOUND. */
HF_MUST hf_status permission_parse(const char *name, enum permission *ret);

void permission_grant(struct permission_set *to, enum permission p);
void permission_grant_all(struct permission_set *to);
bool permission_granted(const struct permission_set *set, enum permission p);

/* Takes away what is not in `most`. */
void permission_restrict(struct permission_set *set, const struct permission_set *most);

/* As they are stored: names with commas between, or "*" for all that there are now and later. Names
 * that are unknown here grant nothing. Adds to the set. */
void permission_grant_text(struct permission_set *to, const char *operations);
/* The names, with commas between. HF_TOOBIG. */
HF_MUST hf_status permission_set_text(const struct permission_set *set, char *to, size_t cap);

/* HF_DENIED, with the words of the Signing API. */
HF_MUST hf_status permission_check(const struct caller *c, enum permission p, struct hf_err *err);

#endif
