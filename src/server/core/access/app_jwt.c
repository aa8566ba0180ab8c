/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/app_jwt.h"

#include "server/core/access/app_credentials.h"

#include "base/text.h"
#include "server/core/access/trusted_ca.h"

#include <string.h>

#define CREDENTIAL_MAX (64u << 10)

struct app_jwt {
	char *token;
	struct jwt jwt;
	struct json_t *credential;
	const struct json_t *trust; /* in it */
};

static const struct json_t *keys_of(const struct json_t *trust)
{
	return json_member(trust, "signing_keys");
}

static bool is_fetched(const struct json_t *keys)
{
	const char *kind = json_member_text(keys, "kind");

	return kind && strcmp(kind, "fetched") == 0;
}

static hf_status check_issuers(const struct json_t *trust, struct hf_err *err)
{
	const struct json_t *issuers = json_member(trust, "valid_issuers");

	for (size_t i = 0; i < json_count(issuers); i++) {
		const char *one = json_value_text(json_element(issuers, i));

		if (!one || !*one)
			return hf_fail(err, HF_INVALID, "valid_issuers: expected texts");
	}
	if (!json_count(issuers) || json_count(issuers) > 32)
		return hf_fail(err, HF_INVALID,
		               "valid_issuers: name whose tokens are accepted, 32 at most");
	return HF_SUCCESS;
}

static hf_status check_fetched(const struct json_t *keys, struct hf_err *err)
{
	const char *url = json_member_text(keys, "url");
	int64_t cache = json_value_int(json_member(keys, "cache_duration"));

	/* what the server's configuration allows is looked at when they are fetched */
	if (!url || strlen(url) > JWKS_URL_MAX ||
	    (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
		return hf_fail(err, HF_INVALID,
		               "signing_keys: expected a \"url\", https://…, of at most %d "
		               "characters",
		               JWKS_URL_MAX);
	if (cache < 1 || cache > JWKS_CACHE_MAX_S)
		return hf_fail(err, HF_INVALID, "signing_keys: cache_duration has 1 to %d seconds",
		               JWKS_CACHE_MAX_S);
	return HF_SUCCESS;
}

hf_status app_jwt_check_trust(const struct json_t *trust, struct hf_err *err)
{
	const struct json_t *keys = keys_of(trust);
	HF_CLEANUP(jwks_set_free_at) struct jwks_set *set = NULL;

	HF_TRY(check_issuers(trust, err));
	if (json_member(trust, "private_claims_policy"))
		return hf_fail(err, HF_UNSUPPORTED, "private_claims_policy is not supported");
	if (is_fetched(keys))
		return check_fetched(keys, err);
	return jwks_set_read(json_member(keys, "keys"), true, &set, err);
}

hf_status app_jwt_subject(const char *token, char ret[HF_UUID_MAX])
{
	JWT_SCOPED j = { 0 };
	const char *subject;

	HF_TRY(jwt_parse(token, &j));
	subject = json_member_text(j.claims, "sub");
	HF_ENSURE(subject && hf_uuid_valid(subject), HF_INVALID);
	return hf_span_to_text(hf_span_text(subject), ret, HF_UUID_MAX);
}

static bool among(const struct json_t *list, const char *text)
{
	for (size_t i = 0; i < json_count(list); i++) {
		const char *one = json_value_text(json_element(list, i));

		if (one && text && strcmp(one, text) == 0)
			return true;
	}
	return false;
}

static hf_status not_for(struct hf_err *err, const char *claim)
{
	return hf_fail(err, HF_UNAUTHENTIC, "this JWT's \"%s\" is not what this app trusts", claim);
}

static hf_status check_claims(const struct app_jwt *j, const char *app_id, struct hf_err *err)
{
	const struct json_t *claims = j->jwt.claims, *audience = json_member(claims, "aud");
	const char *subject = json_member_text(claims, "sub"), *one = json_value_text(audience);
	char uuid[HF_UUID_MAX];

	HF_TRY(hf_uuid_of_id(app_id, uuid));
	if (!subject || strcmp(subject, uuid) != 0)
		return not_for(err, "sub");
	if (!among(json_member(j->trust, "valid_issuers"), json_member_text(claims, "iss")))
		return not_for(err, "iss");
	if (audience && !(one && strcmp(one, uuid) == 0) && !among(audience, uuid))
		return not_for(err, "aud");
	return HF_SUCCESS;
}

static hf_status fill(struct app_jwt *j, struct hf_span credential, const char *token)
{
	j->token = hf_strdup(token);
	HF_ENSURE(j->token, HF_NOMEM);
	HF_TRY(json_parse(credential, CREDENTIAL_MAX, &j->credential, NULL));
	j->trust = app_credential_part(j->credential, "signedjwt");
	return jwt_parse(j->token, &j->jwt);
}

hf_status app_jwt_new(struct hf_span credential, const char *app_id, const char *token,
                      struct app_jwt **ret, struct hf_err *err)
{
	struct app_jwt *j = calloc(1, sizeof(*j));
	hf_status s;

	HF_ENSURE(j, HF_NOMEM);
	s = fill(j, credential, token);
	if (hf_ok(s))
		s = check_claims(j, app_id, err);
	if (!hf_ok(s)) {
		app_jwt_free(j);
		return s;
	}
	*ret = j;
	return HF_SUCCESS;
}

void app_jwt_free(struct app_jwt *j)
{
	if (!j)
		return;
	jwt_done(&j->jwt);
	json_done(j->credential);
	free(j->token);
	free(j);
}

void app_jwt_wants(const struct app_jwt *j, struct jwks_wait *wait)
{
	const struct json_t *keys = keys_of(j->trust);

	if (!is_fetched(keys))
		return;
	wait->url = json_member_text(keys, "url");
	wait->kid = jwt_kid(&j->jwt);
	wait->cache_s = json_value_int(json_member(keys, "cache_duration"));
}

static bool is_number(const struct json_t *value)
{
	return json_value_is(value, JSON_READ_INT);
}

/* Seconds since 1970, so far as they can be milliseconds. */
static int64_t moment(const struct json_t *value)
{
	int64_t s = json_value_int(value);

	return s < 0 ? 0 : s > INT64_MAX / 2000 ? INT64_MAX / 2 : s * 1000;
}

static hf_status check_dates(const struct app_jwt *j, int64_t now_ms, int64_t *ret_expires_ms,
                             struct hf_err *err)
{
	const struct json_t *claims = j->jwt.claims, *from = json_member(claims, "nbf"),
	                    *until = json_member(claims, "exp");

	if (!is_number(until))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "this JWT does not say when it expires (\"exp\")");
	if (now_ms >= moment(until) + JWT_SKEW_MS)
		return hf_fail(err, HF_UNAUTHENTIC, "this JWT has expired");
	if (from && (!is_number(from) || now_ms + JWT_SKEW_MS < moment(from)))
		return hf_fail(err, HF_UNAUTHENTIC, "this JWT is not valid yet (\"nbf\")");
	*ret_expires_ms = moment(until) + JWT_SKEW_MS;
	return HF_SUCCESS;
}

hf_status app_jwt_check(const struct app_jwt *j, const struct jwks_set *set, int64_t now_ms,
                        int64_t *ret_expires_ms, struct hf_err *err)
{
	const struct json_t *keys = keys_of(j->trust);
	HF_CLEANUP(jwks_set_free_at) struct jwks_set *stored = NULL;
	const struct jwt_key *key;
	int64_t expires = 0;

	HF_TRY(check_dates(j, now_ms, &expires, err));
	if (!is_fetched(keys))
		HF_TRY(jwks_set_read(json_member(keys, "keys"), true, &stored, NULL));
	HF_ENSURE(stored || set, HF_UNAUTHENTIC);
	key = jwks_set_key(stored ? stored : set, jwt_kid(&j->jwt));
	if (!key)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "this JWT's signature is not by a key that this app trusts");
	HF_TRY(jwt_verify(&j->jwt, key, err));
	*ret_expires_ms = expires;
	return HF_SUCCESS;
}

hf_status app_authority_check(struct hf_span credential, struct hf_span shown, int64_t now_ms,
                              struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(json_parse(credential, CREDENTIAL_MAX, &doc, NULL));
	return trusted_ca_accepts(app_credential_part(doc, "trustedca"), shown, now_ms, err);
}
