/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/call_limits.h"

#include "base/clock.h"
#include "server/metrics.h"

#include <stdio.h>

static void refuse(struct crypto_call *c, hf_counter *count, int64_t wait_us, const char *message)
{
	char seconds[RETRY_AFTER_MAX];

	rates_retry_after(wait_us, seconds);
	if (c->req)
		http_reply_header(c->req, "Retry-After", seconds);
	if (count)
		hf_count(count, 1);
	crypto_call_fail_with(c, 429, message);
}

#define COUNT(c, name) (c->api->core->metrics ? &c->api->core->metrics->name : NULL)

bool crypto_within_rate(struct crypto_call *c)
{
	const struct rates *l = &c->api->rates;
	int64_t wait = limit_take(l->callers, c->who->identity_id, hf_mono_us());
	char message[160];

	if (!wait)
		return true;
	snprintf(message, sizeof(message),
	         "too many requests: a caller may make %u in a second (the server's --rate-limit)",
	         l->rate);
	refuse(c, COUNT(c, limited_callers), wait, message);
	return false;
}

static const char *address(struct crypto_call *c, char to[LIMIT_ADDRESS_MAX])
{
	limit_address(http_peer_address(c->req), to);
	return to;
}

bool crypto_within_open_rate(struct crypto_call *c)
{
	const struct rates *l = &c->api->rates;
	char from[LIMIT_ADDRESS_MAX], message[200];
	int64_t wait = limit_take(l->open, address(c, from), hf_mono_us());

	if (!wait)
		return true;
	snprintf(message, sizeof(message),
	         "too many requests: an address may make %u in a minute without saying whose they "
	         "are (the server's --login-rate)",
	         l->open_rate);
	refuse(c, COUNT(c, limited_open), wait, message);
	return false;
}

bool crypto_may_try(struct crypto_call *c)
{
	const struct rates *l = &c->api->rates;
	char from[LIMIT_ADDRESS_MAX];
	int64_t wait = limit_ask(l->failures, address(c, from), hf_mono_us());

	if (!wait)
		return true;
	refuse(c, COUNT(c, limited_failures), wait,
	       "too many requests with credentials that are not valid came from this address: "
	       "check them before you try again");
	return false;
}

void crypto_failed_proof(struct crypto_call *c)
{
	char from[LIMIT_ADDRESS_MAX];

	limit_take(c->api->rates.failures, address(c, from), hf_mono_us());
}
