/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/action.h"

#include "base/text.h"
#include "crypto/digest.h"

#include <string.h>

#define NO_CREDENTIAL_TEXT "User does not have a credential that can be used for the application."

enum { COMMITMENT_VERSION = 1, PROOF_VERSION = 2 };

/* WebAuthn, 6.1 */
enum { FLAG_USER_PRESENT = 0x01, FLAG_USER_VERIFIED = 0x04 };

static void put_text(struct hf_buf *to, const char *text)
{
	hf_buf_field(to, hf_span_text(text));
}

void action_commitment_encode(struct hf_buf *to, const struct action_commitment *c)
{
	hf_buf_u8(to, COMMITMENT_VERSION);
	put_text(to, c->id);
	hf_buf_field(to, c->org);
	hf_buf_field(to, c->identity);
	hf_buf_field(to, c->method);
	hf_buf_field(to, c->path);
	hf_buf_field(to, HF_SPAN(c->payload.bytes, PAYLOAD_HASH_LEN));
	hf_buf_u64(to, (uint64_t)c->issued_ms);
	hf_buf_u8(to, (uint8_t)c->n_credentials);
	for (size_t i = 0; i < c->n_credentials; i++)
		hf_buf_field(to, c->credentials[i]);
}

hf_status action_commitment_decode(struct hf_span from, struct action_commitment *ret)
{
	struct hf_reader r = hf_reader(from);
	struct action_commitment c = { .encoded = from };
	struct hf_span payload;
	uint64_t issued;

	HF_ENSURE(hf_read_u8(&r) == COMMITMENT_VERSION, HF_INVALID);
	hf_read_text(&r, c.id, sizeof(c.id));
	c.org = hf_read_field(&r, HF_ID_MAX);
	c.identity = hf_read_field(&r, HF_ID_MAX);
	c.method = hf_read_field(&r, ACTION_METHOD_MAX);
	c.path = hf_read_field(&r, ACTION_PATH_MAX);
	payload = hf_read_field(&r, PAYLOAD_HASH_LEN);
	issued = hf_read_u64(&r);
	c.n_credentials = hf_read_u8(&r);
	HF_ENSURE(issued <= INT64_MAX / 2 && c.n_credentials <= ACTION_CREDENTIALS_MAX, HF_INVALID);
	c.issued_ms = (int64_t)issued;
	for (size_t i = 0; i < c.n_credentials; i++)
		c.credentials[i] = hf_read_field(&r, CREDENTIAL_ID_MAX);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(hf_id_valid("ua", c.id) && payload.len == PAYLOAD_HASH_LEN, HF_INVALID);
	memcpy(c.payload.bytes, payload.ptr, PAYLOAD_HASH_LEN);
	*ret = c;
	return HF_SUCCESS;
}

hf_status action_challenge(struct hf_span commitment, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(ACTION_COMMITMENT_MAX + 64);
	uint8_t hash[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	put_text(&text, ACTION_LABEL);
	hf_buf_put(&text, commitment.ptr, commitment.len);
	HF_TRY(hf_buf_status(&text));
	HF_TRY(sha256(hf_buf_span(&text), hash));
	hf_hex(hash, sizeof(hash), hex);
	hf_buf_base64url(to, HF_SPAN(hex, 2 * SHA256_LEN));
	return hf_buf_status(to);
}

void action_proof_encode(struct hf_buf *to, const struct action_proof *p)
{
	hf_buf_u8(to, PROOF_VERSION);
	hf_buf_field(to, p->commitment.encoded);
	hf_buf_u64(to, (uint64_t)p->expires_ms);
	put_text(to, p->credential_id);
	put_text(to, credential_kind_name(p->kind));
	hf_buf_field(to, p->client_data);
	hf_buf_field(to, p->authenticator_data);
	hf_buf_field(to, p->signature);
}

static hf_status read_kind(struct hf_reader *r, enum credential_kind *ret)
{
	char name[CREDENTIAL_KIND_MAX] = "";

	hf_read_text(r, name, sizeof(name));
	return credential_kind_parse(name, ret);
}

hf_status action_proof_decode(struct hf_span from, struct action_proof *ret)
{
	struct hf_reader r = hf_reader(from);
	struct action_proof p = { .kind = CREDENTIAL_KEY };
	bool first = from.len && from.ptr[0] == 0;
	uint64_t expires;

	HF_ENSURE(first || hf_read_u8(&r) == PROOF_VERSION, HF_INVALID);
	HF_TRY(action_commitment_decode(hf_read_field(&r, ACTION_COMMITMENT_MAX), &p.commitment));
	expires = hf_read_u64(&r);
	HF_ENSURE(expires <= INT64_MAX / 2, HF_INVALID);
	p.expires_ms = (int64_t)expires;
	hf_read_text(&r, p.credential_id, sizeof(p.credential_id));
	if (!first)
		HF_TRY(read_kind(&r, &p.kind));
	p.client_data = hf_read_field(&r, CLIENT_DATA_MAX);
	if (!first)
		p.authenticator_data = hf_read_field(&r, AUTHENTICATOR_DATA_MAX);
	p.signature = hf_read_field(&r, CREDENTIAL_SIGNATURE_MAX);
	HF_TRY(hf_reader_end(&r));
	*ret = p;
	return HF_SUCCESS;
}

static bool lists(const struct action_commitment *c, const char *credential)
{
	for (size_t i = 0; i < c->n_credentials; i++)
		if (hf_span_is(c->credentials[i], credential))
			return true;
	return false;
}

static hf_status check_key(const struct action_proof *p, const struct action_verifier *by,
                           struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(128);

	HF_TRY(action_challenge(p->commitment.encoded, &challenge));
	HF_TRY(client_data_check(p->client_data, "key.get", hf_buf_span(&challenge), err));
	if (p->authenticator_data.len)
		return hf_fail(err, HF_INVALID,
		               "authenticatorData: only those of kind Fido2 have it");
	if (!hf_ok(credential_verify(by->key, p->client_data, p->signature)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the signature of credential %s over clientData does not verify",
		               by->id);
	return HF_SUCCESS;
}

/* An authenticator signs its own data, which name the relying party, and a hash of the client data
 * (WebAuthn, 7.2). */
static hf_status check_signature(const struct action_proof *p, const struct action_verifier *by,
                                 struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf message = HF_BUF(AUTHENTICATOR_DATA_MAX + SHA256_LEN);
	uint8_t party[SHA256_LEN], said[SHA256_LEN];
	struct hf_reader r = hf_reader(p->authenticator_data);
	struct hf_span answered_for = hf_read_bytes(&r, SHA256_LEN);
	uint8_t flags = hf_read_u8(&r), wanted;

	hf_read_u32(&r); /* its counter, which is the server's to remember */
	wanted = FLAG_USER_PRESENT | (by->party->verify_user ? FLAG_USER_VERIFIED : 0);
	HF_TRY(sha256(hf_span_text(by->party->id), party));
	HF_TRY(sha256(p->client_data, said));
	if (r.failed || memcmp(answered_for.ptr, party, SHA256_LEN) != 0 ||
	    (flags & wanted) != wanted)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "authenticatorData: not of an answer to \"%s\" that a user gave",
		               by->party->id);
	hf_buf_put(&message, p->authenticator_data.ptr, p->authenticator_data.len);
	hf_buf_put(&message, said, sizeof(said));
	HF_TRY(hf_buf_status(&message));
	if (!hf_ok(credential_verify(by->key, hf_buf_span(&message), p->signature)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the signature of authenticator %s does not verify", by->id);
	return HF_SUCCESS;
}

static hf_status check_fido2(const struct action_proof *p, const struct action_verifier *by,
                             struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(128);

	if (!by->party || !by->party->id)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "credential %s: authenticators are not taken here, where no relying "
		               "party is named",
		               by->id);
	HF_TRY(action_challenge(p->commitment.encoded, &challenge));
	HF_TRY(client_data_check_page(p->client_data, "webauthn.get", hf_buf_span(&challenge),
	                              by->party, err));
	return check_signature(p, by, err);
}

hf_status action_proof_check(const struct action_proof *p, const struct action_verifier *by,
                             struct hf_err *err)
{
	if (strcmp(p->credential_id, by->id) != 0 || !lists(&p->commitment, by->id))
		return hf_fail(err, HF_UNAUTHENTIC, NO_CREDENTIAL_TEXT);
	if (p->kind != by->kind)
		return hf_fail(err, HF_UNAUTHENTIC, "credential %s is of kind %s, not %s", by->id,
		               credential_kind_name(by->kind), credential_kind_name(p->kind));
	switch (p->kind) {
	case CREDENTIAL_KEY:
	case CREDENTIAL_PASSWORD_PROTECTED_KEY:
		return check_key(p, by, err);
	case CREDENTIAL_FIDO2:
		return check_fido2(p, by, err);
	}
	return HF_FAILURE(HF_INTERNAL);
}
