/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/call_limits.h"

#include <stdio.h>

static bool refuse(struct call *c, int64_t wait_us, const char *message)
{
	char seconds[RETRY_AFTER_MAX];

	rates_retry_after(wait_us, seconds);
	http_reply_header(c->req, "Retry-After", seconds);
	call_fail_with(c, 429, message, HF_SPAN(NULL, 0));
	return false;
}

bool call_within_rate(struct call *c)
{
	const struct rates *r = &c->api->rates;
	int64_t wait = rates_take_caller(r, c->caller->token_id, c->api->core->metrics);
	char message[160];

	if (!wait)
		return true;
	snprintf(message, sizeof(message),
	         "too many requests: a token may make %u in a second (the server's --rate-limit)",
	         r->rate);
	return refuse(c, wait, message);
}

bool call_within_open_rate(struct call *c)
{
	const struct rates *r = &c->api->rates;
	int64_t wait = rates_take_open(r, http_peer_address(c->req), c->api->core->metrics);
	char message[200];

	if (!wait)
		return true;
	snprintf(message, sizeof(message),
	         "too many requests: an address may make %u in a minute without a token (the "
	         "server's --login-rate)",
	         r->open_rate);
	return refuse(c, wait, message);
}

bool call_may_try_token(struct call *c)
{
	int64_t wait = rates_ask_failures(&c->api->rates, http_peer_address(c->req),
	                                  c->api->core->metrics);

	return !wait || refuse(c, wait,
	                       "too many requests with tokens that are not valid came from this "
	                       "address: check the token before you try again");
}

void call_failed_token(struct call *c)
{
	rates_failed(&c->api->rates, http_peer_address(c->req));
}
