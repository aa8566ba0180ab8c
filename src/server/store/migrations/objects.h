/* SPDX-License-Identifier: Apache-2.0
 * Migration 11: security objects. For migrations.c.
 *
 * objects.making_at: since when it is being made; NULL: it is made. What is being made has its name
 * already, and is shown to nobody. A name is one object's among those that are not deleted (state
 * 6). The object's group is not a foreign key: PostgreSQL checks those by locking the row that they
 * name, and every new key would write its group. objects.value is sealed by a key of the server's
 * secret file. told_deactivation and told_rotation: the dates that people were told of. */
#ifndef HF_SERVER_STORE_MIGRATIONS_OBJECTS_H
#define HF_SERVER_STORE_MIGRATIONS_OBJECTS_H

// clang-format off
#define OBJECTS(TEXT, BYTES, BUSY_TABLE) \
	"CREATE TABLE objects (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" group_id " TEXT " NOT NULL, name " TEXT " NOT NULL, description " TEXT "," \
	" type BIGINT NOT NULL, curve BIGINT NOT NULL, bits BIGINT NOT NULL, uses BIGINT NOT NULL," \
	" state BIGINT NOT NULL, is_enabled BIGINT NOT NULL, is_virtual BIGINT NOT NULL," \
	" is_external BIGINT NOT NULL, is_missing BIGINT NOT NULL, is_public_only BIGINT NOT NULL," \
	" is_never_exportable BIGINT NOT NULL, is_published BIGINT NOT NULL," \
	" creator " TEXT " NOT NULL, created_at BIGINT NOT NULL, last_used_at BIGINT," \
	" activation_at BIGINT, deactivation_at BIGINT, compromise_at BIGINT," \
	" destruction_at BIGINT, rotate_at BIGINT, told_deactivation BIGINT, told_rotation BIGINT, making_at BIGINT, cka_id " BYTES " NOT NULL," \
	" cka_label " BYTES " NOT NULL, public_key " BYTES ", kcv " BYTES ", options " TEXT "," \
	" custom_metadata " TEXT ", rotation_policy " TEXT ", revocation " TEXT "," \
	" replacement " TEXT ", replaced " TEXT ", copied_from " TEXT ", parent " TEXT "," \
	" value " BYTES ")" BUSY_TABLE ";" \
	"CREATE UNIQUE INDEX objects_name ON objects (org_id, name) WHERE state < 6;" \
	"CREATE INDEX objects_org ON objects (org_id, id);" \
	"CREATE INDEX objects_group ON objects (group_id, id);" \
	"CREATE INDEX objects_group_name ON objects (group_id, name) WHERE state < 6;" \
	"CREATE INDEX objects_cka_id ON objects (org_id, cka_id, group_id, cka_label);" \
	"CREATE INDEX objects_cka_label ON objects (org_id, cka_label);" \
	"CREATE INDEX objects_copies ON objects (copied_from) WHERE copied_from IS NOT NULL;" \
	"CREATE INDEX objects_making ON objects (making_at) WHERE making_at IS NOT NULL;" \
	"CREATE INDEX objects_activation ON objects (activation_at) WHERE state = 1;" \
	"CREATE INDEX objects_deactivation ON objects (deactivation_at) WHERE state = 2;" \
	"CREATE INDEX objects_rotation ON objects (rotate_at) WHERE rotate_at IS NOT NULL"
// clang-format on

#endif
