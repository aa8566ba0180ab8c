/* SPDX-License-Identifier: Apache-2.0
 * What is signed as it is: 32 bytes that somebody hashed, and messages under Ed25519. */
#include "chain/rules.h"

#include "base/text.h"

#include <string.h>

#define HASH_LEN 32

hf_status plain_prepare_hash(const struct chain_request *r, struct chain_plan *plan,
                             struct hf_err *err)
{
	static const char *const names[] = { "hash", "taprootMerkleRoot" };
	HF_BUF_SCOPED struct hf_buf hash = HF_BUF(HASH_LEN);
	const char *hex;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_text(r, "hash", &hex, err));
	if (json_member(r->body, "taprootMerkleRoot"))
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"taprootMerkleRoot\": for Schnorr keys only, which are not "
		               "supported; leave it out");
	hex += strncmp(hex, "0x", 2) == 0 ? 2 : 0;
	if (strlen(hex) != 2 * HASH_LEN || !hf_ok(hf_unhex(hf_span_text(hex), &hash)))
		return hf_fail(
		        err, HF_INVALID,
		        "field \"hash\": expected 32 bytes as 64 hex digits, with or without 0x");
	return plan_add_input(plan, hf_buf_span(&hash));
}

hf_status plain_prepare_message(const struct chain_request *r, struct chain_plan *plan,
                                struct hf_err *err)
{
	static const char *const names[] = { "message" };
	HF_BUF_SCOPED struct hf_buf message = HF_BUF(SIGN_INPUT_MAX);

	if (r->key_type != KEY_ED25519)
		return hf_fail(err, HF_INVALID,
		               "kind \"Message\" is for EdDSA keys: with ECDSA keys hash the "
		               "message yourself and use kind \"Hash\", or name the chain whose "
		               "form of messages it has in \"blockchainKind\"");
	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "message", SIGN_INPUT_MAX, &message, err));
	return plan_add_input(plan, hf_buf_span(&message));
}

const struct chain chain_key_ecdsa = {
	.kind = "KeyECDSA",
	.keys = { KEY_SECP256K1 },
};

const struct chain chain_key_eddsa = {
	.kind = "KeyEdDSA",
	.keys = { KEY_ED25519 },
};
