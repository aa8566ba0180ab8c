/* SPDX-License-Identifier: Apache-2.0
 * What people send to prove who they are: every reader of a body, and the attestation and client
 * data of a new key, which no input can make verify. */
#include "fuzz.h"

#include "server/core/people/codes.h"
#include "server/core/people/enrollment.h"
#include "server/signing_api/people/credential_bodies.h"

#include <string.h>

static void read_all(const struct json_t *doc)
{
	struct login_init_body init;
	struct login_body login;
	struct registration_init_body registration;
	struct delegated_body delegated;
	struct new_credentials_body credentials;
	struct recovery_init_body recovery_init;
	struct recovery_body recovery;
	struct credential_body credential;
	struct credential_code_init_body code_init;
	const char *text;
	struct hf_err err;
	int64_t number;
	bool all;

	hf_ignore(read_login_init(doc, &init, &err));
	if (hf_ok(read_login(doc, &login, &err)))
		FUZZ_CHECK(login.identifier && login.first.kind && login.first.signature &&
		           login.first.authenticator_data);
	hf_ignore(read_logout(doc, &all, &err));
	hf_ignore(read_username(doc, &text, &err));
	hf_ignore(read_registration_init(doc, &registration, &err));
	hf_ignore(read_delegated_registration(doc, &delegated, &err));
	if (hf_ok(read_registration(doc, false, &credentials, &err)))
		FUZZ_CHECK(credentials.credentials[0].kind);
	hf_ignore(read_registration(doc, true, &credentials, &err));
	hf_ignore(read_recovery_init(doc, &recovery_init, &err));
	hf_ignore(read_delegated_recovery(doc, &recovery_init, &err));
	if (hf_ok(read_recovery(doc, &recovery, &err)))
		FUZZ_CHECK(recovery.new_credentials && recovery.credentials.credentials[0].kind);
	hf_ignore(read_credential_init(doc, &text, &err));
	hf_ignore(read_credential_code_init(doc, &code_init, &err));
	if (hf_ok(read_credential(doc, &credential, &err)))
		FUZZ_CHECK(credential.id && credential.client_data && credential.attestation);
	hf_ignore(read_credential_uuid(doc, &text, &err));
	hf_ignore(read_credential_code(doc, &number, &err));
}

static void enroll(struct hf_span in)
{
	static const char *const kinds[] = { "Key", "Fido2", "RecoveryKey",
		                             "PasswordProtectedKey" };
	static const char *const origins[] = { "https://app.bank.example" };
	static const struct relying_party party = { "bank.example", origins, 1, true };
	static const char client_data[] = "{\"type\":\"key.create\",\"challenge\":\"c\"}";
	struct enrolled made;
	struct hf_err err;

	for (size_t i = 0; i < HF_COUNT(kinds); i++) {
		struct enrollment e = { kinds[i], "id", hf_span_text(client_data), in };

		FUZZ_CHECK(!hf_ok(enrollment_check(&party, &e, hf_span_text("c"), &made, &err)));
		e.client_data = in;
		hf_ignore(enrollment_check(&party, &e, hf_span_text("c"), &made, &err));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	JSON_SCOPED struct json_t *doc = NULL;
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(1u << 20);
	uint8_t hash[CODE_HASH_LEN];
	struct hf_err err;

	enroll(HF_SPAN(data, size));
	hf_buf_put(&text, data, size);
	hf_buf_u8(&text, 0);
	if (hf_ok(hf_buf_status(&text)))
		hf_ignore(code_hash((const char *)text.ptr, hash));
	if (hf_ok(json_parse(HF_SPAN(data, size), 1u << 19, &doc, &err)))
		read_all(doc);
	return 0;
}
