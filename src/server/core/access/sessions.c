/* SPDX-License-Identifier: Apache-2.0
 * Sessions: their tokens, and their rows in the database. */
#include "server/core/access/sessions_inside.h"

#include "base/random.h"
#include "base/secret.h"
#include "base/text.h"
#include "server/core/access/app_credentials.h"
#include "server/store/app_rows.h"
#include "server/store/member_rows.h"
#include "server/store/session_rows.h"

#include <string.h>

#define TOKEN_BYTES 32

static hf_status make_token(char to[SESSION_TOKEN_MAX])
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(SESSION_TOKEN_MAX - 1);
	uint8_t random[TOKEN_BYTES];
	hf_status s;

	hf_random(random, sizeof(random));
	hf_buf_base64url(&text, HF_SPAN(random, sizeof(random)));
	hf_wipe(random, sizeof(random));
	s = hf_buf_status(&text);
	if (hf_ok(s))
		s = hf_span_to_text(hf_buf_span(&text), to, SESSION_TOKEN_MAX);
	hf_wipe(text.ptr, text.len);
	return s;
}

/* Whoever changes a credential ends its sessions: before this one is there, which then is not made,
 * or afterwards, with it. */
static hf_status hold_credential(struct db *db, const struct session_new *from)
{
	const struct principal *who = from->who;
	hf_status s = who->kind == PRINCIPAL_APP
	                      ? app_row_hold(db, who->identity_id, from->stamp, from->by_previous)
	                      : password_row_hold(db, who->identity_id, from->stamp);

	return s.code == HF_NOTFOUND ? HF_FAILURE(HF_UNAUTHENTIC) : s;
}

hf_status crypto_session_open(struct crypto_sessions *s, struct db *db,
                              const struct session_new *from, struct session_opened *ret)
{
	bool app = from->who->kind == PRINCIPAL_APP;
	int64_t lasts_ms = app ? sessions_app_idle_ms(s) : sessions_user_ms(s);
	struct session_row row = {
		.created_ms = from->now_ms,
		.expires_ms = session_no_later(from->now_ms + lasts_ms, from->ends_ms),
		.idle_ms = app ? sessions_app_idle_ms(s) : 0,
		.is_bound = from->certificates.len > 0,
		.ends_ms = from->ends_ms,
		.factor_ms = from->factor_ms,
		.by_previous = from->by_previous,
	};

	HF_TRY(hold_credential(db, from));
	HF_TRY(make_token(ret->token));
	HF_TRY(sha256(hf_span_text(ret->token), row.hash));
	if (row.is_bound)
		HF_TRY(shown_leaf_hash(from->certificates, row.bound));
	hf_id_new("se", row.id);
	memcpy(ret->id, row.id, sizeof(row.id));
	memcpy(row.org_id, from->who->org_id, sizeof(row.org_id));
	memcpy(row.identity_id, from->who->identity_id, sizeof(row.identity_id));
	ret->lasts_ms = row.expires_ms - from->now_ms;
	HF_TRY(session_rows_forget(db, from->now_ms));
	return session_row_insert(db, &row);
}

static hf_status no_session(struct hf_err *err)
{
	return hf_fail(err, HF_STATE,
	               "this request belongs to no session: it proves itself anew, and nothing "
	               "has to be ended");
}

/* The SHA-256 of the token in "Bearer …". */
static hf_status token_of(const struct shown *shown, uint8_t ret[SHA256_LEN], struct hf_err *err)
{
	const char *value = shown->authorization;

	if (!value || strncasecmp(value, "bearer ", 7) != 0)
		return no_session(err);
	return sha256(hf_span_text(value + 7), ret);
}

hf_status crypto_session_close(struct db *db, const struct shown *shown, struct hf_err *err)
{
	uint8_t hash[SHA256_LEN];

	HF_TRY(token_of(shown, hash, err));
	return session_row_delete(db, HF_SPAN(hash, sizeof(hash)));
}

hf_status crypto_session_row(struct db *db, const struct shown *shown, struct session_row *ret,
                             struct hf_err *err)
{
	uint8_t hash[SHA256_LEN];
	hf_status s;

	HF_TRY(token_of(shown, hash, err));
	s = session_row_get(db, HF_SPAN(hash, sizeof(hash)), ret);
	return s.code == HF_NOTFOUND ? no_session(err) : s; /* a JWT */
}

hf_status crypto_session_another(struct crypto_sessions *s, struct db *db,
                                 const struct shown *shown, const struct principal *who,
                                 struct session_opened *ret, struct hf_err *err)
{
	struct session_new from = { .who = who, .now_ms = shown->now_ms };
	struct session_row row;

	HF_TRY(hold_credential(db, &from)); /* before its session is looked at */
	HF_TRY(crypto_session_row(db, shown, &row, err));
	from.certificates = row.is_bound ? shown->certificates : HF_SPAN(NULL, 0);
	from.ends_ms = row.ends_ms;
	from.factor_ms = row.factor_ms;
	from.by_previous = row.by_previous;
	return crypto_session_open(s, db, &from, ret);
}

hf_status crypto_session_refresh(struct crypto_sessions *s, struct db *db,
                                 const struct shown *shown, int64_t *ret_lasts_ms,
                                 struct hf_err *err)
{
	struct session_row row;
	int64_t until;

	HF_TRY(crypto_session_row(db, shown, &row, err));
	until = session_no_later(shown->now_ms + (row.idle_ms ? row.idle_ms : sessions_user_ms(s)),
	                         row.ends_ms);
	*ret_lasts_ms = until - shown->now_ms;
	return session_row_extend(db, HF_SPAN(row.hash, sizeof(row.hash)), until);
}
