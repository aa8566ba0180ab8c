/* SPDX-License-Identifier: Apache-2.0
 * The rate limits of one face: of callers, by what they show; and of addresses, for calls of nobody
 * and for proofs that were none. Each face has its own. Thread-safe. */
#ifndef HF_SERVER_CORE_RATES_H
#define HF_SERVER_CORE_RATES_H

#include "server/core/limits.h"
#include "server/server.h"

struct server_metrics;

struct rates {
	unsigned rate, open_rate; /* for words */
	struct limit *callers;    /* in a second */
	struct limit *open;       /* by address, in a minute: calls of nobody */
	struct limit *failures;   /* likewise: proofs that were none */
};

/* By --rate-limit and --login-rate. The caller owns *ret: rates_done(). */
HF_MUST hf_status rates_init(const struct server_config *config, struct rates *ret);
void rates_done(struct rates *r);

/* Each takes one: 0; or, when there is none, how long until there is, in microseconds. Who has to
 * wait is counted in `metrics` (may be NULL). `peer` is an address as limit_address() takes it. */
int64_t rates_take_caller(const struct rates *r, const char *who, struct server_metrics *metrics);
int64_t rates_take_open(const struct rates *r, const char *peer, struct server_metrics *metrics);
/* May it show a proof that this server does not know yet? Takes none: rates_failed() does. */
int64_t rates_ask_failures(const struct rates *r, const char *peer, struct server_metrics *metrics);
void rates_failed(const struct rates *r, const char *peer);

/* A wait of a limit (microseconds) as the value of Retry-After. */
#define RETRY_AFTER_MAX 24
void rates_retry_after(int64_t wait_us, char to[RETRY_AFTER_MAX]);

#endif
