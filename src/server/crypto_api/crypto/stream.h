/* SPDX-License-Identifier: Apache-2.0
 * Encryption and decryption in pieces, where the client carries the state between them: what is
 * done with each piece, and the sealed form of the state. No HSM in it: a step says what to send to
 * one, and takes what came back.
 *
 * CBC (PKCS #7), CBCNOPAD, ECB, CTR and GCM. What does not fill a block waits in the state; of CTR,
 * the rest of a block's key stream does. Decrypting CBC, the last block waits too, since only the
 * end tells that it is the padded one. GCM is CTR to the HSM, with the tag's sum in the state.
 *
 * The state is encrypted and authenticated by AES-256-GCM with a key of its own, derived from the
 * server's secret and 16 random bytes that stand before it; it opens for the same organisation,
 * until it has expired. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_STREAM_H
#define HF_SERVER_CRYPTO_API_CRYPTO_STREAM_H

#include "base/secret.h"
#include "crypto/ghash.h"
#include "op/crypto_op.h"
#include "server/core/groups/group.h"

#define STREAM_BLOCK_MAX 16
#define STREAM_GCM_IV_LEN 12
#define STREAM_LIFE_MS (24 * 60 * 60 * 1000) /* from one piece to the next */
#define STREAM_SEALED_MAX 512

struct stream {
	enum crypto_op_kind kind; /* CRYPTO_ENCRYPT or CRYPTO_DECRYPT */
	enum crypto_mode mode;
	char kid[UUID_MAX];
	uint8_t block;                /* bytes: 8 or 16 */
	uint8_t iv[STREAM_BLOCK_MAX]; /* of the next step; of CTR, the counter */
	uint8_t waiting[STREAM_BLOCK_MAX];
	uint8_t n_waiting;
	/* Of GCM: */
	struct ghash ghash;
	uint8_t mask[GHASH_LEN]; /* of the tag: the block cipher of the first counter */
	int64_t expires_ms;
};

/* HF_INVALID with words: a mode that is not for pieces. */
HF_MUST hf_status stream_mode(enum crypto_mode mode, struct hf_err *err);

/* GCM, before the first piece: what the HSM makes of zeros by CTR, from a counter of zero on and
 * from that of the IV (SP 800-38D, 7.1: H and E(J0)). HF_IO: that is no block. */
#define STREAM_GCM_BLOCKS 2
void stream_gcm_counters(const struct stream *s, uint8_t ret[STREAM_GCM_BLOCKS][STREAM_BLOCK_MAX]);
HF_MUST hf_status stream_gcm_begin(struct stream *s, struct hf_span h, struct hf_span mask,
                                   struct hf_span ad, struct hf_err *err);
/* After the last piece: the whole tag. */
void stream_gcm_tag(const struct stream *s, uint8_t ret[GHASH_LEN]);

/* What the HSM is to do for one piece. Zeroed, then released by stream_step_done(). */
struct stream_step {
	struct hf_buf send;
	bool ends; /* with the padding, which is done even when nothing else is there to send */
	enum crypto_mode mode;
	uint8_t iv[STREAM_BLOCK_MAX];
	size_t iv_len;
	struct hf_buf before; /* of the output: needs no HSM */
	size_t keep;          /* of what comes back: the rest is key stream */
};
void stream_step_done(struct stream_step *step);
/* Whether there is anything to do for the HSM. */
bool stream_step_asks(const struct stream_step *step);

/* A piece of at most CRYPTO_DATA_MAX bytes. */
HF_MUST hf_status stream_take(struct stream *s, struct hf_span piece, struct stream_step *ret,
                              struct hf_err *err);
/* The end. HF_INVALID with words: the pieces do not make whole blocks. */
HF_MUST hf_status stream_end(struct stream *s, struct stream_step *ret, struct hf_err *err);
/* `got` for step->send: the output is appended, the state moves on. HF_IO: not what was asked for.
 */
HF_MUST hf_status stream_got(struct stream *s, const struct stream_step *step, struct hf_span got,
                             struct hf_buf *out, struct hf_err *err);

/* Appends. `secret` is the server's. */
HF_MUST hf_status stream_seal(const struct hf_secret *secret, const char *org_id,
                              const struct stream *s, struct hf_buf *to);
/* HF_INVALID with words: not made here for them, changed on its way, of the other direction, or
 * expired. */
HF_MUST hf_status stream_open(const struct hf_secret *secret, const char *org_id,
                              enum crypto_op_kind kind, struct hf_span sealed, int64_t now_ms,
                              struct stream *ret, struct hf_err *err);

#endif
