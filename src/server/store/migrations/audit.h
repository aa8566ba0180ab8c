/* SPDX-License-Identifier: Apache-2.0
 * Migration 8: the audit log: entries, the inner nodes of their Merkle tree, and its checkpoints.
 * For migrations.c.
 *
 * audit_log.leaf: its place in the tree; NULL: not given one yet, which happens at most a moment
 * after its transaction. Rows are only added, and get their leaf; nothing is ever changed. */
#ifndef HF_SERVER_STORE_MIGRATIONS_AUDIT_H
#define HF_SERVER_STORE_MIGRATIONS_AUDIT_H

// clang-format off
#define AUDIT(TEXT, BYTES, CLUSTERED) \
	"CREATE TABLE audit_log (" \
	" id " TEXT " PRIMARY KEY NOT NULL, leaf BIGINT, org_id " TEXT " NOT NULL," \
	" identity_id " TEXT ", happened_at BIGINT NOT NULL, entry " BYTES " NOT NULL);" \
	"CREATE INDEX audit_log_waiting ON audit_log (id) WHERE leaf IS NULL;" \
	"CREATE UNIQUE INDEX audit_log_leaf ON audit_log (leaf) WHERE leaf IS NOT NULL;" \
	"CREATE INDEX audit_log_org ON audit_log (org_id, happened_at);" \
	\
	"CREATE TABLE audit_nodes (" \
	" level BIGINT NOT NULL, place BIGINT NOT NULL, hash " BYTES " NOT NULL," \
	" PRIMARY KEY (level, place))" CLUSTERED ";" \
	\
	"CREATE TABLE audit_checkpoints (" \
	" size BIGINT PRIMARY KEY NOT NULL, root " BYTES " NOT NULL, created_at BIGINT NOT NULL," \
	" note " TEXT " NOT NULL, key_id " TEXT ", signature " BYTES ")" CLUSTERED
// clang-format on

#endif
