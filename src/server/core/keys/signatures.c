/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/keys/signatures_inside.h"

#include "proof/wallet_id.h"
#include "server/core/policies/activities.h"
#include "server/core/keys/keys.h"
#include "server/store/wallet_rows.h"

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
	const struct signature_new *n = o->request;
	bool of_wallet = strcmp(row->wallet_id, n->wallet_id) == 0;

	memcpy(o->id, row->id, sizeof(o->id));
	o->same = of_wallet && (*n->wallet_id || strcmp(row->key_id, n->key_id) == 0) &&
	          memcmp(row->body_hash, n->body_hash, BODY_HASH_LEN) == 0;
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
	memcpy(ret->row.id, o.id, sizeof(ret->row.id));
	ret->existed = true;
	if (!o.same)
		return hf_fail(err, HF_EXISTS,
		               "Conflicting signature request with same externalId");
	return HF_SUCCESS;
}

/* Who signs: the key, and the wallet's network. */
struct signer {
	struct key_row key;
	const struct chain_network *network; /* NULL: asked of the key itself */
	bool archived;
};

static hf_status check_wallet(struct db *db, const char *org_id, const char *id,
                              struct wallet_row *ret, struct hf_err *err)
{
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid(WALLET_ID_PREFIX, id))
		s = wallet_row_signer(db, org_id, id, ret);
	if (s.code == HF_NOTFOUND ||
	    (hf_ok(s) && ret->status != WALLET_ACTIVE && ret->status != WALLET_ARCHIVED))
		return hf_fail(err, HF_NOTFOUND, "wallet not found");
	HF_TRY(s);
	if (!hf_ok(wallet_id_check(id, ret->key_id, ret->network)))
		return hf_fail(err, HF_CORRUPT, "wallet %s does not belong to its key", id);
	return HF_SUCCESS;
}

static hf_status find_signer(struct db *db, const char *org_id, const char *key_id,
                             const char *wallet_id, struct signer *ret, struct hf_err *err)
{
	struct wallet_row wallet;

	if (*wallet_id) {
		HF_TRY(check_wallet(db, org_id, wallet_id, &wallet, err));
		HF_TRY(chain_network_find(wallet.network, &ret->network, err));
		key_id = wallet.key_id;
		ret->archived = wallet.status == WALLET_ARCHIVED;
	}
	HF_TRY(key_get(db, org_id, key_id, &ret->key, err));
	ret->archived |= ret->key.status != KEY_ACTIVE;
	return HF_SUCCESS;
}

/* What the body asks this signer for. The caller releases *plan in any case. */
static hf_status understand(const struct signer *by, const struct json_t *doc,
                            struct chain_request *request, struct chain_plan *plan,
                            struct hf_err *err)
{
	const struct public_key *key = &by->key.public_key;

	if (by->archived)
		return hf_fail(err, HF_STATE,
		               "key %s is archived: it signs no more, nor do its wallets",
		               by->key.id);
	HF_TRY(chain_request_read(doc, by->network, by->key.type, HF_SPAN(key->bytes, key->len),
	                          request, err));
	return chain_prepare(request, plan, err);
}

bool signature_is_several(const struct chain_request *r, const struct chain_plan *plan)
{
	return r->kind == CHAIN_PSBT || plan->n_inputs > 1;
}

static bool signature_is_plain(const struct chain_request *r, const struct chain_plan *plan)
{
	return !r->chain && !signature_is_several(r, plan);
}

hf_status signature_add_job(struct jobs *jobs, struct db *db, const struct signature_job *j,
                            struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(OP_ENCODED_MAX);
	const struct key_type_info *info = key_type_info(j->request->key_type);
	struct op op = {
		.kind = OP_SIGN,
		.key_type = j->request->key_type,
		.scheme = info && info->family == FAMILY_ED ? SIGN_ED25519 : SIGN_ECDSA,
		.hash = HASH_NONE,
		.input = chain_plan_input(j->plan, j->input),
		.public_key = j->request->public_key,
	};
	struct job_new job = {
		.store_id = j->store_id,
		.subject = signature_is_plain(j->request, j->plan) ? JOB_FOR_SIGNATURE
		                                                   : JOB_FOR_FORMED_SIGNATURE,
		.subject_id = j->id,
	};
	uint64_t number;

	snprintf(op.key_id, sizeof(op.key_id), "%s", j->key_id);
	HF_TRY(sign_scheme_check(op.key_type, op.scheme, op.hash, op.input.len, err));
	op_encode(&encoded, &op);
	HF_TRY(hf_buf_status(&encoded));
	job.op = hf_buf_span(&encoded);
	return jobs_add(jobs, db, &job, &number);
}

/* One that is being made. */
struct making {
	const struct signature_new *new;
	struct signer by;
	struct chain_request request;
	struct chain_plan plan;
};

static void fill_row(const struct making *m, struct signature_row *to)
{
	const struct signature_new *n = m->new;

	*to = (struct signature_row){
		.body = n->body,
		.requested_ms = n->now_ms,
		.outcome = { .status = SIGNATURE_EXECUTING, .recid = -1 },
	};
	snprintf(to->id, sizeof(to->id), "%s", n->id);
	snprintf(to->org_id, sizeof(to->org_id), "%s", n->org_id);
	snprintf(to->key_id, sizeof(to->key_id), "%s", m->by.key.id);
	snprintf(to->wallet_id, sizeof(to->wallet_id), "%s", n->wallet_id);
	snprintf(to->requester_id, sizeof(to->requester_id), "%s", n->identity_id);
	snprintf(to->token_id, sizeof(to->token_id), "%s", n->token_id);
	snprintf(to->kind, sizeof(to->kind), "%s", chain_kind_name(m->request.kind));
	snprintf(to->external_id, sizeof(to->external_id), "%s", n->external_id);
	if (m->request.network)
		snprintf(to->network, sizeof(to->network), "%s", m->request.network->name);
	memcpy(to->body_hash, n->body_hash, BODY_HASH_LEN);
}

/* What the policies say goes into the row. */
static hf_status judge(struct db *db, const struct making *m, struct signature_row *row,
                       struct hf_err *err)
{
	const struct signature_new *n = m->new;
	const struct activity activity = {
		.kind = ACTIVITY_WALLETS_SIGN,
		.org_id = n->org_id,
		.initiator_id = n->identity_id,
		.token_id = n->token_id,
		.proof = n->proof,
		.subject_id = n->id,
		.now_ms = n->now_ms,
		.wallet_id = n->wallet_id,
		.key_id = m->by.key.id,
		.network = m->request.network,
		.plan = &m->plan,
	};
	struct verdict verdict = { .kind = VERDICT_BLOCK };

	HF_TRY(activity_judge(db, &activity, &verdict, err));
	switch (verdict.kind) {
	case VERDICT_PASS:
		break;
	case VERDICT_HOLD:
		row->outcome.status = SIGNATURE_PENDING;
		snprintf(row->approval_id, sizeof(row->approval_id), "%s", verdict.approval_id);
		break;
	case VERDICT_BLOCK:
		row->outcome.status = SIGNATURE_REJECTED;
		row->resolved_ms = n->now_ms;
		snprintf(row->outcome.reason, sizeof(row->outcome.reason), "%s", verdict.reason);
		break;
	}
	return HF_SUCCESS;
}

static hf_status tell_made(struct db *db, const struct signature_row *row)
{
	HF_TRY(signature_tell(db, row->org_id, row->id, "requested", row->requested_ms));
	if (row->outcome.status == SIGNATURE_REJECTED)
		HF_TRY(signature_tell(db, row->org_id, row->id, "rejected", row->requested_ms));
	return HF_SUCCESS;
}

static hf_status make(struct jobs *jobs, struct db *db, struct making *m,
                      struct signature_made *ret, struct hf_err *err)
{
	const struct signature_job job = {
		.id = m->new->id,
		.key_id = m->by.key.id,
		.store_id = m->by.key.store_id,
		.request = &m->request,
		.plan = &m->plan,
	};
	hf_status s;

	HF_TRY(understand(&m->by, m->new->doc, &m->request, &m->plan, err));
	fill_row(m, &ret->row);
	HF_TRY(judge(db, m, &ret->row, err));
	s = signature_row_insert(db, &ret->row, m->new->proof);
	/* The approval that was just made must not stay: the caller asks again, and gets the
	 * original. */
	HF_ENSURE(s.code != HF_EXISTS || !*ret->row.approval_id, HF_BUSY);
	if (s.code == HF_EXISTS) /* another writer was first: its row is visible now */
		return find_original(db, m->new, ret, err);
	HF_TRY(s);
	if (ret->row.outcome.status == SIGNATURE_EXECUTING)
		HF_TRY(signature_add_job(jobs, db, &job, err));
	ret->plain = signature_is_plain(&m->request, &m->plan);
	return tell_made(db, &ret->row);
}

hf_status signature_create(struct jobs *jobs, struct db *db, const struct signature_new *request,
                           struct signature_made *ret, struct hf_err *err)
{
	struct making m = { .new = request };
	hf_status s;

	HF_TRY(find_signer(db, request->org_id, request->key_id, request->wallet_id, &m.by, err));
	s = find_original(db, request, ret, err);
	if (s.code != HF_NOTFOUND)
		return s;
	s = make(jobs, db, &m, ret, err);
	chain_plan_done(&m.plan);
	return s;
}

/* A request that was held, read back. */
struct held {
	struct signature_row row;
	struct hf_buf body;
};

static hf_status copy_held(void *ctx, const struct signature_row *row)
{
	struct held *h = ctx;

	h->row = *row;
	hf_buf_put(&h->body, row->body.ptr, row->body.len);
	return hf_buf_status(&h->body);
}

static hf_status add_first_job(struct jobs *jobs, struct db *db, const struct held *h,
                               struct chain_plan *plan, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct chain_request request;
	struct signer by = { 0 };
	const struct signature_job job = {
		.id = h->row.id,
		.key_id = by.key.id,
		.store_id = by.key.store_id,
		.request = &request,
		.plan = plan,
	};

	HF_TRY(find_signer(db, h->row.org_id, h->row.key_id, h->row.wallet_id, &by, err));
	HF_TRY(json_parse(hf_buf_span(&h->body), h->body.len, &doc, err));
	HF_TRY(understand(&by, doc, &request, plan, err));
	return signature_add_job(jobs, db, &job, err);
}

/* What can no longer be signed is over; what the database could not do is tried again. */
static bool is_final(hf_status s)
{
	return s.code == HF_NOTFOUND || s.code == HF_STATE || s.code == HF_INVALID ||
	       s.code == HF_UNSUPPORTED || s.code == HF_TOOBIG || s.code == HF_CORRUPT;
}

static hf_status fail_released(struct db *db, const struct held *h, const struct hf_err *err,
                               int64_t now_ms)
{
	struct signature_outcome o = { .status = SIGNATURE_FAILED, .recid = -1 };

	snprintf(o.reason, sizeof(o.reason), "%.*s", (int)sizeof(o.reason) - 1, err->text);
	HF_TRY(signature_row_settle(db, h->row.id, &o));
	return signature_tell(db, h->row.org_id, h->row.id, "failed", now_ms);
}

hf_status signature_release(struct jobs *jobs, struct db *db, const char *id, int64_t now_ms)
{
	struct held h = { .body = HF_BUF(1u << 20) };
	struct chain_plan plan = { 0 };
	struct hf_err err = { 0 };
	hf_status s;

	HF_TRY(signature_row_release(db, id, now_ms));
	s = signature_row_get(db, NULL, id, copy_held, &h);
	if (hf_ok(s)) {
		s = add_first_job(jobs, db, &h, &plan, &err);
		if (is_final(s) && err.text[0])
			s = fail_released(db, &h, &err, now_ms);
	}
	chain_plan_done(&plan);
	hf_buf_done(&h.body);
	return s;
}

static hf_status copy_org(void *ctx, const struct signature_row *row)
{
	memcpy(ctx, row->org_id, HF_ID_MAX);
	return HF_SUCCESS;
}

hf_status signature_reject(struct db *db, const char *id, const char *reason, int64_t now_ms)
{
	char org_id[HF_ID_MAX];

	HF_TRY(signature_row_reject(db, id, reason, now_ms));
	HF_TRY(signature_row_get(db, NULL, id, copy_org, org_id));
	return signature_tell(db, org_id, id, "rejected", now_ms);
}
