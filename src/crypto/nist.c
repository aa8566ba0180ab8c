/* SPDX-License-Identifier: Apache-2.0
 * ECDSA on P-256 and P-384 by OpenSSL. */
#include "crypto/algorithms.h"
#include "crypto/shared.h"

#include <openssl/err.h>
#include <string.h>

#define FIELD_MAX 48

HF_DEFINE_CLEANUP(EC_POINT_free, EC_POINT *)
HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)
HF_DEFINE_CLEANUP(EVP_PKEY_CTX_free, EVP_PKEY_CTX *)

hf_status nist_point(enum key_type type, struct hf_span point, struct public_key *ret)
{
	const struct crypto_shared *shared = crypto_shared();
	HF_CLEANUP(EC_POINT_free_at) EC_POINT *on_curve = NULL;
	struct public_key out = { 0 };
	const EC_GROUP *group;

	HF_ENSURE(shared, HF_INTERNAL);
	/* OpenSSL would also take the hybrid form, 06 and 07 */
	HF_ENSURE(point.len && point.ptr[0] >= 2 && point.ptr[0] <= 4, HF_INVALID);
	group = type == KEY_P384 ? shared->p384 : shared->p256;
	on_curve = EC_POINT_new(group);
	HF_ENSURE(on_curve, HF_NOMEM);
	if (EC_POINT_oct2point(group, on_curve, point.ptr, point.len, NULL) != 1) {
		ERR_clear_error();
		return HF_FAILURE(HF_INVALID);
	}
	out.len = EC_POINT_point2oct(group, on_curve, POINT_CONVERSION_COMPRESSED, out.bytes,
	                             sizeof(out.bytes), NULL);
	HF_ENSURE(out.len, HF_NOMEM);
	*ret = out;
	return HF_SUCCESS;
}

static uint8_t *put_integer(uint8_t *to, const uint8_t *from, size_t len)
{
	size_t pad;

	while (len > 1 && from[0] == 0) {
		from++;
		len--;
	}
	pad = from[0] >> 7; /* a leading zero keeps it positive */
	*to++ = 0x02;
	*to++ = (uint8_t)(len + pad);
	if (pad)
		*to++ = 0;
	memcpy(to, from, len);
	return to + len;
}

/* r || s as the DER SEQUENCE that OpenSSL wants; below 128 bytes for these curves. */
static size_t to_der(struct hf_span sig, uint8_t to[2 + 2 * (3 + FIELD_MAX)])
{
	size_t field = sig.len / 2;
	uint8_t *end = put_integer(to + 2, sig.ptr, field);

	end = put_integer(end, sig.ptr + field, field);
	to[0] = 0x30;
	to[1] = (uint8_t)(end - to - 2);
	return (size_t)(end - to);
}

hf_status nist_verify(enum key_type type, struct hf_span pub, struct hf_span digest,
                      struct hf_span sig)
{
	const struct crypto_shared *shared = crypto_shared();
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = NULL;
	HF_CLEANUP(EVP_PKEY_CTX_free_at) EVP_PKEY_CTX *ctx = NULL;
	uint8_t der[2 + 2 * (3 + FIELD_MAX)];
	size_t der_len;

	HF_ENSURE(shared, HF_INTERNAL);
	/* filling a copy of an empty key is the cheapest of OpenSSL's ways to a key from a point */
	key = EVP_PKEY_dup(type == KEY_P384 ? shared->p384_params : shared->p256_params);
	HF_ENSURE(key, HF_NOMEM);
	if (EVP_PKEY_set1_encoded_public_key(key, pub.ptr, pub.len) != 1) {
		ERR_clear_error();
		return HF_FAILURE(HF_INVALID);
	}
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	HF_ENSURE(ctx && EVP_PKEY_verify_init(ctx) == 1, HF_NOMEM);
	der_len = to_der(sig, der);
	return verify_status(EVP_PKEY_verify(ctx, der, der_len, digest.ptr, digest.len));
}
