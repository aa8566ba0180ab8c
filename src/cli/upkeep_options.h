/* SPDX-License-Identifier: Apache-2.0
 * What `db verify` and `db rewrap` have in common: an HSM, a database of wrapped keys, and how many
 * sessions may be used beside those of the drivers. */
#ifndef HF_CLI_UPKEEP_OPTIONS_H
#define HF_CLI_UPKEEP_OPTIONS_H

#include "cli/commands.h"
#include "cli/db_options.h"
#include "cli/module_options.h"
#include "cli/progress.h"
#include "upkeep/verify.h"

struct upkeep_options {
	struct module_options module;
	struct db_config db;
	int64_t sessions, threads, op_deadline_ms;
	bool json;
	struct progress progress;
	int64_t listed; /* bad keys told so far */
};

#define CLI_UPKEEP_OPTIONS(owner, member)                                                          \
	CLI_MODULE_OPTIONS(owner, member.module),                                                  \
	        CLI_DB_OPTIONS(owner, member.db, "the database of wrapped keys"),                  \
	        CLI_OPTION_NUMBER(owner, member.sessions, "sessions", "2", 1, 256,                 \
	                          "signer processes, each with a session of its own, beside "      \
	                          "those of the drivers"),                                         \
	        CLI_OPTION_NUMBER(owner, member.threads, "threads", "1", 1, 64,                    \
	                          "sessions inside each signer process"),                          \
	        CLI_OPTION_NUMBER(owner, member.op_deadline_ms, "op-deadline-ms", "5000", 50,      \
	                          600000,                                                          \
	                          "an operation that takes longer is given up, in milliseconds"),  \
	        CLI_OPTION_FLAG(owner, member.json, "json", "the result as JSON, for machines")

/* Fills *ret, whose PIN is the caller's to release; progress and bad keys go to standard error. */
HF_MUST hf_status upkeep_options_setup(struct upkeep_options *o, const char *what,
                                       struct verify_config *ret, struct hf_err *err);
/* The table of counts by master key and key type. */
void upkeep_print_sum(const struct verify_sum *sum);
void upkeep_write_sum(const struct verify_sum *sum, struct hf_buf *to);

#endif
