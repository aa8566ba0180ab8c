/* SPDX-License-Identifier: Apache-2.0
 * Algorand: https://developer.algorand.org/docs/get-details/transactions/. The body has the
 * MessagePack map { "txn": transaction }; "TX" and the transaction are signed, and { "sig", "txn" }
 * is what can be broadcast. */
#include "chain/intent.h"

#include "base/text.h"
#include "chain/base32.h"
#include "chain/msgpack.h"
#include "crypto/digest.h"

#include <string.h>

#define TRANSACTION_MAX (32u * 1024)
#define KEY_LEN 32
#define CHECKSUM_LEN 4
#define SIGNATURE_LEN 64
#define FEE_MAX 1000000u /* beyond 1 ALGO it is more than a fee */

/* What of a transaction matters here. */
struct txn {
	struct hf_span bytes;
	struct hf_span sender, receiver, type;
	uint64_t fee, amount;
	bool other; /* has members that can do more than pay */
};

static hf_status put_address(struct hf_span key, struct hf_buf *to)
{
	uint8_t hash[32], text[KEY_LEN + CHECKSUM_LEN];

	HF_ENSURE(key.len == KEY_LEN, HF_INVALID);
	HF_TRY(sha512_256(key, hash));
	memcpy(text, key.ptr, KEY_LEN);
	memcpy(text + KEY_LEN, hash + sizeof(hash) - CHECKSUM_LEN, CHECKSUM_LEN);
	base32_put(to, HF_SPAN(text, sizeof(text)));
	return hf_buf_status(to);
}

static bool harmless(const char *key)
{
	static const char *const names[] = { "fv", "gen", "gh", "grp", "lv", "lx", "note" };

	for (size_t i = 0; i < HF_COUNT(names); i++)
		if (strcmp(names[i], key) == 0)
			return true;
	return false;
}

static hf_status read_member(struct hf_reader *r, const char *key, struct txn *t)
{
	struct hf_span ignored;

	if (strcmp(key, "snd") == 0)
		return msgpack_bytes(r, &t->sender);
	if (strcmp(key, "rcv") == 0)
		return msgpack_bytes(r, &t->receiver);
	if (strcmp(key, "type") == 0)
		return msgpack_text(r, &t->type);
	if (strcmp(key, "fee") == 0)
		return msgpack_uint(r, &t->fee);
	if (strcmp(key, "amt") == 0)
		return msgpack_uint(r, &t->amount);
	t->other = t->other || !harmless(key);
	return msgpack_item(r, &ignored);
}

static hf_status read_txn(struct hf_reader *r, struct txn *ret)
{
	struct txn t = { 0 };
	const uint8_t *from = r->ptr;
	struct msgpack_map map;
	bool more;

	HF_TRY(msgpack_open(r, &map));
	for (;;) {
		HF_TRY(msgpack_next(r, &map, &more));
		if (!more)
			break;
		HF_TRY(read_member(r, map.key, &t));
	}
	t.bytes = HF_SPAN(from, (size_t)(r->ptr - from));
	HF_ENSURE(t.type.len > 0 && t.sender.len == KEY_LEN, HF_INVALID);
	HF_ENSURE(t.receiver.len == 0 || t.receiver.len == KEY_LEN, HF_INVALID);
	*ret = t;
	return HF_SUCCESS;
}

/* { "txn": … }, and nothing else: no signature of anybody yet. */
static hf_status read_envelope(struct hf_span bytes, struct txn *ret)
{
	struct hf_reader r = hf_reader(bytes);
	struct msgpack_map map;
	struct txn t;
	bool more;

	HF_TRY(msgpack_open(&r, &map));
	HF_TRY(msgpack_next(&r, &map, &more));
	HF_ENSURE(more && map.left == 0 && strcmp(map.key, "txn") == 0, HF_INVALID);
	HF_TRY(read_txn(&r, &t));
	HF_TRY(hf_reader_end(&r));
	*ret = t;
	return HF_SUCCESS;
}

static hf_status load(const struct chain_request *r, struct hf_buf *bytes, struct txn *ret,
                      struct hf_err *err)
{
	static const char *const names[] = { "transaction" };
	hf_status s;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "transaction", TRANSACTION_MAX, bytes, err));
	s = read_envelope(hf_buf_span(bytes), ret);
	if (!hf_ok(s))
		return hf_fail(err, s.code,
		               "field \"transaction\": expected the canonical MessagePack of "
		               "{ \"txn\": transaction }, not signed yet");
	if (!hf_span_equal(ret->sender, r->public_key))
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": its sender is another account than this "
		               "key's; rekeyed and multisig accounts are not supported");
	return HF_SUCCESS;
}

static hf_status read_payments(const struct chain_request *r, const struct txn *t,
                               struct chain_plan *plan)
{
	static const uint8_t nobody[KEY_LEN]; /* a member that is not there is zero */
	HF_BUF_SCOPED struct hf_buf to = HF_BUF(CHAIN_ADDRESS_MAX - 1);
	struct hf_span receiver = t->receiver.len ? t->receiver : HF_SPAN(nobody, KEY_LEN);

	HF_ENSURE(hf_span_is(t->type, "pay") && !t->other && t->fee <= FEE_MAX, HF_UNSUPPORTED);
	if (hf_span_equal(receiver, r->public_key))
		return HF_SUCCESS;
	if (r->network)
		HF_TRY(put_address(receiver, &to));
	else
		hf_buf_hex(&to, receiver);
	HF_TRY(hf_buf_status(&to));
	return intent_pay(plan, hf_buf_span(&to), t->amount);
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TRANSACTION_MAX);
	HF_BUF_SCOPED struct hf_buf message = HF_BUF(TRANSACTION_MAX + 2);
	struct txn t;

	HF_TRY(load(r, &bytes, &t, err));
	hf_buf_text(&message, "TX");
	hf_buf_put(&message, t.bytes.ptr, t.bytes.len);
	HF_TRY(hf_buf_status(&message));
	HF_TRY(plan_add_input(plan, hf_buf_span(&message)));
	return intent_judge(plan, read_payments(r, &t, plan));
}

static hf_status assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	/* A map of two, the text "sig" and 64 bytes; then the text "txn". */
	static const uint8_t before[] = { 0x82, 0xa3, 's', 'i', 'g', 0xc4, SIGNATURE_LEN };
	static const uint8_t between[] = { 0xa3, 't', 'x', 'n' };
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TRANSACTION_MAX);
	struct txn t;

	HF_ENSURE(n == 1 && signatures[0].len == SIGNATURE_LEN, HF_INVALID);
	HF_TRY(load(r, &bytes, &t, NULL));
	hf_buf_put(to, before, sizeof(before));
	hf_buf_put(to, signatures[0].bytes, SIGNATURE_LEN);
	hf_buf_put(to, between, sizeof(between));
	hf_buf_put(to, t.bytes.ptr, t.bytes.len);
	return hf_buf_status(to);
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	HF_ENSURE(type == KEY_ED25519, HF_INVALID);
	return put_address(public_key, to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, prepare, NULL, assemble },
};

const struct chain chain_algorand = {
	.kind = "Algorand",
	.keys = { KEY_ED25519 },
	.address = address,
	.encode = encode_plain,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
