/* SPDX-License-Identifier: Apache-2.0
 * NEAR: https://nomicon.io/RuntimeSpec/Transactions, in Borsh (https://borsh.io). A transaction is
 * signed over sha256 of it; an implicit account's name is its key in hex
 * (https://nomicon.io/DataStructures/Account). */
#include "chain/intent.h"

#include "base/text.h"
#include "chain/le.h"
#include "crypto/digest.h"

#define TX_MAX (64u << 10)
#define ACCOUNT_NAME_MAX 64
#define ED25519 0  /* of PublicKey and Signature */
#define TRANSFER 3 /* of Action */

struct near_tx {
	struct hf_span signer, receiver;
	uint32_t n_actions;
	struct hf_reader actions;
};

static hf_status address(const struct chain_network *network, enum key_type type,
                         struct hf_span public_key, struct hf_buf *to)
{
	hf_buf_hex(to, public_key);
	return hf_buf_status(to);
}

static struct hf_span read_name(struct hf_reader *r)
{
	size_t len = le_read(r, 4);

	r->failed |= len < 2 || len > ACCOUNT_NAME_MAX;
	return hf_read_bytes(r, len);
}

static hf_status parse(const struct chain_request *r, struct hf_span bytes, struct near_tx *ret,
                       struct hf_err *err)
{
	struct hf_reader in = hf_reader(bytes);
	struct near_tx tx = { .signer = read_name(&in) };
	uint8_t key_type = hf_read_u8(&in);
	struct hf_span key = hf_read_bytes(&in, 32);

	(void)le_read(&in, 8); /* nonce */
	tx.receiver = read_name(&in);
	(void)hf_read_bytes(&in, 32); /* of a block */
	tx.n_actions = (uint32_t)le_read(&in, 4);
	tx.actions = in;
	if (in.failed)
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": it is not a transaction in Borsh");
	if (key_type != ED25519 || !hf_span_equal(key, r->public_key))
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": its public key has to be this key's");
	*ret = tx;
	return HF_SUCCESS;
}

static hf_status read_intent(struct near_tx *tx, struct chain_plan *plan)
{
	struct chain_transfer t = { .native = true };
	uint8_t be[16];

	HF_TRY(hf_span_to_text(tx->receiver, t.to, sizeof(t.to)));
	for (uint32_t i = 0; i < tx->n_actions; i++) {
		struct hf_span deposit;

		HF_ENSURE(hf_read_u8(&tx->actions) == TRANSFER, HF_UNSUPPORTED);
		deposit = hf_read_bytes(&tx->actions, sizeof(be)); /* little-endian */
		HF_ENSURE(!tx->actions.failed, HF_UNSUPPORTED);
		for (size_t b = 0; b < sizeof(be); b++)
			be[b] = deposit.ptr[sizeof(be) - 1 - b];
		HF_TRY(chain_amount_be(HF_SPAN(be, sizeof(be)), &t.amount));
		if (!hf_span_equal(tx->receiver, tx->signer))
			HF_TRY(plan_add_transfer(plan, &t));
	}
	return hf_reader_end(&tx->actions);
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	static const char *const names[] = { "transaction" };
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TX_MAX);
	uint8_t digest[SHA256_LEN];
	struct near_tx tx;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "transaction", TX_MAX, &bytes, err));
	HF_TRY(parse(r, hf_buf_span(&bytes), &tx, err));
	HF_TRY(intent_judge(plan, read_intent(&tx, plan)));
	HF_TRY(sha256(hf_buf_span(&bytes), digest));
	return plan_add_input(plan, HF_SPAN(digest, sizeof(digest)));
}

/* SignedTransaction: the transaction, then its signature. */
static hf_status assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_TRY(body_hex(r, "transaction", TX_MAX, to, NULL));
	hf_buf_u8(to, ED25519);
	return encode_plain(r, &signatures[0], to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, prepare, NULL, assemble },
};

const struct chain chain_near = {
	.kind = "Near",
	.keys = { KEY_ED25519 },
	.address = address,
	.encode = encode_plain,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
