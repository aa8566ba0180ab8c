/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/groups/group.h"

#include "base/clock.h"
#include "base/text.h"
#include "json/read.h"
#include "server/core/access/account.h"
#include "server/core/access/crypto_policy.h"
#include "server/core/access/quorum.h"
#include "server/store/group_rows.h"
#include "server/store/link_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#define BUCKETS 256

struct entry {
	SLIST_ENTRY(entry) next;
	struct group *group;
	int64_t until_ms; /* monotonic */
};

struct groups {
	pthread_mutex_t lock;
	SLIST_HEAD(bucket, entry) buckets[BUCKETS];
	unsigned forgotten; /* times that one was */
};

struct group *group_ref(struct group *g)
{
	atomic_fetch_add_explicit(&g->references, 1, memory_order_relaxed);
	return g;
}

void group_unref(struct group *g)
{
	if (!g || atomic_fetch_sub_explicit(&g->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < g->n_links; i++)
		free(g->links[i].tls);
	quorum_policy_free(g->quorum);
	crypto_policy_free(g->crypto);
	account_policies_free(g->account);
	free(g->description);
	free(g->approval_policy);
	free(g->cryptographic_policy);
	free(g->key_history_policy);
	free(g->custom_metadata);
	free(g);
}

hf_status groups_new(struct groups **ret)
{
	struct groups *g = calloc(1, sizeof(*g));

	HF_ENSURE(g, HF_NOMEM);
	pthread_mutex_init(&g->lock, NULL);
	*ret = g;
	return HF_SUCCESS;
}

static void entry_free(struct entry *e)
{
	group_unref(e->group);
	free(e);
}

void groups_free(struct groups *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct entry *e;

		while ((e = SLIST_FIRST(&g->buckets[i]))) {
			SLIST_REMOVE_HEAD(&g->buckets[i], next);
			entry_free(e);
		}
	}
	pthread_mutex_destroy(&g->lock);
	free(g);
}

/* Ids are made here (base/uuid.h), so nobody can choose them to fall into one bucket. */
static struct bucket *bucket_of(struct groups *g, const char *id)
{
	uint32_t hash = 2166136261u;

	for (; *id; id++)
		hash = (hash ^ (uint8_t)*id) * 16777619u;
	return &g->buckets[hash % BUCKETS];
}

struct group *groups_cached(struct groups *g, const char *org_id, const char *id)
{
	int64_t now = hf_mono_ms();
	struct group *found = NULL;
	const struct entry *e;

	pthread_mutex_lock(&g->lock);
	SLIST_FOREACH(e, bucket_of(g, id), next)
		if (now < e->until_ms && strcmp(e->group->id, id) == 0 &&
		    strcmp(e->group->org_id, org_id) == 0)
			found = group_ref(e->group);
	pthread_mutex_unlock(&g->lock);
	return found;
}

/* Those of this id, and what is too old. */
static void drop(struct bucket *b, const char *id, int64_t now)
{
	struct entry *e, *next;

	for (e = SLIST_FIRST(b); e; e = next) {
		next = SLIST_NEXT(e, next);
		if (now < e->until_ms && strcmp(e->group->id, id) != 0)
			continue;
		SLIST_REMOVE(b, e, entry, next);
		entry_free(e);
	}
}

void groups_forget(struct groups *g, const char *id)
{
	pthread_mutex_lock(&g->lock);
	g->forgotten++;
	drop(bucket_of(g, id), id, hf_mono_ms());
	pthread_mutex_unlock(&g->lock);
}

void groups_forget_account(struct groups *g, const char *org_id)
{
	struct entry *e, *next;

	pthread_mutex_lock(&g->lock);
	g->forgotten++;
	for (size_t i = 0; i < BUCKETS; i++)
		for (e = SLIST_FIRST(&g->buckets[i]); e; e = next) {
			next = SLIST_NEXT(e, next);
			if (strcmp(e->group->org_id, org_id) != 0)
				continue;
			SLIST_REMOVE(&g->buckets[i], e, entry, next);
			entry_free(e);
		}
	pthread_mutex_unlock(&g->lock);
}

/* Fresh from `began_ms` on, when it was looked for. Not kept when one was forgotten meanwhile: it
 * may have been read before. */
static hf_status keep(struct groups *g, struct group *group, int64_t began_ms, unsigned forgotten)
{
	struct entry *e = calloc(1, sizeof(*e));
	struct bucket *b = bucket_of(g, group->id);

	HF_ENSURE(e, HF_NOMEM);
	e->group = group_ref(group);
	e->until_ms = began_ms + GROUP_FRESH_MS;
	pthread_mutex_lock(&g->lock);
	if (g->forgotten == forgotten) {
		drop(b, group->id, began_ms);
		SLIST_INSERT_HEAD(b, e, next);
		e = NULL;
	}
	pthread_mutex_unlock(&g->lock);
	if (e)
		entry_free(e);
	return HF_SUCCESS;
}

static hf_status copy(const char *from, char **to)
{
	if (!from)
		return HF_SUCCESS;
	*to = hf_strdup(from);
	HF_ENSURE(*to, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status take_group(void *ctx, const struct group_row *row)
{
	struct group *g = ctx;

	snprintf(g->id, sizeof(g->id), "%s", row->id);
	snprintf(g->org_id, sizeof(g->org_id), "%s", row->org_id);
	snprintf(g->name, sizeof(g->name), "%s", row->name);
	snprintf(g->store_id, sizeof(g->store_id), "%s", row->store_id);
	snprintf(g->created_by, sizeof(g->created_by), "%s", row->created_by);
	g->created_ms = row->created_ms;
	g->by_priority = row->by_priority;
	g->segregation = row->segregation;
	g->apply_to_hsm = row->apply_to_hsm;
	HF_TRY(copy(row->description, &g->description));
	HF_TRY(copy(row->approval_policy, &g->approval_policy));
	HF_TRY(copy(row->cryptographic_policy, &g->cryptographic_policy));
	HF_TRY(copy(row->key_history_policy, &g->key_history_policy));
	return copy(row->custom_metadata, &g->custom_metadata);
}

static hf_status take_link(void *ctx, const struct link_row *row)
{
	struct group *g = ctx;
	struct group_link *l = &g->links[g->n_links];

	HF_ENSURE(g->n_links < GROUP_LINKS_MAX, HF_CORRUPT);
	snprintf(l->id, sizeof(l->id), "%s", row->id);
	snprintf(l->kind, sizeof(l->kind), "%s", row->kind);
	snprintf(l->url, sizeof(l->url), "%s", row->url);
	snprintf(l->serial, sizeof(l->serial), "%s", row->serial);
	snprintf(l->label, sizeof(l->label), "%s", row->label);
	l->slot = row->slot;
	l->order = row->order;
	l->has_pin = row->pin.len > 0;
	l->pin_refused = *row->pin_refused != '\0';
	l->updated_ms = row->updated_ms;
	HF_TRY(copy(row->tls, &l->tls));
	g->n_links++;
	return HF_SUCCESS;
}

enum { HISTORY_JSON_MAX = 4096 };

static hf_status read_history(struct group *g, struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;

	if (!g->key_history_policy)
		return HF_SUCCESS;
	HF_TRY(json_parse(hf_span_text(g->key_history_policy), HISTORY_JSON_MAX, &doc, err));
	g->undo_ms = json_value_int(json_member(doc, "undo_time_window")) * 1000;
	return HF_SUCCESS;
}

/* One that cannot be read (any more) is not as if there were none: the group is then of no use. */
static hf_status read_policies(struct group *g, struct hf_err *err)
{
	hf_status s = HF_SUCCESS;

	if (g->approval_policy)
		s = quorum_policy_parse(hf_span_text(g->approval_policy), &g->quorum, err);
	if (hf_ok(s) && g->cryptographic_policy)
		s = crypto_policy_parse(hf_span_text(g->cryptographic_policy), "group", &g->crypto,
		                        err);
	if (hf_ok(s))
		s = read_history(g, err);
	if (!hf_ok(s) && s.code != HF_NOMEM)
		return hf_fail(err, HF_CORRUPT,
		               "a stored policy of group %s cannot be read: give it anew", g->id);
	return s;
}

hf_status group_read(struct db *db, const char *org_id, const char *id, struct group **ret,
                     struct hf_err *err)
{
	GROUP_SCOPED struct group *g = calloc(1, sizeof(*g));
	hf_status s;

	HF_ENSURE(g, HF_NOMEM);
	atomic_init(&g->references, 1);
	s = group_row_get(db, org_id, id, take_group, g);
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "there is no such group");
	HF_TRY(s);
	HF_TRY(link_rows_list(db, id, take_link, g));
	HF_TRY(read_policies(g, err));
	HF_TRY(account_policies_read(db, org_id, &g->account, err));
	*ret = hf_take(g);
	return HF_SUCCESS;
}

hf_status groups_load(struct groups *g, struct db *db, const char *org_id, const char *id,
                      struct group **ret, struct hf_err *err)
{
	GROUP_SCOPED struct group *group = NULL;
	int64_t began = hf_mono_ms();
	unsigned forgotten;

	pthread_mutex_lock(&g->lock);
	forgotten = g->forgotten;
	pthread_mutex_unlock(&g->lock);
	HF_TRY(group_read(db, org_id, id, &group, err));
	HF_TRY(keep(g, group, began, forgotten));
	*ret = hf_take(group);
	return HF_SUCCESS;
}
