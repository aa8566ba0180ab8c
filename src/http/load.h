/* SPDX-License-Identifier: Apache-2.0
 * A client for load: one kept TLS connection for each caller, and as little work for a request as
 * can be, since it shares the machine with what it measures. Trusts what it talks to: for
 * benchmarks against our own server on loopback. One thread. */
#ifndef HF_HTTP_LOAD_H
#define HF_HTTP_LOAD_H

#include "http/client.h"

struct http_load;

struct http_load_config {
	uint16_t port;
	unsigned callers;
	const char *ca_file;
	const char *cert_file, *key_file; /* PEM, for a server that wants mTLS; or NULL */
	const char *content_type;
};

/* Connects all callers, one after another. HF_IO with words. Texts stay the caller's and valid. */
HF_MUST hf_status http_load_new(const struct http_load_config *config, struct http_load **ret,
                                struct hf_err *err);
void http_load_free(struct http_load *l);

/* Sends a request of caller `i`, which has none under way. `head` is the pieces of further header
 * lines, each line with its CR LF, then NULL. done() is called from http_load_step(); only status
 * and body of its reply are filled in, status 0 when the connection broke. */
HF_MUST hf_status http_load_post(struct http_load *l, unsigned i, const char *path,
                                 const char *const *head, struct hf_span body, http_done done,
                                 void *ctx);

HF_MUST hf_status http_load_step(struct http_load *l, int timeout_ms);

#endif
