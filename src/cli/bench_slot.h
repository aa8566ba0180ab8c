/* SPDX-License-Identifier: Apache-2.0
 * What the benchmark of the Crypto API works on: an administrator, a group connected to a slot by
 * the rig's gateway, an app and its session, and three keys. */
#ifndef HF_CLI_BENCH_SLOT_H
#define HF_CLI_BENCH_SLOT_H

#include "cli/bench_rig.h"
#include "cli/remote/client.h"
#include "hsmhost/host.h"

struct bench_slot {
	const struct rig *rig;
	const struct hsmhost_config *config; /* as bench_slot_open()'s: it lives as long */
	struct remote *admin, *app;
	uint64_t number;
	char group[64], app_id[64];
	char ec[64], unlogged[64], aes[64]; /* ids of keys */
	char authorization[512];            /* the app's, for other connections */
};

#define BENCH_SLOT_KEYS 3

/* `config` names the token. The caller owns *s, which is zeroed: bench_slot_close(), also after a
 * failure. */
HF_MUST hf_status bench_slot_open(const struct rig *rig, const struct hsmhost_config *config,
                                  struct bench_slot *s, struct hf_err *err);
/* The administrator and the group alone, which has no keys. */
HF_MUST hf_status bench_slot_connect(const struct rig *rig, const struct hsmhost_config *config,
                                     struct bench_slot *s, struct hf_err *err);
void bench_slot_close(struct bench_slot *s);

/* Makes `n` AES keys in the slot. */
HF_MUST hf_status bench_slot_fill(struct bench_slot *s, int64_t n, struct hf_err *err);
/* The group takes the slot's keys over: how many that it did not have, and in how many seconds. */
HF_MUST hf_status bench_slot_sync(struct bench_slot *s, int64_t *ret_new, double *ret_seconds,
                                  struct hf_err *err);

#endif
