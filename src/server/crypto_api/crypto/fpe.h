/* SPDX-License-Identifier: Apache-2.0
 * Tokenization: mode FF1 of an AES key, whose options say what its texts look like. The HSM
 * encrypts numerals; what is between them and the text is core/crypto/fpe_format.h's. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_FPE_H
#define HF_SERVER_CRYPTO_API_CRYPTO_FPE_H

#include "json/write.h"
#include "server/core/objects/object.h"

struct fpe_work;

/* op->data is the text (UTF-8); it becomes the numerals, the mechanism their radix and tweak. The
 * caller owns *ret, which both point into. HF_INVALID with words: the key has no format, or the
 * text is not of it. */
HF_MUST hf_status fpe_begin(const struct object *o, enum crypto_op_kind kind, struct crypto_op *op,
                            struct fpe_work **ret, struct hf_err *err);
/* What the HSM made of the numerals, as text again, in base64. */
HF_MUST hf_status fpe_print(struct fpe_work *f, const char *field, struct hf_span numerals,
                            bool masked, struct json_writer *w, struct hf_err *err);
void fpe_work_free(struct fpe_work *f);

#endif
