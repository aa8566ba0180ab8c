/* SPDX-License-Identifier: Apache-2.0
 * Aptos: https://aptos.dev/network/blockchain/txns-states, in BCS (https://github.com/diem/bcs).
 * Ed25519 over sha3-256("APTOS::RawTransaction") and the RawTransaction; an address is that of the
 * account's first key: sha3-256(key || 00). */
#include "chain/intent.h"

#include "base/text.h"
#include "chain/le.h"
#include "crypto/digest.h"

#include <string.h>

#define TX_MAX (60u << 10) /* with the prefix it has to fit into what an HSM signs */
#define ADDRESS_LEN 32
#define ENTRY_FUNCTION 2         /* of TransactionPayload */
#define TYPE_STRUCT 7            /* of TypeTag */
#define TAIL_LEN (8 + 8 + 8 + 1) /* gas, its price, expiration, chain id */
#define FEE_MAX 100000000u       /* octas: one APT. More is a payment to whoever takes it */

struct function {
	struct hf_span address, module, name;
	bool coin; /* one type argument: the chain's coin; otherwise there is none */
	struct hf_span to, amount;
};

static hf_status own_address(struct hf_span public_key, uint8_t ret[ADDRESS_LEN])
{
	uint8_t bytes[33] = { 0 };

	HF_ENSURE(public_key.len == 32, HF_INVALID);
	memcpy(bytes, public_key.ptr, 32);
	return sha3_256(HF_SPAN(bytes, sizeof(bytes)), ret);
}

static hf_status put_address(const uint8_t address[ADDRESS_LEN], struct hf_buf *to)
{
	hf_buf_text(to, "0x");
	hf_buf_hex(to, HF_SPAN(address, ADDRESS_LEN));
	return hf_buf_status(to);
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	uint8_t bytes[ADDRESS_LEN];

	HF_TRY(own_address(public_key, bytes));
	return put_address(bytes, to);
}

/* Below 128 a length is one byte; nothing that is read here is longer. */
static size_t length(struct hf_reader *r)
{
	uint8_t len = hf_read_u8(r);

	r->failed |= len >= 128;
	return len;
}

static struct hf_span bytes(struct hf_reader *r)
{
	return hf_read_bytes(r, length(r));
}

static bool is_framework(struct hf_span address)
{
	static const uint8_t framework[ADDRESS_LEN] = { [ADDRESS_LEN - 1] = 1 };

	return hf_span_equal(address, HF_SPAN(framework, sizeof(framework)));
}

/* No type argument, or 0x1::aptos_coin::AptosCoin. */
static hf_status read_type(struct hf_reader *r, bool *ret_coin)
{
	size_t n = length(r);

	*ret_coin = n == 1;
	if (n == 0)
		return HF_SUCCESS;
	HF_ENSURE(n == 1 && hf_read_u8(r) == TYPE_STRUCT, HF_UNSUPPORTED);
	HF_ENSURE(is_framework(hf_read_bytes(r, ADDRESS_LEN)), HF_UNSUPPORTED);
	HF_ENSURE(hf_span_is(bytes(r), "aptos_coin"), HF_UNSUPPORTED);
	HF_ENSURE(hf_span_is(bytes(r), "AptosCoin"), HF_UNSUPPORTED);
	HF_ENSURE(length(r) == 0, HF_UNSUPPORTED);
	return HF_SUCCESS;
}

static hf_status read_function(struct hf_reader *r, struct function *ret)
{
	ret->address = hf_read_bytes(r, ADDRESS_LEN);
	ret->module = bytes(r);
	ret->name = bytes(r);
	HF_TRY(read_type(r, &ret->coin));
	HF_ENSURE(length(r) == 2, HF_UNSUPPORTED);
	ret->to = bytes(r);
	ret->amount = bytes(r);
	HF_ENSURE(!r->failed && ret->to.len == ADDRESS_LEN && ret->amount.len == 8, HF_UNSUPPORTED);
	return HF_SUCCESS;
}

static bool transfers_the_coin(const struct function *f)
{
	if (!is_framework(f->address))
		return false;
	if (hf_span_is(f->module, "aptos_account"))
		return (hf_span_is(f->name, "transfer") && !f->coin) ||
		       (hf_span_is(f->name, "transfer_coins") && f->coin);
	return hf_span_is(f->module, "coin") && hf_span_is(f->name, "transfer") && f->coin;
}

/* Of all payloads only the calls of the framework that transfer the coin. */
static hf_status read_intent(struct hf_span tx, const uint8_t own[ADDRESS_LEN],
                             struct chain_plan *plan)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHAIN_ADDRESS_MAX);
	struct hf_reader r = hf_reader(tx), amount;
	uint64_t gas, price;
	struct function f;

	(void)hf_read_bytes(&r, ADDRESS_LEN + 8); /* sender and sequence number */
	HF_ENSURE(hf_read_u8(&r) == ENTRY_FUNCTION, HF_UNSUPPORTED);
	HF_TRY(read_function(&r, &f));
	HF_ENSURE(transfers_the_coin(&f), HF_UNSUPPORTED);
	amount = hf_reader(f.amount);
	HF_TRY(put_address(f.to.ptr, &text));
	if (memcmp(f.to.ptr, own, ADDRESS_LEN) != 0)
		HF_TRY(intent_pay(plan, hf_buf_span(&text), le_read(&amount, 8)));
	gas = le_read(&r, 8);
	price = le_read(&r, 8);
	(void)hf_read_bytes(&r, 9); /* expiration and chain id */
	HF_ENSURE(price == 0 || gas <= FEE_MAX / price, HF_UNSUPPORTED);
	return hf_reader_end(&r);
}

static hf_status check(const struct chain_request *r, struct hf_span tx,
                       const uint8_t own[ADDRESS_LEN], struct hf_err *err)
{
	unsigned id;

	if (tx.len < ADDRESS_LEN + 8 + 1 + TAIL_LEN || memcmp(tx.ptr, own, ADDRESS_LEN) != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": it is not a RawTransaction in BCS whose "
		               "sender is this key's account");
	id = tx.ptr[tx.len - 1];
	if (r->network && r->network->number != id)
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": it is for the chain with id %u, and network "
		               "%s is %u: make it for that network, or sign it for another",
		               id, r->network->name, (unsigned)r->network->number);
	return HF_SUCCESS;
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	static const char *const names[] = { "transaction" };
	HF_BUF_SCOPED struct hf_buf message = HF_BUF(32 + TX_MAX);
	uint8_t prefix[32], own[ADDRESS_LEN];
	struct hf_span tx;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(sha3_256(hf_span_text("APTOS::RawTransaction"), prefix));
	hf_buf_put(&message, prefix, sizeof(prefix));
	HF_TRY(body_hex(r, "transaction", TX_MAX, &message, err));
	tx = HF_SPAN(message.ptr + sizeof(prefix), message.len - sizeof(prefix));
	HF_TRY(own_address(r->public_key, own));
	HF_TRY(check(r, tx, own, err));
	HF_TRY(intent_judge(plan, read_intent(tx, own, plan)));
	return plan_add_input(plan, hf_buf_span(&message));
}

/* SignedTransaction: the RawTransaction, then TransactionAuthenticator::Ed25519, variant 0. */
static hf_status assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_TRY(body_hex(r, "transaction", TX_MAX, to, NULL));
	hf_buf_u8(to, 0);
	hf_buf_u8(to, (uint8_t)r->public_key.len);
	hf_buf_put(to, r->public_key.ptr, r->public_key.len);
	hf_buf_u8(to, (uint8_t)signatures[0].len);
	return encode_plain(r, &signatures[0], to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, prepare, NULL, assemble },
};

const struct chain chain_aptos = {
	.kind = "Aptos",
	.keys = { KEY_ED25519 },
	.address = address,
	.encode = encode_plain,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
