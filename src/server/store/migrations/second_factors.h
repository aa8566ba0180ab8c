/* SPDX-License-Identifier: Apache-2.0
 * Migration 14: second factors of the Crypto API's users, and when sessions end. For migrations.c.
 *
 * mfa_devices: an authenticator of a user; credential_id: base64url; counter: its count of
 * signatures; they stay when he leaves the account, and are needed again if he comes back.
 * mfa_challenges: what an authenticator is to sign, once; subject: the session or the request that
 * it is for. crypto_sessions.ends_at: whatever it is used for, it ends then, as what proved it does
 * (NULL: no such time); factor_at: since when the second factor is shown; unlocked_until: until
 * when it may change second factors. */
#ifndef HF_SERVER_STORE_MIGRATIONS_SECOND_FACTORS_H
#define HF_SERVER_STORE_MIGRATIONS_SECOND_FACTORS_H

// clang-format off
#define SECOND_FACTORS(TEXT, CLUSTERED) \
	"CREATE TABLE mfa_devices (" \
	" id " TEXT " PRIMARY KEY NOT NULL, identity_id " TEXT " NOT NULL REFERENCES identities(id)," \
	" name " TEXT " NOT NULL, credential_id " TEXT " NOT NULL, public_key " TEXT " NOT NULL," \
	" origin " TEXT " NOT NULL, counter BIGINT NOT NULL, created_at BIGINT NOT NULL," \
	" last_used_at BIGINT)" CLUSTERED ";" \
	"CREATE UNIQUE INDEX mfa_devices_identity ON mfa_devices (identity_id, name);" \
	\
	"CREATE TABLE mfa_challenges (" \
	" identity_id " TEXT " NOT NULL, purpose " TEXT " NOT NULL, subject " TEXT " NOT NULL," \
	" challenge " TEXT " NOT NULL, expires_at BIGINT NOT NULL," \
	" PRIMARY KEY (identity_id, purpose, subject))" CLUSTERED ";" \
	"CREATE INDEX mfa_challenges_expiry ON mfa_challenges (expires_at);" \
	\
	"ALTER TABLE crypto_sessions ADD COLUMN ends_at BIGINT;" \
	"ALTER TABLE crypto_sessions ADD COLUMN factor_at BIGINT;" \
	"ALTER TABLE crypto_sessions ADD COLUMN unlocked_until BIGINT"
// clang-format on

#endif
