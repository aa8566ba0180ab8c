/* SPDX-License-Identifier: Apache-2.0
 * Migration 16: apps that show two things at once, and whose old secret is good for a while beside
 * the new one; policies of accounts. For migrations.c.
 *
 * apps.certificate_kind: enum app_credential_kind of the certificate that is needed besides
 * (0: none); certificate_proof: the SHA-256 of a pinned one. previous_credential, previous_proof:
 * as credential and proof were, good until previous_until. crypto_sessions.by_previous: that
 * is what opened it. account_settings: policies are JSON as they were given; NULL: none. */
#ifndef HF_SERVER_STORE_MIGRATIONS_CRYPTO_ACCOUNT_H
#define HF_SERVER_STORE_MIGRATIONS_CRYPTO_ACCOUNT_H

// clang-format off
#define CRYPTO_ACCOUNT(TEXT, BYTES) \
	"ALTER TABLE apps ADD COLUMN certificate_kind BIGINT NOT NULL DEFAULT 0;" \
	"ALTER TABLE apps ADD COLUMN certificate_proof " BYTES ";" \
	"ALTER TABLE apps ADD COLUMN previous_credential " BYTES ";" \
	"ALTER TABLE apps ADD COLUMN previous_proof " BYTES ";" \
	"ALTER TABLE apps ADD COLUMN previous_until BIGINT;" \
	"CREATE INDEX apps_previous ON apps (previous_until) WHERE previous_until IS NOT NULL;" \
	\
	"ALTER TABLE crypto_sessions ADD COLUMN by_previous BIGINT NOT NULL DEFAULT 0;" \
	\
	"ALTER TABLE account_settings ADD COLUMN approval_policy " TEXT ";" \
	"ALTER TABLE account_settings ADD COLUMN cryptographic_policy " TEXT
// clang-format on

#endif
