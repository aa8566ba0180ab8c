/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/waiting.h"

void waiting_init(struct waiting *w)
{
	w->first = NULL;
	w->last = &w->first;
	w->n = 0;
}

void waiting_add(struct waiting *w, struct work_item *item)
{
	item->next = NULL;
	*w->last = item;
	w->last = &item->next;
	w->n++;
}

struct work_item *waiting_next(struct waiting *w)
{
	struct work_item *item = w->first;

	if (!item)
		return NULL;
	w->first = item->next;
	if (!w->first)
		w->last = &w->first;
	w->n--;
	return item;
}

void waiting_move(struct waiting *w, struct waiting *from)
{
	if (!from->first)
		return;
	*w->last = from->first;
	w->last = from->last;
	w->n += from->n;
	waiting_init(from);
}

int64_t waiting_expire(struct waiting *w, int64_t now_ms, struct waiting *ret_late)
{
	struct work_item *item, *next = w->first;
	int64_t soonest = INT64_MAX;

	waiting_init(ret_late);
	waiting_init(w);
	while ((item = next)) {
		int64_t deadline = item->work->deadline_ms;

		next = item->next;
		if (deadline <= now_ms) {
			waiting_add(ret_late, item);
			continue;
		}
		waiting_add(w, item);
		if (deadline < soonest)
			soonest = deadline;
	}
	return soonest;
}
