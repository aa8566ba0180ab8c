/* SPDX-License-Identifier: Apache-2.0
 * Rate limits: so many in a period for each caller or address, the whole period's worth at once if
 * it has saved them (a token bucket, kept as the time at which it will be full again).
 *
 * In this server's memory, in a table of fixed size. Who is not in it has not used anything lately;
 * when it is full, the entry that is soonest full again makes room. Thread-safe, and far below a
 * microsecond. */
#ifndef HF_SERVER_CORE_LIMITS_H
#define HF_SERVER_CORE_LIMITS_H

#include "base/buf.h"

struct limit;

/* `count` in `period_ms`; 0: no limit. The caller owns *ret. */
HF_MUST hf_status limit_new(unsigned count, int64_t period_ms, struct limit **ret);
void limit_free(struct limit *l);

/* Takes one: 0; or, when there is none, how long until there is, in microseconds. `who` is any
 * text. `now_us` is hf_mono_us(). */
int64_t limit_take(struct limit *l, const char *who, int64_t now_us);
/* The same, and takes none. */
int64_t limit_ask(struct limit *l, const char *who, int64_t now_us);

#define LIMIT_ADDRESS_MAX 64
/* What is limited together: an IPv4 address, or the first 64 bits of an IPv6 one, which are one
 * customer's or one network's. `peer` is "192.0.2.1:5678" or "[2001:db8::1]:5678", or without the
 * port. What is no address is taken as it is. */
void limit_address(const char *peer, char to[LIMIT_ADDRESS_MAX]);

#endif
