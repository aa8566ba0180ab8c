/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/access_request.h"

#include "base/secret.h"
#include "base/uuid.h"
#include "server/core/access/app_credentials.h"
#include "server/core/access/app_jwt.h"
#include "server/core/access/basic_auth.h"
#include "server/core/access/ip_ranges.h"
#include "server/core/people/attempts.h"
#include "server/store/session_rows.h"

#include <stdio.h>
#include <string.h>

static hf_status refused(struct access_request *r)
{
	return hf_fail(&r->err, HF_UNAUTHENTIC, ACCESS_REFUSED_TEXT);
}

/* A way in that is not there and one that does not fit look the same. */
static hf_status as_refusal(struct access_request *r, hf_status s)
{
	if (s.code == HF_NOTFOUND || s.code == HF_INVALID || s.code == HF_STATE)
		return refused(r);
	if (s.code == HF_UNAUTHENTIC && !r->err.text[0])
		return refused(r);
	return s;
}

void access_request_end(struct access_request *r)
{
	hf_wipe(r->user.ptr, r->user.len);
	hf_wipe(r->secret.ptr, r->secret.len);
	hf_buf_done(&r->user);
	hf_buf_done(&r->secret);
	app_jwt_free(hf_take(r->jwt));
	principal_unref(hf_take(r->found.who));
	principal_unref(hf_take(r->who));
}

static void attempt_key(const struct access_request *r, char *to, size_t cap)
{
	const char *user = r->user.ptr ? (const char *)r->user.ptr : "";

	snprintf(to, cap, "crypto-password/%s", user);
	for (char *c = to; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
}

/* ---- the end of it: on any thread */

static hf_status check_address(struct access_request *r)
{
	if (ip_ranges_have(r->found.who->from, r->shown.address))
		return HF_SUCCESS;
	return hf_fail(&r->err, HF_DENIED,
	               "this app may not call from this address (its ip_address_policy)");
}

static void finish(struct access_request *r, hf_status s)
{
	if (hf_ok(s) && !r->app_name)
		crypto_sessions_remember(r->sessions, r->generation, &r->shown, &r->found);
	if (hf_ok(s))
		s = check_address(r);
	r->who = hf_take(r->found.who);
	r->ends_ms = r->found.expires_ms;
	r->stamp = r->found.stamp;
	r->done(r, as_refusal(r, s));
}

/* ---- passwords */

static void password_done(struct password_job *job, hf_status s)
{
	struct access_request *r =
	        (struct access_request *)((char *)job - offsetof(struct access_request, password));
	char key[320];

	attempt_key(r, key, sizeof(key));
	if (s.code == HF_UNAUTHENTIC)
		attempts_failed(crypto_sessions_attempts(r->sessions), key, r->shown.now_ms);
	if (hf_ok(s) && !r->found.who) /* right, but he may not call any longer */
		s = HF_FAILURE(HF_UNAUTHENTIC);
	finish(r, s);
}

static void check_password(struct access_request *r)
{
	char key[320];
	hf_status s;

	attempt_key(r, key, sizeof(key));
	if (!attempts_allowed(crypto_sessions_attempts(r->sessions), key, r->shown.now_ms)) {
		r->err = (struct hf_err){ .code = HF_STATE };
		snprintf(r->err.text, sizeof(r->err.text), "%s", ATTEMPTS_TEXT);
		r->done(r, HF_FAILURE(HF_STATE));
		return;
	}
	r->password = (struct password_job){
		.password = hf_buf_span(&r->secret),
		.hash = r->password_hash[0] ? r->password_hash : NULL,
		.done = password_done,
	};
	s = passwords_submit(crypto_sessions_passwords(r->sessions), &r->password);
	if (!hf_ok(s))
		finish(r, s);
}

/* The first end of several proofs is the end of all. */
static void ends_by(struct access_request *r, int64_t ms)
{
	if (!r->found.expires_ms || ms < r->found.expires_ms)
		r->found.expires_ms = ms;
}

/* ---- signed JWTs: maybe with keys that have to be fetched */

static void have_keys(struct jwks_wait *wait, hf_status s, const struct jwks_set *set)
{
	struct access_request *r =
	        (struct access_request *)((char *)wait - offsetof(struct access_request, keys));
	int64_t until;

	if (hf_ok(s))
		s = app_jwt_check(r->jwt, set, r->shown.now_ms, &until, &r->err);
	if (hf_ok(s))
		ends_by(r, until);
	finish(r, s);
}

static void fetch_keys(struct access_request *r)
{
	const struct jwks_source *source = crypto_sessions_core(r->sessions)->signing_keys;

	r->keys = (struct jwks_wait){ .done = have_keys };
	app_jwt_wants(r->jwt, &r->keys);
	if (r->keys.url)
		source->get(source->jwks, &r->keys);
	else
		have_keys(&r->keys, HF_SUCCESS, NULL);
}

/* ---- what the database knows: on a reader's thread */

/* Is the credential still the one that this very proof was good for? */
static bool good_before(struct access_request *r, int64_t stamp)
{
	int64_t before, expires;

	if (r->app_name || !crypto_sessions_recall(r->sessions, &r->shown, &before, &expires) ||
	    before != stamp)
		return false;
	r->found.expires_ms = expires;
	return true;
}

static hf_status load_session(struct access_request *r, struct db *db, const char *token)
{
	int64_t stamp, expires = 0;
	struct session_row row;
	uint8_t hash[SHA256_LEN], leaf[SHA256_LEN];

	HF_TRY(sha256(hf_span_text(token), hash));
	HF_TRY(session_row_get(db, HF_SPAN(hash, sizeof(hash)), &row));
	if (crypto_sessions_recall(r->sessions, &r->shown, &stamp, &expires) &&
	    expires > row.expires_ms)
		row.expires_ms = expires; /* used, and not yet written down */
	if (row.ends_ms && row.expires_ms > row.ends_ms)
		row.expires_ms = row.ends_ms; /* since another server said so */
	HF_ENSURE(r->shown.now_ms < row.expires_ms, HF_UNAUTHENTIC);
	if (row.is_bound) {
		HF_TRY(shown_leaf_hash(r->shown.certificates, leaf));
		HF_ENSURE(hf_equal_ct(leaf, row.bound, sizeof(leaf)), HF_UNAUTHENTIC);
		HF_TRY(shown_leaf_dates(r->shown.certificates, r->shown.now_ms, &r->err));
	}
	HF_TRY(principal_load(db, row.org_id, row.identity_id, &r->found.who));
	memcpy(r->found.who->session_id, row.id, sizeof(row.id));
	r->found.who->factor_due = r->found.who->has_factor && !row.factor_ms;
	memcpy(r->found.session, hash, sizeof(hash));
	r->found.expires_ms = row.expires_ms;
	r->found.idle_ms = row.idle_ms;
	r->found.ends_ms = row.ends_ms;
	return HF_SUCCESS;
}

static hf_status open_credential(struct access_request *r, struct db *db, const struct app_row *app,
                                 struct hf_secret *ret)
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(APP_CREDENTIAL_MAX + 64);

	HF_TRY(app_credential_get(db, app->id, &sealed));
	return app_credential_open(&crypto_sessions_core(r->sessions)->secrets.storage_key, app->id,
	                           hf_buf_span(&sealed), ret);
}

static hf_status check_authority(struct access_request *r, struct db *db, const struct app_row *app)
{
	HF_SECRET struct hf_secret json = { 0 };

	HF_ENSURE(r->shown.certificates.len, HF_UNAUTHENTIC);
	HF_TRY(open_credential(r, db, app, &json));
	return app_authority_check(HF_SPAN(json.ptr, json.len), r->shown.certificates,
	                           r->shown.now_ms, &r->err);
}

/* Its signature is checked in the end, with the keys. */
static hf_status begin_jwt(struct access_request *r, struct db *db, const struct app_row *app,
                           const char *token)
{
	HF_SECRET struct hf_secret json = { 0 };

	HF_TRY(open_credential(r, db, app, &json));
	return app_jwt_new(HF_SPAN(json.ptr, json.len), app->id, token, &r->jwt, &r->err);
}

static hf_status check_certificate(struct access_request *r, struct db *db,
                                   const struct app_row *app, int kind)
{
	int64_t until;

	r->by_certificate = true;
	if (kind == APP_TRUSTED_CA)
		HF_TRY(check_authority(r, db, app));
	else
		HF_TRY(app_certificate_check(app, r->shown.certificates, r->shown.now_ms, &r->err));
	HF_TRY(shown_leaf_until(r->shown.certificates, &until, &r->err));
	ends_by(r, until);
	return HF_SUCCESS;
}

static hf_status check_secret(struct access_request *r, const struct app_row *app,
                              struct hf_span secret)
{
	if (hf_ok(app_secret_check(app, secret)))
		return HF_SUCCESS;
	HF_TRY(app_previous_check(app, secret, r->shown.now_ms));
	r->by_previous = true;
	ends_by(r, app->previous_until_ms);
	return HF_SUCCESS;
}

static hf_status check_app(struct access_request *r, struct db *db, const struct app_row *app,
                           const char *secret)
{
	r->kind = PROOF_APP;
	r->found.stamp = app->credential_ms;
	HF_TRY(principal_of_app(db, app, &r->found.who));
	if (app->certificate_kind)
		HF_TRY(check_certificate(r, db, app, app->certificate_kind));
	switch ((enum app_credential_kind)app->credential_kind) {
	case APP_SECRET:
		HF_TRY(check_secret(r, app, hf_span_text(secret)));
		break;
	case APP_CERTIFICATE:
	case APP_TRUSTED_CA:
		HF_TRY(check_certificate(r, db, app, app->credential_kind));
		break;
	case APP_SIGNED_JWT:
		if (!good_before(r, app->credential_ms))
			HF_TRY(begin_jwt(r, db, app, secret));
		break;
	}
	return HF_SUCCESS;
}

static hf_status load_app(struct access_request *r, struct db *db, const char *uuid,
                          const char *secret)
{
	char id[HF_ID_MAX];
	struct app_row app;

	HF_TRY(hf_id_of_uuid("app", uuid, id));
	HF_TRY(app_row_get(db, NULL, id, &app));
	return check_app(r, db, &app, secret);
}

/* Unknown people's passwords are checked too, and found wrong. */
static hf_status load_user(struct access_request *r, struct db *db, const char *email)
{
	struct member_row user;
	struct password_row password;
	hf_status s = member_row_find(db, email, &user);

	r->kind = PROOF_USER;
	if (hf_ok(s))
		s = password_row_get(db, user.id, &password);
	if (s.code == HF_NOTFOUND || s.code == HF_STATE)
		return HF_SUCCESS;
	HF_TRY(s);
	memcpy(r->password_hash, password.hash, sizeof(password.hash));
	r->found.stamp = password.changed_ms;
	r->anew = good_before(r, password.changed_ms);
	s = principal_of_user(db, &user, &r->found.who);
	if (hf_ok(s))
		r->found.who->factor_due = r->found.who->has_factor;
	return s.code == HF_NOTFOUND && !r->anew ? HF_SUCCESS : s;
}

static hf_status load_basic(struct access_request *r, struct db *db, const char *base64)
{
	const char *user;

	if (!r->user.ptr) {
		r->user = HF_BUF(BASIC_AUTH_MAX);
		r->secret = HF_BUF(BASIC_AUTH_MAX);
		HF_TRY(basic_auth_split(base64, &r->user, &r->secret));
	}
	user = (const char *)r->user.ptr;
	if (hf_uuid_valid(user))
		return load_app(r, db, user, (const char *)r->secret.ptr);
	return load_user(r, db, user);
}

static hf_status load_by_name(struct access_request *r, struct db *db)
{
	struct app_row app;

	HF_TRY(app_row_find(db, r->org_id, r->app_name, &app));
	return check_app(r, db, &app, r->app_secret);
}

/* Nothing but a certificate: of the app that has pinned it. */
static hf_status load_pinned(struct access_request *r, struct db *db)
{
	uint8_t leaf[SHA256_LEN];
	struct app_row app;

	HF_TRY(shown_leaf_hash(r->shown.certificates, leaf));
	HF_TRY(app_row_of_proof(db, HF_SPAN(leaf, sizeof(leaf)), &app));
	HF_ENSURE(app.credential_kind == APP_CERTIFICATE, HF_UNAUTHENTIC);
	return check_app(r, db, &app, "");
}

static hf_status load_bearer(struct access_request *r, struct db *db, const char *token)
{
	char uuid[HF_UUID_MAX];
	hf_status s = load_session(r, db, token);

	if (s.code != HF_NOTFOUND || !hf_ok(app_jwt_subject(token, uuid)))
		return s;
	return load_app(r, db, uuid, token);
}

static hf_status load(struct access_request *r, struct db *db)
{
	const char *value = r->shown.authorization;

	if (r->app_name)
		return load_by_name(r, db);
	if (!value)
		return load_pinned(r, db);
	if (strncasecmp(value, "bearer ", 7) == 0)
		return load_bearer(r, db, value + 7);
	if (strncasecmp(value, "basic ", 6) == 0)
		return load_basic(r, db, value + 6);
	return HF_FAILURE(HF_INVALID);
}

static hf_status run(struct db_task *task, struct db *db)
{
	struct access_request *r = (struct access_request *)task;

	/* the engine may ask for it a second time */
	principal_unref(hf_take(r->found.who));
	app_jwt_free(hf_take(r->jwt));
	r->found = (struct remembered){ 0 };
	r->password_hash[0] = '\0';
	r->by_certificate = r->by_previous = false;
	r->err = (struct hf_err){ 0 };
	return load(r, db);
}

static void loaded(struct db_task *task, hf_status s)
{
	struct access_request *r = (struct access_request *)task;

	if (hf_ok(s) && r->kind == PROOF_USER && !r->anew)
		check_password(r);
	else if (hf_ok(s) && r->jwt)
		fetch_keys(r);
	else
		finish(r, s);
}

void access_request_begin(struct access_request *r)
{
	hf_status s;

	r->generation = crypto_sessions_generation(r->sessions);
	r->task = (struct db_task){ .run = run, .done = loaded };
	if (shown_nothing(&r->shown) && !r->app_name)
		s = refused(r);
	else
		s = db_work_submit(crypto_sessions_core(r->sessions)->reader, &r->task);
	if (!hf_ok(s))
		r->done(r, s);
}
