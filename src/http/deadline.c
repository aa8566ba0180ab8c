/* SPDX-License-Identifier: Apache-2.0 */
#include "http/deadline.h"

#include "base/clock.h"

#include <stddef.h>

void http_deadlines_init(struct http_deadlines *all, int read_ms, int idle_ms, int linger_ms)
{
	for (int kind = 0; kind < HTTP_DEADLINE_KINDS_; kind++)
		TAILQ_INIT(&all->lists[kind]);
	all->lasts_ms[HTTP_DEADLINE_NONE] = 0;
	all->lasts_ms[HTTP_DEADLINE_READ] = read_ms;
	all->lasts_ms[HTTP_DEADLINE_IDLE] = idle_ms;
	all->lasts_ms[HTTP_DEADLINE_LINGER] = linger_ms;
}

void http_deadline_set(struct http_deadlines *all, struct http_deadline *d,
                       enum http_deadline_kind kind)
{
	if (d->kind != HTTP_DEADLINE_NONE)
		TAILQ_REMOVE(&all->lists[d->kind], d, entry);
	d->kind = kind;
	if (kind == HTTP_DEADLINE_NONE)
		return;
	d->at_ms = hf_mono_ms() + all->lasts_ms[kind];
	TAILQ_INSERT_TAIL(&all->lists[kind], d, entry);
}

struct http_deadline *http_deadline_expired(struct http_deadlines *all, int64_t now_ms)
{
	for (int kind = 0; kind < HTTP_DEADLINE_KINDS_; kind++) {
		struct http_deadline *first = TAILQ_FIRST(&all->lists[kind]);

		if (first && first->at_ms <= now_ms) {
			http_deadline_set(all, first, HTTP_DEADLINE_NONE);
			return first;
		}
	}
	return NULL;
}
