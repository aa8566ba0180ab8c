/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/policy_judge.h"

#include <string.h>

/* Of the rows [from, to), which are one wallet's. */
static bool has_tag(const struct key_wallets *w, size_t from, size_t to, const char *tag)
{
	for (size_t i = from; i < to; i++)
		if (strcmp(w->rows[i].tag, tag) == 0)
			return true;
	return false;
}

static bool has_any(const struct key_wallets *w, size_t from, size_t to, const struct json_t *tags)
{
	for (size_t i = from; i < to; i++)
		if (text_list_has(tags, w->rows[i].tag))
			return true;
	return false;
}

static bool has_all(const struct key_wallets *w, size_t from, size_t to, const struct json_t *tags)
{
	for (size_t i = 0, n = json_count(tags); i < n; i++)
		if (!has_tag(w, from, to, json_value_text(json_element(tags, i))))
			return false;
	return true;
}

static bool wallet_matches(const struct policy_filters *f, const struct key_wallets *w, size_t from,
                           size_t to)
{
	return (!f->wallets || text_list_has(f->wallets, w->rows[from].id)) &&
	       (!f->tags_any || has_any(w, from, to, f->tags_any)) &&
	       (!f->tags_all || has_all(w, from, to, f->tags_all));
}

static bool any_wallet_matches(const struct policy_filters *f, const struct key_wallets *w)
{
	size_t to;

	for (size_t from = 0; from < w->n; from = to) {
		for (to = from; to < w->n && strcmp(w->rows[to].id, w->rows[from].id) == 0;)
			to++;
		if (wallet_matches(f, w, from, to))
			return true;
	}
	return false;
}

bool policy_is_about(const struct policy *p, const struct activity *a, const struct key_wallets *w)
{
	const struct policy_filters *f = &p->filters;

	if (p->activity != a->kind)
		return false;
	if (f->entities && !text_list_has(f->entities, a->entity_id))
		return false;
	return !(f->wallets || f->tags_any || f->tags_all) || any_wallet_matches(f, w);
}
