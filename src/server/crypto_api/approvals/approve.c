/* SPDX-License-Identifier: Apache-2.0
 * Approving a request: what the policy wants to be shown with it, the decision, and, when that was
 * the last one, carrying it out. */
#include "server/crypto_api/approvals/approvals.h"
#include "server/crypto_api/call_proofs.h"
#include "server/crypto_api/people/factor.h"

#include <stdio.h>
#include <string.h>

static hf_status run_step(struct db_task *task, struct db *db)
{
	struct approval_step *s = (struct approval_step *)task;

	hf_buf_clear(&s->c->out);
	s->c->err = (struct hf_err){ 0 };
	return s->run(s->c, db);
}

static void step_done(struct db_task *task, hf_status status)
{
	struct approval_step *s = (struct approval_step *)task;

	if (hf_ok(status))
		s->then(s->c);
	else
		crypto_call_fail(s->c, status);
}

void approval_take_step(struct approval_step *s, struct crypto_call *c, bool writes,
                        hf_status (*run)(struct crypto_call *c, struct db *db),
                        void (*then)(struct crypto_call *c))
{
	const struct core *core = c->api->core;
	hf_status status;

	*s = (struct approval_step){
		.task = { .run = run_step, .done = step_done, .durability = core_durability(core) },
		.c = c,
		.run = run,
		.then = then,
	};
	status = db_work_submit(writes ? core->writer : core->reader, &s->task);
	if (!hf_ok(status))
		crypto_call_fail(c, status);
}

/* POST …/challenge: what the caller's authenticator is to sign, to approve this request. */
struct challenge {
	struct crypto_call call; /* first */
	struct db *db;
};

static hf_status prepare_challenge(struct crypto_call *c, struct hf_err *err)
{
	if (c->who->kind != PRINCIPAL_USER)
		return hf_fail(err, HF_DENIED, "apps have no second factor");
	return factor_protocol(c, err);
}

static hf_status make_challenge(void *ctx, const struct quorum_row *row)
{
	struct quorum_policy *policy HF_CLEANUP(quorum_policy_free_at) = NULL;
	struct challenge *k = ctx;
	struct crypto_call *c = &k->call;
	struct json_writer w = JSON_WRITER(&c->out);
	struct approval_proofs wanted;
	char challenge[MFA_CHALLENGE_MAX];

	HF_TRY(approval_policy_parse(row, &policy, NULL));
	if (!approval_visible(c->who, row, policy))
		return HF_FAILURE(HF_NOTFOUND);
	HF_TRY(approval_reviewer(c->who, row, policy, &wanted, &c->err));
	if (strcmp(row->status, QUORUM_PENDING) != 0)
		return hf_fail(&c->err, HF_STATE, "this request is %s already", row->status);
	HF_TRY(factor_challenge(k->db, c->who->identity_id, FACTOR_APPROVE, row->id, c->now_ms,
	                        challenge));
	return factor_print_request(&w, NULL, c, k->db, challenge);
}

static hf_status run_challenge(struct crypto_call *c, struct db *db)
{
	struct challenge *k = (struct challenge *)c;
	hf_status s;

	if (!c->who->has_factor)
		return hf_fail(&c->err, HF_STATE,
		               "you have no second factor: register a device first");
	k->db = db;
	s = quorum_row_get(db, c->who->org_id, approval_id_in_path(c), c->now_ms, false,
	                   make_challenge, k);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "there is no such request, or it has expired");
	return s;
}

const struct crypto_operation crypto_approval_challenge = {
	.size = sizeof(struct challenge),
	.writes = true,
	.prepare = prepare_challenge,
	.run = run_challenge,
};

/* Approving: what has to be shown, decision, carrying it out, showing what has become of it. */
struct approval {
	struct factor_call factor; /* first */
	struct approval_step step;
	const char *password;
	struct json_t *body, *u2f, *fido2;
	struct approval_proofs shown;
	bool complete;
};

static const struct json_field approve_fields[] = {
	{ "password", JSON_READ_TEXT, offsetof(struct approval, password), false, true, 1, 1024 },
	{ "body", JSON_READ_ANY, offsetof(struct approval, body), false, true, 0, 0 },
	{ "u2f", JSON_READ_ANY, offsetof(struct approval, u2f), false, true, 0, 0 },
	{ "fido2_auth_request", JSON_READ_ANY, offsetof(struct approval, fido2), false, true, 0,
	  0 },
};

static hf_status prepare_approve(struct crypto_call *c, struct hf_err *err)
{
	struct approval *a = (struct approval *)c;

	if (!c->body)
		return HF_SUCCESS;
	HF_TRY(json_read(c->body, approve_fields, HF_COUNT(approve_fields), a, err));
	if (!json_value_null(a->u2f))
		return hf_fail(err, HF_UNSUPPORTED, FACTOR_NO_U2F_TEXT);
	if (json_value_null(a->fido2))
		return HF_SUCCESS;
	a->factor.purpose = FACTOR_APPROVE;
	a->factor.subject = approval_id_in_path(c);
	return factor_proof_read(a->fido2, false, &a->factor.proof, err);
}

static void release_approve(struct crypto_call *c)
{
	factor_proof_done(&((struct approval *)c)->factor.proof);
}

static void reply(struct crypto_call *c)
{
	crypto_call_reply(c);
}

static void carried_out(void *ctx)
{
	struct approval *a = ctx;

	approval_take_step(&a->step, &a->factor.call, false, approval_run_get, reply);
}

static void approved(struct crypto_call *c)
{
	struct approval *a = (struct approval *)c;

	if (a->complete)
		approval_carry_out(c->api, c->who->org_id, approval_id_in_path(c), carried_out, a);
	else
		crypto_call_reply(c);
}

static hf_status run_approve(struct crypto_call *c, struct db *db)
{
	struct approval *a = (struct approval *)c;

	if (a->shown.factor)
		HF_TRY(crypto_call_factor_used(&a->factor, db));
	HF_TRY(approval_approve(c->api->core, db, c->who, approval_id_in_path(c), &a->shown,
	                        c->now_ms, &a->complete, &c->err));
	approval_about(c, "Approved");
	HF_TRY(crypto_call_audit(c, db));
	return approval_print_one(c, db, approval_id_in_path(c));
}

static void decide(struct crypto_call *c)
{
	struct approval *a = (struct approval *)c;

	approval_take_step(&a->step, c, true, run_approve, approved);
}

static void factor_checked(struct crypto_call *c)
{
	((struct approval *)c)->shown.factor = true;
	decide(c);
}

static void check_factor(struct crypto_call *c)
{
	struct approval *a = (struct approval *)c;

	if (a->factor.purpose)
		crypto_call_check_factor(&a->factor, factor_checked);
	else
		decide(c);
}

static void password_checked(void *ctx, hf_status s)
{
	struct approval *a = ctx;

	a->shown.password = hf_ok(s);
	if (hf_ok(s))
		check_factor(&a->factor.call);
	else
		crypto_call_wrong_password(&a->factor.call, s);
}

static void begin_approve(struct crypto_call *c)
{
	struct approval *a = (struct approval *)c;

	if (a->password)
		crypto_call_check_password(c, a->password, password_checked, a);
	else
		check_factor(c);
}

const struct crypto_operation crypto_approval_approve = {
	.size = sizeof(struct approval),
	.prepare = prepare_approve,
	.after = begin_approve,
	.release = release_approve,
};
