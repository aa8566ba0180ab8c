/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/object.h"

#include "p11/master.h"
#include "p11/object_half.h"
#include "p11/rv.h"
#include "p11/template.h"

#include <string.h>

#define FOUND_MAX 64

/* What is looked for, and what was found so far. */
struct search {
	const struct key_name *name;
	CK_OBJECT_CLASS class;
	CK_OBJECT_HANDLE best;
	unsigned best_rank, equals; /* equals: how many are of that rank */
	bool other_type;            /* something of that name was there, but of another type */
};

static bool fits_name(const struct key_shape *shape, const struct key_name *name)
{
	if (name->id.len)
		return hf_span_equal(shape->id, name->id);
	return !name->label.len || hf_span_equal(shape->label, name->label);
}

/* A label may have been changed by others, and not every object tells its public key: so that both
 * only choose among several. Type and public key must not contradict. */
static void consider(struct search *q, CK_OBJECT_HANDLE object, const struct key_shape *shape)
{
	const struct key_name *name = q->name;
	unsigned rank = 1;

	if (!types_agree(shape->type, name->type)) {
		q->other_type = true;
		return;
	}
	if (name->public_key.len && shape->public_key.len) {
		if (!hf_span_equal(shape->public_key, name->public_key))
			return;
		rank += 2;
	}
	rank += hf_span_equal(shape->label, name->label) ? 4 : 0;
	if (rank < q->best_rank)
		return;
	q->equals = rank == q->best_rank ? q->equals + 1 : 1;
	q->best_rank = rank;
	q->best = object;
}

/* Is there the other key of a master's pair? */
static hf_status master_of(struct p11_session *s, const struct key_shape *shape, bool *ret,
                           struct hf_err *err)
{
	uint8_t id[MASTER_ID_LEN + 3];
	CK_OBJECT_HANDLE other;
	struct template t = { 0 };
	size_t n = 0;

	*ret = is_ours(shape);
	if (*ret || !(may_be_master(shape) || may_be_master_mac(shape)))
		return HF_SUCCESS;
	memcpy(id, shape->id.ptr, MASTER_ID_LEN);
	memcpy(id + MASTER_ID_LEN, "mac", 3);
	template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
	template_number(&t, CKA_KEY_TYPE, CKK_AES);
	template_bytes(&t, CKA_ID, HF_SPAN(id, MASTER_ID_LEN));
	if (may_be_master(shape)) {
		t = (struct template){ 0 };
		template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
		template_bytes(&t, CKA_ID, HF_SPAN(id, sizeof(id)));
	}
	HF_TRY(objects_find(s, &t, &other, 1, &n, err));
	*ret = n > 0;
	return HF_SUCCESS;
}

static hf_status look_at(struct p11_session *s, CK_OBJECT_HANDLE object, struct search *q,
                         struct hf_err *err)
{
	struct object_facts facts;
	struct half half;
	hf_status status = facts_read(s, object, &facts, err);
	bool ours;

	if (status.code == HF_NOTFOUND) /* since the search */
		return HF_SUCCESS;
	HF_TRY(status);
	status = half_of(&facts, &half);
	if (!hf_ok(status) || half.class != q->class || !fits_name(&half.shape, q->name))
		return HF_SUCCESS;
	HF_TRY(master_of(s, &half.shape, &ours, err));
	if (!ours)
		consider(q, object, &half.shape);
	return HF_SUCCESS;
}

static void name_template(struct template *t, const struct key_name *name, CK_OBJECT_CLASS class)
{
	template_number(t, CKA_CLASS, class);
	template_bool(t, CKA_TOKEN, true);
	if (name->id.len)
		template_bytes(t, CKA_ID, name->id);
	else if (name->label.len)
		template_bytes(t, CKA_LABEL, name->label);
}

static hf_status none(const struct search *q, struct hf_err *err)
{
	if (q->other_type)
		return hf_fail(err, HF_NOTFOUND,
		               "the token's key of this CKA_ID and CKA_LABEL is no %s key: it was "
		               "replaced; synchronise the group's keys",
		               object_type_name((int)q->name->type));
	return hf_fail(err, HF_NOTFOUND,
	               "the token does not have this key any more (or not its %s part)",
	               q->class == CKO_PUBLIC_KEY ? "public" : "secret");
}

hf_status p11_object_find(struct p11_session *s, const struct key_name *name, enum object_half half,
                          CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	struct search q = { .name = name, .class = half_class(name->type, half) };
	CK_OBJECT_HANDLE found[FOUND_MAX];
	struct template t = { 0 };
	size_t n;

	if (!name->id.len && !name->label.len && !name->public_key.len)
		return hf_fail(err, HF_INVALID,
		               "a key without CKA_ID and CKA_LABEL cannot be named: give it one "
		               "with the HSM's own tools, then synchronise the group's keys");
	name_template(&t, name, q.class);
	HF_TRY(objects_find(s, &t, found, FOUND_MAX, &n, err));
	for (size_t i = 0; i < n; i++)
		HF_TRY(look_at(s, found[i], &q, err));
	if (!q.equals)
		return none(&q, err);
	if (q.equals > 1)
		return hf_fail(err, HF_EXISTS,
		               "the token has %u keys with this CKA_ID and CKA_LABEL, and nothing "
		               "tells them apart: change the CKA_ID of all but one with the HSM's "
		               "own tools, then synchronise the group's keys",
		               q.equals);
	*ret = q.best;
	return HF_SUCCESS;
}

/* A zero block in the HSM, where the token does not keep the value itself and the key may encrypt.
 * Nothing depends on it: what fails leaves it unknown. */
static void check_value(struct p11_session *s, CK_OBJECT_HANDLE key, struct key_shape *shape)
{
	bool aes = shape->type == OBJECT_AES;
	CK_MECHANISM mechanism = { .mechanism = aes ? CKM_AES_ECB : CKM_DES3_ECB };
	uint8_t zeros[16] = { 0 }, out[64];
	CK_ULONG len = sizeof(out);

	if (shape->have_kcv || (!aes && shape->type != OBJECT_DES3) || !(shape->uses & USE_ENCRYPT))
		return;
	if (s->fn->C_EncryptInit(s->handle, &mechanism, key) != CKR_OK ||
	    s->fn->C_Encrypt(s->handle, zeros, aes ? 16 : 8, out, &len) != CKR_OK ||
	    len < sizeof(shape->kcv))
		return;
	memcpy(shape->kcv, out, sizeof(shape->kcv));
	shape->have_kcv = true;
}

static hf_status read_half(struct p11_session *s, CK_OBJECT_HANDLE object,
                           struct object_facts *facts, struct half *ret, struct hf_err *err)
{
	HF_TRY(facts_read(s, object, facts, err));
	if (!hf_ok(half_of(facts, ret)))
		return hf_fail(err, HF_UNSUPPORTED,
		               "the token's key is of a type, curve or size that is not known "
		               "here");
	return HF_SUCCESS;
}

/* The public half of what `private` is; none is no failure. */
static hf_status join_public(struct p11_session *s, const struct key_name *name,
                             CK_OBJECT_HANDLE public, struct half *private,
                             struct object_facts *facts, struct half *half, struct hf_err *err)
{
	struct key_name of = *name;
	hf_status status = HF_SUCCESS;

	if (private->shape.public_key.len)
		of.public_key = private->shape.public_key;
	if (public == P11_NO_OBJECT)
		status = p11_object_find(s, &of, HALF_PUBLIC, &public, err);
	if (hf_ok(status))
		status = read_half(s, public, facts, half, err);
	if (hf_ok(status) && halves_fit(&private->shape, &half->shape))
		halves_join(&private->shape, &half->shape);
	else if (hf_ok(status) || status.code == HF_NOTFOUND)
		half_alone(&private->shape);
	else
		return status;
	return HF_SUCCESS;
}

hf_status p11_object_shape(struct p11_session *s, CK_OBJECT_HANDLE object, CK_OBJECT_HANDLE public,
                           const struct key_name *name, struct key_shape *ret, struct hf_buf *store,
                           struct hf_err *err)
{
	struct object_facts facts, public_facts;
	struct half half, public_half;

	HF_TRY(read_half(s, object, &facts, &half, err));
	if (half.class == CKO_PRIVATE_KEY)
		HF_TRY(join_public(s, name, public, &half, &public_facts, &public_half, err));
	if (half.class == CKO_SECRET_KEY) {
		half.shape.type = name->type; /* HMAC or bytes: the caller knows better */
		check_value(s, object, &half.shape);
	}
	if (half.shape.type == OBJECT_EC && half.shape.curve == CURVE_NONE)
		return hf_fail(err, HF_UNSUPPORTED,
		               "the token does not tell this key's curve, or it is not known "
		               "here");
	return shape_keep(&half.shape, store, ret);
}

hf_status p11_object_describe(struct p11_session *s, const struct key_name *name,
                              struct key_shape *ret, struct hf_buf *store, struct hf_err *err)
{
	CK_OBJECT_HANDLE object;
	hf_status status = p11_object_find(s, name, HALF_PRIVATE, &object, err);

	if (status.code == HF_NOTFOUND && object_type_is_asymmetric((int)name->type))
		status = p11_object_find(s, name, HALF_PUBLIC, &object, err);
	HF_TRY(status);
	return p11_object_shape(s, object, P11_NO_OBJECT, name, ret, store, err);
}
