/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/rawloop.h"

#include "base/clock.h"
#include "base/random.h"
#include "json/write.h"
#include "p11/rv.h"

#include <string.h>

/* Everything that the loop touches, made before the clock starts. */
struct loop {
	struct p11_session *s;
	const struct p11_type_profile *type;
	CK_OBJECT_HANDLE master;
	CK_OBJECT_HANDLE key; /* RAWLOOP_SIGN */
	struct p11_sign_plan sign;
	struct unwrap_plan unwrap;
	struct generate_plan generate;
	CK_MECHANISM wrap;
	uint8_t iv[16];
	uint8_t *blob;
	CK_ULONG blob_len;
	uint64_t count;   /* RAWLOOP_ENCRYPT */
	const char *call; /* the one that failed */
};

typedef CK_RV (*loop_step)(struct loop *l);

static CK_RV sign(struct loop *l, CK_OBJECT_HANDLE key)
{
	uint8_t signature[2 * SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature);
	CK_RV rv;

	l->call = "C_SignInit";
	rv = l->s->fn->C_SignInit(l->s->handle, &l->sign.mechanism, key);
	if (rv != CKR_OK)
		return rv;
	l->call = "C_Sign";
	return l->s->fn->C_Sign(l->s->handle, (uint8_t *)(uintptr_t)l->sign.data.ptr,
	                        l->sign.data.len, signature, &len);
}

static CK_RV step_sign(struct loop *l)
{
	return sign(l, l->key);
}

static CK_RV step_unwrap(struct loop *l)
{
	CK_OBJECT_HANDLE key;
	CK_RV rv, destroyed;

	l->call = "C_UnwrapKey";
	rv = l->s->fn->C_UnwrapKey(l->s->handle, &l->unwrap.mechanism, l->master,
	                           l->blob + l->unwrap.iv_len, l->blob_len - l->unwrap.iv_len,
	                           l->unwrap.template.attr, l->unwrap.template.n, &key);
	if (rv != CKR_OK)
		return rv;
	rv = sign(l, key);
	destroyed = l->s->fn->C_DestroyObject(l->s->handle, key);
	return rv != CKR_OK ? rv : destroyed;
}

static CK_RV step_generate(struct loop *l)
{
	CK_OBJECT_HANDLE pub, priv;
	uint8_t blob[WRAP_BLOB_MAX];
	CK_ULONG len = sizeof(blob);
	CK_RV rv;

	l->call = "C_GenerateKeyPair";
	rv = l->s->fn->C_GenerateKeyPair(
	        l->s->handle, &l->generate.mechanism, l->generate.public_template.attr,
	        l->generate.public_template.n, l->generate.private_template.attr,
	        l->generate.private_template.n, &pub, &priv);
	if (rv != CKR_OK)
		return rv;
	l->call = "C_WrapKey";
	rv = l->s->fn->C_WrapKey(l->s->handle, &l->wrap, l->master, priv, blob, &len);
	l->s->fn->C_DestroyObject(l->s->handle, priv);
	l->s->fn->C_DestroyObject(l->s->handle, pub);
	return rv;
}

static CK_RV step_encrypt(struct loop *l)
{
	uint8_t plain[RAWLOOP_PLAIN] = { 0 }, cipher[RAWLOOP_PLAIN + 16], iv[12] = { 0 };
	CK_GCM_PARAMS gcm = {
		.pIv = iv, .ulIvLen = sizeof(iv), .ulIvBits = 8 * sizeof(iv), .ulTagBits = 128
	};
	CK_MECHANISM mechanism = { CKM_AES_GCM, &gcm, sizeof(gcm) };
	CK_ULONG len = sizeof(cipher);
	CK_RV rv;

	memcpy(iv, &l->count, sizeof(l->count)); /* never one twice under this key */
	l->count++;
	l->call = "C_EncryptInit";
	rv = l->s->fn->C_EncryptInit(l->s->handle, &mechanism, l->key);
	if (rv != CKR_OK)
		return rv;
	l->call = "C_Encrypt";
	return l->s->fn->C_Encrypt(l->s->handle, plain, sizeof(plain), cipher, &len);
}

/* What a list of keys cannot do without. */
static CK_RV describe(struct loop *l, CK_OBJECT_HANDLE object)
{
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	CK_BBOOL sign, encrypt;
	uint8_t id[256], label[256];
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_ID, id, sizeof(id) },           { CKA_LABEL, label, sizeof(label) },
		{ CKA_SIGN, &sign, sizeof(sign) },    { CKA_ENCRYPT, &encrypt, sizeof(encrypt) },
	};
	CK_RV rv;

	l->call = "C_GetAttributeValue";
	rv = l->s->fn->C_GetAttributeValue(l->s->handle, object, attributes,
	                                   sizeof(attributes) / sizeof(attributes[0]));
	return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ? CKR_OK : rv;
}

static CK_RV describe_all(struct loop *l)
{
	CK_OBJECT_HANDLE found[512];
	CK_ULONG n = 0;
	CK_RV rv;

	do {
		l->call = "C_FindObjects";
		rv = l->s->fn->C_FindObjects(l->s->handle, found, sizeof(found) / sizeof(*found),
		                             &n);
		for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
			rv = describe(l, found[i]);
	} while (rv == CKR_OK && n > 0);
	return rv;
}

static CK_RV step_list(struct loop *l)
{
	CK_RV rv, ended;

	l->call = "C_FindObjectsInit";
	rv = l->s->fn->C_FindObjectsInit(l->s->handle, NULL, 0);
	if (rv != CKR_OK)
		return rv;
	rv = describe_all(l);
	ended = l->s->fn->C_FindObjectsFinal(l->s->handle);
	return rv != CKR_OK ? rv : ended;
}

/* --- latencies --- */

void rawloop_add(struct rawloop_result *to, const struct rawloop_result *from)
{
	if (from->us > to->us)
		to->us = from->us;
	hf_latency_merge(&to->latency, &from->latency);
}

void rawloop_write_json(const struct rawloop_result *r, struct hf_buf *to)
{
	struct json_writer w = JSON_WRITER(to);

	json_open_object(&w, NULL);
	json_int(&w, "ops", (int64_t)r->latency.count);
	json_int(&w, "microseconds", r->us);
	json_int(&w, "max", r->latency.max_us);
	json_open_array(&w, "buckets");
	for (size_t i = 0; i < HF_LATENCY_BUCKETS; i++)
		json_int(&w, NULL, (int64_t)r->latency.buckets[i]);
	json_close_array(&w);
	json_close_object(&w);
}

/* --- the run --- */

static hf_status run(struct loop *l, loop_step step, const struct rawloop_config *config,
                     struct rawloop_result *ret, struct hf_err *err)
{
	int64_t began = hf_mono_us(), last = began,
	        limit = began + (int64_t)(config->seconds * 1e6);

	memset(ret, 0, sizeof(*ret));
	while ((!config->count || ret->latency.count < config->count) &&
	       (config->seconds <= 0 || last < limit)) {
		CK_RV rv = step(l);
		int64_t now = hf_mono_us();

		if (rv != CKR_OK)
			return p11_session_fail(l->s, err, rv, l->call);
		hf_latency_add(&ret->latency, now - last);
		last = now;
	}
	ret->us = last - began;
	return HF_SUCCESS;
}

/* What is measured has to be right first. */
static hf_status check_once(struct p11_session *s, const struct p11_profile *profile,
                            const struct p11_key *key, CK_OBJECT_HANDLE object,
                            struct hf_span input, struct hf_err *err)
{
	int scheme = (int)sign_scheme_plain(key->type),
	    hash = scheme == SIGN_RSA_PKCS1 ? HASH_SHA256 : HASH_NONE;
	struct signature sig = { 0 };

	HF_TRY(p11_key_sign(s, profile, key->type, object, scheme, hash, input, &sig, err));
	if (!hf_ok(signature_finish(key->type, HF_SPAN(key->public_key.bytes, key->public_key.len),
	                            scheme, hash, input, &sig)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the HSM's signature does not verify: nothing was measured");
	return HF_SUCCESS;
}

static void plan_wrap(struct loop *l)
{
	l->wrap = (CK_MECHANISM){ .mechanism = l->type->wrap_mechanism };
	if (l->type->format != WRAP_CBC_PAD)
		return;
	hf_random(l->iv, sizeof(l->iv));
	l->wrap.pParameter = l->iv;
	l->wrap.ulParameterLen = sizeof(l->iv);
}

static hf_status run_unwrap(struct loop *l, const struct p11_profile *profile,
                            const struct p11_master *master, const struct p11_key *key,
                            struct hf_span input, const struct rawloop_config *config,
                            struct rawloop_result *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	enum wrap_format format;
	CK_OBJECT_HANDLE object;
	hf_status status;

	HF_TRY(p11_key_wrap(l->s, profile, master, key, &blob, &format, err));
	HF_TRY(p11_key_unwrap(l->s, profile, master, key->type, format, hf_buf_span(&blob), &object,
	                      err));
	status = check_once(l->s, profile, key, object, input, err);
	p11_object_destroy(l->s, object);
	HF_TRY(status);
	unwrap_plan_build(&l->unwrap, l->type->wrap_mechanism, format, key->type, l->type);
	l->blob = blob.ptr;
	l->blob_len = blob.len;
	if (l->unwrap.iv_len) {
		l->unwrap.mechanism.pParameter = blob.ptr;
		l->unwrap.mechanism.ulParameterLen = l->unwrap.iv_len;
	}
	return run(l, step_unwrap, config, ret, err);
}

static hf_status run_kind(struct loop *l, const struct p11_profile *profile,
                          const struct p11_master *master, const struct p11_key *key,
                          const struct rawloop_config *config, struct rawloop_result *ret,
                          struct hf_err *err)
{
	int scheme = (int)sign_scheme_plain(key->type),
	    hash = scheme == SIGN_RSA_PKCS1 ? HASH_SHA256 : HASH_NONE;
	uint8_t bytes[64];
	struct hf_span input = HF_SPAN(
	        bytes, scheme == SIGN_ECDSA ? (key_type_info(key->type)->bits + 7) / 8 : 32);

	hf_random(bytes, sizeof(bytes));
	HF_TRY(p11_sign_plan(key->type, l->type, scheme, hash, input, &l->sign, err));
	switch (config->kind) {
	case RAWLOOP_SIGN:
		HF_TRY(check_once(l->s, profile, key, key->private_object, input, err));
		l->key = key->private_object;
		return run(l, step_sign, config, ret, err);
	case RAWLOOP_UNWRAP:
		return run_unwrap(l, profile, master, key, input, config, ret, err);
	case RAWLOOP_GENERATE:
		generate_plan_build(&l->generate, key->type, l->type, KEY_WRAPPABLE);
		plan_wrap(l);
		return run(l, step_generate, config, ret, err);
	case RAWLOOP_ENCRYPT:
	case RAWLOOP_LIST:
	case RAWLOOP_PLAIN_SIGN:
		break;
	}
	return hf_fail(err, HF_INVALID, "unknown kind of loop %d", (int)config->kind);
}

static hf_status run_encrypt(struct loop *l, const struct rawloop_config *config,
                             struct rawloop_result *ret, struct hf_err *err)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
	struct template t = { 0 };
	hf_status s;
	CK_RV rv;

	template_number(&t, CKA_VALUE_LEN, 32);
	template_bool(&t, CKA_TOKEN, l->s->rw);
	template_bool(&t, CKA_PRIVATE, true);
	template_bool(&t, CKA_SENSITIVE, true);
	template_bool(&t, CKA_ENCRYPT, true);
	rv = l->s->fn->C_GenerateKey(l->s->handle, &mechanism, t.attr, t.n, &l->key);
	if (rv != CKR_OK)
		return p11_session_fail(l->s, err, rv, "C_GenerateKey");
	l->s->live++;
	s = run(l, step_encrypt, config, ret, err);
	p11_object_destroy(l->s, l->key);
	return s;
}

static hf_status run_plain_sign(struct loop *l, const struct rawloop_config *config,
                                struct rawloop_result *ret, struct hf_err *err)
{
	static const uint8_t digest[32] = { 1 };
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	struct template pub = { 0 }, priv = { 0 };
	CK_OBJECT_HANDLE public_key;
	hf_status s;
	CK_RV rv;

	template_bytes(&pub, CKA_EC_PARAMS, p11_kind(KEY_P256)->oid);
	template_bool(&pub, CKA_TOKEN, l->s->rw);
	template_bool(&pub, CKA_VERIFY, true);
	template_bool(&priv, CKA_TOKEN, l->s->rw);
	template_bool(&priv, CKA_PRIVATE, true);
	template_bool(&priv, CKA_SENSITIVE, true);
	template_bool(&priv, CKA_SIGN, true);
	rv = l->s->fn->C_GenerateKeyPair(l->s->handle, &mechanism, pub.attr, pub.n, priv.attr,
	                                 priv.n, &public_key, &l->key);
	if (rv != CKR_OK)
		return p11_session_fail(l->s, err, rv, "C_GenerateKeyPair");
	l->s->live += 2;
	l->sign.mechanism = (CK_MECHANISM){ CKM_ECDSA, NULL, 0 };
	l->sign.data = HF_SPAN(digest, sizeof(digest));
	s = run(l, step_sign, config, ret, err);
	p11_object_destroy(l->s, l->key);
	p11_object_destroy(l->s, public_key);
	return s;
}

hf_status p11_rawloop(struct p11_session *s, const struct p11_profile *profile,
                      const struct p11_master *master, const struct rawloop_config *config,
                      struct rawloop_result *ret, struct hf_err *err)
{
	const struct p11_type_profile *type = &profile->types[config->type];
	struct loop l = { .s = s, .type = type, .master = master ? master->key : P11_NO_OBJECT };
	const char *name = key_type_info(config->type)->name;
	struct p11_key key;
	hf_status status;

	if (!config->count && config->seconds <= 0)
		return hf_fail(err, HF_INVALID,
		               "a loop needs a number of seconds or of operations");
	if (config->kind == RAWLOOP_ENCRYPT)
		return run_encrypt(&l, config, ret, err);
	if (config->kind == RAWLOOP_LIST)
		return run(&l, step_list, config, ret, err);
	if (config->kind == RAWLOOP_PLAIN_SIGN)
		return run_plain_sign(&l, config, ret, err);
	if (type->ability == ABILITY_NONE)
		return hf_fail(err, HF_UNSUPPORTED, "this HSM has no %s keys", name);
	if (config->kind != RAWLOOP_SIGN && type->ability != ABILITY_WRAPPED)
		return hf_fail(err, HF_UNSUPPORTED, "this HSM does not wrap %s keys", name);
	HF_TRY(p11_key_make(s, type, config->type,
	                    config->kind == RAWLOOP_SIGN ? KEY_SESSION : KEY_WRAPPABLE, &key, err));
	status = run_kind(&l, profile, master, &key, config, ret, err);
	p11_key_done(s, &key);
	return status;
}
