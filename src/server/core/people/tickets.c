/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/tickets.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "json/read.h"
#include "json/write.h"
#include "server/store/action_rows.h"

#include <stdio.h>
#include <string.h>

#define LABEL "holdfast ticket 1"
#define APP_METADATA "https://custom/app_metadata"
#define INVALID_TEXT "Challenge token is not valid."
#define GRACE_MS (60 * 1000) /* servers' clocks differ */

static struct seal seal_of(const struct hf_secret *mac, enum ticket_kind kind)
{
	static const char *const purposes[] = {
		[TICKET_LOGIN] = "login",
		[TICKET_REGISTRATION] = "registration",
		[TICKET_CREDENTIAL] = "credential",
		[TICKET_RECOVERY] = "recovery",
	};

	return (struct seal){ purposes[kind], mac };
}

static int64_t expires_ms(const struct ticket *t)
{
	return t->issued_ms + (t->kind == TICKET_LOGIN ? LOGIN_LIFETIME_MS : TICKET_LIFETIME_MS);
}

/* The official client looks for the organisation before it sends one as its token. */
static void write_claims(const struct ticket *t, struct hf_buf *to)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_text(&w, "jti", t->id);
	json_int(&w, "issued", t->issued_ms);
	json_int(&w, "exp", expires_ms(t) / 1000);
	json_open_object(&w, APP_METADATA);
	json_text(&w, "userId", t->identity_id);
	json_text(&w, "orgId", t->org_id);
	json_text(&w, "tokenKind", "Temp");
	json_close_object(&w);
	json_text(&w, "username", t->username);
	json_text(&w, "credentialKind", t->credential_kind);
	json_text(&w, "credentialId", t->credential_id);
	json_text(&w, "codeKind", t->code_kind);
	json_hex(&w, "codeHash", "", HF_SPAN(t->code_hash, sizeof(t->code_hash)));
	json_close_object(&w);
}

static hf_status put_challenge(struct hf_span ticket, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(TICKET_TEXT_MAX + 64);
	uint8_t hash[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	hf_buf_field(&text, hf_span_text(LABEL));
	hf_buf_put(&text, ticket.ptr, ticket.len);
	HF_TRY(hf_buf_status(&text));
	HF_TRY(sha256(hf_buf_span(&text), hash));
	hf_hex(hash, sizeof(hash), hex);
	hf_buf_base64url(to, HF_SPAN(hex, 2 * SHA256_LEN));
	return hf_buf_status(to);
}

hf_status ticket_put(const struct hf_secret *mac, struct ticket *t, int64_t now_ms,
                     struct hf_buf *text, struct hf_buf *challenge)
{
	HF_BUF_SCOPED struct hf_buf claims = HF_BUF(TICKET_TEXT_MAX / 2);
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(TICKET_TEXT_MAX);
	struct seal seal = seal_of(mac, t->kind);

	hf_id_new("ch", t->id);
	t->issued_ms = now_ms;
	write_claims(t, &claims);
	HF_TRY(hf_buf_status(&claims));
	HF_TRY(seal_put(&seal, hf_buf_span(&claims), &sealed));
	HF_TRY(put_challenge(hf_buf_span(&sealed), challenge));
	hf_buf_put(text, sealed.ptr, sealed.len);
	return hf_buf_status(text);
}

struct claims {
	const char *id, *username, *credential_kind, *credential_id, *code_kind, *code_hash;
	int64_t issued, expires;
	struct json_t *metadata;
	const char *org_id, *identity_id, *token_kind;
};

#define CLAIM(name, kind, member)                                                                  \
	{                                                                                          \
		name, kind, offsetof(struct claims, member), true                                  \
	}

static hf_status read_claims(const struct json_t *doc, struct claims *ret)
{
	static const struct json_field fields[] = {
		CLAIM("jti", JSON_READ_TEXT, id),
		CLAIM("issued", JSON_READ_INT, issued),
		CLAIM("exp", JSON_READ_INT, expires),
		CLAIM(APP_METADATA, JSON_READ_OBJECT, metadata),
		CLAIM("username", JSON_READ_TEXT, username),
		CLAIM("credentialKind", JSON_READ_TEXT, credential_kind),
		CLAIM("credentialId", JSON_READ_TEXT, credential_id),
		CLAIM("codeKind", JSON_READ_TEXT, code_kind),
		CLAIM("codeHash", JSON_READ_TEXT, code_hash),
	};
	static const struct json_field inner[] = {
		CLAIM("userId", JSON_READ_TEXT, identity_id),
		CLAIM("orgId", JSON_READ_TEXT, org_id),
		CLAIM("tokenKind", JSON_READ_TEXT, token_kind),
	};

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), ret, NULL));
	return json_read(ret->metadata, inner, HF_COUNT(inner), ret, NULL);
}

#define COPY(to, from) HF_TRY(hf_span_to_text(hf_span_text(from), to, sizeof(to)))

static hf_status decode(struct hf_span payload, struct ticket *t)
{
	HF_BUF_SCOPED struct hf_buf hash = HF_BUF(CODE_HASH_LEN);
	JSON_SCOPED struct json_t *doc = NULL;
	struct claims c = { 0 };

	HF_TRY(json_parse(payload, TICKET_TEXT_MAX, &doc, NULL));
	HF_TRY(read_claims(doc, &c));
	COPY(t->id, c.id);
	COPY(t->org_id, c.org_id);
	COPY(t->identity_id, c.identity_id);
	COPY(t->username, c.username);
	COPY(t->credential_kind, c.credential_kind);
	COPY(t->credential_id, c.credential_id);
	COPY(t->code_kind, c.code_kind);
	HF_TRY(hf_unhex(hf_span_text(c.code_hash), &hash));
	HF_ENSURE(hash.len == CODE_HASH_LEN && c.issued > 0, HF_INVALID);
	memcpy(t->code_hash, hash.ptr, CODE_HASH_LEN);
	t->issued_ms = c.issued;
	return HF_SUCCESS;
}

hf_status ticket_open(const struct hf_secret *mac, enum ticket_kind kind, const char *text,
                      int64_t now_ms, struct ticket *ret, struct hf_buf *challenge,
                      struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(TICKET_TEXT_MAX);
	struct seal seal = seal_of(mac, kind);
	struct ticket t = { .kind = kind };

	if (!text || strlen(text) > TICKET_TEXT_MAX ||
	    !hf_ok(seal_open(&seal, hf_span_text(text), &payload)) ||
	    !hf_ok(decode(hf_buf_span(&payload), &t)))
		return hf_fail(err, HF_INVALID, INVALID_TEXT);
	if (now_ms > expires_ms(&t) || now_ms < t.issued_ms - GRACE_MS)
		return hf_fail(err, HF_INVALID, INVALID_TEXT " It has expired: begin again.");
	HF_TRY(put_challenge(hf_span_text(text), challenge));
	*ret = t;
	return HF_SUCCESS;
}

hf_status ticket_spend(struct db *db, const struct ticket *t, struct hf_err *err)
{
	hf_status s = action_row_spend(db, t->id, expires_ms(t) + GRACE_MS);

	if (s.code == HF_EXISTS || s.code == HF_TIMEOUT)
		return hf_fail(err, HF_INVALID, INVALID_TEXT " It was used already: begin again.");
	return s;
}
