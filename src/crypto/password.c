/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password.h"

#include <sodium.h>

_Static_assert(PASSWORD_HASHED_MAX >= crypto_pwhash_STRBYTES, "libsodium's text fits");

hf_status password_hash(struct hf_span password, char ret[PASSWORD_HASHED_MAX])
{
	HF_ENSURE(sodium_init() >= 0, HF_INTERNAL);
	HF_ENSURE(crypto_pwhash_str(ret, (const char *)password.ptr, password.len,
	                            crypto_pwhash_OPSLIMIT_INTERACTIVE,
	                            crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0,
	          HF_NOMEM);
	return HF_SUCCESS;
}

hf_status password_verify(struct hf_span password, const char *hash)
{
	char unused[PASSWORD_HASHED_MAX];

	HF_ENSURE(sodium_init() >= 0, HF_INTERNAL);
	if (!hash) {
		HF_TRY(password_hash(password, unused));
		return HF_FAILURE(HF_UNAUTHENTIC);
	}
	HF_ENSURE(crypto_pwhash_str_verify(hash, (const char *)password.ptr, password.len) == 0,
	          HF_UNAUTHENTIC);
	return HF_SUCCESS;
}
