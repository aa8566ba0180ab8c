/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/scan_pages.h"

#include "base/clock.h"

void scan_chain_free(struct scan_page *first)
{
	while (first) {
		struct scan_page *next = first->next;

		scan_page_free(first);
		first = next;
	}
}

bool scan_pages_full(const struct scan_pages *p)
{
	return p->n_arrived == ARRIVED_MAX;
}

void scan_pages_arrived(struct scan_pages *p, struct scan_page *page)
{
	p->arrived[p->n_arrived++] = page;
}

void scan_pages_forget(struct scan_pages *p)
{
	while (p->n_arrived)
		scan_page_free(p->arrived[--p->n_arrived]);
	scan_page_free(hf_take(p->doubtful));
	scan_chain_free(hf_take(p->put_off));
}

static struct scan_page *take_arrived(struct scan_pages *p)
{
	size_t n = p->n_arrived < STORED_AT_ONCE ? p->n_arrived : STORED_AT_ONCE;
	struct scan_page *first = NULL, **end = &first;

	for (size_t i = 0; i < n; i++, end = &(*end)->next)
		*end = p->arrived[i];
	p->n_arrived -= n;
	for (size_t i = 0; i < p->n_arrived; i++)
		p->arrived[i] = p->arrived[n + i];
	return first;
}

static struct scan_page *take_doubtful(struct scan_pages *p)
{
	struct scan_page *first = hf_take(p->doubtful);

	if (first)
		first->next = hf_take(p->put_off);
	return first;
}

/* Room for all of another page among the doubtful. */
static hf_status make_room(struct scan_pages *p, size_t n)
{
	if (p->doubtful && p->doubtful->n + n <= CRYPTO_LIST_MAX)
		return HF_SUCCESS;
	if (p->doubtful) {
		p->doubtful->next = p->put_off;
		p->put_off = hf_take(p->doubtful);
	}
	return scan_page_new(&p->doubtful);
}

static hf_status sort(struct scan_pages *p, struct scan_page *page, struct page_sort how)
{
	if (!how.last) {
		HF_TRY(make_room(p, page->n));
		how.doubtful = p->doubtful;
	}
	return scan_page_sort(page, &how);
}

hf_status scan_pages_take(struct scan_pages *p, bool listed, const struct page_sort *how,
                          struct scan_page **ret)
{
	struct page_sort sorting = *how;
	struct scan_page *first;
	int64_t now = hf_mono_ms();

	if (!listed && p->n_arrived < STORED_AT_ONCE && now - p->taken_ms < STORED_EVERY_MS) {
		*ret = NULL;
		return HF_SUCCESS;
	}
	sorting.last = listed && !p->n_arrived;
	first = sorting.last ? take_doubtful(p) : take_arrived(p);
	for (struct scan_page *page = first; page; page = page->next) {
		hf_status s = sort(p, page, sorting);

		if (!hf_ok(s)) {
			scan_chain_free(first);
			return s;
		}
	}
	p->taken_ms = now;
	*ret = first;
	return HF_SUCCESS;
}
