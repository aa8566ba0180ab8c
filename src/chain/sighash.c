/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/sighash.h"

#include "chain/le.h"

#define PREIMAGE_LEN 182

hf_status sighash_begin(const struct btc_tx *tx, struct sighash *ret)
{
	HF_BUF_SCOPED struct hf_buf all = HF_BUF(tx->core.len);
	struct sighash s = { .tx = tx };

	for (size_t i = 0; i < tx->n_inputs; i++)
		hf_buf_put(&all, tx->inputs[i].outpoint.ptr, BTC_OUTPOINT_LEN);
	HF_TRY(hf_buf_status(&all));
	HF_TRY(btc_hash(hf_buf_span(&all), s.prevouts));
	hf_buf_clear(&all);
	for (size_t i = 0; i < tx->n_inputs; i++)
		le_put(&all, tx->inputs[i].sequence, 4);
	HF_TRY(hf_buf_status(&all));
	HF_TRY(btc_hash(hf_buf_span(&all), s.sequences));
	hf_buf_clear(&all);
	for (size_t i = 0; i < tx->n_outputs; i++)
		hf_buf_put(&all, tx->outputs[i].bytes.ptr, tx->outputs[i].bytes.len);
	HF_TRY(hf_buf_status(&all));
	HF_TRY(btc_hash(hf_buf_span(&all), s.outputs));
	*ret = s;
	return HF_SUCCESS;
}

hf_status sighash_input(const struct sighash *s, size_t i, const uint8_t key_hash[KEY_HASH_LEN],
                        uint64_t amount, uint8_t ret[32])
{
	/* DUP HASH160 <key hash> EQUALVERIFY CHECKSIG */
	static const uint8_t before[] = { 0x19, 0x76, 0xa9, 0x14 }, after[] = { 0x88, 0xac };
	HF_BUF_SCOPED struct hf_buf preimage = HF_BUF(PREIMAGE_LEN);

	le_put(&preimage, s->tx->version, 4);
	hf_buf_put(&preimage, s->prevouts, 32);
	hf_buf_put(&preimage, s->sequences, 32);
	hf_buf_put(&preimage, s->tx->inputs[i].outpoint.ptr, BTC_OUTPOINT_LEN);
	hf_buf_put(&preimage, before, sizeof(before));
	hf_buf_put(&preimage, key_hash, KEY_HASH_LEN);
	hf_buf_put(&preimage, after, sizeof(after));
	le_put(&preimage, amount, 8);
	le_put(&preimage, s->tx->inputs[i].sequence, 4);
	hf_buf_put(&preimage, s->outputs, 32);
	le_put(&preimage, s->tx->locktime, 4);
	le_put(&preimage, SIGHASH_ALL, 4);
	HF_TRY(hf_buf_status(&preimage));
	return btc_hash(hf_buf_span(&preimage), ret);
}
