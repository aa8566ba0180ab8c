/* SPDX-License-Identifier: Apache-2.0
 * The HTTP client: many requests at once on one thread, kept connections, mTLS, deadlines. Over
 * libcurl's multi interface. Not thread-safe: one client, one thread. */
#ifndef HF_HTTP_CLIENT_H
#define HF_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/secret.h"
#include "crypto/tls.h"

#include <poll.h>

struct http_client;

/* TLS material in memory, in place of the files. Copied. */
struct http_client_material {
	struct hf_span authorities;  /* PEM: roots that the server must chain to; empty: the
	                                system's */
	struct hf_span cert;         /* PEM leaf, and chain if any; empty: none */
	const struct hf_secret *key; /* PEM or DER, without a passphrase; NULL: none */
};

struct http_client_config {
	const char *base_url;   /* "https://host:8443", no path */
	const char *ca_file;    /* PEM: roots that the server must chain to; NULL: the system's */
	const char *cert_file;  /* PEM leaf, and chain if any; NULL: none */
	const char *key_file;   /* PEM */
	const char *chain_file; /* PEM: more of our own chain to send (the intermediate), or NULL */
	const struct http_client_material *material; /* NULL: the files */
	bool any_host; /* the server's certificate may be for another name; it must chain as any */
	bool no_link_local; /* no connection to what address_is_link_local(), whatever the name */
	int connect_timeout_ms;   /* 0: 5 s */
	unsigned max_connections; /* 0: 8 */
	size_t max_reply;         /* 0: 8 MiB */
};

struct http_reply {
	int status;        /* 0: no answer; see error */
	const char *error; /* "" or what happened, for people; names host and cause */
	struct hf_span body;
	int64_t retry_after_ms; /* -1: not said */
	bool sent;              /* of no answer: the request may have reached the server */
};

/* Called from http_client_step(); `reply` lives during the call. It may start new requests. */
typedef void (*http_done)(void *ctx, const struct http_reply *reply);

HF_MUST hf_status http_client_new(const struct http_client_config *config, struct http_client **ret,
                                  struct hf_err *err);
/* Requests under way are dropped without a call. */
void http_client_free(struct http_client *c);

struct http_client_request {
	const char *method;
	const char *path;
	const char *content_type;   /* NULL: none */
	struct hf_span body;        /* copied */
	const char *const *headers; /* "Name: value", NULL-terminated, or NULL; copied */
	int timeout_ms;             /* whole request */
	bool secret;                /* our copies of body and reply are wiped after done() */
	http_done done;
	void *ctx;
};
HF_MUST hf_status http_client_send(struct http_client *c,
                                   const struct http_client_request *request);

/* Waits for network, for one of the caller's descriptors (revents are filled in), or for the time
 * to pass; then does what there is to do, calling done() for what ended. timeout_ms 0: does not
 * wait. */
HF_MUST hf_status http_client_step(struct http_client *c, struct pollfd *fds, unsigned n_fds,
                                   int timeout_ms);
size_t http_client_pending(const struct http_client *c);
/* From now on by new connections to `base_url`, as which the old one may be given too. Requests
 * under way are dropped without a call. Never out of done(). After a failure nothing has changed.
 */
HF_MUST hf_status http_client_move(struct http_client *c, const char *base_url, struct hf_err *err);
/* Does nothing for material in memory. Otherwise looks at the TLS files, and if one has changed (or
 * `anew`) reads all of them again: new connections have the new ones when all are complete and fit
 * each other, and requests under way end on the old. Otherwise everything stays as it was, and when
 * that is still so at the next look, once, it fails with words, because a file that is just being
 * written looks the same. *ret: new ones are in use. */
HF_MUST hf_status http_client_refresh(struct http_client *c, bool anew, bool *ret,
                                      struct hf_err *err);
/* Until when our own certificate and its chain are good: how many were written to `to`, which has
 * room for TLS_DATES_MAX. */
size_t http_client_dates(const struct http_client *c, struct tls_date *to);

#endif
