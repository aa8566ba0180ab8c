/* SPDX-License-Identifier: Apache-2.0
 * The first step: an IV, and what GCM needs besides. */
#include "server/crypto_api/crypto/multipart_call.h"

#include "server/crypto_api/crypto/work.h"

#include <string.h>

size_t multipart_iv_len(const struct multipart *m)
{
	return m->stream.mode == MODE_ECB   ? 0
	       : m->stream.mode == MODE_GCM ? STREAM_GCM_IV_LEN
	                                    : m->stream.block;
}

static void begun(struct multipart *m)
{
	multipart_reply(m, (struct hf_span){ 0 }, false);
}

static void gcm_begun(struct backend_call *backend, const struct crypto_result *r)
{
	struct multipart *m = backend->ctx;
	hf_status s = HF_SUCCESS;

	for (size_t i = 0; i < STREAM_GCM_BLOCKS && hf_ok(s); i++)
		if (r[i].outcome != OP_DONE)
			s = work_failed(&r[i], &m->call.err);
	if (hf_ok(s))
		s = stream_gcm_begin(&m->stream, r[0].data, r[1].data, m->body.said.ad,
		                     &m->call.err);
	if (hf_ok(s))
		begun(m);
	else
		crypto_call_fail(&m->call, s);
}

static void begin_gcm(struct multipart *m)
{
	static const uint8_t zeros[STREAM_BLOCK_MAX];

	stream_gcm_counters(&m->stream, m->counters);
	for (size_t i = 0; i < STREAM_GCM_BLOCKS; i++) {
		m->ops[i] = (struct crypto_op){
			.kind = m->kind,
			.mech = { .mode = MODE_CTR,
			          .iv = HF_SPAN(m->counters[i], STREAM_BLOCK_MAX) },
			.data = HF_SPAN(zeros, sizeof(zeros)),
		};
		object_where(m->key, &m->ops[i].key, m->ops[i].key_id);
	}
	multipart_ask(m, STREAM_GCM_BLOCKS, gcm_begun);
}

static void have_iv(struct multipart *m)
{
	if (m->stream.mode == MODE_GCM)
		begin_gcm(m);
	else
		begun(m);
}

static void iv_drawn(struct backend_call *backend, const struct crypto_result *r)
{
	struct multipart *m = backend->ctx;

	if (r->outcome != OP_DONE) {
		crypto_call_fail(&m->call, work_failed(r, &m->call.err));
	} else if (r->data.len != multipart_iv_len(m)) {
		crypto_call_fail_with(&m->call, 502,
		                      "the HSM gave fewer random bytes than asked for");
	} else {
		memcpy(m->stream.iv, r->data.ptr, r->data.len);
		have_iv(m);
	}
}

/* A tag comes with the end. */
static struct mode_said said_at_first(const struct multipart *m)
{
	static const uint8_t later[GHASH_LEN];
	struct mode_said said = m->body.said;
	const char *mode = json_value_text(said.mode);

	if (m->kind == CRYPTO_DECRYPT && mode &&
	    (strcmp(mode, "GCM") == 0 || strcmp(mode, "CCM") == 0))
		said.tag = HF_SPAN(later, sizeof(later));
	return said;
}

hf_status multipart_plan_init(struct multipart *m, struct hf_err *err)
{
	struct mode_said said = said_at_first(m);
	struct mode_key key = work_key(m->key);
	struct hf_span iv;

	HF_TRY(mode_of_cipher(&key, m->kind, &said, &m->asked.mech, err));
	HF_TRY(stream_mode(m->asked.mech.mode, err));
	iv = m->asked.mech.iv;
	if (m->asked.mech.mode == MODE_GCM && iv.len && iv.len != STREAM_GCM_IV_LEN)
		return hf_fail(err, HF_INVALID,
		               "field \"iv\": %zu bytes; in pieces, GCM takes one of %d", iv.len,
		               STREAM_GCM_IV_LEN);
	m->stream = (struct stream){
		.kind = m->kind,
		.mode = m->asked.mech.mode,
		.block = (uint8_t)mode_block_len(m->key->type),
	};
	memcpy(m->stream.kid, m->key->id, sizeof(m->stream.kid));
	if (iv.len)
		memcpy(m->stream.iv, iv.ptr, iv.len);
	return HF_SUCCESS;
}

void multipart_begin(struct multipart *m)
{
	if (!multipart_iv_len(m) || m->asked.mech.iv.len) {
		have_iv(m);
		return;
	}
	m->ops[0] =
	        (struct crypto_op){ .kind = CRYPTO_RANDOM, .count = (uint32_t)multipart_iv_len(m) };
	multipart_ask(m, 1, iv_drawn);
}
