/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY: the only way to a P-256 signature without a public  \
                                       key */
#include "quick.h"

#include "base/random.h"
#include "base/scope.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <secp256k1.h>
#include <string.h>

#define SCALAR_LEN 32
#define BYTES(literal) HF_SPAN(literal, sizeof(literal) - 1)

/* CKA_EC_PARAMS, and PKCS#8 (RFC 5208, 5915, 8410) up to the private key, which ends it. */
static const struct {
	struct hf_span params;
	struct hf_span pkcs8;
	CK_KEY_TYPE type;
} curves[CURVE_COUNT] = {
	[CURVE_SECP256K1] = { BYTES("\x06\x05\x2b\x81\x04\x00\x0a"),
	                      BYTES("\x30\x3e\x02\x01\x00\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02"
	                            "\x01"
	                            "\x06\x05\x2b\x81\x04\x00\x0a\x04\x27\x30\x25\x02\x01\x01\x04"
	                            "\x20"),
	                      CKK_EC },
	[CURVE_P256] = { BYTES("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
	                 BYTES("\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
	                       "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01"
	                       "\x01\x04\x20"),
	                 CKK_EC },
	[CURVE_ED25519] = { BYTES("\x06\x03\x2b\x65\x70"),
	                    BYTES("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04"
	                          "\x20"),
	                    CKK_EC_EDWARDS },
};

enum quick_curve quick_curve_of(const CK_ATTRIBUTE *a)
{
	for (int c = 1; c < CURVE_COUNT; c++)
		if (hf_span_equal(curves[c].params, HF_SPAN(a->pValue, a->ulValueLen)))
			return (enum quick_curve)c;
	return CURVE_NONE;
}

struct hf_span quick_curve_params(enum quick_curve c)
{
	return curves[c].params;
}

static const secp256k1_context *secp(void)
{
	static secp256k1_context *ctx;

	if (!ctx)
		ctx = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
	return ctx;
}

static const EC_GROUP *p256(void)
{
	static EC_GROUP *group;

	if (!group)
		group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	return group;
}

/* --- key pairs --- */

static void set_point(struct quick_object *pub, const uint8_t *point, size_t len)
{
	pub->point[0] = 0x04; /* DER OCTET STRING */
	pub->point[1] = (uint8_t)len;
	memcpy(pub->point + 2, point, len);
	pub->point_len = (uint32_t)len + 2;
}

static CK_RV pair_secp(struct quick_object *pub, struct quick_object *priv)
{
	uint8_t point[65];
	size_t len = sizeof(point);
	secp256k1_pubkey key;

	do
		hf_random(priv->value, SCALAR_LEN);
	while (!secp256k1_ec_pubkey_create(secp(), &key, priv->value));
	secp256k1_ec_pubkey_serialize(secp(), point, &len, &key, SECP256K1_EC_UNCOMPRESSED);
	set_point(pub, point, len);
	return CKR_OK;
}

static CK_RV pair_p256(struct quick_object *pub, struct quick_object *priv)
{
	EC_KEY *key = EC_KEY_new();
	uint8_t point[65];
	bool made =
	        key && EC_KEY_set_group(key, p256()) && EC_KEY_generate_key(key) &&
	        EC_POINT_point2oct(p256(), EC_KEY_get0_public_key(key),
	                           POINT_CONVERSION_UNCOMPRESSED, point, sizeof(point),
	                           NULL) == sizeof(point) &&
	        BN_bn2binpad(EC_KEY_get0_private_key(key), priv->value, SCALAR_LEN) == SCALAR_LEN;

	EC_KEY_free(key);
	if (made)
		set_point(pub, point, sizeof(point));
	return made ? CKR_OK : CKR_DEVICE_ERROR;
}

static CK_RV pair_ed(struct quick_object *pub, struct quick_object *priv)
{
	uint8_t point[SCALAR_LEN];
	size_t len = sizeof(point);
	EVP_PKEY *key;
	bool made;

	hf_random(priv->value, SCALAR_LEN);
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, priv->value, SCALAR_LEN);
	made = key && EVP_PKEY_get_raw_public_key(key, point, &len);
	EVP_PKEY_free(key);
	if (made)
		set_point(pub, point, sizeof(point));
	return made ? CKR_OK : CKR_DEVICE_ERROR;
}

CK_RV quick_pair(enum quick_curve c, struct quick_object *pub, struct quick_object *priv)
{
	pub->curve = priv->curve = c;
	pub->type = priv->type = curves[c].type;
	priv->value_len = SCALAR_LEN;
	switch (c) {
	case CURVE_SECP256K1:
		return pair_secp(pub, priv);
	case CURVE_P256:
		return pair_p256(pub, priv);
	case CURVE_ED25519:
		return pair_ed(pub, priv);
	case CURVE_NONE:
	case CURVE_COUNT:
		break;
	}
	return CKR_CURVE_NOT_SUPPORTED;
}

/* --- signatures --- */

static CK_RV sign_secp(const struct quick_object *key, struct hf_span digest, uint8_t signature[64])
{
	secp256k1_ecdsa_signature sig;

	if (digest.len != SCALAR_LEN)
		return CKR_DATA_LEN_RANGE;
	if (!secp256k1_ecdsa_sign(secp(), &sig, digest.ptr, key->value, NULL, NULL))
		return CKR_DEVICE_ERROR;
	secp256k1_ecdsa_signature_serialize_compact(secp(), signature, &sig);
	return CKR_OK;
}

static CK_RV sign_p256(const struct quick_object *key, struct hf_span digest, uint8_t signature[64])
{
	EC_KEY *k = EC_KEY_new();
	BIGNUM *d = BN_bin2bn(key->value, SCALAR_LEN, NULL);
	ECDSA_SIG *sig = NULL;
	bool made = false;

	if (k && d && EC_KEY_set_group(k, p256()) && EC_KEY_set_private_key(k, d))
		sig = ECDSA_do_sign(digest.ptr, (int)digest.len, k);
	if (sig)
		made = BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, SCALAR_LEN) == SCALAR_LEN &&
		       BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + SCALAR_LEN, SCALAR_LEN) ==
		               SCALAR_LEN;
	ECDSA_SIG_free(sig);
	BN_clear_free(d);
	EC_KEY_free(k);
	return made ? CKR_OK : CKR_DEVICE_ERROR;
}

static CK_RV sign_ed(const struct quick_object *key, struct hf_span message, uint8_t signature[64])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->value, SCALAR_LEN);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = 64;
	bool made = k && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, k) == 1 &&
	            EVP_DigestSign(ctx, signature, &len, message.ptr, message.len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return made ? CKR_OK : CKR_DEVICE_ERROR;
}

CK_RV quick_sign(const struct quick_object *key, struct hf_span data, uint8_t signature[64])
{
	switch (key->curve) {
	case CURVE_SECP256K1:
		return sign_secp(key, data, signature);
	case CURVE_P256:
		return sign_p256(key, data, signature);
	case CURVE_ED25519:
		return sign_ed(key, data, signature);
	case CURVE_NONE:
	case CURVE_COUNT:
		break;
	}
	return CKR_KEY_TYPE_INCONSISTENT;
}

/* A context with its key set is kept: OpenSSL 3 takes longer to set it than to compute with it. */
CK_RV quick_hmac(const struct quick_object *key, struct hf_span data, uint8_t mac[32])
{
	static EVP_MAC_CTX *ctx;
	static uint8_t current[QUICK_VALUE_MAX];
	static size_t current_len;
	bool same =
	        ctx && current_len == key->value_len && !memcmp(current, key->value, current_len);
	char digest[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		                OSSL_PARAM_construct_end() };
	size_t len = 32;

	if (!ctx) {
		EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

		ctx = EVP_MAC_CTX_new(hmac);
		EVP_MAC_free(hmac);
	}
	if (!(same ? EVP_MAC_init(ctx, NULL, 0, NULL)
	           : EVP_MAC_init(ctx, key->value, key->value_len, params)))
		return CKR_DEVICE_ERROR;
	memcpy(current, key->value, key->value_len);
	current_len = key->value_len;
	return EVP_MAC_update(ctx, data.ptr, data.len) && EVP_MAC_final(ctx, mac, &len, len)
	               ? CKR_OK
	               : CKR_DEVICE_ERROR;
}

/* --- RFC 5649 --- */

static bool kwp(const struct quick_object *master, bool wrap, struct hf_span in, uint8_t *out,
                size_t *out_len)
{
	static EVP_CIPHER *cipher;
	static EVP_CIPHER_CTX *ctx;
	int len = 0, more = 0;

	if (!cipher) {
		cipher = EVP_CIPHER_fetch(NULL, "id-aes256-wrap-pad", NULL);
		ctx = EVP_CIPHER_CTX_new();
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	}
	if (!EVP_CipherInit_ex(ctx, cipher, NULL, master->value, NULL, wrap) ||
	    !EVP_CipherUpdate(ctx, out, &len, in.ptr, (int)in.len) ||
	    !EVP_CipherFinal_ex(ctx, out + len, &more))
		return false;
	*out_len = (size_t)(len + more);
	return *out_len > 0;
}

CK_RV quick_wrap(const struct quick_object *master, const struct quick_object *key, uint8_t *to,
                 size_t *len)
{
	struct hf_span head = curves[key->curve].pkcs8;
	uint8_t plain[128];

	if (key->class == CKO_PRIVATE_KEY)
		memcpy(plain, head.ptr, head.len);
	else
		head.len = 0;
	memcpy(plain + head.len, key->value, key->value_len);
	return kwp(master, true, HF_SPAN(plain, head.len + key->value_len), to, len)
	               ? CKR_OK
	               : CKR_DEVICE_ERROR;
}

CK_RV quick_unwrap(const struct quick_object *master, struct hf_span blob, struct quick_object *ret)
{
	uint8_t plain[160];
	size_t len = 0;

	if (blob.len < 16 || blob.len > 128 || blob.len % 8)
		return CKR_WRAPPED_KEY_LEN_RANGE;
	if (!kwp(master, false, blob, plain, &len))
		return CKR_WRAPPED_KEY_INVALID;
	for (int c = 1; c < CURVE_COUNT; c++) {
		struct hf_span head = curves[c].pkcs8;

		if (len != head.len + SCALAR_LEN || memcmp(plain, head.ptr, head.len) != 0)
			continue;
		if (ret->type != curves[c].type)
			return CKR_TEMPLATE_INCONSISTENT;
		ret->curve = (enum quick_curve)c;
		memcpy(ret->value, plain + head.len, SCALAR_LEN);
		ret->value_len = SCALAR_LEN;
		return CKR_OK;
	}
	return CKR_WRAPPED_KEY_INVALID;
}
