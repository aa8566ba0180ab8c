/* SPDX-License-Identifier: Apache-2.0
 * Migration 5: wallets, and signature requests of every kind. For migrations.c.
 *
 * A wallet is made with its key, and is not shown before that is. signatures.parts: of a request
 * with several inputs (PSBT), the signatures so far, as core/keys/signature_parts.h encodes them.
 * signatures.encoded, signed_data: the chain's forms, made when the last signature came. */
#ifndef HF_SERVER_STORE_MIGRATIONS_WALLETS_H
#define HF_SERVER_STORE_MIGRATIONS_WALLETS_H

// clang-format off
#define WALLETS(TEXT, BYTES, CLUSTERED) \
	"CREATE TABLE wallets (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" key_id " TEXT " NOT NULL REFERENCES keys(id), network " TEXT " NOT NULL, address " TEXT "," \
	" name " TEXT ", external_id " TEXT ", status " TEXT " NOT NULL, created_by " TEXT " NOT NULL," \
	" date_created BIGINT NOT NULL, date_deleted BIGINT, proof " BYTES " NOT NULL," \
	" UNIQUE (key_id, network));" \
	"CREATE INDEX wallets_org ON wallets (org_id, id);" \
	\
	"CREATE TABLE wallet_tags (" \
	" wallet_id " TEXT " NOT NULL REFERENCES wallets(id), tag " TEXT " NOT NULL," \
	" PRIMARY KEY (wallet_id, tag))" CLUSTERED ";" \
	\
	"ALTER TABLE signatures ADD COLUMN wallet_id " TEXT ";" \
	"ALTER TABLE signatures ADD COLUMN network " TEXT ";" \
	"ALTER TABLE signatures ADD COLUMN approval_id " TEXT ";" \
	"ALTER TABLE signatures ADD COLUMN date_policy_resolved BIGINT;" \
	"ALTER TABLE signatures ADD COLUMN parts " BYTES ";" \
	"ALTER TABLE signatures ADD COLUMN encoded " BYTES ";" \
	"ALTER TABLE signatures ADD COLUMN signed_data " BYTES ";" \
	"CREATE INDEX signatures_wallet ON signatures (wallet_id, id) WHERE wallet_id IS NOT NULL"
// clang-format on

#endif
