/* SPDX-License-Identifier: Apache-2.0
 * Bitcoin and Litecoin: BIP-141, BIP-143, BIP-173, BIP-174, BIP-322, BIP-350.
 *
 * Of a network's row, `text` is the prefix of segwit addresses, `number` the version bytes of the
 * older ones: of public key hashes times 256, plus that of script hashes. */
#include "chain/bitcoin.h"

#include "base/text.h"
#include "chain/base58.h"
#include "chain/bech32.h"
#include "crypto/digest.h"

#include <string.h>

#define P2PKH_LEN 25
#define P2SH_LEN 23
#define PROGRAM_LEAST 2
#define PROGRAM_MOST 40

hf_status p2wpkh_of(struct hf_span public_key, struct p2wpkh *ret)
{
	struct p2wpkh p = { { 0, KEY_HASH_LEN } };

	HF_ENSURE(public_key.len == 33, HF_INVALID);
	HF_TRY(hash160(public_key, p.script + 2));
	*ret = p;
	return HF_SUCCESS;
}

const uint8_t *p2wpkh_key_hash(const struct p2wpkh *p)
{
	return p->script + 2;
}

static hf_status versioned(uint8_t version, const uint8_t *hash, struct hf_buf *to)
{
	uint8_t bytes[1 + KEY_HASH_LEN] = { version };

	memcpy(bytes + 1, hash, KEY_HASH_LEN);
	return base58check_encode(BASE58_BITCOIN, HF_SPAN(bytes, sizeof(bytes)), to);
}

/* A witness program: OP_0 or OP_1 to OP_16, and one push of 2 to 40 bytes (BIP-141). */
static bool witness_program(struct hf_span script, unsigned *ret_version)
{
	if (script.len < 2 + PROGRAM_LEAST || script.len > 2 + PROGRAM_MOST)
		return false;
	if (script.ptr[1] != script.len - 2)
		return false;
	if (script.ptr[0] != 0 && (script.ptr[0] < 0x51 || script.ptr[0] > 0x60))
		return false;
	*ret_version = script.ptr[0] == 0 ? 0 : script.ptr[0] - 0x50u;
	return true;
}

hf_status bitcoin_script_address(const struct chain_network *network, struct hf_span script,
                                 struct hf_buf *to)
{
	static const uint8_t key_hash[] = { 0x76, 0xa9, 0x14 }, script_hash[] = { 0xa9, 0x14 };
	unsigned version;

	if (!network) {
		hf_buf_hex(to, script);
		return hf_buf_status(to);
	}
	if (witness_program(script, &version))
		return segwit_encode(network->text, version,
		                     HF_SPAN(script.ptr + 2, script.len - 2), to);
	if (script.len == P2PKH_LEN && memcmp(script.ptr, key_hash, sizeof(key_hash)) == 0 &&
	    script.ptr[23] == 0x88 && script.ptr[24] == 0xac)
		return versioned((uint8_t)(network->number >> 8), script.ptr + 3, to);
	if (script.len == P2SH_LEN && memcmp(script.ptr, script_hash, sizeof(script_hash)) == 0 &&
	    script.ptr[22] == 0x87)
		return versioned((uint8_t)network->number, script.ptr + 2, to);
	return HF_FAILURE(HF_UNSUPPORTED);
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	struct p2wpkh own;

	HF_ENSURE(type == KEY_SECP256K1, HF_INVALID);
	HF_TRY(p2wpkh_of(public_key, &own));
	return bitcoin_script_address(network, HF_SPAN(own.script, P2WPKH_LEN), to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_PSBT, bitcoin_prepare_psbt, NULL, bitcoin_assemble_psbt },
	{ CHAIN_BIP322, bip322_prepare, NULL, bip322_assemble },
};

const struct chain chain_bitcoin = {
	.kind = "Bitcoin",
	.keys = { KEY_SECP256K1 },
	.address = address,
	.encode = encode_der,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
