/* SPDX-License-Identifier: Apache-2.0
 * A group's, or an account's, cryptographic policy: which keys may be made in it, and how they may
 * be used. The JSON is the Crypto API's CryptographicPolicy.
 *
 * A policy that names algorithms allows those and no other; one that names none restricts only what
 * else it says. A key that is there already and is not as the policy wants it ("legacy"): by
 * legacy_policy "allowed" as if it were, "unprotect_only" to decrypt, verify and unwrap, and else
 * for nothing. */
#ifndef HF_SERVER_CORE_ACCESS_CRYPTO_POLICY_H
#define HF_SERVER_CORE_ACCESS_CRYPTO_POLICY_H

#include "op/crypto_op.h"
#include "server/store/object_rows.h"

#define CRYPTO_POLICY_JSON_MAX 65536

struct json_t;
struct crypto_policy;

/* Strict: an unknown member or name is HF_INVALID with words, what cannot be held to is
 * HF_UNSUPPORTED. `whose`: "group" or "account", for its words; not copied. The caller owns *ret.
 */
HF_MUST hf_status crypto_policy_parse(struct hf_span json, const char *whose,
                                      struct crypto_policy **ret, struct hf_err *err);
void crypto_policy_free(struct crypto_policy *p);
HF_DEFINE_CLEANUP(crypto_policy_free, struct crypto_policy *)

/* May such a key be made here, or be given these uses? HF_DENIED with words. */
HF_MUST hf_status crypto_policy_key(const struct crypto_policy *p, const struct key_shape *shape,
                                    struct hf_err *err);
/* May this key be put to this use? op NULL: nothing is known of how. HF_DENIED with words. */
HF_MUST hf_status crypto_policy_use(const struct crypto_policy *p, const struct object_row *key,
                                    unsigned use, const struct crypto_op *op, struct hf_err *err);

/* ---- RSA paddings, of groups and of single keys (rsa.encryption_policy, rsa.signature_policy) */

#define RSA_RULES_MAX 16

enum rsa_padding { RSA_ANY_PADDING, RSA_OAEP, RSA_PKCS1, RSA_RAW, RSA_PSS };

struct rsa_rules {
	bool given; /* otherwise everything is allowed */
	size_t n;
	struct {
		enum rsa_padding padding;
		enum digest_alg hash; /* of the MGF; DIGEST_NONE: any */
	} list[RSA_RULES_MAX];
};
/* From a list of RsaEncryptionPolicy, or (`signing`) of RsaSignaturePolicy. */
HF_MUST hf_status rsa_rules_read(const struct json_t *list, bool signing, struct rsa_rules *ret,
                                 struct hf_err *err);
bool rsa_rules_allow(const struct rsa_rules *rules, const struct crypto_mech *mech);

#endif
