/* SPDX-License-Identifier: Apache-2.0
 * The database's own clock, in milliseconds since 1970, as SQL for each engine. All servers of one
 * database share it, so that leases and what may be forgotten do not hang on the clock of the one
 * that happens to look (docs/adr/0011-several-servers.md). It stands still within a statement, and
 * indexes can be used with it. */
#ifndef HF_SERVER_STORE_CLOCK_H
#define HF_SERVER_STORE_CLOCK_H

#define NOW_SQLITE "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
#define NOW_POSTGRES "(extract(epoch FROM statement_timestamp()) * 1000)::bigint"

#endif
