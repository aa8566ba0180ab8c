/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include "p11/rv.h"

/* A pair of the session's own. */
static hf_status probe_pair(struct p11_session *s, CK_OBJECT_HANDLE *ret_public,
                            CK_OBJECT_HANDLE *ret_private, struct hf_err *err)
{
	static const uint8_t exponent[] = { 1, 0, 1 };
	CK_MECHANISM mechanism = { .mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN };
	struct template pub = { 0 }, priv = { 0 };
	CK_RV rv;

	template_bool(&pub, CKA_TOKEN, false);
	template_bool(&pub, CKA_ENCRYPT, true);
	template_number(&pub, CKA_MODULUS_BITS, 2048);
	template_bytes(&pub, CKA_PUBLIC_EXPONENT, HF_SPAN(exponent, sizeof(exponent)));
	template_bool(&priv, CKA_TOKEN, false);
	template_bool(&priv, CKA_PRIVATE, true);
	template_bool(&priv, CKA_SENSITIVE, true);
	template_bool(&priv, CKA_EXTRACTABLE, false);
	template_bool(&priv, CKA_DECRYPT, true);
	rv = s->fn->C_GenerateKeyPair(s->handle, &mechanism, pub.attr, pub.n, priv.attr, priv.n,
	                              ret_public, ret_private);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_GenerateKeyPair");
	s->live += 2;
	return HF_SUCCESS;
}

static hf_status run(struct p11_session *s, enum crypt_kind kind, CK_OBJECT_HANDLE key,
                     const struct crypto_mech *mech, struct hf_span in, struct hf_buf *ret,
                     struct hf_err *err)
{
	struct crypt_call call = { .kind = kind, .key = key, .room = CRYPT_SIGNATURE_MAX };
	struct crypt_params p;

	HF_TRY(params_rsa(mech, &p, err));
	call.mechanism = p.mechanism;
	return crypt_run(s, &call, in, ret, err);
}

/* What was encrypted with a label must not decrypt without. */
static hf_status try_label(struct p11_session *s, const struct crypto_mech *mech,
                           CK_OBJECT_HANDLE public_key, CK_OBJECT_HANDLE private_key,
                           struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf cipher = HF_BUF(CRYPT_SIGNATURE_MAX);
	HF_BUF_SCOPED struct hf_buf plain = HF_BUF(CRYPT_SIGNATURE_MAX);
	struct crypto_mech bare = *mech;
	hf_status status;

	bare.ad = HF_SPAN(NULL, 0);
	HF_TRY(run(s, CRYPT_ENCRYPT, public_key, mech, HF_SPAN("label", 5), &cipher, err));
	status = run(s, CRYPT_DECRYPT, private_key, &bare, hf_buf_span(&cipher), &plain, err);
	if (!hf_ok(status) && status.code != HF_UNAUTHENTIC)
		return status;
	s->learnt.oaep_label = hf_ok(status) ? LABEL_IGNORED : LABEL_HEEDED;
	return HF_SUCCESS;
}

/* SoftHSM2 takes a label and does without it, in both directions: what is to hang on the label
 * would not. So it is tried, once in a session, with a pair made for that. */
hf_status rsa_check_label(struct p11_session *s, const struct crypto_mech *mech, struct hf_err *err)
{
	CK_OBJECT_HANDLE public_key, private_key;
	hf_status status;

	if (mech->mode != MODE_RSA_OAEP || !mech->ad.len)
		return HF_SUCCESS;
	if (s->learnt.oaep_label == LABEL_UNKNOWN) {
		HF_TRY(probe_pair(s, &public_key, &private_key, err));
		status = try_label(s, mech, public_key, private_key, err);
		p11_object_destroy(s, public_key);
		p11_object_destroy(s, private_key);
		HF_TRY(status);
	}
	if (s->learnt.oaep_label == LABEL_HEEDED)
		return HF_SUCCESS;
	return hf_fail(err, HF_UNSUPPORTED, "the HSM does not heed the label of OAEP");
}

hf_status rsa_encrypt(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                      struct hf_span plain, struct hf_buf *ret, struct hf_err *err)
{
	HF_TRY(rsa_check_label(s, mech, err));
	return run(s, CRYPT_ENCRYPT, key, mech, plain, ret, err);
}

/* That a ciphertext of this length cannot be one is no secret, but is left to the token all the
 * same: every failure looks alike. */
hf_status rsa_decrypt(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                      struct hf_span cipher, struct hf_buf *ret, struct hf_err *err)
{
	HF_TRY(rsa_check_label(s, mech, err));
	return run(s, CRYPT_DECRYPT, key, mech, cipher, ret, err);
}
