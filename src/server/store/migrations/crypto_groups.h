/* SPDX-License-Identifier: Apache-2.0
 * Migration 10: groups of keys, their connections to slots, and scans of those. For migrations.c.
 *
 * key_groups.store_id: the pool of drivers; NULL: a slot. hmg_redundancy, hmg_segregation and
 * hmg_sync are what the Crypto API calls them (core/groups/group.h says what they mean); policies
 * are JSON as they were given. group_links.pin and client_key are sealed by a key of the server's
 * secret file, bound to the row's id. pin_refused: what the token said of this PIN; NULL: nothing
 * bad. updated_at changes with whatever decides where and how a connection is made, so that what is
 * found out about an old one is not written to a new one. scans.server and beat_at: who does it,
 * and when he last said so. */
#ifndef HF_SERVER_STORE_MIGRATIONS_CRYPTO_GROUPS_H
#define HF_SERVER_STORE_MIGRATIONS_CRYPTO_GROUPS_H

// clang-format off
#define CRYPTO_GROUPS(TEXT, BYTES, CLUSTERED) \
	"CREATE TABLE key_groups (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" name " TEXT " NOT NULL, description " TEXT "," \
	" store_id " TEXT " REFERENCES key_stores(id)," \
	" hmg_redundancy BIGINT NOT NULL DEFAULT 0, hmg_segregation BIGINT NOT NULL DEFAULT 0," \
	" hmg_sync BIGINT NOT NULL DEFAULT 0, approval_policy " TEXT "," \
	" cryptographic_policy " TEXT ", key_history_policy " TEXT ", custom_metadata " TEXT "," \
	" created_by " TEXT " NOT NULL, created_at BIGINT NOT NULL);" \
	"CREATE UNIQUE INDEX key_groups_name ON key_groups (org_id, name);" \
	\
	"CREATE TABLE group_links (" \
	" id " TEXT " PRIMARY KEY NOT NULL, group_id " TEXT " NOT NULL REFERENCES key_groups(id)," \
	" org_id " TEXT " NOT NULL, kind " TEXT " NOT NULL, url " TEXT " NOT NULL," \
	" slot BIGINT NOT NULL, position BIGINT NOT NULL, tls " TEXT " NOT NULL," \
	" pin " BYTES ", client_key " BYTES ", serial " TEXT " NOT NULL DEFAULT ''," \
	" label " TEXT " NOT NULL DEFAULT '', pin_refused " TEXT "," \
	" created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);" \
	"CREATE INDEX group_links_group ON group_links (group_id, position, id);" \
	\
	"CREATE TABLE scans (" \
	" id " TEXT " PRIMARY KEY NOT NULL, group_id " TEXT " NOT NULL REFERENCES key_groups(id)," \
	" org_id " TEXT " NOT NULL, is_async BIGINT NOT NULL, server " TEXT " NOT NULL," \
	" started_at BIGINT NOT NULL, beat_at BIGINT NOT NULL, finished_at BIGINT," \
	" result " TEXT ", message " TEXT ", warnings " TEXT "," \
	" total BIGINT NOT NULL DEFAULT 0, done BIGINT NOT NULL DEFAULT 0," \
	" created BIGINT NOT NULL DEFAULT 0)" CLUSTERED ";" \
	"CREATE INDEX scans_group ON scans (group_id, id)"
// clang-format on

#endif
