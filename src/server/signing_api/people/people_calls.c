/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/people/people_calls.h"

#include "base/text.h"
#include "server/core/people/attempts.h"
#include "server/core/limits.h"
#include "server/errors.h"

#include <stdio.h>
#include <string.h>

static void address_of(const struct call *c, char *to, size_t cap)
{
	char address[LIMIT_ADDRESS_MAX];

	limit_address(http_peer_address(c->req), address);
	snprintf(to, cap, "address/%s", address);
}

bool person_may_try(struct person_call *p, const char *org_id, const char *username)
{
	struct call *c = &p->call;
	char address[96];

	address_of(c, address, sizeof(address));
	if (username[0])
		snprintf(p->guessed, sizeof(p->guessed), "name/%s/%s", org_id, username);
	if (attempts_allowed(c->api->attempts, address, c->now_ms) &&
	    (!p->guessed[0] || attempts_allowed(c->api->attempts, p->guessed, c->now_ms)))
		return true;
	c->status = 429;
	api_error_body(&c->out, c->status, ATTEMPTS_TEXT);
	c->answered = true;
	return false;
}

void person_failed(struct call *c, hf_status s)
{
	const struct person_call *p = (const struct person_call *)c;
	char address[96];

	if (s.code == HF_UNAUTHENTIC) {
		address_of(c, address, sizeof(address));
		attempts_failed(c->api->attempts, address, c->now_ms);
		if (p->guessed[0])
			attempts_failed(c->api->attempts, p->guessed, c->now_ms);
	}
	call_fail(c, s);
}

hf_status person_code(struct call *c, struct db *db, const struct identity_row *person,
                      const char *kind, const char *code, bool use, uint8_t ret_hash[CODE_HASH_LEN])
{
	struct code_row row = { .hash = HF_SPAN(ret_hash, CODE_HASH_LEN), .kind = kind };
	hf_status s = code_hash(code, ret_hash);

	if (hf_ok(s))
		s = code_row_find(db, c->now_ms, &row);
	if (hf_ok(s) && strcmp(row.identity_id, person->id) != 0)
		s = HF_FAILURE(HF_NOTFOUND);
	if (hf_ok(s) && use)
		s = code_row_use(db, &row, c->now_ms);
	if (s.code == HF_NOTFOUND || s.code == HF_INVALID)
		return hf_fail(&c->err, HF_UNAUTHENTIC,
		               "the %s code is not valid: it is another user's, was used, or has "
		               "expired. An administrator makes a new one: holdfast server "
		               "user-code",
		               kind);
	return s;
}

void person_operation(struct call *c, const char *name)
{
	snprintf(c->audit.operation, sizeof(c->audit.operation), "%s", name);
}

hf_status person_is_said_to_be(struct call *c, struct db *db, const char *org_id,
                               const char *username)
{
	bool there;

	HF_TRY(org_row_exists(db, org_id, &there));
	if (!there)
		return HF_SUCCESS;
	snprintf(c->audit.org_id, sizeof(c->audit.org_id), "%s", org_id);
	snprintf(c->audit.name, sizeof(c->audit.name), "%s", username);
	return HF_SUCCESS;
}

void person_is(struct call *c, const struct identity_row *person)
{
	memcpy(c->audit.org_id, person->org_id, sizeof(c->audit.org_id));
	memcpy(c->audit.identity_id, person->id, sizeof(c->audit.identity_id));
	memcpy(c->audit.name, person->name, sizeof(c->audit.name));
}

/* base64url of the field `name` into `to`. HF_INVALID with words. */
static hf_status person_decode(const char *name, const char *text, struct hf_buf *to,
                               struct hf_err *err)
{
	if (!hf_ok(hf_unbase64(hf_span_text(text), to)))
		return hf_fail(err, HF_INVALID,
		               "field \"%s\": expected base64url of at most %zu bytes", name,
		               to->max);
	return HF_SUCCESS;
}

hf_status factor_decode(const struct factor_body *body, struct decoded_factor *ret,
                        struct hf_err *err)
{
	ret->client_data = HF_BUF(RECOVERY_CLIENT_DATA_MAX);
	ret->signature = HF_BUF(CREDENTIAL_SIGNATURE_MAX);
	ret->authenticator_data = HF_BUF(AUTHENTICATOR_DATA_MAX);
	HF_TRY(person_decode("clientData", body->client_data, &ret->client_data, err));
	HF_TRY(person_decode("signature", body->signature, &ret->signature, err));
	return person_decode("authenticatorData", body->authenticator_data,
	                     &ret->authenticator_data, err);
}

struct assertion factor_assertion(const struct decoded_factor *d)
{
	return (struct assertion){
		.client_data = hf_buf_span(&d->client_data),
		.signature = hf_buf_span(&d->signature),
		.authenticator_data = hf_buf_span(&d->authenticator_data),
	};
}

void factor_done(struct decoded_factor *d)
{
	hf_buf_done(&d->client_data);
	hf_buf_done(&d->signature);
	hf_buf_done(&d->authenticator_data);
}

static hf_status enroll(const struct relying_party *party, const struct credential_body *body,
                        struct hf_span challenge, struct enrolled *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf client_data = HF_BUF(CLIENT_DATA_MAX);
	HF_BUF_SCOPED struct hf_buf attestation = HF_BUF(ATTESTATION_DATA_MAX);
	struct enrollment e = { .kind = body->kind, .id = body->id };

	HF_TRY(person_decode("clientData", body->client_data, &client_data, err));
	HF_TRY(person_decode("attestationData", body->attestation, &attestation, err));
	e.client_data = hf_buf_span(&client_data);
	e.attestation = hf_buf_span(&attestation);
	return enrollment_check(party, &e, challenge, ret, err);
}

hf_status enrolled_set_read(const struct relying_party *party,
                            const struct new_credentials_body *body, struct hf_span challenge,
                            struct enrolled_set *ret, struct hf_err *err)
{
	ret->n = 0;
	for (size_t i = 0; i < NEW_CREDENTIALS_MAX; i++) {
		const struct credential_body *b = &body->credentials[i];
		struct enrolled *to = &ret->enrolled[ret->n];

		if (!b->kind)
			continue;
		HF_TRY(enroll(party, b, challenge, to, err));
		ret->credentials[ret->n++] = (struct new_credential){
			.enrolled = to,
			.kind = b->kind,
			.name = b->name,
			.encrypted_private_key = b->encrypted_private_key,
		};
	}
	return HF_SUCCESS;
}

hf_status enrolled_set_insert(struct db *db, const struct identity_row *person,
                              const struct enrolled_set *set, int64_t now_ms,
                              char ret_uuid[HF_ID_MAX], struct hf_err *err)
{
	char uuid[HF_ID_MAX];

	for (size_t i = 0; i < set->n; i++)
		HF_TRY(person_add_credential(db, person, &set->credentials[i], now_ms,
		                             i ? uuid : ret_uuid, err));
	return HF_SUCCESS;
}
