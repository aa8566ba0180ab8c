/* SPDX-License-Identifier: Apache-2.0
 * How long a sync of a slot's keys takes, against the time in which the token itself lists them. */
#ifndef HF_CLI_BENCH_SYNC_H
#define HF_CLI_BENCH_SYNC_H

#include "cli/bench_slot.h"

struct bench_sync {
	struct rig *rig;
	struct bench_slot *slot;            /* open; closed afterwards */
	const struct hsmhost_config *token; /* for the raw loop */
	int64_t keys;                       /* that are made first, where the slot has fewer */
	int64_t rounds;
	bool relaxed; /* of rig_start_server() */
};

/* Measures and prints. In each round: a server whose database is empty, the raw loop, a sync, the
 * raw loop, the same sync once more. */
HF_MUST hf_status bench_sync(const struct bench_sync *b, struct hf_err *err);

#endif
