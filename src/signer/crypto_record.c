/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/crypto_record.h"

#include "base/random.h"
#include "crypto/verify_any.h"
#include "p11/crypt.h"
#include "signer/sealed.h"

#include <string.h>

#define CBC_IV_LEN 16
#define KW_MORE 8 /* bytes that RFC 3394 and RFC 5649 add to a key of whole blocks */

hf_status crypto_record_open(struct desk *d, const struct key_where *where, const char *key_id,
                             struct key_record *ret, struct hf_err *err)
{
	struct key_record r;

	if (!hf_ok(record_decode(where->record, &r)))
		return hf_fail(err, HF_CORRUPT, "the stored record of key %s is damaged", key_id);
	if (strcmp(r.key_id, key_id) != 0 || r.key_type || r.type != where->name.type ||
	    (where->name.public_key.len && !hf_span_equal(r.public_key, where->name.public_key)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the stored record does not belong to this key: it says %s, asked "
		               "for was %s, with its own type and public key",
		               r.key_id, key_id);
	HF_TRY(sealed_check_once(d, &r, where->record, err));
	*ret = r;
	return HF_SUCCESS;
}

/* The words of p11/mech.h for a format, and for CBC the IV that stands in front of the blob. False:
 * there are none. */
static bool mech_of(enum wrap_format format, struct hf_span *blob, struct crypto_mech *ret)
{
	*ret = (struct crypto_mech){ 0 };
	switch (format) {
	case WRAP_RFC5649:
		ret->mode = MODE_KWP;
		return true;
	case WRAP_RFC3394:
		ret->mode = MODE_KW;
		return true;
	case WRAP_CBC_PAD:
		if (blob->len <= CBC_IV_LEN)
			return false;
		ret->mode = MODE_CBC;
		ret->iv = HF_SPAN(blob->ptr, CBC_IV_LEN);
		*blob = HF_SPAN(blob->ptr + CBC_IV_LEN, blob->len - CBC_IV_LEN);
		return true;
	case WRAP_RFC3394_PKCS7:
	case WRAP_RESIDENT:
		break;
	}
	return false;
}

hf_status crypto_record_unwrap_as(struct desk *d, const struct key_record *r,
                                  const struct key_shape *shape, CK_OBJECT_HANDLE *ret,
                                  struct hf_err *err)
{
	const struct p11_master *master;
	struct hf_span blob = r->blob;
	struct crypto_mech mech;

	HF_TRY(sealed_master(d, r, &master, err));
	if (!mech_of(r->format, &blob, &mech))
		return hf_fail(err, HF_UNSUPPORTED, "a record wrapped as %s is of no use here",
		               wrap_format_name(r->format));
	return p11_unwrap_key(&d->session, master->key, &mech, blob, shape, ret, err);
}

hf_status crypto_record_unwrap(struct desk *d, const struct key_record *r, enum key_purpose purpose,
                               CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	struct key_shape shape = record_shape(r);

	shape.id = HF_SPAN(NULL, 0);
	shape.sensitive = purpose != KEY_TO_EXPORT;
	shape.extractable = purpose != KEY_TO_USE;
	return crypto_record_unwrap_as(d, r, &shape, ret, err);
}

static hf_status wrap_as(struct desk *d, const struct p11_master *master, CK_OBJECT_HANDLE key,
                         enum crypto_mode mode, struct hf_buf *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf wrapped = HF_BUF(WRAPPED_BLOB_MAX);
	HF_BUF_SCOPED struct hf_buf iv = HF_BUF(CBC_IV_LEN), tag = HF_BUF(CRYPTO_TAG_MAX);
	const struct crypto_mech mech = { .mode = mode };

	HF_TRY(p11_wrap_key(&d->session, master->key, &mech, key, &wrapped, &iv, &tag, err));
	hf_buf_clear(ret);
	hf_buf_put(ret, iv.ptr, mode == MODE_CBC ? iv.len : 0);
	hf_buf_put(ret, wrapped.ptr, wrapped.len);
	return hf_buf_status(ret);
}

/* By the best format that this HSM has. */
static hf_status wrap(struct desk *d, const struct p11_master *master, CK_OBJECT_HANDLE key,
                      struct key_record *r, struct hf_buf *ret, struct hf_err *err)
{
	static const struct {
		enum crypto_mode mode;
		enum wrap_format format;
	} ways[] = { { MODE_KWP, WRAP_RFC5649 },
		     { MODE_KW, WRAP_RFC3394 },
		     { MODE_CBC, WRAP_CBC_PAD } };
	hf_status s = HF_SUCCESS;

	for (size_t i = 0; i < HF_COUNT(ways); i++) {
		if (ways[i].format == WRAP_CBC_PAD && master->mac == P11_NO_OBJECT)
			break; /* altered records would go unseen */
		s = wrap_as(d, master, key, ways[i].mode, ret, err);
		r->format = ways[i].format;
		if (s.code != HF_UNSUPPORTED && s.code != HF_INVALID)
			break;
	}
	return s;
}

/* Signs something random with it, if that is what it is for. */
static hf_status signs(struct desk *d, const struct key_record *r, CK_OBJECT_HANDLE key,
                       struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf signature = HF_BUF(2048);
	const struct curve_info *curve = curve_info((int)r->curve);
	struct crypto_mech mech = { .mode = MODE_RSA_PKCS1, .hash = DIGEST_SHA256 };
	struct verify_how how = { .kind = VERIFY_RSA_PKCS1, .hash = DIGEST_SHA256 };
	uint8_t random[32];

	if (!(r->uses & USE_SIGN) || !r->public_key.len || (curve && !curve->signs))
		return HF_SUCCESS;
	if (curve) {
		mech.mode = curve->edwards ? MODE_EDDSA : MODE_ECDSA;
		how.kind = curve->edwards ? VERIFY_EDDSA : VERIFY_ECDSA;
		mech.hash = how.hash = DIGEST_NONE;
	}
	hf_random(random, sizeof(random));
	HF_TRY(p11_sign(&d->session, key, &mech, HF_SPAN(random, sizeof(random)), &signature, err));
	if (!hf_ok(verify_any(r->public_key, &how, HF_SPAN(random, sizeof(random)),
	                      hf_buf_span(&signature))))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "key %s, unwrapped from its record, signs for another public key",
		               r->key_id);
	return HF_SUCCESS;
}

static hf_status prove(struct desk *d, const struct key_record *r, struct hf_err *err)
{
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	hf_status s;

	HF_TRY(crypto_record_unwrap(d, r, KEY_TO_USE, &key, err));
	s = signs(d, r, key, err);
	p11_object_destroy(&d->session, key);
	return s;
}

hf_status crypto_record_make(struct desk *d, CK_OBJECT_HANDLE key, const char *key_id,
                             struct key_shape *shape, struct hf_buf *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAPPED_BLOB_MAX);
	struct key_record r = {
		.type = shape->type,
		.curve = shape->curve,
		.bits = shape->bits,
		.uses = shape->uses,
		.public_key = shape->public_key,
	};
	const struct p11_master *master = masters_first(&d->masters);

	if (!d->token->have_master)
		return hf_fail(err, HF_UNSUPPORTED,
		               "this HSM has no master key to wrap the new key with");
	if (object_type_is_asymmetric((int)r.type) && !r.public_key.len)
		return hf_fail(err, HF_UNSUPPORTED,
		               "the HSM does not tell the new key's public half: give it");
	HF_TRY(hf_span_to_text(hf_span_text(key_id), r.key_id, sizeof(r.key_id)));
	HF_TRY(wrap(d, master, key, &r, &blob, err));
	r.blob = hf_buf_span(&blob);
	if (r.type == OBJECT_AES && !r.bits && r.format != WRAP_CBC_PAD && blob.len > KW_MORE)
		shape->bits = r.bits = (uint32_t)(blob.len - KW_MORE) * 8;
	HF_TRY(sealed_make(d, master, &r, ret, err));
	HF_TRY(sealed_check(d, hf_buf_span(ret), err));
	return prove(d, &r, err);
}

hf_status crypto_record_rewrap(struct desk *d, struct key_record *r, const struct p11_master *to,
                               struct hf_buf *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAPPED_BLOB_MAX);
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	hf_status s;

	HF_TRY(crypto_record_unwrap(d, r, KEY_TO_WRAP, &key, err));
	s = wrap(d, to, key, r, &blob, err);
	p11_object_destroy(&d->session, key);
	HF_TRY(s);
	r->blob = hf_buf_span(&blob);
	return sealed_make(d, to, r, ret, err);
}
