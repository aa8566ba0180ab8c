/* SPDX-License-Identifier: Apache-2.0
 * The log of what webhooks were told. */
#include "server/core/events/webhooks.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/listing.h"

#include <string.h>

static hf_status nothing(void *ctx, const struct webhook_row *row)
{
	return HF_SUCCESS;
}

/* That the webhook is the caller's. */
static hf_status check_webhook(struct call *c, struct db *db)
{
	hf_status s = webhook_row_get(db, c->caller->org_id, http_param(c->req, "webhookId"),
	                              nothing, NULL);

	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "webhook not found");
	return s;
}

static void print_event(struct json_writer *w, const struct event_row *row)
{
	json_open_object(w, NULL);
	json_text(w, "id", row->id);
	json_date(w, "date", row->happened_ms);
	json_text(w, "kind", row->kind);
	json_raw(w, "data", row->data);
	json_text(w, "status", row->status);
	json_text_if(w, "error", row->error);
	json_int(w, "timestampSent", row->sent_ms / 1000);
	json_bool(w, "deliveryFailed", row->failed);
	json_int(w, "deliveryAttempt", row->attempt);
	json_text_if(w, "retryOf", row->retry_of);
	json_close_object(w);
}

struct event_listing {
	struct listing listing; /* first */
	int failed;             /* as event_rows_list() */
};

static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	struct event_listing *e = (struct event_listing *)c;
	const char *failed = http_query(c->req, "deliveryFailed");

	if (failed && strcmp(failed, "true") != 0 && strcmp(failed, "false") != 0)
		return hf_fail(err, HF_INVALID,
		               "parameter \"deliveryFailed\": expected \"true\" or \"false\"");
	e->failed = !failed ? -1 : strcmp(failed, "true") == 0;
	return listing_prepare(&e->listing, "webhook events", http_param(c->req, "webhookId"), err);
}

static hf_status print_item(void *ctx, const struct event_row *row)
{
	struct listing *l = ctx;

	if (listing_item(l, row->id))
		print_event(&l->w, row);
	return HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct event_listing *e = (struct event_listing *)c;
	const char *kind = http_query(c->req, "kind");

	HF_TRY(check_webhook(c, db));
	listing_open(&e->listing, NULL);
	HF_TRY(event_rows_list(db, http_param(c->req, "webhookId"), kind ? kind : "", e->failed,
	                       e->listing.page.after, e->listing.page.limit + 1, print_item,
	                       &e->listing));
	return listing_close(&e->listing);
}

const struct operation api_list_webhook_events = {
	.size = sizeof(struct event_listing),
	.prepare = prepare_list,
	.run = run_list,
};

static hf_status print_one(void *ctx, const struct event_row *row)
{
	struct json_writer w = JSON_WRITER(ctx);

	print_event(&w, row);
	return HF_SUCCESS;
}

static hf_status run_get(struct call *c, struct db *db)
{
	hf_status s;

	HF_TRY(check_webhook(c, db));
	s = event_row_get(db, http_param(c->req, "webhookId"), http_param(c->req, "webhookEventId"),
	                  print_one, &c->out);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "webhook event not found");
	return s;
}

const struct operation api_get_webhook_event = {
	.size = sizeof(struct call),
	.run = run_get,
};
