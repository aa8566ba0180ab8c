/* SPDX-License-Identifier: Apache-2.0
 * Changing keys that are there, and destroying them. */
#include "p11/object.h"

#include "p11/object_half.h"
#include "p11/rv.h"
#include "p11/template.h"

struct changed {
	CK_OBJECT_HANDLE object;
	CK_ATTRIBUTE_TYPE type; /* CKA_LABEL, or one flag */
	bool was;
};

/* What was done so far, so that it can be undone. */
struct change {
	struct p11_session *s;
	const struct key_shape *to;
	struct changed done[24];
	size_t n_done;
	struct hf_span old_label[2];
	CK_OBJECT_HANDLE labelled[2];
	size_t n_labelled;
};

static CK_RV set(struct p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *a)
{
	return s->fn->C_SetAttributeValue(s->handle, object, a, 1);
}

static CK_RV set_flag(struct p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                      bool value)
{
	struct template t = { 0 };

	template_bool(&t, type, value);
	return set(s, object, t.attr);
}

static CK_RV set_label(struct p11_session *s, CK_OBJECT_HANDLE object, struct hf_span label)
{
	struct template t = { 0 };

	template_bytes(&t, CKA_LABEL, label);
	return set(s, object, t.attr);
}

static void undo(struct change *c)
{
	while (c->n_done) {
		const struct changed *last = &c->done[--c->n_done];

		set_flag(c->s, last->object, last->type, last->was);
	}
	while (c->n_labelled) {
		c->n_labelled--;
		set_label(c->s, c->labelled[c->n_labelled], c->old_label[c->n_labelled]);
	}
}

static hf_status refused(struct change *c, CK_RV rv, const char *what, struct hf_err *err)
{
	struct hf_err why = { 0 };
	hf_status status = p11_session_fail(c->s, &why, rv, "C_SetAttributeValue");

	if (p11_rv_info(rv)->class != RV_REQUEST || rv == CKR_SESSION_READ_ONLY) {
		if (err)
			*err = why;
		return status;
	}
	return hf_fail(err, HF_DENIED, "the HSM does not let %s of this key be changed: %s", what,
	               why.text);
}

static hf_status change_flags(struct change *c, CK_OBJECT_HANDLE object, enum object_half half,
                              struct hf_err *err)
{
	struct template t = { 0 };

	template_uses(&t, c->to, half);
	for (CK_ULONG i = 0; i < t.n; i++) {
		bool wanted = t.flags[i] != CK_FALSE, is;
		CK_RV rv;

		HF_TRY(attribute_bool(c->s, object, t.attr[i].type, &is, err));
		if (is == wanted)
			continue;
		rv = set(c->s, object, &t.attr[i]);
		if (rv != CKR_OK)
			return refused(c, rv, "the uses", err);
		c->done[c->n_done++] = (struct changed){ object, t.attr[i].type, is };
	}
	return HF_SUCCESS;
}

static hf_status change_label(struct change *c, CK_OBJECT_HANDLE object, struct hf_span old,
                              struct hf_err *err)
{
	CK_RV rv;

	if (!c->to->label.ptr || hf_span_equal(old, c->to->label))
		return HF_SUCCESS;
	rv = set_label(c->s, object, c->to->label);
	if (rv != CKR_OK)
		return refused(c, rv, "the label", err);
	c->labelled[c->n_labelled] = object;
	c->old_label[c->n_labelled++] = old;
	return HF_SUCCESS;
}

/* EXTRACTABLE and SENSITIVE go one way only, so this comes last: it cannot be undone. */
static hf_status close_value(struct change *c, CK_OBJECT_HANDLE object, const struct key_shape *is,
                             struct hf_err *err)
{
	CK_RV rv;

	if (!c->to->uses_given || c->to->uses & USE_EXPORT || !(is->uses & USE_EXPORT))
		return HF_SUCCESS;
	rv = set_flag(c->s, object, CKA_SENSITIVE, true);
	if (rv == CKR_OK)
		rv = set_flag(c->s, object, CKA_EXTRACTABLE, false);
	return rv == CKR_OK ? HF_SUCCESS : refused(c, rv, "the exporting", err);
}

/* One half, or a secret key: reads what it is, then changes it. */
static hf_status change_half(struct change *c, CK_OBJECT_HANDLE object, enum object_half which,
                             struct object_facts *facts, struct half *half, struct hf_err *err)
{
	HF_TRY(facts_read(c->s, object, facts, err));
	if (!hf_ok(half_of(facts, half)))
		return hf_fail(err, HF_UNSUPPORTED, "the token's key is of an unknown kind");
	HF_TRY(change_label(c, object, half->shape.label, err));
	return c->to->uses_given ? change_flags(c, object, which, err) : HF_SUCCESS;
}

static hf_status apply(struct change *c, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public,
                       struct hf_err *err)
{
	struct object_facts facts, public_facts;
	struct half half = { 0 }, public_half;
	hf_status status = HF_SUCCESS;

	if (private != P11_NO_OBJECT)
		status = change_half(c, private, HALF_PRIVATE, &facts, &half, err);
	if (hf_ok(status) && public != P11_NO_OBJECT)
		status = change_half(c, public, HALF_PUBLIC, &public_facts, &public_half, err);
	if (hf_ok(status) && private != P11_NO_OBJECT)
		status = close_value(c, private, &half.shape, err);
	if (!hf_ok(status))
		undo(c); /* while the labels that were are at hand */
	return status;
}

/* Both halves; P11_NO_OBJECT for one that the token does not have. HF_NOTFOUND: neither. */
static hf_status find_both(struct p11_session *s, const struct key_name *name,
                           CK_OBJECT_HANDLE *ret_private, CK_OBJECT_HANDLE *ret_public,
                           struct hf_err *err)
{
	hf_status private = p11_object_find(s, name, HALF_PRIVATE, ret_private, err), public;

	*ret_public = P11_NO_OBJECT;
	if (private.code == HF_NOTFOUND)
		*ret_private = P11_NO_OBJECT;
	else
		HF_TRY(private);
	if (!object_type_is_asymmetric((int)name->type))
		return private;
	public = p11_object_find(s, name, HALF_PUBLIC, ret_public, err);
	if (public.code != HF_NOTFOUND)
		return public;
	*ret_public = P11_NO_OBJECT;
	return private;
}

static hf_status may_become(struct p11_session *s, CK_OBJECT_HANDLE private,
                            const struct key_shape *to, struct hf_err *err)
{
	bool sensitive, extractable;

	if (!to->uses_given || !(to->uses & USE_EXPORT) || private == P11_NO_OBJECT)
		return HF_SUCCESS;
	HF_TRY(attribute_bool(s, private, CKA_SENSITIVE, &sensitive, err));
	HF_TRY(attribute_bool(s, private, CKA_EXTRACTABLE, &extractable, err));
	if (!sensitive && extractable)
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED,
	               "a key that was not to be exported cannot be made so: PKCS#11 does not let "
	               "CKA_SENSITIVE and CKA_EXTRACTABLE be set back");
}

hf_status p11_object_update(struct p11_session *s, const struct key_name *name,
                            const struct key_shape *to, struct hf_err *err)
{
	struct key_shape wanted = *to;
	struct change c = { .s = s, .to = &wanted };
	CK_OBJECT_HANDLE private, public;

	if (to->label.ptr && to->label.len > CKA_LABEL_MAX)
		return hf_fail(err, HF_INVALID, "CKA_LABEL is longer than %d bytes", CKA_LABEL_MAX);
	HF_TRY(find_both(s, name, &private, &public, err));
	HF_TRY(may_become(s, private, to, err));
	wanted.type = name->type;
	if (wanted.type == OBJECT_EC && !wanted.curve) {
		HF_BUF_SCOPED struct hf_buf store = HF_BUF(8192);
		struct key_shape is;

		HF_TRY(p11_object_describe(s, name, &is, &store, err));
		wanted.curve = is.curve; /* which says what uses there are */
	}
	return apply(&c, private, public, err);
}

hf_status p11_object_destroy_key(struct p11_session *s, const struct key_name *name,
                                 bool private_only, struct hf_err *err)
{
	CK_OBJECT_HANDLE private, public;
	CK_RV rv = CKR_OK;

	HF_TRY(find_both(s, name, &private, &public, err));
	if (private_only && private == P11_NO_OBJECT)
		return hf_fail(err, HF_NOTFOUND, "the token has only the public half of this key");
	if (private != P11_NO_OBJECT)
		rv = s->fn->C_DestroyObject(s->handle, private);
	/* gone in the meantime is as good; the public half goes last: it is what finds the rest */
	if ((rv == CKR_OK || rv == CKR_OBJECT_HANDLE_INVALID) && !private_only &&
	    public != P11_NO_OBJECT)
		rv = s->fn->C_DestroyObject(s->handle, public);
	if (rv != CKR_OK && rv != CKR_OBJECT_HANDLE_INVALID)
		return p11_session_fail(s, err, rv, "C_DestroyObject");
	return HF_SUCCESS;
}
