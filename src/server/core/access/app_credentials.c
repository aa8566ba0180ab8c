/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/app_credentials.h"

#include "base/random.h"
#include "base/secret.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/client_cert.h"
#include "json/write.h"
#include "server/core/access/app_jwt.h"
#include "server/core/access/trusted_ca.h"

#include <stdio.h>
#include <string.h>

const char *app_credential_name(int kind)
{
	switch ((enum app_credential_kind)kind) {
	case APP_SECRET:
		return "Secret";
	case APP_CERTIFICATE:
		return "Certificate";
	case APP_TRUSTED_CA:
		return "TrustedCa";
	case APP_SIGNED_JWT:
		return "SignedJwt";
	}
	return "";
}

static hf_status make_secret(int64_t bytes, char *to, size_t cap)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(cap - 1);
	uint8_t random[APP_SECRET_BYTES_MAX];
	hf_status s;

	hf_random(random, (size_t)bytes);
	hf_buf_base64url(&text, HF_SPAN(random, bytes));
	hf_wipe(random, sizeof(random));
	s = hf_buf_status(&text);
	if (hf_ok(s))
		s = hf_span_to_text(hf_buf_span(&text), to, cap);
	hf_wipe(text.ptr, text.len);
	return s;
}

/* One of the caller's own has to be as hard to guess as ours. */
static hf_status check_secret(const char *secret, struct hf_err *err)
{
	size_t len = strlen(secret);

	if (len < APP_SECRET_BYTES_MIN || len > 2 * APP_SECRET_BYTES_MAX || strchr(secret, ':'))
		return hf_fail(err, HF_INVALID,
		               "a secret of your own has %d to %d characters and no colon; better "
		               "leave it out, and one is made",
		               APP_SECRET_BYTES_MIN, 2 * APP_SECRET_BYTES_MAX);
	return HF_SUCCESS;
}

/* One proof, read. */
struct made {
	enum app_credential_kind kind;
	bool has_proof;
	uint8_t proof[SHA256_LEN];
	int64_t until_s; /* of a certificate */
};

static hf_status check_size(int64_t *size, struct hf_err *err)
{
	if (!*size)
		*size = APP_SECRET_BYTES;
	if (*size < APP_SECRET_BYTES_MIN || *size > APP_SECRET_BYTES_MAX)
		return hf_fail(err, HF_INVALID, "secret_size: from %d to %d bytes",
		               APP_SECRET_BYTES_MIN, APP_SECRET_BYTES_MAX);
	return HF_SUCCESS;
}

static hf_status use_secret(const char *given, int64_t size, struct made *ret, struct hf_buf *json,
                            struct hf_err *err)
{
	char secret[2 * APP_SECRET_BYTES_MAX + 1];
	struct json_writer w = JSON_WRITER(json);
	hf_status s;

	HF_TRY(check_size(&size, err));
	if (given) {
		HF_TRY(check_secret(given, err));
		snprintf(secret, sizeof(secret), "%s", given);
	} else {
		HF_TRY(make_secret(size, secret, sizeof(secret)));
	}
	json_open_object(&w, NULL);
	json_text(&w, "secret", secret);
	json_close_object(&w);
	s = sha256(hf_span_text(secret), ret->proof);
	hf_wipe(secret, sizeof(secret));
	ret->kind = APP_SECRET;
	ret->has_proof = true;
	return s;
}

static hf_status use_certificate(const char *base64, struct made *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf der = HF_BUF(CLIENT_CERT_MAX);

	if (!base64 || !hf_ok(hf_unbase64(hf_span_text(base64), &der)))
		return hf_fail(err, HF_INVALID, "certificate: expected DER in base64");
	HF_TRY(client_cert_until(hf_buf_span(&der), &ret->until_s, err));
	HF_TRY(sha256(hf_buf_span(&der), ret->proof));
	ret->kind = APP_CERTIFICATE;
	ret->has_proof = true;
	return HF_SUCCESS;
}

static hf_status choose(const char *kind, const struct json_t *value, struct made *ret,
                        struct hf_err *err)
{
	if (strcmp(kind, "certificate") == 0)
		return use_certificate(json_value_text(value), ret, err);
	if (strcmp(kind, "trustedca") == 0) {
		ret->kind = APP_TRUSTED_CA;
		return trusted_ca_check(value, &ret->until_s, err);
	}
	if (strcmp(kind, "signedjwt") == 0) {
		ret->kind = APP_SIGNED_JWT;
		return app_jwt_check_trust(value, err);
	}
	return hf_fail(err, HF_UNSUPPORTED,
	               "credential: \"%.32s\" is not supported; secret, certificate, trustedca and "
	               "signedjwt are",
	               kind);
}

/* {"secret": {"size": 64}}, {"secret": "one's own"}: to be made, or to be kept. */
static hf_status read_secret(const struct json_t *value, int64_t size, struct made *ret,
                             struct hf_buf *json, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "size", JSON_READ_INT, 0, false, true, 0, 4096 },
	};
	const char *given = json_value_text(value);

	if (json_value_is(value, JSON_READ_OBJECT))
		HF_TRY(json_read(value, fields, HF_COUNT(fields), &size, err));
	return use_secret(given && *given ? given : NULL, size, ret, json, err);
}

/* An object with one member: appends the JSON that is stored. */
static hf_status make_one(const struct json_t *request, int64_t secret_size, struct made *ret,
                          struct hf_buf *json, struct hf_err *err)
{
	struct json_t *value = NULL, *more;
	void *at = NULL;
	const char *kind = json_value_is(request, JSON_READ_OBJECT)
	                           ? json_member_next(request, &at, &value)
	                           : NULL;

	*ret = (struct made){ 0 };
	if (!kind || json_member_next(request, &at, &more))
		return hf_fail(err, HF_INVALID, "credential: expected an object with one member");
	if (strcmp(kind, "secret") == 0)
		return read_secret(value, secret_size, ret, json, err);
	HF_TRY(choose(kind, value, ret, err));
	return json_canonical(request, json);
}

static void set_main(struct app_row *row, const struct made *m)
{
	row->credential_kind = m->kind;
	row->has_proof = m->has_proof;
	memcpy(row->proof, m->proof, sizeof(row->proof));
	if (m->until_s)
		row->certificate_until_s = m->until_s;
}

static void set_certificate(struct app_row *row, const struct made *m)
{
	row->certificate_kind = m->kind;
	row->is_pinned = m->has_proof;
	memcpy(row->certificate_proof, m->proof, sizeof(row->certificate_proof));
	row->certificate_until_s = m->until_s;
}

static bool is_certificate(const struct made *m)
{
	return m->kind == APP_CERTIFICATE || m->kind == APP_TRUSTED_CA;
}

/* Both have to be shown: a certificate in the handshake, the other in the request. */
static hf_status make_both(const struct json_t *list, int64_t secret_size, struct app_row *row,
                           struct hf_buf *json, struct hf_err *err)
{
	struct made m[2];

	if (!json_value_is(list, JSON_READ_ARRAY) || json_count(list) != HF_COUNT(m))
		return hf_fail(err, HF_INVALID, APP_BOTH_TEXT);
	hf_buf_text(json, "{\"all\":[");
	HF_TRY(make_one(json_element(list, 0), secret_size, &m[0], json, err));
	hf_buf_text(json, ",");
	HF_TRY(make_one(json_element(list, 1), secret_size, &m[1], json, err));
	hf_buf_text(json, "]}");
	if (is_certificate(&m[0]) == is_certificate(&m[1]))
		return hf_fail(err, HF_INVALID, APP_BOTH_TEXT);
	set_certificate(row, is_certificate(&m[0]) ? &m[0] : &m[1]);
	set_main(row, is_certificate(&m[0]) ? &m[1] : &m[0]);
	return hf_buf_status(json);
}

static hf_status make_any(const struct json_t *request, int64_t secret_size, struct app_row *row,
                          struct hf_buf *json, struct hf_err *err)
{
	struct json_t *all = json_member(request, "all"), *first;
	struct made made = { 0 };
	void *at = NULL;

	if (!request)
		HF_TRY(use_secret(NULL, secret_size, &made, json, err));
	else if (all && json_member_next(request, &at, &first) &&
	         !json_member_next(request, &at, &first))
		return make_both(all, secret_size, row, json, err);
	else
		HF_TRY(make_one(request, secret_size, &made, json, err));
	set_main(row, &made);
	return HF_SUCCESS;
}

hf_status app_credential_make(const struct json_t *request, int64_t secret_size, int64_t now_ms,
                              struct app_row *row, struct hf_buf *json, struct hf_err *err)
{
	row->credential_ms = now_ms;
	row->certificate_until_s = 0;
	row->certificate_kind = 0;
	row->is_pinned = false;
	HF_TRY(make_any(request, secret_size, row, json, err));
	if (json->len > APP_CREDENTIAL_MAX)
		return hf_fail(err, HF_TOOBIG, "credential: at most %u bytes", APP_CREDENTIAL_MAX);
	return HF_SUCCESS;
}

hf_status app_secret_renew(struct hf_span stored, int64_t secret_size, int64_t now_ms,
                           struct app_row *row, struct hf_buf *json, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	const struct json_t *all;
	struct made made = { 0 };
	bool two;

	HF_ENSURE(row->credential_kind == APP_SECRET, HF_STATE);
	HF_TRY(json_parse(stored, APP_CREDENTIAL_MAX, &doc, NULL));
	all = json_member(doc, "all");
	if (all)
		hf_buf_text(json, "{\"all\":[");
	for (size_t i = 0; i < json_count(all); i++)
		if (!json_member(json_element(all, i), "secret")) {
			HF_TRY(json_canonical(json_element(all, i), json));
			hf_buf_text(json, ",");
		}
	two = all;
	json_wipe(doc);
	HF_TRY(use_secret(NULL, secret_size, &made, json, err));
	if (two)
		hf_buf_text(json, "]}");
	row->credential_ms = now_ms;
	memcpy(row->proof, made.proof, sizeof(row->proof));
	return hf_buf_status(json);
}

const struct json_t *app_credential_part(const struct json_t *credential, const char *name)
{
	const struct json_t *all = json_member(credential, "all"), *part;

	for (size_t i = 0; i < json_count(all); i++) {
		part = json_member(json_element(all, i), name);
		if (part)
			return part;
	}
	return json_member(credential, name);
}

hf_status app_credential_seal(const struct hf_secret *key, const char *app_id, struct hf_span json,
                              struct hf_buf *to)
{
	return aead_seal(key, hf_span_text(app_id), json, to);
}

hf_status app_credential_open(const struct hf_secret *key, const char *app_id,
                              struct hf_span sealed, struct hf_secret *ret)
{
	hf_status s = aead_open(key, hf_span_text(app_id), sealed, ret);

	return s.code == HF_UNAUTHENTIC ? HF_FAILURE(HF_CORRUPT) : s;
}

static hf_status check_hash(struct hf_span shown, const uint8_t proof[SHA256_LEN])
{
	uint8_t hash[SHA256_LEN];

	HF_TRY(sha256(shown, hash));
	HF_ENSURE(hf_equal_ct(hash, proof, sizeof(hash)), HF_UNAUTHENTIC);
	return HF_SUCCESS;
}

hf_status app_secret_check(const struct app_row *app, struct hf_span secret)
{
	HF_ENSURE(app->credential_kind == APP_SECRET && app->has_proof, HF_UNAUTHENTIC);
	return check_hash(secret, app->proof);
}

hf_status app_previous_check(const struct app_row *app, struct hf_span secret, int64_t now_ms)
{
	HF_ENSURE(app->credential_kind == APP_SECRET && now_ms < app->previous_until_ms,
	          HF_UNAUTHENTIC);
	return check_hash(secret, app->previous_proof);
}

static hf_status leaf(struct hf_span shown, struct hf_span *ret)
{
	struct hf_reader r = hf_reader(shown);

	*ret = hf_read_field(&r, CLIENT_CERT_MAX);
	HF_ENSURE(!r.failed && ret->len, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status shown_leaf_hash(struct hf_span shown, uint8_t ret[SHA256_LEN])
{
	struct hf_span own;

	HF_TRY(leaf(shown, &own));
	return sha256(own, ret);
}

hf_status shown_leaf_until(struct hf_span shown, int64_t *ret_ms, struct hf_err *err)
{
	struct hf_span own;
	int64_t until_s;

	HF_TRY(leaf(shown, &own));
	HF_TRY(client_cert_until(own, &until_s, err));
	*ret_ms = until_s * 1000;
	return HF_SUCCESS;
}

hf_status shown_leaf_dates(struct hf_span shown, int64_t now_ms, struct hf_err *err)
{
	struct hf_span own;

	HF_TRY(leaf(shown, &own));
	return client_cert_within_dates(own, now_ms, err);
}

static const uint8_t *pinned(const struct app_row *app)
{
	if (app->credential_kind == APP_CERTIFICATE && app->has_proof)
		return app->proof;
	if (app->certificate_kind == APP_CERTIFICATE && app->is_pinned)
		return app->certificate_proof;
	return NULL;
}

hf_status app_certificate_check(const struct app_row *app, struct hf_span shown, int64_t now_ms,
                                struct hf_err *err)
{
	const uint8_t *proof = pinned(app);
	struct hf_span own;

	HF_ENSURE(proof && hf_ok(leaf(shown, &own)), HF_UNAUTHENTIC);
	HF_TRY(check_hash(own, proof));
	return client_cert_within_dates(own, now_ms, err);
}
