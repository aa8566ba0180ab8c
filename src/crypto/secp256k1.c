/* SPDX-License-Identifier: Apache-2.0
 * secp256k1 by libsecp256k1: OpenSSL takes eight times as long for a verification. */
#include "crypto/algorithms.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <string.h>

#define COMPRESSED 33
#define COMPACT 64

hf_status k1_point(struct hf_span point, struct public_key *ret)
{
	secp256k1_pubkey key;
	struct public_key out = { .len = COMPRESSED };

	HF_ENSURE(secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, point.ptr, point.len),
	          HF_INVALID);
	secp256k1_ec_pubkey_serialize(secp256k1_context_static, out.bytes, &out.len, &key,
	                              SECP256K1_EC_COMPRESSED);
	*ret = out;
	return HF_SUCCESS;
}

hf_status public_key_uncompressed(struct hf_span pub, uint8_t ret[65])
{
	secp256k1_pubkey key;
	size_t len = 65;

	HF_ENSURE(pub.len == COMPRESSED, HF_INVALID);
	HF_ENSURE(secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, pub.ptr, pub.len),
	          HF_INVALID);
	secp256k1_ec_pubkey_serialize(secp256k1_context_static, ret, &len, &key,
	                              SECP256K1_EC_UNCOMPRESSED);
	return HF_SUCCESS;
}

/* The signature with the lower of s and n - s, which is as valid. HF_UNAUTHENTIC when r or s is not
 * below n. */
static hf_status parse_low_s(const uint8_t *compact, secp256k1_ecdsa_signature *ret)
{
	HF_ENSURE(secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, ret, compact),
	          HF_UNAUTHENTIC);
	secp256k1_ecdsa_signature_normalize(secp256k1_context_static, ret, ret);
	return HF_SUCCESS;
}

hf_status k1_verify(struct hf_span pub, struct hf_span digest, struct hf_span sig)
{
	secp256k1_ecdsa_signature parsed;
	secp256k1_pubkey key;

	HF_ENSURE(secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, pub.ptr, pub.len),
	          HF_INVALID);
	HF_TRY(parse_low_s(sig.ptr, &parsed));
	HF_ENSURE(secp256k1_ecdsa_verify(secp256k1_context_static, &parsed, digest.ptr, &key),
	          HF_UNAUTHENTIC);
	return HF_SUCCESS;
}

void k1_make_low(uint8_t *compact)
{
	secp256k1_ecdsa_signature parsed;

	if (hf_ok(parse_low_s(compact, &parsed)))
		secp256k1_ecdsa_signature_serialize_compact(secp256k1_context_static, compact,
		                                            &parsed);
}

/* Does this signature with this recovery id lead to this key? SEC 1, 4.1.6. */
static bool recovers(const uint8_t *compact, int recid, struct hf_span digest, struct hf_span pub)
{
	secp256k1_ecdsa_recoverable_signature sig;
	secp256k1_pubkey key;
	uint8_t found[COMPRESSED];
	size_t len = sizeof(found);

	if (!secp256k1_ecdsa_recoverable_signature_parse_compact(secp256k1_context_static, &sig,
	                                                         compact, recid) ||
	    !secp256k1_ecdsa_recover(secp256k1_context_static, &key, &sig, digest.ptr))
		return false;
	secp256k1_ec_pubkey_serialize(secp256k1_context_static, found, &len, &key,
	                              SECP256K1_EC_COMPRESSED);
	return memcmp(found, pub.ptr, COMPRESSED) == 0;
}

/* A signature is valid for exactly the keys that are recovered from it, so that finding the
 * recovery id is the verification, and a separate one would add a third computation to one and a
 * half on average. The ids 2 and 3 (r not below n - p, about once in 2^127) are not looked for:
 * such a signature is refused, and made again. The id that *sig comes with is tried first, so that
 * to check a signature that was finished before costs one recovery. */
hf_status k1_finish(struct hf_span pub, struct hf_span digest, struct signature *sig)
{
	secp256k1_ecdsa_signature parsed;
	uint8_t compact[COMPACT];
	int first = sig->recid == 1;

	HF_TRY(parse_low_s(sig->bytes, &parsed));
	secp256k1_ecdsa_signature_serialize_compact(secp256k1_context_static, compact, &parsed);
	for (int i = 0; i <= 1; i++) {
		int recid = first ^ i;

		if (recovers(compact, recid, digest, pub)) {
			memcpy(sig->bytes, compact, COMPACT);
			sig->recid = recid;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_UNAUTHENTIC);
}
