/* SPDX-License-Identifier: Apache-2.0
 * The server's schema, "server". Append-only: a released migration is never edited, a change is a
 * new one.
 *
 * Times are milliseconds since 1970 (UTC). Ids are made by base/id.h, so they are ordered by time,
 * and indexes that end in an id page through a table in the order in which it was filled. */
#ifndef HF_SERVER_STORE_MIGRATIONS_H
#define HF_SERVER_STORE_MIGRATIONS_H

#include "db/schema.h"

#define SERVER_SCHEMA "server"

/* Brings the database up to this program. HF_STATE with words when it is newer. */
HF_MUST hf_status server_migrate(struct db *db, struct hf_err *err);

/* The whole of it, for backups and `holdfast db`. */
extern const struct db_schema server_schema;

/* tables.c */
#define SERVER_TABLES 48
extern const struct db_table server_tables[SERVER_TABLES];

#endif
