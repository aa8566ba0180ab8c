/* SPDX-License-Identifier: Apache-2.0
 * Verifying an exported audit log (audit/bundle.h) line by line, in constant memory: that each
 * entry is the one that has this leaf, that leaves follow each other, that their tree has the roots
 * that the checkpoints say, that the given keys have signed these, that a checkpoint which was kept
 * elsewhere is one of this very log, and that the user actions' proofs are true.
 *
 * The first thing that is wrong is named. A leaf's own hash stands beside it, so a changed entry is
 * named exactly; who changes that too contradicts the next checkpoint, and then the entries between
 * it and the one before are named. One thread at a time. */
#ifndef HF_AUDIT_VERIFY_H
#define HF_AUDIT_VERIFY_H

#include "audit/bundle.h"
#include "proof/authorizers.h"

struct verify_config {
	const struct checkpoint_key *keys; /* n_keys 0: those of the file itself */
	size_t n_keys;
	const struct authorizers *credentials; /* NULL: proofs' signatures are not checked */
	/* Checkpoints that were kept elsewhere, smallest first. */
	const struct checkpoint *older;
	size_t n_older;
};

struct verify_summary {
	char org_id[HF_ID_MAX];
	uint64_t first, entries, checkpoints;
	uint64_t covered; /* entries below this leaf are covered by a checkpoint */
	uint64_t proofs;  /* whose signature was checked */
	uint64_t unknown; /* proofs by credentials that are not in the file */
	uint64_t older;   /* kept checkpoints that this log agrees with */
	bool own_keys;
};

struct verify;
/* What the configuration points to lives as long. The caller owns *ret. */
HF_MUST hf_status verify_new(const struct verify_config *config, struct verify **ret);
void verify_free(struct verify *v);
HF_DEFINE_CLEANUP(verify_free, struct verify *)

/* HF_CORRUPT: this is wrong; HF_INVALID: not such a file; both with words. */
HF_MUST hf_status verify_line(struct verify *v, struct hf_span line, struct hf_err *err);
/* After the last line. */
HF_MUST hf_status verify_end(struct verify *v, struct verify_summary *ret, struct hf_err *err);

#endif
