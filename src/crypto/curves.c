/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/curves.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <string.h>

static const char *const names[CURVE_MAX + 1] = {
	[CURVE_P192] = "prime192v1",     [CURVE_P224] = "secp224r1",
	[CURVE_P256] = "prime256v1",     [CURVE_P384] = "secp384r1",
	[CURVE_P521] = "secp521r1",      [CURVE_SECP192K1] = "secp192k1",
	[CURVE_SECP224K1] = "secp224k1", [CURVE_SECP256K1] = "secp256k1",
	[CURVE_ED25519] = "ED25519",     [CURVE_ED448] = "ED448",
	[CURVE_X25519] = "X25519",       [CURVE_X448] = "X448",
};

const char *curve_openssl_name(enum curve curve)
{
	return names[curve];
}

EC_GROUP *curve_group_new(enum curve curve)
{
	const struct curve_info *info = curve_info((int)curve);

	if (!info || info->edwards || info->montgomery)
		return NULL;
	return EC_GROUP_new_by_curve_name(OBJ_sn2nid(names[curve]));
}

/* Of a curve that was given by its numbers: OpenSSL recognises some, but it is not what we write.
 */
static bool is_explicit(EVP_PKEY *key)
{
	char encoding[16] = "";

	return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding,
	                                      sizeof(encoding), NULL) == 1 &&
	       strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0;
}

hf_status curve_of_pkey(EVP_PKEY *key, enum curve *ret)
{
	char group[32] = "";
	bool ec = EVP_PKEY_is_a(key, "EC");

	HF_ENSURE(!ec || (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	                  !is_explicit(key)),
	          HF_INVALID);
	for (int i = 1; i <= CURVE_MAX; i++) {
		if (ec ? strcmp(group, names[i]) != 0 : !EVP_PKEY_is_a(key, names[i]))
			continue;
		*ret = (enum curve)i;
		return HF_SUCCESS;
	}
	return HF_FAILURE(HF_INVALID);
}
