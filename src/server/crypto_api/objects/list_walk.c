/* SPDX-License-Identifier: Apache-2.0
 * Several sources, each in order by an index of its own, are merged; what does not match is passed
 * over. */
#include "server/core/access/quorum.h"
#include "server/crypto_api/objects/filter.h"
#include "server/crypto_api/objects/list.h"
#include "server/store/group_rows.h"
#include "server/store/identity_rows.h"

#include <stdio.h>
#include <string.h>

enum { BATCH = 128 };

struct source {
	const struct list_query *q;
	const char *group_id; /* NULL: of the account */
	bool by_cka;
	char after[OBJECT_NAME_MAX];
	bool begun, ended;
	struct object *rows[BATCH];
	size_t n, at;
};

struct walk {
	const struct list_query *q;
	struct groups *groups;
	struct db *db;
	struct hf_err *err;
	size_t n_sources;
	struct source *sources;
	int64_t examined;
	/* The last group that was judged. */
	char judged[HF_UUID_MAX];
	char group_name[GROUP_NAME_MAX];
	bool visible;
	/* The last creator whose name was asked for. */
	char creator[HF_ID_MAX], creator_name[IDENTITY_NAME_MAX];
};

bool list_sees_all(const struct principal *who)
{
	return who->app_admin || (who->kind == PRINCIPAL_USER &&
	                          who->account_roles & (ACCOUNT_ADMINISTRATOR | ACCOUNT_AUDITOR));
}

/* ---- sources */

static hf_status keep_row(void *ctx, const struct object_row *row)
{
	struct source *s = ctx;

	HF_TRY(object_new(row, NULL, &s->rows[s->n]));
	s->n++;
	return HF_SUCCESS;
}

static void empty(struct source *s)
{
	for (size_t i = s->at; i < s->n; i++)
		object_unref(s->rows[i]);
	s->n = s->at = 0;
}

static hf_status refill(struct walk *w, struct source *s)
{
	const struct list_query *q = w->q;
	const struct object_page page = {
		.org_id = q->org_id,
		.group_id = s->group_id,
		.by_name = q->by_name,
		.descending = q->descending,
		.deleted_too = q->deleted,
		.after = s->begun ? s->after : q->start,
		.limit = BATCH,
	};

	if (s->ended || s->at < s->n)
		return HF_SUCCESS;
	s->n = s->at = 0;
	if (s->by_cka)
		HF_TRY(object_rows_cka(w->db, q->org_id, q->have_cka_id ? &q->cka_id : NULL,
		                       q->have_cka_id ? NULL : &q->label, page.after, BATCH,
		                       keep_row, s));
	else
		HF_TRY(object_rows_page(w->db, &page, keep_row, s));
	s->begun = true;
	s->ended = s->n < BATCH;
	if (s->n)
		snprintf(s->after, sizeof(s->after), "%s",
		         q->by_name ? s->rows[s->n - 1]->name : s->rows[s->n - 1]->id);
	return HF_SUCCESS;
}

static bool comes_first(const struct list_query *q, const struct object *a, const struct object *b)
{
	int order = q->by_name ? strcmp(a->name, b->name) : strcmp(a->id, b->id);

	return q->descending ? order > 0 : order < 0;
}

/* *ret NULL: no more. */
static hf_status next(struct walk *w, struct object **ret)
{
	struct source *first = NULL;

	for (size_t i = 0; i < w->n_sources; i++) {
		struct source *s = &w->sources[i];

		HF_TRY(refill(w, s));
		if (s->at < s->n &&
		    (!first || comes_first(w->q, s->rows[s->at], first->rows[first->at])))
			first = s;
	}
	*ret = first ? first->rows[first->at++] : NULL;
	return HF_SUCCESS;
}

static void choose_sources(struct walk *w)
{
	const struct list_query *q = w->q;
	bool by_cka =
	        (q->have_cka_id || q->have_label) && !q->by_name && !q->descending && !q->deleted;
	bool side_by_side = !q->group_id && !by_cka && !list_sees_all(q->who) &&
	                    q->who->n_groups <= LIST_SOURCES_MAX;

	w->n_sources = side_by_side ? q->who->n_groups : 1;
	for (size_t i = 0; i < w->n_sources; i++)
		w->sources[i] = (struct source){
			.q = q,
			.by_cka = by_cka,
			.group_id = side_by_side ? q->who->groups[i].id : q->group_id,
		};
}

/* ---- what is shown */

/* In a group of the caller, whose quorum does not have to approve that he looks. */
static hf_status judge(struct walk *w, const char *group_id)
{
	GROUP_SCOPED struct group *group = groups_cached(w->groups, w->q->org_id, group_id);
	struct guard_question ask = { .who = w->q->who,
		                      .act = ACT_GROUP_READ,
		                      .now_ms = w->q->now_ms };
	bool quorum;
	hf_status s;

	if (strcmp(w->judged, group_id) == 0)
		return HF_SUCCESS;
	snprintf(w->judged, sizeof(w->judged), "%s", group_id);
	w->visible = false;
	if (!group) {
		s = groups_load(w->groups, w->db, w->q->org_id, group_id, &group, w->err);
		if (s.code == HF_NOTFOUND)
			return HF_SUCCESS;
		HF_TRY(s);
	}
	snprintf(w->group_name, sizeof(w->group_name), "%s", group->name);
	ask.group = group;
	w->visible = hf_ok(guard_check(&ask, &quorum, NULL)) &&
	             !(group->quorum && quorum_protects(group->quorum, ACT_READ));
	return HF_SUCCESS;
}

static bool is_creator(const struct object *o, const char *uuid)
{
	char of[HF_UUID_MAX];

	return hf_ok(hf_uuid_of_id(o->creator, of)) && strcmp(of, uuid) == 0;
}

/* "": he is not there any more, or there was nobody. */
static hf_status name_creator(struct walk *w, const struct object *o)
{
	struct identity_row row = { .name = "" };
	hf_status s;

	if (!w->q->filter || strcmp(w->creator, o->creator) == 0 ||
	    !filter_names(w->q->filter, FILTER_CREATOR_NAME))
		return HF_SUCCESS;
	s = identity_row_get(w->db, w->q->org_id, NULL, o->creator, &row);
	if (s.code != HF_NOTFOUND)
		HF_TRY(s);
	snprintf(w->creator, sizeof(w->creator), "%s", o->creator);
	snprintf(w->creator_name, sizeof(w->creator_name), "%s", row.name);
	return HF_SUCCESS;
}

static bool matches(const struct walk *w, const struct object *o)
{
	const struct list_query *q = w->q;
	const struct filter_facts facts = { .now_ms = q->now_ms,
		                            .group_name = w->group_name,
		                            .creator_name = w->creator_name };
	struct hf_span id = HF_SPAN(o->cka_id, o->cka_id_len);
	struct hf_span label = HF_SPAN(o->cka_label, o->cka_label_len);

	return (q->destroyed || o->state != OBJECT_DESTROYED) &&
	       (q->deleted || o->state != OBJECT_DELETED) &&
	       (!q->group_id || strcmp(o->group_id, q->group_id) == 0) &&
	       (!q->name || strcmp(o->name, q->name) == 0) &&
	       (!q->creator || is_creator(o, q->creator)) && (!q->type || o->type == q->type) &&
	       (!q->have_cka_id || hf_span_equal(id, q->cka_id)) &&
	       (!q->have_label || hf_span_equal(label, q->label)) &&
	       (!q->filter || filter_matches(&filter_of_objects, q->filter, &o->row, &facts));
}

static hf_status is_shown(struct walk *w, const struct object *o, bool *ret)
{
	*ret = false;
	if (++w->examined > LIST_EXAMINED_MAX)
		return hf_fail(w->err, HF_TOOBIG,
		               "more than %d security objects would have to be looked at for this: "
		               "narrow it by group_id, name, pkcs11_id or pkcs11_label, and turn "
		               "pages by `start`, not by `offset`",
		               LIST_EXAMINED_MAX);
	HF_TRY(judge(w, o->group_id));
	HF_TRY(name_creator(w, o));
	*ret = w->visible && matches(w, o);
	return HF_SUCCESS;
}

/* One of this name: no walk is needed. */
struct by_name {
	struct walk *w;
	object_row_fn fn;
	void *ctx;
	int64_t *matched;
};

static hf_status show_named(void *ctx, const struct object_row *row)
{
	struct by_name *k = ctx;
	OBJECT_SCOPED struct object *o = NULL;
	bool shown;

	HF_TRY(object_new(row, NULL, &o));
	HF_TRY(is_shown(k->w, o, &shown));
	if (!shown)
		return HF_SUCCESS;
	++*k->matched;
	return k->w->q->offset == 0 && k->w->q->limit > 0 ? k->fn(k->ctx, row) : HF_SUCCESS;
}

static hf_status walk_named(struct walk *w, object_row_fn fn, void *ctx, int64_t *ret_matched)
{
	struct by_name k = { w, fn, ctx, ret_matched };
	hf_status s = object_row_get(w->db, w->q->org_id, NULL, w->q->name, show_named, &k);

	return s.code == HF_NOTFOUND ? HF_SUCCESS : s;
}

static hf_status walk_all(struct walk *w, bool count, object_row_fn fn, void *ctx,
                          int64_t *ret_matched)
{
	const struct list_query *q = w->q;

	while (count || *ret_matched < q->offset + q->limit) {
		OBJECT_SCOPED struct object *o = NULL;
		bool shown;

		HF_TRY(next(w, &o));
		if (!o)
			return HF_SUCCESS;
		HF_TRY(is_shown(w, o, &shown));
		if (!shown)
			continue;
		if (*ret_matched >= q->offset && *ret_matched < q->offset + q->limit)
			HF_TRY(fn(ctx, &o->row));
		++*ret_matched;
	}
	return HF_SUCCESS;
}

hf_status list_walk(const struct list_query *q, struct groups *groups, struct db *db, bool count,
                    object_row_fn fn, void *ctx, int64_t *ret_matched, struct hf_err *err)
{
	HF_FREE struct source *sources = calloc(LIST_SOURCES_MAX, sizeof(*sources));
	struct walk w = { .q = q, .groups = groups, .db = db, .err = err, .sources = sources };
	hf_status s;

	HF_ENSURE(sources, HF_NOMEM);
	*ret_matched = 0;
	if (q->name && !q->deleted && !q->start)
		return walk_named(&w, fn, ctx, ret_matched);
	choose_sources(&w);
	s = walk_all(&w, count, fn, ctx, ret_matched);
	for (size_t i = 0; i < w.n_sources; i++)
		empty(&sources[i]);
	return s;
}

hf_status list_count(const struct list_query *q, struct db *db, int64_t *ret)
{
	int64_t n;

	*ret = 0;
	if (list_sees_all(q->who))
		return object_rows_count(db, q->org_id, NULL, ret);
	for (size_t i = 0; i < q->who->n_groups; i++) {
		HF_TRY(object_rows_count(db, q->org_id, q->who->groups[i].id, &n));
		*ret += n;
	}
	return HF_SUCCESS;
}
