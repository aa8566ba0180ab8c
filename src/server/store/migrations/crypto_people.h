/* SPDX-License-Identifier: Apache-2.0
 * Migration 12: who calls the Crypto API. For migrations.c.
 *
 * passwords.hash: argon2id, as libsodium writes it. account_roles: who of the users is known to the
 * Crypto API at all. group_members and app_groups: group_id is a key_groups.id; rows of a group
 * that is deleted go with it. apps.credential: what proves an app, sealed by a key of the server's
 * secret file and bound to the app's id; apps.proof: the SHA-256 of its secret, or of its pinned
 * certificate; credential_at changes with it. crypto_sessions.hash: SHA-256 of the bearer token,
 * which is kept nowhere; idle_ms: how far a use moves expires_at (0: not at all); bound: SHA-256 of
 * the certificate that every request has to show, or NULL. account_settings.settings: JSON. */
#ifndef HF_SERVER_STORE_MIGRATIONS_CRYPTO_PEOPLE_H
#define HF_SERVER_STORE_MIGRATIONS_CRYPTO_PEOPLE_H

// clang-format off
#define CRYPTO_PEOPLE(TEXT, BYTES, CLUSTERED) \
	"CREATE TABLE passwords (" \
	" identity_id " TEXT " PRIMARY KEY NOT NULL REFERENCES identities(id), hash " TEXT " NOT NULL," \
	" changed_at BIGINT NOT NULL)" CLUSTERED ";" \
	\
	"CREATE TABLE account_roles (" \
	" identity_id " TEXT " PRIMARY KEY NOT NULL REFERENCES identities(id), org_id " TEXT " NOT NULL," \
	" roles BIGINT NOT NULL, is_enabled BIGINT NOT NULL, first_name " TEXT ", last_name " TEXT "," \
	" description " TEXT ", created_at BIGINT NOT NULL, last_login_at BIGINT)" CLUSTERED ";" \
	"CREATE INDEX account_roles_org ON account_roles (org_id, identity_id);" \
	\
	"CREATE TABLE group_members (" \
	" identity_id " TEXT " NOT NULL, group_id " TEXT " NOT NULL, roles BIGINT NOT NULL," \
	" PRIMARY KEY (identity_id, group_id))" CLUSTERED ";" \
	"CREATE INDEX group_members_group ON group_members (group_id, identity_id);" \
	\
	"CREATE TABLE apps (" \
	" identity_id " TEXT " PRIMARY KEY NOT NULL REFERENCES identities(id), org_id " TEXT " NOT NULL," \
	" is_admin BIGINT NOT NULL, app_type " TEXT " NOT NULL, interface " TEXT ", description " TEXT "," \
	" default_group " TEXT ", ip_policy " TEXT ", client_configurations " TEXT "," \
	" credential_kind BIGINT NOT NULL, credential " BYTES " NOT NULL, proof " BYTES "," \
	" credential_at BIGINT NOT NULL, certificate_until BIGINT, last_used_at BIGINT);" \
	"CREATE INDEX apps_org ON apps (org_id, identity_id);" \
	"CREATE INDEX apps_proof ON apps (proof);" \
	\
	"CREATE TABLE app_groups (" \
	" app_id " TEXT " NOT NULL, group_id " TEXT " NOT NULL, permissions BIGINT NOT NULL," \
	" PRIMARY KEY (app_id, group_id))" CLUSTERED ";" \
	"CREATE INDEX app_groups_group ON app_groups (group_id, app_id);" \
	\
	"CREATE TABLE crypto_sessions (" \
	" hash " BYTES " PRIMARY KEY NOT NULL, id " TEXT " NOT NULL, org_id " TEXT " NOT NULL," \
	" identity_id " TEXT " NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL," \
	" idle_ms BIGINT NOT NULL, bound " BYTES ")" CLUSTERED ";" \
	"CREATE INDEX crypto_sessions_identity ON crypto_sessions (identity_id);" \
	"CREATE INDEX crypto_sessions_expiry ON crypto_sessions (expires_at);" \
	\
	"CREATE TABLE account_settings (" \
	" org_id " TEXT " PRIMARY KEY NOT NULL REFERENCES orgs(id), settings " TEXT " NOT NULL," \
	" updated_at BIGINT NOT NULL)" CLUSTERED
// clang-format on

#endif
