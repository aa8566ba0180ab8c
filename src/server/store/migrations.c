/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/migrations.h"

#include "server/store/migrations/audit.h"
#include "server/store/migrations/crypto_account.h"
#include "server/store/migrations/crypto_groups.h"
#include "server/store/migrations/crypto_pool.h"
#include "server/store/migrations/object_history.h"
#include "server/store/migrations/objects.h"
#include "server/store/migrations/crypto_people.h"
#include "server/store/migrations/people.h"
#include "server/store/migrations/policies.h"
#include "server/store/migrations/quorum.h"
#include "server/store/migrations/second_factors.h"
#include "server/store/migrations/wallets.h"
#include "server/store/migrations/webhooks.h"

/* One text for both engines: TEXT compares by bytes, as ids are ordered, and so that an index does
 * not hang on a C library's idea of a language; BYTES is BLOB or BYTEA; ROWID the type of an
 * integer primary key that is the row itself; CLUSTERED keeps a table of small rows in the order of
 * its key in SQLite, which saves an index; BUSY_TABLE is PostgreSQL's settings for a table whose
 * rows come and go.
 *
 * key_stores.issuer_key_id: the intermediate whose leaves may serve it; NULL: any of the
 * listener's. used_actions: user actions that were used once, kept until they would have expired.
 * An id always comes with the same time, so that the one key serves both uses. keys, signatures:
 * not clustered, since a row with its proof is larger than a quarter of a page. jobs.state: 0
 * queued, 1 leased. A settled job has no row: its subject has the outcome. jobs.origin: the server
 * that added it, which is told when another has settled it. server_secrets: one row, by which a
 * server sees that its secret is the one of the others. */
// clang-format off
#define FIRST_TABLES(TEXT, BYTES, ROWID, CLUSTERED, BUSY_TABLE) \
	"CREATE TABLE orgs (" \
	" id " TEXT " PRIMARY KEY NOT NULL, name " TEXT " NOT NULL, created_at BIGINT NOT NULL)" CLUSTERED ";" \
	\
	"CREATE TABLE key_stores (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" name " TEXT " NOT NULL, kind " TEXT " NOT NULL, is_primary BIGINT NOT NULL, issuer_key_id " TEXT "," \
	" created_at BIGINT NOT NULL)" CLUSTERED ";" \
	"CREATE INDEX key_stores_org ON key_stores (org_id, id);" \
	\
	"CREATE TABLE identities (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" kind " TEXT " NOT NULL, name " TEXT " NOT NULL, is_active BIGINT NOT NULL," \
	" created_at BIGINT NOT NULL)" CLUSTERED ";" \
	\
	"CREATE TABLE credentials (" \
	" id " TEXT " PRIMARY KEY NOT NULL, uuid " TEXT " NOT NULL UNIQUE," \
	" org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" identity_id " TEXT " NOT NULL REFERENCES identities(id), kind " TEXT " NOT NULL," \
	" name " TEXT " NOT NULL, public_key " TEXT " NOT NULL, is_active BIGINT NOT NULL," \
	" created_at BIGINT NOT NULL)" CLUSTERED ";" \
	"CREATE INDEX credentials_identity ON credentials (identity_id, id);" \
	\
	"CREATE TABLE tokens (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" identity_id " TEXT " NOT NULL REFERENCES identities(id), credential_id " TEXT "," \
	" kind " TEXT " NOT NULL, is_active BIGINT NOT NULL, created_at BIGINT NOT NULL," \
	" expires_at BIGINT NOT NULL)" CLUSTERED ";" \
	\
	"CREATE TABLE used_actions (" \
	" expires_at BIGINT NOT NULL, id " TEXT " NOT NULL," \
	" PRIMARY KEY (expires_at, id))" CLUSTERED ";" \
	\
	"CREATE TABLE keys (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" store_id " TEXT " NOT NULL REFERENCES key_stores(id), scheme " TEXT " NOT NULL," \
	" curve " TEXT " NOT NULL, key_type BIGINT NOT NULL, public_key " BYTES "," \
	" name " TEXT ", status " TEXT " NOT NULL, resident BIGINT NOT NULL DEFAULT 0," \
	" created_by " TEXT " NOT NULL, date_created BIGINT NOT NULL, date_deleted BIGINT," \
	" failure " TEXT ", failure_code BIGINT, proof " BYTES " NOT NULL);" \
	"CREATE INDEX keys_org ON keys (org_id, id);" \
	\
	"CREATE TABLE signatures (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL," \
	" key_id " TEXT " NOT NULL REFERENCES keys(id), requester_id " TEXT " NOT NULL," \
	" token_id " TEXT ", kind " TEXT " NOT NULL, body " BYTES " NOT NULL," \
	" body_hash " BYTES " NOT NULL, proof " BYTES " NOT NULL," \
	" external_id " TEXT ", status " TEXT " NOT NULL, reason " TEXT ", r " BYTES ", s " BYTES "," \
	" recid BIGINT, date_requested BIGINT NOT NULL, date_signed BIGINT);" \
	"CREATE INDEX signatures_key ON signatures (key_id, id);" \
	"CREATE UNIQUE INDEX signatures_external ON signatures (org_id, external_id)" \
	" WHERE external_id IS NOT NULL;" \
	\
	"CREATE TABLE jobs (" \
	" id " ROWID " PRIMARY KEY NOT NULL, store_id " TEXT " NOT NULL, state SMALLINT NOT NULL," \
	" attempts SMALLINT NOT NULL, owner " TEXT ", lease_until BIGINT," \
	" created_at BIGINT NOT NULL, subject SMALLINT NOT NULL, subject_id " TEXT " NOT NULL," \
	" op " BYTES " NOT NULL)" BUSY_TABLE ";" \
	"CREATE INDEX jobs_ready ON jobs (store_id, id) WHERE state = 0;" \
	"CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 1;"

#define SEVERAL_SERVERS(TEXT, CLUSTERED) \
	"ALTER TABLE jobs ADD COLUMN origin " TEXT " NOT NULL DEFAULT '';" \
	"CREATE TABLE server_secrets (" \
	" id SMALLINT PRIMARY KEY NOT NULL, fingerprint " TEXT " NOT NULL)" CLUSTERED
// clang-format on

static const struct db_migration migrations[] = {
	{
	        .name = "the first tables",
	        .sqlite = FIRST_TABLES("TEXT", "BLOB", "INTEGER", " WITHOUT ROWID", ""),
	        .postgres = FIRST_TABLES("TEXT COLLATE \"C\"", "BYTEA", "BIGINT", "",
	                                 " WITH (fillfactor = 80,"
	                                 " autovacuum_vacuum_scale_factor = 0.02,"
	                                 " autovacuum_vacuum_cost_delay = 1)"),
	},
	{
	        .name = "several servers",
	        .sqlite = SEVERAL_SERVERS("TEXT", " WITHOUT ROWID"),
	        .postgres = SEVERAL_SERVERS("TEXT COLLATE \"C\"", ""),
	},
	{
	        /* PostgreSQL checks a foreign key by locking the row that it names, which is a
	         * write: each signature request would write the page of its key. Keys are never
	         * removed. */
	        .name = "a signature request writes nothing about its key",
	        .sqlite = "",
	        .postgres = "ALTER TABLE signatures DROP CONSTRAINT signatures_key_id_fkey",
	},
	{
	        .name = "people and permissions",
	        .sqlite = PEOPLE("TEXT", "BLOB", " WITHOUT ROWID"),
	        .postgres = PEOPLE("TEXT COLLATE \"C\"", "BYTEA", ""),
	},
	{
	        .name = "wallets",
	        .sqlite = WALLETS("TEXT", "BLOB", " WITHOUT ROWID"),
	        .postgres = WALLETS("TEXT COLLATE \"C\"", "BYTEA", ""),
	},
	{
	        .name = "policies and approvals",
	        .sqlite = POLICIES("TEXT", "BLOB", " WITHOUT ROWID"),
	        .postgres = POLICIES("TEXT COLLATE \"C\"", "BYTEA", ""),
	},
	{
	        .name = "webhooks",
	        .sqlite = WEBHOOKS("TEXT", "BLOB", " WITHOUT ROWID"),
	        .postgres = WEBHOOKS("TEXT COLLATE \"C\"", "BYTEA", ""),
	},
	{
	        .name = "the audit log",
	        .sqlite = AUDIT("TEXT", "BLOB", " WITHOUT ROWID", "") AUDIT_GUARDS_SQLITE,
	        .postgres = AUDIT("TEXT COLLATE \"C\"", "BYTEA", "",
	                          " WITH (fillfactor = 80,"
	                          " autovacuum_vacuum_scale_factor = 0.02,"
	                          " autovacuum_vacuum_cost_delay = 1)") AUDIT_GUARDS_POSTGRES,
	},
	{
	        .name = "results of operations in pools",
	        .sqlite = CRYPTO_POOL("TEXT", "BLOB", ""),
	        .postgres = CRYPTO_POOL("TEXT COLLATE \"C\"", "BYTEA",
	                                " WITH (fillfactor = 80,"
	                                " autovacuum_vacuum_scale_factor = 0.02,"
	                                " autovacuum_vacuum_cost_delay = 1)"),
	},
	{
	        .name = "groups of keys and their connections",
	        .sqlite = CRYPTO_GROUPS("TEXT", "BLOB", " WITHOUT ROWID"),
	        .postgres = CRYPTO_GROUPS("TEXT COLLATE \"C\"", "BYTEA", ""),
	},
	{
	        .name = "security objects",
	        .sqlite = OBJECTS("TEXT", "BLOB", ""),
	        .postgres = OBJECTS("TEXT COLLATE \"C\"", "BYTEA", " WITH (fillfactor = 90)"),
	},
	{
	        .name = "apps, users and sessions of the Crypto API",
	        .sqlite = CRYPTO_PEOPLE("TEXT", "BLOB", " WITHOUT ROWID"),
	        .postgres = CRYPTO_PEOPLE("TEXT COLLATE \"C\"", "BYTEA", ""),
	},
	{
	        .name = "what quorums have to approve",
	        .sqlite = QUORUM("TEXT", "BLOB", " WITHOUT ROWID"),
	        .postgres = QUORUM("TEXT COLLATE \"C\"", "BYTEA", ""),
	},
	{
	        .name = "second factors, and ends of sessions",
	        .sqlite = SECOND_FACTORS("TEXT", " WITHOUT ROWID"),
	        .postgres = SECOND_FACTORS("TEXT COLLATE \"C\"", ""),
	},
	{
	        .name = "what security objects were before",
	        .sqlite = OBJECT_HISTORY("TEXT", " WITHOUT ROWID"),
	        .postgres = OBJECT_HISTORY("TEXT COLLATE \"C\"", ""),
	},
	{
	        .name = "apps' old secrets, and policies of accounts",
	        .sqlite = CRYPTO_ACCOUNT("TEXT", "BLOB"),
	        .postgres = CRYPTO_ACCOUNT("TEXT COLLATE \"C\"", "BYTEA"),
	},
};

hf_status server_migrate(struct db *db, struct hf_err *err)
{
	return db_migrate(db, SERVER_SCHEMA, migrations, HF_COUNT(migrations), err);
}

const struct db_schema server_schema = {
	.name = SERVER_SCHEMA,
	.migrations = migrations,
	.n_migrations = HF_COUNT(migrations),
	.tables = server_tables,
	.n_tables = SERVER_TABLES,
};
