/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/call_limits.h"

#include <stdio.h>

static bool refuse(struct crypto_call *c, int64_t wait_us, const char *message)
{
	char seconds[RETRY_AFTER_MAX];

	rates_retry_after(wait_us, seconds);
	if (c->req)
		http_reply_header(c->req, "Retry-After", seconds);
	crypto_call_fail_with(c, 429, message);
	return false;
}

bool crypto_within_rate(struct crypto_call *c)
{
	const struct rates *r = &c->api->rates;
	int64_t wait = rates_take_caller(r, c->who->identity_id, c->api->core->metrics);
	char message[160];

	if (!wait)
		return true;
	snprintf(message, sizeof(message),
	         "too many requests: a caller may make %u in a second (the server's --rate-limit)",
	         r->rate);
	return refuse(c, wait, message);
}

bool crypto_within_open_rate(struct crypto_call *c)
{
	const struct rates *r = &c->api->rates;
	int64_t wait = rates_take_open(r, http_peer_address(c->req), c->api->core->metrics);
	char message[200];

	if (!wait)
		return true;
	snprintf(message, sizeof(message),
	         "too many requests: an address may make %u in a minute without saying whose they "
	         "are (the server's --login-rate)",
	         r->open_rate);
	return refuse(c, wait, message);
}

bool crypto_may_try(struct crypto_call *c)
{
	int64_t wait = rates_ask_failures(&c->api->rates, http_peer_address(c->req),
	                                  c->api->core->metrics);

	return !wait || refuse(c, wait,
	                       "too many requests with credentials that are not valid came from "
	                       "this address: check them before you try again");
}

void crypto_failed_proof(struct crypto_call *c)
{
	rates_failed(&c->api->rates, http_peer_address(c->req));
}
