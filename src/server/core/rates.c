/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/rates.h"

#include "base/clock.h"
#include "server/metrics.h"

#include <stdio.h>

#define SECOND_MS 1000
#define MINUTE_MS 60000
#define SECOND_US 1000000

hf_status rates_init(const struct server_config *config, struct rates *ret)
{
	struct rates r = { .rate = config->rate_limit, .open_rate = config->login_rate };
	hf_status s = limit_new(r.rate, SECOND_MS, &r.callers);

	if (hf_ok(s))
		s = limit_new(r.open_rate, MINUTE_MS, &r.open);
	if (hf_ok(s))
		s = limit_new(r.open_rate, MINUTE_MS, &r.failures);
	if (!hf_ok(s)) {
		rates_done(&r);
		return s;
	}
	*ret = r;
	return HF_SUCCESS;
}

void rates_done(struct rates *r)
{
	limit_free(r->callers);
	limit_free(r->open);
	limit_free(r->failures);
	*r = (struct rates){ 0 };
}

static int64_t counted(int64_t wait_us, hf_counter *refused)
{
	if (wait_us && refused)
		hf_count(refused, 1);
	return wait_us;
}

int64_t rates_take_caller(const struct rates *r, const char *who, struct server_metrics *metrics)
{
	return counted(limit_take(r->callers, who, hf_mono_us()),
	               metrics ? &metrics->limited_callers : NULL);
}

int64_t rates_take_open(const struct rates *r, const char *peer, struct server_metrics *metrics)
{
	char from[LIMIT_ADDRESS_MAX];

	limit_address(peer, from);
	return counted(limit_take(r->open, from, hf_mono_us()),
	               metrics ? &metrics->limited_open : NULL);
}

int64_t rates_ask_failures(const struct rates *r, const char *peer, struct server_metrics *metrics)
{
	char from[LIMIT_ADDRESS_MAX];

	limit_address(peer, from);
	return counted(limit_ask(r->failures, from, hf_mono_us()),
	               metrics ? &metrics->limited_failures : NULL);
}

void rates_failed(const struct rates *r, const char *peer)
{
	char from[LIMIT_ADDRESS_MAX];

	limit_address(peer, from);
	limit_take(r->failures, from, hf_mono_us());
}

void rates_retry_after(int64_t wait_us, char to[RETRY_AFTER_MAX])
{
	snprintf(to, RETRY_AFTER_MAX, "%lld", (long long)((wait_us + SECOND_US - 1) / SECOND_US));
}
