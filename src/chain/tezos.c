/* SPDX-License-Identifier: Apache-2.0
 * Tezos: https://octez.tezos.com/docs/shell/p2p_api.html, the forged bytes of an operation: a
 * branch, then its contents. The BLAKE2b hash of 03 and the bytes is signed; the signature follows
 * the bytes in what can be broadcast. */
#include "chain/intent.h"

#include "base/text.h"
#include "chain/base58.h"
#include "crypto/digest.h"

#include <string.h>

#define OPERATION_MAX (32u * 1024)
#define WATERMARK 0x03 /* of operations that are no consensus */
#define BRANCH_LEN 32
#define HASH_LEN 20
#define BYTE_COST 250u   /* what is burnt for each byte of storage that an operation may take */
#define FEE_MAX 1000000u /* of all together; beyond 1 tez it is more than a fee */

enum tag { REVEAL = 107, TRANSACTION = 108 };

/* A public key hash: the kind of key, and BLAKE2b of it. */
struct key_hash {
	uint8_t tag;
	uint8_t hash[HASH_LEN];
};

static hf_status own_hash(enum key_type type, struct hf_span public_key, struct key_hash *ret)
{
	ret->tag = type == KEY_ED25519 ? 0 : 1;
	return blake2b(public_key, ret->hash, HASH_LEN);
}

/* tz1 to tz4, then KT1. */
static hf_status put_address(unsigned kind, const uint8_t *hash, struct hf_buf *to)
{
	static const uint8_t prefixes[][3] = {
		{ 6, 161, 159 }, { 6, 161, 161 }, { 6, 161, 164 }, { 6, 161, 166 }, { 2, 90, 121 },
	};
	uint8_t bytes[3 + HASH_LEN];

	HF_ENSURE(kind < HF_COUNT(prefixes), HF_UNSUPPORTED);
	memcpy(bytes, prefixes[kind], 3);
	memcpy(bytes + 3, hash, HASH_LEN);
	return base58check_encode(BASE58_BITCOIN, HF_SPAN(bytes, sizeof(bytes)), to);
}
#define KIND_CONTRACT 4

/* A natural number: 7 bits a byte, the lowest first, in the shortest form. */
static uint64_t read_natural(struct hf_reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 63; shift += 7) {
		uint8_t byte = hf_read_u8(r);

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (byte == 0 && shift > 0)
			break;
		return v;
	}
	r->failed = true;
	return 0;
}

/* What every operation of a manager begins with: source, fee, counter, gas limit, storage limit. */
static hf_status read_manager(struct hf_reader *r, const struct key_hash *own, uint64_t *fees)
{
	uint8_t tag = hf_read_u8(r);
	struct hf_span hash = hf_read_bytes(r, HASH_LEN);

	uint64_t fee = read_natural(r), storage;

	read_natural(r);
	read_natural(r);
	storage = read_natural(r);
	HF_ENSURE(!r->failed && fee <= FEE_MAX && storage <= FEE_MAX / BYTE_COST, HF_UNSUPPORTED);
	*fees += fee + storage * BYTE_COST;
	HF_ENSURE(*fees <= FEE_MAX, HF_UNSUPPORTED);
	HF_ENSURE(tag == own->tag && hf_span_equal(hash, HF_SPAN(own->hash, HASH_LEN)),
	          HF_UNSUPPORTED);
	return HF_SUCCESS;
}

/* The public key itself, and since protocol Seoul whether a proof of it follows: none. */
static hf_status read_reveal(struct hf_reader *r)
{
	static const uint8_t lengths[] = { 32, 33, 33 };
	uint8_t tag = hf_read_u8(r);

	HF_ENSURE(tag < HF_COUNT(lengths), HF_UNSUPPORTED);
	hf_read_bytes(r, lengths[tag]);
	if (r->left > 0 && r->ptr[0] == 0)
		hf_read_u8(r);
	return HF_SUCCESS;
}

/* An amount to an account (00, key hash) or a contract (01, hash, 00), without parameters. */
static hf_status read_transfer(struct hf_reader *r, const struct chain_request *req,
                               const struct key_hash *own, struct chain_plan *plan)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHAIN_ADDRESS_MAX - 1);
	uint64_t amount = read_natural(r);
	struct hf_span to = hf_read_bytes(r, 2 + HASH_LEN);
	bool contract;

	HF_ENSURE(hf_read_u8(r) == 0 && !r->failed && to.ptr[0] <= 1, HF_UNSUPPORTED);
	contract = to.ptr[0] == 1;
	HF_ENSURE(!contract || to.ptr[1 + HASH_LEN] == 0, HF_UNSUPPORTED);
	if (!contract && to.ptr[1] == own->tag && memcmp(to.ptr + 2, own->hash, HASH_LEN) == 0)
		return HF_SUCCESS;
	if (!req->network)
		hf_buf_hex(&text, to);
	else if (contract)
		HF_TRY(put_address(KIND_CONTRACT, to.ptr + 1, &text));
	else
		HF_TRY(put_address(to.ptr[1] < KIND_CONTRACT ? to.ptr[1] : KIND_CONTRACT + 1,
		                   to.ptr + 2, &text));
	HF_TRY(hf_buf_status(&text));
	return intent_pay(plan, hf_buf_span(&text), amount);
}

static hf_status read_payments(struct hf_span operation, const struct chain_request *req,
                               struct chain_plan *plan)
{
	struct hf_reader r = hf_reader(operation);
	struct key_hash own;
	uint64_t fees = 0;

	HF_TRY(own_hash(req->key_type, req->public_key, &own));
	hf_read_bytes(&r, BRANCH_LEN);
	while (r.left > 0 && !r.failed) {
		uint8_t tag = hf_read_u8(&r);

		HF_ENSURE(tag == REVEAL || tag == TRANSACTION, HF_UNSUPPORTED);
		HF_TRY(read_manager(&r, &own, &fees));
		if (tag == REVEAL)
			HF_TRY(read_reveal(&r));
		else
			HF_TRY(read_transfer(&r, req, &own, plan));
	}
	return hf_reader_end(&r);
}

static hf_status load(const struct chain_request *r, struct hf_buf *bytes, struct hf_err *err)
{
	static const char *const names[] = { "transaction" };

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "transaction", OPERATION_MAX, bytes, err));
	if (bytes->len <= BRANCH_LEN)
		return hf_fail(
		        err, HF_INVALID,
		        "field \"transaction\": expected the forged bytes of an operation: a "
		        "branch of 32 bytes and its contents, without a watermark");
	return HF_SUCCESS;
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(OPERATION_MAX);
	HF_BUF_SCOPED struct hf_buf marked = HF_BUF(OPERATION_MAX + 1);
	uint8_t digest[32];

	HF_TRY(load(r, &bytes, err));
	hf_buf_u8(&marked, WATERMARK);
	hf_buf_put(&marked, bytes.ptr, bytes.len);
	HF_TRY(hf_buf_status(&marked));
	HF_TRY(blake2b(hf_buf_span(&marked), digest, sizeof(digest)));
	HF_TRY(plan_add_input(plan, HF_SPAN(digest, sizeof(digest))));
	return intent_judge(plan, read_payments(hf_buf_span(&bytes), r, plan));
}

static hf_status assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(OPERATION_MAX);

	HF_ENSURE(n == 1, HF_INVALID);
	HF_TRY(load(r, &bytes, NULL));
	hf_buf_put(to, bytes.ptr, bytes.len);
	return encode_plain(r, &signatures[0], to);
}

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	struct key_hash own;

	HF_ENSURE(type == KEY_ED25519 || type == KEY_SECP256K1, HF_INVALID);
	HF_TRY(own_hash(type, public_key, &own));
	return put_address(own.tag, own.hash, to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, prepare, NULL, assemble },
};

const struct chain chain_tezos = {
	.kind = "Tezos",
	.keys = { KEY_ED25519, KEY_SECP256K1 },
	.address = address,
	.encode = encode_plain,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
