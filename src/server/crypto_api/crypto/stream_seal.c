/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/stream.h"

#include "base/random.h"
#include "crypto/aead.h"
#include "crypto/digest.h"

#define VERSION 2
#define SALT_LEN 16
#define LABEL "holdfast crypto api: encryption in pieces"

static hf_status derive(const struct hf_secret *secret, struct hf_span salt, struct hf_secret *ret)
{
	return hkdf_sha256(HF_SPAN(secret->ptr, secret->len), salt, hf_span_text(LABEL),
	                   AEAD_KEY_LEN, ret);
}

static void encode_gcm(const struct stream *s, struct hf_buf *to)
{
	const struct ghash *g = &s->ghash;

	hf_buf_put(to, s->mask, sizeof(s->mask));
	hf_buf_put(to, g->key, sizeof(g->key));
	hf_buf_put(to, g->sum, sizeof(g->sum));
	hf_buf_u64(to, g->ad_len);
	hf_buf_u64(to, g->len);
	hf_buf_field(to, HF_SPAN(g->part, g->n_part));
}

static void encode(const struct stream *s, struct hf_buf *to)
{
	hf_buf_u8(to, VERSION);
	hf_buf_u8(to, (uint8_t)s->kind);
	hf_buf_u8(to, (uint8_t)s->mode);
	hf_buf_field(to, hf_span_text(s->kid));
	hf_buf_u8(to, s->block);
	hf_buf_put(to, s->iv, sizeof(s->iv));
	hf_buf_field(to, HF_SPAN(s->waiting, s->n_waiting));
	hf_buf_u64(to, (uint64_t)s->expires_ms);
	if (s->mode == MODE_GCM)
		encode_gcm(s, to);
}

static void copy(uint8_t to[STREAM_BLOCK_MAX], struct hf_span from)
{
	for (size_t i = 0; i < from.len && i < STREAM_BLOCK_MAX; i++)
		to[i] = from.ptr[i];
}

static void decode_gcm(struct hf_reader *r, struct stream *s)
{
	struct ghash *g = &s->ghash;
	struct hf_span part;

	copy(s->mask, hf_read_bytes(r, sizeof(s->mask)));
	copy(g->key, hf_read_bytes(r, sizeof(g->key)));
	copy(g->sum, hf_read_bytes(r, sizeof(g->sum)));
	g->ad_len = hf_read_u64(r);
	g->len = hf_read_u64(r);
	part = hf_read_field(r, GHASH_LEN);
	copy(g->part, part);
	g->n_part = (uint8_t)part.len;
}

static hf_status decode(struct hf_span from, struct stream *ret)
{
	struct hf_reader r = hf_reader(from);
	uint8_t version = hf_read_u8(&r);
	struct stream s = { .kind = (enum crypto_op_kind)hf_read_u8(&r) };
	struct hf_span waiting;

	HF_ENSURE(version == VERSION, HF_INVALID);
	s.mode = (enum crypto_mode)hf_read_u8(&r);
	hf_read_text(&r, s.kid, sizeof(s.kid));
	s.block = hf_read_u8(&r);
	copy(s.iv, hf_read_bytes(&r, sizeof(s.iv)));
	waiting = hf_read_field(&r, STREAM_BLOCK_MAX);
	copy(s.waiting, waiting);
	s.n_waiting = (uint8_t)waiting.len;
	s.expires_ms = (int64_t)hf_read_u64(&r);
	if (s.mode == MODE_GCM)
		decode_gcm(&r, &s);
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(s.block == 8 || s.block == 16, HF_INVALID);
	HF_ENSURE(s.n_waiting <= s.block, HF_INVALID);
	HF_ENSURE(s.mode != MODE_GCM ||
	                  (s.block == GHASH_LEN && s.ghash.n_part == s.ghash.len % GHASH_LEN),
	          HF_INVALID);
	HF_TRY(stream_mode(s.mode, NULL));
	*ret = s;
	return HF_SUCCESS;
}

hf_status stream_seal(const struct hf_secret *secret, const char *org_id, const struct stream *s,
                      struct hf_buf *to)
{
	uint8_t plain[STREAM_SEALED_MAX], salt[SALT_LEN];
	struct hf_buf in = { .ptr = plain, .cap = sizeof(plain), .max = sizeof(plain) };
	HF_SECRET struct hf_secret key = { 0 };
	hf_status status;

	hf_random(salt, sizeof(salt));
	HF_TRY(derive(secret, HF_SPAN(salt, sizeof(salt)), &key));
	encode(s, &in);
	hf_buf_put(to, salt, sizeof(salt));
	status = hf_buf_status(&in);
	if (hf_ok(status))
		status = aead_seal(&key, hf_span_text(org_id), hf_buf_span(&in), to);
	hf_wipe(plain, sizeof(plain));
	return status;
}

hf_status stream_open(const struct hf_secret *secret, const char *org_id, enum crypto_op_kind kind,
                      struct hf_span sealed, int64_t now_ms, struct stream *ret, struct hf_err *err)
{
	HF_SECRET struct hf_secret key = { 0 }, plain = { 0 };
	struct stream s;
	hf_status status = HF_FAILURE(HF_UNAUTHENTIC);

	if (sealed.len > SALT_LEN && sealed.len <= STREAM_SEALED_MAX) {
		HF_TRY(derive(secret, HF_SPAN(sealed.ptr, SALT_LEN), &key));
		status = aead_open(&key, hf_span_text(org_id),
		                   HF_SPAN(sealed.ptr + SALT_LEN, sealed.len - SALT_LEN), &plain);
	}
	if (hf_ok(status))
		status = decode(HF_SPAN(plain.ptr, plain.len), &s);
	if (!hf_ok(status))
		return hf_fail(err, status.code == HF_NOMEM ? HF_NOMEM : HF_INVALID,
		               "field \"state\": not one that this server gave to this account, or "
		               "changed on its way");
	if (s.kind != kind)
		return hf_fail(err, HF_INVALID, "field \"state\": it is one of %s",
		               s.kind == CRYPTO_ENCRYPT ? "encryption" : "decryption");
	if (s.expires_ms < now_ms)
		return hf_fail(err, HF_INVALID,
		               "field \"state\": it has expired, begin again: one is good for 24 "
		               "hours");
	*ret = s;
	return HF_SUCCESS;
}
