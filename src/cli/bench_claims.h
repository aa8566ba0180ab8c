/* SPDX-License-Identifier: Apache-2.0
 * Load on the queue through its mTLS listener, with drivers that are played: they claim, look up
 * the wrapped keys, and complete with a signature that was made beforehand. All of a job but the
 * HSM. */
#ifndef HF_CLI_BENCH_CLAIMS_H
#define HF_CLI_BENCH_CLAIMS_H

#include "cli/bench_load.h"

struct claims_config {
	const struct rig *rig;
	struct db_config server_db, keys_db; /* keys_db: only where there are keys */
	unsigned drivers, batch;             /* played, each a thread; jobs wanted by a poll */
	/* 0: jobs alone. Otherwise each job is the signature request of one of so many keys of
	 * store/fill_rows.h and keydb/fill.h, picked at random: its row is read, the request's
	 * inserted, the wrapped key looked up, the signature verified and stored. */
	int64_t keys;
};

/* The public key, digest and signature that all filled rows and all played drivers have. */
extern const struct hf_span claims_public_key, claims_digest;

/* What is measured is from a job's being submitted until its completion is committed. */
HF_MUST hf_status load_claims(const struct claims_config *config, const struct load *load,
                              struct bench_result *ret, struct hf_err *err);

#endif
