/* SPDX-License-Identifier: Apache-2.0
 * The pages of a scan that are not stored yet: those that have arrived, and those of doubtful keys,
 * which are decided when no more come. One thread at a time. */
#ifndef HF_SERVER_CORE_OBJECTS_SCAN_PAGES_H
#define HF_SERVER_CORE_OBJECTS_SCAN_PAGES_H

#include "server/core/objects/scan_page.h"

/* Pages in one transaction: keys have random ids, so that a short transaction touches, and writes,
 * nearly as many pages of the database's indexes as a long one. Longer than this, and what others
 * write would wait for us. */
#define STORED_AT_ONCE 8
#define STORED_EVERY_MS 2000 /* at least, where the HSM is slow: it is the sign of life, too */
#define ARRIVED_MAX (2 * STORED_AT_ONCE)

struct scan_pages {
	struct scan_page *arrived[ARRIVED_MAX];
	size_t n_arrived;
	struct scan_page *doubtful, *put_off; /* the one with room, and full ones */
	int64_t taken_ms;                     /* hf_mono_ms() of the last time, or of the start */
};

/* No more are to be asked for. */
bool scan_pages_full(const struct scan_pages *p);
/* Not when full. Takes the page over. */
void scan_pages_arrived(struct scan_pages *p, struct scan_page *page);
/* What one transaction stores, sorted, in a chain that is the caller's; NULL: not enough for one
 * yet. `listed`: no more come. `how` without `last` and `doubtful`. */
HF_MUST hf_status scan_pages_take(struct scan_pages *p, bool listed, const struct page_sort *how,
                                  struct scan_page **ret);
void scan_pages_forget(struct scan_pages *p); /* all of them */
void scan_chain_free(struct scan_page *first);

#endif
