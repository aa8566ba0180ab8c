/* SPDX-License-Identifier: Apache-2.0
 * What the commands about the audit log share: where the log is, whose it is, from when to when. */
#ifndef HF_CLI_AUDIT_OPTIONS_H
#define HF_CLI_AUDIT_OPTIONS_H

#include "cli/db_options.h"
#include "db/db.h"
#include "server/core/audit/audit_export.h"

struct audit_options {
	struct db_config db;
	const char *org, *since, *until;
};

#define CLI_AUDIT_OPTIONS(owner, member)                                                           \
	CLI_DB_OPTIONS(owner, member.db, "the server's database"),                                 \
	        CLI_OPTION_TEXT(owner, member.org, "org", "ID", NULL,                              \
	                        "the organisation whose log it is; not needed when there is one"), \
	        CLI_OPTION_TEXT(owner, member.since, "since", "TIME", NULL,                        \
	                        "from this time on, as 2026-11-20 or 2026-11-20T08:00:00Z"),       \
	        CLI_OPTION_TEXT(owner, member.until, "until", "TIME", NULL, "up to this time")

/* Opens the database for reading, begins a snapshot, and fills *ret, whose org_id is in `org`. The
 * caller owns *ret_db. All failures with words. */
HF_MUST hf_status audit_options_open(struct audit_options *o, char org[HF_ID_MAX],
                                     struct audit_export *ret, struct db **ret_db,
                                     struct hf_err *err);

#endif
