/* SPDX-License-Identifier: Apache-2.0
 * Before a key's date comes, people are told, once: a line in the log, an entry in the audit log,
 * and an event for webhooks ("key.expiring"). Each date once, whichever server notices it; one that
 * is moved, or set for sooner than that, is told of at once. */
#ifndef HF_SERVER_CORE_OBJECTS_OBJECT_NOTICE_H
#define HF_SERVER_CORE_OBJECTS_OBJECT_NOTICE_H

#include "server/store/notice_rows.h"

#define NOTICE_DEACTIVATION_MS (INT64_C(7) * 24 * 60 * 60 * 1000)
#define NOTICE_ROTATION_MS (INT64_C(24) * 60 * 60 * 1000)
#define NOTICES_AT_ONCE 50

struct object_notices {
	struct object_notice {
		enum notice of;
		char id[HF_UUID_MAX];
		char name[OBJECT_NAME_MAX];
		int64_t at_ms;
	} told[2 * NOTICES_AT_ONCE];
	size_t n;
};

/* Inside a transaction. *ret: for the log, after its commit. */
HF_MUST hf_status object_notices_tell(struct db *db, int64_t now_ms, struct object_notices *ret);
void object_notices_log(const struct object_notices *n);

#endif
