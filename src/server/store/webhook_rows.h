/* SPDX-License-Identifier: Apache-2.0
 * The rows of tables `webhooks` and `webhook_events`: one query, one function. What they mean is
 * core/events/webhooks.h's. */
#ifndef HF_SERVER_STORE_WEBHOOK_ROWS_H
#define HF_SERVER_STORE_WEBHOOK_ROWS_H

#include "base/id.h"
#include "db/db.h"

#define WEBHOOK_URL_MAX 1001
#define WEBHOOK_EVENTS_MAX 1600 /* all names there are, with commas */
#define WEBHOOK_DESCRIPTION_CHARS 256
#define WEBHOOK_DESCRIPTION_MAX (4 * WEBHOOK_DESCRIPTION_CHARS + 1)
#define EVENT_KIND_MAX 48
#define EVENT_ERROR_MAX 320

struct webhook_row {
	char id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char url[WEBHOOK_URL_MAX];
	char events[WEBHOOK_EVENTS_MAX]; /* ",key.created,key.deleted," or ",*," */
	bool enabled;
	char description[WEBHOOK_DESCRIPTION_MAX]; /* "": none */
	int64_t created_ms, updated_ms;
	struct hf_span secret; /* sealed; of a row that was read: valid inside the callback */
};

HF_MUST hf_status webhook_row_insert(struct db *db, const struct webhook_row *row);
/* All but id, organisation, secret and the day it was made. */
HF_MUST hf_status webhook_row_update(struct db *db, const struct webhook_row *row);
/* With its events. HF_NOTFOUND. */
HF_MUST hf_status webhook_row_delete(struct db *db, const char *org_id, const char *id);
typedef hf_status (*webhook_row_fn)(void *ctx, const struct webhook_row *row);
/* HF_NOTFOUND: not in this organisation. */
HF_MUST hf_status webhook_row_get(struct db *db, const char *org_id, const char *id,
                                  webhook_row_fn fn, void *ctx);
/* Newest first, after the id `after` ("": from the newest). */
HF_MUST hf_status webhook_rows_list(struct db *db, const char *org_id, const char *after, int limit,
                                    webhook_row_fn fn, void *ctx);
HF_MUST hf_status webhook_rows_count(struct db *db, const char *org_id, int64_t *ret);
/* The enabled ones of an organisation that want this kind of event. */
#define WEBHOOKS_MAX 20 /* of one organisation */
HF_MUST hf_status webhook_rows_wanting(struct db *db, const char *org_id, const char *kind,
                                       char ret_ids[WEBHOOKS_MAX][HF_ID_MAX], size_t *ret_n);
/* The organisations that have an enabled one. */
HF_MUST hf_status webhook_orgs(struct db *db, hf_status (*fn)(void *ctx, const char *org_id),
                               void *ctx);

struct event_row {
	char id[HF_ID_MAX];
	char webhook_id[HF_ID_MAX];
	char org_id[HF_ID_MAX];
	char kind[EVENT_KIND_MAX];
	struct hf_span data; /* JSON; of a row that was read: valid inside the callback */
	int64_t happened_ms;
	int attempt;              /* from 1 */
	char retry_of[HF_ID_MAX]; /* "": the first attempt */
	char status[8];           /* HTTP's, "": none */
	int64_t sent_ms;          /* 0: not yet */
	bool failed;
	char error[EVENT_ERROR_MAX];
	int64_t next_ms; /* when it is due; 0: not any more */
};

/* Due in `wait_ms` from now, by the database's clock. Posted (db_post). */
HF_MUST hf_status event_row_insert(struct db *db, const struct event_row *row, int64_t wait_ms);
typedef hf_status (*event_row_fn)(void *ctx, const struct event_row *row);
HF_MUST hf_status event_row_get(struct db *db, const char *webhook_id, const char *id,
                                event_row_fn fn, void *ctx);
/* What has been sent, newest first. `kind` "": all; `failed` -1: all, otherwise only such. */
HF_MUST hf_status event_rows_list(struct db *db, const char *webhook_id, const char *kind,
                                  int failed, const char *after, int limit, event_row_fn fn,
                                  void *ctx);

/* An event that is to be sent, and how. */
struct event_due {
	struct event_row event;
	const char *url;
	struct hf_span secret; /* sealed */
	bool enabled;
};
typedef hf_status (*event_due_fn)(void *ctx, const struct event_due *due);
HF_MUST hf_status event_rows_any_due(struct db *db, bool *ret);
/* Takes up to `limit` due events; nobody else gets them for `lease_ms`. */
HF_MUST hf_status event_rows_claim(struct db *db, int limit, int64_t lease_ms, event_due_fn fn,
                                   void *ctx);
/* What came of an attempt: status, sent_ms, failed and error of the row. It is not due any more. */
HF_MUST hf_status event_row_settle(struct db *db, const struct event_row *row);
/* Forgets what is older than `age_ms` and not due, at most `limit`. Posted. */
HF_MUST hf_status event_rows_forget(struct db *db, int64_t age_ms, int limit);

#endif
