/* SPDX-License-Identifier: Apache-2.0
 * Cardano: the ledger's CDDL (https://github.com/IntersectMBO/cardano-ledger, conway.cddl), CIP-19
 * for addresses. A transaction is [body, witnesses, …]; the BLAKE2b hash of the body's bytes is
 * signed, and the signature goes among the witnesses. Addresses are enterprise addresses: of a key
 * alone.
 *
 * Of a network's row, `text` is the prefix of addresses, `number` the network's number in them. */
#include "chain/cardano.h"

#include "chain/cbor.h"
#include "chain/intent.h"
#include "crypto/digest.h"

#define TRANSACTION_MAX (32u * 1024) /* the network takes 16 */
#define SIGNATURE_LEN 64
#define TAG_SET 258
#define WITNESS_KEYS 0 /* the member of the witnesses that has signatures by keys */

struct transaction {
	struct hf_span before, body, witnesses, after; /* all of its bytes, in turn */
};

static hf_status split(struct hf_span bytes, struct transaction *ret)
{
	struct hf_reader r = hf_reader(bytes);
	struct transaction t = { 0 };
	struct cbor_list list;
	size_t n = 0;
	bool more;

	HF_TRY(cbor_open(&r, CBOR_ARRAY, &list));
	for (;; n++) {
		struct hf_span item;

		HF_TRY(cbor_next(&r, &list, &more));
		if (!more)
			break;
		HF_TRY(cbor_item(&r, &item));
		if (n == 0)
			t.body = item;
		if (n == 1)
			t.witnesses = item;
	}
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(n == 3 || n == 4, HF_INVALID); /* before Alonzo, and since */
	t.before = HF_SPAN(bytes.ptr, (size_t)(t.body.ptr - bytes.ptr));
	t.after.ptr = t.witnesses.ptr + t.witnesses.len;
	t.after.len = bytes.len - (size_t)(t.after.ptr - bytes.ptr);
	*ret = t;
	return HF_SUCCESS;
}

/* One witness: [public key, signature]. */
static void put_witness(struct hf_span key, struct hf_span signature, struct hf_buf *to)
{
	cbor_put_head(to, CBOR_ARRAY, 2);
	cbor_put_bytes(to, key);
	cbor_put_bytes(to, signature);
}

/* The witnesses by keys that are there, and one more. HF_EXISTS: of this key. */
static hf_status put_more_keys(struct hf_span there, struct hf_span key, struct hf_span signature,
                               struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf all = HF_BUF(TRANSACTION_MAX);
	struct hf_reader r = hf_reader(there), look = r;
	struct cbor_list list, pair;
	struct cbor_head head;
	uint64_t n = 1;
	bool more;

	HF_TRY(cbor_head(&look, &head));
	if (head.major == CBOR_TAG && head.value == TAG_SET) {
		r = look;
		cbor_put_head(to, CBOR_TAG, TAG_SET);
	}
	HF_TRY(cbor_open(&r, CBOR_ARRAY, &list));
	for (;; n++) {
		struct hf_span item, who;
		struct hf_reader in;

		HF_TRY(cbor_next(&r, &list, &more));
		if (!more)
			break;
		HF_TRY(cbor_item(&r, &item));
		in = hf_reader(item);
		HF_TRY(cbor_open(&in, CBOR_ARRAY, &pair));
		HF_TRY(cbor_bytes(&in, &who));
		HF_ENSURE(!hf_span_equal(who, key), HF_EXISTS);
		hf_buf_put(&all, item.ptr, item.len);
	}
	HF_TRY(hf_reader_end(&r));
	HF_TRY(hf_buf_status(&all));
	cbor_put_head(to, CBOR_ARRAY, n);
	hf_buf_put(to, all.ptr, all.len);
	put_witness(key, signature, to);
	return HF_SUCCESS;
}

/* One member of the witnesses: as it is, or with one more signature. */
static hf_status put_member(struct hf_reader *r, struct hf_span key, struct hf_span signature,
                            bool *has_keys, struct hf_buf *to)
{
	const uint8_t *from = r->ptr;
	struct hf_span value;
	uint64_t member;

	HF_TRY(cbor_uint(r, &member));
	hf_buf_put(to, from, (size_t)(r->ptr - from));
	HF_TRY(cbor_item(r, &value));
	if (member != WITNESS_KEYS) {
		hf_buf_put(to, value.ptr, value.len);
		return HF_SUCCESS;
	}
	HF_ENSURE(!*has_keys, HF_INVALID);
	*has_keys = true;
	return put_more_keys(value, key, signature, to);
}

static hf_status put_witnesses(struct hf_span there, struct hf_span key, struct hf_span signature,
                               struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf members = HF_BUF(2 * TRANSACTION_MAX);
	struct hf_reader r = hf_reader(there);
	bool more, has_keys = false;
	struct cbor_list list;
	uint64_t n = 0;

	HF_TRY(cbor_open(&r, CBOR_MAP, &list));
	for (;; n++) {
		HF_TRY(cbor_next(&r, &list, &more));
		if (!more)
			break;
		HF_TRY(put_member(&r, key, signature, &has_keys, &members));
	}
	HF_TRY(hf_buf_status(&members));
	cbor_put_head(to, CBOR_MAP, has_keys ? n : n + 1);
	if (!has_keys) {
		cbor_put_head(to, CBOR_UINT, WITNESS_KEYS);
		cbor_put_head(to, CBOR_ARRAY, 1);
		put_witness(key, signature, to);
	}
	hf_buf_put(to, members.ptr, members.len);
	return hf_buf_status(to);
}

/* The transaction with a signature among its witnesses. */
static hf_status put_signed(const struct transaction *t, struct hf_span key,
                            struct hf_span signature, struct hf_buf *to)
{
	hf_buf_put(to, t->before.ptr, t->before.len);
	hf_buf_put(to, t->body.ptr, t->body.len);
	HF_TRY(put_witnesses(t->witnesses, key, signature, to));
	hf_buf_put(to, t->after.ptr, t->after.len);
	return hf_buf_status(to);
}

static hf_status load(const struct chain_request *r, struct hf_buf *bytes, struct transaction *ret,
                      struct hf_err *err)
{
	static const char *const names[] = { "transaction" };
	static const uint8_t none[SIGNATURE_LEN];
	HF_BUF_SCOPED struct hf_buf trial = HF_BUF(2 * TRANSACTION_MAX);
	struct cbor_list members;
	struct hf_reader body;
	hf_status s;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "transaction", TRANSACTION_MAX, bytes, err));
	s = split(hf_buf_span(bytes), ret);
	if (hf_ok(s)) {
		body = hf_reader(ret->body);
		s = cbor_open(&body, CBOR_MAP, &members);
	}
	/* What cannot be put together afterwards is not signed. */
	if (hf_ok(s))
		s = put_signed(ret, r->public_key, HF_SPAN(none, SIGNATURE_LEN), &trial);
	if (s.code == HF_EXISTS)
		return hf_fail(err, HF_INVALID,
		               "field \"transaction\": this key has signed it already");
	if (!hf_ok(s))
		return hf_fail(err, s.code,
		               "field \"transaction\": expected the CBOR of a Cardano transaction: "
		               "[body, witnesses, is valid, auxiliary data]");
	return HF_SUCCESS;
}

static hf_status prepare(const struct chain_request *r, struct chain_plan *plan, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TRANSACTION_MAX);
	struct transaction t;
	uint8_t digest[32];

	HF_TRY(load(r, &bytes, &t, err));
	HF_TRY(blake2b(t.body, digest, sizeof(digest)));
	HF_TRY(plan_add_input(plan, HF_SPAN(digest, sizeof(digest))));
	return intent_judge(plan, cardano_read_payments(r, t.body, plan));
}

static hf_status assemble(const struct chain_request *r, const struct chain_plan *plan,
                          const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(TRANSACTION_MAX);
	struct transaction t;

	HF_ENSURE(n == 1 && signatures[0].len == SIGNATURE_LEN, HF_INVALID);
	HF_TRY(load(r, &bytes, &t, NULL));
	return put_signed(&t, r->public_key, HF_SPAN(signatures[0].bytes, SIGNATURE_LEN), to);
}

static const struct chain_rule rules[] = {
	{ CHAIN_TRANSACTION, prepare, NULL, assemble },
};

const struct chain chain_cardano = {
	.kind = "Cardano",
	.keys = { KEY_ED25519 },
	.address = cardano_address,
	.encode = encode_plain,
	.rules = rules,
	.n_rules = HF_COUNT(rules),
};
