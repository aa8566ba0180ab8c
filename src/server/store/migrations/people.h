/* SPDX-License-Identifier: Apache-2.0
 * Migration 4: users, service accounts and personal access tokens; their credentials; one-time
 * codes; the generations of the key that signs tokens; permissions and who has them. For
 * migrations.c.
 *
 * identities.is_archived: kept for the record, and its name is free again. credentials: Fido2 ones
 * have a relying party and a counter; one with a token_id signs for that personal access token
 * only, and logs nobody in. codes: only their hash is kept. permissions.operations: names with
 * commas between, or "*". assignments.identity_id: an identity's, or a personal access token's id.
 * Before this migration a service account could do everything: it keeps that, as an assignment that
 * can be seen. */
#ifndef HF_SERVER_STORE_MIGRATIONS_PEOPLE_H
#define HF_SERVER_STORE_MIGRATIONS_PEOPLE_H

#define ADMIN_PERMISSION "DfnsFullAdminAccess" /* the name that the official API has for it */

// clang-format off
#define PEOPLE(TEXT, BYTES, CLUSTERED) \
	"ALTER TABLE identities ADD COLUMN external_id " TEXT ";" \
	"ALTER TABLE identities ADD COLUMN is_registered BIGINT NOT NULL DEFAULT 1;" \
	"ALTER TABLE identities ADD COLUMN is_archived BIGINT NOT NULL DEFAULT 0;" \
	"ALTER TABLE identities ADD COLUMN created_by " TEXT ";" \
	"CREATE INDEX identities_org ON identities (org_id, kind, id);" \
	"CREATE UNIQUE INDEX identities_name ON identities (org_id, kind, name) WHERE is_archived = 0;" \
	\
	"ALTER TABLE credentials ADD COLUMN relying_party " TEXT ";" \
	"ALTER TABLE credentials ADD COLUMN origin " TEXT ";" \
	"ALTER TABLE credentials ADD COLUMN counter BIGINT NOT NULL DEFAULT 0;" \
	"ALTER TABLE credentials ADD COLUMN encrypted_private_key " TEXT ";" \
	"ALTER TABLE credentials ADD COLUMN is_recovery BIGINT NOT NULL DEFAULT 0;" \
	"ALTER TABLE credentials ADD COLUMN token_id " TEXT ";" \
	\
	"ALTER TABLE tokens ADD COLUMN name " TEXT ";" \
	"ALTER TABLE tokens ADD COLUMN external_id " TEXT ";" \
	"ALTER TABLE tokens ADD COLUMN is_archived BIGINT NOT NULL DEFAULT 0;" \
	"CREATE INDEX tokens_identity ON tokens (identity_id, id);" \
	"CREATE UNIQUE INDEX tokens_name ON tokens (identity_id, name) WHERE is_archived = 0;" \
	\
	"CREATE TABLE codes (" \
	" hash " BYTES " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL, identity_id " TEXT " NOT NULL," \
	" kind " TEXT " NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT)" CLUSTERED ";" \
	"CREATE INDEX codes_expiry ON codes (expires_at);" \
	\
	"CREATE TABLE token_keys (" \
	" generation BIGINT PRIMARY KEY NOT NULL, created_at BIGINT NOT NULL, retired_at BIGINT)" CLUSTERED ";" \
	"INSERT INTO token_keys (generation, created_at) SELECT 1, created_at FROM orgs ORDER BY created_at, id LIMIT 1;" \
	\
	"CREATE TABLE permissions (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" name " TEXT " NOT NULL, operations " TEXT " NOT NULL, is_immutable BIGINT NOT NULL," \
	" is_archived BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL," \
	" UNIQUE (org_id, name))" CLUSTERED ";" \
	\
	"CREATE TABLE assignments (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL, permission_id " TEXT " NOT NULL REFERENCES permissions(id)," \
	" identity_id " TEXT " NOT NULL, is_immutable BIGINT NOT NULL," \
	" created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL," \
	" UNIQUE (identity_id, permission_id))" CLUSTERED ";" \
	"CREATE INDEX assignments_permission ON assignments (permission_id, id);" \
	\
	"INSERT INTO permissions (id, org_id, name, operations, is_immutable, is_archived, created_at, updated_at)" \
	" SELECT 'pm' || substr(id, 3), id, '" ADMIN_PERMISSION "', '*', 1, 0, created_at, created_at FROM orgs;" \
	"INSERT INTO assignments (id, org_id, permission_id, identity_id, is_immutable, created_at, updated_at)" \
	" SELECT 'as' || substr(id, 3), org_id, 'pm' || substr(org_id, 3), id, 0, created_at, created_at" \
	" FROM identities WHERE kind = 'ServiceAccount'"
// clang-format on

#endif
