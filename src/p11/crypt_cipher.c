/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include <string.h>

/* ECB and CBC without padding take whole blocks; of DES3 they have 8 bytes, which the token sees
 * to. */
static hf_status check_len(const struct crypto_mech *mech, size_t len, bool encrypting,
                           struct hf_err *err)
{
	bool whole = mech->mode == MODE_ECB || mech->mode == MODE_CBC_NOPAD ||
	             (mech->mode == MODE_CBC && !encrypting);
	size_t block = CRYPT_BLOCK / 2;

	if (whole && (len % block != 0 || (mech->mode == MODE_CBC && !len)))
		return hf_fail(err, HF_INVALID,
		               "%zu bytes are no whole blocks, which this mode takes", len);
	return HF_SUCCESS;
}

static hf_status run_either_form(struct p11_session *s, struct crypt_call *call,
                                 struct crypt_params *p, const struct crypto_mech *mech,
                                 struct hf_span in, struct hf_buf *to, struct hf_err *err)
{
	hf_status status;

	call->mechanism = p->mechanism;
	status = crypt_run(s, call, in, to, err);
	if (hf_ok(status) || !crypt_params_refused(s, call) || !params_other_form(p, mech))
		return status;
	call->mechanism = p->mechanism;
	return crypt_run(s, call, in, to, err);
}

/* The token puts the tag behind the ciphertext. */
static hf_status split_tag(struct hf_buf *ret, size_t from, size_t tag_len, struct hf_buf *ret_tag,
                           struct hf_err *err)
{
	if (ret->len - from < tag_len)
		return hf_fail(err, HF_CORRUPT, "C_Encrypt: the HSM gave no tag");
	ret->len -= tag_len;
	hf_buf_put(ret_tag, ret->ptr + ret->len, tag_len);
	return hf_buf_status(ret_tag);
}

hf_status cipher_encrypt(struct p11_session *s, CK_OBJECT_HANDLE key,
                         const struct crypto_mech *mech, struct hf_span plain, struct hf_buf *ret,
                         struct hf_buf *ret_iv, struct hf_buf *ret_tag, struct hf_err *err)
{
	struct crypt_call call = { .kind = CRYPT_ENCRYPT, .key = key };
	size_t before = ret->len;
	struct crypt_params p;

	HF_TRY(check_len(mech, plain.len, true, err));
	HF_TRY(params_cipher(s, key, mech, true, plain.len, &p, err));
	call.room = plain.len + 2 * CRYPT_BLOCK; /* padding, or a tag, and some modules want more */
	HF_TRY(run_either_form(s, &call, &p, mech, plain, ret, err));
	if (p.tag_len)
		HF_TRY(split_tag(ret, before, p.tag_len, ret_tag, err));
	hf_buf_put(ret_iv, p.iv, p.iv_len);
	return hf_buf_status(ret_iv);
}

hf_status cipher_decrypt(struct p11_session *s, CK_OBJECT_HANDLE key,
                         const struct crypto_mech *mech, struct hf_span cipher, struct hf_buf *ret,
                         struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf tagged = HF_BUF(cipher.len + mech->tag.len);
	struct crypt_call call = { .kind = CRYPT_DECRYPT, .key = key };
	struct crypt_params p;

	HF_TRY(check_len(mech, cipher.len, false, err));
	HF_TRY(params_cipher(s, key, mech, false, cipher.len, &p, err));
	call.room = cipher.len + 2 * CRYPT_BLOCK;
	if (!p.tag_len)
		return run_either_form(s, &call, &p, mech, cipher, ret, err);
	if (mech->tag.len != p.tag_len)
		return hf_fail(err, HF_INVALID, "a tag of %zu bytes is wanted, not of %zu",
		               p.tag_len, mech->tag.len);
	hf_buf_put(&tagged, cipher.ptr, cipher.len);
	hf_buf_put(&tagged, mech->tag.ptr, mech->tag.len);
	HF_TRY(hf_buf_status(&tagged));
	return run_either_form(s, &call, &p, mech, hf_buf_span(&tagged), ret, err);
}
