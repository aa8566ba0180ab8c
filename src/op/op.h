/* SPDX-License-Identifier: Apache-2.0
 * One operation on a key, and what came of it: the same words in the queue, in the driver and in
 * the signer. Spans point into whatever the operation was decoded from, and live as long as that.
 */
#ifndef HF_OP_OP_H
#define HF_OP_OP_H

#include "base/buf.h"
#include "base/id.h"
#include "crypto/key_type.h"
#include "crypto/pubkey.h"

/* Stored and sent: append only. */
enum op_kind {
	OP_GENERATE = 1,
	OP_SIGN = 2,
	OP_CRYPTO = 3, /* input: an operation on a key of any kind, crypto_op_encode(), without
	                  records: the driver has them */
};

struct op {
	enum op_kind kind;
	enum key_type key_type; /* 0 of OP_CRYPTO */
	char key_id[HF_ID_MAX];
	struct hf_span input; /* OP_SIGN, OP_CRYPTO */
	/* OP_SIGN */
	enum sign_scheme scheme;
	enum hash_alg hash;
	struct hf_span public_key; /* the key that the server expects: canonical */
};

/* How an attempt ended. Sent: append only. */
enum op_outcome {
	OP_DONE = 1,
	OP_FAILED = 2, /* for good: the same request would fail again */
	OP_RETRY = 3,  /* given back: another attempt, here or elsewhere, may succeed */
};

struct op_result {
	enum op_outcome outcome;
	struct hf_span public_key;  /* OP_GENERATE done */
	bool resident;              /* OP_GENERATE done: lives in the token, not wrapped */
	struct signature signature; /* OP_SIGN done: verified, canonical */
	struct hf_span crypto;      /* OP_CRYPTO done: crypto_result_encode(), without a record */
	enum hf_code code;          /* otherwise */
	char text[256];             /* otherwise: for people; never a secret */
};

#define OP_ENCODED_MAX (SIGN_INPUT_MAX + PUBLIC_KEY_MAX + 256)
#define OP_CRYPTO_INPUT_MAX (SIGN_INPUT_MAX + 64) /* sealed, while it waits in the queue */
#define OP_CRYPTO_RESULT_MAX (SIGN_INPUT_MAX + 16384)
#define OP_RESULT_ENCODED_MAX (OP_CRYPTO_RESULT_MAX + 512)

/* Codec (op/op.c), version byte first; the result of an OP_CRYPTO has a version of its own.
 * Decoding accepts exactly what encoding makes: an unknown kind, type, scheme or version, an input
 * of the wrong length, or a byte left over is HF_INVALID.
 */
void op_encode(struct hf_buf *to, const struct op *op);
HF_MUST hf_status op_decode(struct hf_span from, struct op *ret, struct hf_err *err);
/* Without decoding it. */
bool op_is_crypto(struct hf_span from);
void op_result_encode(struct hf_buf *to, const struct op_result *r);
HF_MUST hf_status op_result_decode(struct hf_span from, struct op_result *ret);

#endif
