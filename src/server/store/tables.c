/* SPDX-License-Identifier: Apache-2.0
 * The tables of the schema "server", for backups: those that others refer to first. A migration
 * that adds a table or a column adds it here, with its own number; a test compares the two. */
#include "server/store/migrations.h"

static const struct db_column of_orgs[] = {
	{ "id", DB_TEXT },
	{ "name", DB_TEXT },
	{ "created_at", DB_INT },
};

static const struct db_column of_key_stores[] = {
	{ "id", DB_TEXT },        { "org_id", DB_TEXT },    { "name", DB_TEXT },
	{ "kind", DB_TEXT },      { "is_primary", DB_INT }, { "issuer_key_id", DB_TEXT },
	{ "created_at", DB_INT },
};

static const struct db_column of_identities[] = {
	{ "id", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "kind", DB_TEXT },
	{ "name", DB_TEXT },
	{ "is_active", DB_INT },
	{ "created_at", DB_INT },
	{ "external_id", DB_TEXT, 4 },
	{ "is_registered", DB_INT, 4 },
	{ "is_archived", DB_INT, 4 },
	{ "created_by", DB_TEXT, 4 },
};

static const struct db_column of_credentials[] = {
	{ "id", DB_TEXT },
	{ "uuid", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "identity_id", DB_TEXT },
	{ "kind", DB_TEXT },
	{ "name", DB_TEXT },
	{ "public_key", DB_TEXT },
	{ "is_active", DB_INT },
	{ "created_at", DB_INT },
	{ "relying_party", DB_TEXT, 4 },
	{ "origin", DB_TEXT, 4 },
	{ "counter", DB_INT, 4 },
	{ "encrypted_private_key", DB_TEXT, 4 },
	{ "is_recovery", DB_INT, 4 },
	{ "token_id", DB_TEXT, 4 },
};

static const struct db_column of_tokens[] = {
	{ "id", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "identity_id", DB_TEXT },
	{ "credential_id", DB_TEXT },
	{ "kind", DB_TEXT },
	{ "is_active", DB_INT },
	{ "created_at", DB_INT },
	{ "expires_at", DB_INT },
	{ "name", DB_TEXT, 4 },
	{ "external_id", DB_TEXT, 4 },
	{ "is_archived", DB_INT, 4 },
};

static const struct db_column of_used_actions[] = {
	{ "expires_at", DB_INT },
	{ "id", DB_TEXT },
};

static const struct db_column of_keys[] = {
	{ "id", DB_TEXT },          { "org_id", DB_TEXT },     { "store_id", DB_TEXT },
	{ "scheme", DB_TEXT },      { "curve", DB_TEXT },      { "key_type", DB_INT },
	{ "public_key", DB_BLOB },  { "name", DB_TEXT },       { "status", DB_TEXT },
	{ "resident", DB_INT },     { "created_by", DB_TEXT }, { "date_created", DB_INT },
	{ "date_deleted", DB_INT }, { "failure", DB_TEXT },    { "failure_code", DB_INT },
	{ "proof", DB_BLOB },
};

static const struct db_column of_signatures[] = {
	{ "id", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "key_id", DB_TEXT },
	{ "requester_id", DB_TEXT },
	{ "token_id", DB_TEXT },
	{ "kind", DB_TEXT },
	{ "body", DB_BLOB },
	{ "body_hash", DB_BLOB },
	{ "proof", DB_BLOB },
	{ "external_id", DB_TEXT },
	{ "status", DB_TEXT },
	{ "reason", DB_TEXT },
	{ "r", DB_BLOB },
	{ "s", DB_BLOB },
	{ "recid", DB_INT },
	{ "date_requested", DB_INT },
	{ "date_signed", DB_INT },
	{ "wallet_id", DB_TEXT, 5 },
	{ "network", DB_TEXT, 5 },
	{ "approval_id", DB_TEXT, 5 },
	{ "date_policy_resolved", DB_INT, 5 },
	{ "parts", DB_BLOB, 5 },
	{ "encoded", DB_BLOB, 5 },
	{ "signed_data", DB_BLOB, 5 },
};

static const struct db_column of_jobs[] = {
	{ "id", DB_INT },         { "store_id", DB_TEXT },  { "state", DB_INT },
	{ "attempts", DB_INT },   { "owner", DB_TEXT },     { "lease_until", DB_INT },
	{ "created_at", DB_INT }, { "subject", DB_INT },    { "subject_id", DB_TEXT },
	{ "op", DB_BLOB },        { "origin", DB_TEXT, 2 },
};

static const struct db_column of_server_secrets[] = {
	{ "id", DB_INT },
	{ "fingerprint", DB_TEXT },
};

static const struct db_column of_codes[] = {
	{ "hash", DB_BLOB }, { "org_id", DB_TEXT },    { "identity_id", DB_TEXT },
	{ "kind", DB_TEXT }, { "expires_at", DB_INT }, { "used_at", DB_INT },
};

static const struct db_column of_token_keys[] = {
	{ "generation", DB_INT },
	{ "created_at", DB_INT },
	{ "retired_at", DB_INT },
};

static const struct db_column of_permissions[] = {
	{ "id", DB_TEXT },         { "org_id", DB_TEXT },      { "name", DB_TEXT },
	{ "operations", DB_TEXT }, { "is_immutable", DB_INT }, { "is_archived", DB_INT },
	{ "created_at", DB_INT },  { "updated_at", DB_INT },
};

static const struct db_column of_assignments[] = {
	{ "id", DB_TEXT },          { "org_id", DB_TEXT },      { "permission_id", DB_TEXT },
	{ "identity_id", DB_TEXT }, { "is_immutable", DB_INT }, { "created_at", DB_INT },
	{ "updated_at", DB_INT },
};

static const struct db_column of_wallets[] = {
	{ "id", DB_TEXT },          { "org_id", DB_TEXT },      { "key_id", DB_TEXT },
	{ "network", DB_TEXT },     { "address", DB_TEXT },     { "name", DB_TEXT },
	{ "external_id", DB_TEXT }, { "status", DB_TEXT },      { "created_by", DB_TEXT },
	{ "date_created", DB_INT }, { "date_deleted", DB_INT }, { "proof", DB_BLOB },
};

static const struct db_column of_wallet_tags[] = {
	{ "wallet_id", DB_TEXT },
	{ "tag", DB_TEXT },
};

static const struct db_column of_policies[] = {
	{ "id", DB_TEXT },        { "org_id", DB_TEXT },
	{ "name", DB_TEXT },      { "activity_kind", DB_TEXT },
	{ "rule", DB_TEXT },      { "action", DB_TEXT },
	{ "filters", DB_TEXT },   { "status", DB_TEXT },
	{ "created_at", DB_INT }, { "updated_at", DB_INT },
};

static const struct db_column of_approvals[] = {
	{ "id", DB_TEXT },          { "seq", DB_TEXT },
	{ "org_id", DB_TEXT },      { "activity_kind", DB_TEXT },
	{ "subject_id", DB_TEXT },  { "initiator_id", DB_TEXT },
	{ "status", DB_TEXT },      { "expires_at", DB_INT },
	{ "evaluations", DB_TEXT }, { "approval_groups", DB_TEXT },
	{ "created_at", DB_INT },   { "updated_at", DB_INT },
	{ "resolved_at", DB_INT },
};

static const struct db_column of_approval_decisions[] = {
	{ "approval_id", DB_TEXT }, { "identity_id", DB_TEXT }, { "value", DB_TEXT },
	{ "reason", DB_TEXT },      { "decided_at", DB_INT },   { "proof", DB_BLOB },
	{ "body", DB_BLOB },
};

static const struct db_column of_change_requests[] = {
	{ "id", DB_TEXT },        { "org_id", DB_TEXT },
	{ "kind", DB_TEXT },      { "operation_kind", DB_TEXT },
	{ "status", DB_TEXT },    { "requester_id", DB_TEXT },
	{ "token_id", DB_TEXT },  { "entity_id", DB_TEXT },
	{ "filter_id", DB_TEXT }, { "approval_id", DB_TEXT },
	{ "body", DB_TEXT },      { "reason", DB_TEXT },
	{ "created_at", DB_INT }, { "resolved_at", DB_INT },
};

static const struct db_column of_outflows[] = {
	{ "key_id", DB_TEXT }, { "happened_at", DB_INT }, { "signature_id", DB_TEXT },
	{ "symbol", DB_TEXT }, { "amount", DB_BLOB },
};

static const struct db_column of_policy_versions[] = {
	{ "org_id", DB_TEXT },
	{ "version", DB_TEXT },
};

static const struct db_column of_webhooks[] = {
	{ "id", DB_TEXT },     { "org_id", DB_TEXT },    { "url", DB_TEXT },
	{ "events", DB_TEXT }, { "status", DB_TEXT },    { "description", DB_TEXT },
	{ "secret", DB_BLOB }, { "created_at", DB_INT }, { "updated_at", DB_INT },
};

static const struct db_column of_webhook_events[] = {
	{ "id", DB_TEXT },          { "webhook_id", DB_TEXT }, { "org_id", DB_TEXT },
	{ "kind", DB_TEXT },        { "data", DB_BLOB },       { "happened_at", DB_INT },
	{ "attempt", DB_INT },      { "retry_of", DB_TEXT },   { "status", DB_TEXT },
	{ "sent_at", DB_INT },      { "failed", DB_INT },      { "error", DB_TEXT },
	{ "next_attempt", DB_INT },
};

static const struct db_column of_audit_log[] = {
	{ "org_id", DB_TEXT },      { "id", DB_TEXT },    { "happened_at", DB_INT },
	{ "identity_id", DB_TEXT }, { "entry", DB_TEXT },
};

static const struct db_column of_audit_waiting[] = {
	{ "id", DB_TEXT },
	{ "org_id", DB_TEXT },
};

static const struct db_column of_audit_tiles[] = {
	{ "org_id", DB_TEXT }, { "level", DB_INT }, { "place", DB_INT },
	{ "hashes", DB_BLOB }, { "ids", DB_TEXT },
};

static const struct db_column of_audit_keys[] = {
	{ "id", DB_TEXT },        { "org_id", DB_TEXT },  { "store_id", DB_TEXT },
	{ "key_type", DB_INT },   { "status", DB_TEXT },  { "public_key", DB_BLOB },
	{ "created_at", DB_INT }, { "failure", DB_TEXT },
};

static const struct db_column of_audit_checkpoints[] = {
	{ "org_id", DB_TEXT }, { "size", DB_INT },       { "id", DB_TEXT },
	{ "root", DB_BLOB },   { "created_at", DB_INT }, { "note", DB_TEXT },
	{ "key_id", DB_TEXT }, { "signature", DB_BLOB },
};

static const struct db_column of_audit_cursors[] = {
	{ "sink", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "sent", DB_INT },
};

static const struct db_column of_audit_senders[] = {
	{ "sink", DB_TEXT },
	{ "owner", DB_TEXT },
	{ "until_at", DB_INT },
};

static const struct db_column of_crypto_results[] = {
	{ "id", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "result", DB_BLOB },
	{ "created_at", DB_INT },
};

static const struct db_column of_key_groups[] = {
	{ "id", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "name", DB_TEXT },
	{ "description", DB_TEXT },
	{ "store_id", DB_TEXT },
	{ "hmg_redundancy", DB_INT },
	{ "hmg_segregation", DB_INT },
	{ "hmg_sync", DB_INT },
	{ "approval_policy", DB_TEXT },
	{ "cryptographic_policy", DB_TEXT },
	{ "key_history_policy", DB_TEXT },
	{ "custom_metadata", DB_TEXT },
	{ "created_by", DB_TEXT },
	{ "created_at", DB_INT },
};

static const struct db_column of_group_links[] = {
	{ "id", DB_TEXT },          { "group_id", DB_TEXT },  { "org_id", DB_TEXT },
	{ "kind", DB_TEXT },        { "url", DB_TEXT },       { "slot", DB_INT },
	{ "position", DB_INT },     { "tls", DB_TEXT },       { "pin", DB_BLOB },
	{ "client_key", DB_BLOB },  { "serial", DB_TEXT },    { "label", DB_TEXT },
	{ "pin_refused", DB_TEXT }, { "created_at", DB_INT }, { "updated_at", DB_INT },
};

static const struct db_column of_scans[] = {
	{ "id", DB_TEXT },      { "group_id", DB_TEXT },   { "org_id", DB_TEXT },
	{ "is_async", DB_INT }, { "server", DB_TEXT },     { "started_at", DB_INT },
	{ "beat_at", DB_INT },  { "finished_at", DB_INT }, { "result", DB_TEXT },
	{ "message", DB_TEXT }, { "warnings", DB_TEXT },   { "total", DB_INT },
	{ "done", DB_INT },     { "created", DB_INT },
};

static const struct db_column of_objects[] = {
	{ "id", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "group_id", DB_TEXT },
	{ "name", DB_TEXT },
	{ "description", DB_TEXT },
	{ "type", DB_INT },
	{ "curve", DB_INT },
	{ "bits", DB_INT },
	{ "uses", DB_INT },
	{ "state", DB_INT },
	{ "is_enabled", DB_INT },
	{ "is_virtual", DB_INT },
	{ "is_external", DB_INT },
	{ "is_missing", DB_INT },
	{ "is_public_only", DB_INT },
	{ "is_never_exportable", DB_INT },
	{ "is_published", DB_INT },
	{ "creator", DB_TEXT },
	{ "created_at", DB_INT },
	{ "last_used_at", DB_INT },
	{ "activation_at", DB_INT },
	{ "deactivation_at", DB_INT },
	{ "compromise_at", DB_INT },
	{ "destruction_at", DB_INT },
	{ "rotate_at", DB_INT },
	{ "told_deactivation", DB_INT },
	{ "told_rotation", DB_INT },
	{ "making_at", DB_INT },
	{ "cka_id", DB_BLOB },
	{ "cka_label", DB_BLOB },
	{ "public_key", DB_BLOB },
	{ "kcv", DB_BLOB },
	{ "options", DB_TEXT },
	{ "custom_metadata", DB_TEXT },
	{ "rotation_policy", DB_TEXT },
	{ "revocation", DB_TEXT },
	{ "replacement", DB_TEXT },
	{ "replaced", DB_TEXT },
	{ "copied_from", DB_TEXT },
	{ "parent", DB_TEXT },
	{ "value", DB_BLOB },
};

static const struct db_column of_passwords[] = {
	{ "identity_id", DB_TEXT },
	{ "hash", DB_TEXT },
	{ "changed_at", DB_INT },
};

static const struct db_column of_account_roles[] = {
	{ "identity_id", DB_TEXT }, { "org_id", DB_TEXT },     { "roles", DB_INT },
	{ "is_enabled", DB_INT },   { "first_name", DB_TEXT }, { "last_name", DB_TEXT },
	{ "description", DB_TEXT }, { "created_at", DB_INT },  { "last_login_at", DB_INT },
};

static const struct db_column of_group_members[] = {
	{ "identity_id", DB_TEXT },
	{ "group_id", DB_TEXT },
	{ "roles", DB_INT },
};

static const struct db_column of_apps[] = {
	{ "identity_id", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "is_admin", DB_INT },
	{ "app_type", DB_TEXT },
	{ "interface", DB_TEXT },
	{ "description", DB_TEXT },
	{ "default_group", DB_TEXT },
	{ "ip_policy", DB_TEXT },
	{ "client_configurations", DB_TEXT },
	{ "credential_kind", DB_INT },
	{ "credential", DB_BLOB },
	{ "proof", DB_BLOB },
	{ "credential_at", DB_INT },
	{ "certificate_until", DB_INT },
	{ "last_used_at", DB_INT },
	{ "certificate_kind", DB_INT, 16 },
	{ "certificate_proof", DB_BLOB, 16 },
	{ "previous_credential", DB_BLOB, 16 },
	{ "previous_proof", DB_BLOB, 16 },
	{ "previous_until", DB_INT, 16 },
};

static const struct db_column of_app_groups[] = {
	{ "app_id", DB_TEXT },
	{ "group_id", DB_TEXT },
	{ "permissions", DB_INT },
};

static const struct db_column of_crypto_sessions[] = {
	{ "hash", DB_BLOB },
	{ "id", DB_TEXT },
	{ "org_id", DB_TEXT },
	{ "identity_id", DB_TEXT },
	{ "created_at", DB_INT },
	{ "expires_at", DB_INT },
	{ "idle_ms", DB_INT },
	{ "bound", DB_BLOB },
	{ "ends_at", DB_INT, 14 },
	{ "factor_at", DB_INT, 14 },
	{ "unlocked_until", DB_INT, 14 },
	{ "by_previous", DB_INT, 16 },
};

static const struct db_column of_account_settings[] = {
	{ "org_id", DB_TEXT },
	{ "settings", DB_TEXT },
	{ "updated_at", DB_INT },
	{ "approval_policy", DB_TEXT, 16 },
	{ "cryptographic_policy", DB_TEXT, 16 },
};

static const struct db_column of_quorum_requests[] = {
	{ "id", DB_TEXT },          { "org_id", DB_TEXT },    { "group_id", DB_TEXT },
	{ "object_id", DB_TEXT },   { "requester", DB_TEXT }, { "by_app", DB_INT },
	{ "method", DB_TEXT },      { "operation", DB_TEXT }, { "body", DB_BLOB },
	{ "description", DB_TEXT }, { "policy", DB_TEXT },    { "status", DB_TEXT },
	{ "denier", DB_TEXT },      { "reason", DB_TEXT },    { "created_at", DB_INT },
	{ "expires_at", DB_INT },   { "running_at", DB_INT }, { "result_status", DB_INT },
	{ "result", DB_BLOB },      { "viewed", DB_INT },
};

static const struct db_column of_quorum_decisions[] = {
	{ "request_id", DB_TEXT },
	{ "identity_id", DB_TEXT },
	{ "by_app", DB_INT },
	{ "decided_at", DB_INT },
};

static const struct db_column of_mfa_devices[] = {
	{ "id", DB_TEXT },          { "identity_id", DB_TEXT },
	{ "name", DB_TEXT },        { "credential_id", DB_TEXT },
	{ "public_key", DB_TEXT },  { "origin", DB_TEXT },
	{ "counter", DB_INT },      { "created_at", DB_INT },
	{ "last_used_at", DB_INT },
};

static const struct db_column of_mfa_challenges[] = {
	{ "identity_id", DB_TEXT }, { "purpose", DB_TEXT },   { "subject", DB_TEXT },
	{ "challenge", DB_TEXT },   { "expires_at", DB_INT },
};

static const struct db_column of_object_history[] = {
	{ "object_id", DB_TEXT },     { "id", DB_TEXT },           { "created_at", DB_INT },
	{ "expires_at", DB_INT },     { "state", DB_INT },         { "uses", DB_INT },
	{ "is_public_only", DB_INT }, { "activation_at", DB_INT }, { "deactivation_at", DB_INT },
	{ "compromise_at", DB_INT },  { "rotate_at", DB_INT },     { "rotation_policy", DB_TEXT },
	{ "revocation", DB_TEXT },
};

const struct db_table server_tables[SERVER_TABLES] = {
	DB_TABLE("orgs", 1, 1, of_orgs),
	DB_TABLE("key_stores", 1, 1, of_key_stores),
	DB_TABLE("identities", 1, 1, of_identities),
	DB_TABLE("credentials", 1, 1, of_credentials),
	DB_TABLE("tokens", 1, 1, of_tokens),
	DB_TABLE("used_actions", 1, 2, of_used_actions),
	DB_TABLE("keys", 1, 1, of_keys),
	DB_TABLE("signatures", 1, 1, of_signatures),
	DB_TABLE("jobs", 1, 1, of_jobs),
	DB_TABLE("server_secrets", 2, 1, of_server_secrets),
	DB_TABLE("codes", 4, 1, of_codes),
	DB_TABLE("token_keys", 4, 1, of_token_keys),
	DB_TABLE("permissions", 4, 1, of_permissions),
	DB_TABLE("assignments", 4, 1, of_assignments),
	DB_TABLE("wallets", 5, 1, of_wallets),
	DB_TABLE("wallet_tags", 5, 2, of_wallet_tags),
	DB_TABLE("policies", 6, 1, of_policies),
	DB_TABLE("approvals", 6, 1, of_approvals),
	DB_TABLE("approval_decisions", 6, 2, of_approval_decisions),
	DB_TABLE("change_requests", 6, 1, of_change_requests),
	DB_TABLE("outflows", 6, 3, of_outflows),
	DB_TABLE("policy_versions", 6, 1, of_policy_versions),
	DB_TABLE("webhooks", 7, 1, of_webhooks),
	DB_TABLE("webhook_events", 7, 1, of_webhook_events),
	DB_TABLE("audit_log", 8, 2, of_audit_log),
	DB_TABLE("audit_waiting", 8, 1, of_audit_waiting),
	DB_TABLE("audit_tiles", 8, 3, of_audit_tiles),
	DB_TABLE("audit_keys", 8, 1, of_audit_keys),
	DB_TABLE("audit_checkpoints", 8, 2, of_audit_checkpoints),
	DB_TABLE("audit_cursors", 8, 2, of_audit_cursors),
	DB_TABLE("audit_senders", 8, 1, of_audit_senders),
	DB_TABLE("crypto_results", 9, 1, of_crypto_results),
	DB_TABLE("key_groups", 10, 1, of_key_groups),
	DB_TABLE("group_links", 10, 1, of_group_links),
	DB_TABLE("scans", 10, 1, of_scans),
	DB_TABLE("objects", 11, 1, of_objects),
	DB_TABLE("passwords", 12, 1, of_passwords),
	DB_TABLE("account_roles", 12, 1, of_account_roles),
	DB_TABLE("group_members", 12, 2, of_group_members),
	DB_TABLE("apps", 12, 1, of_apps),
	DB_TABLE("app_groups", 12, 2, of_app_groups),
	DB_TABLE("crypto_sessions", 12, 1, of_crypto_sessions),
	DB_TABLE("account_settings", 12, 1, of_account_settings),
	DB_TABLE("quorum_requests", 13, 1, of_quorum_requests),
	DB_TABLE("quorum_decisions", 13, 2, of_quorum_decisions),
	DB_TABLE("mfa_devices", 14, 1, of_mfa_devices),
	DB_TABLE("mfa_challenges", 14, 3, of_mfa_challenges),
	DB_TABLE("object_history", 15, 2, of_object_history),
};
