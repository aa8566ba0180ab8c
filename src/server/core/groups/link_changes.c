/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/groups/link_changes.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* What there is already. */
struct present {
	size_t n;
	int last; /* the greatest order */
};

static hf_status count_one(void *ctx, const struct link_row *row)
{
	struct present *p = ctx;

	if (!p->n++ || row->order > p->last)
		p->last = row->order;
	return HF_SUCCESS;
}

static void take_config(const struct link_config *c, struct link_row *row)
{
	memcpy(row->kind, c->kind, sizeof(row->kind));
	memcpy(row->url, c->url, sizeof(row->url));
	row->slot = c->slot;
	if (c->order_given)
		row->order = c->order;
}

static hf_status add(const struct group_maker *by, struct db *db, const char *group_id,
                     const struct link_config *c, int order, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf tls = HF_BUF(LINK_TLS_MAX + 1), pin = HF_BUF(LINK_SEALED_MAX),
	                            key = HF_BUF(LINK_SEALED_MAX);
	const struct hf_secret *storage = &by->core->secrets.storage_key;
	struct link_row row = { .order = order,
		                .created_ms = by->now_ms,
		                .updated_ms = by->now_ms };

	hf_uuid_new(row.id);
	snprintf(row.group_id, sizeof(row.group_id), "%s", group_id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", by->org_id);
	take_config(c, &row);
	hf_buf_put(&tls, c->tls.ptr, c->tls.len);
	hf_buf_u8(&tls, 0);
	HF_TRY(hf_buf_status(&tls));
	HF_TRY(link_seal(storage, row.id, LINK_PIN, &c->pin, &pin));
	HF_TRY(link_seal(storage, row.id, LINK_CLIENT_KEY, &c->client_key, &key));
	row.tls = (const char *)tls.ptr;
	row.pin = hf_buf_span(&pin);
	row.client_key = hf_buf_span(&key);
	if (strstr(row.tls, "\"client_cert\"") && !row.client_key.len)
		return hf_fail(err, HF_INVALID,
		               "tls.client_cert comes with the tls.client_key that belongs to it");
	return link_row_insert(db, &row);
}

struct change {
	const struct group_maker *by;
	struct db *db;
	const struct link_change *to;
	struct hf_err *err;
};

/* The stored PIN, where it was not given anew, and may go where the connection now leads. */
static hf_status keep_pin(const struct change *c, const struct link_row *old, bool same_place,
                          struct link_row *row)
{
	if (!old->pin.len)
		return HF_SUCCESS;
	if (!same_place)
		return hf_fail(
		        c->err, HF_INVALID,
		        "give the PIN again: the address of the connection, or the authority "
		        "that it trusts, is another, and a stored PIN is not sent elsewhere");
	row->pin = old->pin;
	snprintf(row->pin_refused, sizeof(row->pin_refused), "%s", old->pin_refused);
	return HF_SUCCESS;
}

static hf_status keep_key(const struct change *c, const struct link_row *old, const char *tls,
                          struct link_row *row)
{
	bool same;

	if (!strstr(tls, "\"client_cert\""))
		return HF_SUCCESS;
	HF_TRY(link_same_identity(old->tls, tls, &same));
	if (!same || !old->client_key.len)
		return hf_fail(c->err, HF_INVALID,
		               "tls.client_cert comes with the tls.client_key that belongs to it");
	row->client_key = old->client_key;
	return HF_SUCCESS;
}

static bool connects_alike(const struct link_row *a, const struct link_row *b)
{
	return strcmp(a->url, b->url) == 0 && a->slot == b->slot && strcmp(a->tls, b->tls) == 0;
}

static hf_status put(const struct change *c, const struct link_row *old, const char *tls)
{
	HF_BUF_SCOPED struct hf_buf pin = HF_BUF(LINK_SEALED_MAX), key = HF_BUF(LINK_SEALED_MAX);
	const struct link_config *to = &c->to->config;
	const struct hf_secret *storage = &c->by->core->secrets.storage_key;
	struct link_row row = *old;
	bool same_place;

	take_config(to, &row);
	row.tls = tls;
	row.pin = row.client_key = HF_SPAN(NULL, 0);
	row.pin_refused[0] = '\0';
	HF_TRY(link_same_place(old->url, old->tls, row.url, tls, &same_place));
	if (to->pin.len) {
		HF_TRY(link_seal(storage, row.id, LINK_PIN, &to->pin, &pin));
		row.pin = hf_buf_span(&pin);
	} else {
		HF_TRY(keep_pin(c, old, same_place, &row));
	}
	if (to->client_key.len) {
		HF_TRY(link_seal(storage, row.id, LINK_CLIENT_KEY, &to->client_key, &key));
		row.client_key = hf_buf_span(&key);
	} else {
		HF_TRY(keep_key(c, old, tls, &row));
	}
	if (strcmp(old->url, row.url) != 0 || old->slot != row.slot) /* perhaps another token */
		row.serial[0] = row.label[0] = '\0';
	/* Another order alone is no reason to connect anew. */
	if (!connects_alike(old, &row) || to->pin.len || to->client_key.len)
		row.updated_ms =
		        c->by->now_ms > old->updated_ms ? c->by->now_ms : old->updated_ms + 1;
	return link_row_update(c->db, &row);
}

/* As it was: copied, since the statement that it was read with is still under way. */
struct before {
	struct link_row row;
	char *tls;
	struct hf_buf pin, client_key;
};

static hf_status copy_before(void *ctx, const struct link_row *row)
{
	struct before *b = ctx;

	b->row = *row;
	b->tls = hf_strdup(row->tls);
	hf_buf_put(&b->pin, row->pin.ptr, row->pin.len);
	hf_buf_put(&b->client_key, row->client_key.ptr, row->client_key.len);
	HF_ENSURE(b->tls, HF_NOMEM);
	HF_TRY(hf_buf_status(&b->pin));
	HF_TRY(hf_buf_status(&b->client_key));
	b->row.tls = b->tls;
	b->row.pin = hf_buf_span(&b->pin);
	b->row.client_key = hf_buf_span(&b->client_key);
	return HF_SUCCESS;
}

static void before_done(struct before *b)
{
	free(b->tls);
	hf_buf_done(&b->pin);
	hf_buf_done(&b->client_key);
}

static hf_status missing(const char *id, struct hf_err *err)
{
	return hf_fail(err, HF_INVALID, "the group has no connection %s", id);
}

static hf_status change_one(const struct change *c, const char *group_id)
{
	HF_CLEANUP(before_done)
	struct before b = { .pin = HF_BUF(LINK_SEALED_MAX), .client_key = HF_BUF(LINK_SEALED_MAX) };
	HF_BUF_SCOPED struct hf_buf tls = HF_BUF(LINK_TLS_MAX + 1);
	hf_status s = link_row_get(c->db, group_id, c->to->id, copy_before, &b);

	if (s.code == HF_NOTFOUND)
		return missing(c->to->id, c->err);
	HF_TRY(s);
	hf_buf_put(&tls, c->to->config.tls.ptr, c->to->config.tls.len);
	hf_buf_u8(&tls, 0);
	HF_TRY(hf_buf_status(&tls));
	return put(c, &b.row, (const char *)tls.ptr);
}

hf_status links_change(const struct group_maker *by, struct db *db, const char *group_id,
                       const struct group_request *r, struct hf_err *err)
{
	struct present present = { 0 };
	hf_status s;

	for (size_t i = 0; i < r->n_remove; i++) {
		s = link_row_delete(db, group_id, r->remove[i]);
		if (s.code == HF_NOTFOUND)
			return missing(r->remove[i], err);
		HF_TRY(s);
	}
	for (size_t i = 0; i < r->n_change; i++) {
		const struct change c = { by, db, &r->change[i], err };

		HF_TRY(change_one(&c, group_id));
	}
	HF_TRY(link_rows_list(db, group_id, count_one, &present));
	if (present.n + r->n_add > GROUP_LINKS_MAX)
		return hf_fail(err, HF_STATE, "a group has at most %d connections",
		               GROUP_LINKS_MAX);
	for (size_t i = 0; i < r->n_add; i++) {
		int order = present.n + i ? present.last + 1 : 0;

		if (r->add[i].order_given)
			order = r->add[i].order;
		if (!(present.n + i) || order > present.last)
			present.last = order;
		HF_TRY(add(by, db, group_id, &r->add[i], order, err));
	}
	return HF_SUCCESS;
}

bool link_changes_only_pin(const struct group *g, const struct link_change *change)
{
	const struct link_config *c = &change->config;

	for (size_t i = 0; i < g->n_links; i++) {
		const struct group_link *l = &g->links[i];

		if (strcmp(l->id, change->id) == 0)
			return c->pin.len && !c->client_key.len && strcmp(l->url, c->url) == 0 &&
			       l->slot == c->slot && (!c->order_given || c->order == l->order) &&
			       strcmp(l->kind, c->kind) == 0 &&
			       hf_span_is(hf_buf_span(&c->tls), l->tls);
	}
	return false;
}
