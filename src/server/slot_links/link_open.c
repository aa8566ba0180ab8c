/* SPDX-License-Identifier: Apache-2.0
 * From a row of the database to an open session, and signs of life. */
#include "server/slot_links/inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/core/groups/link_config.h"
#include "server/errand.h"

#include <stdio.h>
#include <string.h>

#define OPEN_MS 10000 /* a gateway may have to start signers, and log in */
#define PING_MS 2000

/* What the database says of the link, copied out. */
struct row_copy {
	struct link *link;
	struct link_row row;
	char *tls;
	struct hf_buf pin, client_key;
};

static void row_copy_done(struct row_copy *r)
{
	free(r->tls);
	hf_buf_done(&r->pin);
	hf_buf_done(&r->client_key);
}

static hf_status copy_row(void *ctx, const struct link_row *row)
{
	struct row_copy *to = ctx;

	to->row = *row;
	free(to->tls);
	to->tls = hf_strdup(row->tls);
	hf_buf_clear(&to->pin);
	hf_buf_clear(&to->client_key);
	hf_buf_put(&to->pin, row->pin.ptr, row->pin.len);
	hf_buf_put(&to->client_key, row->client_key.ptr, row->client_key.len);
	HF_ENSURE(to->tls, HF_NOMEM);
	HF_TRY(hf_buf_status(&to->pin));
	return hf_buf_status(&to->client_key);
}

static hf_status run_read(void *ctx, struct db *db)
{
	struct row_copy *to = ctx;

	return link_row_get(db, to->link->group_id, to->link->id, copy_row, to);
}

static hf_status read_row(struct link *l, struct row_copy *ret)
{
	*ret = (struct row_copy){ .link = l,
		                  .pin = HF_BUF(LINK_SEALED_MAX),
		                  .client_key = HF_BUF(LINK_SEALED_MAX) };
	return errand_run(l->of->core->reader, run_read, ret);
}

/* The old client's requests end without an answer; whoever waits for one goes elsewhere. */
static void drop_client(struct link *l)
{
	link_drop_batches(l, "the connection was changed");
	http_client_free(hf_take(l->client));
	l->opening = l->open = l->probing = l->asking = false;
}

static hf_status make_client(struct link *l, const struct row_copy *r, struct hf_err *err)
{
	HF_SECRET struct hf_secret key = { 0 };

	HF_TRY(link_unseal(&l->of->core->secrets.storage_key, l->id, LINK_CLIENT_KEY,
	                   hf_buf_span(&r->client_key), &key, err));
	return peer_client(r->row.url, r->tls, &key, &l->client, err);
}

static void begin_anew(struct link *l, const struct row_copy *r)
{
	struct hf_err err = { .text = "" };
	hf_status s;

	drop_client(l);
	pthread_mutex_lock(&l->lock);
	snprintf(l->url, sizeof(l->url), "%s", r->row.url);
	pthread_mutex_unlock(&l->lock);
	l->strikes = 0;
	l->slowest_us = l->per_op_us = 0;
	/* In this order: whoever sees the new row's time sees that the old one's fate is over. */
	link_is_new(l);
	atomic_store(&l->updated_ms, r->row.updated_ms);
	s = make_client(l, r, &err);
	if (!hf_ok(s)) {
		link_is_refused(l, *err.text ? err.text : hf_code_name(s.code));
		return;
	}
	if (!r->pin.len)
		link_is_refused(l, "this connection has no PIN: give one");
	else if (*r->row.pin_refused)
		link_is_refused(l, r->row.pin_refused);
	else
		l->probe_ms = hf_mono_ms();
}

void link_reread(struct link *l)
{
	HF_CLEANUP(row_copy_done) struct row_copy r;
	hf_status s = read_row(l, &r);

	if (s.code == HF_NOTFOUND) {
		drop_client(l);
		atomic_store(&l->health, HEALTH_GONE);
		return;
	}
	if (!hf_ok(s)) {
		l->probe_ms = hf_mono_ms() + LINK_ROUND_MS;
		atomic_store(&l->recheck, l->client != NULL);
		return;
	}
	if (!l->client || r.row.updated_ms != atomic_load(&l->updated_ms) ||
	    (atomic_load(&l->health) == HEALTH_REFUSED && !*r.row.pin_refused))
		begin_anew(l, &r);
}

/* What was found out, for the database. */
struct finding {
	const struct link *link;
	const char *serial, *label; /* of the token; or */
	const char *refused;
};

static hf_status run_finding(void *ctx, struct db *db)
{
	const struct finding *f = ctx;
	int64_t updated = atomic_load(&f->link->updated_ms);

	if (f->refused)
		return link_row_refused(db, f->link->id, updated, f->refused);
	return link_row_seen(db, f->link->id, updated, f->serial, f->label);
}

static void tell_database(struct link *l, struct finding f)
{
	hf_status s;

	f.link = l;
	s = errand_run(l->of->core->writer, run_finding, &f);
	if (!hf_ok(s))
		HF_WARN("what was found out about a slot could not be written down",
		        HF_KS("link", l->id), HF_KS("reason", hf_code_name(s.code)));
	groups_forget(l->of->core->groups, l->group_id);
}

static void note_token(struct link *l, const struct slot_opened *o)
{
	pthread_mutex_lock(&l->lock);
	l->view.known = true;
	memcpy(l->view.label, o->label, sizeof(o->label));
	memcpy(l->view.manufacturer, o->manufacturer, sizeof(o->manufacturer));
	memcpy(l->view.model, o->model, sizeof(o->model));
	memcpy(l->view.serial, o->serial, sizeof(o->serial));
	memcpy(l->view.library, o->library, sizeof(o->library));
	l->view.slot = o->slot;
	pthread_mutex_unlock(&l->lock);
	if (o->moved)
		HF_WARN("a token is in another slot than its connection says",
		        HF_KS("group", l->group_id), HF_KS("link", l->id), HF_KS("label", o->label),
		        HF_KI("slot", o->slot));
	/* Which token it is, is settled by the first one: another is refused from then on. */
	if (!*l->expected)
		tell_database(l, (struct finding){ .serial = o->serial, .label = o->label });
}

/* A PIN that a token refused is never given to it again by itself: three of them lock it. */
static void note_refused_pin(struct link *l, const char *words)
{
	char cut[LINK_WORDS_MAX];

	snprintf(cut, sizeof(cut), "%.255s", words);
	hf_make_utf8(cut);
	tell_database(l, (struct finding){ .refused = cut });
	link_is_refused(l, cut);
}

static void opened(void *ctx, const struct http_reply *reply)
{
	struct link *l = ctx;
	struct hf_err err = { .text = "" };
	struct slot_opened token;
	char where[LINK_URL_MAX];
	hf_status s = peer_opened(reply, link_where(l, where), l->expected, &token, &err);

	l->opening = false;
	if (reply->status != 0)
		link_heard(l);
	if (hf_ok(s)) {
		memcpy(l->session, token.session, sizeof(l->session));
		l->open = true;
		note_token(l, &token);
		link_is_up(l);
	} else if (s.code == HF_DENIED) {
		note_refused_pin(l, err.text);
	} else {
		if (s.code == HF_INVALID)
			hf_count(&l->counts.nonsense, 1);
		link_is_down(l, err.text);
	}
}

static hf_status send_open(struct link *l, const struct row_copy *r, struct hf_err *err)
{
	struct slot_open open = { .slot = r->row.slot };
	hf_status s;

	snprintf(l->expected, sizeof(l->expected), "%s", r->row.serial);
	snprintf(open.serial, sizeof(open.serial), "%s", r->row.serial);
	s = link_unseal(&l->of->core->secrets.storage_key, l->id, LINK_PIN, hf_buf_span(&r->pin),
	                &open.pin, err);
	if (hf_ok(s))
		s = peer_open(l->client, &open, OPEN_MS, opened, l);
	hf_secret_done(&open.pin);
	return s;
}

void link_open(struct link *l)
{
	HF_CLEANUP(row_copy_done) struct row_copy r;
	struct hf_err err = { .text = "" };
	hf_status s = read_row(l, &r);

	if (!hf_ok(s)) {
		link_is_down(l, "the database could not be asked for this connection's PIN");
		atomic_store(&l->recheck, s.code == HF_NOTFOUND);
		return;
	}
	if (r.row.updated_ms != atomic_load(&l->updated_ms)) {
		atomic_store(&l->recheck, true);
		link_wake(l);
		return;
	}
	if (!r.pin.len || *r.row.pin_refused) { /* another server has found out */
		link_is_refused(l, r.pin.len ? r.row.pin_refused
		                             : "this connection has no PIN: give one");
		return;
	}
	s = send_open(l, &r, &err);
	if (s.code == HF_CORRUPT) {
		link_is_refused(l, err.text);
	} else if (!hf_ok(s)) {
		link_is_down(l, *err.text ? err.text : hf_code_name(s.code));
	} else {
		l->opening = true;
		l->opening_ms = hf_mono_ms();
	}
}

static void pinged(void *ctx, const struct http_reply *reply)
{
	struct link *l = ctx;
	struct hf_err err = { .text = "" };
	hf_status s = peer_alive(reply, &err);

	l->probing = false;
	if (reply->status != 0)
		link_heard(l);
	if (hf_ok(s)) {
		link_is_up(l);
	} else if (s.code == HF_STATE) {
		l->open = false; /* it is opened anew */
		atomic_store(&l->probe, true);
	} else {
		link_is_down(l, *err.text ? err.text : hf_code_name(s.code));
	}
}

void link_ping(struct link *l)
{
	hf_status s = peer_ping(l->client, l->session, PING_MS, pinged, l);

	if (hf_ok(s))
		l->probing = true;
	else
		link_is_down(l, hf_code_name(s.code));
}
