/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/trial.h"

#include "base/random.h"

#include <string.h>

static hf_status sign_once(struct trial *r, enum key_type type, struct p11_type_profile *t,
                           CK_OBJECT_HANDLE object, const struct public_key *pub, int scheme)
{
	struct p11_profile profile = { 0 };
	struct signature sig = { 0 };
	uint8_t input[64];
	int hash = scheme == SIGN_RSA_PKCS1 || scheme == SIGN_RSA_PSS ? HASH_SHA256 : HASH_NONE;
	size_t len = scheme == SIGN_ECDSA ? (key_type_info(type)->bits + 7) / 8 : 32;

	hf_random(input, sizeof(input));
	profile.types[type] = *t;
	HF_TRY(p11_key_sign(r->s, &profile, type, object, scheme, hash, HF_SPAN(input, len), &sig,
	                    &r->fault));
	if (!hf_ok(signature_finish(type, HF_SPAN(pub->bytes, pub->len), scheme, hash,
	                            HF_SPAN(input, len), &sig)))
		return hf_fail(&r->fault, HF_UNAUTHENTIC,
		               "the HSM's signature does not verify against its own public key");
	return HF_SUCCESS;
}

/* Signs in every way that the type has; learns the signing quirks. */
hf_status trial_sign(struct trial *r, enum key_type type, struct p11_type_profile *t,
                     CK_OBJECT_HANDLE object, const struct public_key *pub)
{
	hf_status status;

	t->sign_mechanism = p11_kind(type)->sign;
	status = sign_once(r, type, t, object, pub, (int)sign_scheme_plain(type));
	if (!hf_ok(status) && type == KEY_ED25519) {
		t->quirks |= QUIRK_EDDSA_PARAMS;
		status = sign_once(r, type, t, object, pub, SIGN_ED25519);
	}
	HF_TRY(status);
	if (key_type_info(type)->family == FAMILY_RSA &&
	    !hf_ok(sign_once(r, type, t, object, pub, SIGN_RSA_PSS)))
		t->quirks |= QUIRK_NO_PSS;
	return HF_SUCCESS;
}

/* Template quirks in the order in which they are tried: the fewest first. */
static const uint32_t unwrap_quirks[] = {
	0,
	QUIRK_RATCHET,
	QUIRK_NSS_DB,
	QUIRK_NSS_DB | QUIRK_RATCHET,
	QUIRK_EC_PARAMS,
	QUIRK_EC_PARAMS | QUIRK_RATCHET,
};

hf_status trial_unwrap(struct trial *r, enum key_type type, struct p11_type_profile *t,
                       struct hf_span blob, CK_OBJECT_HANDLE *ret)
{
	bool rsa = key_type_info(type)->family == FAMILY_RSA;
	struct hf_err first = { 0 };
	CK_RV first_rv = CKR_OK;

	for (size_t i = 0; i < HF_COUNT(unwrap_quirks); i++) {
		struct p11_type_profile trial = *t;

		if (rsa && (unwrap_quirks[i] & (QUIRK_NSS_DB | QUIRK_EC_PARAMS)))
			continue;
		trial.quirks |= unwrap_quirks[i];
		r->s->rv = CKR_OK;
		if (hf_ok(p11_unwrap(r->s, r->master, trial.wrap_mechanism, trial.format, type,
		                     &trial, blob, ret, &r->fault))) {
			*t = trial;
			return HF_SUCCESS;
		}
		if (i == 0) {
			first = r->fault;
			first_rv = r->s->rv;
		}
	}
	r->fault = first; /* what the plain template got says more than what the odd ones got */
	r->s->rv = first_rv;
	return HF_FAILURE(first.code);
}

/* One flipped bit has to be refused where the format has integrity of its own. */
bool trial_refuses_corrupt(struct trial *r, enum key_type type, const struct p11_type_profile *t,
                           struct hf_span blob)
{
	uint8_t bytes[WRAP_BLOB_MAX];
	CK_OBJECT_HANDLE object;

	if (t->format == WRAP_CBC_PAD)
		return true; /* it has none: the MAC is what protects it, and it is never used
		                without */
	memcpy(bytes, blob.ptr, blob.len);
	bytes[blob.len / 2] ^= 0x10;
	if (!hf_ok(p11_unwrap(r->s, r->master, t->wrap_mechanism, t->format, type, t,
	                      HF_SPAN(bytes, blob.len), &object, NULL)))
		return true;
	p11_object_destroy(r->s, object);
	return false;
}

hf_status trial_generate(struct trial *r, enum key_type type, enum key_place place,
                         struct p11_type_profile *t, struct p11_key *ret)
{
	const struct p11_kind *kind = p11_kind(type);
	int encodings = kind->name.len ? 2 : 1, pairs = place == KEY_RESIDENT ? 2 : 1;
	struct hf_err first = { 0 };
	CK_RV first_rv = CKR_OK;
	bool tried = false;

	/* The first is always one: RSA's is number 0, which elsewhere means none. */
	for (size_t i = 0; i < HF_COUNT(kind->generate) && (!i || kind->generate[i]); i++) {
		for (int e = 0; e < encodings * pairs; e++) {
			t->generate_mechanism = kind->generate[i];
			t->params = !kind->oid.len       ? 0
			            : e % encodings == 0 ? PARAMS_OID
			                                 : PARAMS_NAME;
			t->quirks = e < encodings ? 0 : QUIRK_TOKEN_PAIR;
			r->s->rv = CKR_OK;
			if (hf_ok(p11_key_make(r->s, t, type, place, ret, &r->fault)))
				return HF_SUCCESS;
			if (!tried) {
				first = r->fault;
				first_rv = r->s->rv;
			}
			tried = true;
		}
	}
	t->quirks = 0;
	r->fault = first;
	r->s->rv = first_rv;
	return HF_FAILURE(first.code);
}
