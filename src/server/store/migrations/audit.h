/* SPDX-License-Identifier: Apache-2.0
 * Migration 8: the audit log: entries, their Merkle trees (one to each organisation), and the
 * checkpoints of these. For migrations.c.
 *
 * audit_log is only ever added to, and its trigger holds everybody to that. audit_waiting has the
 * ids of entries that have no leaf yet: they are there for about a second. audit_tiles holds the
 * trees in tiles of 256 hashes, as C2SP tlog-tiles cuts them; those of level 0 also have the ids of
 * their entries, 31 characters each. A checkpoint stands without a signature while the HSM is asked
 * for one. */
#ifndef HF_SERVER_STORE_MIGRATIONS_AUDIT_H
#define HF_SERVER_STORE_MIGRATIONS_AUDIT_H

#define AUDIT_LOG_WORDS "the audit log is only added to: nothing in it is changed or removed"
#define AUDIT_SIGNED_WORDS "a signed checkpoint of the audit log is not changed or removed"

// clang-format off
#define AUDIT(TEXT, BYTES, CLUSTERED, BUSY_TABLE) \
	"CREATE TABLE audit_log (" \
	" org_id " TEXT " NOT NULL, id " TEXT " NOT NULL, happened_at BIGINT NOT NULL," \
	" identity_id " TEXT ", entry " TEXT " NOT NULL, PRIMARY KEY (org_id, id));" \
	\
	"CREATE TABLE audit_waiting (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL)" CLUSTERED BUSY_TABLE ";" \
	\
	"CREATE TABLE audit_tiles (" \
	" org_id " TEXT " NOT NULL, level BIGINT NOT NULL, place BIGINT NOT NULL," \
	" hashes " BYTES " NOT NULL, ids " TEXT ", PRIMARY KEY (org_id, level, place));" \
	\
	"CREATE TABLE audit_keys (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" store_id " TEXT " NOT NULL REFERENCES key_stores(id), key_type BIGINT NOT NULL," \
	" status " TEXT " NOT NULL, public_key " BYTES ", created_at BIGINT NOT NULL," \
	" failure " TEXT ")" CLUSTERED ";" \
	\
	"CREATE TABLE audit_checkpoints (" \
	" org_id " TEXT " NOT NULL, size BIGINT NOT NULL, id " TEXT " NOT NULL UNIQUE," \
	" root " BYTES " NOT NULL, created_at BIGINT NOT NULL, note " TEXT " NOT NULL," \
	" key_id " TEXT " NOT NULL, signature " BYTES ", PRIMARY KEY (org_id, size))" CLUSTERED ";" \
	\
	"CREATE TABLE audit_cursors (" \
	" sink " TEXT " NOT NULL, org_id " TEXT " NOT NULL, sent BIGINT NOT NULL," \
	" PRIMARY KEY (sink, org_id))" CLUSTERED ";" \
	\
	"CREATE TABLE audit_senders (" \
	" sink " TEXT " PRIMARY KEY NOT NULL, owner " TEXT " NOT NULL, until_at BIGINT NOT NULL)" \
	CLUSTERED ";"

#define AUDIT_GUARDS_SQLITE \
	"CREATE TRIGGER audit_log_update BEFORE UPDATE ON audit_log BEGIN" \
	" SELECT RAISE(ABORT, '" AUDIT_LOG_WORDS "'); END;" \
	"CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log BEGIN" \
	" SELECT RAISE(ABORT, '" AUDIT_LOG_WORDS "'); END;" \
	"CREATE TRIGGER audit_checkpoints_update BEFORE UPDATE ON audit_checkpoints" \
	" WHEN OLD.signature IS NOT NULL BEGIN SELECT RAISE(ABORT, '" AUDIT_SIGNED_WORDS "'); END;" \
	"CREATE TRIGGER audit_checkpoints_delete BEFORE DELETE ON audit_checkpoints" \
	" WHEN OLD.signature IS NOT NULL BEGIN SELECT RAISE(ABORT, '" AUDIT_SIGNED_WORDS "'); END"

#define AUDIT_GUARDS_POSTGRES \
	"CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS" \
	" $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$;" \
	"CREATE TRIGGER audit_log_rows BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW" \
	" EXECUTE FUNCTION audit_refuse('" AUDIT_LOG_WORDS "');" \
	"CREATE TRIGGER audit_log_table BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT" \
	" EXECUTE FUNCTION audit_refuse('" AUDIT_LOG_WORDS "');" \
	"CREATE TRIGGER audit_checkpoints_rows BEFORE UPDATE OR DELETE ON audit_checkpoints" \
	" FOR EACH ROW WHEN (OLD.signature IS NOT NULL)" \
	" EXECUTE FUNCTION audit_refuse('" AUDIT_SIGNED_WORDS "');" \
	"CREATE TRIGGER audit_checkpoints_table BEFORE TRUNCATE ON audit_checkpoints" \
	" FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse('" AUDIT_SIGNED_WORDS "')"
// clang-format on

#endif
