/* SPDX-License-Identifier: Apache-2.0
 * Migration 9: what came of operations that drivers did, for whoever asked. For migrations.c.
 *
 * A row lives from the settling of its job until the server that asked has fetched it, a moment, or
 * until it is a minute old. crypto_results.result: sealed by a key of the server's secret file,
 * since it may be what was decrypted. */
#ifndef HF_SERVER_STORE_MIGRATIONS_CRYPTO_POOL_H
#define HF_SERVER_STORE_MIGRATIONS_CRYPTO_POOL_H

// clang-format off
#define CRYPTO_POOL(TEXT, BYTES, BUSY_TABLE) \
	"CREATE TABLE crypto_results (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL, result " BYTES " NOT NULL," \
	" created_at BIGINT NOT NULL)" BUSY_TABLE ";" \
	"CREATE INDEX crypto_results_age ON crypto_results (created_at)"
// clang-format on

#endif
