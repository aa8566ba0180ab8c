/* SPDX-License-Identifier: Apache-2.0
 * The body of an error reply, the same on every listener of the server:
 * {"error":{"id":"err-…","status":404,"message":"…"}}. The id stands in the log too. */
#ifndef HF_SERVER_ERRORS_H
#define HF_SERVER_ERRORS_H

#include "http/server.h"

#define API_CONTENT_TYPE "application/json"

/* An http_error_body: appends the body, with an id of its own. */
void api_error_body(struct hf_buf *to, int status, const char *message);

/* Answers with such a body. Server errors (500 and up) are logged with the id. */
void api_error_reply(struct http_request *req, int status, const char *message);
/* The same with "details", which are JSON already; an empty span: none. */
void api_error_reply_details(struct http_request *req, int status, const char *message,
                             struct hf_span details);

/* The HTTP status that fits a failure of ours: HF_INVALID 400, HF_TOOBIG 413, HF_NOTFOUND 404,
 * HF_EXISTS and HF_STATE 409, HF_DENIED 403, HF_UNAUTHENTIC 401, HF_UNSUPPORTED 400, HF_BUSY,
 * HF_CLOSED and HF_TIMEOUT 503, the rest 500. */
int api_error_status(enum hf_code code);

#endif
