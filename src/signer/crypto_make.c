/* SPDX-License-Identifier: Apache-2.0
 * New keys: in the slot, once for each CKA_ID, or in a record. */
#include "signer/crypto_job.h"

#include "p11/crypt.h"
#include "p11/object.h"
#include "signer/crypto_record.h"

/* The id that a record gets. */
static hf_status record_id(const struct crypto_op *op, char ret[HF_ID_MAX], struct hf_err *err)
{
	struct hf_span id = op->made.id.len ? op->made.id : hf_span_text(op->key_id);

	if (!id.len || !hf_ok(hf_span_to_text(id, ret, HF_ID_MAX)))
		return hf_fail(err, HF_INVALID, "a key that is to be wrapped needs an id");
	return HF_SUCCESS;
}

/* What is asked of the HSM: a session object is there to be wrapped. */
static struct key_shape wanted(const struct crypto_op *op)
{
	struct key_shape shape = op->made;
	bool leaves = shape.uses_given && (shape.uses & USE_EXPORT);

	shape.has_private = op->kind != CRYPTO_IMPORT || shape.has_private;
	shape.sensitive = !shape.persistent || !leaves;
	shape.extractable = !shape.persistent || leaves;
	if (shape.persistent)
		return shape;
	shape.id = shape.label = HF_SPAN(NULL, 0);       /* nobody looks for it by these */
	if (shape.uses_given && (shape.uses & USE_SIGN)) /* NSS tries what it has made */
		shape.uses |= USE_VERIFY;
	return shape;
}

/* What its record does not say, nobody gives it afterwards. */
static hf_status persist(struct desk *d, const struct crypto_op *op, const struct key_shape *shape,
                         CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	struct key_record r;

	if (!op->key.record.len)
		return hf_fail(err, HF_INVALID, "only a transient key is persisted");
	HF_TRY(crypto_record_open(d, &op->key, op->key_id, &r, err));
	if (!record_is_transient(&r))
		return hf_fail(err, HF_DENIED, "key %s is kept already", r.key_id);
	if (r.type != shape->type || r.curve != shape->curve || !op->made.uses_given ||
	    (op->made.uses & ~r.uses))
		return hf_fail(err, HF_DENIED, "key %s is another key, or may do less", r.key_id);
	return crypto_record_unwrap_as(d, &r, shape, ret, err);
}

/* From another key. */
static hf_status make_from(struct desk *d, const struct crypto_op *op, CK_OBJECT_HANDLE key,
                           const struct key_shape *shape, CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	if (op->kind == CRYPTO_PERSIST)
		return persist(d, op, shape, ret, err);
	if (op->kind == CRYPTO_UNWRAP)
		return p11_unwrap_key(&d->session, key, &op->mech, op->data, shape, ret, err);
	if (op->kind == CRYPTO_DERIVE)
		return p11_derive(&d->session, key, &op->mech, op->data, shape, ret, err);
	return p11_agree(&d->session, key, op->more, shape, ret, err);
}

static bool is_like(const struct key_shape *is, const struct key_shape *asked)
{
	return is->type == asked->type && is->curve == asked->curve &&
	       (!asked->bits || !is->bits || is->bits == asked->bits);
}

static hf_status name_of(const struct key_shape *shape, struct key_name *ret, struct hf_err *err)
{
	if (!shape->id.len)
		return hf_fail(err, HF_INVALID, "a key in an HSM needs a CKA_ID");
	*ret = (struct key_name){ .id = shape->id, .type = shape->type };
	return HF_SUCCESS;
}

/* HF_NOTFOUND: there is none of this id. */
static hf_status look(struct desk *d, const struct key_shape *shape, struct key_shape *ret,
                      struct hf_buf *store, struct hf_err *err)
{
	struct key_name name;

	HF_TRY(name_of(shape, &name, err));
	HF_TRY(p11_object_describe(&d->session, &name, ret, store, err));
	if (!is_like(ret, shape))
		return hf_fail(err, HF_EXISTS,
		               "the token has another key with this CKA_ID already: %s, %u bits",
		               object_type_name((int)ret->type), ret->bits);
	return HF_SUCCESS;
}

/* One that is there already is the answer: this may be asked twice. */
static hf_status make_or_find(struct desk *d, const struct crypto_op *op, CK_OBJECT_HANDLE key,
                              const struct key_shape *shape, struct crypto_output *out,
                              struct hf_err *err)
{
	CK_OBJECT_HANDLE made = P11_NO_OBJECT;
	struct key_name name;
	hf_status s;

	if (op->kind == CRYPTO_GENERATE)
		return p11_object_generate(&d->session, shape, &made, &out->result.made,
		                           &out->store, err);
	if (op->kind == CRYPTO_IMPORT)
		return p11_object_import(&d->session, shape, op->data, &made, &out->result.made,
		                         &out->store, err);
	s = look(d, shape, &out->result.made, &out->store, err);
	if (s.code != HF_NOTFOUND)
		return s;
	HF_TRY(make_from(d, op, key, shape, &made, err));
	HF_TRY(name_of(shape, &name, err));
	return p11_object_shape(&d->session, made, P11_NO_OBJECT, &name, &out->result.made,
	                        &out->store, err);
}

static hf_status make_session_key(struct desk *d, const struct crypto_op *op, CK_OBJECT_HANDLE key,
                                  const struct key_shape *shape, struct crypto_output *out,
                                  CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	const struct key_name name = { .type = shape->type };
	hf_status s;

	if (op->kind == CRYPTO_GENERATE)
		return p11_object_generate(&d->session, shape, ret, &out->result.made, &out->store,
		                           err);
	if (op->kind == CRYPTO_IMPORT)
		return p11_object_import(&d->session, shape, op->data, ret, &out->result.made,
		                         &out->store, err);
	HF_TRY(make_from(d, op, key, shape, ret, err));
	if (op->kind == CRYPTO_PERSIST) { /* its record says what it is */
		out->result.made = op->made;
		return HF_SUCCESS;
	}
	s = p11_object_shape(&d->session, *ret, P11_NO_OBJECT, &name, &out->result.made,
	                     &out->store, err);
	if (!hf_ok(s))
		p11_object_destroy(&d->session, *ret);
	return s;
}

/* What the record is to say: the uses are those that were asked for, not those of the object that
 * is wrapped and destroyed. */
static void settle_shape(const struct crypto_op *op, struct key_shape *made)
{
	if (!made->bits)
		made->bits = op->made.bits;
	made->type = op->made.type;
	made->id = op->made.id;
	made->label = HF_SPAN(NULL, 0);
	made->uses = op->made.uses_given ? op->made.uses
	                                 : object_type_uses((int)made->type, made->curve);
	made->uses_given = true;
	made->persistent = false;
	made->has_private = true;
	made->extractable = made->uses & USE_EXPORT;
	made->sensitive = !made->extractable;
	if (!made->public_key.len)
		made->public_key = op->made.public_key;
}

static hf_status make_wrapped(struct desk *d, const struct crypto_op *op, CK_OBJECT_HANDLE key,
                              const struct key_shape *shape, struct crypto_output *out,
                              struct hf_err *err)
{
	CK_OBJECT_HANDLE made = P11_NO_OBJECT;
	char id[HF_ID_MAX];
	hf_status s;

	HF_TRY(record_id(op, id, err));
	if (!shape->has_private)
		return hf_fail(err, HF_UNSUPPORTED, "a public key alone is not wrapped");
	HF_TRY(make_session_key(d, op, key, shape, out, &made, err));
	settle_shape(op, &out->result.made);
	s = crypto_record_make(d, made, id, &out->result.made, &out->record, err);
	p11_object_destroy(&d->session, made);
	HF_TRY(s);
	out->result.record = hf_buf_span(&out->record);
	return HF_SUCCESS;
}

hf_status crypto_make(struct desk *d, const struct crypto_op *op, CK_OBJECT_HANDLE key,
                      struct crypto_output *out, struct hf_err *err)
{
	const struct key_shape shape = wanted(op);

	if (shape.persistent) {
		HF_TRY(make_or_find(d, op, key, &shape, out, err));
		if (!out->result.made.bits) /* the token does not tell */
			out->result.made.bits = shape.bits;
		if (op->kind == CRYPTO_PERSIST && !out->result.made.public_key.len)
			out->result.made.public_key = op->made.public_key;
		return HF_SUCCESS;
	}
	return make_wrapped(d, op, key, &shape, out, err);
}
