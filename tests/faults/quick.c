/* SPDX-License-Identifier: Apache-2.0
 * The face of the quick module (quick.h): the functions that a PKCS#11 library of Holdfast's calls,
 * and no more. */
#include "quick.h"

#include "base/random.h"
#include "base/scope.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define SLOT 0
#define PIN "1234"
#define SESSIONS 1024
#define FOUND_MAX 64

struct session {
	bool open, rw;
	CK_OBJECT_HANDLE signing; /* 0: no operation */
	CK_MECHANISM_TYPE mechanism;
	CK_OBJECT_HANDLE found[FOUND_MAX];
	size_t n_found, at;
	bool finding;
};

static struct session sessions[SESSIONS];
static bool initialized, logged_in;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void unlock_at(pthread_mutex_t **m)
{
	pthread_mutex_unlock(*m);
}

static pthread_mutex_t *locked(void)
{
	pthread_mutex_lock(&mutex);
	return &mutex;
}

#define LOCKED HF_CLEANUP(unlock_at) __attribute__((unused)) pthread_mutex_t *lock_ = locked()

static struct session *get(CK_SESSION_HANDLE h)
{
	return h && h <= SESSIONS && sessions[h - 1].open ? &sessions[h - 1] : NULL;
}

/* Private objects are there for who is logged in. */
static struct quick_object *usable(CK_OBJECT_HANDLE h)
{
	struct quick_object *o = quick_get(h);

	return o && (logged_in || !(o->flags & FLAG_PRIVATE)) ? o : NULL;
}

static void pad(CK_UTF8CHAR *to, size_t len, const char *text)
{
	memset(to, ' ', len);
	memcpy(to, text, strlen(text));
}

static CK_RV initialize(void *args)
{
	LOCKED;

	if (initialized)
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	quick_forget();
	quick_refresh();
	initialized = true;
	return CKR_OK;
}

static CK_RV finalize(void *reserved)
{
	LOCKED;

	if (!initialized)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	memset(sessions, 0, sizeof(sessions));
	quick_forget();
	initialized = logged_in = false;
	return CKR_OK;
}

static CK_RV get_info(CK_INFO *info)
{
	*info = (CK_INFO){ .cryptokiVersion = { 2, 40 }, .libraryVersion = { 1, 0 } };
	pad(info->manufacturerID, sizeof(info->manufacturerID), "Holdfast tests");
	pad(info->libraryDescription, sizeof(info->libraryDescription), "Quick test module");
	return CKR_OK;
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *n)
{
	if (!initialized)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (slots && !*n)
		return CKR_BUFFER_TOO_SMALL;
	if (slots)
		slots[0] = SLOT;
	*n = 1;
	return CKR_OK;
}

static CK_RV get_slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	*info = (CK_SLOT_INFO){ .flags = CKF_TOKEN_PRESENT };
	pad(info->slotDescription, sizeof(info->slotDescription), "Quick test slot");
	pad(info->manufacturerID, sizeof(info->manufacturerID), "Holdfast tests");
	return slot == SLOT ? CKR_OK : CKR_SLOT_ID_INVALID;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	*info = (CK_TOKEN_INFO){ .flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED |
		                          CKF_TOKEN_INITIALIZED,
		                 .ulMaxSessionCount = SESSIONS,
		                 .ulMaxRwSessionCount = SESSIONS,
		                 .ulMaxPinLen = 4,
		                 .ulMinPinLen = 4 };
	pad(info->label, sizeof(info->label), "quick");
	pad(info->manufacturerID, sizeof(info->manufacturerID), "Holdfast tests");
	pad(info->model, sizeof(info->model), "quick");
	pad(info->serialNumber, sizeof(info->serialNumber), "0001");
	return slot == SLOT ? CKR_OK : CKR_SLOT_ID_INVALID;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *ret)
{
	LOCKED;

	if (!initialized)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	if (slot != SLOT)
		return CKR_SLOT_ID_INVALID;
	for (size_t i = 0; i < SESSIONS; i++) {
		if (sessions[i].open)
			continue;
		sessions[i] = (struct session){ .open = true, .rw = flags & CKF_RW_SESSION };
		*ret = i + 1;
		return CKR_OK;
	}
	return CKR_SESSION_COUNT;
}

static CK_RV close_session(CK_SESSION_HANDLE h)
{
	LOCKED;
	struct session *s = get(h);
	bool any = false;

	if (!s)
		return CKR_SESSION_HANDLE_INVALID;
	s->open = false;
	for (size_t i = 0; i < SESSIONS; i++)
		any = any || sessions[i].open;
	logged_in = logged_in && any;
	return CKR_OK;
}

static CK_RV get_session_info(CK_SESSION_HANDLE h, CK_SESSION_INFO *info)
{
	LOCKED;
	struct session *s = get(h);

	if (!s)
		return CKR_SESSION_HANDLE_INVALID;
	*info = (CK_SESSION_INFO){ .slotID = SLOT,
		                   .flags = CKF_SERIAL_SESSION | (s->rw ? CKF_RW_SESSION : 0) };
	if (logged_in)
		info->state = s->rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	else
		info->state = s->rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
	return CKR_OK;
}

static CK_RV login(CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	LOCKED;

	if (!get(h))
		return CKR_SESSION_HANDLE_INVALID;
	if (user != CKU_USER)
		return CKR_USER_TYPE_INVALID;
	if (logged_in)
		return CKR_USER_ALREADY_LOGGED_IN;
	if (!pin || len != strlen(PIN) || memcmp(pin, PIN, len) != 0)
		return CKR_PIN_INCORRECT;
	logged_in = true;
	quick_refresh();
	return CKR_OK;
}

static CK_RV log_out(CK_SESSION_HANDLE h)
{
	LOCKED;

	logged_in = false;
	return get(h) ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

/* --- objects --- */

static CK_RV may_write(const struct session *s, uint32_t flags)
{
	if (!logged_in && (flags & FLAG_PRIVATE))
		return CKR_USER_NOT_LOGGED_IN;
	return (flags & FLAG_TOKEN) && !s->rw ? CKR_SESSION_READ_ONLY : CKR_OK;
}

static CK_RV destroy_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object)
{
	LOCKED;
	struct session *s = get(h);
	struct quick_object *o = usable(object);
	CK_RV rv;

	if (!s || !o)
		return s ? CKR_OBJECT_HANDLE_INVALID : CKR_SESSION_HANDLE_INVALID;
	rv = may_write(s, o->flags);
	return rv == CKR_OK ? quick_remove(object) : rv;
}

static CK_RV get_attribute_value(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *a,
                                 CK_ULONG n)
{
	LOCKED;
	struct quick_object *o = usable(object);
	CK_RV rv = CKR_OK;

	if (!get(h) || !o)
		return o ? CKR_SESSION_HANDLE_INVALID : CKR_OBJECT_HANDLE_INVALID;
	for (CK_ULONG i = 0; i < n; i++) {
		CK_RV one = quick_read(o, &a[i]);

		if (one != CKR_OK)
			a[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
		if (rv == CKR_OK)
			rv = one;
	}
	return rv;
}

/* Only towards less: SENSITIVE on, EXTRACTABLE off. */
static CK_RV set_attribute_value(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *a,
                                 CK_ULONG n)
{
	LOCKED;
	struct quick_object *o = usable(object);
	struct quick_object changed;
	CK_RV rv;

	if (!get(h) || !o)
		return o ? CKR_SESSION_HANDLE_INVALID : CKR_OBJECT_HANDLE_INVALID;
	changed = *o;
	rv = quick_apply(&changed, a, n);
	if (rv != CKR_OK)
		return rv;
	if ((o->flags & FLAG_SENSITIVE & ~changed.flags) ||
	    (changed.flags & FLAG_EXTRACTABLE & ~o->flags) ||
	    ((o->flags ^ changed.flags) & ~(uint32_t)(FLAG_SENSITIVE | FLAG_EXTRACTABLE)))
		return CKR_ATTRIBUTE_READ_ONLY;
	*o = changed;
	return CKR_OK;
}

static CK_RV find_init(CK_SESSION_HANDLE h, CK_ATTRIBUTE *a, CK_ULONG n)
{
	LOCKED;
	struct session *s = get(h);

	if (!s)
		return CKR_SESSION_HANDLE_INVALID;
	if (s->finding)
		return CKR_OPERATION_ACTIVE;
	quick_refresh();
	s->finding = true;
	s->n_found = s->at = 0;
	for (CK_OBJECT_HANDLE o = 1; o <= QUICK_OBJECTS && s->n_found < FOUND_MAX; o++)
		if (usable(o) && quick_matches(quick_get(o), a, n))
			s->found[s->n_found++] = o;
	return CKR_OK;
}

static CK_RV find(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE *to, CK_ULONG max, CK_ULONG *n)
{
	LOCKED;
	struct session *s = get(h);

	if (!s || !s->finding)
		return s ? CKR_OPERATION_NOT_INITIALIZED : CKR_SESSION_HANDLE_INVALID;
	for (*n = 0; *n < max && s->at < s->n_found; ++*n)
		to[*n] = s->found[s->at++];
	return CKR_OK;
}

static CK_RV find_final(CK_SESSION_HANDLE h)
{
	LOCKED;
	struct session *s = get(h);

	if (!s)
		return CKR_SESSION_HANDLE_INVALID;
	s->finding = false;
	return CKR_OK;
}

/* --- keys --- */

static CK_RV generate_key(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_ATTRIBUTE *a, CK_ULONG n,
                          CK_OBJECT_HANDLE *ret)
{
	LOCKED;
	struct session *s = get(h);
	struct quick_object o = { .class = CKO_SECRET_KEY, .value_len = 32 };
	CK_RV rv;

	if (!s)
		return CKR_SESSION_HANDLE_INVALID;
	if (m->mechanism != CKM_AES_KEY_GEN && m->mechanism != CKM_GENERIC_SECRET_KEY_GEN)
		return CKR_MECHANISM_INVALID;
	o.type = m->mechanism == CKM_AES_KEY_GEN ? CKK_AES : CKK_GENERIC_SECRET;
	rv = quick_apply(&o, a, n);
	if (rv == CKR_OK)
		rv = may_write(s, o.flags);
	if (rv != CKR_OK)
		return rv;
	hf_random(o.value, o.value_len);
	return quick_add(&o, ret);
}

static enum quick_curve curve_in(const CK_ATTRIBUTE *a, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (a[i].type == CKA_EC_PARAMS)
			return quick_curve_of(&a[i]);
	return CURVE_NONE;
}

static CK_RV generate_pair(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_ATTRIBUTE *pa, CK_ULONG pn,
                           CK_ATTRIBUTE *va, CK_ULONG vn, CK_OBJECT_HANDLE *pub,
                           CK_OBJECT_HANDLE *priv)
{
	LOCKED;
	struct session *s = get(h);
	struct quick_object p = { .class = CKO_PUBLIC_KEY }, v = { .class = CKO_PRIVATE_KEY };
	enum quick_curve c;
	CK_RV rv;

	if (!s)
		return CKR_SESSION_HANDLE_INVALID;
	if (m->mechanism != CKM_EC_KEY_PAIR_GEN && m->mechanism != CKM_EC_EDWARDS_KEY_PAIR_GEN)
		return CKR_MECHANISM_INVALID;
	c = curve_in(pa, pn);
	if (c == CURVE_NONE ||
	    (c == CURVE_ED25519) != (m->mechanism == CKM_EC_EDWARDS_KEY_PAIR_GEN))
		return CKR_CURVE_NOT_SUPPORTED;
	if ((rv = quick_apply(&p, pa, pn)) != CKR_OK || (rv = quick_apply(&v, va, vn)) != CKR_OK ||
	    (rv = may_write(s, p.flags | v.flags)) != CKR_OK ||
	    (rv = quick_pair(c, &p, &v)) != CKR_OK)
		return rv;
	rv = quick_add(&p, pub);
	return rv == CKR_OK ? quick_add(&v, priv) : rv;
}

static CK_RV wrap_key(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE master,
                      CK_OBJECT_HANDLE key, CK_BYTE *to, CK_ULONG *len)
{
	LOCKED;
	struct quick_object *w = usable(master), *k = usable(key);
	uint8_t blob[160];
	size_t n;
	CK_RV rv;

	if (!get(h) || !w || !k)
		return !get(h) ? CKR_SESSION_HANDLE_INVALID
		       : w     ? CKR_KEY_HANDLE_INVALID
		               : CKR_WRAPPING_KEY_HANDLE_INVALID;
	if (m->mechanism != CKM_AES_KEY_WRAP_KWP)
		return CKR_MECHANISM_INVALID;
	if (!(w->flags & FLAG_WRAP) || w->type != CKK_AES)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	if (!(k->flags & FLAG_EXTRACTABLE))
		return CKR_KEY_UNEXTRACTABLE;
	rv = quick_wrap(w, k, blob, &n);
	if (rv != CKR_OK)
		return rv;
	if (to && *len < n)
		return CKR_BUFFER_TOO_SMALL;
	if (to)
		memcpy(to, blob, n);
	*len = n;
	return CKR_OK;
}

static CK_RV unwrap_key(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE master,
                        CK_BYTE *blob, CK_ULONG len, CK_ATTRIBUTE *a, CK_ULONG n,
                        CK_OBJECT_HANDLE *ret)
{
	LOCKED;
	struct session *s = get(h);
	struct quick_object *w = usable(master), o = { .class = CKO_PRIVATE_KEY };
	CK_RV rv;

	if (!s || !w)
		return s ? CKR_UNWRAPPING_KEY_HANDLE_INVALID : CKR_SESSION_HANDLE_INVALID;
	if (m->mechanism != CKM_AES_KEY_WRAP_KWP)
		return CKR_MECHANISM_INVALID;
	if (!(w->flags & FLAG_UNWRAP) || w->type != CKK_AES)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	if ((rv = quick_apply(&o, a, n)) != CKR_OK || (rv = may_write(s, o.flags)) != CKR_OK ||
	    (rv = quick_unwrap(w, HF_SPAN(blob, len), &o)) != CKR_OK)
		return rv;
	return quick_add(&o, ret);
}

static CK_RV sign_init(CK_SESSION_HANDLE h, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	LOCKED;
	struct session *s = get(h);
	struct quick_object *k = usable(key);

	if (!s || !k)
		return s ? CKR_KEY_HANDLE_INVALID : CKR_SESSION_HANDLE_INVALID;
	if (s->signing)
		return CKR_OPERATION_ACTIVE;
	if (m->mechanism != CKM_ECDSA && m->mechanism != CKM_EDDSA &&
	    m->mechanism != CKM_SHA256_HMAC)
		return CKR_MECHANISM_INVALID;
	if ((m->mechanism == CKM_SHA256_HMAC) != (k->class == CKO_SECRET_KEY) ||
	    (m->mechanism == CKM_EDDSA) != (k->type == CKK_EC_EDWARDS))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!(k->flags & FLAG_SIGN))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	s->signing = key;
	s->mechanism = m->mechanism;
	return CKR_OK;
}

static CK_RV sign(CK_SESSION_HANDLE h, CK_BYTE *data, CK_ULONG len, CK_BYTE *to, CK_ULONG *to_len)
{
	LOCKED;
	struct session *s = get(h);
	struct quick_object *k;
	CK_ULONG need;

	if (!s || !s->signing)
		return s ? CKR_OPERATION_NOT_INITIALIZED : CKR_SESSION_HANDLE_INVALID;
	need = s->mechanism == CKM_SHA256_HMAC ? 32 : 64;
	if (!to || *to_len < need) {
		*to_len = need;
		return to ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	}
	k = usable(s->signing);
	s->signing = 0;
	*to_len = need;
	if (!k)
		return CKR_KEY_HANDLE_INVALID;
	return need == 32 ? quick_hmac(k, HF_SPAN(data, len), to)
	                  : quick_sign(k, HF_SPAN(data, len), to);
}

static CK_RV generate_random(CK_SESSION_HANDLE h, CK_BYTE *to, CK_ULONG len)
{
	hf_random(to, len);
	return get(h) ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

static const CK_MECHANISM_TYPE mechanisms[] = {
	CKM_AES_KEY_GEN,     CKM_GENERIC_SECRET_KEY_GEN,
	CKM_EC_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN,
	CKM_ECDSA,           CKM_EDDSA,
	CKM_SHA256_HMAC,     CKM_AES_KEY_WRAP_KWP,
};

static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *to, CK_ULONG *n)
{
	if (to && *n < HF_COUNT(mechanisms))
		return CKR_BUFFER_TOO_SMALL;
	if (to)
		memcpy(to, mechanisms, sizeof(mechanisms));
	*n = HF_COUNT(mechanisms);
	return CKR_OK;
}

static CK_FUNCTION_LIST list;

/* Called as any of the functions that are not here: the calling convention lets it ignore its
 * arguments. */
static CK_RV unsupported(void)
{
	return CKR_FUNCTION_NOT_SUPPORTED;
}

static void fill_list(void)
{
	void *none = (void *)(uintptr_t)unsupported;
	char *at = (char *)&list + offsetof(CK_FUNCTION_LIST, C_Initialize);

	for (; at + sizeof(none) <= (char *)(&list + 1); at += sizeof(none))
		memcpy(at, &none, sizeof(none));
	list.version = (CK_VERSION){ 2, 40 };
	list.C_Initialize = initialize;
	list.C_Finalize = finalize;
	list.C_GetInfo = get_info;
	list.C_GetSlotList = get_slot_list;
	list.C_GetSlotInfo = get_slot_info;
	list.C_GetTokenInfo = get_token_info;
	list.C_GetMechanismList = get_mechanism_list;
	list.C_OpenSession = open_session;
	list.C_CloseSession = close_session;
	list.C_GetSessionInfo = get_session_info;
	list.C_Login = login;
	list.C_Logout = log_out;
	list.C_DestroyObject = destroy_object;
	list.C_GetAttributeValue = get_attribute_value;
	list.C_SetAttributeValue = set_attribute_value;
	list.C_FindObjectsInit = find_init;
	list.C_FindObjects = find;
	list.C_FindObjectsFinal = find_final;
	list.C_SignInit = sign_init;
	list.C_Sign = sign;
	list.C_GenerateKey = generate_key;
	list.C_GenerateKeyPair = generate_pair;
	list.C_WrapKey = wrap_key;
	list.C_UnwrapKey = unwrap_key;
	list.C_GenerateRandom = generate_random;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ret)
{
	fill_list();
	list.C_GetFunctionList = C_GetFunctionList;
	*ret = &list;
	return CKR_OK;
}
