/* SPDX-License-Identifier: Apache-2.0
 * Polkadot and other chains of Substrate: https://docs.polkadot.com/reference/parachains/accounts/
 * and https://wiki.polkadot.com/learn/learn-transaction-construction/. What an extrinsic does is
 * known only by the runtime's metadata, which is not here. */
#include "chain/rules.h"

#include "chain/base58.h"
#include "crypto/digest.h"

#include <string.h>

#define HASHED_ABOVE 256  /* longer payloads are signed over their hash */
#define ED25519_VARIANT 0 /* of MultiSignature */

/* SS58: the network's prefix in one byte or two, the key, two bytes of a hash. */
static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	static const char context[] = "SS58PRE";
	HF_BUF_SCOPED struct hf_buf all = HF_BUF(64);
	unsigned prefix = (unsigned)network->number;
	size_t skip = sizeof(context) - 1;
	uint8_t hash[64];

	hf_buf_text(&all, context);
	if (prefix < 64) {
		hf_buf_u8(&all, (uint8_t)prefix);
	} else {
		hf_buf_u8(&all, (uint8_t)((prefix & 0xfc) >> 2 | 0x40));
		hf_buf_u8(&all, (uint8_t)(prefix >> 8 | (prefix & 3) << 6));
	}
	hf_buf_put(&all, public_key.ptr, public_key.len);
	HF_TRY(hf_buf_status(&all));
	HF_TRY(blake2b(hf_buf_span(&all), hash, sizeof(hash)));
	hf_buf_put(&all, hash, 2);
	HF_TRY(hf_buf_status(&all));
	return base58_encode(BASE58_BITCOIN, HF_SPAN(all.ptr + skip, all.len - skip), to);
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	static const char *const names[] = { "payload" };
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(SIGN_INPUT_MAX);
	uint8_t hash[32];

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	if (json_value_is(json_member(r->body, "payload"), JSON_READ_OBJECT))
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"payload\": to encode the JSON form takes the runtime's "
		               "metadata, which is not here: send the encoded payload as hex "
		               "(toU8a({ method: true }) of polkadot.js's ExtrinsicPayload)");
	HF_TRY(body_hex(r, "payload", SIGN_INPUT_MAX, &payload, err));
	if (payload.len == 0)
		return hf_fail(err, HF_INVALID, "field \"payload\": there is nothing to sign");
	if (payload.len <= HASHED_ABOVE)
		return plan_add_input(plan, hf_buf_span(&payload));
	HF_TRY(blake2b(hf_buf_span(&payload), hash, sizeof(hash)));
	return plan_add_input(plan, HF_SPAN(hash, sizeof(hash)));
}

static hf_status encode(const struct chain_request *r, const struct signature *signature,
                        struct hf_buf *to)
{
	hf_buf_u8(to, ED25519_VARIANT);
	return encode_plain(r, signature, to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_SIGNER_PAYLOAD, prepare },
};

const struct chain chain_substrate = {
	.kind = "Substrate",
	.keys = { KEY_ED25519 },
	.address = address,
	.encode = encode,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
