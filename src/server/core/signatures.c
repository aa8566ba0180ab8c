/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/signatures.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/core/keys.h"

#include <stdio.h>
#include <string.h>

struct original {
	const struct signature_new *request;
	char id[HF_ID_MAX];
	bool same;
};

static hf_status compare(void *ctx, const struct signature_row *row)
{
	struct original *o = ctx;

	memcpy(o->id, row->id, sizeof(o->id));
	o->same = strcmp(row->key_id, o->request->key_id) == 0 &&
	          memcmp(row->body_hash, o->request->body_hash, BODY_HASH_LEN) == 0;
	return HF_SUCCESS;
}

/* HF_NOTFOUND: the external id is free. */
static hf_status find_original(struct db *db, const struct signature_new *request,
                               struct signature_made *ret, struct hf_err *err)
{
	struct original o = { .request = request };

	HF_ENSURE(*request->external_id, HF_NOTFOUND);
	HF_TRY(signature_row_by_external_id(db, request->org_id, request->external_id, compare,
	                                    &o));
	memcpy(ret->id, o.id, sizeof(ret->id));
	ret->existed = true;
	if (!o.same)
		return hf_fail(err, HF_EXISTS,
		               "Conflicting signature request with same externalId");
	return HF_SUCCESS;
}

static hf_status make_op(const struct signature_new *request, const struct key_row *key,
                         struct op *op, struct hf_err *err)
{
	const struct key_type_info *info = key_type_info(key->type);
	bool ed = info && info->family == FAMILY_ED;

	if (key->status != KEY_ACTIVE)
		return hf_fail(err, HF_STATE, "key %s is archived: it signs no more", key->id);
	if (!ed && !request->is_digest)
		return hf_fail(err, HF_INVALID,
		               "kind \"Message\" is for EdDSA keys: with %s keys hash the message "
		               "yourself and use kind \"Hash\"",
		               key->scheme);
	*op = (struct op){
		.kind = OP_SIGN,
		.key_type = key->type,
		.scheme = ed ? SIGN_ED25519 : SIGN_ECDSA,
		.hash = HASH_NONE,
		.input = request->input,
		.public_key = HF_SPAN(key->public_key.bytes, key->public_key.len),
	};
	memcpy(op->key_id, key->id, sizeof(op->key_id));
	return sign_scheme_check(op->key_type, op->scheme, op->hash, op->input.len, err);
}

static hf_status insert_row(struct db *db, const struct signature_new *request)
{
	struct signature_row row = {
		.body = request->body,
		.outcome.status = SIGNATURE_EXECUTING,
		.requested_ms = request->now_ms,
	};

	snprintf(row.id, sizeof(row.id), "%s", request->id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", request->org_id);
	snprintf(row.key_id, sizeof(row.key_id), "%s", request->key_id);
	snprintf(row.requester_id, sizeof(row.requester_id), "%s", request->identity_id);
	snprintf(row.token_id, sizeof(row.token_id), "%s", request->token_id);
	snprintf(row.kind, sizeof(row.kind), "%s", request->is_digest ? "Hash" : "Message");
	snprintf(row.external_id, sizeof(row.external_id), "%s", request->external_id);
	memcpy(row.body_hash, request->body_hash, BODY_HASH_LEN);
	return signature_row_insert(db, &row, request->proof);
}

hf_status signature_create(struct jobs *jobs, struct db *db, const struct signature_new *request,
                           struct signature_made *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(OP_ENCODED_MAX);
	struct job_new job = { .subject = JOB_FOR_SIGNATURE, .subject_id = request->id };
	struct key_row key;
	struct op op;
	uint64_t number;
	hf_status s;

	HF_TRY(key_get(db, request->org_id, request->key_id, &key, err));
	s = find_original(db, request, ret, err);
	if (s.code != HF_NOTFOUND)
		return s;
	HF_TRY(make_op(request, &key, &op, err));
	op_encode(&encoded, &op);
	HF_TRY(hf_buf_status(&encoded));
	job.store_id = key.store_id;
	job.op = hf_buf_span(&encoded);
	s = insert_row(db, request);
	if (s.code == HF_EXISTS) /* another writer was first: its row is visible now */
		return find_original(db, request, ret, err);
	HF_TRY(s);
	HF_TRY(jobs_add(jobs, db, &job, &number));
	snprintf(ret->id, sizeof(ret->id), "%s", request->id);
	ret->existed = false;
	return HF_SUCCESS;
}

hf_status signature_result_check(struct hf_span encoded, const struct op_result *result,
                                 struct signature *ret)
{
	struct signature signature = result->signature;
	struct op op;

	HF_TRY(op_decode(encoded, &op, NULL));
	HF_ENSURE(op.kind == OP_SIGN, HF_CORRUPT);
	HF_TRY(signature_finish(op.key_type, op.public_key, op.scheme, op.hash, op.input,
	                        &signature));
	HF_ENSURE(signature.len == 64, HF_INVALID);
	*ret = signature;
	return HF_SUCCESS;
}

static void fail(const struct job_settled *settled, struct signature_outcome *to)
{
	const struct op_result *r = settled->result;

	HF_WARN("a signature could not be made", HF_KS("signature", settled->subject_id),
	        HF_KS("driver", settled->driver), HF_KS("code", hf_code_name(r->code)),
	        HF_KS("reason", r->text));
	to->status = SIGNATURE_FAILED;
	snprintf(to->reason, sizeof(to->reason), "%s", r->text);
	hf_make_utf8(to->reason); /* as with a key's */
}

static hf_status succeed(const struct job_settled *settled, struct signature_outcome *to)
{
	struct signature signature;

	if (!hf_ok(signature_result_check(settled->op, settled->result, &signature))) {
		HF_ERROR("a signature that does not verify was refused",
		         HF_KS("signature", settled->subject_id), HF_KS("driver", settled->driver));
		return HF_FAILURE(HF_UNAUTHENTIC);
	}
	to->status = SIGNATURE_SIGNED;
	memcpy(to->r, signature.bytes, 32);
	memcpy(to->s, signature.bytes + 32, 32);
	to->recid = signature.recid;
	to->signed_ms = hf_wall_ms();
	return HF_SUCCESS;
}

hf_status signature_settle(struct db *db, const struct job_settled *settled,
                           struct signature_outcome *ret)
{
	struct signature_outcome outcome = { .recid = -1 };

	if (settled->result->outcome == OP_DONE)
		HF_TRY(succeed(settled, &outcome));
	else
		fail(settled, &outcome);
	HF_TRY(signature_row_settle(db, settled->subject_id, &outcome));
	*ret = outcome;
	return HF_SUCCESS;
}
