/* SPDX-License-Identifier: Apache-2.0
 * Kind Bip322: a message, proven by the owner of a key's P2WPKH address (BIP-322): a signature for
 * the one input of a virtual transaction, which spends the output of another that holds the
 * message. */
#include "chain/bitcoin.h"

#include "chain/le.h"
#include "crypto/digest.h"

#include <string.h>

#define TAG "BIP0322-signed-message"
#define TO_SIGN_MAX 128

/* BIP-340's tagged hash. */
static hf_status hash_message(struct hf_span message, uint8_t ret[SHA256_LEN])
{
	HF_BUF_SCOPED struct hf_buf all = HF_BUF(2 * SHA256_LEN + SIGN_INPUT_MAX);
	uint8_t tag[SHA256_LEN];

	HF_TRY(sha256(hf_span_text(TAG), tag));
	hf_buf_put(&all, tag, sizeof(tag));
	hf_buf_put(&all, tag, sizeof(tag));
	hf_buf_put(&all, message.ptr, message.len);
	HF_TRY(hf_buf_status(&all));
	return sha256(hf_buf_span(&all), ret);
}

/* The id of the transaction that holds the message: of one input from nowhere, with the script 0
 * <hash>, and of one output without an amount to the address. */
static hf_status to_spend_id(struct hf_span message, const struct p2wpkh *own,
                             uint8_t ret[BTC_ID_LEN])
{
	HF_BUF_SCOPED struct hf_buf tx = HF_BUF(TO_SIGN_MAX + 64);
	uint8_t hash[SHA256_LEN];

	HF_TRY(hash_message(message, hash));
	le_put(&tx, 0, 4); /* version */
	hf_buf_u8(&tx, 1);
	for (int i = 0; i < 4; i++)
		hf_buf_u64(&tx, 0);
	le_put(&tx, 0xffffffff, 4);
	hf_buf_u8(&tx, 2 + SHA256_LEN);
	hf_buf_u8(&tx, 0);
	hf_buf_u8(&tx, SHA256_LEN);
	hf_buf_put(&tx, hash, sizeof(hash));
	le_put(&tx, 0, 4); /* sequence */
	hf_buf_u8(&tx, 1);
	le_put(&tx, 0, 8);
	compact_put_bytes(&tx, HF_SPAN(own->script, P2WPKH_LEN));
	le_put(&tx, 0, 4); /* lock time */
	HF_TRY(hf_buf_status(&tx));
	return btc_hash(hf_buf_span(&tx), ret);
}

/* Everything of the transaction that is signed but its version, witness and lock time, all 0. */
static hf_status put_core(struct hf_span message, const struct p2wpkh *own, struct hf_buf *to)
{
	uint8_t id[BTC_ID_LEN];

	HF_TRY(to_spend_id(message, own, id));
	hf_buf_u8(to, 1);
	hf_buf_put(to, id, sizeof(id));
	le_put(to, 0, 4); /* its first output */
	hf_buf_u8(to, 0); /* no signature script */
	le_put(to, 0, 4); /* sequence */
	hf_buf_u8(to, 1);
	le_put(to, 0, 8);
	hf_buf_u8(to, 1);
	hf_buf_u8(to, 0x6a); /* OP_RETURN */
	return hf_buf_status(to);
}

struct asked {
	struct hf_buf message;
	struct p2wpkh own;
	bool full;
};

static void asked_done(struct asked *a)
{
	hf_buf_done(&a->message);
}
#define ASKED_SCOPED HF_CLEANUP(asked_done)

static hf_status asked_read(const struct chain_request *r, struct asked *a, struct hf_err *err)
{
	static const char *const names[] = { "message", "format" };
	const char *format = "Simple";

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "message", SIGN_INPUT_MAX, &a->message, err));
	if (json_member(r->body, "format"))
		HF_TRY(body_text(r, "format", &format, err));
	a->full = strcmp(format, "Full") == 0;
	if (!a->full && strcmp(format, "Simple") != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"format\": expected \"Simple\" or \"Full\"");
	return p2wpkh_of(r->public_key, &a->own);
}

hf_status bip322_prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	ASKED_SCOPED struct asked a = { .message = HF_BUF(SIGN_INPUT_MAX) };
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TO_SIGN_MAX);
	BTC_TX_SCOPED struct btc_tx tx = { 0 };
	struct sighash hashes;
	uint8_t digest[32];

	HF_TRY(asked_read(r, &a, err));
	le_put(&bytes, 0, 4);
	HF_TRY(put_core(hf_buf_span(&a.message), &a.own, &bytes));
	le_put(&bytes, 0, 4);
	HF_TRY(hf_buf_status(&bytes));
	HF_TRY(btc_tx_read(hf_buf_span(&bytes), &tx));
	HF_TRY(sighash_begin(&tx, &hashes));
	HF_TRY(sighash_input(&hashes, 0, p2wpkh_key_hash(&a.own), 0, digest));
	return plan_add_input(plan, HF_SPAN(digest, sizeof(digest)));
}

/* BIP-141: the signature with the type of its hash, and the public key. */
static hf_status put_witness(const struct chain_request *r, const struct signature *signature,
                             struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf der = HF_BUF(CHAIN_ENCODED_MAX);

	HF_TRY(encode_der(r, signature, &der));
	hf_buf_u8(&der, SIGHASH_ALL);
	HF_TRY(hf_buf_status(&der));
	hf_buf_u8(to, 2);
	compact_put_bytes(to, hf_buf_span(&der));
	compact_put_bytes(to, r->public_key);
	return hf_buf_status(to);
}

hf_status bip322_assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	ASKED_SCOPED struct asked a = { .message = HF_BUF(SIGN_INPUT_MAX) };

	HF_ENSURE(n == 1, HF_INVALID);
	HF_TRY(asked_read(r, &a, NULL));
	if (!a.full)
		return put_witness(r, &signatures[0], to);
	le_put(to, 0, 4);
	hf_buf_u8(to, 0); /* BIP-144: with witnesses */
	hf_buf_u8(to, 1);
	HF_TRY(put_core(hf_buf_span(&a.message), &a.own, to));
	HF_TRY(put_witness(r, &signatures[0], to));
	le_put(to, 0, 4);
	return hf_buf_status(to);
}
