/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/crypto_job.h"

#include "base/secret.h"
#include "p11/crypt.h"
#include "p11/object.h"
#include "p11/template.h"
#include "signer/crypto_record.h"

/* One operation under way. */
struct run {
	struct desk *d;
	const struct crypto_op *op;
	struct crypto_output *out;
	struct held_key key, subject;
	struct hf_err *err;
};

static bool is_rsa(const struct crypto_op *op)
{
	return op->key.name.type == OBJECT_RSA;
}

/* What an operation needs of its key. 0: whatever the record says, it may be looked at. */
static unsigned use_of(const struct crypto_op *op)
{
	switch (op->kind) {
	case CRYPTO_ENCRYPT:
		return USE_ENCRYPT;
	case CRYPTO_DECRYPT:
		return USE_DECRYPT;
	case CRYPTO_SIGN:
		return USE_SIGN;
	case CRYPTO_MAC:
		return USE_MACGENERATE;
	case CRYPTO_MAC_VERIFY:
		return USE_MACVERIFY;
	case CRYPTO_WRAP:
		return USE_WRAPKEY;
	case CRYPTO_UNWRAP:
		return USE_UNWRAPKEY;
	case CRYPTO_DERIVE:
		return USE_DERIVEKEY;
	case CRYPTO_AGREE:
		return USE_AGREEKEY;
	case CRYPTO_EXPORT:
		return USE_EXPORT;
	case CRYPTO_LIST:
	case CRYPTO_DESCRIBE:
	case CRYPTO_GENERATE:
	case CRYPTO_IMPORT:
	case CRYPTO_UPDATE:
	case CRYPTO_DESTROY:
	case CRYPTO_RANDOM:
	case CRYPTO_PING:
	case CRYPTO_PERSIST:
		break;
	}
	return 0;
}

static hf_status open_key(struct run *r)
{
	const struct crypto_op *op = r->op;
	bool public = is_rsa(op) && (op->kind == CRYPTO_ENCRYPT || op->kind == CRYPTO_WRAP);
	const struct key_want want = {
		.where = &op->key,
		.key_id = op->key_id,
		.half = public ? HALF_PUBLIC : HALF_PRIVATE,
		.use = use_of(op),
		.purpose = op->kind == CRYPTO_EXPORT ? KEY_TO_EXPORT : KEY_TO_USE,
	};

	return crypto_key_open(r->d, &want, &r->key, r->err);
}

/* Its record's id is its name (op/crypto_op.h). */
static hf_status open_subject(struct run *r)
{
	char id[HF_ID_MAX] = "";
	const struct key_want want = {
		.where = &r->op->subject,
		.key_id = id,
		.half = HALF_PRIVATE,
		.use = r->op->subject.record.len ? USE_EXPORT : 0,
		.purpose = KEY_TO_WRAP,
	};

	if (want.where->record.len)
		HF_TRY(hf_span_to_text(want.where->name.id, id, sizeof(id)));
	return crypto_key_open(r->d, &want, &r->subject, r->err);
}

static hf_status describe(struct run *r)
{
	struct key_record record;

	if (!r->op->key.record.len)
		return p11_object_describe(&r->d->session, &r->op->key.name, &r->out->result.made,
		                           &r->out->store, r->err);
	HF_TRY(open_key(r)); /* that it unwraps is what there is to see */
	HF_TRY(record_decode(r->op->key.record, &record));
	r->out->result.made = record_shape(&record);
	r->out->result.made.id = r->op->key.name.id;
	return HF_SUCCESS;
}

/* What changes a key itself: of a wrapped one there is nothing in the HSM. */
static hf_status not_wrapped(struct run *r)
{
	if (!r->op->key.record.len)
		return HF_SUCCESS;
	return hf_fail(r->err, HF_UNSUPPORTED, "a wrapped key's record is not changed by an HSM");
}

static hf_status update(struct run *r)
{
	HF_TRY(not_wrapped(r));
	return p11_object_update(&r->d->session, &r->op->key.name, &r->op->made, r->err);
}

/* Its handles may be remembered, and mean something else tomorrow. */
static hf_status destroy(struct run *r)
{
	hf_status s;

	HF_TRY(not_wrapped(r));
	s = p11_object_destroy_key(&r->d->session, &r->op->key.name, r->op->private_only, r->err);
	keycache_forget(r->d->found);
	return s;
}

static hf_status export(struct run *r)
{
	HF_SECRET struct hf_secret value = { 0 };
	const struct key_where *where = &r->op->key;
	struct key_record record;
	struct key_shape shape;

	if (where->record.len) {
		HF_TRY(open_key(r));
		HF_TRY(record_decode(where->record, &record));
		shape = record_shape(&record);
		HF_TRY(p11_object_value(&r->d->session, r->key.handle, &shape, &value, r->err));
	} else {
		HF_TRY(p11_object_export(&r->d->session, &where->name, &value, r->err));
	}
	hf_buf_put(&r->out->data, value.ptr, value.len);
	return HF_SUCCESS;
}

/* Those that use one key, and have it open. */
static hf_status use_key(struct run *r)
{
	const struct crypto_op *op = r->op;
	struct p11_session *s = &r->d->session;
	struct crypto_output *out = r->out;
	CK_OBJECT_HANDLE key = r->key.handle;
	hf_status status;

	switch (op->kind) {
	case CRYPTO_ENCRYPT:
		return p11_encrypt(s, key, &op->mech, op->data, &out->data, &out->iv, &out->tag,
		                   r->err);
	case CRYPTO_DECRYPT:
		return p11_decrypt(s, key, &op->mech, op->data, &out->data, r->err);
	case CRYPTO_SIGN:
		return p11_sign(s, key, &op->mech, op->data, &out->data, r->err);
	case CRYPTO_MAC:
		return p11_mac(s, key, &op->mech, op->data, &out->data, r->err);
	case CRYPTO_MAC_VERIFY:
		status = p11_mac_verify(s, key, &op->mech, op->data, op->more, r->err);
		out->result.verified = hf_ok(status);
		return status.code == HF_UNAUTHENTIC ? HF_SUCCESS : status; /* that is an answer */
	case CRYPTO_WRAP:
		HF_TRY(open_subject(r));
		return p11_wrap_key(s, key, &op->mech, r->subject.handle, &out->data, &out->iv,
		                    &out->tag, r->err);
	case CRYPTO_UNWRAP:
	case CRYPTO_DERIVE:
	case CRYPTO_AGREE:
		return crypto_make(r->d, op, key, out, r->err);
	case CRYPTO_LIST:
	case CRYPTO_DESCRIBE:
	case CRYPTO_GENERATE:
	case CRYPTO_IMPORT:
	case CRYPTO_UPDATE:
	case CRYPTO_DESTROY:
	case CRYPTO_EXPORT:
	case CRYPTO_RANDOM:
	case CRYPTO_PING:
	case CRYPTO_PERSIST:
		break;
	}
	return hf_fail(r->err, HF_INTERNAL, "%s uses no key", crypto_op_name(op->kind));
}

/* Not all tokens have random numbers; a search that finds nothing is an answer, too. */
static hf_status ping(struct run *r)
{
	HF_BUF_SCOPED struct hf_buf random = HF_BUF(16);
	hf_status s = p11_random(&r->d->session, 8, &random, r->err);
	CK_OBJECT_HANDLE found;
	struct template t = { 0 };
	size_t n;

	if (s.code != HF_UNSUPPORTED)
		return s;
	template_text(&t, CKA_LABEL, "holdfast-ping");
	return objects_find(&r->d->session, &t, &found, 1, &n, r->err);
}

static hf_status perform(struct run *r)
{
	switch (r->op->kind) {
	case CRYPTO_LIST:
		return crypto_list(r->d, r->op, r->out, r->err);
	case CRYPTO_DESCRIBE:
		return describe(r);
	case CRYPTO_GENERATE:
	case CRYPTO_IMPORT:
	case CRYPTO_PERSIST:
		return crypto_make(r->d, r->op, P11_NO_OBJECT, r->out, r->err);
	case CRYPTO_UPDATE:
		return update(r);
	case CRYPTO_DESTROY:
		return destroy(r);
	case CRYPTO_EXPORT:
		return export(r);
	case CRYPTO_RANDOM:
		return p11_random(&r->d->session, r->op->count, &r->out->data, r->err);
	case CRYPTO_PING:
		return ping(r);
	case CRYPTO_ENCRYPT:
	case CRYPTO_DECRYPT:
	case CRYPTO_SIGN:
	case CRYPTO_MAC:
	case CRYPTO_MAC_VERIFY:
	case CRYPTO_WRAP:
	case CRYPTO_UNWRAP:
	case CRYPTO_DERIVE:
	case CRYPTO_AGREE:
		HF_TRY(open_key(r));
		return use_key(r);
	}
	return hf_fail(r->err, HF_INVALID, "unknown kind of operation on a key");
}

static hf_status attempt(struct run *r)
{
	hf_status s;

	crypto_output_wipe(r->out);
	r->key = r->subject = (struct held_key){ .handle = P11_NO_OBJECT };
	r->d->session.rv = CKR_OK;
	s = perform(r);
	crypto_key_release(r->d, &r->key);
	crypto_key_release(r->d, &r->subject);
	HF_TRY(s);
	HF_TRY(hf_buf_status(&r->out->data));
	return hf_buf_status(&r->out->store);
}

static bool is_stale(const struct run *r)
{
	CK_RV rv = r->d->session.rv;

	return (r->key.remembered || r->subject.remembered) &&
	       (rv == CKR_KEY_HANDLE_INVALID || rv == CKR_OBJECT_HANDLE_INVALID ||
	        rv == CKR_WRAPPING_KEY_HANDLE_INVALID || rv == CKR_UNWRAPPING_KEY_HANDLE_INVALID);
}

hf_status crypto_job(struct desk *d, const struct crypto_op *op, struct crypto_output *out,
                     struct hf_err *err)
{
	struct run r = { .d = d, .op = op, .out = out, .err = err };
	hf_status s;

	if (d->token->authorizers)
		return hf_fail(err, HF_DENIED,
		               "this signer signs only what its authorizers allow (--authorizers), "
		               "and no request of theirs stands behind operations of this kind");
	s = attempt(&r);
	if (!hf_ok(s) && is_stale(&r)) {
		crypto_key_forget(d, &r.key);
		crypto_key_forget(d, &r.subject);
		s = attempt(&r);
	}
	HF_TRY(s);
	if (op->kind != CRYPTO_LIST)
		out->result.data = hf_buf_span(&out->data);
	out->result.iv = hf_buf_span(&out->iv);
	out->result.tag = hf_buf_span(&out->tag);
	out->result.outcome = OP_DONE;
	return HF_SUCCESS;
}
