/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

hf_status rsa_encrypt(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                      struct hf_span plain, struct hf_buf *ret, struct hf_err *err)
{
	struct crypt_call call = { .kind = CRYPT_ENCRYPT, .key = key, .room = CRYPT_SIGNATURE_MAX };
	struct crypt_params p;

	HF_TRY(params_rsa(mech, &p, err));
	call.mechanism = p.mechanism;
	return crypt_run(s, &call, plain, ret, err);
}

/* That a ciphertext of this length cannot be one is no secret, but is left to the token all the
 * same: every failure looks alike. */
hf_status rsa_decrypt(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                      struct hf_span cipher, struct hf_buf *ret, struct hf_err *err)
{
	struct crypt_call call = { .kind = CRYPT_DECRYPT, .key = key, .room = CRYPT_SIGNATURE_MAX };
	struct crypt_params p;

	HF_TRY(params_rsa(mech, &p, err));
	call.mechanism = p.mechanism;
	return crypt_run(s, &call, cipher, ret, err);
}
