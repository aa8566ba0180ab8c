/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/btc_tx.h"

#include "chain/le.h"
#include "crypto/digest.h"

#include <string.h>

#define INPUT_LEAST (BTC_OUTPOINT_LEN + 1 + 4)
#define OUTPUT_LEAST (8 + 1)

void btc_tx_done(struct btc_tx *tx)
{
	free(tx->inputs);
	free(tx->outputs);
	*tx = (struct btc_tx){ 0 };
}

static hf_status read_inputs(struct hf_reader *r, struct btc_tx *tx)
{
	uint64_t n = compact_read(r);

	HF_ENSURE(!r->failed && n >= 1 && n <= r->left / INPUT_LEAST, HF_INVALID);
	tx->inputs = calloc((size_t)n, sizeof(*tx->inputs));
	HF_ENSURE(tx->inputs, HF_NOMEM);
	tx->n_inputs = (size_t)n;
	for (size_t i = 0; i < tx->n_inputs; i++) {
		tx->inputs[i].outpoint = hf_read_bytes(r, BTC_OUTPOINT_LEN);
		tx->inputs[i].script = compact_bytes(r);
		tx->inputs[i].sequence = (uint32_t)le_read(r, 4);
	}
	HF_ENSURE(!r->failed, HF_INVALID);
	return HF_SUCCESS;
}

static hf_status read_outputs(struct hf_reader *r, struct btc_tx *tx)
{
	uint64_t n = compact_read(r);

	HF_ENSURE(!r->failed && n <= r->left / OUTPUT_LEAST, HF_INVALID);
	tx->outputs = calloc(n ? (size_t)n : 1, sizeof(*tx->outputs));
	HF_ENSURE(tx->outputs, HF_NOMEM);
	tx->n_outputs = (size_t)n;
	for (size_t i = 0; i < tx->n_outputs; i++) {
		struct btc_output *o = &tx->outputs[i];
		const uint8_t *from = r->ptr;

		o->value = le_read(r, 8);
		o->script = compact_bytes(r);
		o->bytes = HF_SPAN(from, (size_t)(r->ptr - from));
	}
	HF_ENSURE(!r->failed, HF_INVALID);
	return HF_SUCCESS;
}

/* BIP-144: a marker 0, which would be a count of no inputs, and a flag 1. */
static bool take_marker(struct hf_reader *r)
{
	if (r->left < 2 || r->ptr[0] != 0 || r->ptr[1] != 1)
		return false;
	hf_read_bytes(r, 2);
	return true;
}

static void pass_witnesses(struct hf_reader *r, size_t n_inputs)
{
	for (size_t i = 0; i < n_inputs && !r->failed; i++)
		for (uint64_t n = compact_read(r); n > 0 && !r->failed; n--)
			compact_bytes(r);
}

hf_status btc_tx_read(struct hf_span bytes, struct btc_tx *ret)
{
	BTC_TX_SCOPED struct btc_tx tx = { 0 };
	struct hf_reader r = hf_reader(bytes);
	const uint8_t *from;

	tx.version = (uint32_t)le_read(&r, 4);
	tx.witnesses = take_marker(&r);
	from = r.ptr;
	HF_TRY(read_inputs(&r, &tx));
	HF_TRY(read_outputs(&r, &tx));
	tx.core = HF_SPAN(from, (size_t)(r.ptr - from));
	if (tx.witnesses)
		pass_witnesses(&r, tx.n_inputs);
	tx.locktime = (uint32_t)le_read(&r, 4);
	HF_TRY(hf_reader_end(&r));
	*ret = tx;
	tx = (struct btc_tx){ 0 };
	return HF_SUCCESS;
}

hf_status btc_hash(struct hf_span in, uint8_t ret[32])
{
	uint8_t once[SHA256_LEN];

	HF_TRY(sha256(in, once));
	return sha256(HF_SPAN(once, sizeof(once)), ret);
}

hf_status btc_tx_id(const struct btc_tx *tx, uint8_t ret[BTC_ID_LEN])
{
	HF_BUF_SCOPED struct hf_buf plain = HF_BUF(tx->core.len + 8);

	le_put(&plain, tx->version, 4);
	hf_buf_put(&plain, tx->core.ptr, tx->core.len);
	le_put(&plain, tx->locktime, 4);
	HF_TRY(hf_buf_status(&plain));
	return btc_hash(hf_buf_span(&plain), ret);
}
