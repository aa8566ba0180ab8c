/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt_keys.h"

#include "places.h"

#include "base/secret.h"
#include "crypto/private_info.h"
#include "p11/crypt_impl.h"

#include <string.h>

static struct place place;
static const struct place_kind *kind;
static struct p11_module module;
static struct p11_session session;
static CK_OBJECT_HANDLE rsa_public = P11_NO_OBJECT;

void must(hf_status s, const struct hf_err *err)
{
	if (!hf_ok(s))
		fail_msg("%s: %s", hf_code_name(s.code), err->text);
}

void keys_place(const char *name)
{
	kind = place_kind(name);
}

bool keys_place_is(const char *name)
{
	return strcmp(kind->name, name) == 0;
}

struct p11_session *keys_session(void)
{
	return &session;
}

int keys_start(void **state)
{
	HF_SECRET struct hf_secret pin = { 0 };
	struct p11_token token;
	struct hf_err err = { 0 };

	place_make(kind, &place);
	must(p11_module_open(place.module, place.args, &module, &err), &err);
	must(p11_slot_find(&module, place.slot, &token, &err), &err);
	CHECK_OK(hf_secret_copy(PLACE_PIN, strlen(PLACE_PIN), &pin));
	must(p11_session_open(&module, &token, true, &session, &err), &err);
	must(p11_session_login(&session, &pin, &err), &err);
	return 0;
}

int keys_stop(void **state)
{
	p11_session_close(&session);
	p11_module_close(&module);
	place_remove(&place);
	return 0;
}

static CK_OBJECT_HANDLE create(struct template *t)
{
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	CK_RV rv = session.fn->C_CreateObject(session.handle, t->attr, t->n, &key);

	if (rv != CKR_OK)
		fail_msg("C_CreateObject: 0x%lx", rv);
	session.live++;
	return key;
}

CK_OBJECT_HANDLE keys_secret(CK_KEY_TYPE type, struct hf_span value)
{
	static const CK_ATTRIBUTE_TYPE uses[] = { CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP,  CKA_UNWRAP,
		                                  CKA_SIGN,    CKA_VERIFY,  CKA_DERIVE };
	struct template t = { 0 };

	template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
	template_number(&t, CKA_KEY_TYPE, type);
	template_bool(&t, CKA_TOKEN, false);
	template_bool(&t, CKA_PRIVATE, true);
	template_bool(&t, CKA_SENSITIVE, false);
	template_bool(&t, CKA_EXTRACTABLE, true);
	for (size_t i = 0; i < HF_COUNT(uses); i++)
		template_bool(&t, uses[i], true);
	template_bytes(&t, CKA_VALUE, value);
	return create(&t);
}

static void public_half(const struct private_info *info)
{
	struct template t = { 0 };

	template_number(&t, CKA_CLASS, CKO_PUBLIC_KEY);
	template_number(&t, CKA_KEY_TYPE, CKK_RSA);
	template_bool(&t, CKA_TOKEN, false);
	template_bool(&t, CKA_ENCRYPT, true);
	template_bool(&t, CKA_VERIFY, true);
	template_bool(&t, CKA_WRAP, true);
	template_bytes(&t, CKA_MODULUS, HF_SPAN(info->public.n, info->public.n_len));
	template_bytes(&t, CKA_PUBLIC_EXPONENT, HF_SPAN(info->public.e, info->public.e_len));
	if (rsa_public != P11_NO_OBJECT)
		p11_object_destroy(&session, rsa_public);
	rsa_public = create(&t);
}

CK_OBJECT_HANDLE keys_rsa_public(void)
{
	return rsa_public;
}

CK_OBJECT_HANDLE keys_rsa(struct hf_span pkcs8)
{
	struct private_info info = { 0 };
	struct template t = { 0 };
	CK_OBJECT_HANDLE key;

	CHECK_OK(private_info_parse(pkcs8, &info));
	template_number(&t, CKA_CLASS, CKO_PRIVATE_KEY);
	template_number(&t, CKA_KEY_TYPE, CKK_RSA);
	template_bool(&t, CKA_TOKEN, false);
	template_bool(&t, CKA_PRIVATE, true);
	template_bool(&t, CKA_SENSITIVE, false);
	template_bool(&t, CKA_EXTRACTABLE, true);
	template_bool(&t, CKA_DECRYPT, true);
	template_bool(&t, CKA_SIGN, true);
	template_bool(&t, CKA_UNWRAP, true);
	template_bytes(&t, CKA_MODULUS, HF_SPAN(info.public.n, info.public.n_len));
	template_bytes(&t, CKA_PUBLIC_EXPONENT, HF_SPAN(info.public.e, info.public.e_len));
	template_bytes(&t, CKA_PRIVATE_EXPONENT, info.d);
	template_bytes(&t, CKA_PRIME_1, info.p);
	template_bytes(&t, CKA_PRIME_2, info.q);
	template_bytes(&t, CKA_EXPONENT_1, info.dp);
	template_bytes(&t, CKA_EXPONENT_2, info.dq);
	template_bytes(&t, CKA_COEFFICIENT, info.qinv);
	key = create(&t);
	public_half(&info);
	private_info_done(&info);
	return key;
}

void keys_spki(struct hf_span pkcs8, struct public_der *ret)
{
	struct private_info info = { 0 };

	CHECK_OK(private_info_parse(pkcs8, &info));
	CHECK_OK(public_info_der(&info.public, ret));
	private_info_done(&info);
}

void keys_drop(CK_OBJECT_HANDLE key)
{
	p11_object_destroy(&session, key);
}

const char *keys_undecipherable(void)
{
	static struct hf_err err;

	hf_ignore(crypt_undecipherable(&err));
	return err.text;
}
