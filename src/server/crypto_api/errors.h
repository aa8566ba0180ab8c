/* SPDX-License-Identifier: Apache-2.0
 * Errors of the Crypto API: an HTTP status and plain text without a line end, as its clients
 * compare it byte by byte. */
#ifndef HF_SERVER_CRYPTO_API_ERRORS_H
#define HF_SERVER_CRYPTO_API_ERRORS_H

#include "base/buf.h"

#define CRYPTO_ERROR_TYPE "text/plain; charset=utf-8"

/* An http_error_body. */
void crypto_error_body(struct hf_buf *to, int status, const char *message);

/* HF_INVALID, HF_STATE and HF_UNAUTHENTIC (of data) 400, HF_DENIED 403, HF_NOTFOUND 404, HF_EXISTS
 * 409, HF_TOOBIG 413, HF_UNSUPPORTED 501, HF_IO 502, HF_BUSY, HF_CLOSED and HF_STOP 503,
 * HF_TIMEOUT 504, the rest 500. */
int crypto_error_status(enum hf_code code);
/* Words for a failure that brought none. */
const char *crypto_error_words(enum hf_code code);

#endif
