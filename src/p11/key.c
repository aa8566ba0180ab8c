/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/key.h"

#include "base/random.h"
#include "p11/rv.h"

#include <string.h>

static const uint8_t public_exponent[] = { 1, 0, 1 };

static void describe_key(struct template *t, enum key_type type,
                         const struct p11_type_profile *profile)
{
	const struct p11_kind *kind = p11_kind(type);

	if (kind->ck != CKK_RSA) {
		template_bytes(t, CKA_EC_PARAMS, p11_kind_params(kind, profile->params));
		return;
	}
	template_number(t, CKA_MODULUS_BITS, key_type_info(type)->bits);
	template_bytes(t, CKA_PUBLIC_EXPONENT, HF_SPAN(public_exponent, sizeof(public_exponent)));
}

void generate_plan_build(struct generate_plan *to, enum key_type type,
                         const struct p11_type_profile *profile, enum key_place place)
{
	struct template *pub = &to->public_template, *priv = &to->private_template;

	*to = (struct generate_plan){ .mechanism = { .mechanism = profile->generate_mechanism } };
	template_bool(pub, CKA_TOKEN,
	              place == KEY_RESIDENT && (profile->quirks & QUIRK_TOKEN_PAIR));
	template_bool(pub, CKA_PRIVATE, false);
	template_bool(pub, CKA_VERIFY, true);
	describe_key(pub, type, profile);
	template_bool(priv, CKA_TOKEN, place == KEY_RESIDENT);
	template_bool(priv, CKA_PRIVATE, true);
	template_bool(priv, CKA_SENSITIVE, true);
	template_bool(priv, CKA_EXTRACTABLE, place == KEY_WRAPPABLE);
	template_bool(priv, CKA_SIGN, true);
	if (place == KEY_RESIDENT) {
		hf_random(to->resident_id, sizeof(to->resident_id));
		template_bytes(priv, CKA_ID, HF_SPAN(to->resident_id, sizeof(to->resident_id)));
		template_text(priv, CKA_LABEL, RESIDENT_LABEL);
	}
}

hf_status p11_key_make(struct p11_session *s, const struct p11_type_profile *profile,
                       enum key_type type, enum key_place place, struct p11_key *ret,
                       struct hf_err *err)
{
	struct p11_key key = { .type = type, .resident = place == KEY_RESIDENT };
	struct generate_plan plan;
	hf_status status;
	CK_RV rv;

	generate_plan_build(&plan, type, profile, place);
	rv = s->fn->C_GenerateKeyPair(s->handle, &plan.mechanism, plan.public_template.attr,
	                              plan.public_template.n, plan.private_template.attr,
	                              plan.private_template.n, &key.public_object,
	                              &key.private_object);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_GenerateKeyPair");
	key.public_stays = key.resident && (profile->quirks & QUIRK_TOKEN_PAIR);
	s->live += !key.resident + !key.public_stays;
	memcpy(key.resident_id, plan.resident_id, sizeof(key.resident_id));
	status = p11_public_key_read(s, key.public_object, type, &key.public_key, err);
	if (!hf_ok(status)) {
		p11_key_discard(s, &key);
		return status;
	}
	*ret = key;
	return HF_SUCCESS;
}

hf_status p11_key_generate(struct p11_session *s, const struct p11_profile *profile,
                           enum key_type type, bool allow_resident, struct p11_key *ret,
                           struct hf_err *err)
{
	const struct p11_type_profile *t = &profile->types[type];
	const char *name = key_type_info(type)->name;

	switch (t->ability) {
	case ABILITY_WRAPPED:
		return p11_key_make(s, t, type, KEY_WRAPPABLE, ret, err);
	case ABILITY_RESIDENT:
		if (allow_resident)
			return p11_key_make(s, t, type, KEY_RESIDENT, ret, err);
		return hf_fail(err, HF_DENIED,
		               "this HSM cannot wrap %s keys, and keys that live inside it were "
		               "not allowed: start the driver "
		               "with --allow-resident, or use another type of key",
		               name);
	case ABILITY_NONE:
		break;
	}
	return hf_fail(
	        err, HF_UNSUPPORTED,
	        "this HSM cannot make %s keys that can be kept%s: `holdfast hsm check` shows "
	        "what it can",
	        name, allow_resident ? "" : " without --allow-resident");
}

hf_status p11_key_wrap(struct p11_session *s, const struct p11_profile *profile,
                       const struct p11_master *master, const struct p11_key *key,
                       struct hf_buf *to, enum wrap_format *ret_format, struct hf_err *err)
{
	const struct p11_type_profile *t = &profile->types[key->type];

	if (key->resident) {
		hf_buf_put(to, key->resident_id, sizeof(key->resident_id));
		HF_TRY(hf_buf_status(to));
		*ret_format = WRAP_RESIDENT;
		return HF_SUCCESS;
	}
	HF_TRY(p11_wrap(s, master->key, t->wrap_mechanism, t->format, key->private_object, to,
	                err));
	*ret_format = t->format;
	return HF_SUCCESS;
}

static hf_status find_resident(struct p11_session *s, struct hf_span blob, CK_OBJECT_HANDLE *ret,
                               struct hf_err *err)
{
	CK_OBJECT_HANDLE found[2];
	struct template t = { 0 };
	size_t n;

	if (blob.len != RESIDENT_ID_LEN)
		return hf_fail(err, HF_CORRUPT, "a resident key's id has %d bytes, not %zu",
		               RESIDENT_ID_LEN, blob.len);
	template_number(&t, CKA_CLASS, CKO_PRIVATE_KEY);
	template_bool(&t, CKA_TOKEN, true);
	template_bytes(&t, CKA_ID, blob);
	HF_TRY(objects_find(s, &t, found, HF_COUNT(found), &n, err));
	if (n == 0)
		return hf_fail(err, HF_NOTFOUND,
		               "this key lives inside one HSM, and token %s does not have it: only "
		               "the HSM that made it can "
		               "sign with it",
		               s->token.label);
	if (n > 1)
		return hf_fail(err, HF_CORRUPT, "token %s has several private keys of one CKA_ID",
		               s->token.label);
	*ret = found[0];
	return HF_SUCCESS;
}

hf_status p11_key_unwrap_as(struct p11_session *s, const struct p11_profile *profile,
                            const struct p11_master *master, const struct unwrap_ask *ask,
                            CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	const struct p11_type_profile *t = &profile->types[ask->type];
	CK_MECHANISM_TYPE mechanism;

	if (!wrap_format_name(ask->format))
		return hf_fail(err, HF_CORRUPT, "unknown wrap format %d", (int)ask->format);
	if (ask->format == WRAP_RESIDENT && ask->purpose == UNWRAP_TO_WRAP)
		return hf_fail(err, HF_UNSUPPORTED, "a resident key never leaves its HSM");
	if (ask->format == WRAP_RESIDENT)
		return find_resident(s, ask->blob, ret, err);
	mechanism = t->ability == ABILITY_WRAPPED && t->format == ask->format
	                    ? t->wrap_mechanism
	                    : profile->wrap_mechanisms[ask->format];
	if (!mechanism)
		return hf_fail(err, HF_UNSUPPORTED,
		               "the key is wrapped as %s, which this HSM cannot unwrap: use the "
		               "HSM that made it",
		               wrap_format_name(ask->format));
	return p11_unwrap_as(s, master->key, mechanism, ask, t, ret, err);
}

hf_status p11_key_unwrap(struct p11_session *s, const struct p11_profile *profile,
                         const struct p11_master *master, enum key_type type,
                         enum wrap_format format, struct hf_span blob, CK_OBJECT_HANDLE *ret,
                         struct hf_err *err)
{
	struct unwrap_ask ask = { .type = type, .format = format, .blob = blob };

	return p11_key_unwrap_as(s, profile, master, &ask, ret, err);
}

hf_status p11_key_sign(struct p11_session *s, const struct p11_profile *profile, enum key_type type,
                       CK_OBJECT_HANDLE private_object, int scheme, int hash, struct hf_span input,
                       struct signature *ret, struct hf_err *err)
{
	struct p11_type_profile t = profile->types[type];
	uint8_t bytes[2 * SIGNATURE_MAX];
	CK_ULONG len = sizeof(bytes);
	struct p11_sign_plan plan;
	CK_RV rv;

	if (!t.sign_mechanism) /* not tried here, but a record of another HSM may have come */
		t.sign_mechanism = p11_kind(type)->sign;
	HF_TRY(p11_sign_plan(type, &t, scheme, hash, input, &plan, err));
	rv = s->fn->C_SignInit(s->handle, &plan.mechanism, private_object);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_SignInit");
	rv = s->fn->C_Sign(s->handle, (uint8_t *)(uintptr_t)plan.data.ptr, plan.data.len, bytes,
	                   &len);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_Sign");
	if (!len || len > SIGNATURE_MAX)
		return hf_fail(err, HF_CORRUPT, "C_Sign: the HSM gave a signature of %lu bytes",
		               len);
	memcpy(ret->bytes, bytes, len);
	ret->len = len;
	ret->recid = -1;
	return HF_SUCCESS;
}

void p11_key_done(struct p11_session *s, struct p11_key *key)
{
	if (!key->public_stays)
		p11_object_destroy(s, key->public_object);
	if (!key->resident)
		p11_object_destroy(s, key->private_object);
	key->public_object = key->private_object = P11_NO_OBJECT;
}

void p11_key_discard(struct p11_session *s, struct p11_key *key)
{
	if (key->resident && key->private_object != P11_NO_OBJECT)
		s->fn->C_DestroyObject(s->handle, key->private_object);
	if (key->public_stays && key->public_object != P11_NO_OBJECT)
		s->fn->C_DestroyObject(s->handle, key->public_object);
	p11_key_done(s, key);
}
