/* SPDX-License-Identifier: Apache-2.0
 * The quick module: a PKCS#11 token of no latency, for benchmarks and tests only. It shows what the
 * software around an HSM costs. It protects nothing: keys are in this process's memory, and token
 * objects lie in the clear in the file that HOLDFAST_QUICK_FILE names (shared by processes under
 * flock; without it they last as long as the process). PIN 1234. */
#ifndef HF_TESTS_QUICK_H
#define HF_TESTS_QUICK_H

#include "base/buf.h"
#include "p11/ck.h"

#define QUICK_OBJECTS 4096
#define QUICK_VALUE_MAX 64
#define QUICK_POINT_MAX 67

enum quick_curve { CURVE_NONE, CURVE_SECP256K1, CURVE_P256, CURVE_ED25519, CURVE_COUNT };

struct quick_object {
	CK_ULONG used;   /* 0: free */
	uint8_t uid[16]; /* token objects: the same in every process */
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	uint32_t flags; /* bits of quick_flags[] */
	enum quick_curve curve;
	uint8_t id[32], label[64], value[QUICK_VALUE_MAX], point[QUICK_POINT_MAX];
	uint32_t id_len, label_len, value_len, point_len;
};

/* --- quick_store.c: objects, by handle --- */

enum {
	FLAG_TOKEN = 1 << 0,
	FLAG_PRIVATE = 1 << 1,
	FLAG_SENSITIVE = 1 << 2,
	FLAG_EXTRACTABLE = 1 << 3,
	FLAG_WRAP = 1 << 4,
	FLAG_UNWRAP = 1 << 5,
	FLAG_SIGN = 1 << 6,
	FLAG_VERIFY = 1 << 7,
	FLAG_ENCRYPT = 1 << 8,
	FLAG_DECRYPT = 1 << 9,
	FLAG_DERIVE = 1 << 10,
};
/* The bit of a boolean attribute; 0: none. */
uint32_t quick_flag(CK_ATTRIBUTE_TYPE type);

struct quick_object *quick_get(CK_OBJECT_HANDLE h); /* NULL when there is none */
CK_RV quick_add(const struct quick_object *o,
                CK_OBJECT_HANDLE *ret); /* token objects go to the file too */
CK_RV quick_remove(CK_OBJECT_HANDLE h);
void quick_refresh(void); /* takes in what other processes changed in the file */
void quick_forget(void);  /* all objects out of memory */
CK_RV quick_apply(struct quick_object *o, const CK_ATTRIBUTE *a,
                  CK_ULONG n); /* a template onto an object */
CK_RV quick_read(const struct quick_object *o, CK_ATTRIBUTE *a);
bool quick_matches(const struct quick_object *o, const CK_ATTRIBUTE *a, CK_ULONG n);

/* --- quick_crypto.c --- */

enum quick_curve quick_curve_of(const CK_ATTRIBUTE *ec_params);
struct hf_span quick_curve_params(enum quick_curve c);
CK_RV quick_pair(enum quick_curve c, struct quick_object *pub, struct quick_object *priv);
CK_RV quick_sign(const struct quick_object *key, struct hf_span data, uint8_t signature[64]);
CK_RV quick_hmac(const struct quick_object *key, struct hf_span data, uint8_t mac[32]);
/* RFC 5649 over PKCS#8 for private keys, over the bytes for secret keys. */
CK_RV quick_wrap(const struct quick_object *master, const struct quick_object *key, uint8_t *to,
                 size_t *len);
CK_RV quick_unwrap(const struct quick_object *master, struct hf_span blob,
                   struct quick_object *ret);

#endif
