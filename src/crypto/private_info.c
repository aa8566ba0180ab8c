/* SPDX-License-Identifier: Apache-2.0
 * OpenSSL wipes what it had of a private key when it frees it; what passes through our hands is in
 * a struct hf_secret. */
#include "crypto/private_info.h"

#include "crypto/curves.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <string.h>

HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)
HF_DEFINE_CLEANUP(EVP_PKEY_CTX_free, EVP_PKEY_CTX *)
HF_DEFINE_CLEANUP(PKCS8_PRIV_KEY_INFO_free, PKCS8_PRIV_KEY_INFO *)
HF_DEFINE_CLEANUP(OSSL_PARAM_BLD_free, OSSL_PARAM_BLD *)
HF_DEFINE_CLEANUP(OSSL_PARAM_free, OSSL_PARAM *)
HF_DEFINE_CLEANUP(BN_CTX_free, BN_CTX *)

enum { RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QINV, RSA_PARTS };

static const char *const rsa_names[RSA_PARTS] = {
	OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
	OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
	OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* The private numbers of an RSA key. */
struct rsa_parts {
	BIGNUM *part[RSA_PARTS];
	BIGNUM *n, *e;
};

static void rsa_parts_done(struct rsa_parts *k)
{
	for (int i = 0; i < RSA_PARTS; i++)
		BN_clear_free(k->part[i]);
	BN_free(k->n);
	BN_free(k->e);
}

/* a * b = 1 modulo m - minus */
static bool inverse(const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, bool minus_one, BN_CTX *ctx)
{
	BIGNUM *modulus, *product;
	bool is;

	BN_CTX_start(ctx);
	modulus = BN_CTX_get(ctx);
	product = BN_CTX_get(ctx);
	is = product && BN_copy(modulus, m) && (!minus_one || BN_sub_word(modulus, 1)) &&
	     !BN_is_zero(modulus) && BN_mod_mul(product, a, b, modulus, ctx) == 1 &&
	     BN_is_one(product);
	BN_CTX_end(ctx);
	return is;
}

/* RFC 8017, 3.2: a key whose numbers contradict each other signs wrongly at best. */
static bool rsa_fits(const struct rsa_parts *k)
{
	HF_CLEANUP(BN_CTX_free_at) BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *const *part = k->part;
	BIGNUM *product;
	bool fits;

	if (!ctx)
		return false;
	BN_CTX_start(ctx);
	product = BN_CTX_get(ctx);
	fits = product && BN_mul(product, part[RSA_P], part[RSA_Q], ctx) == 1 &&
	       BN_cmp(product, k->n) == 0 && BN_cmp(part[RSA_DP], part[RSA_P]) < 0 &&
	       BN_cmp(part[RSA_DQ], part[RSA_Q]) < 0 && BN_cmp(part[RSA_QINV], part[RSA_P]) < 0 &&
	       BN_cmp(part[RSA_D], k->n) < 0 &&
	       inverse(part[RSA_D], k->e, part[RSA_P], true, ctx) &&
	       inverse(part[RSA_D], k->e, part[RSA_Q], true, ctx) &&
	       inverse(part[RSA_DP], k->e, part[RSA_P], true, ctx) &&
	       inverse(part[RSA_DQ], k->e, part[RSA_Q], true, ctx) &&
	       inverse(part[RSA_QINV], part[RSA_Q], part[RSA_P], false, ctx);
	BN_CTX_end(ctx);
	return fits;
}

static hf_status store_rsa(const struct rsa_parts *k, struct private_info *to)
{
	struct hf_span *spans[RSA_PARTS] = { &to->d, &to->p, &to->q, &to->dp, &to->dq, &to->qinv };
	size_t total = 0;
	uint8_t *at;

	for (int i = 0; i < RSA_PARTS; i++)
		total += (size_t)BN_num_bytes(k->part[i]);
	HF_TRY(hf_secret_new(total, &to->values));
	at = to->values.ptr;
	for (int i = 0; i < RSA_PARTS; i++) {
		*spans[i] = HF_SPAN(at, BN_bn2bin(k->part[i], at));
		at += spans[i]->len;
	}
	return HF_SUCCESS;
}

static hf_status take_rsa(EVP_PKEY *key, struct private_info *to)
{
	HF_CLEANUP(rsa_parts_done) struct rsa_parts k = { 0 };

	for (int i = 0; i < RSA_PARTS; i++)
		HF_ENSURE(EVP_PKEY_get_bn_param(key, rsa_names[i], &k.part[i]) == 1 &&
		                  !BN_is_zero(k.part[i]),
		          HF_INVALID);
	HF_ENSURE(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &k.n) == 1 &&
	                  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &k.e) == 1,
	          HF_INVALID);
	HF_ENSURE(rsa_fits(&k), HF_INVALID);
	return store_rsa(&k, to);
}

/* As long as the curve's order, which may differ from its field by a bit (SEC 1, C.4). */
static hf_status take_scalar(EVP_PKEY *key, struct private_info *to)
{
	HF_CLEANUP(EVP_PKEY_CTX_free_at) EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(key, NULL);
	BIGNUM *d = NULL;
	int len = (EVP_PKEY_get_bits(key) + 7) / 8;
	hf_status status;

	HF_ENSURE(check && EVP_PKEY_pairwise_check(check) == 1 &&
	                  EVP_PKEY_private_check(check) == 1,
	          HF_INVALID);
	HF_ENSURE(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1, HF_INVALID);
	status = hf_secret_new((size_t)len, &to->values);
	if (hf_ok(status) && BN_bn2binpad(d, to->values.ptr, len) != len)
		status = HF_FAILURE(HF_INVALID);
	BN_clear_free(d);
	to->scalar = HF_SPAN(to->values.ptr, len);
	return status;
}

static hf_status take_raw(EVP_PKEY *key, const struct curve_info *curve, struct private_info *to)
{
	size_t len = curve->field_len;

	HF_TRY(hf_secret_new(len, &to->values));
	HF_ENSURE(EVP_PKEY_get_raw_private_key(key, to->values.ptr, &len) == 1 &&
	                  len == curve->field_len,
	          HF_INVALID);
	to->scalar = HF_SPAN(to->values.ptr, len);
	return HF_SUCCESS;
}

static hf_status take(EVP_PKEY *key, struct private_info *to)
{
	const struct curve_info *curve;

	HF_TRY(public_info_of_pkey(key, &to->public));
	if (to->public.type == OBJECT_RSA)
		return take_rsa(key, to);
	curve = curve_info((int)to->public.curve);
	return curve->edwards || curve->montgomery ? take_raw(key, curve, to)
	                                           : take_scalar(key, to);
}

static EVP_PKEY *of_pkcs8(struct hf_span der)
{
	HF_CLEANUP(PKCS8_PRIV_KEY_INFO_free_at) PKCS8_PRIV_KEY_INFO *info = NULL;
	const uint8_t *at = der.ptr;

	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
	return info && at == der.ptr + der.len ? EVP_PKCS82PKEY(info) : NULL;
}

/* RSAPrivateKey and ECPrivateKey, of which the latter has to say its curve. */
static EVP_PKEY *of_older_form(struct hf_span der)
{
	const uint8_t *at = der.ptr;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);

	if (key && at == der.ptr + der.len)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

hf_status private_info_parse(struct hf_span der, struct private_info *ret)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = NULL;
	HF_CLEANUP(private_info_done) struct private_info out = { 0 };
	hf_status status;

	HF_ENSURE(der.len && der.len <= PRIVATE_INPUT_MAX, HF_INVALID);
	key = of_pkcs8(der);
	if (!key)
		key = of_older_form(der);
	status = key ? take(key, &out) : HF_FAILURE(HF_INVALID);
	ERR_clear_error();
	HF_TRY(status);
	*ret = out;
	out = (struct private_info){ 0 };
	return HF_SUCCESS;
}

void private_info_done(struct private_info *info)
{
	hf_secret_done(&info->values);
}

/* --- the other way --- */

static EVP_PKEY *key_of_params(const char *type, OSSL_PARAM_BLD *build)
{
	HF_CLEANUP(OSSL_PARAM_free_at) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	HF_CLEANUP(EVP_PKEY_CTX_free_at)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		return NULL;
	return key;
}

static EVP_PKEY *make_rsa(const struct private_info *from)
{
	const struct hf_span spans[RSA_PARTS] = { from->d,  from->p,  from->q,
		                                  from->dp, from->dq, from->qinv };
	HF_CLEANUP(OSSL_PARAM_BLD_free_at) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	HF_CLEANUP(rsa_parts_done) struct rsa_parts k = { 0 };
	bool good = build != NULL;

	k.n = BN_bin2bn(from->public.n, (int)from->public.n_len, NULL);
	k.e = BN_bin2bn(from->public.e, (int)from->public.e_len, NULL);
	good = good && k.n && k.e &&
	       OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, k.n) == 1 &&
	       OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, k.e) == 1;
	for (int i = 0; i < RSA_PARTS; i++) {
		k.part[i] = BN_secure_new();
		good = good && k.part[i] && spans[i].len &&
		       BN_bin2bn(spans[i].ptr, (int)spans[i].len, k.part[i]) &&
		       OSSL_PARAM_BLD_push_BN(build, rsa_names[i], k.part[i]) == 1;
	}
	return good && rsa_fits(&k) ? key_of_params("RSA", build) : NULL;
}

static EVP_PKEY *make_ec(const struct private_info *from)
{
	HF_CLEANUP(OSSL_PARAM_BLD_free_at) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	const char *group = curve_openssl_name(from->public.curve);
	BIGNUM *d = BN_secure_new();
	EVP_PKEY *key = NULL;

	if (build && d && BN_bin2bn(from->scalar.ptr, (int)from->scalar.len, d) &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, from->public.point,
	                                     from->public.point_len) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1)
		key = key_of_params("EC", build);
	BN_clear_free(d);
	return key;
}

static EVP_PKEY *make(const struct private_info *from)
{
	const struct curve_info *curve = curve_info((int)from->public.curve);

	if (from->public.type == OBJECT_RSA)
		return make_rsa(from);
	if (!curve || !from->scalar.len)
		return NULL;
	if (curve->edwards || curve->montgomery)
		return EVP_PKEY_new_raw_private_key_ex(NULL, curve_openssl_name(curve->curve), NULL,
		                                       from->scalar.ptr, from->scalar.len);
	return make_ec(from);
}

hf_status private_info_der(const struct private_info *info, struct hf_secret *ret)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = make(info);
	HF_CLEANUP(PKCS8_PRIV_KEY_INFO_free_at)
	PKCS8_PRIV_KEY_INFO *pkcs8 = key ? EVP_PKEY2PKCS8(key) : NULL;
	HF_SECRET struct hf_secret out = { 0 };
	uint8_t *at;
	int len = pkcs8 ? i2d_PKCS8_PRIV_KEY_INFO(pkcs8, NULL) : 0;

	ERR_clear_error();
	HF_ENSURE(len > 0 && len <= PRIVATE_INPUT_MAX, HF_INVALID);
	HF_TRY(hf_secret_new((size_t)len, &out));
	at = out.ptr;
	HF_ENSURE(i2d_PKCS8_PRIV_KEY_INFO(pkcs8, &at) == len, HF_INTERNAL);
	*ret = hf_secret_take(&out);
	return HF_SUCCESS;
}
