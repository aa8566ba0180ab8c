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

static hf_status use_secret(const char *given, int64_t size, struct app_row *row,
                            struct hf_buf *json, struct hf_err *err)
{
	char secret[2 * APP_SECRET_BYTES_MAX + 1];
	struct json_writer w = JSON_WRITER(json);
	hf_status s;

	size = size ? size : APP_SECRET_BYTES;
	if (size < APP_SECRET_BYTES_MIN || size > APP_SECRET_BYTES_MAX)
		return hf_fail(err, HF_INVALID, "secret_size: from %d to %d bytes",
		               APP_SECRET_BYTES_MIN, APP_SECRET_BYTES_MAX);
	if (given) {
		HF_TRY(check_secret(given, err));
		snprintf(secret, sizeof(secret), "%s", given);
	} else {
		HF_TRY(make_secret(size, secret, sizeof(secret)));
	}
	json_open_object(&w, NULL);
	json_text(&w, "secret", secret);
	json_close_object(&w);
	s = sha256(hf_span_text(secret), row->proof);
	hf_wipe(secret, sizeof(secret));
	row->credential_kind = APP_SECRET;
	row->has_proof = true;
	return s;
}

static hf_status use_certificate(const char *base64, struct app_row *row, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf der = HF_BUF(CLIENT_CERT_MAX);

	if (!base64 || !hf_ok(hf_unbase64(hf_span_text(base64), &der)))
		return hf_fail(err, HF_INVALID, "certificate: expected DER in base64");
	HF_TRY(client_cert_until(hf_buf_span(&der), &row->certificate_until_s, err));
	HF_TRY(sha256(hf_buf_span(&der), row->proof));
	row->credential_kind = APP_CERTIFICATE;
	row->has_proof = true;
	return HF_SUCCESS;
}

static hf_status use_authority(const struct json_t *ca, struct app_row *row, struct hf_err *err)
{
	HF_TRY(trusted_ca_check(ca, &row->certificate_until_s, err));
	row->credential_kind = APP_TRUSTED_CA;
	return HF_SUCCESS;
}

static hf_status use_jwt(const struct json_t *jwt, struct app_row *row, struct hf_err *err)
{
	HF_TRY(app_jwt_check_trust(jwt, err));
	row->credential_kind = APP_SIGNED_JWT;
	return HF_SUCCESS;
}

static hf_status choose(const struct json_t *from, const char *kind, const struct json_t *value,
                        struct app_row *row, struct hf_err *err)
{
	if (strcmp(kind, "certificate") == 0)
		return use_certificate(json_value_text(value), row, err);
	if (strcmp(kind, "trustedca") == 0)
		return use_authority(value, row, err);
	if (strcmp(kind, "signedjwt") == 0)
		return use_jwt(value, row, err);
	return hf_fail(err, HF_UNSUPPORTED,
	               "credential: \"%.32s\" is not supported; secret, certificate, trustedca and "
	               "signedjwt are",
	               kind);
}

hf_status app_credential_make(const struct json_t *request, int64_t secret_size, int64_t now_ms,
                              struct app_row *row, struct hf_buf *json, struct hf_err *err)
{
	struct json_t *value = NULL, *more;
	void *at = NULL;
	const char *kind = request ? json_member_next(request, &at, &value) : NULL;
	const char *given = json_value_text(value);

	row->credential_ms = now_ms;
	row->has_proof = false;
	row->certificate_until_s = 0;
	if (request && !kind)
		return hf_fail(err, HF_INVALID, "credential: expected an object with one member");
	if (kind && json_member_next(request, &at, &more))
		return hf_fail(err, HF_UNSUPPORTED,
		               "credential: one proof for each app; several (\"all\") are not "
		               "supported");
	if (!kind || hf_span_is(hf_span_text(kind), "secret"))
		return use_secret(given && *given ? given : NULL, secret_size, row, json, err);
	HF_TRY(choose(request, kind, value, row, err));
	HF_TRY(json_canonical(request, json));
	if (json->len > APP_CREDENTIAL_MAX)
		return hf_fail(err, HF_TOOBIG, "credential: at most %u bytes", APP_CREDENTIAL_MAX);
	return HF_SUCCESS;
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

hf_status app_secret_check(const struct app_row *app, struct hf_span secret)
{
	uint8_t hash[SHA256_LEN];

	HF_ENSURE(app->credential_kind == APP_SECRET && app->has_proof, HF_UNAUTHENTIC);
	HF_TRY(sha256(secret, hash));
	HF_ENSURE(hf_equal_ct(hash, app->proof, sizeof(hash)), HF_UNAUTHENTIC);
	return HF_SUCCESS;
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

hf_status app_certificate_check(const struct app_row *app, struct hf_span shown, int64_t now_ms,
                                struct hf_err *err)
{
	uint8_t hash[SHA256_LEN];
	struct hf_span own;

	HF_ENSURE(app->credential_kind == APP_CERTIFICATE && app->has_proof, HF_UNAUTHENTIC);
	HF_ENSURE(hf_ok(leaf(shown, &own)), HF_UNAUTHENTIC);
	HF_TRY(sha256(own, hash));
	HF_ENSURE(hf_equal_ct(hash, app->proof, sizeof(hash)), HF_UNAUTHENTIC);
	return client_cert_within_dates(own, now_ms, err);
}
