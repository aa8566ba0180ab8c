/* SPDX-License-Identifier: Apache-2.0
 * Ethereum and the chains like it: addresses (Yellow Paper, appendix F; EIP-55), messages
 * (EIP-191, version 0x45), delegations (EIP-7702). Transactions are in evm_tx.c, typed data in
 * eip712.c. */
#include "chain/evm.h"

#include "base/text.h"
#include "chain/rlp.h"
#include "crypto/digest.h"

#include <inttypes.h>
#include <string.h>

#define CALL_WORD 32

hf_status evm_address(struct hf_span public_key, uint8_t ret[EVM_ADDRESS_LEN])
{
	uint8_t point[65], hash[32];

	HF_TRY(public_key_uncompressed(public_key, point));
	HF_TRY(keccak256(HF_SPAN(point + 1, 64), hash));
	memcpy(ret, hash + 12, EVM_ADDRESS_LEN);
	return HF_SUCCESS;
}

/* EIP-55: a letter is a capital where the hash of the small ones has a digit of 8 or more. */
hf_status evm_address_print(const uint8_t address[EVM_ADDRESS_LEN],
                            char to[EVM_ADDRESS_TEXT_LEN + 1])
{
	char *digits = to + 2;
	uint8_t hash[32];

	memcpy(to, "0x", 2);
	hf_hex(address, EVM_ADDRESS_LEN, digits);
	HF_TRY(keccak256(HF_SPAN(digits, 40), hash));
	for (size_t i = 0; i < 40; i++)
		if (digits[i] >= 'a' && (hash[i / 2] >> (i % 2 ? 0 : 4) & 8))
			digits[i] = (char)(digits[i] - 32);
	return HF_SUCCESS;
}

static bool has_any(const char *text, const char *of)
{
	return text[strcspn(text, of)] != 0;
}

hf_status evm_address_parse(const char *text, uint8_t ret[EVM_ADDRESS_LEN])
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(EVM_ADDRESS_LEN);
	char checked[EVM_ADDRESS_TEXT_LEN + 1];

	HF_ENSURE(strlen(text) == EVM_ADDRESS_TEXT_LEN && strncmp(text, "0x", 2) == 0, HF_INVALID);
	HF_TRY(hf_unhex(hf_span_text(text + 2), &bytes));
	if (has_any(text, "abcdef") && has_any(text, "ABCDEF")) {
		HF_TRY(evm_address_print(bytes.ptr, checked));
		HF_ENSURE(strcmp(text, checked) == 0, HF_INVALID);
	}
	memcpy(ret, bytes.ptr, EVM_ADDRESS_LEN);
	return HF_SUCCESS;
}

/* Arguments are words of 32 bytes behind the selector (Solidity's contract ABI). */
struct hf_span evm_token_recipient(struct hf_span call)
{
	static const struct {
		uint8_t selector[4];
		size_t words, recipient;
	} calls[] = {
		{ { 0xa9, 0x05, 0x9c, 0xbb }, 2, 0 }, /* transfer(address,uint256) */
		{ { 0x09, 0x5e, 0xa7, 0xb3 }, 2, 0 }, /* approve(address,uint256) */
		{ { 0x23, 0xb8, 0x72, 0xdd }, 3, 1 }, /* transferFrom(address,address,uint256) */
		{ { 0x42, 0x84, 0x2e, 0x0e },
		  3,
		  1 }, /* safeTransferFrom(address,address,uint256) */
	};
	static const uint8_t zeros[CALL_WORD - EVM_ADDRESS_LEN];

	for (size_t i = 0; i < HF_COUNT(calls); i++) {
		const uint8_t *word;

		if (call.len != 4 + CALL_WORD * calls[i].words ||
		    memcmp(call.ptr, calls[i].selector, 4) != 0)
			continue;
		word = call.ptr + 4 + CALL_WORD * calls[i].recipient;
		if (memcmp(word, zeros, sizeof(zeros)) == 0)
			return HF_SPAN(word + sizeof(zeros), EVM_ADDRESS_LEN);
	}
	return HF_SPAN(NULL, 0);
}

hf_status evm_check_chain(const struct chain_request *r, uint64_t chain_id, struct hf_err *err)
{
	if (!r->network || r->network->number == chain_id)
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID,
	               "it is for the chain with id %" PRIu64 ", and network %s is %" PRIu64
	               ": make it for that network, or sign it for another",
	               chain_id, r->network->name, r->network->number);
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	uint8_t bytes[EVM_ADDRESS_LEN];
	char text[EVM_ADDRESS_TEXT_LEN + 1];

	HF_TRY(evm_address(public_key, bytes));
	HF_TRY(evm_address_print(bytes, text));
	hf_buf_text(to, text);
	return hf_buf_status(to);
}

static hf_status add_keccak(struct chain_plan *plan, struct hf_buf *bytes)
{
	uint8_t digest[32];

	HF_TRY(hf_buf_status(bytes));
	HF_TRY(keccak256(hf_buf_span(bytes), digest));
	return plan_add_input(plan, HF_SPAN(digest, sizeof(digest)));
}

static hf_status prepare_message(const struct chain_request *r, struct chain_plan *plan,
                                 struct hf_err *err)
{
	static const char *const names[] = { "message" };
	HF_BUF_SCOPED struct hf_buf message = HF_BUF(SIGN_INPUT_MAX);
	HF_BUF_SCOPED struct hf_buf all = HF_BUF(SIGN_INPUT_MAX + 64);

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "message", SIGN_INPUT_MAX, &message, err));
	hf_buf_printf(&all,
	              "\x19"
	              "Ethereum Signed Message:\n%zu",
	              message.len);
	hf_buf_put(&all, message.ptr, message.len);
	return add_keccak(plan, &all);
}

static hf_status prepare_delegation(const struct chain_request *r, struct chain_plan *plan,
                                    struct hf_err *err)
{
	struct {
		const char *address, *kind, *network, *blockchain, *external_id;
		int64_t nonce, chain_id;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "address", JSON_READ_TEXT, offsetof(__typeof__(in), address), true },
		{ "nonce", JSON_READ_INT, offsetof(__typeof__(in), nonce), true, false, 0,
		  INT64_MAX },
		{ "chainId", JSON_READ_INT, offsetof(__typeof__(in), chain_id), true, false, 0,
		  INT64_MAX },
		{ "kind", JSON_READ_TEXT, offsetof(__typeof__(in), kind) },
		{ "network", JSON_READ_TEXT, offsetof(__typeof__(in), network) },
		{ "blockchainKind", JSON_READ_TEXT, offsetof(__typeof__(in), blockchain) },
		{ "externalId", JSON_READ_TEXT, offsetof(__typeof__(in), external_id) },
	};
	HF_BUF_SCOPED struct hf_buf items = HF_BUF(128);
	HF_BUF_SCOPED struct hf_buf all = HF_BUF(128);
	uint8_t delegate[EVM_ADDRESS_LEN];

	HF_TRY(json_read(r->body, fields, HF_COUNT(fields), &in, err));
	if (!hf_ok(evm_address_parse(in.address, delegate)))
		return hf_fail(err, HF_INVALID,
		               "field \"address\": expected 0x and 40 hex digits, with the right "
		               "checksum (EIP-55) if there are small and capital letters");
	HF_TRY(hf_context(err, evm_check_chain(r, (uint64_t)in.chain_id, err),
	                  "field \"chainId\""));
	rlp_put_u64(&items, (uint64_t)in.chain_id);
	rlp_put(&items, HF_SPAN(delegate, sizeof(delegate)));
	rlp_put_u64(&items, (uint64_t)in.nonce);
	hf_buf_u8(&all, 0x05); /* EIP-7702: MAGIC */
	rlp_put_list_header(&all, items.len);
	hf_buf_put(&all, items.ptr, items.len);
	return add_keccak(plan, &all);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, evm_prepare_transaction, NULL, evm_assemble_transaction },
	{ CHAIN_MESSAGE, prepare_message },
	{ CHAIN_EIP191, prepare_message },
	{ CHAIN_EIP712, evm_prepare_typed_data },
	{ CHAIN_EIP7702, prepare_delegation },
};

const struct chain chain_evm = {
	.kind = "Evm",
	.keys = { KEY_SECP256K1 },
	.address = address,
	.encode = encode_recoverable,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
