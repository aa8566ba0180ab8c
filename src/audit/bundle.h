/* SPDX-License-Identifier: Apache-2.0
 * A part of an organisation's audit log as a file that proves itself, one JSON object a line:
 *
 *   {"holdfastAudit":1,"org":"or-…","first":0,"size":7,"before":[],"keys":["-----BEGIN PUBLIC …"]}
 *   {"leaf":0,"hash":"base64","entry":{…}}           the leaf's bytes are exactly those of {…}
 *   {"checkpoint":"holdfast/audit/or-…\n7\n…"}        after the last entry that it covers
 *
 * `first` is the leaf of the first entry, `before` are the roots of the complete subtrees to its
 * left, largest first (none at 0), `size` is where the file ends. The keys are what the log itself
 * says; whoever verifies has them from elsewhere. Pure functions. */
#ifndef HF_AUDIT_BUNDLE_H
#define HF_AUDIT_BUNDLE_H

#include "audit/merkle.h"
#include "base/id.h"
#include "proof/checkpoint.h"

#define BUNDLE_LINE_MAX (1u << 18)
#define BUNDLE_KEYS_MAX 16

struct bundle_header {
	char org_id[HF_ID_MAX];
	struct merkle before; /* its size is `first` */
	uint64_t size;
	struct checkpoint_key keys[BUNDLE_KEYS_MAX];
	size_t n_keys;
};

/* Each appends a line with its newline. */
HF_MUST hf_status bundle_put_header(struct hf_buf *to, const struct bundle_header *h);
void bundle_put_entry(struct hf_buf *to, uint64_t leaf, const struct merkle_hash *hash,
                      struct hf_span entry);
void bundle_put_checkpoint(struct hf_buf *to, struct hf_span note);

enum bundle_kind { BUNDLE_HEADER, BUNDLE_ENTRY, BUNDLE_CHECKPOINT };
struct bundle_line {
	enum bundle_kind kind;
	struct bundle_header header;
	uint64_t leaf;
	struct merkle_hash hash;
	struct hf_span entry; /* points into the line */
	char note[CHECKPOINT_NOTE_MAX + 1];
};
/* Without its newline. HF_INVALID with words. */
HF_MUST hf_status bundle_parse(struct hf_span line, struct bundle_line *ret, struct hf_err *err);

#endif
