/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/people/people_print.h"

#include "base/clock.h"
#include "base/text.h"
#include "proof/action.h"

#include <string.h>

/* COSE algorithms (RFC 9053) that a new credential may have, the best liked first. */
static const int algorithms[] = { -7, -8, -257 };

static void print_party(struct json_writer *w, const struct relying_party *party)
{
	if (!party->id)
		return;
	json_open_object(w, "rp");
	json_text(w, "id", party->id);
	json_text(w, "name", party->id);
	json_close_object(w);
}

static const char *verification(const struct relying_party *party)
{
	return party->verify_user ? "required" : "preferred";
}

static bool has_kind(const struct signing_challenge *c, enum credential_kind kind)
{
	for (size_t i = 0; i < c->n_credentials; i++)
		if (c->credentials[i].kind == kind)
			return true;
	return false;
}

static void print_kinds(struct json_writer *w, const struct signing_challenge *c)
{
	static const enum credential_kind kinds[] = { CREDENTIAL_KEY, CREDENTIAL_FIDO2,
		                                      CREDENTIAL_PASSWORD_PROTECTED_KEY };

	json_open_array(w, "supportedCredentialKinds");
	for (size_t i = 0; i < HF_COUNT(kinds); i++) {
		if (c->n_credentials && !has_kind(c, kinds[i]))
			continue;
		json_open_object(w, NULL);
		json_text(w, "kind", credential_kind_name(kinds[i]));
		json_text(w, "factor", "either");
		json_bool(w, "requiresSecondFactor", false);
		json_close_object(w);
	}
	json_close_array(w);
}

static void print_ids(struct json_writer *w, const char *name, const struct signing_challenge *c,
                      enum credential_kind kind)
{
	json_open_array(w, name);
	for (size_t i = 0; i < c->n_credentials; i++) {
		const struct caller_credential *one = &c->credentials[i];

		if (one->kind != kind)
			continue;
		json_open_object(w, NULL);
		json_text(w, "type", "public-key");
		json_text(w, "id", one->id);
		if (kind == CREDENTIAL_PASSWORD_PROTECTED_KEY)
			json_text(w, "encryptedPrivateKey",
			          c->keys_withheld ? "" : one->encrypted_private_key);
		json_close_object(w);
	}
	json_close_array(w);
}

void print_signing_challenge(struct json_writer *w, const struct signing_challenge *c)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(2 * ACTION_COMMITMENT_MAX);

	json_open_object(w, NULL);
	print_kinds(w, c);
	json_span(w, "challenge", c->challenge);
	json_span(w, "challengeIdentifier", c->identifier);
	if (c->commitment.len) {
		hf_buf_base64url(&text, c->commitment);
		json_span(w, "commitment", hf_buf_span(&text));
	}
	json_text(w, "externalAuthenticationUrl", "");
	json_text(w, "attestation", "none");
	json_text(w, "userVerification", verification(c->party));
	print_party(w, c->party);
	json_open_object(w, "allowCredentials");
	print_ids(w, "key", c, CREDENTIAL_KEY);
	print_ids(w, "passwordProtectedKey", c, CREDENTIAL_PASSWORD_PROTECTED_KEY);
	print_ids(w, "webauthn", c, CREDENTIAL_FIDO2);
	json_close_object(w);
	json_close_object(w);
}

static void print_factor_kinds(struct json_writer *w, const char *name,
                               const struct relying_party *party)
{
	json_open_array(w, name);
	if (party->id)
		json_text(w, NULL, "Fido2");
	json_text(w, NULL, "Key");
	json_text(w, NULL, "PasswordProtectedKey");
	json_close_array(w);
}

static void print_selection(struct json_writer *w, const struct relying_party *party)
{
	json_open_object(w, "authenticatorSelection");
	json_text(w, "residentKey", "preferred");
	json_bool(w, "requireResidentKey", false);
	json_text(w, "userVerification", verification(party));
	json_close_object(w);
}

static void print_attestation(struct json_writer *w)
{
	json_text(w, "attestation", "none");
	json_open_array(w, "pubKeyCredParams");
	for (size_t i = 0; i < HF_COUNT(algorithms); i++) {
		json_open_object(w, NULL);
		json_text(w, "type", "public-key");
		json_int(w, "alg", algorithms[i]);
		json_close_object(w);
	}
	json_close_array(w);
}

void print_creation_challenge(struct json_writer *w, const struct creation_challenge *c)
{
	json_open_object(w, NULL);
	json_text_if(w, "kind", c->kind);
	json_open_object(w, "user");
	json_text(w, "id", c->user_id);
	json_text(w, "name", c->username);
	json_text(w, "displayName", c->username);
	json_close_object(w);
	json_span(w, "temporaryAuthenticationToken", c->ticket);
	if (c->kind)
		json_span(w, "challengeIdentifier", c->ticket);
	json_span(w, "challenge", c->challenge);
	print_party(w, c->party);
	if (!c->kind) {
		json_open_object(w, "supportedCredentialKinds");
		print_factor_kinds(w, "firstFactor", c->party);
		print_factor_kinds(w, "secondFactor", c->party);
		json_close_object(w);
	}
	if (!c->kind || strcmp(c->kind, "Fido2") == 0)
		print_selection(w, c->party);
	print_attestation(w);
	if (!c->kind)
		json_text(w, "otpUrl", "");
}

void print_credential(struct json_writer *w, const struct credential_row *row)
{
	char created[HF_ISO_LEN];

	hf_iso_time(row->created_ms, created);
	json_open_object(w, NULL);
	json_text(w, "kind", row->kind);
	json_text(w, "credentialId", row->id);
	json_text(w, "credentialUuid", row->uuid);
	json_text(w, "dateCreated", created);
	json_bool(w, "isActive", row->active);
	json_text(w, "name", row->name);
	json_text(w, "publicKey", row->public_key);
	json_text(w, "relyingPartyId", row->relying_party ? row->relying_party : "");
	json_text(w, "origin", row->origin ? row->origin : "");
	json_close_object(w);
}

void print_registered(struct json_writer *w, const char *uuid, const char *kind, const char *name,
                      const struct identity_row *person)
{
	json_open_object(w, "credential");
	json_text(w, "uuid", uuid);
	json_text(w, "kind", kind);
	json_text(w, "name", name[0] ? name : kind);
	json_close_object(w);
	json_open_object(w, "user");
	json_text(w, "id", person->id);
	json_text(w, "username", person->name);
	json_text(w, "orgId", person->org_id);
	json_close_object(w);
}
