/* SPDX-License-Identifier: Apache-2.0
 * An entry of the audit log, read: the JSON that is a leaf. */
#ifndef HF_AUDIT_ENTRY_H
#define HF_AUDIT_ENTRY_H

#include "json/read.h"

#define ENTRY_MAX (1u << 16)

/* Texts point into `doc`; NULL: the entry has none. */
struct entry {
	struct json_t *doc;
	const char *address, *body_hash, *credential_id, *id, *identity_id, *method, *name;
	const char *operation, *org_id, *outcome, *path, *proof, *reason, *subject_id, *time;
	const char *token_id, *group_id;
	int64_t status, version, count;
};

/* Members that are not known are passed over: later versions may have more. HF_INVALID with words.
 * The caller owns *ret. */
HF_MUST hf_status entry_parse(struct hf_span text, struct entry *ret, struct hf_err *err);
void entry_done(struct entry *e);
#define ENTRY_SCOPED HF_CLEANUP(entry_done) struct entry

/* "" for NULL. */
const char *entry_text(const char *text);
/* Whether it did what was asked, as far as this entry knows. */
bool entry_succeeded(const struct entry *e);

#endif
