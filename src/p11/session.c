/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/session.h"

#include "p11/rv.h"

hf_status p11_session_fail(struct p11_session *s, struct hf_err *err, CK_RV rv, const char *call)
{
	s->rv = rv;
	return p11_fail(err, rv, call);
}

hf_status p11_session_open(struct p11_module *m, const struct p11_token *token, bool rw,
                           struct p11_session *ret, struct hf_err *err)
{
	struct p11_session s = { .module = m, .fn = m->fn, .token = *token, .rw = rw };
	CK_FLAGS flags = CKF_SERIAL_SESSION | (rw ? CKF_RW_SESSION : 0);
	CK_RV rv = s.fn->C_OpenSession(token->slot, flags, NULL, NULL, &s.handle);

	if (rv != CKR_OK)
		return p11_fail(err, rv, "C_OpenSession");
	s.open = true;
	*ret = s;
	return HF_SUCCESS;
}

/* A wrong PIN may be the one that locks the token for good: never spend the last try. */
static hf_status check_pin_flags(struct p11_session *s, CK_FLAGS *ret, struct hf_err *err)
{
	CK_TOKEN_INFO info = { 0 };
	CK_RV rv = s->fn->C_GetTokenInfo(s->token.slot, &info);

	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_GetTokenInfo");
	if (info.flags & CKF_USER_PIN_LOCKED)
		return hf_fail(err, HF_STOP,
		               "token %s: the PIN is locked: the security officer has to unlock it "
		               "with the HSM's own tools",
		               s->token.label);
	if (info.flags & CKF_USER_PIN_FINAL_TRY)
		return hf_fail(err, HF_STOP,
		               "token %s: one try is left before the PIN is locked, so it was not "
		               "tried: log in once with "
		               "the HSM's own tools, which clears the count, then start again",
		               s->token.label);
	*ret = info.flags;
	return HF_SUCCESS;
}

hf_status p11_session_login(struct p11_session *s, const struct hf_secret *pin, struct hf_err *err)
{
	CK_FLAGS flags = 0;
	CK_RV rv;

	HF_TRY(check_pin_flags(s, &flags, err));
	if (!pin->len && !(flags & CKF_LOGIN_REQUIRED))
		return HF_SUCCESS;
	if (!pin->len && !(flags & CKF_PROTECTED_AUTHENTICATION_PATH))
		return hf_fail(err, HF_STOP,
		               "token %s wants a PIN and none was given (--pin-file or USER_PIN)",
		               s->token.label);
	rv = s->fn->C_Login(s->handle, CKU_USER, pin->len ? pin->ptr : NULL, pin->len);
	if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return HF_SUCCESS;
	return hf_context(err, p11_session_fail(s, err, rv, "C_Login"), "token %s", s->token.label);
}

void p11_session_close(struct p11_session *s)
{
	if (s->open)
		s->fn->C_CloseSession(s->handle);
	s->open = false;
	s->live = 0;
}

void p11_object_destroy(struct p11_session *s, CK_OBJECT_HANDLE object)
{
	CK_RV rv;

	if (object == P11_NO_OBJECT || !s->open)
		return;
	if (s->learnt.ec_key == object)
		s->learnt.ec_key = P11_NO_OBJECT;
	rv = s->fn->C_DestroyObject(s->handle, object);
	if (rv != CKR_OK)
		s->rv = rv;
	else if (s->live)
		s->live--;
}
