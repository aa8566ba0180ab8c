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
	{ "id", DB_TEXT },   { "org_id", DB_TEXT },   { "kind", DB_TEXT },
	{ "name", DB_TEXT }, { "is_active", DB_INT }, { "created_at", DB_INT },
};

static const struct db_column of_credentials[] = {
	{ "id", DB_TEXT },          { "uuid", DB_TEXT },     { "org_id", DB_TEXT },
	{ "identity_id", DB_TEXT }, { "kind", DB_TEXT },     { "name", DB_TEXT },
	{ "public_key", DB_TEXT },  { "is_active", DB_INT }, { "created_at", DB_INT },
};

static const struct db_column of_tokens[] = {
	{ "id", DB_TEXT },          { "org_id", DB_TEXT },
	{ "identity_id", DB_TEXT }, { "credential_id", DB_TEXT },
	{ "kind", DB_TEXT },        { "is_active", DB_INT },
	{ "created_at", DB_INT },   { "expires_at", DB_INT },
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
	{ "id", DB_TEXT },         { "org_id", DB_TEXT },
	{ "key_id", DB_TEXT },     { "requester_id", DB_TEXT },
	{ "token_id", DB_TEXT },   { "kind", DB_TEXT },
	{ "body", DB_BLOB },       { "body_hash", DB_BLOB },
	{ "proof", DB_BLOB },      { "external_id", DB_TEXT },
	{ "status", DB_TEXT },     { "reason", DB_TEXT },
	{ "r", DB_BLOB },          { "s", DB_BLOB },
	{ "recid", DB_INT },       { "date_requested", DB_INT },
	{ "date_signed", DB_INT },
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
};
