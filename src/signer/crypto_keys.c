/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/crypto_keys.h"

#include "base/clock.h"
#include "crypto/public_info.h"
#include "p11/template.h"
#include "signer/crypto_record.h"

#include <stdio.h>
#include <string.h>

/* Its name as bytes, and those as a short text to look it up by: FNV-1a, whose collisions cost a
 * search, since the bytes are compared. */
static void name_bytes(const struct key_want *want, struct hf_buf *to, char ret[HF_ID_MAX])
{
	const struct key_name *name = &want->where->name;
	uint64_t h = 0xcbf29ce484222325u;

	hf_buf_u8(to, (uint8_t)name->type);
	hf_buf_u8(to, (uint8_t)want->half);
	hf_buf_field(to, name->id);
	hf_buf_field(to, name->label);
	hf_buf_field(to, name->public_key);
	for (size_t i = 0; i < to->len; i++)
		h = (h ^ to->ptr[i]) * 0x100000001b3u;
	snprintf(ret, HF_ID_MAX, "%016llx", (unsigned long long)h);
}

/* Does this handle still stand for a key of this CKA_ID? */
static bool is_still(struct desk *d, CK_OBJECT_HANDLE handle, struct hf_span id)
{
	uint8_t is[CKA_ID_MAX + 1];
	size_t len = 0;

	if (!hf_ok(attribute_read(&d->session, handle, CKA_ID, is, sizeof(is), &len, NULL)))
		return false;
	return hf_span_equal(HF_SPAN(is, len), id);
}

static hf_status find_in_slot(struct desk *d, const struct key_want *want, struct held_key *ret,
                              struct hf_err *err)
{
	const struct key_name *name = &want->where->name;
	CK_OBJECT_HANDLE handle;
	int64_t now = hf_mono_ms();
	bool expired = false;

	hf_buf_clear(&d->name);
	name_bytes(want, &d->name, ret->found);
	HF_TRY(hf_buf_status(&d->name));
	handle = keycache_peek(d->found, ret->found, hf_buf_span(&d->name), now, &expired);
	ret->remembered = handle != P11_NO_OBJECT;
	if (ret->remembered && expired && !is_still(d, handle, name->id))
		ret->remembered = false;
	if (!ret->remembered) {
		keycache_drop(d->found, ret->found);
		HF_TRY(p11_object_find(&d->session, name, want->half, &handle, err));
	}
	if (!ret->remembered || expired)
		(void)keycache_put(d->found, ret->found, hf_buf_span(&d->name), handle, now);
	ret->handle = handle;
	return HF_SUCCESS;
}

/* As a session object, for tokens that keep no public half, and for keys that are wrapped. */
static hf_status public_half(struct desk *d, struct hf_span spki, struct held_key *ret,
                             struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf store = HF_BUF(4096);
	struct key_shape shape = { .uses = USE_ENCRYPT | USE_WRAPKEY, .uses_given = true }, made;
	struct public_info info;

	if (!spki.len)
		return hf_fail(err, HF_NOTFOUND,
		               "the token keeps no public half of this key, and none was given");
	if (!hf_ok(public_info_parse(spki, &info)))
		return hf_fail(err, HF_INVALID, "the public key that was named is none");
	shape.type = info.type;
	shape.curve = info.curve;
	shape.bits = info.bits;
	HF_TRY(p11_object_import(&d->session, &shape, spki, &ret->handle, &made, &store, err));
	ret->ours = true;
	return HF_SUCCESS;
}

static hf_status open_in_slot(struct desk *d, const struct key_want *want, struct held_key *ret,
                              struct hf_err *err)
{
	struct hf_err why = { 0 };
	hf_status s = find_in_slot(d, want, ret, &why);

	if (s.code == HF_NOTFOUND && want->half == HALF_PUBLIC)
		return public_half(d, want->where->name.public_key, ret, err);
	if (!hf_ok(s) && err)
		*err = why;
	return s;
}

/* Kept warm only to be used: what may leave is there for a moment. */
static hf_status unwrap(struct desk *d, const struct key_want *want, const struct key_record *r,
                        struct held_key *ret, struct hf_err *err)
{
	struct keycache *cache = want->purpose == KEY_TO_USE ? d->warm : NULL;
	struct hf_span bytes = want->where->record;
	int64_t now = hf_mono_ms();
	CK_OBJECT_HANDLE gone;

	ret->handle = cache ? keycache_get(cache, r->key_id, bytes, now) : P11_NO_OBJECT;
	if (ret->handle != P11_NO_OBJECT)
		return HF_SUCCESS;
	HF_TRY(crypto_record_unwrap(d, r, want->purpose, &ret->handle, err));
	gone = cache ? keycache_put(cache, r->key_id, bytes, ret->handle, now) : P11_NO_OBJECT;
	ret->ours = !cache || gone == ret->handle;
	if (!ret->ours)
		p11_object_destroy(&d->session, gone);
	return HF_SUCCESS;
}

static hf_status open_record(struct desk *d, const struct key_want *want, struct held_key *ret,
                             struct hf_err *err)
{
	struct key_record r;

	HF_TRY(crypto_record_open(d, want->where, want->key_id, &r, err));
	if ((r.uses & want->use) != want->use)
		return hf_fail(err, HF_DENIED, "key %s was not made to %s", r.key_id,
		               key_use_name(want->use));
	if (want->half == HALF_PUBLIC)
		return public_half(d, r.public_key, ret, err);
	return unwrap(d, want, &r, ret, err);
}

hf_status crypto_key_open(struct desk *d, const struct key_want *want, struct held_key *ret,
                          struct hf_err *err)
{
	struct held_key key = { .handle = P11_NO_OBJECT };

	if (want->where->record.len)
		HF_TRY(open_record(d, want, &key, err));
	else
		HF_TRY(open_in_slot(d, want, &key, err));
	*ret = key;
	return HF_SUCCESS;
}

void crypto_key_release(struct desk *d, struct held_key *key)
{
	if (key->ours)
		p11_object_destroy(&d->session, key->handle);
	key->ours = false;
}

void crypto_key_forget(struct desk *d, const struct held_key *key)
{
	if (key->remembered)
		keycache_drop(d->found, key->found);
}
