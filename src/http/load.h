/* SPDX-License-Identifier: Apache-2.0
 * A client for load: one kept TLS connection for each caller, and as little work for a request as
 * can be, since it shares the machine with what it measures. Trusts what it talks to: for
 * benchmarks against our own server on loopback. One thread. */
#ifndef HF_HTTP_LOAD_H
#define HF_HTTP_LOAD_H

#include "http/client.h"

struct http_load;

/* Connects all callers, one after another. HF_IO with words. */
HF_MUST hf_status http_load_new(uint16_t port, const char *ca_file, unsigned callers,
                                struct http_load **ret, struct hf_err *err);
void http_load_free(struct http_load *l);

/* Sends a request of caller `i`, which has none under way. `head` is the pieces of further header
 * lines, each line with its CR LF, then NULL. done() is called from http_load_step(); only status
 * and body of its reply are filled in, status 0 when the connection broke. */
HF_MUST hf_status http_load_post(struct http_load *l, unsigned i, const char *path,
                                 const char *const *head, struct hf_span body, http_done done,
                                 void *ctx);

HF_MUST hf_status http_load_step(struct http_load *l, int timeout_ms);

#endif
