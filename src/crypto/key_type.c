/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_type.h"

#include <strings.h>

static const struct key_type_info types[KEY_TYPE_MAX + 1] = {
	[KEY_SECP256K1] = { KEY_SECP256K1, "secp256k1", FAMILY_EC, 256, 33, 64 },
	[KEY_P256] = { KEY_P256, "P-256", FAMILY_EC, 256, 33, 64 },
	[KEY_P384] = { KEY_P384, "P-384", FAMILY_EC, 384, 49, 96 },
	[KEY_ED25519] = { KEY_ED25519, "Ed25519", FAMILY_ED, 256, 32, 64 },
	[KEY_RSA_2048] = { KEY_RSA_2048, "RSA-2048", FAMILY_RSA, 2048, 0, 256 },
	[KEY_RSA_3072] = { KEY_RSA_3072, "RSA-3072", FAMILY_RSA, 3072, 0, 384 },
	[KEY_RSA_4096] = { KEY_RSA_4096, "RSA-4096", FAMILY_RSA, 4096, 0, 512 },
};

const struct key_type_info *key_type_info(int type)
{
	return type >= 1 && type <= KEY_TYPE_MAX ? &types[type] : NULL;
}

hf_status key_type_parse(const char *name, enum key_type *ret)
{
	for (int i = 1; i <= KEY_TYPE_MAX; i++) {
		if (strcasecmp(name, types[i].name) == 0) {
			*ret = types[i].type;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_NOTFOUND);
}

size_t hash_len(int hash)
{
	switch (hash) {
	case HASH_SHA256:
		return 32;
	case HASH_SHA384:
		return 48;
	case HASH_SHA512:
		return 64;
	default: /* a number from outside, not an enum */
		return 0;
	}
}

static hf_status check_rsa(const struct key_type_info *type, int hash, size_t input_len,
                           struct hf_err *err)
{
	size_t want = hash_len(hash);

	if (!want)
		return hf_fail(err, HF_INVALID,
		               "%s keys sign a digest: name its hash (SHA-256, SHA-384 or SHA-512)",
		               type->name);
	if (input_len != want)
		return hf_fail(err, HF_INVALID, "a digest of this hash has %zu bytes, not %zu",
		               want, input_len);
	return HF_SUCCESS;
}

hf_status sign_scheme_check(enum key_type type, int scheme, int hash, size_t input_len,
                            struct hf_err *err)
{
	const struct key_type_info *info = key_type_info((int)type);
	enum key_family wanted;

	if (!info)
		return hf_fail(err, HF_INVALID, "no such key type: %d", (int)type);
	if (scheme == SIGN_ECDSA)
		wanted = FAMILY_EC;
	else if (scheme == SIGN_ED25519)
		wanted = FAMILY_ED;
	else if (scheme == SIGN_RSA_PKCS1 || scheme == SIGN_RSA_PSS)
		wanted = FAMILY_RSA;
	else
		return hf_fail(err, HF_INVALID, "no such way to sign: %d", scheme);
	if (info->family != wanted)
		return hf_fail(err, HF_INVALID, "a key of type %s does not sign this way",
		               info->name);
	if (wanted == FAMILY_RSA)
		return check_rsa(info, hash, input_len, err);
	if (hash != HASH_NONE)
		return hf_fail(err, HF_INVALID, "%s keys take no hash beside the input",
		               info->name);
	if (wanted == FAMILY_EC && input_len != info->bits / 8)
		return hf_fail(err, HF_INVALID, "a %s key signs a digest of %u bytes, not %zu",
		               info->name, info->bits / 8, input_len);
	if (input_len > SIGN_INPUT_MAX)
		return hf_fail(err, HF_INVALID,
		               "a message of %zu bytes is longer than the %d that are signed in "
		               "one piece",
		               input_len, SIGN_INPUT_MAX);
	return HF_SUCCESS;
}

enum sign_scheme sign_scheme_plain(enum key_type type)
{
	switch (key_type_info((int)type)->family) {
	case FAMILY_EC:
		return SIGN_ECDSA;
	case FAMILY_ED:
		return SIGN_ED25519;
	case FAMILY_RSA:
		break;
	}
	return SIGN_RSA_PKCS1;
}
