/* SPDX-License-Identifier: Apache-2.0
 * libfido2 is given items that have been walked over before, so that the lengths they claim are
 * those they have: its CBOR library reserves memory by what is claimed. */
#include "crypto/webauthn.h"

#include "crypto/algorithms.h"
#include "crypto/cbor.h"
#include "crypto/digest.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* WebAuthn, 6.1 */
#define FLAG_USER_PRESENT 0x01
#define FLAG_USER_VERIFIED 0x04
#define FLAG_CREDENTIAL 0x40
#define FLAG_EXTENSIONS 0x80
#define AAGUID_LEN 16
#define COSE_LABEL_ALG 3

static void cred_free_at(fido_cred_t **c)
{
	fido_cred_free(c);
}

static void assert_free_at(fido_assert_t **a)
{
	fido_assert_free(a);
}

HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)
HF_DEFINE_CLEANUP(BIO_free_all, BIO *)

struct auth_data {
	const uint8_t *rp_id_hash;
	uint8_t flags;
	uint32_t counter;
	struct hf_span id;  /* of a new credential */
	struct hf_span key; /* its COSE key */
};

static hf_status read_auth_data(struct hf_span bytes, bool registration, struct auth_data *ret,
                                struct hf_err *err)
{
	struct hf_reader r = hf_reader(bytes);
	struct auth_data d = { .rp_id_hash = hf_read_bytes(&r, SHA256_LEN).ptr };

	d.flags = hf_read_u8(&r);
	d.counter = hf_read_u32(&r);
	if (!!(d.flags & FLAG_CREDENTIAL) != registration)
		r.failed = true;
	if (registration) {
		hf_read_bytes(&r, AAGUID_LEN);
		d.id = hf_read_bytes(&r, hf_read_u16(&r));
		d.key = cbor_read_item(&r);
	}
	if (d.flags & FLAG_EXTENSIONS)
		cbor_read_item(&r);
	if (bytes.len > WEBAUTHN_AUTH_DATA_MAX || !hf_ok(hf_reader_end(&r)))
		return hf_fail(err, HF_INVALID, "the authenticator's data are malformed");
	*ret = d;
	return HF_SUCCESS;
}

static hf_status check_party(const struct webauthn_party *party, const struct auth_data *d,
                             struct hf_err *err)
{
	uint8_t hash[SHA256_LEN];

	HF_TRY(sha256(hf_span_text(party->rp_id), hash));
	if (memcmp(hash, d->rp_id_hash, sizeof(hash)) != 0)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the authenticator was asked for another relying party than \"%s\"",
		               party->rp_id);
	if (!(d->flags & FLAG_USER_PRESENT))
		return hf_fail(err, HF_UNAUTHENTIC, "the authenticator did not see a user");
	if (party->verify_user && !(d->flags & FLAG_USER_VERIFIED))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the authenticator did not verify the user: a PIN, finger or face "
		               "is needed");
	return HF_SUCCESS;
}

/* The algorithm of a COSE key (RFC 9052, 7). */
static hf_status read_algorithm(struct hf_span key, int *ret, struct hf_err *err)
{
	static const int known[] = { COSE_ES256, COSE_EDDSA, COSE_RS256 };
	struct hf_reader r = hf_reader(key);
	uint64_t pairs = cbor_read_map(&r);
	struct cbor_head label, value = { 0 };

	for (uint64_t i = 0; i < pairs && !r.failed; i++) {
		label = cbor_read_head(&r);
		if (label.major > CBOR_NEGATIVE) /* labels of COSE keys are numbers */
			r.failed = true;
		else if (label.major == CBOR_UINT && label.value == COSE_LABEL_ALG)
			value = cbor_read_head(&r);
		else
			cbor_read_item(&r);
	}
	for (size_t i = 0; !r.failed && i < HF_COUNT(known); i++) {
		if (value.major == CBOR_NEGATIVE && value.value == (uint64_t)(-1 - known[i])) {
			*ret = known[i];
			return HF_SUCCESS;
		}
	}
	return hf_fail(err, HF_UNSUPPORTED,
	               "the authenticator's key is of a kind that is not taken: ES256, EdDSA and "
	               "RS256 are");
}

struct attestation {
	char format[32];
	struct hf_span statement, auth_data;
};

static hf_status read_attestation(struct hf_span bytes, struct attestation *ret, struct hf_err *err)
{
	struct hf_reader r = hf_reader(bytes);
	struct attestation a = { 0 };
	uint64_t pairs = cbor_read_map(&r);
	struct hf_span name, format = { 0 };

	for (uint64_t i = 0; i < pairs && !r.failed; i++) {
		name = cbor_read_string(&r, CBOR_TEXT);
		if (hf_span_is(name, "fmt") && !format.ptr)
			format = cbor_read_string(&r, CBOR_TEXT);
		else if (hf_span_is(name, "attStmt") && !a.statement.ptr)
			a.statement = cbor_read_item(&r);
		else if (hf_span_is(name, "authData") && !a.auth_data.ptr)
			a.auth_data = cbor_read_string(&r, CBOR_BYTES);
		else
			r.failed = true;
	}
	if (!hf_ok(hf_reader_end(&r)) || pairs != 3 || !a.statement.len || !a.auth_data.len ||
	    !hf_ok(hf_span_to_text(format, a.format, sizeof(a.format))))
		return hf_fail(err, HF_INVALID, "the attestation object is malformed");
	*ret = a;
	return HF_SUCCESS;
}

/* The key that libfido2 has read, in OpenSSL's form; NULL when it is none. */
static EVP_PKEY *key_of(const fido_cred_t *cred)
{
	const void *ptr = fido_cred_pubkey_ptr(cred);
	size_t len = fido_cred_pubkey_len(cred);
	EVP_PKEY *key = NULL;
	es256_pk_t *es256 = NULL;
	rs256_pk_t *rs256 = NULL;
	eddsa_pk_t *eddsa = NULL;

	switch (fido_cred_type(cred)) {
	case COSE_ES256:
		es256 = es256_pk_new();
		if (es256 && es256_pk_from_ptr(es256, ptr, len) == FIDO_OK)
			key = es256_pk_to_EVP_PKEY(es256);
		break;
	case COSE_RS256:
		rs256 = rs256_pk_new();
		if (rs256 && rs256_pk_from_ptr(rs256, ptr, len) == FIDO_OK)
			key = rs256_pk_to_EVP_PKEY(rs256);
		break;
	case COSE_EDDSA:
		eddsa = eddsa_pk_new();
		if (eddsa && eddsa_pk_from_ptr(eddsa, ptr, len) == FIDO_OK)
			key = eddsa_pk_to_EVP_PKEY(eddsa);
		break;
	default:
		break;
	}
	es256_pk_free(&es256);
	rs256_pk_free(&rs256);
	eddsa_pk_free(&eddsa);
	return key;
}

/* As PEM, and as good as any other credential's key. */
static hf_status write_key(const fido_cred_t *cred, char pem[CREDENTIAL_PEM_MAX],
                           struct hf_err *err)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *pkey = key_of(cred);
	HF_CLEANUP(BIO_free_all_at) BIO *bio = BIO_new(BIO_s_mem());
	struct credential_key *key;
	char *text;
	long len;

	HF_ENSURE(bio, HF_NOMEM);
	if (!pkey || PEM_write_bio_PUBKEY(bio, pkey) != 1) {
		ERR_clear_error();
		return hf_fail(err, HF_INVALID, "the authenticator's key is malformed");
	}
	len = BIO_get_mem_data(bio, &text);
	HF_TRY(credential_key_parse(HF_SPAN(text, len), &key, err));
	credential_key_free(key);
	return hf_span_to_text(HF_SPAN(text, len), pem, CREDENTIAL_PEM_MAX);
}

static bool fill(fido_cred_t *cred, const struct webauthn_party *party, int algorithm,
                 struct hf_span client_data, struct hf_span auth_data)
{
	uint8_t hash[SHA256_LEN];

	return hf_ok(sha256(client_data, hash)) && fido_cred_set_type(cred, algorithm) == FIDO_OK &&
	       fido_cred_set_rp(cred, party->rp_id, NULL) == FIDO_OK &&
	       fido_cred_set_clientdata_hash(cred, hash, sizeof(hash)) == FIDO_OK &&
	       fido_cred_set_authdata_raw(cred, auth_data.ptr, auth_data.len) == FIDO_OK;
}

/* A self attestation has no certificate: the new key itself has signed. */
static hf_status check_statement(fido_cred_t *cred, const struct attestation *a, struct hf_err *err)
{
	bool good;

	if (strcmp(a->format, "packed") != 0)
		return HF_SUCCESS;
	good = fido_cred_set_fmt(cred, a->format) == FIDO_OK &&
	       fido_cred_set_attstmt(cred, a->statement.ptr, a->statement.len) == FIDO_OK;
	if (good && !fido_cred_x5c_ptr(cred))
		good = fido_cred_verify_self(cred) == FIDO_OK;
	ERR_clear_error();
	if (!good)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the attestation object's own signature does not verify");
	return HF_SUCCESS;
}

static hf_status read_credential(const struct webauthn_party *party, struct hf_span client_data,
                                 const struct attestation *a, int algorithm, char *pem,
                                 struct hf_err *err)
{
	HF_CLEANUP(cred_free_at) fido_cred_t *cred = fido_cred_new();

	HF_ENSURE(cred, HF_NOMEM);
	if (!fill(cred, party, algorithm, client_data, a->auth_data)) {
		ERR_clear_error();
		return hf_fail(err, HF_INVALID, "the authenticator's key is malformed");
	}
	HF_TRY(check_statement(cred, a, err));
	return write_key(cred, pem, err);
}

hf_status webauthn_register(const struct webauthn_party *party, struct hf_span client_data,
                            struct hf_span attestation, struct webauthn_credential *ret,
                            struct hf_err *err)
{
	struct webauthn_credential c = { 0 };
	struct attestation a;
	struct auth_data d;
	int algorithm = 0;

	if (attestation.len > WEBAUTHN_ATTESTATION_MAX)
		return hf_fail(err, HF_TOOBIG, "an attestation object has at most %d bytes",
		               WEBAUTHN_ATTESTATION_MAX);
	HF_TRY(read_attestation(attestation, &a, err));
	HF_TRY(read_auth_data(a.auth_data, true, &d, err));
	HF_TRY(check_party(party, &d, err));
	if (!d.id.len || d.id.len > sizeof(c.id))
		return hf_fail(
		        err, HF_UNSUPPORTED,
		        "the authenticator's credential id has %zu bytes: 1 to %d are taken. "
		        "Another authenticator, or a discoverable credential (passkey), has "
		        "a shorter one",
		        d.id.len, WEBAUTHN_ID_MAX);
	HF_TRY(read_algorithm(d.key, &algorithm, err));
	HF_TRY(read_credential(party, client_data, &a, algorithm, c.pem, err));
	memcpy(c.id, d.id.ptr, d.id.len);
	c.id_len = d.id.len;
	c.counter = d.counter;
	*ret = c;
	return HF_SUCCESS;
}

/* FIDO_OK only when the signature verifies, the relying party is ours and somebody was there. */
static int verify_with(const fido_assert_t *a, EVP_PKEY *pkey)
{
	es256_pk_t *es256 = es256_pk_new();
	rs256_pk_t *rs256 = rs256_pk_new();
	eddsa_pk_t *eddsa = eddsa_pk_new();
	int result = FIDO_ERR_INVALID_SIG;

	if (es256 && EVP_PKEY_is_a(pkey, "EC") && es256_pk_from_EVP_PKEY(es256, pkey) == FIDO_OK)
		result = fido_assert_verify(a, 0, COSE_ES256, es256);
	if (rs256 && EVP_PKEY_is_a(pkey, "RSA") && rs256_pk_from_EVP_PKEY(rs256, pkey) == FIDO_OK)
		result = fido_assert_verify(a, 0, COSE_RS256, rs256);
	if (eddsa && EVP_PKEY_is_a(pkey, "ED25519") &&
	    eddsa_pk_from_EVP_PKEY(eddsa, pkey) == FIDO_OK)
		result = fido_assert_verify(a, 0, COSE_EDDSA, eddsa);
	es256_pk_free(&es256);
	rs256_pk_free(&rs256);
	eddsa_pk_free(&eddsa);
	return result;
}

static bool verify(const struct webauthn_party *party, const struct credential_key *key,
                   const uint8_t client_data_hash[SHA256_LEN], struct hf_span auth_data,
                   struct hf_span signature)
{
	HF_CLEANUP(assert_free_at) fido_assert_t *a = fido_assert_new();
	bool good;

	good = a && fido_assert_set_clientdata_hash(a, client_data_hash, SHA256_LEN) == FIDO_OK &&
	       fido_assert_set_rp(a, party->rp_id) == FIDO_OK &&
	       fido_assert_set_count(a, 1) == FIDO_OK &&
	       fido_assert_set_authdata_raw(a, 0, auth_data.ptr, auth_data.len) == FIDO_OK &&
	       fido_assert_set_up(a, FIDO_OPT_TRUE) == FIDO_OK &&
	       fido_assert_set_uv(a, party->verify_user ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) ==
	               FIDO_OK &&
	       fido_assert_set_sig(a, 0, signature.ptr, signature.len) == FIDO_OK &&
	       verify_with(a, credential_key_pkey(key)) == FIDO_OK;
	ERR_clear_error();
	return good;
}

hf_status webauthn_verify(const struct webauthn_party *party, const struct credential_key *key,
                          struct hf_span client_data, struct hf_span authenticator_data,
                          struct hf_span signature, uint32_t *ret_counter, struct hf_err *err)
{
	uint8_t hash[SHA256_LEN];
	struct auth_data d;

	HF_TRY(read_auth_data(authenticator_data, false, &d, err));
	HF_TRY(check_party(party, &d, err));
	HF_TRY(sha256(client_data, hash));
	if (!signature.len || !verify(party, key, hash, authenticator_data, signature))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the authenticator's signature does not verify");
	*ret_counter = d.counter;
	return HF_SUCCESS;
}
