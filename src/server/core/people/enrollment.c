/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/enrollment.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/webauthn.h"
#include "json/read.h"

#include <string.h>

static hf_status check_id(const char *id, struct hf_err *err)
{
	static const char allowed[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t len = strlen(id);

	if (!len || len >= CREDENTIAL_ID_MAX || strspn(id, allowed) != len)
		return hf_fail(err, HF_INVALID,
		               "field \"credId\": expected 1 to %d characters of base64url",
		               CREDENTIAL_ID_MAX - 1);
	return HF_SUCCESS;
}

/* The bytes that the new key has signed, as JSON.stringify() writes them: line ends, the only
 * characters of PEM that JSON does not take as they are, by their short names. */
static hf_status fingerprint(struct hf_span client_data, const char *public_key, struct hf_buf *to)
{
	uint8_t hash[SHA256_LEN];

	HF_TRY(sha256(client_data, hash));
	hf_buf_text(to, "{\"clientDataHash\":\"");
	hf_buf_hex(to, HF_SPAN(hash, sizeof(hash)));
	hf_buf_text(to, "\",\"publicKey\":\"");
	for (const char *at = public_key; *at; at++) {
		if (*at == '\n')
			hf_buf_text(to, "\\n");
		else if (*at == '\r')
			hf_buf_text(to, "\\r");
		else if (*at == '\t')
			hf_buf_text(to, "\\t");
		else
			hf_buf_u8(to, (uint8_t)*at);
	}
	hf_buf_text(to, "\"}");
	return hf_buf_status(to);
}

struct attestation_data {
	const char *public_key, *signature, *algorithm;
};

static hf_status check_attestation(const struct attestation_data *a, struct hf_span client_data,
                                   struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf message = HF_BUF(2 * CREDENTIAL_PEM_MAX + 256);
	HF_BUF_SCOPED struct hf_buf signature = HF_BUF(CREDENTIAL_SIGNATURE_MAX);
	struct credential_key *key;
	hf_status s;

	if (!hf_ok(hf_unhex(hf_span_text(a->signature), &signature)))
		return hf_fail(err, HF_INVALID,
		               "attestationData: field \"signature\": expected hex digits");
	HF_TRY(hf_context(err, credential_key_parse(hf_span_text(a->public_key), &key, err),
	                  "attestationData: field \"publicKey\""));
	s = fingerprint(client_data, a->public_key, &message);
	if (hf_ok(s))
		s = credential_verify(key, hf_buf_span(&message), hf_buf_span(&signature));
	credential_key_free(key);
	if (s.code == HF_UNAUTHENTIC)
		return hf_fail(err, s.code,
		               "attestationData: the signature of the new key does not verify");
	return s;
}

static hf_status enroll_key(const struct enrollment *e, struct hf_span challenge,
                            struct enrolled *to, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "publicKey", JSON_READ_TEXT, offsetof(struct attestation_data, public_key), true,
		  false, 1, CREDENTIAL_PEM_MAX - 1 },
		{ "signature", JSON_READ_TEXT, offsetof(struct attestation_data, signature), true,
		  false, 2, 2 * CREDENTIAL_SIGNATURE_MAX },
		{ "algorithm", JSON_READ_TEXT, offsetof(struct attestation_data, algorithm) },
	};
	struct attestation_data a = { 0 };
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(client_data_check(e->client_data, "key.create", challenge, err));
	HF_TRY(hf_context(err, json_parse(e->attestation, ATTESTATION_DATA_MAX, &doc, err),
	                  "attestationData"));
	HF_TRY(hf_context(err, json_read_some(doc, fields, HF_COUNT(fields), &a, err),
	                  "attestationData"));
	HF_TRY(check_attestation(&a, e->client_data, err));
	return hf_span_to_text(hf_span_text(a.public_key), to->public_key, sizeof(to->public_key));
}

static hf_status no_party(struct hf_err *err)
{
	return hf_fail(err, HF_UNSUPPORTED,
	               "authenticators (kind Fido2) are not taken here: the server has to be "
	               "started with --rp-id and --origin");
}

static struct webauthn_party party_of(const struct relying_party *p)
{
	return (struct webauthn_party){ .rp_id = p->id, .verify_user = p->verify_user };
}

static hf_status keep_origin(struct hf_span client_data, char to[256])
{
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(json_parse(client_data, CLIENT_DATA_MAX, &doc, NULL));
	return hf_span_to_text(hf_span_text(json_member_text(doc, "origin")), to, 256);
}

static hf_status enroll_fido2(const struct relying_party *party, const struct enrollment *e,
                              struct hf_span challenge, struct enrolled *to, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf id = HF_BUF(CREDENTIAL_ID_MAX);
	struct webauthn_credential c;
	struct webauthn_party p;

	if (!party->id)
		return no_party(err);
	p = party_of(party);
	HF_TRY(client_data_check_page(e->client_data, "webauthn.create", challenge, party, err));
	HF_TRY(webauthn_register(&p, e->client_data, e->attestation, &c, err));
	hf_buf_base64url(&id, HF_SPAN(c.id, c.id_len));
	HF_TRY(hf_buf_status(&id));
	if (!hf_span_is(hf_buf_span(&id), e->id))
		return hf_fail(err, HF_INVALID,
		               "field \"credId\": not the one that the authenticator has given");
	to->counter = c.counter;
	to->relying_party = party->id;
	HF_TRY(keep_origin(e->client_data, to->origin));
	return hf_span_to_text(hf_span_text(c.pem), to->public_key, sizeof(to->public_key));
}

hf_status enrollment_check(const struct relying_party *party, const struct enrollment *e,
                           struct hf_span challenge, struct enrolled *ret, struct hf_err *err)
{
	struct enrolled made = { .relying_party = "" };
	enum credential_kind kind;

	HF_TRY(check_id(e->id, err));
	memcpy(made.id, e->id, strlen(e->id) + 1);
	made.recovery = strcmp(e->kind, KIND_RECOVERY_KEY) == 0;
	if (made.recovery) {
		HF_TRY(enroll_key(e, challenge, &made, err));
	} else if (!hf_ok(credential_kind_parse(e->kind, &kind))) {
		return hf_fail(err, HF_UNSUPPORTED,
		               "credentials of kind \"%.32s\" are not taken: use Key, Fido2, "
		               "PasswordProtectedKey or RecoveryKey",
		               e->kind);
	} else if (kind == CREDENTIAL_FIDO2) {
		HF_TRY(enroll_fido2(party, e, challenge, &made, err));
	} else {
		HF_TRY(enroll_key(e, challenge, &made, err));
	}
	*ret = made;
	return HF_SUCCESS;
}

static hf_status check_fido2(const struct relying_party *party, const struct credential_key *key,
                             const struct assertion *a, struct hf_span challenge,
                             uint32_t *ret_counter, struct hf_err *err)
{
	struct webauthn_party p;

	if (!party->id)
		return no_party(err);
	p = party_of(party);
	HF_TRY(client_data_check_page(a->client_data, "webauthn.get", challenge, party, err));
	return webauthn_verify(&p, key, a->client_data, a->authenticator_data, a->signature,
	                       ret_counter, err);
}

hf_status assertion_check(const struct relying_party *party, enum credential_kind kind,
                          const struct credential_key *key, const struct assertion *a,
                          struct hf_span challenge, uint32_t *ret_counter, struct hf_err *err)
{
	switch (kind) {
	case CREDENTIAL_FIDO2:
		return check_fido2(party, key, a, challenge, ret_counter, err);
	case CREDENTIAL_KEY:
	case CREDENTIAL_PASSWORD_PROTECTED_KEY:
		break;
	}
	HF_TRY(client_data_check(a->client_data, "key.get", challenge, err));
	if (a->authenticator_data.len ||
	    !hf_ok(credential_verify(key, a->client_data, a->signature)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the credential's signature over clientData does not verify");
	*ret_counter = 0;
	return HF_SUCCESS;
}
