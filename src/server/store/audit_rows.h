/* SPDX-License-Identifier: Apache-2.0
 * The rows of the audit log's tables: one query, one function. What they are is
 * migrations/audit.h's; what they mean is core/audit.h's. */
#ifndef HF_SERVER_STORE_AUDIT_ROWS_H
#define HF_SERVER_STORE_AUDIT_ROWS_H

#include "base/id.h"
#include "db/db.h"

struct audit_row {
	const char *id, *org_id;
	const char *identity_id; /* NULL: none */
	int64_t happened_ms;
	struct hf_span entry; /* JSON */
};

/* The entry, and that it waits for its leaf. Posted (db_post). */
HF_MUST hf_status audit_row_insert(struct db *db, const struct audit_row *row);

#endif
