/* SPDX-License-Identifier: Apache-2.0
 * What SQLite's result codes mean. */
#include "db/sqlite.h"

#include <stdio.h>

static enum hf_code meaning(int rc)
{
	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return HF_EXISTS;
	default:
		break;
	}
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return HF_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
		return HF_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return HF_CORRUPT;
	case SQLITE_NOMEM:
		return HF_NOMEM;
	case SQLITE_TOOBIG:
		return HF_TOOBIG;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_MISMATCH:
		return HF_INTERNAL; /* our SQL, or how we use it */
	default:
		return HF_IO;
	}
}

/* Which of our codes; sets db->error, and notices when SQLite has rolled back by itself (disk full,
 * I/O error). */
enum hf_code sqlite_code(struct sqlite_db *db, int rc)
{
	enum hf_code code = meaning(rc);

	if (code == HF_OK)
		return code;
	snprintf(db->base.error, sizeof(db->base.error), "%s: %s%s", db->path,
	         sqlite3_errmsg(db->handle),
	         code == HF_CORRUPT
	                 ? ": the file is damaged. Keep a copy of it and restore the last backup"
	         : rc == SQLITE_FULL ? ": make room on the disk"
	                             : "");
	if (db->base.in_transaction && sqlite3_get_autocommit(db->handle))
		db->base.lost = code;
	return code;
}
