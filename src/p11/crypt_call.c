/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include "p11/rv.h"

#include "base/secret.h"

static CK_BYTE *bytes_of(struct hf_span in)
{
	static CK_BYTE none; /* modules refuse NULL, even of no bytes */

	return in.len ? (CK_BYTE *)(uintptr_t)in.ptr : &none; /* PKCS#11 has no const */
}

static CK_RV init(struct p11_session *s, struct crypt_call *c, const char **ret_name)
{
	switch (c->kind) {
	case CRYPT_ENCRYPT:
		*ret_name = "C_EncryptInit";
		return s->fn->C_EncryptInit(s->handle, &c->mechanism, c->key);
	case CRYPT_DECRYPT:
		*ret_name = "C_DecryptInit";
		return s->fn->C_DecryptInit(s->handle, &c->mechanism, c->key);
	case CRYPT_SIGN:
		break;
	}
	*ret_name = "C_SignInit";
	return s->fn->C_SignInit(s->handle, &c->mechanism, c->key);
}

static CK_RV run(struct p11_session *s, const struct crypt_call *c, struct hf_span in, uint8_t *out,
                 CK_ULONG *len, const char **ret_name)
{
	switch (c->kind) {
	case CRYPT_ENCRYPT:
		*ret_name = "C_Encrypt";
		return s->fn->C_Encrypt(s->handle, bytes_of(in), in.len, out, len);
	case CRYPT_DECRYPT:
		*ret_name = "C_Decrypt";
		return s->fn->C_Decrypt(s->handle, bytes_of(in), in.len, out, len);
	case CRYPT_SIGN:
		break;
	}
	*ret_name = "C_Sign";
	return s->fn->C_Sign(s->handle, bytes_of(in), in.len, out, len);
}

bool crypt_params_refused(const struct p11_session *s, const struct crypt_call *c)
{
	return !c->begun && (s->rv == CKR_ARGUMENTS_BAD || s->rv == CKR_MECHANISM_PARAM_INVALID);
}

/* "The arguments are bad" before there are data is about the mechanism's parameters, of which the
 * standard has more than a token. */
static hf_status init_failed(struct p11_session *s, struct crypt_call *c, CK_RV rv,
                             const char *name, struct hf_err *err)
{
	hf_status status = p11_session_fail(s, err, rv, name);

	if (rv != CKR_ARGUMENTS_BAD)
		return status;
	return hf_fail(err, HF_UNSUPPORTED,
	               "%s: the HSM does not take this mechanism (0x%lx) with these parameters",
	               name, c->mechanism.mechanism);
}

hf_status crypt_undecipherable(struct hf_err *err)
{
	return hf_fail(err, HF_UNAUTHENTIC,
	               "this does not decrypt: it was altered, or encrypted with another key, "
	               "initial value, label or associated data");
}

/* Vendors have many codes for data that do not decrypt, and some give the same one for a link that
 * was lost: then the session does not answer either. */
bool crypt_is_about_data(struct p11_session *s, CK_RV rv)
{
	CK_SESSION_INFO info;
	CK_BYTE byte;

	switch (rv) {
	case CKR_ENCRYPTED_DATA_INVALID:
	case CKR_ENCRYPTED_DATA_LEN_RANGE:
	case CKR_AEAD_DECRYPT_FAILED:
	case CKR_DATA_INVALID:
	case CKR_DATA_LEN_RANGE:
	case CKR_SIGNATURE_INVALID:
	case CKR_ARGUMENTS_BAD: /* NSS, of an RSA ciphertext that is too short */
		return true;
	case CKR_GENERAL_ERROR:
	case CKR_FUNCTION_FAILED:
		return s->fn->C_GetSessionInfo(s->handle, &info) == CKR_OK &&
		       s->fn->C_GenerateRandom(s->handle, &byte, 1) == CKR_OK;
	default: /* a number of the vendor's choice, no enum */
		return false;
	}
}

static hf_status run_failed(struct p11_session *s, const struct crypt_call *c, CK_RV rv,
                            const char *name, struct hf_err *err)
{
	hf_status status = p11_session_fail(s, err, rv, name);

	if (c->kind == CRYPT_DECRYPT && crypt_is_about_data(s, rv))
		return crypt_undecipherable(err);
	return status;
}

hf_status crypt_run(struct p11_session *s, struct crypt_call *c, struct hf_span in,
                    struct hf_buf *to, struct hf_err *err)
{
	size_t room = c->room < to->max - to->len ? c->room : to->max - to->len;
	CK_ULONG len = room;
	const char *name;
	uint8_t *out;
	CK_RV rv;

	c->begun = false;
	out = hf_buf_grow(to, room);
	HF_TRY(hf_buf_status(to));
	to->len -= room; /* until it is there */
	rv = init(s, c, &name);
	if (rv != CKR_OK)
		return init_failed(s, c, rv, name, err);
	c->begun = true;
	rv = run(s, c, in, out, &len, &name);
	if (rv != CKR_OK)
		return run_failed(s, c, rv, name, err);
	if (len > room)
		return hf_fail(err, HF_CORRUPT, "%s: the HSM gave %lu bytes where %zu have room",
		               name, len, room);
	to->len += len;
	return HF_SUCCESS;
}

hf_status crypt_no_way(enum crypto_mode mode, const char *what, struct hf_err *err)
{
	return hf_fail(err, HF_INVALID, "mode %d is no way to %s", (int)mode, what);
}
