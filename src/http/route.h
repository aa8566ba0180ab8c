/* SPDX-License-Identifier: Apache-2.0
 * Which handler a request belongs to: the server's routes, their patterns split once. Immutable
 * after it is made, so every thread may match at once. */
#ifndef HF_HTTP_ROUTE_H
#define HF_HTTP_ROUTE_H

#include "http/server.h"
#include "http/target.h"

#define HTTP_PARAMS_MAX 8

struct http_routes;

/* Copies the routes; their strings stay the caller's and must outlive the table.
 * HF_INVALID: a pattern that is malformed or stands twice; a method that is not served. */
HF_MUST hf_status http_routes_new(const struct http_route *routes, size_t n,
                                  struct http_routes **ret, struct hf_err *err);
void http_routes_free(struct http_routes *r);

struct http_match {
	const struct http_route *route;
	size_t n_params;
	struct {
		struct hf_span name;
		struct hf_span raw; /* still percent-encoded; points into the path */
	} params[HTTP_PARAMS_MAX];
};

#define HTTP_ALLOW_MAX 64

/* 0 and *ret; or 404; or 405 and the methods that there are, "GET, POST", in `allow`; or 501 for a
 * method that is never served. A literal segment goes before a parameter. */
int http_routes_match(const struct http_routes *r, struct hf_span method, struct hf_span path,
                      struct http_match *ret, char allow[HTTP_ALLOW_MAX]);

#endif
