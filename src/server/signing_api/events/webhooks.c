/* SPDX-License-Identifier: Apache-2.0
 * Webhooks and the log of their events. */
#include "server/webhook_sender.h"

#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/listing.h"

#include <stdio.h>
#include <string.h>

static const char *webhook_id(const struct call *c)
{
	return http_param(c->req, "webhookId");
}

static hf_status not_found(struct call *c, hf_status s)
{
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "webhook not found");
	return s;
}

struct writing {
	struct call call; /* first */
	/* What the body has; NULL or not there: as it was. */
	const char *url, *status, *description;
	struct json_t *events;
	struct webhook_row row;
	struct hf_buf sealed;
	char secret[WEBHOOK_SECRET_TEXT]; /* of a new one: shown once */
};

static void print_wants(struct json_writer *w, const char *events)
{
	const char *at = events + 1;

	json_open_array(w, "events");
	for (const char *end; *at && (end = strchr(at, ',')); at = end + 1)
		json_span(w, NULL, HF_SPAN(at, (size_t)(end - at)));
	json_close_array(w);
}

static void print_webhook(struct json_writer *w, const struct webhook_row *row, const char *secret)
{
	json_open_object(w, NULL);
	json_text(w, "id", row->id);
	json_text(w, "url", row->url);
	print_wants(w, row->events);
	json_text(w, "status", row->enabled ? "Enabled" : "Disabled");
	json_text_if(w, "description", row->description);
	json_date(w, "dateCreated", row->created_ms);
	json_date(w, "dateUpdated", row->updated_ms);
	json_text_if(w, "secret", secret);
	json_close_object(w);
}

/* ",a,b," from the list. */
static hf_status put_wants(const struct json_t *list, char to[WEBHOOK_EVENTS_MAX],
                           struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(WEBHOOK_EVENTS_MAX - 1);
	size_t n = json_count(list);

	hf_buf_text(&text, ",");
	for (size_t i = 0; i < n; i++) {
		const char *kind = json_value_text(json_element(list, i));

		if (!kind || !webhook_wants_known(kind))
			return hf_fail(err, HF_INVALID,
			               "field \"events\": \"%s\" is no kind of event",
			               kind ? kind : "(no text)");
		if (strcmp(kind, "*") == 0 && n > 1)
			return hf_fail(err, HF_INVALID,
			               "field \"events\": \"*\" stands for all and alone");
		hf_buf_printf(&text, "%s,", kind);
	}
	if (!hf_ok(hf_span_to_text(hf_buf_span(&text), to, WEBHOOK_EVENTS_MAX)) ||
	    !hf_ok(hf_buf_status(&text)))
		return hf_fail(err, HF_INVALID, "field \"events\": too many");
	return HF_SUCCESS;
}

static hf_status read_body(struct writing *w, bool creating, struct hf_err *err)
{
	const struct json_field fields[] = {
		{ "url", JSON_READ_TEXT, offsetof(struct writing, url), creating, false, 1,
		  OUTBOUND_URL_MAX },
		{ "status", JSON_READ_TEXT, offsetof(struct writing, status), false, false, 1, 16 },
		{ "description", JSON_READ_TEXT, offsetof(struct writing, description), false,
		  false, 0, WEBHOOK_DESCRIPTION_CHARS },
		{ "events", JSON_READ_ARRAY, offsetof(struct writing, events), creating, false, 1,
		  64 },
	};

	HF_TRY(json_read(w->call.body, fields, HF_COUNT(fields), w, err));
	if (w->status && strcmp(w->status, "Enabled") != 0 && strcmp(w->status, "Disabled") != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"status\": expected \"Enabled\" or \"Disabled\"");
	if (w->url)
		HF_TRY(hf_context(err, webhook_sender_check(w->call.api->webhooks, w->url, err),
		                  "field \"url\""));
	return HF_SUCCESS;
}

/* The body's say over the row. */
static hf_status change(struct writing *w, struct webhook_row *row, struct hf_err *err)
{
	if (w->url)
		snprintf(row->url, sizeof(row->url), "%s", w->url);
	if (w->status)
		row->enabled = strcmp(w->status, "Enabled") == 0;
	if (w->description)
		snprintf(row->description, sizeof(row->description), "%s", w->description);
	row->updated_ms = w->call.now_ms;
	return w->events ? put_wants(w->events, row->events, err) : HF_SUCCESS;
}

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	struct writing *w = (struct writing *)c;

	HF_TRY(read_body(w, true, err));
	w->row.enabled = true;
	w->row.created_ms = c->now_ms;
	hf_id_new("wh", w->row.id);
	snprintf(w->row.org_id, sizeof(w->row.org_id), "%s", c->caller->org_id);
	HF_TRY(change(w, &w->row, err));
	w->sealed = HF_BUF(WEBHOOK_SECRET_SEALED);
	HF_TRY(webhook_secret_new(&c->api->core->secrets.storage_key, w->row.id, w->secret,
	                          &w->sealed));
	w->row.secret = hf_buf_span(&w->sealed);
	return HF_SUCCESS;
}

static hf_status run_create(struct call *c, struct db *db)
{
	struct writing *w = (struct writing *)c;
	struct json_writer out = JSON_WRITER(&c->out);
	int64_t n;

	HF_TRY(webhook_rows_count(db, c->caller->org_id, &n));
	if (n >= WEBHOOKS_MAX)
		return hf_fail(&c->err, HF_INVALID,
		               "an organisation may have %d webhooks: delete one first",
		               WEBHOOKS_MAX);
	HF_TRY(webhook_row_insert(db, &w->row));
	memcpy(c->audit.subject_id, w->row.id, sizeof(c->audit.subject_id));
	print_webhook(&out, &w->row, w->secret);
	return HF_SUCCESS;
}

static void written(struct call *c)
{
	events_watch_add(c->api->core->watch, c->caller->org_id);
	call_reply(c);
}

static void release(struct call *c)
{
	struct writing *w = (struct writing *)c;

	hf_buf_done(&w->sealed);
	hf_wipe(w->secret, sizeof(w->secret));
	hf_wipe(c->out.ptr, c->out.len);
}

const struct operation api_create_webhook = {
	.size = sizeof(struct writing),
	.prepare = prepare_create,
	.run = run_create,
	.after = written,
	.release = release,
};

static hf_status prepare_update(struct call *c, struct hf_err *err)
{
	return read_body((struct writing *)c, false, err);
}

static hf_status copy_row(void *ctx, const struct webhook_row *row)
{
	struct webhook_row *to = ctx;

	*to = *row;
	to->secret = HF_SPAN(NULL, 0);
	return HF_SUCCESS;
}

static hf_status run_update(struct call *c, struct db *db)
{
	struct writing *w = (struct writing *)c;
	struct json_writer out = JSON_WRITER(&c->out);

	HF_TRY(not_found(c,
	                 webhook_row_get(db, c->caller->org_id, webhook_id(c), copy_row, &w->row)));
	HF_TRY(change(w, &w->row, &c->err));
	HF_TRY(webhook_row_update(db, &w->row));
	print_webhook(&out, &w->row, NULL);
	return HF_SUCCESS;
}

const struct operation api_update_webhook = {
	.size = sizeof(struct writing),
	.prepare = prepare_update,
	.run = run_update,
	.after = written,
};

static hf_status prepare_delete(struct call *c, struct hf_err *err)
{
	return read_empty(c->body, err);
}

static hf_status run_delete(struct call *c, struct db *db)
{
	struct json_writer out = JSON_WRITER(&c->out);

	HF_TRY(not_found(c, webhook_row_delete(db, c->caller->org_id, webhook_id(c))));
	json_open_object(&out, NULL);
	json_bool(&out, "deleted", true);
	json_close_object(&out);
	return HF_SUCCESS;
}

const struct operation api_delete_webhook = {
	.size = sizeof(struct call),
	.prepare = prepare_delete,
	.run = run_delete,
};

static hf_status print_one(void *ctx, const struct webhook_row *row)
{
	struct json_writer w = JSON_WRITER(ctx);

	print_webhook(&w, row, NULL);
	return HF_SUCCESS;
}

static hf_status run_get(struct call *c, struct db *db)
{
	return not_found(c,
	                 webhook_row_get(db, c->caller->org_id, webhook_id(c), print_one, &c->out));
}

const struct operation api_get_webhook = {
	.size = sizeof(struct call),
	.run = run_get,
};

static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	return listing_prepare((struct listing *)c, "webhooks", "", err);
}

static hf_status print_item(void *ctx, const struct webhook_row *row)
{
	struct listing *l = ctx;

	if (listing_item(l, row->id))
		print_webhook(&l->w, row, NULL);
	return HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct listing *l = (struct listing *)c;

	listing_open(l, NULL);
	HF_TRY(webhook_rows_list(db, c->caller->org_id, l->page.after, l->page.limit + 1,
	                         print_item, l));
	return listing_close(l);
}

const struct operation api_list_webhooks = {
	.size = sizeof(struct listing),
	.prepare = prepare_list,
	.run = run_list,
};

/* POST /webhooks/:webhookId/ping: delivered at once, and not kept. */
struct pinging {
	struct call call; /* first */
	struct webhook_ping ping;
};

static hf_status make_ping(void *ctx, const struct webhook_row *row)
{
	struct pinging *p = ctx;
	struct event_row event = {
		.kind = "ping",
		.data = hf_span_text("{}"),
		.happened_ms = p->call.now_ms,
		.attempt = 1,
	};

	hf_id_new("whe", event.id);
	hf_buf_clear(&p->ping.body);
	snprintf(p->ping.url, sizeof(p->ping.url), "%s", row->url);
	HF_TRY(webhook_body(&event, p->call.now_ms, &p->ping.body));
	return webhook_sign(&p->call.api->core->secrets.storage_key, row->id, row->secret,
	                    hf_buf_span(&p->ping.body), p->ping.signature);
}

static hf_status prepare_ping(struct call *c, struct hf_err *err)
{
	((struct pinging *)c)->ping.body = HF_BUF(4096);
	return read_empty(c->body, err);
}

static hf_status run_ping(struct call *c, struct db *db)
{
	return not_found(c, webhook_row_get(db, c->caller->org_id, webhook_id(c), make_ping, c));
}

static void pinged(struct webhook_ping *ping, int status, const char *error)
{
	struct pinging *p = (struct pinging *)((char *)ping - offsetof(struct pinging, ping));
	struct json_writer w = JSON_WRITER(&p->call.out);
	char text[16];

	snprintf(text, sizeof(text), "%d", status);
	hf_buf_clear(&p->call.out);
	json_open_object(&w, NULL);
	json_text(&w, "status", text);
	json_text_if(&w, "error", error);
	json_close_object(&w);
	call_reply(&p->call);
}

static void begin_ping(struct call *c)
{
	struct pinging *p = (struct pinging *)c;
	hf_status s;

	p->ping.done = pinged;
	s = webhook_sender_ping(c->api->webhooks, &p->ping);
	if (!hf_ok(s))
		call_fail(c, s);
}

static void release_ping(struct call *c)
{
	hf_buf_done(&((struct pinging *)c)->ping.body);
}

const struct operation api_ping_webhook = {
	.size = sizeof(struct pinging),
	.prepare = prepare_ping,
	.run = run_ping,
	.after = begin_ping,
	.release = release_ping,
};
