/* SPDX-License-Identifier: Apache-2.0
 * Before a user changes his second factors, his session is unlocked with his password once more,
 * for ten minutes. */
#include "server/crypto_api/call_inside.h"
#include "server/crypto_api/call_proofs.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/factor.h"

#include "base/secret.h"
#include "base/uuid.h"
#include "server/core/access/sessions.h"
#include "server/store/session_rows.h"

hf_status factor_unlocked(struct crypto_call *c, struct db *db, struct session_row *ret)
{
	struct shown shown;

	crypto_call_shown(c, &shown);
	HF_TRY(crypto_session_row(db, &shown, ret, &c->err));
	if (ret->unlocked_ms <= c->now_ms)
		return hf_fail(&c->err, HF_DENIED,
		               "second factors are locked: unlock them with your password first "
		               "(POST /sys/v1/session/config_2fa/auth)");
	return HF_SUCCESS;
}

static hf_status check_session(const struct crypto_call *c, struct hf_err *err)
{
	if (c->who->kind != PRINCIPAL_USER)
		return hf_fail(err, HF_DENIED, "apps have no second factor");
	if (!c->who->session_id[0])
		return hf_fail(err, HF_STATE,
		               "second factors are changed in a session: begin with POST "
		               "/sys/v1/session/auth");
	return HF_SUCCESS;
}

static hf_status set_unlocked(struct crypto_call *c, struct db *db, int64_t until_ms)
{
	struct session_row row;
	struct shown shown;

	crypto_call_shown(c, &shown);
	HF_TRY(crypto_session_row(db, &shown, &row, &c->err));
	HF_TRY(session_row_unlock(db, HF_SPAN(row.hash, sizeof(row.hash)), until_ms));
	hf_ignore(hf_uuid_of_id(c->who->identity_id, c->subject_id));
	return crypto_call_audit(c, db);
}

/* ---- POST config_2fa/auth */

struct unlocking {
	struct crypto_call call; /* first */
	const char *password;
};

static hf_status read_password(struct crypto_call *c, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "password", JSON_READ_TEXT, offsetof(struct unlocking, password), true, false, 1,
		  1024 },
	};

	HF_TRY(check_session(c, err));
	if (!c->body)
		return hf_fail(err, HF_INVALID, "expected {\"password\"}");
	return json_read(c->body, fields, HF_COUNT(fields), c, err);
}

static hf_status unlock(struct crypto_call *c, struct db *db)
{
	HF_TRY(set_unlocked(c, db, c->now_ms + FACTOR_UNLOCKED_MS));
	hf_buf_text(&c->out, "{}");
	return HF_SUCCESS;
}

static void password_checked(void *ctx, hf_status s)
{
	static const struct crypto_step step = { true, unlock, NULL };

	if (hf_ok(s))
		crypto_call_step(ctx, &step);
	else
		crypto_call_wrong_password(ctx, s);
}

static void check_password(struct crypto_call *c)
{
	crypto_call_check_password(c, ((struct unlocking *)c)->password, password_checked, c);
}

/* ---- POST config_2fa/terminate */

static hf_status read_nothing(struct crypto_call *c, struct hf_err *err)
{
	HF_TRY(check_session(c, err));
	return c->body ? json_read(c->body, NULL, 0, NULL, err) : HF_SUCCESS;
}

static hf_status lock(struct crypto_call *c, struct db *db)
{
	return set_unlocked(c, db, 0);
}

/* ---- POST config_2fa/new_challenge */

static hf_status read_protocol(struct crypto_call *c, struct hf_err *err)
{
	HF_TRY(read_nothing(c, err));
	return factor_protocol(c, err);
}

static hf_status new_challenge(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	char challenge[MFA_CHALLENGE_MAX];
	struct session_row row;

	HF_TRY(factor_unlocked(c, db, &row));
	HF_TRY(factor_challenge(db, c->who->identity_id, FACTOR_REGISTER, row.id, c->now_ms,
	                        challenge));
	return factor_print_creation(&w, c, db, challenge);
}

/* ---- POST users/generate_recovery_codes */

static hf_status print_codes(struct crypto_call *c, const char codes[FACTOR_CODES][CODE_TEXT_MAX])
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	json_open_array(&w, "recovery_codes");
	for (size_t i = 0; i < FACTOR_CODES; i++)
		json_text(&w, NULL, codes[i]);
	json_close_array(&w);
	json_close_object(&w);
	return hf_buf_status(&c->out);
}

static hf_status make_codes(struct crypto_call *c, struct db *db)
{
	char codes[FACTOR_CODES][CODE_TEXT_MAX];
	struct session_row row;
	int64_t n;
	hf_status s;

	HF_TRY(factor_unlocked(c, db, &row));
	HF_TRY(mfa_device_rows_count(db, c->who->identity_id, &n));
	if (!n)
		return hf_fail(&c->err, HF_STATE,
		               "recovery codes stand for a second factor: register a device first");
	HF_TRY(factor_codes_make(db, c->who->org_id, c->who->identity_id, codes));
	s = print_codes(c, codes);
	hf_wipe(codes, sizeof(codes));
	HF_TRY(s);
	hf_ignore(hf_uuid_of_id(c->who->identity_id, c->subject_id));
	return crypto_call_audit(c, db);
}

const struct crypto_operation crypto_factor_unlock = {
	.size = sizeof(struct unlocking),
	.prepare = read_password,
	.after = check_password,
};
const struct crypto_operation crypto_factor_lock = {
	.size = sizeof(struct crypto_call),
	.writes = true,
	.prepare = read_nothing,
	.run = lock,
};
const struct crypto_operation crypto_factor_challenge = {
	.size = sizeof(struct crypto_call),
	.writes = true,
	.prepare = read_protocol,
	.run = new_challenge,
};
const struct crypto_operation crypto_factor_codes = {
	.size = sizeof(struct crypto_call),
	.writes = true,
	.prepare = read_nothing,
	.run = make_codes,
};
