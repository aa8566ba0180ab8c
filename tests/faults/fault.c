/* SPDX-License-Identifier: Apache-2.0
 * The fault module: a PKCS#11 library that stands before a real one (HOLDFAST_FAULT_MODULE, an
 * absolute path) and makes it fail as a script says (script.h). For tests only. */
#include "calls.h"
#include "delay.h"
#include "handles.h"
#include "script.h"
#include "sessions.h"

#include "base/scope.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST list;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* What a call is to do besides, or in place of, the real one. */
struct verdict {
	bool answered; /* with rv, without the real call */
	CK_RV rv;
	bool corrupt;
	int64_t delay_us, latency_us, service_us, idle_us;
	unsigned engines;
	bool hang, crash, exit, count, reuse_handles;
};

static void judge(struct fault_rule *r, struct verdict *v)
{
	switch (r->action) {
	case FAULT_RETURN:
		v->answered = true;
		v->rv = r->rv;
		break;
	case FAULT_PIN_LOCKED:
		v->answered = true;
		v->rv = CKR_PIN_LOCKED;
		break;
	case FAULT_CAP:
		v->answered = sessions_open() >= r->cap;
		v->rv = CKR_SESSION_COUNT;
		break;
	case FAULT_DELAY:
		v->delay_us += r->delay_us;
		break;
	case FAULT_HANG:
		v->hang = true;
		break;
	case FAULT_CRASH:
		v->crash = true;
		break;
	case FAULT_EXIT:
		v->exit = true;
		break;
	case FAULT_CORRUPT:
		v->corrupt = true;
		break;
	}
}

static struct verdict ask_script(enum call c)
{
	struct fault_script *s;
	struct verdict v = { 0 };

	pthread_mutex_lock(&mutex);
	s = script_now();
	for (unsigned i = 0; i < s->n_rules; i++) {
		struct fault_rule *r = &s->rules[i];
		bool mine = !strcmp(r->function, call_name(c)) || !strcmp(r->function, "*");

		if (mine && script_strikes(r))
			judge(r, &v);
	}
	v.count = s->count;
	v.reuse_handles = s->reuse_handles;
	v.idle_us = s->idle_us;
	v.delay_us += s->latency_all_us;
	if (call_is_remote(c)) {
		v.latency_us = s->latency_us;
		v.engines = s->engines;
		v.service_us = s->service_us;
	}
	pthread_mutex_unlock(&mutex);
	return v;
}

/* What the HSM itself has closed: the caller finds out at its next call. */
static void close_idle(int64_t idle_us)
{
	CK_SESSION_HANDLE s;

	while (idle_us && session_idle(idle_us, &s)) {
		real->C_CloseSession(s);
		handles_session_gone(s);
	}
}

/* Waits, hangs or ends here; the rest is the caller's. */
static struct verdict before(enum call c)
{
	struct verdict v = ask_script(c);
	char path[4200];

	if (v.count && script_file("calls", path, sizeof(path)))
		calls_count(path, c);
	close_idle(v.idle_us);
	delay_us(v.delay_us);
	delay_remote(v.latency_us, v.engines, v.service_us);
	while (v.hang)
		pause();
	if (v.crash)
		raise(SIGSEGV);
	if (v.exit)
		_exit(1);
	return v;
}

/* FACE(name, parameters, arguments): the function of that name, with the script before it. The
 * arguments of IN_SESSION are reckoned after the script. */
#define FACE(name, parameters, arguments)                                                          \
	static CK_RV face_##name parameters                                                        \
	{                                                                                          \
		struct verdict v = before(CALL_##name);                                            \
		return v.answered ? v.rv : real->name arguments;                                   \
	}
#define IN_SESSION(call) session_enter(s), rv = v.answered ? v.rv : (call), session_leave(s)
#define SESSION_FACE(name, parameters, arguments)                                                  \
	static CK_RV face_##name parameters                                                        \
	{                                                                                          \
		struct verdict v = before(CALL_##name);                                            \
		CK_RV rv;                                                                          \
		IN_SESSION(real->name arguments);                                                  \
		return rv;                                                                         \
	}

FACE(C_GetInfo, (CK_INFO * a), (a))
FACE(C_GetSlotList, (CK_BBOOL a, CK_SLOT_ID *b, CK_ULONG *c), (a, b, c))
FACE(C_GetSlotInfo, (CK_SLOT_ID a, CK_SLOT_INFO *b), (a, b))
FACE(C_GetMechanismList, (CK_SLOT_ID a, CK_MECHANISM_TYPE *b, CK_ULONG *c), (a, b, c))
FACE(C_GetMechanismInfo, (CK_SLOT_ID a, CK_MECHANISM_TYPE b, CK_MECHANISM_INFO *c), (a, b, c))
SESSION_FACE(C_GetSessionInfo, (CK_SESSION_HANDLE s, CK_SESSION_INFO *a), (s, a))
SESSION_FACE(C_Login, (CK_SESSION_HANDLE s, CK_USER_TYPE a, CK_UTF8CHAR *b, CK_ULONG c),
             (s, a, b, c))
SESSION_FACE(C_Logout, (CK_SESSION_HANDLE s), (s))
SESSION_FACE(C_GetAttributeValue,
             (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE a, CK_ATTRIBUTE *b, CK_ULONG c),
             (s, handle_real(a), b, c))
SESSION_FACE(C_SetAttributeValue,
             (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE a, CK_ATTRIBUTE *b, CK_ULONG c),
             (s, handle_real(a), b, c))
SESSION_FACE(C_FindObjectsInit, (CK_SESSION_HANDLE s, CK_ATTRIBUTE *a, CK_ULONG b), (s, a, b))
SESSION_FACE(C_FindObjectsFinal, (CK_SESSION_HANDLE s), (s))
SESSION_FACE(C_SignInit, (CK_SESSION_HANDLE s, CK_MECHANISM *a, CK_OBJECT_HANDLE b),
             (s, a, handle_real(b)))
SESSION_FACE(C_EncryptInit, (CK_SESSION_HANDLE s, CK_MECHANISM *a, CK_OBJECT_HANDLE b),
             (s, a, handle_real(b)))
SESSION_FACE(C_Encrypt, (CK_SESSION_HANDLE s, CK_BYTE *a, CK_ULONG b, CK_BYTE *c, CK_ULONG *d),
             (s, a, b, c, d))
SESSION_FACE(C_DecryptInit, (CK_SESSION_HANDLE s, CK_MECHANISM *a, CK_OBJECT_HANDLE b),
             (s, a, handle_real(b)))
SESSION_FACE(C_Decrypt, (CK_SESSION_HANDLE s, CK_BYTE *a, CK_ULONG b, CK_BYTE *c, CK_ULONG *d),
             (s, a, b, c, d))
SESSION_FACE(C_GenerateRandom, (CK_SESSION_HANDLE s, CK_BYTE *a, CK_ULONG b), (s, a, b))

static CK_RV face_C_Initialize(void *args)
{
	struct verdict v = before(CALL_C_Initialize);
	CK_RV rv = v.answered ? v.rv : real->C_Initialize(args);

	if (rv == CKR_OK)
		handles_begin(v.reuse_handles);
	return rv;
}

static CK_RV face_C_Finalize(void *reserved)
{
	struct verdict v = before(CALL_C_Finalize);
	CK_RV rv = v.answered ? v.rv : real->C_Finalize(reserved);

	if (rv == CKR_OK)
		sessions_forget();
	return rv;
}

static bool pin_is_locked(void)
{
	struct fault_script *s;
	bool locked = false;

	pthread_mutex_lock(&mutex);
	s = script_now();
	for (unsigned i = 0; i < s->n_rules; i++)
		locked = locked || (s->rules[i].action == FAULT_PIN_LOCKED &&
		                    !strcmp(s->rules[i].function, "C_Login"));
	pthread_mutex_unlock(&mutex);
	return locked;
}

static CK_RV face_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	struct verdict v = before(CALL_C_GetTokenInfo);
	CK_RV rv = v.answered ? v.rv : real->C_GetTokenInfo(slot, info);

	if (rv == CKR_OK && pin_is_locked())
		info->flags |= CKF_USER_PIN_LOCKED;
	return rv;
}

static CK_RV face_C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
                                CK_SESSION_HANDLE *ret)
{
	struct verdict v = before(CALL_C_OpenSession);
	CK_RV rv = v.answered ? v.rv : real->C_OpenSession(slot, flags, app, notify, ret);

	if (rv == CKR_OK)
		session_opened(*ret);
	return rv;
}

static CK_RV face_C_CloseSession(CK_SESSION_HANDLE s)
{
	struct verdict v = before(CALL_C_CloseSession);
	CK_RV rv = v.answered ? v.rv : real->C_CloseSession(s);

	if (rv == CKR_OK) {
		session_closed(s);
		handles_session_gone(s);
	}
	return rv;
}

/* --- objects --- */

static bool asks_for_token(const CK_ATTRIBUTE *a, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (a[i].type == CKA_TOKEN && a[i].ulValueLen == sizeof(CK_BBOOL))
			return *(const CK_BBOOL *)a[i].pValue == CK_TRUE;
	return false;
}

/* A new object's number, ours for the module's; it dies with the session unless it is the token's.
 */
static CK_RV give(CK_RV rv, CK_OBJECT_HANDLE *object, CK_SESSION_HANDLE s, const CK_ATTRIBUTE *a,
                  CK_ULONG n)
{
	if (rv == CKR_OK)
		*object = handle_give(*object, asks_for_token(a, n) ? 0 : s);
	return rv;
}

static CK_RV face_C_CreateObject(CK_SESSION_HANDLE s, CK_ATTRIBUTE *a, CK_ULONG n,
                                 CK_OBJECT_HANDLE *ret)
{
	struct verdict v = before(CALL_C_CreateObject);
	CK_RV rv;

	IN_SESSION(real->C_CreateObject(s, a, n, ret));
	return give(rv, ret, s, a, n);
}

static CK_RV face_C_DestroyObject(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object)
{
	struct verdict v = before(CALL_C_DestroyObject);
	CK_RV rv;

	IN_SESSION(real->C_DestroyObject(s, handle_real(object)));
	if (rv == CKR_OK)
		handle_gone(object);
	return rv;
}

static CK_RV face_C_FindObjects(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *to, CK_ULONG max,
                                CK_ULONG *n)
{
	struct verdict v = before(CALL_C_FindObjects);
	CK_RV rv;

	IN_SESSION(real->C_FindObjects(s, to, max, n));
	for (CK_ULONG i = 0; rv == CKR_OK && i < *n; i++)
		to[i] = handle_give(to[i], 0);
	return rv;
}

static CK_RV face_C_GenerateKey(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_ATTRIBUTE *a, CK_ULONG n,
                                CK_OBJECT_HANDLE *ret)
{
	struct verdict v = before(CALL_C_GenerateKey);
	CK_RV rv;

	IN_SESSION(real->C_GenerateKey(s, m, a, n, ret));
	return give(rv, ret, s, a, n);
}

static CK_RV face_C_GenerateKeyPair(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_ATTRIBUTE *pub,
                                    CK_ULONG n_pub, CK_ATTRIBUTE *priv, CK_ULONG n_priv,
                                    CK_OBJECT_HANDLE *ret_pub, CK_OBJECT_HANDLE *ret_priv)
{
	struct verdict v = before(CALL_C_GenerateKeyPair);
	CK_RV rv;

	IN_SESSION(real->C_GenerateKeyPair(s, m, pub, n_pub, priv, n_priv, ret_pub, ret_priv));
	rv = give(rv, ret_pub, s, pub, n_pub);
	return give(rv, ret_priv, s, priv, n_priv);
}

static CK_RV face_C_UnwrapKey(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE master,
                              CK_BYTE *blob, CK_ULONG len, CK_ATTRIBUTE *a, CK_ULONG n,
                              CK_OBJECT_HANDLE *ret)
{
	struct verdict v = before(CALL_C_UnwrapKey);
	CK_RV rv;

	IN_SESSION(real->C_UnwrapKey(s, m, handle_real(master), blob, len, a, n, ret));
	return give(rv, ret, s, a, n);
}

static CK_RV face_C_DeriveKey(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE base,
                              CK_ATTRIBUTE *a, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
	struct verdict v = before(CALL_C_DeriveKey);
	CK_RV rv;

	IN_SESSION(real->C_DeriveKey(s, m, handle_real(base), a, n, ret));
	return give(rv, ret, s, a, n);
}

static void flip(const struct verdict *v, CK_RV rv, CK_BYTE *out, const CK_ULONG *len)
{
	if (v->corrupt && rv == CKR_OK && out && *len)
		out[*len / 2] ^= 0x04;
}

static CK_RV face_C_Sign(CK_SESSION_HANDLE s, CK_BYTE *data, CK_ULONG len, CK_BYTE *to,
                         CK_ULONG *to_len)
{
	struct verdict v = before(CALL_C_Sign);
	CK_RV rv;

	IN_SESSION(real->C_Sign(s, data, len, to, to_len));
	flip(&v, rv, to, to_len);
	return rv;
}

static CK_RV face_C_WrapKey(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE master,
                            CK_OBJECT_HANDLE key, CK_BYTE *to, CK_ULONG *to_len)
{
	struct verdict v = before(CALL_C_WrapKey);
	CK_RV rv;

	IN_SESSION(real->C_WrapKey(s, m, handle_real(master), handle_real(key), to, to_len));
	flip(&v, rv, to, to_len);
	return rv;
}

static bool load(void)
{
	const char *path = getenv("HOLDFAST_FAULT_MODULE");
	void *handle = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
	CK_C_GetFunctionList get;

	if (!handle) {
		fprintf(stderr, "fault module: HOLDFAST_FAULT_MODULE: %s\n",
		        path ? dlerror() : "not set");
		return false;
	}
	get = (CK_C_GetFunctionList)(uintptr_t)dlsym(handle, "C_GetFunctionList");
	return get && get(&real) == CKR_OK;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ret)
{
	if (!real && !load())
		return CKR_LIBRARY_LOAD_FAILED;
	list = *real; /* what the script does not reach goes straight through */
	list.C_GetFunctionList = C_GetFunctionList;
#define USE(function, remote) list.function = face_##function;
	CALLS(USE)
	*ret = &list;
	return CKR_OK;
}
