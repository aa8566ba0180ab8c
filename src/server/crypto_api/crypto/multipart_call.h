/* SPDX-License-Identifier: Apache-2.0
 * One call of encryption or decryption in pieces: what multipart.c, which reads and answers it, and
 * multipart_begin.c, which does the first, share. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_MULTIPART_CALL_H
#define HF_SERVER_CRYPTO_API_CRYPTO_MULTIPART_CALL_H

#include "server/core/backends/backend.h"
#include "server/crypto_api/call.h"
#include "server/crypto_api/crypto/multipart.h"
#include "server/crypto_api/crypto/stream.h"

struct multipart {
	struct crypto_call call; /* first */
	enum crypto_op_kind kind;
	enum multipart_step at;
	struct hf_buf bytes;
	struct multipart_body body;
	struct stream stream;
	struct stream_step step;
	struct object *key;
	struct crypto_op asked;                  /* as it was begun: for the guard */
	struct crypto_op ops[STREAM_GCM_BLOCKS]; /* for the HSM; mostly the first alone */
	uint8_t counters[STREAM_GCM_BLOCKS][STREAM_BLOCK_MAX];
	uint8_t tag[GHASH_LEN]; /* of an end */
	size_t tag_len;
	struct backend_call backend;
};

/* Bytes of the IV, as the client hears of it: 0 without one, and of GCM without its counter. */
size_t multipart_iv_len(const struct multipart *m);
/* Hands the first `n_ops` of m->ops to where the key is. */
void multipart_ask(struct multipart *m, size_t n_ops, backend_done done);
void multipart_reply(struct multipart *m, struct hf_span out, bool has_out);

/* multipart_begin.c: how this key begins, before the guard is asked. HF_INVALID with words. */
HF_MUST hf_status multipart_plan_init(struct multipart *m, struct hf_err *err);
/* Does it, and answers. */
void multipart_begin(struct multipart *m);

#endif
