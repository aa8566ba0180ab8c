/* SPDX-License-Identifier: Apache-2.0
 * The fault module: a PKCS#11 library that stands before a real one (HOLDFAST_FAULT_MODULE, an
 * absolute path) and makes it fail as a script says (script.h). For tests only. */
#include "script.h"

#include "base/scope.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST list;
static unsigned open_sessions;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* What a call is to do besides, or in place of, the real one. */
struct verdict {
	bool answered; /* with rv, without the real call */
	CK_RV rv;
	bool corrupt;
	int64_t delay_us;
	bool hang, crash, exit;
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
		v->answered = open_sessions >= r->cap;
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

/* Sleeps, hangs or ends here; the rest is the caller's. */
static struct verdict before(const char *function)
{
	struct verdict v = { 0 };
	struct fault_rule *rules;
	unsigned n;

	pthread_mutex_lock(&mutex);
	rules = script_rules(&n);
	for (unsigned i = 0; i < n; i++) {
		bool mine = !strcmp(rules[i].function, function) || !strcmp(rules[i].function, "*");

		if (mine && script_strikes(&rules[i]))
			judge(&rules[i], &v);
	}
	pthread_mutex_unlock(&mutex);
	if (v.delay_us) {
		struct timespec t = { v.delay_us / 1000000, v.delay_us % 1000000 * 1000 };

		nanosleep(&t, NULL);
	}
	while (v.hang)
		pause();
	if (v.crash)
		raise(SIGSEGV);
	if (v.exit)
		_exit(1);
	return v;
}

static void flip(const struct verdict *v, CK_RV rv, CK_BYTE *out, const CK_ULONG *len)
{
	if (v->corrupt && rv == CKR_OK && out && *len)
		out[*len / 2] ^= 0x04;
}

/* FACE(name, parameters, arguments): the function of that name, with the script before it. */
#define FACE(name, parameters, arguments)                                                          \
	static CK_RV face_##name parameters                                                        \
	{                                                                                          \
		struct verdict v = before(#name);                                                  \
		return v.answered ? v.rv : real->name arguments;                                   \
	}

FACE(C_Initialize, (void *a), (a))
FACE(C_Finalize, (void *a), (a))
FACE(C_GetInfo, (CK_INFO * a), (a))
FACE(C_GetSlotList, (CK_BBOOL a, CK_SLOT_ID *b, CK_ULONG *c), (a, b, c))
FACE(C_GetSlotInfo, (CK_SLOT_ID a, CK_SLOT_INFO *b), (a, b))
FACE(C_GetMechanismList, (CK_SLOT_ID a, CK_MECHANISM_TYPE *b, CK_ULONG *c), (a, b, c))
FACE(C_GetMechanismInfo, (CK_SLOT_ID a, CK_MECHANISM_TYPE b, CK_MECHANISM_INFO *c), (a, b, c))
FACE(C_GetSessionInfo, (CK_SESSION_HANDLE s, CK_SESSION_INFO *a), (s, a))
FACE(C_Login, (CK_SESSION_HANDLE s, CK_USER_TYPE a, CK_UTF8CHAR *b, CK_ULONG c), (s, a, b, c))
FACE(C_Logout, (CK_SESSION_HANDLE s), (s))
FACE(C_DestroyObject, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE a), (s, a))
FACE(C_CreateObject, (CK_SESSION_HANDLE s, CK_ATTRIBUTE *a, CK_ULONG b, CK_OBJECT_HANDLE *c),
     (s, a, b, c))
FACE(C_GetAttributeValue, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE a, CK_ATTRIBUTE *b, CK_ULONG c),
     (s, a, b, c))
FACE(C_SetAttributeValue, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE a, CK_ATTRIBUTE *b, CK_ULONG c),
     (s, a, b, c))
FACE(C_FindObjectsInit, (CK_SESSION_HANDLE s, CK_ATTRIBUTE *a, CK_ULONG b), (s, a, b))
FACE(C_FindObjects, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *a, CK_ULONG b, CK_ULONG *c),
     (s, a, b, c))
FACE(C_FindObjectsFinal, (CK_SESSION_HANDLE s), (s))
FACE(C_SignInit, (CK_SESSION_HANDLE s, CK_MECHANISM *a, CK_OBJECT_HANDLE b), (s, a, b))
FACE(C_GenerateKey,
     (CK_SESSION_HANDLE s, CK_MECHANISM *a, CK_ATTRIBUTE *b, CK_ULONG c, CK_OBJECT_HANDLE *d),
     (s, a, b, c, d))
FACE(C_GenerateKeyPair,
     (CK_SESSION_HANDLE s, CK_MECHANISM *a, CK_ATTRIBUTE *b, CK_ULONG c, CK_ATTRIBUTE *d,
      CK_ULONG e, CK_OBJECT_HANDLE *f, CK_OBJECT_HANDLE *g),
     (s, a, b, c, d, e, f, g))
FACE(C_UnwrapKey,
     (CK_SESSION_HANDLE s, CK_MECHANISM *a, CK_OBJECT_HANDLE b, CK_BYTE *c, CK_ULONG d,
      CK_ATTRIBUTE *e, CK_ULONG f, CK_OBJECT_HANDLE *g),
     (s, a, b, c, d, e, f, g))
FACE(C_GenerateRandom, (CK_SESSION_HANDLE s, CK_BYTE *a, CK_ULONG b), (s, a, b))

static CK_RV face_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	struct verdict v = before("C_GetTokenInfo");
	struct fault_rule *rules;
	CK_RV rv = v.answered ? v.rv : real->C_GetTokenInfo(slot, info);
	unsigned n;

	rules = script_rules(&n);
	for (unsigned i = 0; i < n && rv == CKR_OK; i++)
		if (rules[i].action == FAULT_PIN_LOCKED && !strcmp(rules[i].function, "C_Login"))
			info->flags |= CKF_USER_PIN_LOCKED;
	return rv;
}

static CK_RV face_C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
                                CK_SESSION_HANDLE *ret)
{
	struct verdict v = before("C_OpenSession");
	CK_RV rv = v.answered ? v.rv : real->C_OpenSession(slot, flags, app, notify, ret);

	if (rv == CKR_OK)
		__atomic_add_fetch(&open_sessions, 1, __ATOMIC_RELAXED);
	return rv;
}

static CK_RV face_C_CloseSession(CK_SESSION_HANDLE s)
{
	struct verdict v = before("C_CloseSession");
	CK_RV rv = v.answered ? v.rv : real->C_CloseSession(s);

	if (rv == CKR_OK)
		__atomic_sub_fetch(&open_sessions, 1, __ATOMIC_RELAXED);
	return rv;
}

static CK_RV face_C_Sign(CK_SESSION_HANDLE s, CK_BYTE *data, CK_ULONG len, CK_BYTE *to,
                         CK_ULONG *to_len)
{
	struct verdict v = before("C_Sign");
	CK_RV rv = v.answered ? v.rv : real->C_Sign(s, data, len, to, to_len);

	flip(&v, rv, to, to_len);
	return rv;
}

static CK_RV face_C_WrapKey(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE master,
                            CK_OBJECT_HANDLE key, CK_BYTE *to, CK_ULONG *to_len)
{
	struct verdict v = before("C_WrapKey");
	CK_RV rv = v.answered ? v.rv : real->C_WrapKey(s, m, master, key, to, to_len);

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

#define USE(name) list.name = face_##name

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ret)
{
	if (!real && !load())
		return CKR_LIBRARY_LOAD_FAILED;
	list = *real; /* what the script does not reach goes straight through */
	list.C_GetFunctionList = C_GetFunctionList;
	USE(C_Initialize);
	USE(C_Finalize);
	USE(C_GetInfo);
	USE(C_GetSlotList);
	USE(C_GetSlotInfo);
	USE(C_GetTokenInfo);
	USE(C_GetMechanismList);
	USE(C_GetMechanismInfo);
	USE(C_OpenSession);
	USE(C_CloseSession);
	USE(C_GetSessionInfo);
	USE(C_Login);
	USE(C_Logout);
	USE(C_DestroyObject);
	USE(C_CreateObject);
	USE(C_GetAttributeValue);
	USE(C_SetAttributeValue);
	USE(C_FindObjectsInit);
	USE(C_FindObjects);
	USE(C_FindObjectsFinal);
	USE(C_SignInit);
	USE(C_Sign);
	USE(C_GenerateKey);
	USE(C_GenerateKeyPair);
	USE(C_WrapKey);
	USE(C_UnwrapKey);
	USE(C_GenerateRandom);
	*ret = &list;
	return CKR_OK;
}
