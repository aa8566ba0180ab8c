/* SPDX-License-Identifier: Apache-2.0
 * The XRP Ledger: https://xrpl.org/docs/references/protocol/binary-format and
 * https://xrpl.org/docs/concepts/accounts/addresses. What is signed is "STX" 00 and the
 * transaction with its SigningPubKey: ECDSA the first half of SHA-512 of that, Ed25519 all of it.
 */
#include "chain/intent.h"

#include "chain/base58.h"
#include "crypto/digest.h"

#include <string.h>

#define TX_MAX (64u << 10)
#define KEY_LEN 33
#define ACCOUNT_LEN 20
#define FEE_MAX 1000000u /* drops: one XRP. More is a payment, if to nobody */

/* Type codes, and field codes of those types. */
enum { UINT16 = 1, UINT32, UINT64, HASH128, HASH256, AMOUNT, BLOB, ACCOUNT };
#define FIELD(type, code) ((unsigned)(type) << 8 | (code))
#define TRANSACTION_TYPE FIELD(UINT16, 2)
#define AMOUNT_TO_PAY FIELD(AMOUNT, 1)
#define FEE FIELD(AMOUNT, 8)
#define SIGNING_PUB_KEY FIELD(BLOB, 3)
#define TXN_SIGNATURE FIELD(BLOB, 4)
#define MEMOS FIELD(15, 9)
#define FROM FIELD(ACCOUNT, 1)
#define TO FIELD(ACCOUNT, 3)

/* Identifiers inside of Memos. */
enum {
	MEMO_TYPE = 0x7c,
	MEMO_FORMAT = 0x7e,
	END_OF_OBJECT = 0xe1,
	MEMO = 0xea,
	END_OF_ARRAY = 0xf1
};

struct xrpl_tx {
	size_t signature_at; /* where TxnSignature belongs */
	struct hf_span type, amount, fee, key, from, to;
	bool others; /* has a field that may change what it pays */
};

/* A key as the ledger has it: those of Ed25519 begin with ED. */
static void ledger_key(enum key_type type, struct hf_span public_key, uint8_t ret[KEY_LEN])
{
	size_t skip = type == KEY_ED25519;

	ret[0] = 0xed;
	memcpy(ret + skip, public_key.ptr, KEY_LEN - skip);
}

static hf_status account_of(enum key_type type, struct hf_span public_key, uint8_t ret[ACCOUNT_LEN])
{
	uint8_t key[KEY_LEN];

	ledger_key(type, public_key, key);
	return hash160(HF_SPAN(key, sizeof(key)), ret);
}

static hf_status put_address(const uint8_t account[ACCOUNT_LEN], struct hf_buf *to)
{
	uint8_t bytes[1 + ACCOUNT_LEN] = { 0 };

	memcpy(bytes + 1, account, ACCOUNT_LEN);
	return base58check_encode(BASE58_XRPL, HF_SPAN(bytes, sizeof(bytes)), to);
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	uint8_t account[ACCOUNT_LEN];

	HF_TRY(account_of(type, public_key, account));
	return put_address(account, to);
}

/* One to three bytes: up to 192, 12480, 918744. */
static size_t read_length(struct hf_reader *r)
{
	size_t a = hf_read_u8(r), b;

	if (a <= 192)
		return a;
	b = hf_read_u8(r);
	if (a <= 240)
		return 193 + (a - 193) * 256 + b;
	r->failed |= a == 255;
	return 12481 + (a - 241) * 65536 + b * 256 + hf_read_u8(r);
}

/* A type or field code that is above 15 has a byte of its own. */
static unsigned read_field_id(struct hf_reader *r)
{
	uint8_t both = hf_read_u8(r);
	unsigned type = both >> 4, code = both & 15;
	bool long_type = type == 0, long_code = code == 0;

	if (long_type)
		type = hf_read_u8(r);
	if (long_code)
		code = hf_read_u8(r);
	r->failed |= (long_type && type < 16) || (long_code && code < 16);
	return FIELD(type, code);
}

/* Nothing behind the accounts has to be known for signing: objects, arrays, paths and other types,
 * which stand in order at the end. */
static bool is_known(unsigned type)
{
	return type >= UINT16 && type <= ACCOUNT;
}

static struct hf_span read_value(struct hf_reader *r, unsigned type)
{
	static const uint8_t fixed[] = {
		[UINT16] = 2, [UINT32] = 4, [UINT64] = 8, [HASH128] = 16, [HASH256] = 32,
	};

	if (type == BLOB || type == ACCOUNT)
		return hf_read_bytes(r, read_length(r));
	if (type != AMOUNT)
		return hf_read_bytes(r, fixed[type]);
	/* the coin: 8 bytes; issued by an account: 48; a multi-purpose token: 33 */
	if (r->left && r->ptr[0] & 0x80)
		return hf_read_bytes(r, 48);
	return hf_read_bytes(r, r->left && r->ptr[0] & 0x20 ? 33 : 8);
}

/* Memos: an array of objects that have up to three blobs. False when it is anything else. */
static bool skip_memos(struct hf_reader *r)
{
	uint8_t id = hf_read_u8(r);

	for (; !r->failed && id == MEMO; id = hf_read_u8(r)) {
		id = hf_read_u8(r);
		for (; !r->failed && id >= MEMO_TYPE && id <= MEMO_FORMAT; id = hf_read_u8(r))
			(void)hf_read_bytes(r, read_length(r));
		if (id != END_OF_OBJECT)
			return false;
	}
	return !r->failed && id == END_OF_ARRAY;
}

static void take_field(struct xrpl_tx *tx, unsigned id, struct hf_span value)
{
	/* besides these, numbers and tags change nothing of what a payment pays */
	static const struct {
		unsigned id;
		size_t offset;
	} fields[] = {
		{ TRANSACTION_TYPE, offsetof(struct xrpl_tx, type) },
		{ AMOUNT_TO_PAY, offsetof(struct xrpl_tx, amount) },
		{ FEE, offsetof(struct xrpl_tx, fee) },
		{ SIGNING_PUB_KEY, offsetof(struct xrpl_tx, key) },
		{ FROM, offsetof(struct xrpl_tx, from) },
		{ TO, offsetof(struct xrpl_tx, to) },
	};

	for (size_t i = 0; i < HF_COUNT(fields); i++)
		if (fields[i].id == id) {
			*(struct hf_span *)((char *)tx + fields[i].offset) = value;
			return;
		}
	tx->others |= id >> 8 >= AMOUNT;
}

static hf_status parse(struct hf_span bytes, struct xrpl_tx *ret, struct hf_err *err)
{
	struct hf_reader r = hf_reader(bytes);
	struct xrpl_tx tx = { .signature_at = bytes.len };
	unsigned last = 0;

	while (r.left) {
		size_t at = bytes.len - r.left;
		unsigned id = read_field_id(&r);

		if (id == TXN_SIGNATURE)
			return hf_fail(err, HF_INVALID,
			               "field \"transaction\": it is signed already "
			               "(TxnSignature): send it without");
		if (r.failed || id <= last)
			break;
		last = id;
		if (id > TXN_SIGNATURE && tx.signature_at == bytes.len)
			tx.signature_at = at;
		if (id == MEMOS && skip_memos(&r))
			continue;
		if (!is_known(id >> 8)) {
			tx.others = true;
			r.left = 0;
			break;
		}
		take_field(&tx, id, read_value(&r, id >> 8));
	}
	if (r.failed || r.left || tx.type.len != 2)
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": it is not a transaction in the ledger's "
		               "binary format, with its fields in order");
	*ret = tx;
	return HF_SUCCESS;
}

static hf_status check_key(const struct chain_request *r, const struct xrpl_tx *tx,
                           struct hf_err *err)
{
	uint8_t key[KEY_LEN];

	ledger_key(r->key_type, r->public_key, key);
	if (!hf_span_equal(tx->key, HF_SPAN(key, sizeof(key))))
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": its SigningPubKey has to be this key's%s",
		               r->key_type == KEY_ED25519 ? ": ED and its 32 bytes" : "");
	return HF_SUCCESS;
}

/* Bit 63: not the coin; 62: positive; the rest: drops. */
static hf_status read_drops(struct hf_span amount, uint64_t *ret)
{
	struct hf_reader r = hf_reader(amount);
	uint64_t v = hf_read_u64(&r);

	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(v >> 62 == 1, HF_UNSUPPORTED);
	*ret = v & ~(3ull << 62);
	return HF_SUCCESS;
}

/* TransactionType 0, Payment. With other amounts (SendMax), paths and the like it pays something
 * else. */
static hf_status read_intent(const struct chain_request *r, const struct xrpl_tx *tx,
                             struct chain_plan *plan)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHAIN_ADDRESS_MAX - 1);
	struct chain_transfer t = { 0 };
	uint8_t own[ACCOUNT_LEN];
	uint64_t drops = 0, fee;

	HF_ENSURE(tx->type.ptr[0] == 0 && tx->type.ptr[1] == 0, HF_UNSUPPORTED);
	HF_ENSURE(tx->to.len == ACCOUNT_LEN && tx->amount.len, HF_UNSUPPORTED);
	HF_TRY(account_of(r->key_type, r->public_key, own));
	t.native = !tx->others && hf_ok(read_drops(tx->amount, &drops));
	t.amount = chain_amount_u64(drops);
	HF_TRY(put_address(tx->to.ptr, &text));
	HF_TRY(hf_span_to_text(hf_buf_span(&text), t.to, sizeof(t.to)));
	if (memcmp(own, tx->to.ptr, ACCOUNT_LEN) != 0)
		HF_TRY(plan_add_transfer(plan, &t));
	HF_TRY(read_drops(tx->fee, &fee));
	/* another account's, for which this key may be the regular key: not for us to judge */
	HF_ENSURE(fee <= FEE_MAX && !tx->others &&
	                  hf_span_equal(tx->from, HF_SPAN(own, sizeof(own))),
	          HF_UNSUPPORTED);
	return HF_SUCCESS;
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	static const char *const names[] = { "transaction" };
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TX_MAX + 4);
	uint8_t hash[SHA512_LEN];
	struct xrpl_tx tx;
	struct hf_span in;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	hf_buf_put(&bytes, "STX", 4); /* with its NUL */
	HF_TRY(body_hex(r, "transaction", TX_MAX, &bytes, err));
	in = hf_buf_span(&bytes);
	HF_TRY(parse(HF_SPAN(in.ptr + 4, in.len - 4), &tx, err));
	HF_TRY(check_key(r, &tx, err));
	HF_TRY(intent_judge(plan, read_intent(r, &tx, plan)));
	if (r->key_type == KEY_ED25519)
		return plan_add_input(plan, in);
	HF_TRY(sha512(in, hash));
	return plan_add_input(plan, HF_SPAN(hash, SHA512_LEN / 2));
}

static hf_status encode(const struct chain_request *r, const struct signature *signature,
                        struct hf_buf *to)
{
	return r->key_type == KEY_ED25519 ? encode_plain(r, signature, to)
	                                  : encode_der(r, signature, to);
}

static hf_status assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TX_MAX);
	HF_BUF_SCOPED struct hf_buf signature = HF_BUF(CHAIN_ENCODED_MAX);
	struct xrpl_tx tx;

	HF_TRY(body_hex(r, "transaction", TX_MAX, &bytes, NULL));
	HF_TRY(parse(hf_buf_span(&bytes), &tx, NULL));
	HF_TRY(encode(r, &signatures[0], &signature));
	hf_buf_put(to, bytes.ptr, tx.signature_at);
	hf_buf_u8(to, BLOB << 4 | 4);
	hf_buf_u8(to, (uint8_t)signature.len); /* below 193 a length is one byte */
	hf_buf_put(to, signature.ptr, signature.len);
	hf_buf_put(to, bytes.ptr + tx.signature_at, bytes.len - tx.signature_at);
	return hf_buf_status(to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, prepare, NULL, assemble },
};

const struct chain chain_xrpl = {
	.kind = "Xrpl",
	.keys = { KEY_SECP256K1, KEY_ED25519 },
	.address = address,
	.encode = encode,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
