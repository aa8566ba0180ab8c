/* SPDX-License-Identifier: Apache-2.0
 * Solana: https://solana.com/docs/core/transactions. A transaction is an array of signatures, one
 * for each of the first accounts of its message, and the message, which is what they sign. */
#include "chain/intent.h"

#include "base/text.h"
#include "chain/base58.h"
#include "chain/le.h"

#include <string.h>

#define TRANSACTION_MAX 1232 /* what fits into a packet of the network's */
#define KEY_LEN 32
#define SIGNATURE_LEN 64
#define ACCOUNTS_MAX 256
#define VERSIONED 0x80

/* A fee beyond this (0.1 SOL) is a payment to whoever makes the block. */
#define FEE_MAX 100000000u
#define COMPUTE_UNITS_MAX 1400000u /* of one transaction */
#define MICRO 1000000u

struct transaction {
	size_t n_signatures;
	size_t own; /* which of them is this key's */
	struct hf_span message;
	struct hf_span accounts; /* KEY_LEN each */
	size_t n_accounts;
	bool lookups; /* more accounts, by reference to a table on the chain */
	struct hf_reader instructions;
	size_t n_instructions;
};

/* A compact-u16: 7 bits a byte, the lowest first, in the shortest form. */
static uint16_t compact_u16(struct hf_reader *r)
{
	uint32_t v = 0;

	for (unsigned shift = 0; shift < 21; shift += 7) {
		uint8_t byte = hf_read_u8(r);

		v |= (uint32_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if ((byte == 0 && shift > 0) || v > UINT16_MAX)
			break;
		return (uint16_t)v;
	}
	r->failed = true;
	return 0;
}

static struct hf_span bytes_u16(struct hf_reader *r)
{
	return hf_read_bytes(r, compact_u16(r));
}

struct instruction {
	struct hf_span program; /* empty: not among the transaction's own accounts */
	struct hf_span accounts, data;
};

static struct hf_span account(const struct transaction *t, size_t i)
{
	if (i >= t->n_accounts)
		return (struct hf_span){ 0 };
	return HF_SPAN(t->accounts.ptr + i * KEY_LEN, KEY_LEN);
}

static struct instruction next_instruction(const struct transaction *t, struct hf_reader *r)
{
	struct instruction in = { 0 };

	in.program = account(t, hf_read_u8(r));
	in.accounts = bytes_u16(r);
	in.data = bytes_u16(r);
	return in;
}

static void read_lookups(struct hf_reader *r, struct transaction *t)
{
	uint16_t n = compact_u16(r);

	t->lookups = n > 0;
	for (; n > 0 && !r->failed; n--) {
		hf_read_bytes(r, KEY_LEN);
		bytes_u16(r); /* writable */
		bytes_u16(r); /* read only */
	}
}

static hf_status read_message(struct hf_reader *r, struct transaction *t)
{
	bool versioned = r->left > 0 && (r->ptr[0] & VERSIONED) != 0;
	uint8_t signers;

	if (versioned)
		HF_ENSURE(hf_read_u8(r) == VERSIONED, HF_UNSUPPORTED); /* version 0 */
	signers = hf_read_u8(r);
	hf_read_bytes(r, 2); /* how many of the accounts are read only */
	t->n_accounts = compact_u16(r);
	HF_ENSURE(!r->failed && t->n_accounts <= ACCOUNTS_MAX, HF_INVALID);
	t->accounts = hf_read_bytes(r, t->n_accounts * KEY_LEN);
	hf_read_bytes(r, KEY_LEN); /* a recent block */
	t->n_instructions = compact_u16(r);
	t->instructions = *r;
	for (size_t i = 0; i < t->n_instructions && !r->failed; i++)
		next_instruction(t, r);
	if (versioned)
		read_lookups(r, t);
	HF_TRY(hf_reader_end(r));
	HF_ENSURE(signers >= 1 && signers <= t->n_accounts, HF_INVALID);
	HF_ENSURE(t->n_signatures == signers, HF_INVALID);
	return HF_SUCCESS;
}

static hf_status read_transaction(struct hf_span bytes, struct transaction *ret)
{
	struct hf_reader r = hf_reader(bytes);
	struct transaction t = { 0 };

	t.n_signatures = compact_u16(&r);
	hf_read_bytes(&r, t.n_signatures * SIGNATURE_LEN);
	HF_ENSURE(!r.failed, HF_INVALID);
	t.message = HF_SPAN(r.ptr, r.left);
	HF_TRY(read_message(&r, &t));
	*ret = t;
	return HF_SUCCESS;
}

static hf_status load(const struct chain_request *r, struct hf_buf *bytes, struct transaction *ret,
                      struct hf_err *err)
{
	static const char *const names[] = { "transaction" };
	hf_status s;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "transaction", TRANSACTION_MAX, bytes, err));
	s = read_transaction(hf_buf_span(bytes), ret);
	if (s.code == HF_UNSUPPORTED)
		return hf_fail(err, s.code,
		               "field \"transaction\": only legacy and version 0 are supported");
	if (!hf_ok(s))
		return hf_fail(err, s.code,
		               "field \"transaction\": expected a serialised Solana transaction: "
		               "signatures (zeros where there are none yet), then the message");
	for (ret->own = 0; ret->own < ret->n_signatures; ret->own++)
		if (hf_span_equal(account(ret, ret->own), r->public_key))
			return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "field \"transaction\": this key is not among its signers");
}

static const uint8_t system_program[KEY_LEN];
static const uint8_t compute_budget[KEY_LEN] = {
	0x03, 0x06, 0x46, 0x6f, 0xe5, 0x21, 0x17, 0x32, 0xff, 0xec, 0xad,
	0xba, 0x72, 0xc3, 0x9b, 0xe7, 0xbc, 0x8c, 0xe5, 0xbb, 0xc5, 0xf7,
	0x12, 0x6b, 0x2c, 0x43, 0x9b, 0x3a, 0x40, 0x00, 0x00, 0x00,
};
static const uint8_t memo_program[2][KEY_LEN] = {
	{ 0x05, 0x4a, 0x53, 0x5a, 0x99, 0x29, 0x21, 0x06, 0x4d, 0x24, 0xe8,
	  0x71, 0x60, 0xda, 0x38, 0x7c, 0x7c, 0x35, 0xb5, 0xdd, 0xbc, 0x92,
	  0xbb, 0x81, 0xe4, 0x1f, 0xa8, 0x40, 0x41, 0x05, 0x44, 0x8d },
	{ 0x05, 0x4a, 0x53, 0x50, 0xf8, 0x5d, 0xc8, 0x82, 0xd6, 0x14, 0xa5,
	  0x56, 0x72, 0x78, 0x8a, 0x29, 0x6d, 0xdf, 0x1e, 0xab, 0xab, 0xd0,
	  0xa6, 0x06, 0x7b, 0x0c, 0x86, 0x88, 0xc0, 0xac, 0xd1, 0x90 },
};

static bool is(struct hf_span program, const uint8_t key[KEY_LEN])
{
	return hf_span_equal(program, HF_SPAN(key, KEY_LEN));
}

/* SystemInstruction::Transfer: from and to, lamports. */
static hf_status read_transfer(const struct chain_request *r, const struct transaction *t,
                               const struct instruction *in, struct chain_plan *plan)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHAIN_ADDRESS_MAX - 1);
	struct hf_reader data = hf_reader(in->data);
	struct hf_span to;
	uint64_t type = le_read(&data, 4), amount = le_read(&data, 8);

	HF_ENSURE(hf_ok(hf_reader_end(&data)) && type == 2, HF_UNSUPPORTED);
	HF_ENSURE(in->accounts.len == 2, HF_UNSUPPORTED);
	to = account(t, in->accounts.ptr[1]);
	HF_ENSURE(to.len == KEY_LEN, HF_UNSUPPORTED);
	if (hf_span_equal(to, r->public_key))
		return HF_SUCCESS;
	if (r->network)
		HF_TRY(base58_encode(BASE58_BITCOIN, to, &text));
	else
		hf_buf_hex(&text, to);
	HF_TRY(hf_buf_status(&text));
	return intent_pay(plan, hf_buf_span(&text), amount);
}

/* Of the compute budget's instructions only the price can cost anything: micro-lamports a unit. */
static hf_status read_budget(const struct instruction *in)
{
	struct hf_reader data = hf_reader(in->data);
	uint8_t type = hf_read_u8(&data);

	HF_ENSURE(type >= 1 && type <= 4, HF_UNSUPPORTED);
	if (type != 3)
		return HF_SUCCESS;
	HF_ENSURE(le_read(&data, 8) / MICRO <= FEE_MAX / COMPUTE_UNITS_MAX, HF_UNSUPPORTED);
	return hf_reader_end(&data);
}

static hf_status read_payments(const struct chain_request *r, const struct transaction *t,
                               struct chain_plan *plan)
{
	struct hf_reader at = t->instructions;

	HF_ENSURE(!t->lookups, HF_UNSUPPORTED);
	for (size_t i = 0; i < t->n_instructions; i++) {
		struct instruction in = next_instruction(t, &at);

		if (is(in.program, system_program))
			HF_TRY(read_transfer(r, t, &in, plan));
		else if (is(in.program, compute_budget))
			HF_TRY(read_budget(&in));
		else
			HF_ENSURE(is(in.program, memo_program[0]) ||
			                  is(in.program, memo_program[1]),
			          HF_UNSUPPORTED);
	}
	return HF_SUCCESS;
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TRANSACTION_MAX);
	struct transaction t;

	HF_TRY(load(r, &bytes, &t, err));
	HF_TRY(plan_add_input(plan, t.message));
	return intent_judge(plan, read_payments(r, &t, plan));
}

static hf_status assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TRANSACTION_MAX);
	struct transaction t;

	HF_ENSURE(n == 1 && signatures[0].len == SIGNATURE_LEN, HF_INVALID);
	HF_TRY(load(r, &bytes, &t, NULL));
	memcpy((uint8_t *)bytes.ptr + (t.message.ptr - bytes.ptr) -
	               (t.n_signatures - t.own) * SIGNATURE_LEN,
	       signatures[0].bytes, SIGNATURE_LEN);
	hf_buf_put(to, bytes.ptr, bytes.len);
	return hf_buf_status(to);
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	HF_ENSURE(type == KEY_ED25519 && public_key.len == KEY_LEN, HF_INVALID);
	return base58_encode(BASE58_BITCOIN, public_key, to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, prepare, NULL, assemble },
};

const struct chain chain_solana = {
	.kind = "Solana",
	.keys = { KEY_ED25519 },
	.address = address,
	.encode = encode_plain,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
