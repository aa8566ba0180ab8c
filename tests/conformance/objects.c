/* SPDX-License-Identifier: Apache-2.0 */
#include "objects.h"

#include "check.h"
#include "places.h"

#include "p11/object_half.h"

#include <stdio.h>
#include <string.h>

/* openCryptoki 3.8 does not tell the length of a generic secret that it was given, and does not let
 * it be told. */
#define EVERYWHERE " softhsm nss opencryptoki "

const struct kind kinds[] = {
	{ OBJECT_AES, CURVE_NONE, 128, EVERYWHERE, EVERYWHERE },
	{ OBJECT_AES, CURVE_NONE, 192, EVERYWHERE, EVERYWHERE },
	{ OBJECT_AES, CURVE_NONE, 256, EVERYWHERE, EVERYWHERE },
	{ OBJECT_DES3, CURVE_NONE, 168, EVERYWHERE, EVERYWHERE },
	{ OBJECT_HMAC, CURVE_NONE, 256, EVERYWHERE, " softhsm nss " },
	{ OBJECT_SECRET, CURVE_NONE, 512, EVERYWHERE, " softhsm nss " },
	{ OBJECT_RSA, CURVE_NONE, 2048, EVERYWHERE, EVERYWHERE },
	{ OBJECT_EC, CURVE_P256, 0, " softhsm nss ", " softhsm nss " },
	{ OBJECT_EC, CURVE_P384, 0, " softhsm nss ", " softhsm nss " },
	{ OBJECT_EC, CURVE_P521, 0, " softhsm nss ", " softhsm nss " },
	{ OBJECT_EC, CURVE_SECP256K1, 0, " softhsm ", " softhsm " },
	{ OBJECT_EC, CURVE_ED25519, 0, " softhsm ", " softhsm " },
	{ OBJECT_EC, CURVE_X25519, 0, " softhsm ", " softhsm " },
	{ 0 },
};

struct p11_session session;
static struct place place;
static const struct place_kind *kind;
static struct p11_module module;
static struct p11_token token;

void must(hf_status s, const struct hf_err *err)
{
	if (!hf_ok(s))
		fail_msg("%s: %s", hf_code_name(s.code), err->text);
}

void objects_place(const char *name)
{
	kind = place_kind(name);
}

void objects_start(void)
{
	HF_SECRET struct hf_secret pin = { 0 };
	struct hf_err err = { 0 };

	place_make(kind, &place);
	must(p11_module_open(place.module, place.args, &module, &err), &err);
	must(p11_slot_find(&module, place.slot, &token, &err), &err);
	CHECK_OK(hf_secret_copy(PLACE_PIN, strlen(PLACE_PIN), &pin));
	must(p11_session_open(&module, &token, true, &session, &err), &err);
	must(p11_session_login(&session, &pin, &err), &err);
}

void objects_stop(void)
{
	p11_session_close(&session);
	p11_module_close(&module);
	place_remove(&place);
}

static bool is_here(const char *names)
{
	char name[64];

	snprintf(name, sizeof(name), " %s ", kind->name);
	return strstr(names, name) != NULL;
}

bool kind_is_made(const struct kind *k)
{
	return is_here(k->made);
}

bool kind_is_taken(const struct kind *k)
{
	return is_here(k->taken);
}

uint32_t kind_bits(const struct kind *k)
{
	return k->curve ? curve_info((int)k->curve)->bits : k->bits;
}

const struct kind *kind_of(enum curve curve)
{
	const struct kind *k = kinds;

	while (k->curve != curve)
		k++;
	return k;
}

const struct kind *kind_of_type(enum object_type type, uint32_t bits)
{
	const struct kind *k = kinds;

	while (k->type != type || k->bits != bits)
		k++;
	return k;
}

struct key_shape kind_shape(const struct kind *k, const char *id, const char *label)
{
	return (struct key_shape){ .type = k->type,
		                   .curve = k->curve,
		                   .bits = kind_bits(k),
		                   .persistent = true,
		                   .has_private = true,
		                   .id = hf_span_text(id),
		                   .label = hf_span_text(label) };
}

hf_status shape_copy(const struct key_shape *from, struct hf_buf *store, struct key_shape *ret)
{
	return shape_keep(from, store, ret);
}

bool rename_object(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, const char *to)
{
	CK_ATTRIBUTE a = { type, (void *)(uintptr_t)to, strlen(to) };

	return session.fn->C_SetAttributeValue(session.handle, object, &a, 1) == CKR_OK;
}
