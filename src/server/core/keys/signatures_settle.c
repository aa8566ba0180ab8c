/* SPDX-License-Identifier: Apache-2.0
 * What comes back from the HSM side: checked, put into the chain's form, stored. */
#include "server/core/keys/signatures_inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/core/events/events.h"
#include "server/core/keys/objects.h"
#include "server/core/keys/signature_parts.h"

#include <stdio.h>
#include <string.h>

#define EVENT_DATA_MAX (4u << 20)
#define BODY_MAX (1u << 20)

static hf_status print_event(void *ctx, const struct signature_row *row)
{
	struct json_writer w = JSON_WRITER(ctx);

	json_open_object(&w, NULL);
	print_signature(&w, "signatureRequest", row);
	json_close_object(&w);
	return hf_buf_status(ctx);
}

hf_status signature_tell(struct db *db, const char *org_id, const char *id, const char *what,
                         int64_t now_ms)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(EVENT_DATA_MAX);
	char kind[64];
	struct event event = { .org_id = org_id, .kind = kind, .now_ms = now_ms };

	if (!*org_id || !events_wanted(org_id))
		return HF_SUCCESS;
	snprintf(kind, sizeof(kind), "wallet.signature.%s", what);
	HF_TRY(signature_row_get(db, org_id, id, print_event, &data));
	event.data = hf_buf_span(&data);
	return events_add(db, &event);
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
	HF_ENSURE(signature.len == SIGNATURE_PART_LEN, HF_INVALID);
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

static hf_status check(const struct job_settled *settled, struct signature *ret)
{
	if (hf_ok(signature_result_check(settled->op, settled->result, ret)))
		return HF_SUCCESS;
	HF_ERROR("a signature that does not verify was refused",
	         HF_KS("signature", settled->subject_id), HF_KS("driver", settled->driver));
	return HF_FAILURE(HF_UNAUTHENTIC);
}

static void succeed(const struct signature *signature, struct signature_outcome *to)
{
	to->status = SIGNATURE_SIGNED;
	memcpy(to->r, signature->bytes, 32);
	memcpy(to->s, signature->bytes + 32, 32);
	to->recid = signature->recid;
	to->signed_ms = hf_wall_ms();
}

/* A request whose signature has a chain's form: read back, and understood again. */
struct forming {
	const struct job_settled *settled;
	struct op op;
	struct signature signature; /* the one that came */
	struct signature_row row;
	struct hf_buf body, parts, encoded, signed_data;
	struct json_t *doc;
	struct chain_request request;
	struct chain_plan plan;
	struct signature *all; /* one for each input */
	size_t n_parts;        /* that were there before */
};

static void forming_done(struct forming *f)
{
	hf_buf_done(&f->body);
	hf_buf_done(&f->parts);
	hf_buf_done(&f->encoded);
	hf_buf_done(&f->signed_data);
	json_done(f->doc);
	chain_plan_done(&f->plan);
	free(f->all);
}

static hf_status copy_row(void *ctx, const struct signature_row *row)
{
	struct forming *f = ctx;

	f->row = *row;
	hf_buf_put(&f->body, row->body.ptr, row->body.len);
	hf_buf_put(&f->parts, row->parts.ptr, row->parts.len);
	HF_TRY(hf_buf_status(&f->body));
	return hf_buf_status(&f->parts);
}

static hf_status understand(struct forming *f, struct hf_err *err)
{
	const struct chain_network *network = NULL;

	HF_TRY(json_parse(hf_buf_span(&f->body), BODY_MAX, &f->doc, err));
	if (*f->row.wallet_id)
		HF_TRY(chain_network_find(f->row.network, &network, err));
	HF_TRY(chain_request_read(f->doc, network, f->op.key_type, f->op.public_key, &f->request,
	                          err));
	HF_TRY(chain_prepare(&f->request, &f->plan, err));
	f->all = calloc(f->plan.n_inputs, sizeof(*f->all));
	HF_ENSURE(f->all, HF_NOMEM);
	return HF_SUCCESS;
}

/* The signatures so far, and the new one in its place, which is for that input and no other. */
static hf_status gather(struct forming *f)
{
	struct hf_reader r = hf_reader(hf_buf_span(&f->parts));
	struct signature_part part;

	while (r.left) {
		HF_ENSURE(f->n_parts + 1 < f->plan.n_inputs, HF_CORRUPT);
		HF_TRY(signature_part_read(&r, &part));
		f->all[f->n_parts++] = part.signature;
	}
	HF_ENSURE(hf_span_equal(f->op.input, chain_plan_input(&f->plan, f->n_parts)), HF_CORRUPT);
	f->all[f->n_parts] = f->signature;
	HF_TRY(chain_encode(&f->request, &f->signature, &f->encoded));
	if (!signature_is_several(&f->request, &f->plan))
		return HF_SUCCESS;
	signature_part_put(&f->parts, &f->signature, hf_buf_span(&f->encoded));
	hf_buf_clear(&f->encoded);
	return hf_buf_status(&f->parts);
}

static bool is_last(const struct forming *f)
{
	return f->n_parts + 1 == f->plan.n_inputs;
}

static hf_status form(struct forming *f, struct hf_err *err)
{
	HF_TRY(understand(f, err));
	HF_TRY(gather(f));
	if (!is_last(f))
		return HF_SUCCESS;
	return chain_assemble(&f->request, &f->plan, f->all, f->plan.n_inputs, &f->signed_data);
}

static hf_status ask_for_next(struct jobs *jobs, struct db *db, const struct forming *f)
{
	const struct signature_job job = {
		.id = f->row.id,
		.key_id = f->op.key_id,
		.store_id = f->settled->store_id,
		.request = &f->request,
		.plan = &f->plan,
		.input = f->n_parts + 1,
	};

	HF_TRY(signature_row_set_parts(db, f->row.id, hf_buf_span(&f->parts)));
	HF_TRY(signature_add_job(jobs, db, &job, NULL));
	*f->settled->more = true;
	return HF_SUCCESS;
}

static hf_status store(struct db *db, struct forming *f)
{
	f->row.parts = hf_buf_span(&f->parts);
	f->row.encoded = hf_buf_span(&f->encoded);
	f->row.signed_data = hf_buf_span(&f->signed_data);
	return signature_row_settle_formed(db, &f->row);
}

/* It was signed, and cannot be put into the form that the chain wants: nobody would be helped by
 * another attempt. */
static void give_up(struct forming *f, hf_status s, const struct hf_err *err)
{
	HF_ERROR("a signature could not be put into its chain's form",
	         HF_KS("signature", f->row.id), HF_KS("reason", hf_code_name(s.code)),
	         HF_KS("words", err->text));
	f->row.outcome = (struct signature_outcome){ .status = SIGNATURE_FAILED, .recid = -1 };
	snprintf(f->row.outcome.reason, sizeof(f->row.outcome.reason),
	         "it was signed, but cannot be put into the chain's form: %.200s",
	         err->text[0] ? err->text : hf_code_name(s.code));
	hf_buf_clear(&f->parts);
	hf_buf_clear(&f->encoded);
	hf_buf_clear(&f->signed_data);
}

static hf_status settle_formed(struct jobs *jobs, struct db *db, struct forming *f)
{
	struct hf_err err = { 0 };
	hf_status s;

	HF_TRY(op_decode(f->settled->op, &f->op, NULL));
	HF_TRY(signature_row_get(db, NULL, f->settled->subject_id, copy_row, f));
	HF_ENSURE(f->row.outcome.status == SIGNATURE_EXECUTING, HF_NOTFOUND);
	s = form(f, &err);
	HF_ENSURE(s.code != HF_NOMEM, s.code);
	if (hf_ok(s) && !is_last(f))
		return ask_for_next(jobs, db, f);
	if (hf_ok(s))
		succeed(&f->signature, &f->row.outcome);
	else
		give_up(f, s, &err);
	return store(db, f);
}

static hf_status tell_settled(struct db *db, const char *org_id, const struct job_settled *settled,
                              const struct signature_outcome *outcome)
{
	bool done = outcome->status == SIGNATURE_SIGNED;

	return signature_tell(db, org_id, settled->subject_id, done ? "signed" : "failed",
	                      hf_wall_ms());
}

hf_status signature_settle(struct jobs *jobs, struct db *db, const char *org_id,
                           const struct job_settled *settled, struct signature_outcome *ret)
{
	struct forming f = { .settled = settled,
		             .body = HF_BUF(BODY_MAX),
		             .parts = HF_BUF(SIGNATURE_PARTS_MAX),
		             .encoded = HF_BUF(CHAIN_ENCODED_MAX),
		             .signed_data = HF_BUF(CHAIN_SIGNED_DATA_MAX) };
	struct signature_outcome outcome = { .recid = -1 };
	bool done = settled->result->outcome == OP_DONE;
	hf_status s;

	if (done)
		HF_TRY(check(settled, &f.signature));
	else
		fail(settled, &outcome);
	if (done && settled->subject == JOB_FOR_FORMED_SIGNATURE) {
		s = settle_formed(jobs, db, &f);
		forming_done(&f);
		HF_TRY(s);
		return *settled->more ? s : tell_settled(db, org_id, settled, &f.row.outcome);
	}
	if (done)
		succeed(&f.signature, &outcome);
	HF_TRY(signature_row_settle(db, settled->subject_id, &outcome));
	HF_TRY(tell_settled(db, org_id, settled, &outcome));
	*ret = outcome;
	return HF_SUCCESS;
}
