/* SPDX-License-Identifier: Apache-2.0
 * The raw loop: how fast this module is with nothing around it. The plain minimum of C_ calls, no
 * MAC, no verification (one signature is checked before the clock starts). What `holdfast bench
 * hsm` measures everything else against. */
#ifndef HF_P11_RAWLOOP_H
#define HF_P11_RAWLOOP_H

#include "base/latency.h"
#include "p11/key.h"

/* Sent: append only. */
enum rawloop_kind {
	RAWLOOP_SIGN = 1,       /* a key that stays: C_SignInit, C_Sign */
	RAWLOOP_UNWRAP = 2,     /* C_UnwrapKey, C_SignInit, C_Sign, C_DestroyObject */
	RAWLOOP_GENERATE = 3,   /* C_GenerateKeyPair, C_WrapKey, C_DestroyObject twice */
	RAWLOOP_ENCRYPT = 4,    /* AES-256-GCM of RAWLOOP_PLAIN bytes: C_EncryptInit, C_Encrypt. The
	                           type does not count, as with the next */
	RAWLOOP_LIST = 5,       /* all objects: C_FindObjects, one C_GetAttributeValue each */
	RAWLOOP_PLAIN_SIGN = 6, /* RAWLOOP_SIGN of P-256, on a module of which nothing is known,
	                           such as another's over a network */
};

#define RAWLOOP_PLAIN 1024

struct rawloop_config {
	enum rawloop_kind kind;
	enum key_type type;
	double seconds; /* stops after so long, or */
	uint64_t count; /* after so many; 0: no limit */
};

struct rawloop_result {
	int64_t us; /* how long the loop ran */
	struct hf_latency latency;
};

/* HF_UNSUPPORTED when the profile says that the type cannot do this; otherwise by p11/rv.h. */
HF_MUST hf_status p11_rawloop(struct p11_session *s, const struct p11_profile *profile,
                              const struct p11_master *master, const struct rawloop_config *config,
                              struct rawloop_result *ret, struct hf_err *err);

/* Adds `from`, which ran at the same time, into `to`. */
void rawloop_add(struct rawloop_result *to, const struct rawloop_result *from);
/* {"ops", "microseconds", "max", "buckets": [hf_latency]} */
void rawloop_write_json(const struct rawloop_result *r, struct hf_buf *to);

#endif
