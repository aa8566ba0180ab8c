/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/user_action.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "json/write.h"

#include <string.h>

#define DENIED_TEXT "user action signature is missing or invalid"
#define CLAIMS_MAX 6144

/* A commitment as it stands in sealed text; the last four only in a user action token. */
struct claims {
	const char *id, *org, *identity, *method, *path, *payload;
	int64_t issued_ms;
	struct json_t *credentials;
	int64_t expires_ms;
	const char *by, *client_data, *signature;
};

static const struct json_field claim_fields[] = {
	{ "jti", JSON_READ_TEXT, offsetof(struct claims, id), true, false, 1, HF_ID_MAX - 1 },
	{ "iat", JSON_READ_INT, offsetof(struct claims, issued_ms), true, false, 1, INT64_MAX / 2 },
	{ "org", JSON_READ_TEXT, offsetof(struct claims, org), true },
	{ "sub", JSON_READ_TEXT, offsetof(struct claims, identity), true },
	{ "cred", JSON_READ_ARRAY, offsetof(struct claims, credentials), true, false, 1,
	  CALLER_CREDENTIALS_MAX },
	{ "method", JSON_READ_TEXT, offsetof(struct claims, method), true },
	{ "path", JSON_READ_TEXT, offsetof(struct claims, path), true },
	{ "payload", JSON_READ_TEXT, offsetof(struct claims, payload), true },
	{ "exp", JSON_READ_INT, offsetof(struct claims, expires_ms) },
	{ "by", JSON_READ_TEXT, offsetof(struct claims, by) },
	{ "clientData", JSON_READ_TEXT, offsetof(struct claims, client_data) },
	{ "signature", JSON_READ_TEXT, offsetof(struct claims, signature) },
};
enum { CHALLENGE_FIELDS = 8, ACTION_FIELDS = HF_COUNT(claim_fields) };

static hf_status read_claims(const struct seal *seal, const char *text, size_t n_fields,
                             struct json_t **doc, struct claims *ret)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(CLAIMS_MAX);

	HF_TRY(seal_open(seal, hf_span_text(text), &payload));
	HF_TRY(json_parse(hf_buf_span(&payload), CLAIMS_MAX, doc, NULL));
	HF_TRY(json_read(*doc, claim_fields, n_fields, ret, NULL));
	for (size_t i = 0; i < json_count(ret->credentials); i++)
		HF_ENSURE(json_value_text(json_element(ret->credentials, i)), HF_INVALID);
	return HF_SUCCESS;
}

/* The challenge: SHA-256 over each field with its length before it, in hex, in base64url. */
static hf_status challenge_of(const struct claims *c, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf fields = HF_BUF(CLAIMS_MAX);
	uint8_t hash[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	const char *const texts[] = {
		"holdfast user action 1", c->id, c->org, c->identity, c->method, c->path, c->payload
	};

	for (size_t i = 0; i < HF_COUNT(texts); i++)
		hf_buf_field(&fields, hf_span_text(texts[i]));
	hf_buf_u64(&fields, (uint64_t)c->issued_ms);
	for (size_t i = 0; i < json_count(c->credentials); i++)
		hf_buf_field(&fields,
		             hf_span_text(json_value_text(json_element(c->credentials, i))));
	HF_TRY(hf_buf_status(&fields));
	HF_TRY(sha256(hf_buf_span(&fields), hash));
	hf_hex(hash, sizeof(hash), hex);
	hf_buf_base64url(to, HF_SPAN(hex, 2 * SHA256_LEN));
	return hf_buf_status(to);
}

static void write_commitment(struct json_writer *w, const struct claims *c)
{
	json_text(w, "jti", c->id);
	json_int(w, "iat", c->issued_ms);
	json_text(w, "org", c->org);
	json_text(w, "sub", c->identity);
	json_open_array(w, "cred");
	for (size_t i = 0; i < json_count(c->credentials); i++)
		json_text(w, NULL, json_value_text(json_element(c->credentials, i)));
	json_close_array(w);
	json_text(w, "method", c->method);
	json_text(w, "path", c->path);
	json_text(w, "payload", c->payload);
}

static hf_status check_action(const struct user_action *a, struct hf_err *err)
{
	static const char *const methods[] = { "POST", "PUT", "DELETE", "GET", "PATCH" };
	bool known = false;

	for (size_t i = 0; i < HF_COUNT(methods) && !known; i++)
		known = strcmp(a->method, methods[i]) == 0;
	if (!known)
		return hf_fail(
		        err, HF_INVALID,
		        "field \"userActionHttpMethod\": expected POST, PUT, DELETE, PATCH or GET");
	if (a->path[0] != '/' || strlen(a->path) > USER_ACTION_PATH_MAX)
		return hf_fail(
		        err, HF_INVALID,
		        "field \"userActionHttpPath\": expected a path that begins with \"/\", "
		        "of at most %d characters",
		        USER_ACTION_PATH_MAX);
	return HF_SUCCESS;
}

static hf_status credential_list(const struct caller *caller, struct json_t **ret)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CALLER_CREDENTIALS_MAX * (CREDENTIAL_ID_MAX + 8));
	struct json_writer w = JSON_WRITER(&text);

	json_open_array(&w, NULL);
	for (size_t i = 0; i < caller->n_credentials; i++)
		json_text(&w, NULL, caller->credentials[i].id);
	json_close_array(&w);
	HF_TRY(hf_buf_status(&text));
	return json_parse(hf_buf_span(&text), text.len, ret, NULL);
}

hf_status user_action_begin(const struct seal *challenges, const struct caller *caller,
                            const struct user_action *action, int64_t now_ms,
                            struct hf_buf *challenge, struct hf_buf *identifier, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CLAIMS_MAX);
	JSON_SCOPED struct json_t *credentials = NULL;
	struct json_writer w = JSON_WRITER(&text);
	char id[HF_ID_MAX], payload[2 * PAYLOAD_HASH_LEN + 1];
	struct claims c = {
		.id = id,
		.issued_ms = now_ms,
		.org = caller->org_id,
		.identity = caller->identity_id,
		.method = action->method,
		.path = action->path,
		.payload = payload,
	};

	HF_TRY(check_action(action, err));
	if (!caller->n_credentials)
		return hf_fail(
		        err, HF_UNAUTHENTIC,
		        "User does not have a credential that can be used for the application.");
	HF_TRY(credential_list(caller, &credentials));
	c.credentials = credentials;
	hf_id_new("ua", id);
	hf_hex(action->payload.bytes, PAYLOAD_HASH_LEN, payload);
	json_open_object(&w, NULL);
	write_commitment(&w, &c);
	json_close_object(&w);
	HF_TRY(hf_buf_status(&text));
	HF_TRY(challenge_of(&c, challenge));
	return seal_put(challenges, hf_buf_span(&text), identifier);
}

/* Client data: what the credential really signed (facts: any order of members, others beside them).
 */
static hf_status check_client_data(struct hf_span bytes, const struct claims *c, struct hf_err *err)
{
	struct {
		const char *type, *challenge;
	} data = { 0 };
	static const struct json_field fields[] = {
		{ "type", JSON_READ_TEXT, 0, true },
		{ "challenge", JSON_READ_TEXT, sizeof(char *), true },
	};
	HF_BUF_SCOPED struct hf_buf expected = HF_BUF(128);
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(hf_context(err, json_parse(bytes, CLIENT_DATA_MAX, &doc, err), "clientData"));
	HF_TRY(hf_context(err, json_read_some(doc, fields, HF_COUNT(fields), &data, err),
	                  "clientData"));
	if (strcmp(data.type, "key.get") != 0)
		return hf_fail(err, HF_INVALID, "clientData: expected \"type\" to be \"key.get\"");
	HF_TRY(challenge_of(c, &expected));
	if (!hf_span_is(hf_buf_span(&expected), data.challenge))
		return hf_fail(
		        err, HF_INVALID,
		        "clientData: \"challenge\" is not the one of this challengeIdentifier");
	return HF_SUCCESS;
}

static bool lists(const struct json_t *credentials, const char *id)
{
	for (size_t i = 0; i < json_count(credentials); i++)
		if (strcmp(json_value_text(json_element(credentials, i)), id) == 0)
			return true;
	return false;
}

static hf_status check_proof(const struct caller *caller, const struct claims *c,
                             const struct user_action_proof *proof, struct hf_err *err)
{
	const struct caller_credential *credential =
	        caller_credential(caller, proof->credential_id);

	if (!credential || !lists(c->credentials, proof->credential_id))
		return hf_fail(
		        err, HF_UNAUTHENTIC,
		        "User does not have a credential that can be used for the application.");
	HF_TRY(check_client_data(proof->client_data, c, err));
	if (!hf_ok(credential_verify(credential->key, proof->client_data, proof->signature)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the signature of credential %s over clientData does not verify",
		               credential->id);
	return HF_SUCCESS;
}

static hf_status put_token(const struct seal *actions, const struct claims *c,
                           const struct user_action_proof *proof, int64_t now_ms, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CLAIMS_MAX);
	HF_BUF_SCOPED struct hf_buf b64 = HF_BUF(2 * CLIENT_DATA_MAX);
	struct json_writer w = JSON_WRITER(&text);

	json_open_object(&w, NULL);
	write_commitment(&w, c);
	json_int(&w, "exp", now_ms + USER_ACTION_LIFETIME_MS);
	json_text(&w, "by", proof->credential_id);
	hf_buf_base64url(&b64, proof->client_data);
	json_span(&w, "clientData", hf_buf_span(&b64));
	hf_buf_clear(&b64);
	hf_buf_base64url(&b64, proof->signature);
	json_span(&w, "signature", hf_buf_span(&b64));
	json_close_object(&w);
	HF_TRY(hf_buf_status(&text));
	return seal_put(actions, hf_buf_span(&text), to);
}

hf_status user_action_finish(const struct seal *challenges, const struct seal *actions,
                             const struct caller *caller, const char *identifier,
                             const struct user_action_proof *proof, int64_t now_ms,
                             struct hf_buf *token, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct claims c = { 0 };

	if (!hf_ok(read_claims(challenges, identifier, CHALLENGE_FIELDS, &doc, &c)) ||
	    strcmp(c.identity, caller->identity_id) != 0 || strcmp(c.org, caller->org_id) != 0)
		return hf_fail(err, HF_INVALID, "Challenge token is not valid.");
	if (now_ms > c.issued_ms + CHALLENGE_LIFETIME_MS)
		return hf_fail(err, HF_INVALID,
		               "Challenge token is not valid. It has expired: begin the user "
		               "action again.");
	HF_TRY(check_proof(caller, &c, proof, err));
	return put_token(actions, &c, proof, now_ms, token);
}

static bool same_path(const char *committed, const struct user_action *action, const char *target)
{
	return strcmp(committed, action->path) == 0 || strcmp(committed, target) == 0;
}

hf_status user_action_check(const struct seal *actions, const struct caller *caller,
                            const char *token, const struct user_action *action, const char *target,
                            int64_t now_ms, struct hf_buf *proof, struct user_action_spent *ret,
                            struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	char payload[2 * PAYLOAD_HASH_LEN + 1];
	struct claims c = { 0 };

	hf_hex(action->payload.bytes, PAYLOAD_HASH_LEN, payload);
	if (!token || !hf_ok(read_claims(actions, token, ACTION_FIELDS, &doc, &c)) ||
	    strcmp(c.identity, caller->identity_id) != 0 || strcmp(c.org, caller->org_id) != 0 ||
	    !caller_credential(caller, c.by ? c.by : "") || now_ms > c.expires_ms ||
	    strcmp(c.method, action->method) != 0 || !same_path(c.path, action, target) ||
	    strcmp(c.payload, payload) != 0)
		return hf_fail(err, HF_DENIED, DENIED_TEXT);
	HF_TRY(json_canonical(doc, proof));
	hf_ignore(hf_span_to_text(hf_span_text(c.id), ret->id, sizeof(ret->id)));
	ret->forget_ms = c.issued_ms + USER_ACTION_MEMORY_MS;
	return HF_SUCCESS;
}
