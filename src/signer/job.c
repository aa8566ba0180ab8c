/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/job.h"

#include "base/clock.h"
#include "base/random.h"
#include "proof/request.h"
#include "signer/crypto_record.h"
#include "signer/sealed.h"

#include <string.h>

struct job_output job_output(void)
{
	return (struct job_output){ .record = HF_BUF(RECORD_ENCODED_MAX),
		                    .crypto = crypto_output() };
}

void job_output_done(struct job_output *o)
{
	hf_buf_done(&o->record);
	crypto_output_done(&o->crypto);
}

static hf_status unwrap(struct desk *d, const struct key_record *r, enum unwrap_purpose purpose,
                        CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	struct unwrap_ask ask = { r->key_type, r->format, r->blob, purpose, &d->watch };
	const struct p11_master *master;

	HF_TRY(sealed_master(d, r, &master, err));
	return p11_key_unwrap_as(&d->session, &d->token->profile, master, &ask, ret, err);
}

/* Some way of signing that every module has for this type. */
static struct op probe_op(enum key_type type, const uint8_t random[64])
{
	const struct key_type_info *info = key_type_info((int)type);
	struct op op = { .kind = OP_SIGN, .key_type = type };

	switch (info->family) {
	case FAMILY_EC:
		op.scheme = SIGN_ECDSA;
		op.input = HF_SPAN(random, info->bits / 8);
		break;
	case FAMILY_ED:
		op.scheme = SIGN_ED25519;
		op.input = HF_SPAN(random, 32);
		break;
	case FAMILY_RSA:
		op.scheme = SIGN_RSA_PKCS1;
		op.hash = HASH_SHA256;
		op.input = HF_SPAN(random, 32);
		break;
	}
	return op;
}

hf_status job_prove(struct desk *d, const struct key_record *r, struct hf_err *err)
{
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	struct signature sig;
	uint8_t random[64];
	struct op op;
	hf_status s;

	hf_random(random, sizeof(random));
	op = probe_op(r->key_type, random);
	HF_TRY(unwrap(d, r, UNWRAP_TO_SIGN, &key, err));
	s = p11_key_sign(&d->session, &d->token->profile, r->key_type, key, (int)op.scheme,
	                 (int)op.hash, op.input, &sig, err);
	if (r->format != WRAP_RESIDENT)
		p11_object_destroy(&d->session, key);
	HF_TRY(s);
	s = signature_verify(r->key_type, r->public_key, (int)op.scheme, (int)op.hash, op.input,
	                     HF_SPAN(sig.bytes, sig.len));
	if (!hf_ok(s))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "key %s, unwrapped from its record, signs for another public key",
		               r->key_id);
	return s;
}

static hf_status record_key(struct desk *d, const struct p11_key *key, const char *key_id,
                            struct job_output *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAPPED_BLOB_MAX);
	struct key_record r = {
		.key_type = key->type,
		.public_key = HF_SPAN(key->public_key.bytes, key->public_key.len),
	};

	HF_TRY(hf_span_to_text(hf_span_text(key_id), r.key_id, sizeof(r.key_id)));
	HF_TRY(p11_key_wrap(&d->session, &d->token->profile, masters_first(&d->masters), key, &blob,
	                    &r.format, err));
	HF_TRY(hf_buf_status(&blob));
	r.blob = hf_buf_span(&blob);
	HF_TRY(sealed_make(d, masters_first(&d->masters), &r, &ret->record, err));
	HF_TRY(sealed_check(d, hf_buf_span(&ret->record), err));
	return job_prove(d, &r, err);
}

hf_status job_generate(struct desk *d, enum key_type type, const char *key_id,
                       struct job_output *ret, struct hf_err *err)
{
	struct p11_key key = { 0 };
	hf_status s;

	HF_TRY(p11_key_generate(&d->session, &d->token->profile, type,
	                        d->token->setup.allow_resident, &key, err));
	s = record_key(d, &key, key_id, ret, err);
	if (!hf_ok(s)) {
		p11_key_discard(&d->session, &key);
		return hf_context(err, s, "a new %s key was thrown away",
		                  key_type_info((int)type)->name);
	}
	ret->public_key = key.public_key;
	ret->resident = key.resident;
	p11_key_done(&d->session, &key);
	return HF_SUCCESS;
}

static hf_status check_record(const struct op *op, struct hf_span bytes, struct key_record *ret,
                              struct hf_err *err)
{
	if (!hf_ok(record_decode(bytes, ret)))
		return hf_fail(err, HF_CORRUPT, "the stored record of key %s is damaged",
		               op->key_id);
	if (strcmp(ret->key_id, op->key_id) != 0 || ret->key_type != op->key_type ||
	    !hf_span_equal(ret->public_key, op->public_key))
		return hf_fail(
		        err, HF_UNAUTHENTIC,
		        "the stored record does not belong to this key: it says %s, asked for "
		        "was %s, with its own type and public key",
		        ret->key_id, op->key_id);
	return HF_SUCCESS;
}

/* The key of a checked record, ready to sign. *ret_ours: to be destroyed after use. */
static hf_status open_key(struct desk *d, const struct key_record *r, struct hf_span bytes,
                          CK_OBJECT_HANDLE *ret, bool *ret_ours, struct hf_err *err)
{
	struct keycache *cache = r->format == WRAP_RESIDENT ? d->resident : d->warm;
	int64_t now = hf_mono_ms();
	CK_OBJECT_HANDLE key, gone;

	key = cache ? keycache_get(cache, r->key_id, bytes, now) : P11_NO_OBJECT;
	if (key == P11_NO_OBJECT) {
		HF_TRY(sealed_check_once(d, r, bytes, err));
		HF_TRY(unwrap(d, r, UNWRAP_TO_SIGN, &key, err));
		gone = cache ? keycache_put(cache, r->key_id, bytes, key, now) : P11_NO_OBJECT;
		*ret_ours = !cache || gone == key;
		if (r->format == WRAP_RESIDENT)
			*ret_ours = false; /* token objects outlive the cache */
		else if (gone != key)
			p11_object_destroy(&d->session, gone);
	} else {
		*ret_ours = false;
	}
	*ret = key;
	return HF_SUCCESS;
}

/* That the public key is the record's own is check_record()'s to see. */
static hf_status check_allowed(const struct desk *d, const struct wire_job *job, struct hf_err *err)
{
	const struct request_subject subject = {
		.key_id = job->op.key_id,
		.key_type = job->op.key_type,
		.public_key = job->op.public_key,
		.scheme = (int)job->op.scheme,
		.hash = (int)job->op.hash,
		.input = job->op.input,
	};

	if (!d->token->authorizers || strcmp(job->op.key_id, CANARY_KEY_ID) == 0)
		return HF_SUCCESS;
	return hf_context(
	        err,
	        request_check(d->token->authorizers, &subject, job->evidence, hf_wall_ms(), err),
	        "not authorized");
}

hf_status job_sign(struct desk *d, const struct wire_job *job, struct signature *ret,
                   struct hf_err *err)
{
	const struct op *op = &job->op;
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	struct key_record r;
	bool ours = false;
	hf_status s;

	HF_TRY(check_allowed(d, job, err));
	HF_TRY(check_record(op, job->record, &r, err));
	HF_TRY(open_key(d, &r, job->record, &key, &ours, err));
	s = p11_key_sign(&d->session, &d->token->profile, op->key_type, key, (int)op->scheme,
	                 (int)op->hash, op->input, ret, err);
	if (ours)
		p11_object_destroy(&d->session, key);
	return s;
}

/* The mechanism by which a key goes under another master key: what new keys get, or, for a type
 * that is not made here, the format that it has. */
static hf_status choose_wrap(struct desk *d, struct key_record *r, CK_MECHANISM_TYPE *ret,
                             struct hf_err *err)
{
	const struct p11_profile *p = &d->token->profile;
	const struct p11_type_profile *t = &p->types[r->key_type];

	if (t->ability == ABILITY_WRAPPED) {
		r->format = t->format;
		*ret = t->wrap_mechanism;
		return HF_SUCCESS;
	}
	*ret = p->wrap_mechanisms[r->format];
	if (!*ret)
		return hf_fail(err, HF_UNSUPPORTED, "this HSM cannot wrap as %s",
		               wrap_format_name(r->format));
	return HF_SUCCESS;
}

/* From the record's own blob into `to`, under `master`; r->format follows. */
static hf_status wrap_again(struct desk *d, struct key_record *r, const struct p11_master *master,
                            struct hf_buf *to, struct hf_err *err)
{
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	CK_MECHANISM_TYPE mechanism;
	hf_status s;

	HF_TRY(unwrap(d, r, UNWRAP_TO_WRAP, &key, err));
	s = choose_wrap(d, r, &mechanism, err);
	if (hf_ok(s))
		s = p11_wrap(&d->session, master->key, mechanism, r->format, key, to, err);
	p11_object_destroy(&d->session, key);
	HF_TRY(s);
	return hf_buf_status(to);
}

hf_status job_rewrap(struct desk *d, struct hf_span record, const char *to_master,
                     struct hf_buf *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAPPED_BLOB_MAX);
	const struct p11_master *to = masters_by_id(&d->masters, to_master);
	struct key_record r;

	if (!hf_ok(record_decode(record, &r)))
		return hf_fail(err, HF_CORRUPT, "the stored record is damaged");
	if (!to)
		return hf_fail(err, HF_STATE, "this HSM does not hold master key %s", to_master);
	if (strcmp(r.master_id, to_master) == 0)
		return hf_fail(err, HF_EXISTS, "key %s is wrapped by master key %s already",
		               r.key_id, to_master);
	HF_TRY(sealed_check_mac(d, &r, err));
	if (!r.key_type)
		return crypto_record_rewrap(d, &r, to, ret, err);
	if (r.format != WRAP_RESIDENT) {
		HF_TRY(wrap_again(d, &r, to, &blob, err));
		r.blob = hf_buf_span(&blob);
	}
	return sealed_make(d, to, &r, ret, err);
}
