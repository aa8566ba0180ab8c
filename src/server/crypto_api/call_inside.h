/* SPDX-License-Identifier: Apache-2.0
 * What the files of call.h share: call.c (its steps), call_caller.c (whose it is), call_inner.c
 * (those that do not come over HTTP), call_audit.c, call_object.c. For these only. */
#ifndef HF_SERVER_CRYPTO_API_CALL_INSIDE_H
#define HF_SERVER_CRYPTO_API_CALL_INSIDE_H

#include "http/target.h"
#include "server/crypto_api/call.h"

#define INNER_PARAMS_MAX 8

struct crypto_call_inner {
	crypto_call_ended ended;
	void *ctx;
	bool quiet;
	char approved_group[UUID_MAX];
	const char *address;
	struct hf_span body;
	size_t n_params, n_query;
	struct http_pair params[INNER_PARAMS_MAX], query[HTTP_QUERY_MAX];
	char text[]; /* what the above point into */
};

/* A new call of this route; NULL: no memory. */
struct crypto_call *crypto_call_new(struct crypto_api *api, const struct crypto_route *route);
/* Over HTTP: finds out whose it is; then crypto_call_proceed(), or the call ends. */
void crypto_call_find_caller(struct crypto_call *c);
/* A ROUTE_PROVES: asks `r` (core/access/access_request.h; malloc'ed, the call's from now on), then
 * `known` with c->who, or the call ends. */
void crypto_call_ask(struct crypto_call *c, struct access_request *r,
                     void (*known)(struct crypto_call *c));
/* What came with the request. */
struct shown;
void crypto_call_shown(const struct crypto_call *c, struct shown *ret);
/* The caller is known, or nobody has to be. */
void crypto_call_proceed(struct crypto_call *c);

const char *crypto_call_method(const struct crypto_call *c);
/* Of the caller's connection, without the port; "" when there is none. */
void crypto_call_address(const struct crypto_call *c, char *to, size_t cap);

#endif
