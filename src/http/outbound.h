/* SPDX-License-Identifier: Apache-2.0
 * Requests to URLs that callers named: many at once on one thread, each on a connection of its own,
 * with a deadline, without following redirects. The address is judged when the connection is made,
 * after the name was looked up, so that a name cannot mean one thing when it is checked and another
 * when it is used. Not thread-safe. */
#ifndef HF_HTTP_OUTBOUND_H
#define HF_HTTP_OUTBOUND_H

#include "base/buf.h"

#include <stdbool.h>

#define OUTBOUND_URL_MAX 1000

struct outbound;

struct outbound_config {
	const char *ca_file; /* PEM: whom https targets must chain to; NULL: the system's */
	bool private_too;    /* loopback and private addresses are allowed, and plain http */
};

struct outbound_reply {
	int status;          /* 0: no answer */
	const char *error;   /* "" or what happened, for people */
	struct hf_span body; /* of a GET's answer; of a POST's it is read and thrown away */
};
typedef void (*outbound_done)(void *ctx, const struct outbound_reply *reply);

HF_MUST hf_status outbound_new(const struct outbound_config *config, struct outbound **ret,
                               struct hf_err *err);
/* What is under way is dropped without a call. */
void outbound_free(struct outbound *o);

/* A well-formed absolute URL that may be a target, as far as that can be seen without looking its
 * name up: https (http where private_too), no user or password, no fragment, no address of this
 * machine or a private network. HF_INVALID with words. */
HF_MUST hf_status outbound_check(const struct outbound_config *config, const char *url,
                                 struct hf_err *err);

struct outbound_post {
	const char *url; /* outbound_check() */
	bool get;        /* a GET: content_type and body are not looked at */
	const char *content_type;
	struct hf_span body;        /* copied */
	const char *const *headers; /* "Name: value", NULL-terminated, or NULL; copied */
	int timeout_ms;
	outbound_done done; /* out of outbound_step(); may post anew */
	void *ctx;
};
HF_MUST hf_status outbound_send(struct outbound *o, const struct outbound_post *post);

/* Waits at most so long for the network or until outbound_wake(), then does what there is to do. */
HF_MUST hf_status outbound_step(struct outbound *o, int timeout_ms);
/* From any thread. */
void outbound_wake(struct outbound *o);
size_t outbound_pending(const struct outbound *o);

#endif
