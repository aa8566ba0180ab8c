/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/stream.h"

#include <string.h>

hf_status stream_mode(enum crypto_mode mode, struct hf_err *err)
{
	if (mode == MODE_CBC || mode == MODE_CBC_NOPAD || mode == MODE_ECB || mode == MODE_CTR ||
	    mode == MODE_GCM)
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID,
	               "field \"mode\": CBC, CBCNOPAD, CTR, GCM and ECB are for pieces, this one "
	               "is not");
}

static void wipe(struct hf_buf *b)
{
	if (b->ptr)
		hf_wipe(b->ptr, b->cap);
	hf_buf_done(b);
}

void stream_step_done(struct stream_step *step)
{
	wipe(&step->send);
	wipe(&step->before);
}

bool stream_step_asks(const struct stream_step *step)
{
	return step->send.len || step->ends;
}

static bool counts(const struct stream *s)
{
	return s->mode == MODE_CTR || s->mode == MODE_GCM;
}

static void begin_step(const struct stream *s, struct stream_step *step)
{
	*step = (struct stream_step){
		.send = HF_BUF(CRYPTO_DATA_MAX),
		.before = HF_BUF(STREAM_BLOCK_MAX),
		.mode = s->mode == MODE_CBC   ? MODE_CBC_NOPAD
		        : s->mode == MODE_GCM ? MODE_CTR
		                              : s->mode,
		.iv_len = s->mode == MODE_ECB ? 0 : s->block,
	};
	memcpy(step->iv, s->iv, sizeof(step->iv));
}

static hf_status step_status(const struct stream_step *step)
{
	HF_TRY(hf_buf_status(&step->before));
	return hf_buf_status(&step->send);
}

/* ---- CTR */

static hf_status take_ctr(struct stream *s, struct hf_span piece, struct stream_step *step)
{
	size_t stored = piece.len < s->n_waiting ? piece.len : s->n_waiting;
	size_t rest = piece.len - stored;

	for (size_t i = 0; i < stored; i++)
		hf_buf_u8(&step->before, piece.ptr[i] ^ s->waiting[i]);
	s->n_waiting = (uint8_t)(s->n_waiting - stored);
	memmove(s->waiting, s->waiting + stored, s->n_waiting);
	hf_buf_put(&step->send, piece.ptr + stored, rest);
	while (step->send.len % s->block && hf_ok(hf_buf_status(&step->send)))
		hf_buf_u8(&step->send, 0); /* what comes back for these is the key stream */
	step->keep = rest;
	return step_status(step);
}

static void count_up(struct stream *s, size_t blocks)
{
	for (size_t i = s->block; i > 0 && blocks; i--) {
		blocks += s->iv[i - 1];
		s->iv[i - 1] = (uint8_t)blocks;
		blocks >>= 8;
	}
}

/* ---- GCM */

/* SP 800-38D, 5.2.1.1: then the counter, of 32 bits, has been everywhere. */
#define GCM_LEN_MAX ((UINT64_C(1) << 36) - 32)

void stream_gcm_counters(const struct stream *s, uint8_t ret[STREAM_GCM_BLOCKS][STREAM_BLOCK_MAX])
{
	memset(ret, 0, STREAM_GCM_BLOCKS * sizeof(ret[0]));
	memcpy(ret[1], s->iv, STREAM_GCM_IV_LEN);
	ret[1][STREAM_BLOCK_MAX - 1] = 1;
}

hf_status stream_gcm_begin(struct stream *s, struct hf_span h, struct hf_span mask,
                           struct hf_span ad, struct hf_err *err)
{
	if (h.len != GHASH_LEN || mask.len != GHASH_LEN)
		return hf_fail(err, HF_IO, "the HSM gave back %zu and %zu bytes for a block", h.len,
		               mask.len);
	ghash_begin(&s->ghash, h.ptr, ad);
	memcpy(s->mask, mask.ptr, GHASH_LEN);
	memset(s->iv + STREAM_GCM_IV_LEN, 0, STREAM_BLOCK_MAX - STREAM_GCM_IV_LEN);
	s->iv[STREAM_BLOCK_MAX - 1] = 2; /* that of the first block of data */
	return HF_SUCCESS;
}

static hf_status take_gcm(struct stream *s, struct hf_span piece, struct stream_step *step,
                          struct hf_err *err)
{
	if (s->ghash.len + piece.len > GCM_LEN_MAX)
		return hf_fail(err, HF_TOOBIG,
		               "one message of GCM has at most %llu bytes: begin another",
		               (unsigned long long)GCM_LEN_MAX);
	if (s->kind == CRYPTO_DECRYPT)
		ghash_add(&s->ghash, piece);
	return take_ctr(s, piece, step);
}

void stream_gcm_tag(const struct stream *s, uint8_t ret[GHASH_LEN])
{
	ghash_sum(&s->ghash, ret);
	for (size_t i = 0; i < GHASH_LEN; i++)
		ret[i] ^= s->mask[i];
}

/* ---- Whole blocks */

static hf_status take_blocks(struct stream *s, struct hf_span piece, struct stream_step *step)
{
	size_t all = s->n_waiting + piece.len, whole = all / s->block * s->block, from_waiting;

	if (s->mode == MODE_CBC && s->kind == CRYPTO_DECRYPT && whole == all && all)
		whole -= s->block; /* it may be the padded one */
	from_waiting = whole < s->n_waiting ? whole : s->n_waiting;
	hf_buf_put(&step->send, s->waiting, from_waiting);
	hf_buf_put(&step->send, piece.ptr, whole - from_waiting);
	if (whole) {
		piece.ptr += whole - from_waiting;
		piece.len -= whole - from_waiting;
		s->n_waiting = 0;
	}
	if (piece.len)
		memcpy(s->waiting + s->n_waiting, piece.ptr, piece.len);
	s->n_waiting = (uint8_t)(s->n_waiting + piece.len);
	step->keep = whole;
	return step_status(step);
}

hf_status stream_take(struct stream *s, struct hf_span piece, struct stream_step *ret,
                      struct hf_err *err)
{
	if (piece.len > CRYPTO_DATA_MAX)
		return hf_fail(err, HF_TOOBIG, "a piece has at most %u bytes", CRYPTO_DATA_MAX);
	begin_step(s, ret);
	if (s->mode == MODE_GCM)
		return take_gcm(s, piece, ret, err);
	return s->mode == MODE_CTR ? take_ctr(s, piece, ret) : take_blocks(s, piece, ret);
}

hf_status stream_end(struct stream *s, struct stream_step *ret, struct hf_err *err)
{
	bool decrypt = s->kind == CRYPTO_DECRYPT;

	begin_step(s, ret);
	if (counts(s))
		return HF_SUCCESS;
	if (s->mode == MODE_CBC) {
		if (decrypt && s->n_waiting != s->block)
			return hf_fail(err, HF_INVALID,
			               "the pieces do not make whole blocks of %u bytes: some of "
			               "the ciphertext is missing",
			               s->block);
		ret->mode = MODE_CBC;
		ret->ends = true;
		hf_buf_put(&ret->send, s->waiting, s->n_waiting);
		return step_status(ret);
	}
	if (s->n_waiting)
		return hf_fail(err, HF_INVALID,
		               "the pieces do not make whole blocks of %u bytes, and this mode has "
		               "no padding",
		               s->block);
	return HF_SUCCESS;
}

/* ---- What came back */

static bool came_back(const struct stream *s, const struct stream_step *step, size_t len)
{
	if (step->mode != MODE_CBC)
		return len == step->send.len;
	return s->kind == CRYPTO_ENCRYPT ? len == s->block : len < s->block;
}

hf_status stream_got(struct stream *s, const struct stream_step *step, struct hf_span got,
                     struct hf_buf *out, struct hf_err *err)
{
	struct hf_span chain = s->kind == CRYPTO_ENCRYPT ? got : hf_buf_span(&step->send);
	size_t before = out->len;

	if (!came_back(s, step, got.len))
		return hf_fail(err, HF_IO, "the HSM gave back %zu bytes for %zu", got.len,
		               step->send.len);
	hf_buf_put(out, step->before.ptr, step->before.len);
	hf_buf_put(out, got.ptr, step->mode == MODE_CBC ? got.len : step->keep);
	HF_TRY(hf_buf_status(out));
	if (s->mode == MODE_GCM && s->kind == CRYPTO_ENCRYPT && out->len > before)
		ghash_add(&s->ghash, HF_SPAN(out->ptr + before, out->len - before));
	if (counts(s)) {
		count_up(s, got.len / s->block);
		if (got.len > step->keep) {
			s->n_waiting = (uint8_t)(got.len - step->keep);
			memcpy(s->waiting, got.ptr + step->keep, s->n_waiting);
		}
	} else if (step->mode == MODE_CBC_NOPAD && chain.len >= s->block) {
		memcpy(s->iv, chain.ptr + chain.len - s->block, s->block);
	}
	return HF_SUCCESS;
}
