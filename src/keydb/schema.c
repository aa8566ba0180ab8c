/* SPDX-License-Identifier: Apache-2.0 */
#include "keydb/keydb.h"

#include <string.h>

/* Append only: number n brings version n - 1 to n. Ids are compared byte by byte on both engines.
 */
static const struct db_migration migrations[] = {
	{ .name = "wrapped keys and canaries",
	  .sqlite = "CREATE TABLE wrapped_keys ("
	            " key_id TEXT NOT NULL PRIMARY KEY,"
	            " record BLOB NOT NULL,"
	            " key_type INTEGER NOT NULL,"
	            " format INTEGER NOT NULL,"
	            " master_id TEXT NOT NULL,"
	            " created_at INTEGER NOT NULL" /* ms since 1970 */
	            ") WITHOUT ROWID;"
	            "CREATE TABLE canaries ("
	            " master_id TEXT NOT NULL PRIMARY KEY,"
	            " record BLOB NOT NULL,"
	            " created_at INTEGER NOT NULL"
	            ") WITHOUT ROWID",
	  .postgres = "CREATE TABLE wrapped_keys ("
	              " key_id TEXT COLLATE \"C\" NOT NULL PRIMARY KEY,"
	              " record BYTEA NOT NULL,"
	              " key_type BIGINT NOT NULL,"
	              " format BIGINT NOT NULL,"
	              " master_id TEXT COLLATE \"C\" NOT NULL,"
	              " created_at BIGINT NOT NULL"
	              ");"
	              "CREATE TABLE canaries ("
	              " master_id TEXT COLLATE \"C\" NOT NULL PRIMARY KEY,"
	              " record BYTEA NOT NULL,"
	              " created_at BIGINT NOT NULL"
	              ")" },
	{ .name = "user actions that were signed for",
	  .sqlite = "CREATE TABLE spent_actions ("
	            " issued_at INTEGER NOT NULL," /* ms since 1970 */
	            " action_id TEXT NOT NULL,"
	            " input_hash BLOB NOT NULL,"
	            " job INTEGER NOT NULL,"
	            " PRIMARY KEY (issued_at, action_id, input_hash)"
	            ") WITHOUT ROWID;"
	            "CREATE TABLE spent_floor ("
	            " id INTEGER NOT NULL PRIMARY KEY,"
	            " issued_at INTEGER NOT NULL"
	            ")",
	  .postgres = "CREATE TABLE spent_actions ("
	              " issued_at BIGINT NOT NULL,"
	              " action_id TEXT COLLATE \"C\" NOT NULL,"
	              " input_hash BYTEA NOT NULL,"
	              " job BIGINT NOT NULL,"
	              " PRIMARY KEY (issued_at, action_id, input_hash)"
	              ");"
	              "CREATE TABLE spent_floor ("
	              " id BIGINT NOT NULL PRIMARY KEY,"
	              " issued_at BIGINT NOT NULL"
	              ")" },
};

hf_status keydb_migrate(struct db *db, struct hf_err *err)
{
	return db_migrate(db, "keys", migrations, HF_COUNT(migrations), err);
}

hf_status keydb_open(const struct db_config *config, struct db **ret, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;

	HF_TRY(db_open(config, &db, err));
	HF_TRY(keydb_migrate(db, err));
	*ret = hf_take(db);
	return HF_SUCCESS;
}

static const struct db_column key_columns[] = {
	{ "key_id", DB_TEXT }, { "record", DB_BLOB },    { "key_type", DB_INT },
	{ "format", DB_INT },  { "master_id", DB_TEXT }, { "created_at", DB_INT },
};

static const struct db_column canary_columns[] = {
	{ "master_id", DB_TEXT },
	{ "record", DB_BLOB },
	{ "created_at", DB_INT },
};

static const struct db_column spent_columns[] = {
	{ "issued_at", DB_INT },
	{ "action_id", DB_TEXT },
	{ "input_hash", DB_BLOB },
	{ "job", DB_INT },
};

static const struct db_column floor_columns[] = {
	{ "id", DB_INT },
	{ "issued_at", DB_INT },
};

static const struct db_table tables[] = {
	DB_TABLE("wrapped_keys", 1, 1, key_columns),
	DB_TABLE("canaries", 1, 1, canary_columns),
	DB_TABLE("spent_actions", 2, 3, spent_columns),
	DB_TABLE("spent_floor", 2, 1, floor_columns),
};

const struct db_schema keydb_schema = {
	.name = "keys",
	.migrations = migrations,
	.n_migrations = HF_COUNT(migrations),
	.tables = tables,
	.n_tables = HF_COUNT(tables),
};

bool keydb_record_of(const struct dump_item *item, struct hf_span *ret_key_id,
                     struct hf_span *ret_record)
{
	if (item->kind != DUMP_ROW || strcmp(item->name, tables[0].name) != 0 || item->n < 2)
		return false;
	*ret_key_id = item->values[0].bytes;
	*ret_record = item->values[1].bytes;
	return true;
}
