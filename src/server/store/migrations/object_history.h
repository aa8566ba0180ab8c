/* SPDX-License-Identifier: Apache-2.0
 * Migration 15: what security objects were before they were changed, in groups whose
 * key_history_policy lets changes be taken back. For migrations.c.
 *
 * A row is what may be gone back to until expires_at; the columns are those of table objects. Rows
 * of an object go when its material does. */
#ifndef HF_SERVER_STORE_MIGRATIONS_OBJECT_HISTORY_H
#define HF_SERVER_STORE_MIGRATIONS_OBJECT_HISTORY_H

// clang-format off
#define OBJECT_HISTORY(TEXT, CLUSTERED) \
	"CREATE TABLE object_history (" \
	" object_id " TEXT " NOT NULL, id " TEXT " NOT NULL, created_at BIGINT NOT NULL," \
	" expires_at BIGINT NOT NULL, state BIGINT NOT NULL, uses BIGINT NOT NULL," \
	" is_public_only BIGINT NOT NULL, activation_at BIGINT, deactivation_at BIGINT," \
	" compromise_at BIGINT, rotate_at BIGINT, rotation_policy " TEXT ", revocation " TEXT "," \
	" PRIMARY KEY (object_id, id))" CLUSTERED
// clang-format on

#endif
