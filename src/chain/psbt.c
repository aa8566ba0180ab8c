/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/psbt.h"

#include "chain/le.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "psbt\xff"
#define MAGIC_LEN 5
#define GLOBAL_UNSIGNED_TX 0x00
#define GLOBAL_VERSION 0xfb
#define IN_BIP32_DERIVATION 0x06
#define OUT_WITNESS_SCRIPT 0x01 /* and 0x00, redeem script */
#define OUT_BIP32_DERIVATION 0x02
#define PUBLIC_KEY_LEN 33
#define PUBLIC_KEY_LONG_LEN 65

struct record {
	struct hf_span bytes, key, value;
};

/* The next record of a map; an empty key is its end. */
static struct record next(struct hf_reader *r)
{
	struct record rec = { 0 };
	const uint8_t *from = r->ptr;

	rec.key = compact_bytes(r);
	if (rec.key.len > 0)
		rec.value = compact_bytes(r);
	rec.bytes = HF_SPAN(from, (size_t)(r->ptr - from));
	return rec;
}

static int by_bytes(const void *a, const void *b)
{
	const struct hf_span *x = a, *y = b;
	int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* A map up to its separator: no key twice, each accepted by `key_ok`. */
static hf_status read_map(struct hf_reader *r, bool (*key_ok)(struct hf_span key),
                          struct hf_span *ret)
{
	struct hf_span keys[PSBT_RECORDS_MAX];
	const uint8_t *from = r->ptr;
	size_t n = 0;

	for (;;) {
		struct record rec = next(r);

		HF_ENSURE(!r->failed, HF_INVALID);
		if (rec.key.len == 0)
			break;
		HF_ENSURE(n < PSBT_RECORDS_MAX, HF_TOOBIG);
		HF_ENSURE(key_ok(rec.key), HF_INVALID);
		keys[n++] = rec.key;
	}
	qsort(keys, n, sizeof(keys[0]), by_bytes);
	for (size_t i = 1; i < n; i++)
		HF_ENSURE(!hf_span_equal(keys[i - 1], keys[i]), HF_INVALID);
	*ret = HF_SPAN(from, (size_t)(r->ptr - from) - 1);
	return HF_SUCCESS;
}

static bool find(struct hf_span map, uint8_t type, struct hf_span *ret)
{
	struct hf_reader r = hf_reader(map);

	while (r.left > 0 && !r.failed) {
		struct record rec = next(&r);

		if (hf_span_equal(rec.key, HF_SPAN(&type, 1))) {
			*ret = rec.value;
			return true;
		}
	}
	return false;
}

static bool global_key_ok(struct hf_span key)
{
	return key.len == 1 || (key.ptr[0] != GLOBAL_UNSIGNED_TX && key.ptr[0] != GLOBAL_VERSION);
}

static bool has_public_key(struct hf_span key)
{
	return key.len == 1 + PUBLIC_KEY_LEN || key.len == 1 + PUBLIC_KEY_LONG_LEN;
}

static bool input_key_ok(struct hf_span key)
{
	switch (key.ptr[0]) {
	case PSBT_IN_NON_WITNESS_UTXO:
	case PSBT_IN_WITNESS_UTXO:
	case PSBT_IN_SIGHASH_TYPE:
	case PSBT_IN_REDEEM_SCRIPT:
	case PSBT_IN_WITNESS_SCRIPT:
	case PSBT_IN_FINAL_SCRIPTSIG:
	case PSBT_IN_FINAL_SCRIPTWITNESS:
		return key.len == 1;
	case PSBT_IN_PARTIAL_SIG:
	case IN_BIP32_DERIVATION:
		return has_public_key(key);
	default:
		return true;
	}
}

static bool output_key_ok(struct hf_span key)
{
	if (key.ptr[0] == OUT_BIP32_DERIVATION)
		return has_public_key(key);
	return key.ptr[0] > OUT_WITNESS_SCRIPT || key.len == 1;
}

void psbt_done(struct psbt *p)
{
	btc_tx_done(&p->tx);
	free(p->inputs);
	*p = (struct psbt){ 0 };
}

static hf_status read_global(struct hf_reader *r, struct psbt *p, struct hf_err *err)
{
	struct hf_span map, value;
	hf_status s = read_map(r, global_key_ok, &map);

	if (!hf_ok(s))
		return hf_fail(err, s.code, "field \"psbt\": its global map is malformed");
	if (find(map, GLOBAL_VERSION, &value) && !hf_span_equal(value, HF_SPAN("\0\0\0\0", 4)))
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"psbt\": only version 0 (BIP-174) is supported; convert it");
	if (!find(map, GLOBAL_UNSIGNED_TX, &value))
		return hf_fail(err, HF_INVALID,
		               "field \"psbt\": there is no unsigned transaction in it");
	s = btc_tx_read(value, &p->tx);
	if (s.code == HF_INVALID || (hf_ok(s) && p->tx.witnesses))
		return hf_fail(err, HF_INVALID,
		               "field \"psbt\": its unsigned transaction is malformed");
	HF_TRY(s);
	for (size_t i = 0; i < p->tx.n_inputs; i++)
		if (p->tx.inputs[i].script.len > 0)
			return hf_fail(
			        err, HF_INVALID,
			        "field \"psbt\": input %zu of its unsigned transaction has a "
			        "signature script",
			        i);
	return HF_SUCCESS;
}

static hf_status read_rest(struct hf_reader *r, struct psbt *p)
{
	struct hf_span outputs;

	p->inputs = calloc(p->tx.n_inputs, sizeof(*p->inputs));
	HF_ENSURE(p->inputs, HF_NOMEM);
	p->inputs_at = p->bytes.len - r->left;
	for (size_t i = 0; i < p->tx.n_inputs; i++)
		HF_TRY(read_map(r, input_key_ok, &p->inputs[i]));
	p->outputs_at = p->bytes.len - r->left;
	for (size_t i = 0; i < p->tx.n_outputs; i++)
		HF_TRY(read_map(r, output_key_ok, &outputs));
	return hf_reader_end(r);
}

hf_status psbt_read(struct hf_span bytes, struct psbt *ret, struct hf_err *err)
{
	PSBT_SCOPED struct psbt p = { .bytes = bytes };
	struct hf_reader r = hf_reader(bytes);
	hf_status s;

	HF_ENSURE(bytes.len <= PSBT_MAX, HF_TOOBIG);
	if (!hf_span_equal(hf_read_bytes(&r, MAGIC_LEN), HF_SPAN(MAGIC, MAGIC_LEN)))
		return hf_fail(err, HF_INVALID,
		               "field \"psbt\": this is no PSBT; it has to begin with 70736274ff");
	HF_TRY(read_global(&r, &p, err));
	s = read_rest(&r, &p);
	if (s.code == HF_TOOBIG)
		return hf_fail(err, HF_TOOBIG, "field \"psbt\": more than %d records in one map",
		               PSBT_RECORDS_MAX);
	if (s.code == HF_INVALID)
		return hf_fail(err, HF_INVALID,
		               "field \"psbt\": the maps of its inputs and outputs are malformed");
	HF_TRY(s);
	*ret = p;
	p = (struct psbt){ 0 };
	return HF_SUCCESS;
}

bool psbt_input(const struct psbt *p, size_t i, enum psbt_in type, struct hf_span *ret)
{
	return find(p->inputs[i], (uint8_t)type, ret);
}

static void write_signed(struct hf_span map, struct hf_span key, struct hf_span value,
                         struct hf_buf *to)
{
	struct hf_reader r = hf_reader(map);
	bool written = false;

	while (r.left > 0 && !r.failed) {
		struct record rec = next(&r);

		if (hf_span_equal(rec.key, key))
			continue;
		/* in the order of bytes, as writers of PSBTs have it */
		if (!written && by_bytes(&rec.key, &key) > 0) {
			compact_put_bytes(to, key);
			compact_put_bytes(to, value);
			written = true;
		}
		hf_buf_put(to, rec.bytes.ptr, rec.bytes.len);
	}
	if (!written) {
		compact_put_bytes(to, key);
		compact_put_bytes(to, value);
	}
}

hf_status psbt_write(const struct psbt *p, struct hf_span public_key,
                     const struct hf_span *signatures, struct hf_buf *to)
{
	uint8_t key[1 + PUBLIC_KEY_LEN] = { PSBT_IN_PARTIAL_SIG };

	HF_ENSURE(public_key.len == PUBLIC_KEY_LEN, HF_INVALID);
	memcpy(key + 1, public_key.ptr, PUBLIC_KEY_LEN);
	hf_buf_put(to, p->bytes.ptr, p->inputs_at);
	for (size_t i = 0; i < p->tx.n_inputs; i++) {
		struct hf_span map = p->inputs[i];

		if (signatures[i].len > 0)
			write_signed(map, HF_SPAN(key, sizeof(key)), signatures[i], to);
		else
			hf_buf_put(to, map.ptr, map.len);
		hf_buf_u8(to, 0);
	}
	hf_buf_put(to, p->bytes.ptr + p->outputs_at, p->bytes.len - p->outputs_at);
	return hf_buf_status(to);
}
