/* SPDX-License-Identifier: Apache-2.0
 * A proof that an authenticator has signed, checked by whoever has it. */
#include "../crypto/authenticator.h"
#include "check.h"

#include "base/text.h"
#include "crypto/webauthn.h"
#include "proof/action.h"

#include <stdio.h>
#include <string.h>

static const char *const origins[] = { "https://app.bank.example" };
static const struct relying_party party = { "bank.example", origins, 1, true };
static const struct relying_party lenient = { "bank.example", origins, 1, false };
static const struct relying_party nobody = { 0 };

/* What is otherwise than it should be; NULL and 0: nothing. */
struct story {
	const char *rp_id, *origin, *type;
	int flags;
	const struct relying_party *party;
	bool other_key, other_challenge, damaged;
};

static void commit(struct hf_buf *to, struct action_commitment *ret)
{
	struct action_commitment c = {
		.org = hf_span_text("or-1"),
		.identity = hf_span_text("us-1"),
		.method = hf_span_text("POST"),
		.path = hf_span_text("/keys"),
		.issued_ms = 1,
		.credentials = { hf_span_text("passkey") },
		.n_credentials = 1,
	};

	hf_id_new("ua", c.id);
	action_commitment_encode(to, &c);
	CHECK_OK(action_commitment_decode(hf_buf_span(to), ret));
}

static void say(const struct story *s, const struct action_commitment *c, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(128), encoded = HF_BUF(256);

	CHECK_OK(action_challenge(c->encoded, &challenge));
	if (s->other_challenge)
		challenge.ptr[0] ^= 1;
	hf_buf_base64url(&encoded, hf_buf_span(&challenge));
	hf_buf_printf(to, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%s\"}",
	              s->type ? s->type : "webauthn.get", (int)encoded.len, encoded.ptr,
	              s->origin ? s->origin : origins[0]);
}

static hf_status outcome(struct story s)
{
	HF_BUF_SCOPED struct hf_buf commitment = HF_BUF(4096), said = HF_BUF(1024);
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(512), sig = HF_BUF(512), bytes = HF_BUF(8192);
	HF_BUF_SCOPED struct hf_buf object = HF_BUF(4096);
	struct action_proof p = { .expires_ms = 2,
		                  .credential_id = "passkey",
		                  .kind = CREDENTIAL_FIDO2 };
	const struct webauthn_party who = { .rp_id = "bank.example" };
	struct authenticator mine, other;
	struct action_verifier by = { "passkey", CREDENTIAL_FIDO2, NULL,
		                      s.party ? s.party : &party };
	struct webauthn_credential known;
	struct credential_key *key;
	struct hf_err err;
	hf_status status;

	authenticator_make(&mine, AUTHENTICATOR_ES256);
	authenticator_make(&other, AUTHENTICATOR_ES256);
	authenticator_attest(&mine, "bank.example", "none", hf_span_text("{}"), &object);
	CHECK_OK(webauthn_register(&who, hf_span_text("{}"), hf_buf_span(&object), &known, &err));
	CHECK_OK(credential_key_parse(hf_span_text(known.pem), &key, &err));
	by.key = key;
	if (s.flags)
		mine.flags = (uint8_t)s.flags;
	commit(&commitment, &p.commitment);
	say(&s, &p.commitment, &said);
	authenticator_data(&mine, s.rp_id ? s.rp_id : "bank.example", false, &data);
	authenticator_sign(s.other_key ? &other : &mine, hf_buf_span(&data), hf_buf_span(&said),
	                   &sig);
	if (s.damaged)
		data.ptr[36] ^= 1;
	p.client_data = hf_buf_span(&said);
	p.authenticator_data = hf_buf_span(&data);
	p.signature = hf_buf_span(&sig);
	action_proof_encode(&bytes, &p);
	CHECK_OK(action_proof_decode(hf_buf_span(&bytes), &p));
	status = action_proof_check(&p, &by, &err);
	credential_key_free(key);
	authenticator_done(&mine);
	authenticator_done(&other);
	return status;
}

static void what_an_authenticator_has_signed_is_a_proof(void **state)
{
	CHECK_OK(outcome((struct story){ 0 }));
	CHECK_OK(outcome((struct story){ .flags = 1, .party = &lenient }));
}

static void another_page_domain_or_key_is_refused(void **state)
{
	CHECK_CODE(outcome((struct story){ .rp_id = "evil.example" }), HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct story){ .origin = "https://evil.example" }), HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct story){ .other_key = true }), HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct story){ .damaged = true }), HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct story){ .party = &nobody }), HF_UNAUTHENTIC);
}

static void another_request_or_purpose_is_refused(void **state)
{
	CHECK_CODE(outcome((struct story){ .other_challenge = true }), HF_INVALID);
	CHECK_CODE(outcome((struct story){ .type = "webauthn.create" }), HF_INVALID);
	CHECK_CODE(outcome((struct story){ .type = "key.get" }), HF_INVALID);
}

static void an_absent_or_unverified_user_is_refused(void **state)
{
	CHECK_CODE(outcome((struct story){ .flags = 4 }), HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct story){ .flags = 1 }), HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct story){ .flags = 4, .party = &lenient }), HF_UNAUTHENTIC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_authenticator_has_signed_is_a_proof),
		cmocka_unit_test(another_page_domain_or_key_is_refused),
		cmocka_unit_test(another_request_or_purpose_is_refused),
		cmocka_unit_test(an_absent_or_unverified_user_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
