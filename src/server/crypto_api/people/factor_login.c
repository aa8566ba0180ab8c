/* SPDX-License-Identifier: Apache-2.0
 * The second half of a login: what the challenge of session/auth was answered with, or a recovery
 * code. Until then the session is good for nothing else. */
#include "server/crypto_api/call_inside.h"
#include "server/crypto_api/call_proofs.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/factor.h"

#include "base/uuid.h"
#include "server/core/access/sessions.h"
#include "server/store/member_rows.h"
#include "server/store/session_rows.h"

static hf_status check_due(const struct crypto_call *c, struct hf_err *err)
{
	if (c->who->session_id[0] && c->who->factor_due)
		return HF_SUCCESS;
	return hf_fail(err, HF_STATE,
	               "no second factor is due: begin with POST /sys/v1/session/auth, and come "
	               "with the token that it answers");
}

static hf_status finish(struct crypto_call *c, struct db *db)
{
	struct session_row row;
	struct shown shown;

	crypto_call_shown(c, &shown);
	HF_TRY(crypto_session_row(db, &shown, &row, &c->err));
	HF_TRY(session_row_factor(db, HF_SPAN(row.hash, sizeof(row.hash)), c->now_ms));
	HF_TRY(member_row_logged_in(db, c->who->identity_id, c->now_ms));
	hf_ignore(hf_uuid_of_id(c->who->identity_id, c->subject_id));
	return crypto_call_audit(c, db);
}

static void finished(struct crypto_call *c)
{
	crypto_sessions_forget(c->api->sessions, c->who->identity_id);
	crypto_call_reply(c);
}

/* ---- an authenticator */

static hf_status read_fido2(struct crypto_call *c, struct hf_err *err)
{
	struct factor_call *f = (struct factor_call *)c;

	HF_TRY(check_due(c, err));
	f->purpose = FACTOR_LOGIN;
	f->subject = c->who->session_id;
	return factor_proof_read(c->body, false, &f->proof, err);
}

static void release(struct crypto_call *c)
{
	factor_proof_done(&((struct factor_call *)c)->proof);
}

static hf_status finish_fido2(struct crypto_call *c, struct db *db)
{
	HF_TRY(crypto_call_factor_used((struct factor_call *)c, db));
	return finish(c, db);
}

static void checked(struct crypto_call *c)
{
	static const struct crypto_step step = { true, finish_fido2, finished };

	crypto_call_step(c, &step);
}

static void check(struct crypto_call *c)
{
	crypto_call_check_factor((struct factor_call *)c, checked);
}

/* ---- a recovery code */

struct recovery {
	struct crypto_call call; /* first */
	const char *code;
};

static hf_status read_code(struct crypto_call *c, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "recovery_code", JSON_READ_TEXT, offsetof(struct recovery, code), true, false, 1,
		  64 },
	};

	HF_TRY(check_due(c, err));
	if (!c->body)
		return hf_fail(err, HF_INVALID, "expected {\"recovery_code\"}");
	return json_read(c->body, fields, HF_COUNT(fields), c, err);
}

static hf_status recover(struct crypto_call *c, struct db *db)
{
	struct recovery *r = (struct recovery *)c;
	hf_status s = factor_code_use(db, c->who->identity_id, r->code, c->now_ms, &c->err);

	if (s.code == HF_DENIED)
		crypto_call_wrong_factor(c);
	HF_TRY(s);
	return finish(c, db);
}

static void try_code(struct crypto_call *c)
{
	static const struct crypto_step step = { true, recover, finished };

	if (crypto_call_may_prove_factor(c))
		crypto_call_step(c, &step);
}

static hf_status refuse_u2f(struct crypto_call *c, struct hf_err *err)
{
	return hf_fail(err, HF_UNSUPPORTED, FACTOR_NO_U2F_TEXT);
}

const struct crypto_operation crypto_session_fido2 = {
	.size = sizeof(struct factor_call),
	.prepare = read_fido2,
	.after = check,
	.release = release,
};
const struct crypto_operation crypto_session_recovery = {
	.size = sizeof(struct recovery),
	.prepare = read_code,
	.after = try_code,
};
const struct crypto_operation crypto_session_u2f = {
	.size = sizeof(struct crypto_call),
	.prepare = refuse_u2f,
};
