/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pubkey.h"

#include "crypto/algorithms.h"

#include <openssl/err.h>

hf_status verify_status(int result)
{
	if (result == 1)
		return HF_SUCCESS;
	ERR_clear_error();
	return HF_FAILURE(HF_UNAUTHENTIC);
}

hf_status public_key_check(enum key_type type, struct hf_span pub)
{
	const struct key_type_info *info = key_type_info((int)type);
	struct public_key same;

	HF_ENSURE(info, HF_INVALID);
	if (info->family == FAMILY_RSA)
		return rsa_check(info, pub);
	HF_ENSURE(pub.len == info->public_len, HF_INVALID);
	if (info->family == FAMILY_ED)
		return ed25519_check(pub);
	return public_key_from_ec_point(type, pub, &same);
}

static hf_status check_lengths(enum key_type type, struct hf_span pub, int scheme, int hash,
                               size_t input_len, size_t sig_len)
{
	const struct key_type_info *info = key_type_info((int)type);

	HF_TRY(sign_scheme_check(type, scheme, hash, input_len, NULL));
	HF_ENSURE(sig_len == info->signature_len, HF_INVALID);
	HF_ENSURE(!info->public_len || pub.len == info->public_len, HF_INVALID);
	return HF_SUCCESS;
}

hf_status signature_verify(enum key_type type, struct hf_span pub, int scheme, int hash,
                           struct hf_span input, struct hf_span sig)
{
	HF_TRY(check_lengths(type, pub, scheme, hash, input.len, sig.len));
	switch (type) {
	case KEY_SECP256K1:
		return k1_verify(pub, input, sig);
	case KEY_P256:
	case KEY_P384:
		return nist_verify(type, pub, input, sig);
	case KEY_ED25519:
		return ed25519_verify(pub, input, sig);
	case KEY_RSA_2048:
	case KEY_RSA_3072:
	case KEY_RSA_4096:
		return rsa_verify(key_type_info(type), pub, scheme, hash, input, sig);
	}
	return HF_FAILURE(HF_INVALID);
}

hf_status signature_accept(enum key_type type, struct hf_span pub, int scheme, int hash,
                           struct hf_span input, struct signature *sig)
{
	HF_TRY(signature_verify(type, pub, scheme, hash, input, HF_SPAN(sig->bytes, sig->len)));
	if (type == KEY_SECP256K1)
		k1_make_low(sig->bytes);
	sig->recid = -1;
	return HF_SUCCESS;
}

hf_status signature_finish(enum key_type type, struct hf_span pub, int scheme, int hash,
                           struct hf_span input, struct signature *sig)
{
	if (type != KEY_SECP256K1)
		return signature_accept(type, pub, scheme, hash, input, sig);
	HF_TRY(check_lengths(type, pub, scheme, hash, input.len, sig->len));
	return k1_finish(pub, input, sig);
}
