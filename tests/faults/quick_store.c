/* SPDX-License-Identifier: Apache-2.0 */
#include "quick.h"

#include "base/random.h"
#include "base/scope.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static struct quick_object objects[QUICK_OBJECTS];
static size_t next_free; /* where to look first: session objects come and go at one place */
static struct timespec seen;
static off_t seen_size = -1;

static const struct {
	CK_ATTRIBUTE_TYPE type;
	uint32_t flag;
} flags[] = {
	{ CKA_TOKEN, FLAG_TOKEN },         { CKA_PRIVATE, FLAG_PRIVATE },
	{ CKA_SENSITIVE, FLAG_SENSITIVE }, { CKA_EXTRACTABLE, FLAG_EXTRACTABLE },
	{ CKA_WRAP, FLAG_WRAP },           { CKA_UNWRAP, FLAG_UNWRAP },
	{ CKA_SIGN, FLAG_SIGN },           { CKA_VERIFY, FLAG_VERIFY },
	{ CKA_ENCRYPT, FLAG_ENCRYPT },     { CKA_DECRYPT, FLAG_DECRYPT },
	{ CKA_DERIVE, FLAG_DERIVE },
};

uint32_t quick_flag(CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < HF_COUNT(flags); i++)
		if (flags[i].type == type)
			return flags[i].flag;
	return 0;
}

struct quick_object *quick_get(CK_OBJECT_HANDLE h)
{
	return h && h <= QUICK_OBJECTS && objects[h - 1].used ? &objects[h - 1] : NULL;
}

static CK_RV place(const struct quick_object *o, CK_OBJECT_HANDLE *ret)
{
	for (size_t tried = 0; tried < QUICK_OBJECTS; tried++) {
		size_t i = (next_free + tried) % QUICK_OBJECTS;

		if (objects[i].used)
			continue;
		objects[i] = *o;
		objects[i].used = 1;
		next_free = (i + 1) % QUICK_OBJECTS;
		*ret = i + 1;
		return CKR_OK;
	}
	return CKR_DEVICE_MEMORY;
}

/* --- the file: all token objects, one after another --- */

static int file_open(int how)
{
	const char *path = getenv("HOLDFAST_QUICK_FILE");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		flock(fd, how);
	return fd;
}

static size_t find_uid(const uint8_t uid[16])
{
	for (size_t i = 0; i < QUICK_OBJECTS; i++)
		if (objects[i].used && (objects[i].flags & FLAG_TOKEN) &&
		    !memcmp(objects[i].uid, uid, 16))
			return i;
	return QUICK_OBJECTS;
}

/* Objects keep their handles; those that another process removed go. */
static void load(int fd)
{
	bool kept[QUICK_OBJECTS] = { 0 };
	struct quick_object o;
	CK_OBJECT_HANDLE h;

	for (off_t at = 0; pread(fd, &o, sizeof(o), at) == (ssize_t)sizeof(o);
	     at += (off_t)sizeof(o)) {
		size_t i = find_uid(o.uid);

		if (i < QUICK_OBJECTS)
			kept[i] = true;
		else if (place(&o, &h) == CKR_OK)
			kept[h - 1] = true;
	}
	for (size_t i = 0; i < QUICK_OBJECTS; i++)
		if (objects[i].used && (objects[i].flags & FLAG_TOKEN) && !kept[i])
			objects[i].used = 0;
}

static void remember(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return;
	seen = st.st_mtim;
	seen_size = st.st_size;
}

void quick_refresh(void)
{
	const char *path = getenv("HOLDFAST_QUICK_FILE");
	struct stat st;

	if (!path || stat(path, &st) ||
	    (st.st_size == seen_size && !memcmp(&st.st_mtim, &seen, sizeof(seen))))
		return;
	HF_FD int fd = file_open(LOCK_SH);
	if (fd < 0)
		return;
	load(fd);
	remember(fd);
}

static CK_RV save(int fd)
{
	off_t at = 0;

	for (size_t i = 0; i < QUICK_OBJECTS; i++) {
		if (!objects[i].used || !(objects[i].flags & FLAG_TOKEN))
			continue;
		if (pwrite(fd, &objects[i], sizeof(objects[i]), at) != (ssize_t)sizeof(objects[i]))
			return CKR_DEVICE_ERROR;
		at += (off_t)sizeof(objects[i]);
	}
	if (ftruncate(fd, at))
		return CKR_DEVICE_ERROR;
	remember(fd);
	return CKR_OK;
}

CK_RV quick_add(const struct quick_object *o, CK_OBJECT_HANDLE *ret)
{
	struct quick_object mine = *o;
	CK_RV rv;

	if (!(o->flags & FLAG_TOKEN))
		return place(o, ret);
	HF_FD int fd = file_open(LOCK_EX);
	if (fd >= 0)
		load(fd);
	hf_random(mine.uid, sizeof(mine.uid));
	rv = place(&mine, ret);
	return rv == CKR_OK && fd >= 0 ? save(fd) : rv;
}

CK_RV quick_remove(CK_OBJECT_HANDLE h)
{
	struct quick_object *o = quick_get(h);

	if (!o)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!(o->flags & FLAG_TOKEN)) {
		o->used = 0;
		next_free = h - 1;
		return CKR_OK;
	}
	HF_FD int fd = file_open(LOCK_EX);
	if (fd >= 0)
		load(fd);
	o->used = 0;
	return fd >= 0 ? save(fd) : CKR_OK;
}

void quick_forget(void)
{
	memset(objects, 0, sizeof(objects));
	next_free = 0;
	seen_size = -1;
}

/* --- attributes --- */

static CK_RV take(uint8_t *to, size_t cap, uint32_t *len, const CK_ATTRIBUTE *a)
{
	if (a->ulValueLen > cap)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	memcpy(to, a->pValue, a->ulValueLen);
	*len = (uint32_t)a->ulValueLen;
	return CKR_OK;
}

static CK_RV apply_one(struct quick_object *o, const CK_ATTRIBUTE *a)
{
	uint32_t flag = quick_flag(a->type);

	if (flag) {
		bool yes = a->ulValueLen == 1 && *(const CK_BBOOL *)a->pValue;

		o->flags = yes ? o->flags | flag : o->flags & ~flag;
		return CKR_OK;
	}
	switch (a->type) {
	case CKA_ID:
		return take(o->id, sizeof(o->id), &o->id_len, a);
	case CKA_LABEL:
		return take(o->label, sizeof(o->label), &o->label_len, a);
	case CKA_CLASS:
		return *(const CK_ULONG *)a->pValue == o->class ? CKR_OK
		                                                : CKR_TEMPLATE_INCONSISTENT;
	case CKA_KEY_TYPE:
		o->type = *(const CK_ULONG *)a->pValue;
		return CKR_OK;
	case CKA_VALUE_LEN:
		o->value_len = (uint32_t) * (const CK_ULONG *)a->pValue;
		return o->value_len <= QUICK_VALUE_MAX ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
	case CKA_EC_PARAMS: /* of a public key template: read by the generator */
		return o->class == CKO_PUBLIC_KEY ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

CK_RV quick_apply(struct quick_object *o, const CK_ATTRIBUTE *a, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++) {
		CK_RV rv = apply_one(o, &a[i]);

		if (rv != CKR_OK)
			return rv;
	}
	return CKR_OK;
}

static CK_RV give(CK_ATTRIBUTE *a, const void *value, size_t len)
{
	if (a->pValue && a->ulValueLen < len) {
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	if (a->pValue)
		memcpy(a->pValue, value, len);
	a->ulValueLen = len;
	return CKR_OK;
}

static CK_RV give_number(CK_ATTRIBUTE *a, CK_ULONG n)
{
	return give(a, &n, sizeof(n));
}

static CK_RV give_point(const struct quick_object *o, CK_ATTRIBUTE *a)
{
	if (!o->point_len)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	return give(a, o->point, o->point_len);
}

static CK_RV give_value(const struct quick_object *o, CK_ATTRIBUTE *a)
{
	if ((o->flags & FLAG_SENSITIVE) || !(o->flags & FLAG_EXTRACTABLE))
		return CKR_ATTRIBUTE_SENSITIVE;
	return give(a, o->value, o->value_len);
}

CK_RV quick_read(const struct quick_object *o, CK_ATTRIBUTE *a)
{
	uint32_t flag = quick_flag(a->type);
	CK_BBOOL yes = o->flags & flag ? CK_TRUE : CK_FALSE;
	struct hf_span params;

	if (flag)
		return give(a, &yes, 1);
	switch (a->type) {
	case CKA_CLASS:
		return give_number(a, o->class);
	case CKA_KEY_TYPE:
		return give_number(a, o->type);
	case CKA_VALUE_LEN:
		return o->class == CKO_SECRET_KEY ? give_number(a, o->value_len)
		                                  : CKR_ATTRIBUTE_TYPE_INVALID;
	case CKA_ID:
		return give(a, o->id, o->id_len);
	case CKA_LABEL:
		return give(a, o->label, o->label_len);
	case CKA_EC_POINT:
		return give_point(o, a);
	case CKA_EC_PARAMS:
		params = quick_curve_params(o->curve);
		return params.len ? give(a, params.ptr, params.len) : CKR_ATTRIBUTE_TYPE_INVALID;
	case CKA_VALUE:
		return give_value(o, a);
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

bool quick_matches(const struct quick_object *o, const CK_ATTRIBUTE *a, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++) {
		uint8_t value[128];
		CK_ATTRIBUTE mine = { a[i].type, value, sizeof(value) };

		if (quick_read(o, &mine) != CKR_OK || mine.ulValueLen != a[i].ulValueLen ||
		    memcmp(value, a[i].pValue, mine.ulValueLen) != 0)
			return false;
	}
	return true;
}
