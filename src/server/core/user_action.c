/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/user_action.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "json/read.h"

#include <string.h>

#define DENIED_TEXT "user action signature is missing or invalid"
#define NO_CREDENTIAL_TEXT "User does not have a credential that can be used for the application."
#define VERSION 1
#define METHOD_MAX 8
#define COMMITMENT_MAX 4096

/* What a challenge stands for. Spans point into the bytes it was read from, which are `encoded`. */
struct commitment {
	struct hf_span encoded;
	char id[HF_ID_MAX];
	struct hf_span org, identity, method, path, payload;
	int64_t issued_ms;
	struct hf_span credentials[CALLER_CREDENTIALS_MAX];
	size_t n_credentials;
};

static void put_text(struct hf_buf *to, const char *text)
{
	hf_buf_field(to, hf_span_text(text));
}

static void commitment_encode(struct hf_buf *to, const struct caller *caller,
                              const struct user_action *action, int64_t now_ms)
{
	char id[HF_ID_MAX];

	hf_id_new("ua", id);
	hf_buf_u8(to, VERSION);
	put_text(to, id);
	put_text(to, caller->org_id);
	put_text(to, caller->identity_id);
	put_text(to, action->method);
	put_text(to, action->path);
	hf_buf_field(to, HF_SPAN(action->payload.bytes, PAYLOAD_HASH_LEN));
	hf_buf_u64(to, (uint64_t)now_ms);
	hf_buf_u8(to, (uint8_t)caller->n_credentials);
	for (size_t i = 0; i < caller->n_credentials; i++)
		put_text(to, caller->credentials[i].id);
}

static hf_status commitment_decode(struct hf_span from, struct commitment *ret)
{
	struct hf_reader r = hf_reader(from);
	struct commitment c = { .encoded = from };
	uint64_t issued;

	HF_ENSURE(hf_read_u8(&r) == VERSION, HF_INVALID);
	hf_read_text(&r, c.id, sizeof(c.id));
	c.org = hf_read_field(&r, HF_ID_MAX);
	c.identity = hf_read_field(&r, HF_ID_MAX);
	c.method = hf_read_field(&r, METHOD_MAX);
	c.path = hf_read_field(&r, USER_ACTION_PATH_MAX);
	c.payload = hf_read_field(&r, PAYLOAD_HASH_LEN);
	issued = hf_read_u64(&r);
	c.n_credentials = hf_read_u8(&r);
	HF_ENSURE(issued <= INT64_MAX / 2 && c.n_credentials <= CALLER_CREDENTIALS_MAX, HF_INVALID);
	c.issued_ms = (int64_t)issued;
	for (size_t i = 0; i < c.n_credentials; i++)
		c.credentials[i] = hf_read_field(&r, CREDENTIAL_ID_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(hf_id_valid("ua", c.id) && c.payload.len == PAYLOAD_HASH_LEN, HF_INVALID);
	*ret = c;
	return HF_SUCCESS;
}

static bool is_callers(const struct commitment *c, const struct caller *caller)
{
	return hf_span_is(c->identity, caller->identity_id) && hf_span_is(c->org, caller->org_id);
}

/* SHA-256 of a label and the commitment, in hex, in base64url. */
static hf_status challenge_of(struct hf_span commitment, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(COMMITMENT_MAX + 64);
	uint8_t hash[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	put_text(&text, USER_ACTION_LABEL);
	hf_buf_put(&text, commitment.ptr, commitment.len);
	HF_TRY(hf_buf_status(&text));
	HF_TRY(sha256(hf_buf_span(&text), hash));
	hf_hex(hash, sizeof(hash), hex);
	hf_buf_base64url(to, HF_SPAN(hex, 2 * SHA256_LEN));
	return hf_buf_status(to);
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

hf_status user_action_begin(const struct seal *challenges, const struct caller *caller,
                            const struct user_action *action, int64_t now_ms,
                            struct hf_buf *challenge, struct hf_buf *identifier, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf commitment = HF_BUF(COMMITMENT_MAX);

	HF_TRY(check_action(action, err));
	if (!caller->n_credentials)
		return hf_fail(err, HF_UNAUTHENTIC, NO_CREDENTIAL_TEXT);
	commitment_encode(&commitment, caller, action, now_ms);
	HF_TRY(hf_buf_status(&commitment));
	HF_TRY(challenge_of(hf_buf_span(&commitment), challenge));
	return seal_put(challenges, hf_buf_span(&commitment), identifier);
}

/* Client data: what the credential really signed (facts: any order of members, others beside them).
 */
static hf_status check_client_data(struct hf_span bytes, const struct commitment *c,
                                   struct hf_err *err)
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
	HF_TRY(challenge_of(c->encoded, &expected));
	if (!hf_span_is(hf_buf_span(&expected), data.challenge))
		return hf_fail(
		        err, HF_INVALID,
		        "clientData: \"challenge\" is not the one of this challengeIdentifier");
	return HF_SUCCESS;
}

static bool lists(const struct commitment *c, const char *credential)
{
	for (size_t i = 0; i < c->n_credentials; i++)
		if (hf_span_is(c->credentials[i], credential))
			return true;
	return false;
}

static hf_status check_proof(const struct caller *caller, const struct commitment *c,
                             const struct user_action_proof *proof, struct hf_err *err)
{
	const struct caller_credential *credential =
	        caller_credential(caller, proof->credential_id);

	if (!credential || !lists(c, proof->credential_id))
		return hf_fail(err, HF_UNAUTHENTIC, NO_CREDENTIAL_TEXT);
	HF_TRY(check_client_data(proof->client_data, c, err));
	if (!hf_ok(credential_verify(credential->key, proof->client_data, proof->signature)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the signature of credential %s over clientData does not verify",
		               credential->id);
	return HF_SUCCESS;
}

static hf_status put_token(const struct seal *actions, const struct commitment *c,
                           const struct user_action_proof *proof, int64_t now_ms, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(USER_ACTION_PROOF_MAX);

	hf_buf_field(&payload, c->encoded);
	hf_buf_u64(&payload, (uint64_t)(now_ms + USER_ACTION_LIFETIME_MS));
	put_text(&payload, proof->credential_id);
	hf_buf_field(&payload, proof->client_data);
	hf_buf_field(&payload, proof->signature);
	HF_TRY(hf_buf_status(&payload));
	return seal_put(actions, hf_buf_span(&payload), to);
}

hf_status user_action_finish(const struct seal *challenges, const struct seal *actions,
                             const struct caller *caller, const char *identifier,
                             const struct user_action_proof *proof, int64_t now_ms,
                             struct hf_buf *token, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(COMMITMENT_MAX);
	struct commitment c;

	if (!hf_ok(seal_open(challenges, hf_span_text(identifier), &payload)) ||
	    !hf_ok(commitment_decode(hf_buf_span(&payload), &c)) || !is_callers(&c, caller))
		return hf_fail(err, HF_INVALID, "Challenge token is not valid.");
	if (now_ms > c.issued_ms + CHALLENGE_LIFETIME_MS)
		return hf_fail(err, HF_INVALID,
		               "Challenge token is not valid. It has expired: begin the user "
		               "action again.");
	HF_TRY(check_proof(caller, &c, proof, err));
	return put_token(actions, &c, proof, now_ms, token);
}

/* A user action token's payload, as it is kept for proof. */
struct token {
	struct commitment commitment;
	int64_t expires_ms;
	char by[CREDENTIAL_ID_MAX];
};

static hf_status token_decode(struct hf_span payload, struct token *ret)
{
	struct hf_reader r = hf_reader(payload);
	struct token t = { 0 };

	HF_TRY(commitment_decode(hf_read_field(&r, COMMITMENT_MAX), &t.commitment));
	t.expires_ms = (int64_t)hf_read_u64(&r);
	hf_read_text(&r, t.by, sizeof(t.by));
	hf_read_field(&r, CLIENT_DATA_MAX);
	hf_read_field(&r, CREDENTIAL_SIGNATURE_MAX);
	HF_TRY(hf_reader_end(&r));
	*ret = t;
	return HF_SUCCESS;
}

static bool is_for(const struct commitment *c, const struct user_action *action, const char *target)
{
	return hf_span_is(c->method, action->method) &&
	       (hf_span_is(c->path, action->path) || hf_span_is(c->path, target)) &&
	       hf_span_equal(c->payload, HF_SPAN(action->payload.bytes, PAYLOAD_HASH_LEN));
}

hf_status user_action_check(const struct seal *actions, const struct caller *caller,
                            const char *token, const struct user_action *action, const char *target,
                            int64_t now_ms, struct hf_buf *proof, struct user_action_spent *ret,
                            struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(USER_ACTION_PROOF_MAX);
	struct token t;

	if (!token || !hf_ok(seal_open(actions, hf_span_text(token), &payload)) ||
	    !hf_ok(token_decode(hf_buf_span(&payload), &t)) || !is_callers(&t.commitment, caller) ||
	    !caller_credential(caller, t.by) || now_ms > t.expires_ms ||
	    !is_for(&t.commitment, action, target))
		return hf_fail(err, HF_DENIED, DENIED_TEXT);
	hf_buf_put(proof, payload.ptr, payload.len);
	HF_TRY(hf_buf_status(proof));
	memcpy(ret->id, t.commitment.id, sizeof(ret->id));
	ret->forget_ms = t.commitment.issued_ms + USER_ACTION_MEMORY_MS;
	return HF_SUCCESS;
}
