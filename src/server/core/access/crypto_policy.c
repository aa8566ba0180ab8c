/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/crypto_policy.h"

#include "json/read.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SIZES_MAX = 16, CURVES_MAX = 32, BITS_MAX = 1 << 20 };

enum legacy { LEGACY_PROHIBITED, LEGACY_UNPROTECT_ONLY, LEGACY_ALLOWED };

struct type_policy {
	bool allowed;
	size_t n_sizes; /* 0: any */
	uint32_t sizes[SIZES_MAX];
	uint32_t minimum_bits;
	bool curves_given;
	uint32_t curves; /* a set: 1 << enum curve */
	bool random_iv;  /* the caller may not bring one */
	struct rsa_rules encryption, signature;
};

struct crypto_policy {
	const char *whose; /* "group", "account": for words */
	bool names_types;
	struct type_policy types[OBJECT_TYPE_MAX + 1];
	bool uses_given;
	unsigned uses;
	enum legacy legacy;
};

/* What can be said of an algorithm, of whichever. */
struct type_fields {
	struct json_t *key_sizes, *curves, *encryption, *signature, *fpe;
	int64_t minimum_bits;
	bool random_iv;
};

#define FIELD(name, kind, member)                                                                  \
	{                                                                                          \
		name, kind, offsetof(struct type_fields, member), false, true, 0, 0                \
	}
#define MINIMUM                                                                                    \
	{                                                                                          \
		"minimum_key_length", JSON_READ_INT, offsetof(struct type_fields, minimum_bits),   \
		        false, true, 0, BITS_MAX                                                   \
	}
static const struct json_field aes_fields[] = {
	FIELD("key_sizes", JSON_READ_ARRAY, key_sizes),
	FIELD("random_iv", JSON_READ_BOOL, random_iv),
	FIELD("fpe", JSON_READ_ANY, fpe),
};
static const struct json_field des3_fields[] = {
	FIELD("key_sizes", JSON_READ_ARRAY, key_sizes),
	FIELD("random_iv", JSON_READ_BOOL, random_iv),
};
static const struct json_field hmac_fields[] = { MINIMUM };
static const struct json_field rsa_fields[] = {
	FIELD("encryption_policy", JSON_READ_ARRAY, encryption),
	FIELD("signature_policy", JSON_READ_ARRAY, signature),
	MINIMUM,
};
static const struct json_field ec_fields[] = {
	FIELD("elliptic_curves", JSON_READ_ARRAY, curves),
};

/* What the policy may name. Algorithms without a type here are not made by this server; a policy
 * for several products may name them all the same. */
static const struct {
	const char *name;
	enum object_type type;
	const struct json_field *fields;
	size_t n_fields;
} algorithms[] = {
	{ "aes", OBJECT_AES, aes_fields, HF_COUNT(aes_fields) },
	{ "des3", OBJECT_DES3, des3_fields, HF_COUNT(des3_fields) },
	{ "hmac", OBJECT_HMAC, hmac_fields, HF_COUNT(hmac_fields) },
	{ "rsa", OBJECT_RSA, rsa_fields, HF_COUNT(rsa_fields) },
	{ "ec", OBJECT_EC, ec_fields, HF_COUNT(ec_fields) },
	{ "secret", OBJECT_SECRET, NULL, 0 },
	{ "opaque", OBJECT_OPAQUE, NULL, 0 },
	{ "certificate", OBJECT_CERTIFICATE, NULL, 0 },
};
static const char *const others[] = { "aria", "des", "seed",  "dsa",   "kcdsa", "eckcdsa", "lms",
	                              "xmss", "bls", "mldsa", "mlkem", "bip32", "slip10" };

static hf_status read_sizes(const struct json_t *list, struct type_policy *ret, struct hf_err *err)
{
	size_t n = json_count(list);

	if (n > SIZES_MAX)
		return hf_fail(err, HF_INVALID, "key_sizes has more than %d entries", SIZES_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct json_t *value = json_element(list, i);

		if (!json_value_is(value, JSON_READ_INT) || json_value_int(value) < 1 ||
		    json_value_int(value) > BITS_MAX)
			return hf_fail(err, HF_INVALID, "key_sizes: a size is a number of bits");
		ret->sizes[i] = (uint32_t)json_value_int(value);
	}
	ret->n_sizes = n;
	return HF_SUCCESS;
}

static hf_status read_curves(const struct json_t *list, struct type_policy *ret, struct hf_err *err)
{
	size_t n = json_count(list);
	enum curve curve;

	if (n > CURVES_MAX)
		return hf_fail(err, HF_INVALID, "elliptic_curves has more than %d entries",
		               CURVES_MAX);
	ret->curves_given = true;
	for (size_t i = 0; i < n; i++) {
		const char *name = json_value_text(json_element(list, i));

		if (!name)
			return hf_fail(err, HF_INVALID, "elliptic_curves: names are expected");
		/* A curve that is not made here allows nothing. */
		if (hf_ok(curve_parse(name, &curve)))
			ret->curves |= 1u << curve;
	}
	return HF_SUCCESS;
}

static hf_status read_type(const struct json_t *from, const struct json_field *fields, size_t n,
                           struct type_policy *ret, struct hf_err *err)
{
	struct type_fields in = { 0 };

	HF_TRY(json_read(from, fields, n, &in, err));
	if (json_value_is(in.fpe, JSON_READ_OBJECT))
		return hf_fail(err, HF_UNSUPPORTED,
		               "a cryptographic policy about formats of tokens (aes.fpe) is not "
		               "supported: leave it out");
	ret->allowed = true;
	ret->minimum_bits = (uint32_t)in.minimum_bits;
	ret->random_iv = in.random_iv;
	if (in.key_sizes)
		HF_TRY(read_sizes(in.key_sizes, ret, err));
	if (in.curves)
		HF_TRY(read_curves(in.curves, ret, err));
	if (in.encryption)
		HF_TRY(rsa_rules_read(in.encryption, false, &ret->encryption, err));
	if (in.signature)
		HF_TRY(rsa_rules_read(in.signature, true, &ret->signature, err));
	return HF_SUCCESS;
}

static hf_status read_uses(const struct json_t *list, struct crypto_policy *p, struct hf_err *err)
{
	if (!json_value_is(list, JSON_READ_ARRAY) || json_count(list) > 2 * USE_COUNT)
		return hf_fail(err, HF_INVALID, "key_ops is a list of operations");
	p->uses_given = true;
	for (size_t i = 0; i < json_count(list); i++) {
		const char *name = json_value_text(json_element(list, i));
		unsigned use;

		if (!name)
			return hf_fail(err, HF_INVALID, "key_ops: names are expected");
		if (strcmp(name, "ENCAPSULATE") == 0 || strcmp(name, "DECAPSULATE") == 0)
			continue; /* no key here can */
		if (!hf_ok(key_use_parse(name, &use)))
			return hf_fail(err, HF_INVALID, "key_ops: \"%s\" is no operation", name);
		p->uses |= use;
	}
	return HF_SUCCESS;
}

static hf_status read_legacy(const struct json_t *value, enum legacy *ret, struct hf_err *err)
{
	static const char *const names[] = { [LEGACY_PROHIBITED] = "prohibited",
		                             [LEGACY_UNPROTECT_ONLY] = "unprotect_only",
		                             [LEGACY_ALLOWED] = "allowed" };
	const char *name = json_value_text(value);

	for (size_t i = 0; name && i < HF_COUNT(names); i++)
		if (strcmp(names[i], name) == 0) {
			*ret = (enum legacy)i;
			return HF_SUCCESS;
		}
	return hf_fail(err, HF_INVALID,
	               "legacy_policy is \"allowed\", \"unprotect_only\" or \"prohibited\"");
}

static hf_status read_member(struct crypto_policy *p, const char *name, const struct json_t *value,
                             struct hf_err *err)
{
	if (strcmp(name, "legacy_policy") == 0)
		return read_legacy(value, &p->legacy, err);
	if (strcmp(name, "key_ops") == 0)
		return read_uses(value, p, err);
	if (!json_value_is(value, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "cryptographic policy: %s: an object is expected",
		               name);
	for (size_t i = 0; i < HF_COUNT(algorithms); i++)
		if (strcmp(algorithms[i].name, name) == 0) {
			p->names_types = true;
			return hf_context(err,
			                  read_type(value, algorithms[i].fields,
			                            algorithms[i].n_fields,
			                            &p->types[algorithms[i].type], err),
			                  "cryptographic policy: %s", name);
		}
	for (size_t i = 0; i < HF_COUNT(others); i++)
		if (strcmp(others[i], name) == 0) {
			p->names_types = true;
			return HF_SUCCESS;
		}
	return hf_fail(err, HF_INVALID, "a cryptographic policy knows no \"%s\"", name);
}

hf_status crypto_policy_parse(struct hf_span json, const char *whose, struct crypto_policy **ret,
                              struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	HF_CLEANUP(crypto_policy_free_at) struct crypto_policy *p = calloc(1, sizeof(*p));
	struct json_t *value;
	const char *name;
	void *at = NULL;

	HF_ENSURE(p, HF_NOMEM);
	p->whose = whose;
	HF_TRY(json_parse(json, CRYPTO_POLICY_JSON_MAX, &doc, err));
	if (!json_value_is(doc, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "a cryptographic policy is an object");
	while ((name = json_member_next(doc, &at, &value)))
		if (!json_value_null(value))
			HF_TRY(read_member(p, name, value, err));
	*ret = hf_take(p);
	return HF_SUCCESS;
}

void crypto_policy_free(struct crypto_policy *p)
{
	free(p);
}

static bool has_size(const struct type_policy *t, uint32_t bits)
{
	for (size_t i = 0; i < t->n_sizes; i++)
		if (t->sizes[i] == bits)
			return true;
	return t->n_sizes == 0;
}

static hf_status check_kind(const struct crypto_policy *p, int type, enum curve curve,
                            uint32_t bits, struct hf_err *err)
{
	const struct type_policy *t = &p->types[type];

	if (p->names_types && !t->allowed)
		return hf_fail(err, HF_DENIED, "the %s's cryptographic policy allows no %s keys",
		               p->whose, object_type_name(type));
	if (!has_size(t, bits))
		return hf_fail(err, HF_DENIED,
		               "the %s's cryptographic policy allows no %s keys of %u bits",
		               p->whose, object_type_name(type), bits);
	if (bits < t->minimum_bits)
		return hf_fail(err, HF_DENIED,
		               "the %s's cryptographic policy wants %s keys of at least %u bits",
		               p->whose, object_type_name(type), t->minimum_bits);
	if (t->curves_given && !(t->curves & 1u << curve))
		return hf_fail(err, HF_DENIED,
		               "the %s's cryptographic policy does not allow the curve %s",
		               p->whose, curve_info(curve) ? curve_info(curve)->name : "");
	return HF_SUCCESS;
}

static hf_status check_uses(const struct crypto_policy *p, unsigned uses, struct hf_err *err)
{
	unsigned beyond = p->uses_given ? uses & ~p->uses : 0;

	if (!beyond)
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED, "the %s's cryptographic policy does not allow %s", p->whose,
	               key_use_name(beyond & -beyond));
}

hf_status crypto_policy_key(const struct crypto_policy *p, const struct key_shape *shape,
                            struct hf_err *err)
{
	HF_TRY(check_kind(p, shape->type, shape->curve, shape->bits, err));
	return check_uses(p, shape->uses, err);
}

static hf_status check_mech(const struct crypto_policy *p, const struct type_policy *t,
                            const struct crypto_op *op, struct hf_err *err)
{
	bool enciphers = op->kind == CRYPTO_ENCRYPT || op->kind == CRYPTO_DECRYPT ||
	                 op->kind == CRYPTO_WRAP || op->kind == CRYPTO_UNWRAP;

	if (t->random_iv && op->kind == CRYPTO_ENCRYPT && op->mech.iv.len &&
	    op->mech.mode != MODE_FF1)
		return hf_fail(err, HF_DENIED,
		               "the %s's cryptographic policy wants random IVs: leave iv out, "
		               "and one is made",
		               p->whose);
	if ((enciphers && !rsa_rules_allow(&t->encryption, &op->mech)) ||
	    (op->kind == CRYPTO_SIGN && !rsa_rules_allow(&t->signature, &op->mech)))
		return hf_fail(err, HF_DENIED,
		               "the %s's cryptographic policy does not allow this padding",
		               p->whose);
	return HF_SUCCESS;
}

hf_status crypto_policy_use(const struct crypto_policy *p, const struct object_row *key,
                            unsigned use, const struct crypto_op *op, struct hf_err *err)
{
	static const unsigned unprotecting =
	        USE_DECRYPT | USE_VERIFY | USE_MACVERIFY | USE_UNWRAPKEY;
	hf_status s = check_kind(p, key->type, key->curve, key->bits, err);

	if (hf_ok(s))
		s = check_uses(p, use, err);
	if (!hf_ok(s)) {
		bool unprotects = !(use & ~unprotecting);
		bool fine = p->legacy == LEGACY_ALLOWED ||
		            (p->legacy == LEGACY_UNPROTECT_ONLY && unprotects);

		return fine ? HF_SUCCESS : s;
	}
	return op ? check_mech(p, &p->types[key->type], op, err) : HF_SUCCESS;
}
