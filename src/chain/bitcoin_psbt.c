/* SPDX-License-Identifier: Apache-2.0
 * Kind Psbt. One input of the plan for each input of the PSBT that pays to this key: to its witness
 * hash, natively or inside of P2SH.
 *
 * BIP-143 commits to the amount of the input that is signed, but not to those of the others, so a
 * fee can be hidden in a wrong amount; where the PSBT has the whole previous transaction, its id
 * and its output have to agree with what is claimed. */
#include "chain/bitcoin.h"

#include "chain/intent.h"
#include "chain/le.h"
#include "chain/psbt.h"
#include "crypto/digest.h"

#include <string.h>

/* A fee beyond this (0.01) is a payment to whoever mines: then the plan is not readable. */
#define FEE_MAX 1000000u
/* More than there is of any of these coins. */
#define AMOUNT_MAX 21000000000000000u

struct spent {
	bool known;
	bool proven; /* by the whole previous transaction */
	uint64_t amount;
	struct hf_span script;
};

struct job {
	struct psbt psbt;
	struct p2wpkh own;
	struct spent *spent; /* one for each input */
	bool *mine;          /* which of them this key signs */
};

static void job_done(struct job *j)
{
	psbt_done(&j->psbt);
	free(j->spent);
	free(j->mine);
}
#define JOB_SCOPED HF_CLEANUP(job_done)

static hf_status read_output(struct hf_span bytes, struct spent *ret)
{
	struct hf_reader r = hf_reader(bytes);
	struct spent s = { .known = true };

	s.amount = le_read(&r, 8);
	s.script = compact_bytes(&r);
	HF_TRY(hf_reader_end(&r));
	*ret = s;
	return HF_SUCCESS;
}

/* The output of the whole previous transaction that input i spends. */
static hf_status from_previous(const struct btc_input *in, struct hf_span bytes, struct spent *ret)
{
	BTC_TX_SCOPED struct btc_tx previous = { 0 };
	struct hf_reader at = hf_reader(HF_SPAN(in->outpoint.ptr + BTC_ID_LEN, 4));
	uint8_t id[BTC_ID_LEN];
	uint64_t index = le_read(&at, 4);

	HF_TRY(btc_tx_read(bytes, &previous));
	HF_TRY(btc_tx_id(&previous, id));
	HF_ENSURE(memcmp(id, in->outpoint.ptr, BTC_ID_LEN) == 0, HF_DENIED);
	HF_ENSURE(index < previous.n_outputs, HF_INVALID);
	*ret = (struct spent){ true, true, previous.outputs[index].value,
		               previous.outputs[index].script };
	return HF_SUCCESS;
}

static hf_status find_spent(const struct psbt *p, size_t i, struct spent *ret, struct hf_err *err)
{
	struct spent whole = { 0 }, claimed = { 0 };
	struct hf_span value;
	hf_status s;

	if (psbt_input(p, i, PSBT_IN_NON_WITNESS_UTXO, &value)) {
		s = from_previous(&p->tx.inputs[i], value, &whole);
		if (s.code == HF_DENIED)
			return hf_fail(err, HF_INVALID,
			               "field \"psbt\": input %zu: its previous transaction has "
			               "another id than the one that it spends",
			               i);
		if (s.code == HF_INVALID)
			return hf_fail(err, HF_INVALID,
			               "field \"psbt\": input %zu: its previous transaction is "
			               "malformed, or has no such output",
			               i);
		HF_TRY(s);
	}
	if (psbt_input(p, i, PSBT_IN_WITNESS_UTXO, &value) && !hf_ok(read_output(value, &claimed)))
		return hf_fail(err, HF_INVALID,
		               "field \"psbt\": input %zu: its witness UTXO is malformed", i);
	if (whole.known && claimed.known &&
	    (whole.amount != claimed.amount || !hf_span_equal(whole.script, claimed.script)))
		return hf_fail(err, HF_INVALID,
		               "field \"psbt\": input %zu: its witness UTXO is not what its "
		               "previous transaction pays",
		               i);
	*ret = whole.known ? whole : claimed;
	if (ret->amount > AMOUNT_MAX)
		return hf_fail(err, HF_INVALID,
		               "field \"psbt\": input %zu: an amount of that size does not exist",
		               i);
	return HF_SUCCESS;
}

/* P2SH around the witness hash of this key (BIP-141): OP_HASH160 <hash of the redeem script> EQUAL.
 */
static hf_status is_nested(const struct job *j, size_t i, bool *ret)
{
	uint8_t script[23] = { 0xa9, KEY_HASH_LEN };
	struct hf_span redeem;

	*ret = false;
	if (!psbt_input(&j->psbt, i, PSBT_IN_REDEEM_SCRIPT, &redeem) ||
	    !hf_span_equal(redeem, HF_SPAN(j->own.script, P2WPKH_LEN)))
		return HF_SUCCESS;
	HF_TRY(hash160(redeem, script + 2));
	script[22] = 0x87;
	*ret = hf_span_equal(j->spent[i].script, HF_SPAN(script, sizeof(script)));
	return HF_SUCCESS;
}

static bool is_legacy(const struct job *j, struct hf_span script)
{
	uint8_t legacy[25] = { 0x76, 0xa9, KEY_HASH_LEN };

	memcpy(legacy + 3, p2wpkh_key_hash(&j->own), KEY_HASH_LEN);
	legacy[23] = 0x88;
	legacy[24] = 0xac;
	return hf_span_equal(script, HF_SPAN(legacy, sizeof(legacy)));
}

static hf_status check_sighash_type(const struct psbt *p, size_t i, struct hf_err *err)
{
	struct hf_span type;

	if (!psbt_input(p, i, PSBT_IN_SIGHASH_TYPE, &type) ||
	    hf_span_equal(type, HF_SPAN("\1\0\0\0", 4)))
		return HF_SUCCESS;
	return hf_fail(err, HF_UNSUPPORTED,
	               "field \"psbt\": input %zu asks for another signature hash type than ALL, "
	               "under which others could change what is signed; it is not supported",
	               i);
}

static hf_status find_mine(struct job *j, size_t i, struct hf_err *err)
{
	struct hf_span ignored;
	bool nested;

	if (!j->spent[i].known || psbt_input(&j->psbt, i, PSBT_IN_FINAL_SCRIPTSIG, &ignored) ||
	    psbt_input(&j->psbt, i, PSBT_IN_FINAL_SCRIPTWITNESS, &ignored))
		return HF_SUCCESS;
	if (is_legacy(j, j->spent[i].script))
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"psbt\": input %zu pays to the plain hash of this key "
		               "(P2PKH); only witness hashes (P2WPKH) are supported",
		               i);
	HF_TRY(is_nested(j, i, &nested));
	j->mine[i] =
	        nested || hf_span_equal(j->spent[i].script, HF_SPAN(j->own.script, P2WPKH_LEN));
	return j->mine[i] ? check_sighash_type(&j->psbt, i, err) : HF_SUCCESS;
}

/* `bytes` outlives *j. */
static hf_status job_read(const struct chain_request *r, struct hf_buf *bytes, struct job *j,
                          struct hf_err *err)
{
	static const char *const names[] = { "psbt" };
	size_t n;

	HF_TRY(body_only(r, names, HF_COUNT(names), err));
	HF_TRY(body_hex(r, "psbt", PSBT_MAX, bytes, err));
	HF_TRY(psbt_read(hf_buf_span(bytes), &j->psbt, err));
	HF_TRY(p2wpkh_of(r->public_key, &j->own));
	n = j->psbt.tx.n_inputs;
	j->spent = calloc(n, sizeof(*j->spent));
	j->mine = calloc(n, sizeof(*j->mine));
	HF_ENSURE(j->spent && j->mine, HF_NOMEM);
	for (size_t i = 0; i < n; i++) {
		HF_TRY(find_spent(&j->psbt, i, &j->spent[i], err));
		HF_TRY(find_mine(j, i, err));
	}
	return HF_SUCCESS;
}

/* What goes in; HF_UNSUPPORTED when not all of it is certain. */
static hf_status sum_inputs(const struct job *j, uint64_t *ret)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < j->psbt.tx.n_inputs; i++) {
		HF_ENSURE(j->spent[i].proven || (j->psbt.tx.n_inputs == 1 && j->mine[i]),
		          HF_UNSUPPORTED);
		HF_ENSURE(!__builtin_add_overflow(sum, j->spent[i].amount, &sum), HF_UNSUPPORTED);
	}
	*ret = sum;
	return HF_SUCCESS;
}

static hf_status read_payments(const struct chain_request *r, const struct job *j,
                               struct chain_plan *plan)
{
	const struct btc_tx *tx = &j->psbt.tx;
	uint64_t in = 0, out = 0;

	for (size_t i = 0; i < tx->n_outputs; i++) {
		HF_BUF_SCOPED struct hf_buf to = HF_BUF(CHAIN_ADDRESS_MAX - 1);
		const struct btc_output *o = &tx->outputs[i];

		HF_ENSURE(o->value <= AMOUNT_MAX, HF_UNSUPPORTED);
		HF_ENSURE(!__builtin_add_overflow(out, o->value, &out), HF_UNSUPPORTED);
		/* Nothing is paid, as in an OP_RETURN, or to oneself. */
		if (o->value == 0 || hf_span_equal(o->script, HF_SPAN(j->own.script, P2WPKH_LEN)))
			continue;
		HF_TRY(bitcoin_script_address(r->network, o->script, &to));
		HF_TRY(intent_pay(plan, hf_buf_span(&to), o->value));
	}
	HF_TRY(sum_inputs(j, &in));
	HF_ENSURE(in >= out && in - out <= FEE_MAX, HF_UNSUPPORTED);
	return HF_SUCCESS;
}

static hf_status add_inputs(const struct job *j, struct chain_plan *plan, struct hf_err *err)
{
	struct sighash hashes;

	HF_TRY(sighash_begin(&j->psbt.tx, &hashes));
	for (size_t i = 0; i < j->psbt.tx.n_inputs; i++) {
		uint8_t digest[32];

		if (!j->mine[i])
			continue;
		if (plan->n_inputs == CHAIN_INPUTS_MAX)
			return hf_fail(err, HF_TOOBIG,
			               "field \"psbt\": more than %d inputs of this key",
			               CHAIN_INPUTS_MAX);
		HF_TRY(sighash_input(&hashes, i, p2wpkh_key_hash(&j->own), j->spent[i].amount,
		                     digest));
		HF_TRY(plan_add_input(plan, HF_SPAN(digest, sizeof(digest))));
	}
	if (plan->n_inputs == 0)
		return hf_fail(err, HF_INVALID,
		               "field \"psbt\": no input of it pays to this key: each input needs "
		               "its witness UTXO, with the witness hash (P2WPKH) of the wallet's "
		               "public key");
	return HF_SUCCESS;
}

hf_status bitcoin_prepare_psbt(const struct chain_request *r, struct chain_plan *plan,
                               struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(PSBT_MAX);
	JOB_SCOPED struct job j = { 0 };

	HF_TRY(job_read(r, &bytes, &j, err));
	HF_TRY(add_inputs(&j, plan, err));
	return intent_judge(plan, read_payments(r, &j, plan));
}

/* BIP-174: the signature as it would stand in the witness: DER, and the type of its hash. */
static hf_status collect(const struct chain_request *r, const struct job *j,
                         const struct signature *signatures, size_t n, struct hf_buf *pool,
                         struct hf_span *ret)
{
	size_t used = 0;

	for (size_t i = 0; i < j->psbt.tx.n_inputs; i++) {
		size_t at = pool->len;

		if (!j->mine[i])
			continue;
		HF_ENSURE(used < n, HF_INVALID);
		HF_TRY(encode_der(r, &signatures[used++], pool));
		hf_buf_u8(pool, SIGHASH_ALL);
		HF_TRY(hf_buf_status(pool));
		ret[i].len = pool->len - at;
	}
	HF_ENSURE(used == n, HF_INVALID);
	for (size_t i = 0, at = 0; i < j->psbt.tx.n_inputs; at += ret[i++].len)
		ret[i].ptr = pool->ptr + at;
	return HF_SUCCESS;
}

hf_status bitcoin_assemble_psbt(const struct chain_request *r, const struct chain_plan *plan,
                                const struct signature *signatures, size_t n, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(PSBT_MAX);
	HF_BUF_SCOPED struct hf_buf pool = HF_BUF((size_t)CHAIN_INPUTS_MAX * CHAIN_ENCODED_MAX);
	HF_FREE struct hf_span *each = NULL;
	JOB_SCOPED struct job j = { 0 };

	HF_TRY(job_read(r, &bytes, &j, NULL));
	each = calloc(j.psbt.tx.n_inputs, sizeof(*each));
	HF_ENSURE(each, HF_NOMEM);
	HF_TRY(collect(r, &j, signatures, n, &pool, each));
	return psbt_write(&j.psbt, r->public_key, each, to);
}
