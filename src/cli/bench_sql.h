/* SPDX-License-Identifier: Apache-2.0
 * The bare statements of a job, without HTTP, TLS, threads between or anything else around them:
 * what the queue's rate is compared with. */
#ifndef HF_CLI_BENCH_SQL_H
#define HF_CLI_BENCH_SQL_H

#include "cli/bench.h"
#include "db/db.h"

struct bench_sql {
	struct db_config db;  /* with the server's schema */
	const char *store_id; /* no jobs in it */
	unsigned workers;     /* connections, each on a thread; SQLite: 1 */
	unsigned batch;       /* jobs added, claimed and completed in one transaction */
	int64_t ms;
	bool relaxed;
};

/* Each transaction claims a batch, takes away the one that was claimed before, and adds another. A
 * job counts when it is taken away; its latency is that of the transaction. */
HF_MUST hf_status bench_sql(const struct bench_sql *config, struct bench_result *ret,
                            struct hf_err *err);

#endif
