/* SPDX-License-Identifier: Apache-2.0
 * Events: what webhooks tell. Added inside the transaction of what happened, so that an event is
 * there exactly if that happened; delivered later, as queue work of its own
 * (core/events/webhooks.h). */
#ifndef HF_SERVER_CORE_EVENTS_EVENTS_H
#define HF_SERVER_CORE_EVENTS_EVENTS_H

#include "base/buf.h"
#include "db/db.h"

struct event {
	const char *org_id;
	const char *kind;    /* "wallet.signature.signed", as the official API names it */
	struct hf_span data; /* JSON: the event's member "data" */
	int64_t now_ms;
};

/* One row for each enabled webhook of the organisation that wants this kind. Inside a write task.
 */
HF_MUST hf_status events_add(struct db *db, const struct event *e);
/* Whether any webhook may want events of this organisation: spares making `data`, and looking. As
 * of at most a second ago, or of the last change that this server made; true while that is not
 * known. Any thread. */
bool events_wanted(const char *org_id);

/* Who knows which organisations have webhooks: one for each server of this process. */
struct events_watch;
HF_MUST hf_status events_watch_new(struct events_watch **ret);
void events_watch_free(struct events_watch *w);
/* Reads the organisations anew. */
HF_MUST hf_status events_watch_refresh(struct events_watch *w, struct db *db);
/* This organisation has one now. */
void events_watch_add(struct events_watch *w, const char *org_id);

#endif
