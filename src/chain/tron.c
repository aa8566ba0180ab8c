/* SPDX-License-Identifier: Apache-2.0
 * Tron: https://developers.tron.network/docs/tron-protocol-transaction, core/Tron.proto and
 * core/contract of https://github.com/tronprotocol/protocol. A transaction is signed over
 * sha256 of its raw_data, which is what requests carry. */
#include "chain/evm.h"
#include "chain/intent.h"

#include "chain/base58.h"
#include "chain/protobuf.h"
#include "crypto/digest.h"

#include <string.h>

#define RAW_MAX (64u << 10)
#define PREFIX 0x41
#define ADDRESS_LEN (1 + EVM_ADDRESS_LEN)
#define FEE_LIMIT_MAX 1000000000u /* sun: 1000 TRX. More is a payment to whoever takes the fee */

enum contract_type { TRANSFER = 1, TRANSFER_ASSET = 2, TRIGGER_SMART_CONTRACT = 31 };

static hf_status own_address(struct hf_span public_key, uint8_t ret[ADDRESS_LEN])
{
	ret[0] = PREFIX;
	return evm_address(public_key, ret + 1);
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	uint8_t bytes[ADDRESS_LEN];

	HF_TRY(own_address(public_key, bytes));
	return base58check_encode(BASE58_BITCOIN, HF_SPAN(bytes, sizeof(bytes)), to);
}

/* `amount` is NULL for what is not the coin. */
static hf_status pay(const struct chain_request *r, struct chain_plan *plan, struct hf_span to,
                     const uint64_t *amount)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHAIN_ADDRESS_MAX - 1);
	struct chain_transfer t = { .native = amount != NULL };
	uint8_t own[ADDRESS_LEN];

	HF_ENSURE(to.len == ADDRESS_LEN && to.ptr[0] == PREFIX, HF_UNSUPPORTED);
	HF_TRY(own_address(r->public_key, own));
	if (memcmp(own, to.ptr, ADDRESS_LEN) == 0)
		return HF_SUCCESS;
	if (amount)
		t.amount = chain_amount_u64(*amount);
	HF_TRY(base58check_encode(BASE58_BITCOIN, to, &text));
	HF_TRY(hf_span_to_text(hf_buf_span(&text), t.to, sizeof(t.to)));
	return plan_add_transfer(plan, &t);
}

static hf_status read_transfer(const struct chain_request *r, struct hf_span value, bool asset,
                               struct hf_span *ret_owner, struct chain_plan *plan)
{
	struct hf_span to = { 0 };
	uint64_t amount = 0;
	/* TransferAssetContract has the asset's name before the others */
	const struct pb_slot slots[] = {
		{ asset ? 2 : 1, PB_BYTES, NULL, ret_owner },
		{ asset ? 3 : 2, PB_BYTES, NULL, &to },
		{ asset ? 4 : 3, PB_VARINT, &amount, NULL },
		{ 1, PB_BYTES, NULL, NULL },
	};

	HF_TRY(pb_read(value, slots, asset ? 4 : 3));
	return pay(r, plan, to, asset ? NULL : &amount);
}

static hf_status read_call(const struct chain_request *r, struct hf_span value,
                           struct hf_span *ret_owner, struct chain_plan *plan)
{
	struct hf_span contract = { 0 }, data = { 0 }, token;
	uint64_t coins = 0, tokens = 0, token_id = 0;
	uint8_t recipient[ADDRESS_LEN] = { PREFIX };
	const struct pb_slot slots[] = {
		{ 1, PB_BYTES, NULL, ret_owner }, { 2, PB_BYTES, NULL, &contract },
		{ 3, PB_VARINT, &coins, NULL },   { 4, PB_BYTES, NULL, &data },
		{ 5, PB_VARINT, &tokens, NULL },  { 6, PB_VARINT, &token_id, NULL },
	};

	HF_TRY(pb_read(value, slots, HF_COUNT(slots)));
	if (coins)
		HF_TRY(pay(r, plan, contract, &coins));
	token = evm_token_recipient(data);
	HF_ENSURE(token.len && !tokens, HF_UNSUPPORTED);
	memcpy(recipient + 1, token.ptr, EVM_ADDRESS_LEN);
	return pay(r, plan, HF_SPAN(recipient, sizeof(recipient)), NULL);
}

static hf_status read_contract(const struct chain_request *r, struct hf_span contract,
                               struct chain_plan *plan)
{
	struct hf_span parameter = { 0 }, url = { 0 }, value = { 0 }, owner = { 0 };
	uint64_t type = 0, permission = 0;
	uint8_t own[ADDRESS_LEN];
	const struct pb_slot slots[] = {
		{ 1, PB_VARINT, &type, NULL },
		{ 2, PB_BYTES, NULL, &parameter },
		{ 5, PB_VARINT, &permission, NULL },
	};
	const struct pb_slot any[] = {
		{ 1, PB_BYTES, NULL, &url },
		{ 2, PB_BYTES, NULL, &value },
	};

	HF_TRY(pb_read(contract, slots, HF_COUNT(slots)));
	HF_TRY(pb_read(parameter, any, HF_COUNT(any)));
	if (type == TRANSFER && hf_span_is(url, "type.googleapis.com/protocol.TransferContract"))
		HF_TRY(read_transfer(r, value, false, &owner, plan));
	else if (type == TRANSFER_ASSET &&
	         hf_span_is(url, "type.googleapis.com/protocol.TransferAssetContract"))
		HF_TRY(read_transfer(r, value, true, &owner, plan));
	else if (type == TRIGGER_SMART_CONTRACT &&
	         hf_span_is(url, "type.googleapis.com/protocol.TriggerSmartContract"))
		HF_TRY(read_call(r, value, &owner, plan));
	else
		return HF_FAILURE(HF_UNSUPPORTED);
	/* what another account pays, in whose name this key may sign, is not for us to judge */
	HF_TRY(own_address(r->public_key, own));
	HF_ENSURE(hf_span_equal(owner, HF_SPAN(own, sizeof(own))), HF_UNSUPPORTED);
	return HF_SUCCESS;
}

static hf_status read_raw(const struct chain_request *r, struct hf_span raw,
                          struct chain_plan *plan)
{
	struct hf_span contract = { 0 };
	uint64_t fee_limit = 0;
	const struct pb_slot slots[] = {
		{ 1, PB_BYTES },  /* ref_block_bytes */
		{ 3, PB_VARINT }, /* ref_block_num */
		{ 4, PB_BYTES },  /* ref_block_hash */
		{ 8, PB_VARINT }, /* expiration */
		{ 10, PB_BYTES }, /* data: a memo */
		{ 11, PB_BYTES, NULL, &contract },
		{ 14, PB_VARINT }, /* timestamp */
		{ 18, PB_VARINT, &fee_limit, NULL },
	};

	HF_TRY(pb_read(raw, slots, HF_COUNT(slots)));
	HF_TRY(read_contract(r, contract, plan));
	HF_ENSURE(fee_limit <= FEE_LIMIT_MAX, HF_UNSUPPORTED);
	return HF_SUCCESS;
}

/* Whether it can be a raw_data at all: fields, one of them a contract. */
static bool is_raw_data(struct hf_span raw)
{
	struct hf_reader r = hf_reader(raw);
	unsigned contracts = 0;
	struct pb_field f;

	while (r.left) {
		if (!hf_ok(pb_next(&r, &f)))
			return false;
		contracts += f.number == 11 && f.wire == PB_BYTES;
	}
	return contracts == 1;
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	static const char *const names[] = { "transaction" };
	HF_BUF_SCOPED struct hf_buf raw = HF_BUF(RAW_MAX);
	uint8_t digest[SHA256_LEN];

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "transaction", RAW_MAX, &raw, err));
	if (!is_raw_data(hf_buf_span(&raw)))
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": it is not the raw_data of a transaction "
		               "with one contract (raw_data_hex)");
	HF_TRY(intent_judge(plan, read_raw(r, hf_buf_span(&raw), plan)));
	HF_TRY(sha256(hf_buf_span(&raw), digest));
	return plan_add_input(plan, HF_SPAN(digest, sizeof(digest)));
}

static void put_field(struct hf_buf *to, uint8_t tag, struct hf_span bytes)
{
	size_t len = bytes.len;

	hf_buf_u8(to, tag);
	for (; len >= 0x80; len >>= 7)
		hf_buf_u8(to, (uint8_t)(len | 0x80));
	hf_buf_u8(to, (uint8_t)len);
	hf_buf_put(to, bytes.ptr, bytes.len);
}

/* message Transaction { raw raw_data = 1; repeated bytes signature = 2; } */
static hf_status assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf raw = HF_BUF(RAW_MAX);
	HF_BUF_SCOPED struct hf_buf signature = HF_BUF(CHAIN_ENCODED_MAX);

	HF_TRY(body_hex(r, "transaction", RAW_MAX, &raw, NULL));
	HF_TRY(encode_recoverable(r, &signatures[0], &signature));
	put_field(to, 1 << 3 | PB_BYTES, hf_buf_span(&raw));
	put_field(to, 2 << 3 | PB_BYTES, hf_buf_span(&signature));
	return hf_buf_status(to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, prepare, NULL, assemble },
};

const struct chain chain_tron = {
	.kind = "Tron",
	.keys = { KEY_SECP256K1 },
	.address = address,
	.encode = encode_recoverable,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
