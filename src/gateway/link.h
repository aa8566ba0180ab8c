/* SPDX-License-Identifier: Apache-2.0
 * The routes of op/slot_link.h. */
#ifndef HF_GATEWAY_LINK_H
#define HF_GATEWAY_LINK_H

#include "gateway/slots.h"
#include "http/server.h"

/* What the routes' handlers get as ctx. */
struct link {
	struct slots *slots;
	struct sessions *sessions;
	struct gateway_metrics *metrics;
};

extern const struct http_route link_routes[];
extern const size_t link_route_count;

/* For what the HTTP server refuses by itself: plain text. */
void link_error_body(struct hf_buf *to, int status, const char *message);

#endif
