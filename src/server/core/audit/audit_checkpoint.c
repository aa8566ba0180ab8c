/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints: their keys are made and their texts signed by the drivers of the organisation's
 * primary key store, by the queue like everything else. A log goes on without: what is not covered
 * yet is counted, and covered by the next. */
#include "server/core/audit/audit_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "proof/checkpoint.h"
#include "server/core/keys/signatures.h"
#include "server/store/store_rows.h"

#include <stdio.h>
#include <string.h>

#define KEY_AGAIN_MS (10 * 60 * 1000) /* after a store could make none of the kinds */
#define ORGS_MAX 4096

/* What a store is asked for, in this order. */
static const enum key_type kinds[] = { KEY_ED25519, KEY_P256 };

static hf_status add_job(struct sequence *s, struct db *db, const char *store_id,
                         enum job_subject subject, const char *subject_id, const struct op *op)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(OP_ENCODED_MAX);
	struct job_new job = { .store_id = store_id, .subject = subject, .subject_id = subject_id };
	uint64_t number;

	op_encode(&encoded, op);
	HF_TRY(hf_buf_status(&encoded));
	job.op = hf_buf_span(&encoded);
	HF_TRY(jobs_add(s->core->jobs, db, &job, &number));
	s->jobs++;
	return HF_SUCCESS;
}

static hf_status ask_for_key(struct sequence *s, struct db *db, const char *org_id,
                             enum key_type type)
{
	struct audit_key_row row = {
		.type = type,
		.status = AUDIT_KEY_CREATING,
		.created_ms = hf_wall_ms(),
	};
	struct op op = { .kind = OP_GENERATE, .key_type = type };
	struct store_row store;
	hf_status status = store_row_get(db, org_id, "", &store);

	if (status.code == HF_NOTFOUND)
		return HF_SUCCESS;
	HF_TRY(status);
	hf_id_new("key", row.id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", org_id);
	snprintf(row.store_id, sizeof(row.store_id), "%s", store.id);
	snprintf(op.key_id, sizeof(op.key_id), "%s", row.id);
	HF_TRY(audit_key_insert(db, &row));
	return add_job(s, db, store.id, JOB_FOR_AUDIT_KEY, row.id, &op);
}

/* The kind to try after this key; 0: none for now. */
static int next_kind(const struct audit_key_row *failed)
{
	for (size_t i = 0; i + 1 < HF_COUNT(kinds); i++)
		if (kinds[i] == failed->type)
			return kinds[i + 1];
	return hf_wall_ms() - failed->created_ms > KEY_AGAIN_MS ? (int)kinds[0] : 0;
}

/* *ret: there is a key that can sign now. */
static hf_status find_key(struct sequence *s, struct db *db, const char *org_id,
                          struct audit_key_row *key, bool *ret)
{
	hf_status status = audit_key_last(db, org_id, key);
	int type = kinds[0];

	*ret = false;
	if (status.code != HF_NOTFOUND) {
		HF_TRY(status);
		*ret = key->status == AUDIT_KEY_ACTIVE;
		type = key->status == AUDIT_KEY_FAILED ? next_kind(key) : 0;
	}
	return type ? ask_for_key(s, db, org_id, (enum key_type)type) : HF_SUCCESS;
}

static hf_status ask_to_sign(struct sequence *s, struct db *db, const struct audit_key_row *key,
                             const struct audit_checkpoint_row *row)
{
	struct op op = {
		.kind = OP_SIGN,
		.key_type = key->type,
		.scheme = key->type == KEY_ED25519 ? SIGN_ED25519 : SIGN_ECDSA,
		.hash = HASH_NONE,
		.public_key = HF_SPAN(key->public_key.bytes, key->public_key.len),
	};
	uint8_t room[SHA256_LEN];

	snprintf(op.key_id, sizeof(op.key_id), "%s", key->id);
	HF_TRY(checkpoint_input(key->type, hf_span_text(row->note), room, &op.input));
	return add_job(s, db, key->store_id, JOB_FOR_CHECKPOINT, row->id, &op);
}

static hf_status make_checkpoint(struct sequence *s, struct db *db, const char *org_id,
                                 const struct audit_key_row *key)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHECKPOINT_TEXT_MAX);
	HF_FREE struct audit_checkpoint_row *row = calloc(1, sizeof(*row));
	struct checkpoint c = { 0 };
	struct merkle_hash root;
	struct merkle peaks;

	HF_ENSURE(row, HF_NOMEM);
	HF_TRY(tree_peaks(s->tree, &peaks));
	HF_TRY(merkle_root(&peaks, &root));
	row->size = c.size = peaks.size;
	row->created_ms = hf_wall_ms();
	memcpy(c.root, root.bytes, sizeof(c.root));
	memcpy(row->root, root.bytes, sizeof(row->root));
	snprintf(c.org_id, sizeof(c.org_id), "%s", org_id);
	snprintf(row->org_id, sizeof(row->org_id), "%s", org_id);
	snprintf(row->key_id, sizeof(row->key_id), "%s", key->id);
	hf_id_new("ck", row->id);
	checkpoint_text(&text, &c);
	HF_TRY(hf_span_to_text(hf_buf_span(&text), row->note, sizeof(row->note)));
	HF_TRY(audit_checkpoint_insert(db, row));
	return ask_to_sign(s, db, key, row);
}

static hf_status look_at(struct sequence *s, struct db *db, const char *org_id)
{
	HF_FREE struct audit_checkpoint_row *last = calloc(1, sizeof(*last));
	struct audit_key_row key;
	hf_status status;
	uint64_t size;
	bool ready;

	HF_ENSURE(last, HF_NOMEM);
	HF_TRY(audit_tree_load(db, org_id, s->tree));
	size = tree_size(s->tree);
	status = audit_checkpoint_last(db, org_id, last);
	if (status.code != HF_NOTFOUND)
		HF_TRY(status);
	s->state.leaves += (int64_t)size;
	if (hf_ok(status) && last->size == size && last->is_signed)
		return HF_SUCCESS;
	/* One that is being asked for covers nothing yet. */
	s->state.uncovered += (int64_t)(size - (last->is_signed ? last->size : 0));
	if (!size || (hf_ok(status) && !last->is_signed))
		return HF_SUCCESS;
	HF_TRY(find_key(s, db, org_id, &key, &ready));
	return ready ? make_checkpoint(s, db, org_id, &key) : HF_SUCCESS;
}

struct orgs {
	size_t n;
	char ids[ORGS_MAX][HF_ID_MAX];
};

static hf_status note_org(void *ctx, const char *org_id)
{
	struct orgs *o = ctx;

	HF_ENSURE(o->n < ORGS_MAX, HF_TOOBIG);
	snprintf(o->ids[o->n++], HF_ID_MAX, "%s", org_id);
	return HF_SUCCESS;
}

hf_status audit_checkpoints_ask(struct sequence *s, struct db *db)
{
	HF_FREE struct orgs *orgs = calloc(1, sizeof(*orgs));

	HF_ENSURE(orgs, HF_NOMEM);
	HF_TRY(audit_orgs(db, note_org, orgs));
	for (size_t i = 0; i < orgs->n; i++)
		HF_TRY(look_at(s, db, orgs->ids[i]));
	return HF_SUCCESS;
}

hf_status audit_key_settle(struct db *db, const struct job_settled *settled)
{
	const struct op_result *r = settled->result;
	struct op op;

	if (r->outcome != OP_DONE) {
		char why[sizeof(r->text)];

		HF_WARN("a key for the audit log's checkpoints could not be made",
		        HF_KS("driver", settled->driver), HF_KS("reason", r->text));
		snprintf(why, sizeof(why), "%s", r->text);
		hf_make_utf8(why);
		return audit_key_failed(db, settled->subject_id, why);
	}
	HF_TRY(op_decode(settled->op, &op, NULL));
	HF_ENSURE(op.kind == OP_GENERATE, HF_CORRUPT);
	HF_TRY(public_key_check(op.key_type, r->public_key));
	return audit_key_made(db, settled->subject_id, r->public_key);
}

static hf_status store_signature(struct db *db, const struct job_settled *settled,
                                 const struct signature *signature)
{
	HF_FREE struct audit_checkpoint_row *row = calloc(1, sizeof(*row));
	HF_BUF_SCOPED struct hf_buf note = HF_BUF(sizeof(row->note));
	struct hf_span raw = HF_SPAN(signature->bytes, signature->len);
	struct audit_key_row key;
	struct checkpoint_key by;

	HF_ENSURE(row, HF_NOMEM);
	HF_TRY(audit_checkpoint_get(db, settled->subject_id, row));
	HF_ENSURE(!row->is_signed, HF_NOTFOUND);
	HF_TRY(audit_key_get(db, row->key_id, &key));
	by = (struct checkpoint_key){ key.type, key.public_key };
	HF_TRY(checkpoint_note(&note, hf_span_text(row->note), &by, raw));
	hf_buf_u8(&note, 0);
	HF_TRY(hf_buf_status(&note));
	return audit_checkpoint_sign(db, row->id, (const char *)note.ptr, raw);
}

hf_status audit_checkpoint_settle(struct db *db, const struct job_settled *settled)
{
	struct signature signature;

	if (settled->result->outcome != OP_DONE) {
		HF_WARN("a checkpoint of the audit log could not be signed",
		        HF_KS("driver", settled->driver), HF_KS("reason", settled->result->text));
		return audit_checkpoint_drop(db, settled->subject_id);
	}
	HF_TRY(signature_result_check(settled->op, settled->result, &signature));
	return store_signature(db, settled, &signature);
}
