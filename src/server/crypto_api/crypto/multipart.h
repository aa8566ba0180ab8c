/* SPDX-License-Identifier: Apache-2.0
 * Bodies of encryption and decryption in pieces. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_MULTIPART_H
#define HF_SERVER_CRYPTO_API_CRYPTO_MULTIPART_H

#include "server/crypto_api/crypto/bodies.h"

enum multipart_step {
	MULTIPART_INIT,
	MULTIPART_UPDATE,
	MULTIPART_FINAL,
};

struct multipart_body {
	struct json_t *key;    /* of an init; otherwise NULL, or the same once more */
	struct mode_said said; /* of an init */
	struct hf_span data;   /* of an update: plain or cipher */
	struct hf_span state;  /* of an update and an end */
	struct hf_span tag;    /* of an end, which may name how long one shall be instead: */
	int64_t tag_bits;      /* 0: it does not */
};
HF_MUST hf_status read_multipart(const struct json_t *doc, enum crypto_op_kind kind,
                                 enum multipart_step at, struct hf_buf *bytes,
                                 struct multipart_body *ret, struct hf_err *err);

#endif
