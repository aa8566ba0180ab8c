/* SPDX-License-Identifier: Apache-2.0
 * What can this module do? Asked by doing: mechanism lists lie. For each key type and wrap format:
 * generate, wrap, destroy, unwrap, sign, verify in software, and see that a blob with a flipped bit
 * is refused. */
#ifndef HF_P11_PREFLIGHT_H
#define HF_P11_PREFLIGHT_H

#include "p11/key.h"

enum preflight_outcome {
	PREFLIGHT_WORKS,
	PREFLIGHT_RESIDENT,    /* cannot be wrapped; works as token object */
	PREFLIGHT_NEEDS_ALLOW, /* cannot be wrapped; resident keys were not allowed, so not tried */
	PREFLIGHT_FAILS,       /* see step and rv */
	PREFLIGHT_UNSAFE,      /* works, but must not be used: see `why` */
};

struct preflight_row {
	enum key_type type;
	int format; /* enum wrap_format; 0 when generation itself failed */
	uint64_t mechanism;
	uint64_t generate_mechanism;
	enum p11_params params;
	uint32_t quirks;
	enum preflight_outcome outcome;
	bool chosen;      /* the profile uses this row */
	const char *step; /* "generate", "wrap", "unwrap", "sign", "verify", "corrupt-blob"; "" when
	                     it works */
	uint64_t rv;      /* of the failing call, CKR_OK when the fault was found by us */
	char why[160];    /* for people */
	int64_t us;       /* of the whole round, generation excepted */
	int64_t generate_us;
};

#define PREFLIGHT_ROWS_MAX 64

struct preflight_report {
	char module[128];
	char token[112];
	bool master_temporary;  /* tried with a session key, since there is no master key yet */
	bool master_impossible; /* the token makes no AES keys: nothing can be wrapped */
	char master_id[2 * MASTER_ID_LEN + 1]; /* "" when temporary or impossible */
	struct p11_profile profile;
	struct preflight_row rows[PREFLIGHT_ROWS_MAX];
	size_t n_rows;
	int64_t us;
};

/* One line for a person ("P-256, rfc5649: works"); may be NULL. */
typedef void (*preflight_progress)(void *ctx, const char *line);

struct preflight_config {
	uint32_t types; /* bit (1 << enum key_type); 0: all */
	bool quick; /* the first format that works, no corrupt blobs; RSA-2048 stands for 3072 and
	               4096 */
	bool allow_resident; /* may make (and destroy) token objects; needs an R/W session then */
	const struct p11_master *master; /* NULL: a temporary one */
	preflight_progress progress;
	void *ctx;
};

/* Fills *ret, a large struct (allocate it). Fails only when the token is gone or cannot even try;
 * what it cannot do is in the rows. */
HF_MUST hf_status p11_preflight(struct p11_session *s, const struct preflight_config *config,
                                struct preflight_report *ret, struct hf_err *err);

void preflight_write_json(const struct preflight_report *r, struct hf_buf *to);
const char *preflight_outcome_name(enum preflight_outcome o);

#endif
