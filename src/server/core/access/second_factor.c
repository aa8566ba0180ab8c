/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/second_factor.h"

#include "base/random.h"
#include "base/secret.h"
#include "base/text.h"
#include "crypto/webauthn.h"
#include "server/core/people/enrollment.h"

#include <stdio.h>
#include <string.h>

#define CHALLENGE_BYTES 32

hf_status factor_challenge(struct db *db, const char *identity_id, const char *purpose,
                           const char *subject, int64_t now_ms, char ret[MFA_CHALLENGE_MAX])
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(MFA_CHALLENGE_MAX - 1);
	struct mfa_challenge_row row = { .identity_id = identity_id,
		                         .purpose = purpose,
		                         .subject = subject,
		                         .challenge = ret,
		                         .expires_ms = now_ms + FACTOR_CHALLENGE_MS };
	uint8_t random[CHALLENGE_BYTES];

	hf_random(random, sizeof(random));
	hf_buf_base64url(&text, HF_SPAN(random, sizeof(random)));
	HF_TRY(hf_buf_status(&text));
	HF_TRY(hf_span_to_text(hf_buf_span(&text), ret, MFA_CHALLENGE_MAX));
	HF_TRY(mfa_challenge_rows_forget(db, now_ms));
	return mfa_challenge_row_put(db, &row);
}

hf_status factor_challenge_take(struct db *db, const char *identity_id, const char *purpose,
                                const char *subject, int64_t now_ms, char ret[MFA_CHALLENGE_MAX])
{
	const struct mfa_challenge_row which = { .identity_id = identity_id,
		                                 .purpose = purpose,
		                                 .subject = subject };

	return mfa_challenge_row_take(db, &which, now_ms, ret);
}

/* ---- what a browser sends */

struct credential_fields {
	const char *id, *type;
	struct json_t *response;
};
struct response_fields {
	const char *client_data, *data, *signature;
};

static hf_status decode(const char *text, const char *name, struct hf_buf *to, struct hf_err *err)
{
	if (!text || !*text || !hf_ok(hf_unbase64(hf_span_text(text), to)))
		return hf_fail(err, HF_INVALID, "%s: expected bytes in base64url", name);
	return HF_SUCCESS;
}

/* In the one spelling by which it is stored. */
static hf_status read_id(const char *text, char to[CREDENTIAL_ID_MAX], struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(WEBAUTHN_ID_MAX);
	HF_BUF_SCOPED struct hf_buf id = HF_BUF(CREDENTIAL_ID_MAX - 1);

	HF_TRY(decode(text, "id", &bytes, err));
	hf_buf_base64url(&id, hf_buf_span(&bytes));
	HF_TRY(hf_buf_status(&id));
	return hf_span_to_text(hf_buf_span(&id), to, CREDENTIAL_ID_MAX);
}

static hf_status read_response(const struct json_t *response, bool new_device,
                               struct factor_proof *to, struct hf_err *err)
{
	const char *data = new_device ? "attestationObject" : "authenticatorData";
	const struct json_field fields[] = {
		{ "clientDataJSON", JSON_READ_TEXT, offsetof(struct response_fields, client_data),
		  true },
		{ data, JSON_READ_TEXT, offsetof(struct response_fields, data), true },
		{ "signature", JSON_READ_TEXT, offsetof(struct response_fields, signature),
		  !new_device },
	};
	struct response_fields in = { 0 };

	HF_TRY(json_read_some(response, fields, HF_COUNT(fields), &in, err));
	HF_TRY(decode(in.client_data, "clientDataJSON", &to->client_data, err));
	HF_TRY(decode(in.data, data, &to->data, err));
	return new_device ? HF_SUCCESS : decode(in.signature, "signature", &to->signature, err);
}

hf_status factor_proof_read(const struct json_t *credential, bool new_device,
                            struct factor_proof *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "id", JSON_READ_TEXT, offsetof(struct credential_fields, id), true },
		{ "type", JSON_READ_TEXT, offsetof(struct credential_fields, type), false, true },
		{ "response", JSON_READ_OBJECT, offsetof(struct credential_fields, response),
		  true },
	};
	struct credential_fields in = { 0 };

	*ret = (struct factor_proof){
		.client_data = HF_BUF(CLIENT_DATA_MAX),
		.data = HF_BUF(new_device ? WEBAUTHN_ATTESTATION_MAX : WEBAUTHN_AUTH_DATA_MAX),
		.signature = HF_BUF(CREDENTIAL_SIGNATURE_MAX),
	};
	if (!json_value_is(credential, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID,
		               "expected what the browser made of the authenticator's answer: "
		               "{\"id\", \"type\", \"response\": {…}}");
	HF_TRY(json_read_some(credential, fields, HF_COUNT(fields), &in, err));
	if (in.type && strcmp(in.type, "public-key") != 0)
		return hf_fail(err, HF_INVALID, "type: expected \"public-key\"");
	HF_TRY(read_id(in.id, ret->credential_id, err));
	return read_response(in.response, new_device, ret, err);
}

void factor_proof_done(struct factor_proof *p)
{
	hf_buf_done(&p->client_data);
	hf_buf_done(&p->data);
	hf_buf_done(&p->signature);
}

/* ---- devices */

hf_status factor_check(const struct relying_party *party, const struct mfa_device_row *device,
                       const struct factor_proof *proof, const char *challenge,
                       int64_t *ret_counter, struct hf_err *err)
{
	const struct assertion a = {
		.client_data = hf_buf_span(&proof->client_data),
		.authenticator_data = hf_buf_span(&proof->data),
		.signature = hf_buf_span(&proof->signature),
	};
	struct credential_key *key;
	uint32_t counter = 0;
	hf_status s;

	HF_TRY(credential_key_parse(hf_span_text(device->public_key), &key, err));
	s = assertion_check(party, CREDENTIAL_FIDO2, key, &a, hf_span_text(challenge), &counter,
	                    err);
	credential_key_free(key);
	HF_TRY(s);
	*ret_counter = counter;
	return HF_SUCCESS;
}

hf_status factor_used(struct db *db, const char *device_id, int64_t counter, int64_t now_ms,
                      struct hf_err *err)
{
	hf_status s = mfa_device_row_used(db, device_id, counter, now_ms);

	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_DENIED,
		               "the authenticator has counted so far before: there may be a copy "
		               "of it. Remove it, and register another");
	return s;
}

static hf_status check_room(struct db *db, const char *identity_id, struct hf_err *err)
{
	int64_t n;

	HF_TRY(mfa_device_rows_count(db, identity_id, &n));
	if (n >= FACTOR_DEVICES_MAX)
		return hf_fail(err, HF_STATE, "a user has at most %d devices: remove one first",
		               FACTOR_DEVICES_MAX);
	return HF_SUCCESS;
}

static hf_status fill_row(const struct factor_device *device, const struct enrolled *e,
                          int64_t now_ms, struct mfa_device_row *row)
{
	*row = (struct mfa_device_row){ .counter = e->counter, .created_ms = now_ms };
	hf_uuid_new(row->id);
	snprintf(row->identity_id, sizeof(row->identity_id), "%s", device->identity_id);
	HF_TRY(hf_span_to_text(hf_span_text(device->name), row->name, sizeof(row->name)));
	HF_TRY(hf_span_to_text(hf_span_text(e->id), row->credential_id,
	                       sizeof(row->credential_id)));
	HF_TRY(hf_span_to_text(hf_span_text(e->origin), row->origin, sizeof(row->origin)));
	return hf_span_to_text(hf_span_text(e->public_key), row->public_key,
	                       sizeof(row->public_key));
}

hf_status factor_device_add(struct db *db, const struct relying_party *party,
                            const struct factor_device *device, int64_t now_ms, struct hf_err *err)
{
	const struct enrollment new = {
		.kind = credential_kind_name(CREDENTIAL_FIDO2),
		.id = device->proof->credential_id,
		.client_data = hf_buf_span(&device->proof->client_data),
		.attestation = hf_buf_span(&device->proof->data),
	};
	struct enrolled enrolled;
	struct mfa_device_row row;
	hf_status s;

	HF_TRY(check_room(db, device->identity_id, err));
	HF_TRY(enrollment_check(party, &new, hf_span_text(device->challenge), &enrolled, err));
	HF_TRY(fill_row(device, &enrolled, now_ms, &row));
	s = mfa_device_row_insert(db, &row);
	if (s.code == HF_EXISTS)
		return hf_fail(err, HF_EXISTS,
		               "there is a device \"%s\", or this one is there already",
		               device->name);
	return s;
}

/* ---- recovery codes */

hf_status factor_codes_make(struct db *db, const char *org_id, const char *identity_id,
                            char ret[FACTOR_CODES][CODE_TEXT_MAX])
{
	HF_TRY(code_rows_withdraw(db, identity_id, CODE_SECOND_FACTOR));
	for (size_t i = 0; i < FACTOR_CODES; i++)
		HF_TRY(code_add(db, org_id, identity_id, CODE_SECOND_FACTOR, INT64_MAX, ret[i]));
	return HF_SUCCESS;
}

hf_status factor_code_use(struct db *db, const char *identity_id, const char *code, int64_t now_ms,
                          struct hf_err *err)
{
	struct code_row row = { .kind = CODE_SECOND_FACTOR };
	uint8_t hash[CODE_HASH_LEN];
	hf_status s = code_hash(code, hash);

	row.hash = HF_SPAN(hash, sizeof(hash));
	snprintf(row.identity_id, sizeof(row.identity_id), "%s", identity_id);
	if (hf_ok(s))
		s = code_row_use(db, &row, now_ms);
	if (s.code == HF_INVALID || s.code == HF_NOTFOUND)
		return hf_fail(err, HF_DENIED,
		               "this recovery code is not good, or was used before");
	return s;
}

hf_status factor_clear(struct db *db, const char *identity_id)
{
	HF_TRY(code_rows_withdraw(db, identity_id, CODE_SECOND_FACTOR));
	return mfa_rows_delete_of(db, identity_id);
}
