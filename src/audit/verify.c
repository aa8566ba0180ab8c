/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/verify.h"

#include "audit/entry.h"
#include "audit/proofs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct verify {
	struct verify_config config;
	struct bundle_line line;
	struct bundle_header header;
	bool begun;
	struct merkle tree;
	size_t next_older;
	uint64_t last_checkpoint; /* its size */
	struct verify_summary sum;
};

hf_status verify_new(const struct verify_config *config, struct verify **ret)
{
	struct verify *v = calloc(1, sizeof(*v));

	HF_ENSURE(v, HF_NOMEM);
	v->config = *config;
	*ret = v;
	return HF_SUCCESS;
}

void verify_free(struct verify *v)
{
	free(v);
}

/* A part that begins later would agree with whatever was kept of what stands before it. */
static hf_status check_reach(const struct verify *v, struct hf_err *err)
{
	if (v->config.n_older && v->config.older[0].size < v->tree.size)
		return hf_fail(err, HF_INVALID,
		               "the checkpoint that was kept is of the first %" PRIu64
		               " entries, and this part begins with entry %" PRIu64
		               ": it cannot be compared. Export the log without --since",
		               v->config.older[0].size, v->tree.size);
	return HF_SUCCESS;
}

static hf_status begin(struct verify *v, struct hf_err *err)
{
	if (v->begun)
		return hf_fail(err, HF_INVALID, "it has two first lines");
	v->begun = true;
	v->header = v->line.header;
	v->tree = v->header.before;
	v->last_checkpoint = v->tree.size;
	v->sum.first = v->tree.size;
	v->sum.covered = v->tree.size;
	snprintf(v->sum.org_id, sizeof(v->sum.org_id), "%s", v->header.org_id);
	if (!v->config.n_keys) {
		v->sum.own_keys = true;
		v->config.keys = v->header.keys;
		v->config.n_keys = v->header.n_keys;
	}
	if (v->config.credentials &&
	    strcmp(v->config.credentials->organization, v->header.org_id) != 0)
		return hf_fail(err, HF_INVALID,
		               "the credentials are those of %s, the log is that of %s",
		               v->config.credentials->organization, v->header.org_id);
	return check_reach(v, err);
}

/* Its id, for people, even of one that cannot be read. */
static const char *id_of(const struct entry *e)
{
	return e->id ? e->id : "unreadable";
}

static hf_status check_order(const struct verify *v, const struct entry *e, struct hf_err *err)
{
	const uint64_t here = v->tree.size, leaf = v->line.leaf;

	if (leaf > here)
		return hf_fail(err, HF_CORRUPT,
		               "entry %" PRIu64 " is missing: entry %" PRIu64
		               " (%s) stands in its place. It was removed, or moved",
		               here, leaf, id_of(e));
	if (leaf < here)
		return hf_fail(err, HF_CORRUPT,
		               "entry %" PRIu64 " (%s) stands where entry %" PRIu64
		               " should: it was moved, or put in twice",
		               leaf, id_of(e), here);
	return HF_SUCCESS;
}

static hf_status check_bytes(const struct verify *v, const struct entry *e, struct hf_err *err)
{
	struct merkle_hash leaf;

	HF_TRY(merkle_leaf(v->line.entry, &leaf));
	if (memcmp(&leaf, &v->line.hash, sizeof(leaf)) != 0)
		return hf_fail(err, HF_CORRUPT,
		               "entry %" PRIu64
		               " (%s) was changed: its leaf was made of other bytes",
		               v->line.leaf, id_of(e));
	return HF_SUCCESS;
}

/* What the entry says of itself. */
static hf_status check_content(struct verify *v, const struct entry *e, struct hf_err *err)
{
	enum proof_found found = PROOF_NONE;
	struct hf_err why = { 0 };

	if (!e->id)
		return hf_fail(err, HF_CORRUPT, "entry %" PRIu64 " is no entry of an audit log",
		               v->line.leaf);
	if (strcmp(e->org_id, v->header.org_id) != 0)
		return hf_fail(err, HF_CORRUPT, "entry %" PRIu64 " (%s) is one of %s", v->line.leaf,
		               e->id, e->org_id);
	if (!hf_ok(proof_of_entry(e, v->config.credentials, &found, &why)))
		return hf_fail(err, HF_CORRUPT, "entry %" PRIu64 " (%s): %s", v->line.leaf, e->id,
		               why.text);
	v->sum.proofs += found == PROOF_VERIFIED;
	v->sum.unknown += found == PROOF_UNKNOWN;
	return HF_SUCCESS;
}

static hf_status meet_older(struct verify *v, struct hf_err *err)
{
	struct merkle_hash root;

	while (v->next_older < v->config.n_older &&
	       v->config.older[v->next_older].size == v->tree.size) {
		const struct checkpoint *c = &v->config.older[v->next_older++];

		HF_TRY(merkle_root(&v->tree, &root));
		if (strcmp(c->org_id, v->header.org_id) != 0)
			return hf_fail(err, HF_INVALID,
			               "the checkpoint that was kept is one of %s's log",
			               c->org_id);
		if (memcmp(c->root, root.bytes, sizeof(c->root)) != 0)
			return hf_fail(err, HF_CORRUPT,
			               "the checkpoint that was kept, of %" PRIu64
			               " entries, has another root: what stands before entry "
			               "%" PRIu64 " was written anew",
			               c->size, c->size);
		v->sum.older++;
	}
	return HF_SUCCESS;
}

static hf_status take_entry(struct verify *v, struct hf_err *err)
{
	ENTRY_SCOPED e = { 0 };

	HF_TRY(meet_older(v, err)); /* of the very beginning */
	(void)entry_parse(v->line.entry, &e, NULL).code;
	HF_TRY(check_order(v, &e, err));
	HF_TRY(check_bytes(v, &e, err));
	HF_TRY(check_content(v, &e, err));
	HF_TRY(merkle_append(&v->tree, &v->line.hash));
	v->sum.entries++;
	return meet_older(v, err);
}

static hf_status take_checkpoint(struct verify *v, struct hf_err *err)
{
	struct hf_err why = { 0 };
	struct checkpoint c;
	struct merkle_hash root;

	if (!hf_ok(checkpoint_open(hf_span_text(v->line.note), v->config.keys, v->config.n_keys, &c,
	                           &why)))
		return hf_fail(err, HF_CORRUPT, "the checkpoint after entry %" PRIu64 ": %s",
		               v->tree.size, why.text);
	if (strcmp(c.org_id, v->header.org_id) != 0)
		return hf_fail(err, HF_CORRUPT, "a checkpoint of %s's log stands here", c.org_id);
	if (c.size != v->tree.size)
		return hf_fail(err, HF_CORRUPT,
		               "a checkpoint of %" PRIu64 " entries stands after %" PRIu64
		               ": entries were removed, or put in",
		               c.size, v->tree.size);
	HF_TRY(merkle_root(&v->tree, &root));
	if (memcmp(root.bytes, c.root, sizeof(c.root)) != 0)
		return hf_fail(err, HF_CORRUPT,
		               "entries %" PRIu64 " to %" PRIu64
		               " are not those that the checkpoint of %" PRIu64
		               " entries was signed for: at least one was changed, moved, "
		               "removed or put in, and its leaf with it",
		               v->last_checkpoint, c.size - 1, c.size);
	v->last_checkpoint = c.size;
	v->sum.covered = c.size;
	v->sum.checkpoints++;
	return HF_SUCCESS;
}

hf_status verify_line(struct verify *v, struct hf_span line, struct hf_err *err)
{
	HF_TRY(bundle_parse(line, &v->line, err));
	if (v->line.kind == BUNDLE_HEADER)
		return begin(v, err);
	if (!v->begun)
		return hf_fail(err, HF_INVALID, "its first line is not that of an exported log");
	return v->line.kind == BUNDLE_ENTRY ? take_entry(v, err) : take_checkpoint(v, err);
}

hf_status verify_end(struct verify *v, struct verify_summary *ret, struct hf_err *err)
{
	if (!v->begun)
		return hf_fail(err, HF_INVALID, "there is nothing in it");
	HF_TRY(meet_older(v, err));
	if (v->tree.size < v->header.size)
		return hf_fail(err, HF_CORRUPT,
		               "the log is cut off after %" PRIu64 " entries: it had %" PRIu64,
		               v->tree.size, v->header.size);
	if (v->next_older < v->config.n_older)
		return hf_fail(err, HF_CORRUPT,
		               "the log ends after %" PRIu64
		               " entries, and the checkpoint that was kept has %" PRIu64
		               ": it is cut off, or not the same log",
		               v->tree.size, v->config.older[v->next_older].size);
	*ret = v->sum;
	return HF_SUCCESS;
}
