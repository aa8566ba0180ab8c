/* SPDX-License-Identifier: Apache-2.0
 * Operations that wait for a signer, in their order. One thread at a time. */
#ifndef HF_GATEWAY_WAITING_H
#define HF_GATEWAY_WAITING_H

#include "gateway/work.h"

struct waiting {
	struct work_item *first, **last;
	size_t n;
};

void waiting_init(struct waiting *w);
void waiting_add(struct waiting *w, struct work_item *item);
/* The first one, taken out; NULL: none waits. */
struct work_item *waiting_next(struct waiting *w);
/* All of `from`, behind those that are there; `from` is empty then. */
void waiting_move(struct waiting *w, struct waiting *from);
/* Those whose time is over, taken out into `ret_late`. Returns when the next one's is, INT64_MAX:
 * none waits. */
int64_t waiting_expire(struct waiting *w, int64_t now_ms, struct waiting *ret_late);

#endif
