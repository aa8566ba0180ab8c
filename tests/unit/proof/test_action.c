/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_fixture.h"

static EVP_PKEY *alice, *bob;

static int setup(void **state)
{
	alice = new_key();
	bob = new_key();
	return 0;
}

static int teardown(void **state)
{
	EVP_PKEY_free(alice);
	EVP_PKEY_free(bob);
	return 0;
}

static struct credential_key *key_of(EVP_PKEY *from)
{
	struct credential_key *key;
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	CHECK(PEM_write_bio_PUBKEY(bio, from) == 1);
	len = BIO_get_mem_data(bio, &pem);
	CHECK_OK(credential_key_parse(HF_SPAN(pem, (size_t)len), &key, NULL));
	BIO_free(bio);
	return key;
}

/* What becomes of a proof of this signing by alice's credential. */
static hf_status outcome(struct signing s, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(ACTION_PROOF_MAX);
	struct action_verifier by = { "alice", CREDENTIAL_KEY, key_of(alice) };
	struct action_proof p;
	hf_status status;

	s.path = or_else(s.path, "/keys");
	s.body = or_else(s.body, "{}");
	s.key = s.key ? s.key : alice;
	make_proof(&s, &bytes, NULL);
	CHECK_OK(action_proof_decode(hf_buf_span(&bytes), &p));
	status = action_proof_check(&p, &by, err);
	credential_key_free((struct credential_key *)by.key);
	return status;
}

static void a_proof_is_checked_by_the_credentials_key_alone(void **state)
{
	CHECK_OK(outcome((struct signing){ 0 }, NULL));
}

static void another_key_another_credential_or_another_kind_is_refused(void **state)
{
	CHECK_CODE(outcome((struct signing){ .key = bob }, NULL), HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct signing){ .credential = "bob" }, NULL), HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct signing){ .listed = "bob" }, NULL), HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct signing){ .kind = CREDENTIAL_PASSWORD_PROTECTED_KEY }, NULL),
	           HF_UNAUTHENTIC);
	CHECK_CODE(outcome((struct signing){ .kind = CREDENTIAL_FIDO2 }, NULL), HF_UNAUTHENTIC);
}

static void client_data_for_something_else_is_refused(void **state)
{
	CHECK_CODE(outcome((struct signing){ .type = "key.create" }, NULL), HF_INVALID);
	CHECK_CODE(outcome((struct signing){ .challenge = "AAAA" }, NULL), HF_INVALID);
	CHECK_CODE(outcome((struct signing){ .challenge = "" }, NULL), HF_INVALID);
}

/* Computed apart from this code: base64url(hex(SHA-256(u32 22, label, "commitment"))). */
static void the_published_challenge(void **state)
{
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(256);

	CHECK_OK(action_challenge(hf_span_text("commitment"), &challenge));
	CHECK(hf_span_is(hf_buf_span(&challenge), "NjFkNjNhOTJhZWMwZTIwNjI5NGQ3Y2QxODJjYzAxNWE5NmE5"
	                                          "ZTg5ZjcwYjA2Y2ZmNzAyNjViM2RmYjU2Mzk1NQ"));
}

static void a_proof_survives_its_encoding_whole(void **state)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(ACTION_PROOF_MAX),
	                            again = HF_BUF(ACTION_PROOF_MAX);
	const struct signing s = { .path = "/keys", .body = "{\"a\":1}", .key = alice };
	struct action_proof p;

	make_proof(&s, &bytes, NULL);
	CHECK_OK(action_proof_decode(hf_buf_span(&bytes), &p));
	CHECK(hf_span_is(p.commitment.method, "POST") && hf_span_is(p.commitment.path, "/keys"));
	CHECK(hf_span_is(p.commitment.org, ORG) && hf_span_is(p.commitment.identity, "us-alice"));
	CHECK(p.commitment.issued_ms == NOW && p.expires_ms == NOW + 1);
	CHECK(p.kind == CREDENTIAL_KEY && p.authenticator_data.len == 0);
	action_proof_encode(&again, &p);
	CHECK(hf_span_equal(hf_buf_span(&bytes), hf_buf_span(&again)));
}

/* As releases before this one stored them. */
static void proofs_of_version_1_are_still_read(void **state)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(ACTION_PROOF_MAX),
	                            old = HF_BUF(ACTION_PROOF_MAX);
	const struct signing s = { .path = "/keys", .body = "{}", .key = alice };
	struct action_verifier by = { "alice", CREDENTIAL_KEY, key_of(alice) };
	struct action_proof p, read;

	make_proof(&s, &bytes, NULL);
	CHECK_OK(action_proof_decode(hf_buf_span(&bytes), &p));
	hf_buf_field(&old, p.commitment.encoded);
	hf_buf_u64(&old, (uint64_t)p.expires_ms);
	hf_buf_field(&old, hf_span_text(p.credential_id));
	hf_buf_field(&old, p.client_data);
	hf_buf_field(&old, p.signature);
	CHECK_OK(action_proof_decode(hf_buf_span(&old), &read));
	CHECK(read.kind == CREDENTIAL_KEY);
	CHECK_OK(action_proof_check(&read, &by, NULL));
	credential_key_free((struct credential_key *)by.key);
}

static void a_proof_cut_off_or_with_more_at_its_end_is_malformed(void **state)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(ACTION_PROOF_MAX);
	const struct signing s = { .path = "/keys", .body = "{}", .key = alice };
	struct action_proof p;

	make_proof(&s, &bytes, NULL);
	for (size_t n = 0; n < bytes.len; n++)
		CHECK_CODE(action_proof_decode(HF_SPAN(bytes.ptr, n), &p), HF_INVALID);
	hf_buf_u8(&bytes, 0);
	CHECK_CODE(action_proof_decode(hf_buf_span(&bytes), &p), HF_INVALID);
	bytes.ptr[0] = 3;
	CHECK_CODE(action_proof_decode(HF_SPAN(bytes.ptr, bytes.len - 1), &p), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proof_is_checked_by_the_credentials_key_alone),
		cmocka_unit_test(another_key_another_credential_or_another_kind_is_refused),
		cmocka_unit_test(client_data_for_something_else_is_refused),
		cmocka_unit_test(the_published_challenge),
		cmocka_unit_test(a_proof_survives_its_encoding_whole),
		cmocka_unit_test(proofs_of_version_1_are_still_read),
		cmocka_unit_test(a_proof_cut_off_or_with_more_at_its_end_is_malformed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
