/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/mode.h"
#include "server/crypto_api/crypto/mode_words.h"

#include "json/read.h"

static hf_status read_hash(const char *field, const char *name, bool verify, enum digest_alg *ret,
                           struct hf_err *err)
{
	if (!name)
		return hf_fail(err, HF_INVALID,
		               "field \"%s\" is missing: the digest, such as SHA256", field);
	HF_TRY(mode_words_digest(field, name, ret, err));
	if (digest_is_legacy(*ret) && !verify)
		return hf_fail(err, HF_INVALID,
		               "field \"%s\": nothing new is signed with %s, whose collisions can "
		               "be found; use SHA256",
		               field, name);
	return HF_SUCCESS;
}

static hf_status of_rsa(const struct mode_key *key, bool verify, const char *hash_alg,
                        const struct json_t *mode, struct crypto_mech *ret, struct hf_err *err)
{
	struct crypto_mech mech = { .mode = MODE_RSA_PKCS1 };
	struct padding_words words;

	HF_TRY(read_hash("hash_alg", hash_alg, verify, &mech.hash, err));
	if (!digest_is_sha(mech.hash))
		return hf_fail(err, HF_INVALID,
		               "field \"hash_alg\": RSA signatures take SHA-2 or SHA-3, not %s",
		               hash_alg);
	HF_TRY(mode_words_padding(mode, &words, err));
	if (words.padding == PADDING_NONE)
		HF_TRY(mode_words_default(key->options, true, &words, err));
	switch (words.padding) {
	case PADDING_NONE:
	case PADDING_PKCS1:
		break;
	case PADDING_PSS:
		mech.mode = MODE_RSA_PSS;
		mech.mgf_hash = words.hash;
		mech.salt_len = CRYPTO_SALT_AS_HASH;
		break;
	case PADDING_OAEP:
	case PADDING_RAW:
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": that is one of encryption; signatures have "
		               "{\"PSS\":{\"mgf\":{\"mgf1\":{\"hash\":\"SHA256\"}}}} and "
		               "{\"PKCS1_V15\":{}}");
	}
	*ret = mech;
	return HF_SUCCESS;
}

/* The digest inside Ed25519 is SHA-512, and older clients cannot help naming one; any other name
 * would ask for something that is not done. */
static hf_status of_edwards(enum curve curve, const char *hash_alg, struct crypto_mech *ret,
                            struct hf_err *err)
{
	enum digest_alg hash;

	if (hash_alg) {
		HF_TRY(mode_words_digest("hash_alg", hash_alg, &hash, err));
		if (hash != DIGEST_SHA512)
			return hf_fail(err, HF_INVALID,
			               "field \"hash_alg\": %s signs the message itself, not its "
			               "%s; leave it out",
			               curve_info((int)curve)->name, hash_alg);
	}
	*ret = (struct crypto_mech){ .mode = MODE_EDDSA };
	return HF_SUCCESS;
}

hf_status mode_of_signature(const struct mode_key *key, bool verify, const char *hash_alg,
                            const struct json_t *mode, struct crypto_mech *ret, struct hf_err *err)
{
	const struct curve_info *curve = curve_info((int)key->curve);
	struct crypto_mech mech = { .mode = MODE_ECDSA };

	if (key->type == OBJECT_RSA)
		return of_rsa(key, verify, hash_alg, mode, ret, err);
	if (key->type != OBJECT_EC || !curve || !curve->signs)
		return hf_fail(err, HF_INVALID, "a key of type %s does not sign; RSA and EC do",
		               curve ? curve->name : object_type_name((int)key->type));
	if (mode)
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": only RSA has one; this key is of type EC");
	if (curve->edwards)
		return of_edwards(key->curve, hash_alg, ret, err);
	HF_TRY(read_hash("hash_alg", hash_alg, verify, &mech.hash, err));
	*ret = mech;
	return HF_SUCCESS;
}

hf_status mode_of_mac(const struct mode_key *key, const char *alg, struct crypto_mech *ret,
                      size_t *ret_len, struct hf_err *err)
{
	struct crypto_mech mech = { .mode = MODE_CMAC };

	if (key->type == OBJECT_AES || key->type == OBJECT_DES3) {
		if (alg)
			return hf_fail(err, HF_INVALID,
			               "field \"alg\": a key of type %s makes a CMAC, which has no "
			               "digest; leave it out, or use a key of type HMAC",
			               object_type_name((int)key->type));
		*ret = mech;
		*ret_len = mode_block_len(key->type);
		return HF_SUCCESS;
	}
	if (key->type != OBJECT_HMAC)
		return hf_fail(err, HF_INVALID,
		               "a key of type %s makes no MAC; HMAC, AES and DES3 do",
		               object_type_name((int)key->type));
	mech.mode = MODE_HMAC;
	HF_TRY(read_hash("alg", alg, true, &mech.hash, err)); /* of HMAC no collisions matter */
	if (!digest_is_sha(mech.hash))
		return hf_fail(err, HF_INVALID, "field \"alg\": HMAC takes SHA-1, SHA-2 or SHA-3");
	*ret = mech;
	*ret_len = digest_alg_len((int)mech.hash);
	return HF_SUCCESS;
}
