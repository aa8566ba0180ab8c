/* SPDX-License-Identifier: Apache-2.0
 * Where a command's database is: the same two options everywhere. */
#ifndef HF_CLI_DB_OPTIONS_H
#define HF_CLI_DB_OPTIONS_H

#include "cli/options.h"
#include "db/db.h"

/* Rows of a command's table; `member` is a struct db_config, `what` a literal ("the server's
 * database"). cli_db_options() has the last word on them. */
#define CLI_DB_OPTIONS(owner, member, what)                                                        \
	{                                                                                          \
		.name = "sqlite-path",                                                             \
		.metavar = "FILE",                                                                 \
		.type = CLI_TEXT,                                                                  \
		.conflicts = "postgres-url",                                                       \
		.offset = offsetof(owner, member.sqlite_path),                                     \
		.help = what ", as a file on this machine",                                        \
	},                                                                                         \
	        CLI_OPTION_TEXT(                                                                   \
	                owner, member.postgres_url, "postgres-url", "URL", NULL,                   \
	                what ", in PostgreSQL: postgresql://USER@HOST/NAME with the parameters "   \
	                     "of libpq; a password belongs into the environment variable, or "     \
	                     "into the file that passfile=FILE names")

/* For what runs on and on: `member` is an int64_t, of seconds, for db_open_patiently(). */
#define CLI_DB_WAIT_OPTION(owner, member)                                                          \
	CLI_OPTION_NUMBER(owner, member, "db-wait", "60", 0, 86400,                                \
	                  "at the start, a database that is away is waited for so many seconds")

/* Call once, first thing after the options are read and before another process is started.
 * HF_INVALID with words when no database was given. A password in the URL is overwritten where it
 * was found, in argv or in the environment; the log warns of the first. */
HF_MUST hf_status cli_db_options(struct db_config *db, struct hf_err *err);

#endif
